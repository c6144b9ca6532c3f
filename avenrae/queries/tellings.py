"""What people were told, in the console and by e-mail, for who explains it: “why did X (not) get this?”."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from avenrae.enums import MailRoute, MailStatus, NoticeChannel, NoticeChoice, NoticeKind, Role
from avenrae.errors import NotFound
from avenrae.letters.bookings import SERIES_BOOKED, SERIES_CANCELLED
from avenrae.models import (
    AuditEntry,
    Booking,
    BookingWaitlist,
    Client,
    NoticePreference,
    Notification,
    Order,
    OutboxMail,
    Practitioner,
    RefundRequest,
    Review,
    Ticket,
    User,
)
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import count_of, key_of, page_of
from avenrae.queries.outbox import words_for
from avenrae.queries.people import is_named
from avenrae.queries.periods import span_of
from avenrae.queries.scopes import (
    visible_bookings,
    visible_orders,
    visible_tellings,
    visible_tickets,
    visible_users,
    withheld_kinds,
)
from avenrae.reply_address import without_signatures

PAGE = 20
_NAME = User.first_name + " " + User.last_name
_MOST_PEOPLE, _MOST_DEEDS, _MOST_ROWS = 20, 10, 50


@dataclass(frozen=True)
class SentMail:
    """What became of the e-mail of a notice."""

    id: uuid.UUID
    status: MailStatus
    to_address: str
    attempts: int
    error: str
    created_at: datetime
    handed_over_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True)
class Telling:
    """One notice to one person, and what became of its e-mail; without words where they are not for the actor.

    `hidden_since` and `unmailed_since` say when the reader switched a channel off, where that is known.
    """

    id: uuid.UUID
    user_id: uuid.UUID
    reader: str
    kind: NoticeKind
    event: str
    title: str
    text: str | None
    screen: str
    record_id: uuid.UUID | None
    told_at: datetime
    is_shown: bool
    read_at: datetime | None
    route: MailRoute
    due_at: datetime | None
    mail: SentMail | None
    hidden_since: datetime | None
    unmailed_since: datetime | None
    is_suspended: bool
    is_erased: bool


@dataclass(frozen=True)
class Somebody:
    """A person of whom is asked what he was told."""

    id: uuid.UUID
    name: str
    role: Role
    email: str
    since: datetime


@dataclass(frozen=True)
class Subject:
    """A record of which is asked who was told: its own key and those of what belongs to it, and whose it is.

    What is told of a series stands with one of its sessions and is about those after it too: `before` are the keys of
    the sessions before this one.
    """

    reference: str
    screen: str
    id: uuid.UUID
    keys: tuple[uuid.UUID, ...]
    before: tuple[uuid.UUID, ...]
    parties: frozenset[uuid.UUID]


@dataclass(frozen=True)
class Deed:
    """Something that a person did to a record himself."""

    action: str
    at: datetime


@dataclass(frozen=True)
class Asked:
    """Of whom, of what and of which days is asked; nothing means all."""

    person: Somebody | None = None
    subject: Subject | None = None
    since: datetime | None = None
    before: datetime | None = None


def find_people(session: Session, actor: Actor, search: str, *, limit: int = _MOST_PEOPLE) -> list[Somebody]:
    """Return the people whose name or e-mail fits, by name, also those who are shut out."""
    require(actor, Permission.MAIL_VIEW)
    if not search.strip():
        return []
    query = _people().where(visible_users(actor), is_named(search))
    ordered = query.order_by(User.name_folded.collate("C"), User.id).limit(limit)
    return [_somebody(*row) for row in session.execute(ordered)]


def read_question(session: Session, actor: Actor, params: Mapping[str, str], zone: str) -> Asked:
    """Return what an address asks (`person` by key, `record` by reference, `when` or `from` and `to`).

    Raises:
        NotPermitted: The actor's role explains nothing to anybody.
        NotFound: There is no such person, or no such booking, order or ticket.
    """
    require(actor, Permission.MAIL_VIEW)
    span = span_of(params, zone)
    person = None
    if key := key_of(params.get("person")):
        found = session.execute(_people().where(User.id == key, visible_users(actor))).one_or_none()
        if found is None:
            raise NotFound("There is no such person, or it is not yours to see.")
        person = _somebody(*found)
    reference = params.get("record", "").replace("\0", "").strip().upper()
    return Asked(person, _subject(session, actor, reference) if reference else None, span.start, span.end)


def count_tellings(session: Session, actor: Actor, asked: Asked) -> int:
    """Return how many notices there are, up to the counting limit."""
    return count_of(session, select(Notification.id).where(*_conditions(actor, asked)))


def list_tellings(session: Session, actor: Actor, asked: Asked, *, page: int = 1, size: int = PAGE) -> list[Telling]:
    """Return one page of the notices, the newest first, each with its e-mail."""
    order = (Notification.created_at.desc(), Notification.id.desc())
    ids = page_of(select(Notification.id).where(*_conditions(actor, asked)).order_by(*order), page, size).subquery()
    found = session.execute(
        select(
            Notification,
            OutboxMail,
            _NAME,
            User.is_active,
            User.erased_at,
            _switched_off(NoticeChannel.CONSOLE),
            _switched_off(NoticeChannel.EMAIL),
        )
        .join(User, User.id == Notification.user_id)
        .outerjoin(OutboxMail, OutboxMail.id == Notification.mail_id)
        .where(Notification.id.in_(select(ids.c.id)))
        .order_by(*order)
    )
    return [_telling(actor, *row) for row in found]


def list_deeds(session: Session, actor: Actor, person: Somebody, subject: Subject) -> list[Deed]:
    """Return what a person did to a record himself, the newest first; nobody is told what he did himself."""
    require(actor, Permission.MAIL_VIEW)
    query = (
        select(AuditEntry.action, func.max(AuditEntry.occurred_at).label("at"))
        .where(
            AuditEntry.table_name == _TABLES[subject.screen],
            AuditEntry.row_id == str(subject.id),
            AuditEntry.actor_id == person.id,
            AuditEntry.action != "",
        )
        .group_by(AuditEntry.action, AuditEntry.request)
        .order_by(func.max(AuditEntry.occurred_at).desc())
        .limit(_MOST_DEEDS)
    )
    return [Deed(*row) for row in session.execute(query)]


_TABLES = {"care/booking": "bookings", "store/order": "orders", "support/ticket": "tickets"}


def _subject(session: Session, actor: Actor, reference: str) -> Subject:
    """Return the booking, order or ticket of a reference, with whose it is."""
    client, practitioner = (
        select(of.user_id).where(of.id == key).scalar_subquery()
        for of, key in ((Client, Booking.client_id), (Practitioner, Booking.practitioner_id))
    )
    buyer = select(Client.user_id).where(Client.id == Order.client_id).scalar_subquery()
    found = session.execute(
        union_all(
            _of("care/booking", Booking.id, client, practitioner).where(
                Booking.reference == reference, visible_bookings(actor)
            ),
            _of("store/order", Order.id, buyer, buyer).where(Order.reference == reference, visible_orders(actor)),
            _of("support/ticket", Ticket.id, Ticket.requester_id, Ticket.assignee_id).where(
                Ticket.number == reference, visible_tickets(actor)
            ),
        )
    ).first()
    if found is None:
        raise NotFound(f"There is no booking, order or ticket {reference}. Copy its whole reference, such as B-1234.")
    screen, key, *parties = found
    belongs = union_all(
        *(
            select(of.id).where(column == key).limit(_MOST_ROWS)
            for of, column in (
                (BookingWaitlist, BookingWaitlist.booking_id),
                (Review, Review.booking_id),
                (RefundRequest, RefundRequest.booking_id),
                (RefundRequest, RefundRequest.order_id),
            )
        )
    )
    keys = (key, *session.scalars(belongs)) if screen != "support/ticket" else (key,)
    before = tuple(session.scalars(_before_in_series(key))) if screen == "care/booking" else ()
    return Subject(reference, screen, key, keys, before, frozenset(p for p in parties if p is not None))


def _before_in_series(booking_id: uuid.UUID) -> Select[uuid.UUID]:
    this = aliased(Booking)
    return (
        select(Booking.id)
        .join(this, this.series_id == Booking.series_id)
        .where(this.id == booking_id, Booking.starts_at < this.starts_at)
        .limit(_MOST_ROWS)
    )


def _of(screen: str, key: Any, one: Any, other: Any) -> Select[Any]:
    return select(literal(screen).label("screen"), key, one.label("one"), other.label("other"))


def _somebody(key: uuid.UUID, name: str, role: str, email: str, since: datetime) -> Somebody:
    return Somebody(key, name, Role(role), email, since)


def _people() -> Select[*tuple[Any, ...]]:
    return select(User.id, _NAME, User.role, User.email, User.created_at)


def _conditions(actor: Actor, asked: Asked) -> list[ColumnElement[bool]]:
    require(actor, Permission.MAIL_VIEW)
    conditions = [visible_tellings(actor)]
    if asked.person:
        conditions.append(Notification.user_id == asked.person.id)
    if asked.subject:
        is_of_series = Notification.event.in_((SERIES_BOOKED.name, SERIES_CANCELLED.name))
        conditions.append(
            or_(
                Notification.record_id.in_(asked.subject.keys),
                and_(Notification.record_id.in_(asked.subject.before), is_of_series),
            )
        )
    if asked.since:
        conditions.append(Notification.created_at >= asked.since)
    if asked.before:
        conditions.append(Notification.created_at < asked.before)
    return conditions


def _switched_off(channel: NoticeChannel) -> ScalarSelect[Any]:
    """Return since when the reader has had a channel switched off for this kind, where that was before the notice."""
    return (
        select(NoticePreference.updated_at)
        .where(
            NoticePreference.user_id == Notification.user_id,
            NoticePreference.kind == Notification.kind,
            NoticePreference.channel == channel,
            NoticePreference.choice == NoticeChoice.OFF,
            NoticePreference.updated_at <= Notification.created_at,
        )
        .scalar_subquery()
    )


def _telling(
    actor: Actor,
    notice: Notification,
    mail: OutboxMail | None,
    reader: str,
    is_active: bool,
    erased_at: datetime | None,
    hidden_since: datetime | None,
    unmailed_since: datetime | None,
) -> Telling:
    kind = NoticeKind(notice.kind)
    is_withheld = kind in withheld_kinds(actor) and notice.user_id != actor.user_id
    return Telling(
        id=notice.id,
        user_id=notice.user_id,
        reader=reader,
        kind=kind,
        event=notice.event,
        title=words_for(actor, notice.user_id, kind, notice.title),
        text=None if is_withheld else without_signatures(notice.body),
        screen=notice.screen,
        record_id=notice.record_id,
        told_at=notice.created_at,
        is_shown=notice.is_shown,
        read_at=notice.read_at,
        route=MailRoute(notice.route),
        due_at=notice.due_at,
        mail=_sent(mail) if mail else None,
        hidden_since=hidden_since,
        unmailed_since=unmailed_since,
        is_suspended=not is_active,
        is_erased=erased_at is not None,
    )


def _sent(mail: OutboxMail) -> SentMail:
    return SentMail(
        id=mail.id,
        status=MailStatus(mail.status),
        to_address=mail.to_address,
        attempts=mail.attempts,
        error=mail.error,
        created_at=mail.created_at,
        handed_over_at=mail.handed_over_at,
        sent_at=mail.sent_at,
    )
