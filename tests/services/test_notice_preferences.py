"""How people want to be told: what they choose is kept, followed by what waits, and never about security."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import MailRoute, NoticeChoice, NoticeKind, Role
from avenrae.errors import Conflict, InvalidInput
from avenrae.models import AuditEntry, NoticePreference, Notification, OutboxMail, User
from avenrae.notice_kinds import kinds_of
from avenrae.permissions import Actor
from avenrae.queries.deliveries import count_for_digest, get_notice_wishes
from avenrae.queries.notifications import count_notifications, count_unread
from avenrae.services.notice_preferences import choose_notices
from avenrae.services.notices import Notice, notify
from tests import make

SYSTEM = Actor.system("Test")
NOW, DIGEST, OFF = NoticeChoice.NOW, NoticeChoice.DIGEST, NoticeChoice.OFF
NIGHT = time(22), time(7)


def choose(session: Session, actor: Actor, *, quiet=None, digest_hour=8, seen=None, **kinds) -> None:
    """Choose about the kinds that are named, as (in the console, by e-mail)."""
    chosen = {NoticeKind(kind): choice for kind, choice in kinds.items()}
    choose_notices(session, actor, kinds=chosen, quiet=quiet, digest_hour=digest_hour, seen=seen)


def tell(session: Session, actor: Actor, kind: NoticeKind = NoticeKind.TICKET, once: str = "one", **kw) -> Notification:
    """Tell somebody something, and return what became of it."""
    told = {"title": "News", "body": "Something happened.", "screen": "", "record_id": None, **kw}
    notify(session, Notice(actor.user_id, kind, once=once, **told))
    found = select(Notification).where(Notification.once == once, Notification.user_id == actor.user_id)
    return session.scalars(found.execution_options(populate_existing=True)).one()


def test_what_is_usual_needs_no_row(session: Session, noon: datetime) -> None:
    actor = make.make_actor(session, Role.PRACTITIONER)
    before = get_notice_wishes(session, actor)
    assert before.kinds == tuple((kind, True, NOW) for kind in kinds_of(Role.PRACTITIONER))
    choose(session, actor, review=(False, DIGEST), ticket=(True, NOW), booking=(True, OFF))
    rows = select(NoticePreference.kind, NoticePreference.channel, NoticePreference.choice)
    assert sorted(tuple(row) for row in session.execute(rows)) == [
        ("booking", "email", "off"),
        ("review", "console", "off"),
        ("review", "email", "digest"),
    ]
    after = {kind: (shown, mail) for kind, shown, mail in get_notice_wishes(session, actor).kinds}
    assert (after[NoticeKind.REVIEW], after[NoticeKind.BOOKING], after[NoticeKind.TICKET]) == (
        (False, DIGEST),
        (True, OFF),
        (True, NOW),
    )
    choose(session, actor, review=(True, NOW), booking=(True, NOW))
    assert session.scalar(select(func.count()).select_from(NoticePreference)) == 0
    trail = select(AuditEntry.operation).where(AuditEntry.table_name == "notice_preferences")
    assert sorted(session.scalars(trail)) == ["delete"] * 3 + ["insert"] * 3


def test_each_is_told_as_he_chose(session: Session, noon: datetime) -> None:
    """R-NOT-01: a notice has its row whatever was chosen, with what became of it."""
    actor = make.make_actor(session, Role.CLIENT)
    choose(session, actor, review=(False, DIGEST), ticket=(False, OFF), order=(True, OFF))
    told = [
        tell(session, actor, kind, once=kind.value)
        for kind in (NoticeKind.REVIEW, NoticeKind.TICKET, NoticeKind.ORDER, NoticeKind.BOOKING)
    ]
    eight = datetime.fromisoformat("2026-03-17T06:00Z")
    assert [(n.is_shown, n.route, n.due_at, n.mail_id is not None) for n in told] == [
        (False, MailRoute.DIGEST, eight, False),
        (False, MailRoute.OFF, None, False),
        (True, MailRoute.OFF, None, False),
        (True, MailRoute.NOW, None, True),
    ]
    assert session.scalars(select(OutboxMail.kind)).all() == [NoticeKind.BOOKING]
    assert (count_unread(session, actor), count_notifications(session, actor)) == (2, 2)
    assert count_for_digest(session, actor) == 1


def test_quiet_hours_and_safety(session: Session) -> None:
    """R-NOT-01: at night a mail waits for the morning, with where answers go; a security mail does not."""
    with clock.stopped(datetime.fromisoformat("2026-03-16T23:30+02:00")):
        actor = make.make_actor(session, Role.CLIENT)
        choose(session, actor, quiet=NIGHT)
        held = tell(session, actor, reply_to="support+x@example.org")
        safety = tell(session, actor, NoticeKind.SECURITY, "two")
    seven = datetime.fromisoformat("2026-03-17T05:00Z")
    assert (held.route, held.due_at, held.mail_id, held.reply_to) == (
        MailRoute.HELD,
        seven,
        None,
        "support+x@example.org",
    )
    assert (safety.route, safety.due_at, safety.is_shown) == (MailRoute.NOW, None, True)
    assert session.scalars(select(OutboxMail.id)).all() == [safety.mail_id]


@pytest.mark.parametrize(
    ("starts", "route"),
    [("2026-03-17T08:00:01+02:00", MailRoute.HELD), ("2026-03-17T08:00+02:00", MailRoute.NOW)],
)
def test_a_reminder_does_not_come_after_the_session(session: Session, starts: str, route: MailRoute) -> None:
    """R-NOT-01: it waits for the morning only where an hour is left then."""
    starts_at = datetime.fromisoformat(starts)
    with clock.stopped(starts_at - timedelta(hours=2)):
        booking = make.make_booking(session, starts_at=starts_at)
        actor = make.make_actor(session, Role.CLIENT)
        choose(session, actor, quiet=NIGHT, reminder=(True, DIGEST))
        told = tell(session, actor, NoticeKind.REMINDER, record_id=booking.id)
    assert (told.route, told.useless_at) == (route, starts_at - timedelta(hours=1))


def test_security_is_no_choice(session: Session, noon: datetime) -> None:
    """R-NOT-01: neither by the form nor in the database."""
    actor = make.make_actor(session, Role.CLIENT)
    with pytest.raises(InvalidInput, match="about security there is no choice"):
        choose(session, actor, security=(False, OFF))
    assert session.scalar(select(func.count()).select_from(NoticePreference)) == 0
    for values in (
        {"kind": "security", "channel": "email", "choice": "off"},
        {"kind": "digest", "channel": "email", "choice": "off"},
        {"kind": "ticket", "channel": "email", "choice": "on"},
        {"kind": "ticket", "channel": "console", "choice": "digest"},
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(NoticePreference(user_id=actor.user_id, **values))
    notice = tell(session, actor, NoticeKind.SECURITY)
    for change in ({"is_shown": False}, {"route": "off"}, {"route": "held", "due_at": noon}):
        later = update(Notification).where(Notification.id == notice.id).values(**change)
        with pytest.raises(IntegrityError, match="ck_notifications_security"), session.begin_nested():
            session.execute(later)


@pytest.mark.parametrize("role", list(Role))
def test_only_what_a_role_can_get_is_chosen(session: Session, noon: datetime, role: Role) -> None:
    actor = make.make_actor(session, role)
    for kind in NoticeKind:
        if kind in kinds_of(role):
            choose(session, actor, **{kind: (True, DIGEST)})
        else:
            with pytest.raises(InvalidInput, match=r"^Choose how to be told of each kind that is listed"):
                choose(session, actor, **{kind: (True, DIGEST)})
    assert set(session.scalars(select(NoticePreference.kind))) == set(kinds_of(role))


@pytest.mark.parametrize(
    ("quiet", "hour", "sentence"),
    [
        ((time(7), time(7)), 8, "Quiet hours need a beginning and an end, at different times."),
        ((time(7), time(3, 1)), 8, "Quiet hours last 20 hours at most; choose an earlier end."),
        (None, 24, "The daily mail goes out at a full hour, 0 to 23."),
        (None, None, "Choose the hour at which the daily mail goes out."),
    ],
)
def test_hours_that_cannot_be(database: str, quiet, hour: int | None, sentence: str) -> None:
    with transaction(SYSTEM, "prepare") as session:
        actor = make.make_actor(session, Role.CLIENT)
        choose(session, actor, quiet=NIGHT)
    with pytest.raises(InvalidInput) as refused, transaction(actor, "choose_notices") as session:
        choose(session, actor, quiet=quiet, digest_hour=hour)
    assert refused.value.message == sentence
    with read_session() as session:
        user = session.get_one(User, actor.user_id)
        assert (user.quiet_from, user.quiet_until, user.digest_hour) == (*NIGHT, 8)


def test_the_longest_quiet_hours(session: Session, noon: datetime) -> None:
    actor = make.make_actor(session, Role.CLIENT)
    choose(session, actor, quiet=(time(7, 0, 30), time(3)))
    assert get_notice_wishes(session, actor).quiet_from == time(7)


def test_a_stale_form_is_refused(session: Session, noon: datetime) -> None:
    """R-TCK-01: another window chose in the meantime; nothing of this form is kept."""
    actor = make.make_actor(session, Role.CLIENT)
    seen = get_notice_wishes(session, actor)
    choose(session, actor, seen=seen, ticket=(True, OFF))
    with pytest.raises(Conflict, match=r"^This was changed in another window; the form now shows what was saved\."):
        choose(session, actor, seen=seen, quiet=NIGHT, ticket=(True, DIGEST))
    after = get_notice_wishes(session, actor)
    assert (after.quiet_from, {k: m for k, _, m in after.kinds}[NoticeKind.TICKET]) == (None, OFF)


def test_another_s_wishes_are_left_alone(session: Session, noon: datetime) -> None:
    """R-USR-01: everybody chooses for himself only, whatever his role."""
    other = make.make_actor(session, Role.CLIENT)
    choose(session, other, ticket=(True, OFF), quiet=NIGHT)
    seen = get_notice_wishes(session, other)
    choose(session, make.make_actor(session, Role.ADMIN), ticket=(True, DIGEST), digest_hour=20)
    assert get_notice_wishes(session, other) == seen


def test_what_waits_follows(session: Session) -> None:
    """R-NOT-01: chosen otherwise, what waits comes at once, later, or not; the console still has it."""
    evening = datetime.fromisoformat("2026-03-16T23:00+02:00")
    with clock.stopped(evening):
        actor = make.make_actor(session, Role.CLIENT)
        choose(session, actor, quiet=NIGHT, review=(True, DIGEST), order=(True, DIGEST))
        kinds = (NoticeKind.REVIEW, NoticeKind.ORDER, NoticeKind.TICKET, NoticeKind.BOOKING)
        told = [tell(session, actor, kind, kind.value) for kind in kinds]
    with clock.stopped(evening + timedelta(hours=1)) as now:
        choose(session, actor, digest_hour=9, review=(True, NOW), ticket=(True, OFF), booking=(True, DIGEST))
    nine = datetime.fromisoformat("2026-03-17T07:00Z")
    assert [(n.route, n.due_at, n.is_shown) for n in told] == [
        (MailRoute.HELD, now, True),
        (MailRoute.DIGEST, nine, True),
        (MailRoute.OFF, None, True),
        (MailRoute.DIGEST, nine, True),
    ]


def test_a_suspended_account_is_told_of_its_safety_only(session: Session, noon: datetime) -> None:
    actor = make.make_actor(session, Role.CLIENT)
    session.get_one(User, actor.user_id).is_active = False
    session.flush()
    assert tell(session, actor).route == MailRoute.NO_ADDRESS
    assert tell(session, actor, NoticeKind.SECURITY, "two").route == MailRoute.NOW
    session.get_one(User, actor.user_id).erased_at = noon
    session.flush()
    assert tell(session, actor, NoticeKind.SECURITY, "three").route == MailRoute.NO_ADDRESS
