"""Writes of practitioners: the profile, and its review by an admin."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import AvailabilityStatus, PractitionerKind, VerificationStatus
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.letters import profiles as letters
from avenrae.models import Practitioner, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.documents import list_documents, still_needed
from avenrae.queries.listing import one_of
from avenrae.queries.periods import today
from avenrae.queries.positions import position_of
from avenrae.queries.scopes import visible_practitioners
from avenrae.services.edits import refuse_stale
from avenrae.services.telling import tell, tell_admins
from avenrae.settings import settings

_S = VerificationStatus
REVIEWS: dict[VerificationStatus, frozenset[VerificationStatus]] = {
    _S.APPROVED: frozenset({_S.SUBMITTED, _S.REJECTED, _S.SUSPENDED}),
    _S.REJECTED: frozenset({_S.SUBMITTED}),
    _S.SUSPENDED: frozenset({_S.APPROVED}),
}
"""Each verdict and the states from which it can be given."""
SUBMITTABLE = frozenset({_S.DRAFT, _S.REJECTED})
_WORDS = {
    _S.DRAFT: "still a draft; it has to be submitted first",
    _S.SUBMITTED: "waiting for review",
    _S.APPROVED: "approved",
    _S.REJECTED: "rejected",
    _S.SUSPENDED: "suspended",
}
_MOST_WORDS = 20


def edit_profile(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    *,
    headline: str,
    bio: str,
    specialties: Sequence[str],
    languages: Sequence[str],
    hourly_rate_minor: int,
    city: str,
    address: str,
    latitude: str | float | None,
    longitude: str | float | None,
    availability_status: str,
    time_zone: str,
    seen: Mapping[str, Any] | None = None,
) -> Practitioner:
    """Replace what a practitioner says of himself: he his own, an admin anybody's.

    Bookings keep their instants and the zone they were agreed in when the time zone changes (R-BOOK-12).

    Raises:
        InvalidInput: A text is too long, the rate is negative, or position, zone or availability are none.
        NotFound: There is no such profile for this actor.
        NotPermitted: The role may not edit profiles.
        Conflict: Somebody changed the profile since the form showed `seen`.
    """
    practitioner = _locked(session, actor, practitioner_id, Permission.PRACTITIONER_EDIT)
    refuse_stale(practitioner, seen)
    availability = one_of(AvailabilityStatus, availability_status)
    if availability is None:
        raise InvalidInput("Choose whether you are available, busy or offline.")
    if hourly_rate_minor < 0:
        raise InvalidInput("The hourly rate cannot be negative.")
    if time_zone not in available_timezones():
        raise InvalidInput("This is not a time zone. Choose one such as Africa/Johannesburg.")
    practitioner.headline = _text(headline, "headline", 200)
    practitioner.bio = _text(bio, "description", 5_000)
    practitioner.specialties = _words(specialties, "specialties")
    practitioner.languages = _words(languages, "languages")
    practitioner.hourly_rate_minor = hourly_rate_minor
    practitioner.city = _text(city, "city", 100)
    practitioner.address = _text(address, "address", 300)
    practitioner.latitude, practitioner.longitude = position_of(latitude, longitude) or (None, None)
    practitioner.availability_status = availability
    practitioner.time_zone = time_zone
    session.flush()
    return practitioner


def place_practitioner(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    *,
    city: str,
    country_code: str,
    latitude: float,
    longitude: float,
    time_zone: str = "",
    address: str = "",
) -> Practitioner:
    """Put a practitioner where a place or an address was found, with its time zone where that is known.

    Raises:
        InvalidInput: The position or the zone is none.
        NotFound: There is no such profile for this actor.
        NotPermitted: The role may not edit profiles.
    """
    practitioner = _locked(session, actor, practitioner_id, Permission.PRACTITIONER_EDIT)
    if time_zone and time_zone not in available_timezones():
        raise InvalidInput("This is not a time zone. Choose one such as Africa/Johannesburg.")
    practitioner.city = _text(city, "city", 100)
    practitioner.country_code = country_code.upper()[:2] or practitioner.country_code
    practitioner.latitude, practitioner.longitude = position_of(latitude, longitude) or (None, None)
    practitioner.time_zone = time_zone or practitioner.time_zone
    practitioner.address = _text(address, "address", 300) if address else practitioner.address
    session.flush()
    return practitioner


def submit_profile(session: Session, actor: Actor, practitioner_id: uuid.UUID) -> Practitioner:
    """Hand a draft or a rejected profile in for review: a practitioner his own, an admin one that was imported.

    Raises:
        Conflict: It is waiting for review or has been approved already.
        InvalidInput: It has no headline or no description yet, or documents that its kind needs are missing.
    """
    practitioner = _locked(session, actor, practitioner_id, Permission.PRACTITIONER_EDIT)
    if practitioner.verification_status not in SUBMITTABLE:
        raise Conflict(f"This profile cannot be submitted: it is {_WORDS[practitioner.verification_status]}.")
    if not practitioner.headline or not practitioner.bio:
        raise InvalidInput("Write a headline and a description first, so that there is something to review.")
    documents = list_documents(session, actor, practitioner_id)
    needed = still_needed(PractitionerKind(practitioner.kind), documents, today(settings().time_zone), checked=False)
    if needed:
        raise InvalidInput(f"Hand in what is still needed under Documents first. {'; '.join(needed)}.")
    practitioner.verification_status = VerificationStatus.SUBMITTED
    practitioner.verification_note = ""
    session.flush()
    tell_admins(
        session,
        actor,
        letters.SUBMITTED,
        about=practitioner.id,
        once=f"profile:{practitioner.id}:submitted:{clock.now().isoformat()}",
        name=session.get_one(User, practitioner.user_id).name,
        work=practitioner.kind,
    )
    return practitioner


def review_practitioner(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, verdict: VerificationStatus, *, reason: str = ""
) -> Practitioner:
    """Approve, reject or suspend a practitioner; bookings that exist stay as they are.

    Its owner reads the reason, which rejecting and suspending need. Documents that are missing are shown to who
    decides and do not decide for him.

    Raises:
        Conflict: The verdict cannot be given in the profile's present state.
        InvalidInput: It is no verdict, or has no reason.
        NotPermitted: Only admins review.
    """
    practitioner = _locked(session, actor, practitioner_id, Permission.PRACTITIONER_REVIEW)
    allowed = REVIEWS.get(verdict)
    if allowed is None:
        raise InvalidInput("A review ends in approved, rejected or suspended.")
    if practitioner.verification_status not in allowed:
        raise Conflict(
            f"This practitioner cannot be {verdict.value}: the profile is {_WORDS[practitioner.verification_status]}."
        )
    if verdict != VerificationStatus.APPROVED and not reason.strip():
        raise InvalidInput("Say why, so that the practitioner knows what to do.")
    practitioner.verification_status = verdict
    practitioner.verification_note = _text(reason, "reason", 1_000)
    session.flush()
    tell(
        session,
        actor,
        practitioner.user_id,
        {_S.APPROVED: letters.APPROVED, _S.REJECTED: letters.REJECTED, _S.SUSPENDED: letters.SUSPENDED}[verdict],
        about=practitioner.id,
        once=f"profile:{practitioner.id}:{verdict.value}:{clock.now():%Y%m%dT%H%M%S%f}",
        reason=practitioner.verification_note,
    )
    return practitioner


def _locked(session: Session, actor: Actor, practitioner_id: uuid.UUID, permission: Permission) -> Practitioner:
    query = (
        select(Practitioner)
        .where(Practitioner.id == practitioner_id, visible_practitioners(actor))
        .with_for_update(key_share=True)
    )
    practitioner = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if practitioner is None:
        raise NotFound("There is no such practitioner, or the profile is not yours to see.")
    require(actor, permission)
    return practitioner


def _text(given: str, name: str, most: int) -> str:
    text = given.strip()
    if len(text) > most or "\0" in text:
        raise InvalidInput(f"The {name} can have {most:,} letters at most.".replace(",", "\u00a0"))
    return text


def _words(given: Sequence[str], name: str) -> list[str]:
    words = list(dict.fromkeys(" ".join(word.split()) for word in given if word.strip()))
    if len(words) > _MOST_WORDS or any(len(word) > 60 for word in words):
        raise InvalidInput(f"Give at most {_MOST_WORDS} {name} of at most 60 letters each.")
    return words
