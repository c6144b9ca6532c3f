"""The pages of the desk, clicked through: what a click writes, what it says, what it refuses and keeps."""

import pytest
from sqlalchemy import select

from avenrae.db.transaction import read_session, transaction
from avenrae.enums import Role
from avenrae.models import CannedReply, Ticket, TicketMessage, TicketView, User
from avenrae.permissions import Actor
from avenrae.services.tickets import write_message
from tests import make

SYSTEM = Actor.system("Test")
EVIL = "<script>alert(1)</script> ![x](http://evil.example/x.png) [go](javascript:alert(1)) $x$ :red[x]"


def button(app, label):
    """The button whose label begins like this."""
    return next(b for b in app.button if b.label.startswith(label))


def body(app):
    """The field for one's message."""
    return next(a for a in app.text_area if a.label.startswith("Your message in"))


def said(app) -> list[str]:
    """What the last click said."""
    return [t.value for t in app.toast]


def messages() -> list[tuple[str, bool, str]]:
    """What stands in all tickets: text, internal or not, and which ticket."""
    with read_session() as session:
        query = select(TicketMessage.body, TicketMessage.is_internal, Ticket.number).join(
            Ticket, Ticket.id == TicketMessage.ticket_id
        )
        return [tuple(r) for r in session.execute(query.order_by(TicketMessage.created_at, TicketMessage.id))]


def test_an_answer_and_a_note(console, people, world) -> None:
    """The two buttons of one form: the one sends, the other keeps inside; each empties it."""
    app = console(people[Role.SUPPORT], "support/ticket", id=world["support/ticket"])
    number = app.title[0].value.split(" ")[0]
    body(app).set_value("Between us")
    button(app, "Save as internal note").click().run()
    assert said(app) == ["Note saved. The client does not see it."]
    assert body(app).value == ""
    body(app).set_value("We look into it")
    app.segmented_control(key=next(s.key for s in app.segmented_control if s.label == "Afterwards")).set_value(
        "waiting"
    )
    button(app, "Reply publicly to").click().run()
    assert [m[:2] for m in messages()] == [
        ("I waited an hour.", False),
        ("Between us", True),
        ("We look into it", False),
    ]
    assert {m[2] for m in messages()} == {number}
    with read_session() as session:
        assert session.execute(select(Ticket.status)).scalar_one() == "waiting"


def test_a_stale_answer_is_refused_and_kept(console, people, world) -> None:
    """R-TCK-01, R-UI-02: the text stays in the form; sent again, it goes."""
    app = console(people[Role.SUPPORT], "support/ticket", id=world["support/ticket"])
    with transaction(SYSTEM, "news") as session:
        ticket = session.execute(select(Ticket)).scalar_one()
        write_message(session, make.actor_of(session.get_one(User, ticket.requester_id)), ticket.id, "Never mind")
    body(app).set_value("We refunded you")
    button(app, "Reply publicly to").click().run()
    assert [e.value for e in app.error] == [
        "Somebody wrote here since you began. Read it, then send yours; it is still in the form."
    ]
    assert body(app).value == "We refunded you"
    assert len(messages()) == 2
    button(app, "Reply publicly to").click().run()
    assert messages()[-1][:2] == ("We refunded you", False)


def test_two_tickets_in_two_tabs_and_in_one(console, people, world) -> None:
    """A reply lands in the ticket it was typed under, whatever else is open, also after going from one to the other."""
    with transaction(SYSTEM, "prepare") as session:
        first = session.execute(select(Ticket)).scalar_one()
        second = make.make_ticket(session, requester=session.get_one(User, first.requester_id), body="Another one")
        one, two = (first.id, first.number), (second.id, second.number)
    tabs = [console(people[Role.SUPPORT], "support/ticket", id=str(key)) for key, _ in (one, two)]
    body(tabs[0]).set_value(f"For {one[1]}")
    body(tabs[1]).set_value(f"For {two[1]}")
    for tab in tabs[::-1]:
        button(tab, "Reply publicly to").click().run()
    tabs[0].query_params["id"] = str(two[0])
    tabs[0].run()
    assert body(tabs[0]).value == ""
    body(tabs[0]).set_value(f"Also for {two[1]}")
    button(tabs[0], "Save as internal note").click().run()
    assert sorted(m for m in messages() if "or T-" in m[0]) == sorted(
        [(f"For {one[1]}", False, one[1]), (f"For {two[1]}", False, two[1]), (f"Also for {two[1]}", True, two[1])]
    )


def test_a_canned_reply_is_put_to_what_is_typed(console, people, world) -> None:
    with transaction(SYSTEM, "prepare") as session:
        session.add_all(
            [
                CannedReply(title="Thanks", body="Dear {client}, thank you."),
                CannedReply(title="Wrong", body="Dear {clinet}"),
            ]
        )
    app = console(people[Role.SUPPORT], "support/ticket", id=world["support/ticket"])
    choose = next(s for s in app.selectbox if s.label == "Canned reply")
    body(app).set_value("First of all:")
    choose.set_value(next(o for o in choose.options if o == "Thanks"))
    button(app, "Put in").click().run()
    assert body(app).value == "First of all:\n\nDear Person, thank you."
    choose = next(s for s in app.selectbox if s.label == "Canned reply")
    choose.set_value("Wrong")
    button(app, "Put in").click().run()
    assert "clinet" in app.error[0].value
    assert body(app).value == "First of all:\n\nDear Person, thank you."


def test_the_side_of_a_ticket(console, people, world) -> None:
    """One click to take it, one to resolve it; the form changes the rest at once."""
    app = console(people[Role.SUPPORT], "support/ticket", id=world["support/ticket"])
    button(app, "Assign to me").click().run()
    assert said(app) == ["It is yours."]
    assert button(app, "Assign to me").disabled
    next(s for s in app.selectbox if s.label == "Priority").set_value("urgent")
    next(m for m in app.multiselect if m.label == "Tags").set_value(["Vip"])
    next(b for b in app.button if b.label == "Save").click().run()
    button(app, "Resolve").click().run()
    with read_session() as session:
        ticket = session.execute(select(Ticket)).scalar_one()
        assert (ticket.priority, ticket.status) == ("urgent", "resolved")
        assert ticket.assignee_id is not None


def test_a_requester_answers_and_rates(console, people, world) -> None:
    """R-USR-01: no notes, no desk, no history; he answers, and says how it went once it is over."""
    with transaction(SYSTEM, "prepare") as session:
        key = session.execute(select(Ticket.id)).scalar_one()
        write_message(session, SYSTEM, key, "Inside only", is_internal=True)
        write_message(session, SYSTEM, key, "Done now", status="resolved")
    app = console(people[Role.CLIENT], "support/ticket", id=world["support/ticket"])
    shown = " ".join(str(h.proto.body) for h in app.get("html"))
    assert "Inside only" not in shown
    assert "Done now" in shown
    assert {b.label for b in app.button} & {"Assign to me", "Merge…", "Save as internal note"} == set()
    app.radio[0].set_value(4)
    next(b for b in app.button if b.label == "Send" and "rate" in b.key).click().run()
    assert said(app) == ["Thank you."]
    body(app).set_value("Not quite")
    next(b for b in app.button if b.label == "Send" and "reply" in b.key).click().run()
    with read_session() as session:
        ticket = session.execute(select(Ticket)).scalar_one()
        assert (ticket.satisfaction, ticket.status) == (4, "open")
    assert messages()[-1][:2] == ("Not quite", False)


def test_open_a_ticket(console, people, world) -> None:
    app = console(people[Role.CLIENT], "support/my_tickets")
    button(app, "New ticket").click().run()
    next(t for t in app.text_input if t.label == "Subject").set_value("Where is my parcel?")
    next(a for a in app.text_area if a.label == "Message").set_value("I wait for it.")
    button(app, "New ticket").click()
    button(app, "Open ticket").click().run()
    with read_session() as session:
        assert session.execute(select(Ticket.subject).order_by(Ticket.created_at.desc())).scalars().first() == (
            "Where is my parcel?"
        )


def test_a_view_is_kept(console, people, world) -> None:
    app = console(people[Role.SUPPORT], "support/queue", view="all", priority="urgent")
    next(t for t in app.text_input if t.label == "Keep these filters as").set_value("Urgent ones")
    button(app, "Keep").click().run()
    assert said(app) == ["View kept."]
    with read_session() as session:
        assert session.execute(select(TicketView.query)).scalar_one() == "view=all&priority=urgent"


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CLIENT])
def test_nothing_that_people_write_is_read_as_markup(console, people, world, role: Role) -> None:
    """Subject, message, tag and canned title stand on the page as they were typed."""
    with transaction(SYSTEM, "prepare") as session:
        ticket = session.execute(select(Ticket)).scalar_one()
        ticket.subject = EVIL[:200]
        session.add(CannedReply(title=EVIL[:100], body=EVIL))
        write_message(session, SYSTEM, ticket.id, EVIL)
    app = console(people[role], "support/ticket", id=world["support/ticket"])
    assert not app.exception
    html = " ".join(str(h.proto.body) for h in app.get("html"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html
    for shown in (app.title[0].value, *(m.value for m in app.markdown)):
        assert "![x](" not in shown
        assert "[go](javascript" not in shown
