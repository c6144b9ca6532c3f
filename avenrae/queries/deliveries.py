"""Mails that wait for the end of somebody's quiet hours or for his digest, and how he wants to be told."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, TextClause, func, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import MailRoute, NoticeChannel, NoticeChoice, NoticeKind
from avenrae.models import Booking, BookingWaitlist, NoticePreference, Notification, User
from avenrae.models.operations import WAITING
from avenrae.notice_kinds import kinds_of
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_users
from avenrae.scheduling.delivery import Choices, Quiet, Reader

MOST = 1000
"""So much is looked at in one run; the next one, a minute later, goes on."""
_LEAST_AHEAD = timedelta(hours=1)


@dataclass(frozen=True)
class Recipient:
    """Somebody who is told: where mail reaches him, whether it may, and his wishes."""

    address: str
    is_suspended: bool
    is_erased: bool
    wishes: Reader

    def address_for(self, kind: NoticeKind) -> str | None:
        """Return where mail of a kind goes; who is suspended still hears of the safety of the account."""
        is_gone = self.is_erased or (self.is_suspended and kind is not NoticeKind.SECURITY)
        return None if is_gone else self.address


@dataclass(frozen=True)
class NoticeWishes:
    """How somebody wants to be told, as the form shows it: of each kind whether in the console, and how by e-mail."""

    quiet_from: time | None
    quiet_until: time | None
    digest_hour: int
    kinds: tuple[tuple[NoticeKind, bool, NoticeChoice], ...]

    def reader(self, zone: str) -> Reader:
        """Return what these wishes mean in a zone, without the choices of kinds."""
        return Reader(ZoneInfo(zone), time(self.digest_hour), _quiet(self.quiet_from, self.quiet_until))


def find_recipient(session: Session, user_id: uuid.UUID) -> Recipient | None:
    """Return whom a notice is for, as he is now."""
    return find_recipients(session, [user_id]).get(user_id)


def find_recipients(session: Session, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Recipient]:
    """Return whom notices are for, as they are now."""
    found = session.execute(_recipients().add_columns(User.id).where(User.id.in_(user_ids)))
    return {user_id: _recipient(*row) for *row, user_id in found}


def lock_recipient(session: Session, user_id: uuid.UUID) -> Recipient | None:
    """Return somebody whose mails are to be sent, locked; None where another worker is at it."""
    locked = _recipients().where(User.id == user_id).with_for_update(key_share=True, skip_locked=True, of=User)
    found = session.execute(locked).one_or_none()
    return _recipient(*found) if found else None


def get_notice_wishes(session: Session, actor: Actor) -> NoticeWishes:
    """Return how the actor wants to be told of what his role can be told of."""
    require(actor, Permission.NOTIFICATION_READ)
    row = session.execute(_recipients().where(User.id == actor.user_id, visible_users(actor))).one()
    wishes = _recipient(*row).wishes
    return NoticeWishes(
        quiet_from=wishes.quiet.starts if wishes.quiet else None,
        quiet_until=wishes.quiet.ends if wishes.quiet else None,
        digest_hour=wishes.digest_at.hour,
        kinds=tuple(
            (
                kind,
                wishes.choice(kind, NoticeChannel.CONSOLE) is NoticeChoice.ON,
                wishes.choice(kind, NoticeChannel.EMAIL),
            )
            for kind in kinds_of(actor.role)
        ),
    )


def count_for_digest(session: Session, actor: Actor) -> int:
    """Return how many notices wait for the actor's next digest, counting up to a thousand."""
    require(actor, Permission.NOTIFICATION_READ)
    waiting = select(Notification.id).where(
        Notification.user_id == actor.user_id, is_waiting(), Notification.route == MailRoute.DIGEST
    )
    return session.execute(select(func.count()).select_from(waiting.limit(MOST).subquery())).scalar_one()


def is_waiting() -> TextClause:
    """Whether a notice's mail is still to come, written as its index is."""
    return text(WAITING)


def list_due_readers(session: Session, actor: Actor, *, limit: int = MOST) -> list[uuid.UUID]:
    """Return for whom something has waited long enough, the longest first.

    Raises:
        NotPermitted: The actor keeps no system.
    """
    require(actor, Permission.DATA_IMPORT)
    n = Notification
    due = select(n.user_id).where(is_waiting(), n.due_at <= clock.now()).order_by(n.due_at, n.user_id).limit(limit)
    return list(dict.fromkeys(session.scalars(due)))


def find_useless_at(session: Session, kind: NoticeKind, record_id: uuid.UUID | None) -> datetime | None:
    """Return from when on a notice is of no use any more; None where it always is of some.

    A reminder is, until an hour before the session; an offer from the waiting list, for the first half of its time.
    """
    if kind is NoticeKind.REMINDER:
        starts_at = session.scalar(select(Booking.starts_at).where(Booking.id == record_id))
        return starts_at - _LEAST_AHEAD if starts_at else None
    if kind is NoticeKind.WAITING_LIST:
        e = BookingWaitlist
        half = e.offered_at + (e.offer_expires_at - e.offered_at) / 2
        return session.scalar(select(half).where(e.id == record_id))
    return None


def _recipients() -> Select[Any]:
    p = NoticePreference
    chosen = select(func.jsonb_agg(func.jsonb_build_array(p.kind, p.channel, p.choice))).where(p.user_id == User.id)
    return select(
        User.email,
        User.is_active,
        User.erased_at,
        User.time_zone,
        User.quiet_from,
        User.quiet_until,
        User.digest_hour,
        chosen.scalar_subquery(),
    )


def _recipient(
    email: str,
    is_active: bool,
    erased_at: datetime | None,
    zone: str,
    quiet_from: time | None,
    quiet_until: time | None,
    digest_hour: int,
    chosen: list[tuple[str, str, str]] | None,
) -> Recipient:
    choices: Choices = {(NoticeKind(k), NoticeChannel(c)): NoticeChoice(choice) for k, c, choice in chosen or ()}
    wishes = Reader(ZoneInfo(zone), time(digest_hour), _quiet(quiet_from, quiet_until), choices)
    return Recipient(email, not is_active, erased_at is not None, wishes)


def _quiet(starts: time | None, ends: time | None) -> Quiet | None:
    return Quiet(starts, ends) if starts is not None and ends is not None else None
