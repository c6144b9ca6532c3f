"""The form on My account: what it shows, that it keeps what was chosen, and that a stale one is refused."""

from datetime import datetime, time

import pytest
from sqlalchemy import select

from avenrae.db.transaction import read_session, transaction
from avenrae.enums import NoticeChoice, NoticeKind, Role
from avenrae.models import NoticePreference, User
from avenrae.notice_kinds import TEXTS, kinds_of
from avenrae.permissions import Actor
from avenrae.services.notice_preferences import choose_notices
from avenrae.services.notices import Notice, notify
from tests import make

SYSTEM = Actor.system("Test")


def user_of(role: Role) -> User:
    """The person of a role."""
    with read_session() as session:
        return session.scalars(select(User).where(User.role == role).order_by(User.created_at)).first()


def save(app):
    """Press the form's button."""
    return next(b for b in app.button if b.label == "Save" and "notices" in str(b.key)).click().run()


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_what_it_can_be_told(console, people, noon: datetime, role: Role) -> None:
    app = console(people[role], "office/account")
    assert not app.exception
    mails = [box.label.removesuffix(" by e-mail") for box in app.selectbox if box.label.endswith(" by e-mail")]
    assert mails == [TEXTS[kind].name for kind in kinds_of(role)]
    said = [m.value for m in app.main.markdown]
    assert "Always, in the console and by e-mail at once" in said
    captions = [c.value for c in app.caption]
    assert "Times are on your clock, Africa/Johannesburg; it is set under Profile." in captions
    assert "Next daily e-mail: Tue 17 Mar 2026, 08:00 SAST, if anything waits for it by then." in captions


def test_the_profile_is_read_in_rows(console, people, database) -> None:
    """So that a phone, which puts columns one below another, asks for both names before the telephone."""
    app = console(people[Role.CLIENT], "office/account")
    fields = ("First name", "Last name", "Phone")
    assert [t.label for t in app.text_input if t.label in fields] == list(fields)


def test_what_was_chosen_is_kept(console, people, noon: datetime) -> None:
    """R-UI-01: one press, one write; the same press again writes nothing."""
    app = console(people[Role.CLIENT], "office/account")
    next(b for b in app.selectbox if b.label == "Tickets by e-mail").select(NoticeChoice.DIGEST)
    next(b for b in app.checkbox if "booking" in b.key).uncheck()
    app.toggle[0].set_value(True)
    next(t for t in app.time_input if t.label == "Quiet until").set_value(time(6, 30))
    next(b for b in app.selectbox if b.label == "Daily e-mail at").select(17)
    save(app)
    assert not app.exception
    assert [t.value for t in app.toast] == ["Saved. What already waits follows your choice too."]
    user = user_of(Role.CLIENT)
    assert (user.quiet_from, user.quiet_until, user.digest_hour) == (time(22), time(6, 30), 17)
    with read_session() as session:
        p = NoticePreference
        rows = session.execute(select(p.user_id, p.kind, p.channel, p.choice).order_by(p.kind))
        assert [tuple(row) for row in rows] == [
            (user.id, "booking", "console", "off"),
            (user.id, "ticket", "email", "digest"),
        ]
    with transaction(SYSTEM, "cause") as session:
        notify(session, Notice(user.id, NoticeKind.TICKET, title="A", body="B", screen="", record_id=None, once="one"))
    app = console(people[Role.CLIENT], "office/account")
    assert next(b for b in app.selectbox if b.label == "Tickets by e-mail").value == NoticeChoice.DIGEST
    coming = "Next daily e-mail: Mon 16 Mar 2026, 17:00 SAST, with 1 notice so far."
    assert coming in [c.value for c in app.caption]


def test_a_stale_form_is_refused(console, people, noon: datetime) -> None:
    """R-TCK-01: it says so, keeps nothing of it, and shows what is true."""
    app = console(people[Role.CLIENT], "office/account")
    user = user_of(Role.CLIENT)
    actor = make.actor_of(user)
    with transaction(actor, "choose_notices") as session:
        choose_notices(session, actor, kinds={NoticeKind.ORDER: (True, NoticeChoice.OFF)}, quiet=None, digest_hour=9)
    next(b for b in app.selectbox if b.label == "Tickets by e-mail").select(NoticeChoice.OFF)
    save(app)
    assert [e.value for e in app.error] == [
        "This was changed in another window; the form now shows what was saved. Make your change again."
    ]
    assert next(b for b in app.selectbox if b.label == "Orders by e-mail").value == NoticeChoice.OFF
    assert next(b for b in app.selectbox if b.label == "Tickets by e-mail").value == NoticeChoice.NOW
    with read_session() as session:
        assert session.scalars(select(NoticePreference.kind)).all() == ["order"]


def test_hours_that_cannot_be_are_said(console, people, noon: datetime) -> None:
    app = console(people[Role.CLIENT], "office/account")
    app.toggle[0].set_value(True)
    next(t for t in app.time_input if t.label == "Quiet until").set_value(time(21))
    save(app)
    assert [e.value for e in app.error] == ["Quiet hours last 20 hours at most; choose an earlier end."]
    assert user_of(Role.CLIENT).quiet_from is None
