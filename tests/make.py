"""Factories: rows that are valid by default, with what a test cares about named in the call."""

import itertools
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import (
    BookingStatus,
    CancelledBy,
    Delivery,
    DocumentKind,
    DocumentVerdict,
    MovementReason,
    PractitionerKind,
    ProductType,
    Role,
    TicketPriority,
    VerificationStatus,
)
from avenrae.models import (
    AvailabilityRule,
    Booking,
    BusinessHours,
    Client,
    Desk,
    DocumentFile,
    Practitioner,
    PractitionerDocument,
    Product,
    Service,
    SlaPolicy,
    StockMovement,
    Ticket,
    User,
)
from avenrae.permissions import Actor

_numbers = itertools.count(1)


def make_user(session: Session, *, role: Role = Role.ADMIN, password: str | None = None, **kw: Any) -> User:
    """A user; with a password he can sign in."""
    n = next(_numbers)
    if password is not None:
        from avenrae.passwords import hash_password

        kw["password_hash"] = hash_password(password)
    user = User(
        **{"email": f"person{n}@example.org", "first_name": "Person", "last_name": f"No{n}", "role": role, **kw}
    )
    session.add(user)
    session.flush()
    return user


def actor_of(user: User, *, practitioner: Practitioner | None = None, client: Client | None = None) -> Actor:
    """The actor that this user is when signed in."""
    return Actor(
        user_id=user.id,
        role=Role(user.role),
        name=user.name,
        email=user.email,
        time_zone=user.time_zone or "Africa/Johannesburg",
        practitioner_id=practitioner.id if practitioner else None,
        client_id=client.id if client else None,
    )


def make_actor(session: Session, role: Role, **kw: Any) -> Actor:
    """A signed-in person of a role, with the practitioner or client row that the role has."""
    if role is Role.PRACTITIONER:
        practitioner = make_practitioner(session, **kw)
        return actor_of(session.get_one(User, practitioner.user_id), practitioner=practitioner)
    if role is Role.CLIENT:
        client = make_client(session, **kw)
        return actor_of(session.get_one(User, client.user_id), client=client)
    return actor_of(make_user(session, role=role, **kw))


def make_practitioner(session: Session, *, is_open: bool = True, **kw: Any) -> Practitioner:
    """An approved practitioner in Cape Town, open day and night."""
    user = make_user(session, role=Role.PRACTITIONER, **kw.pop("user", {}))
    practitioner = Practitioner(
        **{
            "user_id": user.id,
            "kind": PractitionerKind.HEALER,
            "headline": "Calm hands",
            "hourly_rate_minor": 60_000,
            "currency": "ZAR",
            "city": "Cape Town",
            "latitude": -33.9249,
            "longitude": 18.4241,
            "verification_status": VerificationStatus.APPROVED,
            **kw,
        }
    )
    session.add(practitioner)
    session.flush()
    if is_open:
        session.add_all(
            AvailabilityRule(practitioner_id=practitioner.id, weekday=day, starts_local=time(), ends_local=time())
            for day in range(7)
        )
        session.flush()
    return practitioner


def make_document(session: Session, practitioner: Practitioner, **kw: Any) -> PractitionerDocument:
    """An identity card that was accepted and does not expire, with its file."""
    verdict = kw.setdefault("verdict", DocumentVerdict.ACCEPTED)
    document = PractitionerDocument(
        **{
            "practitioner_id": practitioner.id,
            "kind": DocumentKind.IDENTITY,
            "title": "Identity card",
            "file_name": "card.pdf",
            "media_type": "application/pdf",
            "size_bytes": 9,
            "checked_at": None if verdict == DocumentVerdict.WAITING else clock.now(),
            **kw,
        }
    )
    session.add(document)
    session.flush()
    if document.file_name:
        session.add(DocumentFile(document_id=document.id, content=b"%PDF-1.4\n"))
        session.flush()
    return document


def make_client(session: Session, **kw: Any) -> Client:
    """A client."""
    user = make_user(session, role=Role.CLIENT, **kw.pop("user", {}))
    client = Client(user_id=user.id, **kw)
    session.add(client)
    session.flush()
    return client


def make_service(session: Session, practitioner: Practitioner, **kw: Any) -> Service:
    """An hour's session for R 600."""
    service = Service(
        **{
            "practitioner_id": practitioner.id,
            "title": "Healing session",
            "duration_minutes": 60,
            "price_minor": 60_000,
            "currency": "ZAR",
            "delivery": Delivery.IN_PERSON,
            **kw,
        }
    )
    session.add(service)
    session.flush()
    return service


def make_booking(session: Session, **kw: Any) -> Booking:
    """A pending booking for tomorrow at this hour, with whoever is missing made along."""
    practitioner = kw.pop("practitioner", None) or make_practitioner(session)
    client = kw.pop("client", None) or make_client(session)
    service = kw.pop("service", None) or make_service(session, practitioner)
    starts_at = kw.pop("starts_at", clock.now() + timedelta(days=1))
    booking = Booking(
        **{
            "practitioner_id": practitioner.id,
            "client_id": client.id,
            "service_id": service.id,
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=service.duration_minutes),
            "time_zone": practitioner.time_zone or "Africa/Johannesburg",
            "price_minor": service.price_minor,
            "currency": service.currency,
            "commission_bps": 1500,
            "policy": service.policy or "moderate",
            **kw,
        }
    )
    if booking.status == BookingStatus.CANCELLED and booking.cancelled_at is None:
        booking.cancelled_at, booking.cancelled_by = clock.now(), CancelledBy.STAFF
    session.add(booking)
    session.flush()
    session.refresh(booking)
    return booking


def make_session(session: Session, *, completed_at: datetime | None = None, **kw: Any) -> Booking:
    """A completed session, closed now unless said otherwise."""
    at = completed_at or clock.now()
    return make_booking(
        session,
        **{
            "starts_at": at - timedelta(hours=1),
            "status": BookingStatus.COMPLETED,
            "confirmed_at": at - timedelta(days=1),
            "completed_at": at,
            **kw,
        },
    )


def make_product(session: Session, *, stock: int = 0, **kw: Any) -> Product:
    """A crystal for R 150, with stock received through the ledger."""
    n = next(_numbers)
    product = Product(
        **{
            "sku": f"SKU-{n}",
            "title": f"Rose quartz {n}",
            "product_type": ProductType.CRYSTAL,
            "price_minor": 15_000,
            "currency": "ZAR",
            **kw,
        }
    )
    session.add(product)
    session.flush()
    if stock:
        session.add(
            StockMovement(product_id=product.id, delta=stock, reason=MovementReason.RECEIVED, occurred_at=clock.now())
        )
        session.flush()
    session.refresh(product)
    return product


def make_desk(session: Session, *, minutes: tuple[int | None, int | None, int | None] = (60, 180, 240)) -> Desk:
    """A desk in Johannesburg, Monday to Friday 9 to 17, that promises the same for every priority."""
    desk = Desk(name=f"Desk {next(_numbers)}", time_zone="Africa/Johannesburg")
    session.add(desk)
    session.flush()
    for day in range(5):
        session.add(BusinessHours(desk_id=desk.id, weekday=day, starts_local=time(9), ends_local=time(17)))
    for priority in TicketPriority:
        first, update, resolution = minutes
        session.add(
            SlaPolicy(
                name=f"{priority.value} promise",
                desk_id=desk.id,
                priority=priority,
                first_response_minutes=first,
                update_minutes=update,
                resolution_minutes=resolution,
            )
        )
    session.flush()
    return desk


def make_ticket(session: Session, *, requester: User | None = None, **kw: Any) -> Ticket:
    """An open ticket of a client, opened by himself now."""
    from avenrae.services.tickets import open_ticket

    asking = requester or session.get_one(User, make_client(session).user_id)
    return open_ticket(
        session, actor_of(asking), **{"subject": "The session did not start", "body": "I waited an hour.", **kw}
    )
