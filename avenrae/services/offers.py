"""Writes of what practitioners offer. Bookings that exist keep price, length, buffers and policy (R-BOOK-10)."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import CancellationPolicy, Delivery
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import Service
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import one_of
from avenrae.queries.scopes import visible_services
from avenrae.services.availability import locked_practitioner
from avenrae.services.booking_terms import check_buffers
from avenrae.services.edits import refuse_stale

SHORTEST, LONGEST = 5, 720
"""Minutes that a session can last."""
MOST_MINOR = 10_000_000_00
"""More than this for one session is a slip of the keyboard."""


def add_service(
    session: Session,
    actor: Actor,
    practitioner_id: uuid.UUID,
    *,
    title: str,
    duration_minutes: int,
    price_minor: int,
    delivery: str,
    description: str = "",
    category: str = "",
    buffer_before: int | None = None,
    buffer_after: int | None = None,
    policy: str = CancellationPolicy.MODERATE,
) -> Service:
    """Offer something new, in the practitioner's currency: he himself, or an admin for him.

    Raises:
        InvalidInput: It has no title, or length, price or buffers are out of range.
        NotFound: There is no such practitioner for this actor.
        NotPermitted: The role keeps no services.
    """
    practitioner = locked_practitioner(session, actor, practitioner_id, Permission.SERVICE_EDIT)
    service = Service(practitioner_id=practitioner.id, currency=practitioner.currency, is_available=True)
    check_buffers(buffer_before, buffer_after)
    _fill(service, title, description, category, duration_minutes, price_minor, delivery, policy)
    service.buffer_before, service.buffer_after = buffer_before, buffer_after
    session.add(service)
    session.flush()
    return service


def edit_service(
    session: Session,
    actor: Actor,
    service_id: uuid.UUID,
    *,
    title: str,
    description: str,
    category: str,
    duration_minutes: int,
    price_minor: int,
    delivery: str,
    buffer_before: int | None,
    buffer_after: int | None,
    policy: str,
    seen: Mapping[str, Any] | None = None,
) -> Service:
    """Change what is said about a service; bookings that exist stay as they were agreed (R-BOOK-10).

    Raises:
        InvalidInput: It has no title, or length, price or buffers are out of range.
        Conflict: Somebody changed it since the form showed `seen`.
    """
    service = _locked(session, actor, service_id)
    refuse_stale(service, seen)
    check_buffers(buffer_before, buffer_after)
    _fill(service, title, description, category, duration_minutes, price_minor, delivery, policy)
    service.buffer_before, service.buffer_after = buffer_before, buffer_after
    session.flush()
    return service


def retire_service(session: Session, actor: Actor, service_id: uuid.UUID) -> Service:
    """Take a service off the list; sessions that are agreed take place.

    Raises:
        Conflict: It is retired already.
    """
    service = _locked(session, actor, service_id)
    if not service.is_available:
        raise Conflict("This service is retired already.")
    service.is_available = False
    session.flush()
    return service


def offer_service(session: Session, actor: Actor, service_id: uuid.UUID) -> Service:
    """Offer a retired service again.

    Raises:
        Conflict: It is on offer already.
    """
    service = _locked(session, actor, service_id)
    if service.is_available:
        raise Conflict("This service is on offer already.")
    service.is_available = True
    session.flush()
    return service


def _fill(
    service: Service,
    title: str,
    description: str,
    category: str,
    duration_minutes: int,
    price_minor: int,
    delivery: str,
    policy: str,
) -> None:
    """Write the facts, all of them checked first."""
    name, about, kind = (
        checked_title(title),
        _text(description, "description", 5_000),
        _text(category, "category", 100),
    )
    if not SHORTEST <= duration_minutes <= LONGEST:
        raise InvalidInput(f"A service lasts {SHORTEST} to {LONGEST} minutes.")
    checked_price(price_minor)
    where, terms = one_of(Delivery, delivery), one_of(CancellationPolicy, policy)
    if where is None or terms is None:
        raise InvalidInput("Choose where the session takes place and what happens when a client cancels.")
    service.title, service.description, service.category = name, about, kind
    service.duration_minutes, service.price_minor, service.delivery, service.policy = (
        duration_minutes,
        price_minor,
        where,
        terms,
    )


def checked_title(typed: str) -> str:
    """Return a title that a service can have.

    Raises:
        InvalidInput: It is empty or too long.
    """
    if not (title := _text(typed, "title", 200)):
        raise InvalidInput("Give the service a title.")
    return title


def checked_price(minor: int) -> int:
    """Return a price that a service can have.

    Raises:
        InvalidInput: It is negative, or nobody can mean it.
    """
    if minor < 0:
        raise InvalidInput("A price cannot be negative.")
    if minor > MOST_MINOR:
        raise InvalidInput("This price is too high to be meant. Check the number.")
    return minor


def _locked(session: Session, actor: Actor, service_id: uuid.UUID) -> Service:
    query = select(Service).where(Service.id == service_id, visible_services(actor)).with_for_update(key_share=True)
    service = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if service is None:
        raise NotFound("There is no such service, or it is not yours to see.")
    require(actor, Permission.SERVICE_EDIT)
    return service


def _text(given: str, name: str, most: int) -> str:
    text = given.strip()
    if len(text) > most or "\0" in text:
        raise InvalidInput(f"The {name} can have {most:,} letters at most.".replace(",", "\u00a0"))
    return text
