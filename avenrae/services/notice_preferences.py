"""How somebody wants to be told: of which kinds where, when not at all, and at which hour his digest comes."""

from collections.abc import Mapping
from datetime import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.enums import NoticeChannel, NoticeChoice, NoticeKind
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import NoticePreference, User
from avenrae.notice_kinds import kinds_of
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.deliveries import NoticeWishes, find_recipient, get_notice_wishes
from avenrae.queries.scopes import visible_users
from avenrae.scheduling.delivery import DEFAULTS, Choices
from avenrae.services.deliveries import plan_anew

_MAILS = (NoticeChoice.NOW, NoticeChoice.DIGEST, NoticeChoice.OFF)


def choose_notices(
    session: Session,
    actor: Actor,
    *,
    kinds: Mapping[NoticeKind, tuple[bool, NoticeChoice | None]],
    quiet: tuple[time, time] | None,
    digest_hour: int | None,
    seen: NoticeWishes | None = None,
) -> None:
    """Keep how the actor wants to be told: of each kind whether in the console, and how by e-mail.

    `quiet` is from when until when. What waits follows at once. `seen` is what the form showed.

    Raises:
        InvalidInput: There is nothing to choose about a kind (security is always told), or a choice is missing.
        Conflict: Somebody, in another window, has chosen otherwise since.
    """
    require(actor, Permission.ACCOUNT_EDIT)
    user = session.scalar(
        select(User)
        .where(User.id == actor.user_id, visible_users(actor))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if user is None:
        raise NotFound("This account does not exist any more.")
    if seen is not None and get_notice_wishes(session, actor) != seen:
        raise Conflict("This was changed in another window; the form now shows what was saved. Make your change again.")
    chosen: dict[tuple[NoticeKind, NoticeChannel], NoticeChoice] = {}
    for kind, (is_shown, mail) in kinds.items():
        if kind not in kinds_of(actor.role) or mail not in _MAILS:
            raise InvalidInput("Choose how to be told of each kind that is listed; about security there is no choice.")
        chosen[kind, NoticeChannel.CONSOLE] = NoticeChoice.ON if is_shown else NoticeChoice.OFF
        chosen[kind, NoticeChannel.EMAIL] = mail
    _keep(session, user, chosen)
    user.quiet_from, user.quiet_until = (_minute(quiet[0]), _minute(quiet[1])) if quiet else (None, None)
    if digest_hour is None:
        raise InvalidInput("Choose the hour at which the daily mail goes out.")
    user.digest_hour = digest_hour
    session.flush()
    recipient = find_recipient(session, user.id)
    if recipient is not None:
        plan_anew(session, user.id, recipient.wishes)


def _keep(session: Session, user: User, chosen: Choices) -> None:
    """Keep choices; what is usual needs no row."""
    rows = session.scalars(select(NoticePreference).where(NoticePreference.user_id == user.id))
    kept = {(NoticeKind(row.kind), NoticeChannel(row.channel)): row for row in rows}
    for (kind, channel), choice in chosen.items():
        row = kept.get((kind, channel))
        if choice is DEFAULTS[channel]:
            if row is not None:
                session.delete(row)
        elif row is None:
            session.add(NoticePreference(user_id=user.id, kind=kind, channel=channel, choice=choice))
        else:
            row.choice = choice


def _minute(wall: time) -> time:
    return wall.replace(second=0, microsecond=0)
