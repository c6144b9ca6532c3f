"""Services: who may keep them, what is refused with nothing changed, and bookings that stay as they were agreed."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae.enums import Role
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import Booking, Practitioner, Service, User
from avenrae.permissions import Actor
from avenrae.queries.history import list_changes
from avenrae.queries.offers import get_offer, get_offerer, list_offers
from avenrae.services.offers import add_service, edit_service, offer_service, retire_service
from tests.make import actor_of, make_actor, make_booking, make_practitioner, make_service

ADMIN = Actor.system("test")
WORDS: dict[str, Any] = {
    "title": " Palm reading ",
    "description": "By daylight.",
    "category": "Reading",
    "duration_minutes": 45,
    "price_minor": 45_050,
    "delivery": "online",
    "buffer_before": 0,
    "buffer_after": None,
    "policy": "strict",
}


def rows(session: Session) -> list[Any]:
    """Every stored service, past the session's memory."""
    session.flush()
    return [dict(r) for r in session.execute(text("SELECT * FROM services ORDER BY id")).mappings()]


def himself(session: Session, p: Practitioner) -> Actor:
    """The practitioner as he is signed in."""
    return actor_of(session.get_one(User, p.user_id), practitioner=p)


@pytest.mark.parametrize("by", ["himself", "admin"])
def test_a_service_is_kept_by_its_owner_and_by_admins(session: Session, by: str) -> None:
    p = make_practitioner(session, currency="KES", buffer_after=10)
    actor = himself(session, p) if by == "himself" else ADMIN
    service = add_service(session, actor, p.id, **WORDS)
    assert (service.title, service.currency, service.is_available) == ("Palm reading", "KES", True)
    edit_service(session, actor, service.id, **{**WORDS, "price_minor": 0, "buffer_after": 480})
    kept = get_offer(session, actor, service.id)
    assert (kept.price_minor, kept.buffer_before, kept.buffer_after, kept.own_after) == (0, 0, 480, 10)
    retire_service(session, actor, service.id)
    with pytest.raises(Conflict, match="retired already"):
        retire_service(session, actor, service.id)
    assert [s.is_available for s in list_offers(session, actor, p.id)] == [False]
    offer_service(session, actor, service.id)
    with pytest.raises(Conflict, match="on offer already"):
        offer_service(session, actor, service.id)
    assert list_changes(session, actor, "services", service.id)


@pytest.mark.parametrize(
    ("role", "error"), [(Role.CLIENT, NotPermitted), (Role.PRACTITIONER, NotFound), (Role.SUPPORT, NotPermitted)]
)
@pytest.mark.parametrize("deed", ["add", "edit", "retire", "offer"])
def test_others_services_are_refused(session: Session, role: Role, error: type[AvenraeError], deed: str) -> None:
    """R-USR-01: refused by the service, and nothing has changed."""
    service = make_service(session, make_practitioner(session), is_available=deed != "offer")
    actor, before = make_actor(session, role), rows(session)
    with pytest.raises(error, match=r"does not allow this|not yours to see"):
        {
            "add": lambda: add_service(session, actor, service.practitioner_id, **WORDS),
            "edit": lambda: edit_service(session, actor, service.id, **WORDS),
            "retire": lambda: retire_service(session, actor, service.id),
            "offer": lambda: offer_service(session, actor, service.id),
        }[deed]()
    assert rows(session) == before


@pytest.mark.parametrize(
    ("role", "error"), [(Role.CLIENT, NotPermitted), (Role.PRACTITIONER, NotFound), (Role.SUPPORT, NotPermitted)]
)
def test_others_services_are_not_shown(session: Session, role: Role, error: type[AvenraeError]) -> None:
    """R-USR-01: by address neither, nor by their history."""
    service, actor = make_service(session, make_practitioner(session)), make_actor(session, role)
    with pytest.raises(error):
        get_offer(session, actor, service.id)
    with pytest.raises(error):
        get_offerer(session, actor, service.practitioner_id)
    with pytest.raises(NotFound):
        list_changes(session, actor, "services", service.id)
    if role is Role.PRACTITIONER:
        assert list_offers(session, actor, service.practitioner_id) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title": "  "}, "Give the service a title"),
        ({"title": "x" * 201}, "title can have 200 letters"),
        ({"description": "a\0b"}, "description can have"),
        ({"duration_minutes": 4}, "lasts 5 to 720 minutes"),
        ({"duration_minutes": 721}, "lasts 5 to 720 minutes"),
        ({"price_minor": -1}, "cannot be negative"),
        ({"price_minor": 10**14}, "too high"),
        ({"delivery": "by owl"}, "not one of the choices"),
        ({"delivery": ""}, "Choose where"),
        ({"policy": ""}, "when a client cancels"),
        ({"buffer_before": -1}, "0 to 480 minutes"),
        ({"buffer_after": 481}, "0 to 480 minutes"),
    ],
)
def test_what_cannot_be_offered_is_refused(session: Session, changed: dict[str, Any], sentence: str) -> None:
    p = make_practitioner(session)
    service, actor = make_service(session, p), himself(session, p)
    before = rows(session)
    with pytest.raises(InvalidInput, match=sentence):
        edit_service(session, actor, service.id, **{**WORDS, **changed})
    assert rows(session) == before
    with pytest.raises(InvalidInput, match=sentence):
        add_service(session, actor, p.id, **{**WORDS, **changed})
    assert rows(session) == before


def test_a_stale_edit_is_refused(session: Session) -> None:
    """R-TCK-01's rule for every form: what somebody saved meanwhile is not typed over."""
    service = make_service(session, make_practitioner(session))
    seen = {"title": service.title, "price_minor": service.price_minor}
    edit_service(session, ADMIN, service.id, **WORDS, seen=seen)
    before = rows(session)
    with pytest.raises(Conflict, match="changed this meanwhile"):
        edit_service(session, ADMIN, service.id, **{**WORDS, "price_minor": 1}, seen=seen)
    assert rows(session) == before


def test_bookings_stay_as_they_were_agreed(session: Session, noon: object) -> None:
    """R-BOOK-10: price, times, buffers and policy of a booking are copies."""
    booking = make_booking(session)
    stored = text("SELECT to_jsonb(b) FROM bookings b WHERE id = :id")
    before = session.execute(stored, {"id": booking.id}).scalar_one()
    assert get_offer(session, ADMIN, booking.service_id).ahead == 1
    edit_service(session, ADMIN, booking.service_id, **WORDS)
    retire_service(session, ADMIN, booking.service_id)
    assert session.get_one(Service, booking.service_id).price_minor == 45_050
    session.expire(session.get_one(Booking, booking.id))
    assert session.execute(stored, {"id": booking.id}).scalar_one() == before
