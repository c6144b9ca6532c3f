"""Profiles: who may change and review them, and what is refused with nothing changed."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae.enums import AvailabilityStatus, Role, VerificationStatus
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import Booking, Practitioner, User
from avenrae.permissions import Actor
from avenrae.queries.practitioners import get_practitioner
from avenrae.services.practitioners import edit_profile, place_practitioner, review_practitioner, submit_profile
from tests.make import actor_of, make_actor, make_booking, make_document, make_practitioner

S = VerificationStatus
ADMIN = Actor.system("test")
WORDS: dict[str, Any] = {
    "headline": " New headline ",
    "bio": "A description.",
    "specialties": ["Reiki", " reading  of tea ", "", "Reiki"],
    "languages": ["English"],
    "hourly_rate_minor": 75_000,
    "city": "Knysna",
    "address": "1 Main Road",
    "latitude": "−34,03",
    "longitude": "23.05",
    "availability_status": "busy",
    "time_zone": "Europe/London",
}


def row(session: Session, p: Practitioner) -> dict[str, Any]:
    """The stored profile, past the session's memory."""
    return dict(session.execute(text("SELECT * FROM practitioners WHERE id = :id"), {"id": p.id}).mappings().one())


def himself(session: Session, p: Practitioner) -> Actor:
    """The practitioner as he is signed in."""
    return actor_of(session.get_one(User, p.user_id), practitioner=p)


@pytest.mark.parametrize("by", ["himself", "admin"])
def test_a_profile_is_edited_by_its_owner_and_by_admins(session: Session, by: str) -> None:
    p = make_practitioner(session)
    edit_profile(session, himself(session, p) if by == "himself" else ADMIN, p.id, **WORDS)
    now = row(session, p)
    assert (now["headline"], now["specialties"]) == ("New headline", ["Reiki", "reading of tea"])
    assert (now["latitude"], now["longitude"], now["hourly_rate_minor"]) == (-34.03, 23.05, 75_000)
    assert (now["availability_status"], now["time_zone"]) == (AvailabilityStatus.BUSY, "Europe/London")
    assert now["verification_status"] == S.APPROVED
    edit_profile(session, ADMIN, p.id, **{**WORDS, "latitude": "", "longitude": None})
    assert (row(session, p)["latitude"], row(session, p)["longitude"]) == (None, None)


@pytest.mark.parametrize(
    ("role", "status", "error", "sentence"),
    [
        (Role.CLIENT, S.APPROVED, NotPermitted, "does not allow this"),
        (Role.CLIENT, S.DRAFT, NotFound, "not yours to see"),
        (Role.PRACTITIONER, S.APPROVED, NotFound, "not yours to see"),
        (Role.PRACTITIONER, S.SUBMITTED, NotFound, "not yours to see"),
        (Role.SUPPORT, S.APPROVED, NotPermitted, "does not allow this"),
        (Role.SUPPORT, S.SUBMITTED, NotPermitted, "does not allow this"),
    ],
)
@pytest.mark.parametrize("deed", ["edit", "submit", "approve", "suspend"])
def test_others_profiles_are_refused(
    session: Session, role: Role, status: S, error: type[AvenraeError], sentence: str, deed: str
) -> None:
    """R-USR-01: refused by the service, and nothing has changed."""
    p, actor = make_practitioner(session, verification_status=status), make_actor(session, role)
    before = row(session, p)
    with pytest.raises(error, match=sentence):
        {
            "edit": lambda: edit_profile(session, actor, p.id, **WORDS),
            "submit": lambda: submit_profile(session, actor, p.id),
            "approve": lambda: review_practitioner(session, actor, p.id, S.APPROVED),
            "suspend": lambda: review_practitioner(session, actor, p.id, S.SUSPENDED, reason="Because."),
        }[deed]()
    session.flush()
    assert row(session, p) == before


@pytest.mark.parametrize("verdict", [S.APPROVED, S.REJECTED, S.SUSPENDED])
def test_nobody_reviews_himself(session: Session, verdict: S) -> None:
    """R-USR-01: a practitioner sees his own profile, but only an admin gives a verdict."""
    p = make_practitioner(session, verification_status=S.SUBMITTED)
    before = row(session, p)
    with pytest.raises(NotPermitted, match="does not allow this"):
        review_practitioner(session, himself(session, p), p.id, verdict, reason="Because.")
    assert row(session, p) == before


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"latitude": "91"}, "between −90 and 90"),
        ({"longitude": "-181"}, "between −180 and 180"),
        ({"latitude": "nan"}, "not a number"),
        ({"longitude": ""}, "one of them is missing"),
        ({"hourly_rate_minor": -1}, "cannot be negative"),
        ({"time_zone": "Mars/Olympus"}, "not a time zone"),
        ({"time_zone": None}, "not a time zone"),
        ({"availability_status": ""}, "available, busy or offline"),
        ({"availability_status": "asleep"}, "not one of the choices"),
        ({"headline": "x" * 201}, "200 letters at most"),
        ({"bio": "x" * 5001}, "letters at most"),
        ({"specialties": [str(n) for n in range(21)]}, "at most 20 specialties"),
        ({"languages": ["x" * 61]}, "at most 60 letters"),
    ],
)
def test_what_cannot_be_said_is_refused(session: Session, changed: dict[str, Any], sentence: str) -> None:
    """R-DIR-01 for positions; nothing of the form is kept."""
    p = make_practitioner(session)
    session.commit()
    before = row(session, p)
    with pytest.raises(InvalidInput, match=sentence):
        edit_profile(session, himself(session, p), p.id, **{**WORDS, **changed})
    session.rollback()
    assert row(session, p) == before


def test_a_new_time_zone_moves_no_booking(session: Session, noon: object) -> None:
    """R-BOOK-12."""
    booking = make_booking(session)
    p = session.get_one(Practitioner, booking.practitioner_id)
    agreed = (booking.starts_at, booking.ends_at, booking.time_zone)
    edit_profile(session, himself(session, p), p.id, **{**WORDS, "time_zone": "Asia/Tokyo"})
    session.expire_all()
    after = session.get_one(Booking, booking.id)
    assert (after.starts_at, after.ends_at, after.time_zone) == agreed


@pytest.mark.parametrize("start", list(S))
@pytest.mark.parametrize("verdict", list(S))
def test_every_verdict_from_every_state(session: Session, start: S, verdict: S) -> None:
    p = make_practitioner(session, verification_status=start)
    allowed = {
        (S.SUBMITTED, S.APPROVED),
        (S.SUBMITTED, S.REJECTED),
        (S.APPROVED, S.SUSPENDED),
        (S.SUSPENDED, S.APPROVED),
        (S.REJECTED, S.APPROVED),
    }
    if (start, verdict) in allowed:
        review_practitioner(session, ADMIN, p.id, verdict, reason="Because.")
        assert row(session, p)["verification_status"] == verdict
        return
    with pytest.raises((Conflict, InvalidInput), match=r"cannot be|ends in approved, rejected or suspended"):
        review_practitioner(session, ADMIN, p.id, verdict, reason="Because.")
    assert row(session, p)["verification_status"] == start


@pytest.mark.parametrize("start", list(S))
def test_drafts_and_rejected_profiles_are_submitted(session: Session, start: S) -> None:
    p = make_practitioner(session, verification_status=start, bio="A description.")
    make_document(session, p)
    if start in (S.DRAFT, S.REJECTED):
        submit_profile(session, himself(session, p), p.id)
        assert row(session, p)["verification_status"] == S.SUBMITTED
        return
    with pytest.raises(Conflict, match="cannot be submitted"):
        submit_profile(session, himself(session, p), p.id)
    assert row(session, p)["verification_status"] == start


def test_an_empty_profile_is_not_submitted(session: Session) -> None:
    p = make_practitioner(session, verification_status=S.DRAFT, bio="")
    with pytest.raises(InvalidInput, match="headline and a description"):
        submit_profile(session, himself(session, p), p.id)
    assert row(session, p)["verification_status"] == S.DRAFT


@pytest.mark.parametrize("verdict", [S.REJECTED, S.SUSPENDED])
def test_a_verdict_against_somebody_needs_a_reason(session: Session, verdict: S) -> None:
    start = S.SUBMITTED if verdict == S.REJECTED else S.APPROVED
    p = make_practitioner(session, verification_status=start, bio="A description.")
    make_document(session, p)
    with pytest.raises(InvalidInput, match="Say why"):
        review_practitioner(session, ADMIN, p.id, verdict, reason="  ")
    assert row(session, p)["verification_status"] == start
    review_practitioner(session, ADMIN, p.id, verdict, reason=" Two clients waited in vain. ")
    assert row(session, p)["verification_note"] == "Two clients waited in vain."
    assert get_practitioner(session, himself(session, p), p.id).verification_note == "Two clients waited in vain."
    if verdict == S.REJECTED:
        submit_profile(session, himself(session, p), p.id)
        assert row(session, p)["verification_note"] == ""


def test_a_place_sets_city_position_and_zone(session: Session) -> None:
    p = make_practitioner(session)
    where = {"city": "Lisbon", "country_code": "pt", "latitude": 38.7, "longitude": -9.1, "time_zone": "Europe/Lisbon"}
    place_practitioner(session, himself(session, p), p.id, **where)
    now = row(session, p)
    assert (now["city"], now["country_code"], now["latitude"], now["time_zone"]) == (
        "Lisbon",
        "PT",
        38.7,
        "Europe/Lisbon",
    )
    for wrong, sentence in (
        ({"latitude": 91.0}, "between −90 and 90"),
        ({"time_zone": "Mars/Olympus"}, "not a time zone"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            place_practitioner(session, himself(session, p), p.id, **{**where, **wrong})
    with pytest.raises(NotPermitted, match="does not allow this"):
        place_practitioner(session, make_actor(session, Role.SUPPORT), p.id, **where)
