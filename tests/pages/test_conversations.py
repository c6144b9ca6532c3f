"""The pages of conversations, clicked through: writing, reporting, the desk that says first what it reads."""

import pytest
from sqlalchemy import func, select

from avenrae.db.transaction import read_session, transaction
from avenrae.enums import Role
from avenrae.models import Conversation, ConversationMember, ConversationReading, Message, Ticket
from avenrae.permissions import Actor
from avenrae.services.conversations import send_message
from tests import make

SYSTEM = Actor.system("Test")
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)> ![x](http://evil.example/x.png) & “words”"


def button(app, label):
    """The button whose label begins like this."""
    return next(b for b in app.button if b.label.startswith(label))


def shown(app) -> str:
    """All HTML of the page: the messages as they are sent to the browser."""
    return " ".join(block.proto.body for block in app.get("html"))


def bodies() -> list[str]:
    """What was written, in order."""
    with read_session() as session:
        return list(session.scalars(select(Message.body).order_by(Message.created_at)))


def test_a_client_writes_and_the_practitioner_reads(console, people, world) -> None:
    """R-UI-01: sent once and the field is empty; opened by the other one it is read."""
    app = console(people[Role.CLIENT], "support/conversation", id=world["support/conversation"])
    field = app.text_area[0]
    assert field.label == "Your message to Person " + app.title[0].value.split(" ")[1]
    field.set_value(EVIL)
    button(app, "Send").click().run()
    assert [t.value for t in app.toast] == ["Sent."]
    assert app.text_area[0].value == ""
    assert bodies() == ["Good day", EVIL]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown(app)
    assert "<script" not in shown(app)
    assert "<img" not in shown(app)

    app = console(people[Role.PRACTITIONER], "support/conversations")
    with read_session() as session:
        unread = select(ConversationMember).where(ConversationMember.read_until.is_(None))
        assert len(session.scalars(unread).all()) == 1
    app = console(people[Role.PRACTITIONER], "support/conversation", id=world["support/conversation"])
    assert "Good day" in shown(app)
    with read_session() as session:
        assert session.scalars(unread).all() == []


def test_nothing_and_too_much_are_sentences(console, people, world) -> None:
    """R-UI-02: a refusal keeps what was typed."""
    app = console(people[Role.CLIENT], "support/conversation", id=world["support/conversation"])
    for typed, sentence in ((" \u200b ", "Write something first."),):
        app.text_area[0].set_value(typed)
        button(app, "Send").click().run()
        assert [e.value for e in app.error] == [sentence]
        assert app.text_area[0].value == typed
    assert app.text_area[0].max_chars == 10_000
    assert bodies() == ["Good day"]


def test_the_first_message_from_a_profile(console, people, world) -> None:
    with transaction(SYSTEM, "prepare") as session:
        other = make.make_practitioner(session)
    app = console(people[Role.CLIENT], "support/conversation", **{"with": str(other.id)})
    app.text_area[0].set_value("May I ask something?")
    button(app, "Send").click().run()
    assert bodies()[-1] == "May I ask something?"
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == 2
    # The address of somebody to whom one has written already opens that conversation.
    app = console(people[Role.CLIENT], "support/conversation", **{"with": world["care/practitioner"]})
    assert "Good day" in shown(app)


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.CLIENT])
def test_a_strangers_address_is_a_sentence(console, people, world, role: Role) -> None:
    with transaction(SYSTEM, "prepare") as session:
        from avenrae.services.conversations import start_conversation

        practitioner = make.make_practitioner(session)
        foreign = start_conversation(session, make.make_actor(session, Role.CLIENT), practitioner.id, "Secret words")
        stranger = make.make_client(session)
    for params in ({"id": str(foreign.conversation_id)}, {"with": str(stranger.id)}):
        app = console(people[role], "support/conversation", **params)
        assert len(app.info) == 1
        assert "Secret words" not in shown(app)


def test_older_messages(console, people, world) -> None:
    with transaction(SYSTEM, "prepare") as session:
        talk = session.scalars(select(Conversation)).one()
        client = Actor(talk.client_user_id, Role.CLIENT, "Client")
        for n in range(45):
            send_message(session, client, talk.id, f"Line {n:02}")
        ids = list(session.scalars(select(Message.id).order_by(Message.created_at)))
    app = console(people[Role.CLIENT], "support/conversation", id=world["support/conversation"])
    assert "Line 44" in shown(app)
    assert "Line 15" in shown(app)
    assert "Line 14" not in shown(app)
    app = console(people[Role.CLIENT], "support/conversation", id=world["support/conversation"], before=str(ids[16]))
    assert "Line 14" in shown(app)
    assert "Good day" in shown(app)
    assert "Line 15" not in shown(app)
    assert not app.text_area


def test_report_read_and_hide(console, people, world) -> None:
    """The practitioner reports, an agent decides in the ticket, reads the rest by a button, and the words are gone."""
    app = console(people[Role.PRACTITIONER], "support/conversation", id=world["support/conversation"])
    button(app, "Report a message").click().run()
    app.text_area(key=next(t.key for t in app.text_area if t.label == "What is wrong with it?")).set_value("Spam")
    button(app, "Report to the desk").click().run()
    with read_session() as session:
        message = session.scalars(select(Message)).one()
        assert (message.report_reason, message.hidden_at) == ("Spam", None)
    app = console(people[Role.SUPPORT], "support/ticket", id=str(message.ticket_id))
    assert "Good day" in [t.value for t in app.text]
    button(app, "Hide…").click().run()
    app.text_area(key=next(t.key for t in app.text_area if t.label == "Reason")).set_value("It is")
    button(app, "Hide message").click().run()
    for role, words in ((Role.PRACTITIONER, "Hidden by our desk. Why"), (Role.CLIENT, "only you still read it")):
        app = console(people[role], "support/conversation", id=world["support/conversation"])
        assert words in shown(app)
        assert ("Good day" in shown(app)) is (role is Role.CLIENT)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_the_desk_says_first_that_it_reads(console, people, world, role: Role) -> None:
    app = console(people[role], "support/conversation", id=world["support/conversation"])
    assert len(app.info) == 1
    assert not app.title
    through = {"id": world["support/conversation"], "ticket": world["support/ticket"]}
    app = console(people[role], "support/conversation", **through)
    assert "Good day" not in shown(app)
    assert readings() == 0
    button(app, "Read it").click().run()
    app = console(people[role], "support/conversation", **through)
    assert "Good day" in shown(app)
    assert any(role_line(m.value) for m in app.markdown)
    assert readings() == 1
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def role_line(value: str) -> bool:
    """Whether this line says who read it."""
    return " on " in value and ", through T" in value


def readings() -> int:
    """How many lines of readings there are."""
    with read_session() as session:
        return session.scalar(select(func.count()).select_from(ConversationReading)) or 0
