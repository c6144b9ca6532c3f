"""Reads of the e-mails that were written: what became of each, and which of those kept could go out now."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.enums import BookingStatus, MailStatus, NoticeKind, WaitlistStatus
from avenrae.errors import NotFound
from avenrae.models import Booking, BookingWaitlist, Notification, OutboxMail, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.listing import COUNT_LIMIT, PAGE_SIZE, count_of, in_order, key_of, one_of
from avenrae.queries.people import PeopleList
from avenrae.queries.periods import span_of
from avenrae.queries.scopes import visible_mails, visible_tellings, withheld_kinds
from avenrae.reply_address import without_signatures

STANDS_FOR = {
    NoticeKind.MESSAGE: "A message in a conversation",
    NoticeKind.SECURITY: "About the security of the account",
}
"""What is read in the place of words that are not for the actor."""
_SORTS: Mapping[str, Any] = {"created_at": OutboxMail.created_at, "to": func.lower(OutboxMail.to_address)}
_NAME = User.first_name + " " + User.last_name
_MOST_CARRIED = 50
_NAMED = 5


@dataclass(frozen=True)
class OutboxFilters:
    """What the list can be narrowed to; `search` is a name or an address."""

    search: str = ""
    status: MailStatus | None = None
    kind: NoticeKind | None = None
    written_from: datetime | None = None
    written_before: datetime | None = None
    user_id: uuid.UUID | None = None


@dataclass(frozen=True)
class OutboxRow:
    """One mail without its text; the address that replies go to never leaves the data layer, it is signed."""

    id: uuid.UUID
    user_id: uuid.UUID
    reader: str
    to_address: str
    kind: NoticeKind
    subject: str
    status: MailStatus
    attempts: int
    error: str
    created_at: datetime
    handed_over_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True)
class Carried:
    """A notice that a mail carries, and the record that it is about."""

    id: uuid.UUID
    title: str
    screen: str
    record_id: uuid.UUID | None
    told_at: datetime


@dataclass(frozen=True)
class Letter:
    """A mail as its reader gets it: `text` is None where its words are for the reader alone.

    `address_now` is the address that the reader has by now; nothing goes to who is shut out.
    """

    row: OutboxRow
    text: str | None
    address_now: str
    is_shut_out: bool
    carried: list[Carried]


@dataclass(frozen=True)
class Kept:
    """What could go out of what was kept since an instant: how many, to how many people, and what stays.

    `over` are those of sessions and offers that are over, of which the first are named; `shut_out` those to people
    whose account is suspended or erased. Counting stops as in every list.
    """

    sendable: int
    people: int
    oldest: datetime | None
    over: int
    over_named: list[str]
    shut_out: int


def outbox_filters(params: Mapping[str, str], zone: str) -> OutboxFilters:
    """Return the filters that an address holds (`q`, `status`, `kind`, `person`, `when` or `from` and `to`).

    Raises:
        InvalidInput: A value is none of those there are.
    """
    span = span_of(params, zone)
    return OutboxFilters(
        search=params.get("q", ""),
        status=one_of(MailStatus, params.get("status")),
        kind=one_of(NoticeKind, params.get("kind")),
        written_from=span.start,
        written_before=span.end,
        user_id=key_of(params.get("person")),
    )


def count_outbox(session: Session, actor: Actor, filters: OutboxFilters) -> int:
    """Return how many mails the filters leave, up to the counting limit."""
    return _listed(actor, filters).count(session)


def list_outbox(
    session: Session,
    actor: Actor,
    filters: OutboxFilters,
    *,
    sort: str = "-created_at",
    page: int = 1,
    size: int = PAGE_SIZE,
) -> list[OutboxRow]:
    """Return one page of mails, the newest first unless sorted otherwise.

    Raises:
        NotPermitted: The actor's role sees no mails.
        InvalidInput: The sort is not one of the list's.
    """
    ids = _listed(actor, filters).page(sort, page, size).subquery()
    order = in_order(_SORTS, sort, OutboxMail.id)
    found = session.execute(_rows().where(OutboxMail.id.in_(select(ids.c.id))).order_by(*order))
    return [_row(actor, *r) for r in found]


def each_outbox(session: Session, actor: Actor, filters: OutboxFilters, sort: str) -> Iterator[OutboxRow]:
    """Yield every mail the filters leave, as the database sends them; for exports."""
    query = _rows().where(_listed(actor, filters).found(), *_conditions(actor, filters))
    ordered = query.order_by(*in_order(_SORTS, sort, OutboxMail.id)).execution_options(yield_per=1000)
    return (_row(actor, *r) for r in session.execute(ordered))


def get_letter(session: Session, actor: Actor, mail_id: uuid.UUID) -> Letter:
    """Return one mail with its text and the notices that it carries.

    Raises:
        NotPermitted: The actor's role sees no mails.
        NotFound: There is none, or it is to a colleague.
    """
    require(actor, Permission.MAIL_VIEW)
    found = session.execute(
        _rows()
        .add_columns(User.email, ~_reader_is_there(), _is_withheld(actor))
        .where(OutboxMail.id == mail_id, visible_mails(actor))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such e-mail, or it is not yours to see.")
    mail, name, address_now, is_shut_out, is_withheld = found
    notices = session.scalars(
        select(Notification)
        .where(Notification.mail_id == mail_id, visible_tellings(actor))
        .order_by(Notification.created_at, Notification.id)
        .limit(_MOST_CARRIED)
    )
    return Letter(
        row=_row(actor, mail, name),
        text=None if is_withheld else without_signatures(mail.body),
        address_now=address_now,
        is_shut_out=is_shut_out,
        carried=[
            Carried(n.id, words_for(actor, n.user_id, NoticeKind(n.kind), n.title), n.screen, n.record_id, n.created_at)
            for n in notices
        ],
    )


def count_kept(session: Session, actor: Actor, *, written_from: datetime | None = None) -> Kept:
    """Return what could go out now of what was kept since an instant, and what would stay, and why."""
    require(actor, Permission.MAIL_SEND)
    span = _kept_since(written_from)
    sendable = (
        select(OutboxMail.user_id, OutboxMail.created_at)
        .where(visible_mails(actor), *is_sendable(written_from))
        .limit(COUNT_LIMIT + 1)
        .subquery()
    )
    number, people, oldest = session.execute(
        select(func.count(), func.count(sendable.c.user_id.distinct()), func.min(sendable.c.created_at))
    ).one()
    over = (*span, visible_mails(actor), _reader_is_there(), _is_over())
    shut_out = (*span, visible_mails(actor), ~_reader_is_there())
    named = (
        select(OutboxMail.subject)
        .where(*over)
        .order_by(OutboxMail.created_at.desc(), OutboxMail.id.desc())
        .limit(_NAMED)
    )
    return Kept(
        sendable=number,
        people=people,
        oldest=oldest,
        over=count_of(session, select(OutboxMail.id).where(*over)),
        over_named=list(session.scalars(named)),
        shut_out=count_of(session, select(OutboxMail.id).where(*shut_out)),
    )


def is_sendable(
    written_from: datetime | None, written_until: datetime | None = None
) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of what was kept and is worth sending: not to who is shut out, not of what is over."""
    until = OutboxMail.created_at <= written_until if written_until else true()
    return (*_kept_since(written_from), until, _reader_is_there(), ~_is_over())


def _kept_since(written_from: datetime | None) -> tuple[ColumnElement[bool], ...]:
    since = OutboxMail.created_at >= written_from if written_from else true()
    return (OutboxMail.status == MailStatus.KEPT, since)


def _reader_is_there() -> ColumnElement[bool]:
    """Whether mail still goes to its reader; who is suspended hears of the safety of the account only."""
    reader = aliased(User)
    may_get = or_(reader.is_active, OutboxMail.kind == NoticeKind.SECURITY)
    return exists().where(reader.id == OutboxMail.user_id, may_get, reader.erased_at.is_(None))


def _is_over() -> ColumnElement[bool]:
    """Whether a mail carries only what is of no use any more: reminders of sessions that have begun or are off, offers
    that ran out or were answered.
    """
    is_live = Booking.status.in_((BookingStatus.PENDING, BookingStatus.CONFIRMED))
    session_is_over = exists().where(
        Booking.id == Notification.record_id, or_(Booking.starts_at <= clock.now(), ~is_live)
    )
    is_offered = and_(BookingWaitlist.status == WaitlistStatus.OFFERED, BookingWaitlist.offer_expires_at > clock.now())
    offer_is_over = exists().where(
        BookingWaitlist.id == Notification.record_id, func.coalesce(is_offered, false()).is_(False)
    )
    over = or_(
        func.coalesce(Notification.useless_at <= clock.now(), false()),
        and_(Notification.kind == NoticeKind.REMINDER, session_is_over),
        and_(Notification.once.like("offer:%"), offer_is_over),
    )
    carried = exists().where(Notification.mail_id == OutboxMail.id)
    return and_(carried, ~carried.where(~over))


def words_for(actor: Actor, reader_id: uuid.UUID, kind: NoticeKind, words: str) -> str:
    """Return a title as the actor may read it: what is not for him is named by its kind."""
    is_withheld = kind in withheld_kinds(actor) and reader_id != actor.user_id
    return STANDS_FOR[kind] if is_withheld else without_signatures(words)


def _is_withheld(actor: Actor) -> ColumnElement[bool]:
    """Whether a mail holds words that are not for the actor; one that carries several notices, if any of them does."""
    kinds = withheld_kinds(actor)
    carries = exists().where(Notification.mail_id == OutboxMail.id, Notification.kind.in_(kinds))
    is_others = true() if actor.user_id is None else OutboxMail.user_id != actor.user_id
    return and_(is_others, or_(OutboxMail.kind.in_(kinds), carries))


def _ids(actor: Actor, filters: OutboxFilters) -> Select[Any]:
    return select(OutboxMail.id).where(*_conditions(actor, filters))


def _listed(actor: Actor, f: OutboxFilters) -> PeopleList:
    """Return the list as it can be searched: by whom a mail was to, or by the very address."""
    return PeopleList(actor, _ids(actor, f), f.search, _SORTS, _is_to, (OutboxMail.user_id, User))


def _is_to(address: str) -> ColumnElement[bool]:
    return func.lower(OutboxMail.to_address) == address.lower()


def _conditions(actor: Actor, f: OutboxFilters) -> list[ColumnElement[bool]]:
    """Return the conditions of all filters but the search."""
    require(actor, Permission.MAIL_VIEW)
    conditions: list[ColumnElement[bool]] = [visible_mails(actor)]
    if f.status:
        conditions.append(OutboxMail.status == f.status)
    if f.kind:
        conditions.append(OutboxMail.kind == f.kind)
    if f.written_from:
        conditions.append(OutboxMail.created_at >= f.written_from)
    if f.written_before:
        conditions.append(OutboxMail.created_at < f.written_before)
    if f.user_id:
        conditions.append(OutboxMail.user_id == f.user_id)
    return conditions


def _rows() -> Select[*tuple[Any, ...]]:
    return select(OutboxMail, _NAME).join(User, User.id == OutboxMail.user_id)


def _row(actor: Actor, mail: OutboxMail, name: str) -> OutboxRow:
    kind = NoticeKind(mail.kind)
    return OutboxRow(
        id=mail.id,
        user_id=mail.user_id,
        reader=name,
        to_address=mail.to_address,
        kind=kind,
        subject=words_for(actor, mail.user_id, kind, mail.subject),
        status=MailStatus(mail.status),
        attempts=mail.attempts,
        error=mail.error,
        created_at=mail.created_at,
        handed_over_at=mail.handed_over_at,
        sent_at=mail.sent_at,
    )
