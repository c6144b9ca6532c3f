"""A ticket that was noted under a wrong subject or for the wrong person, and who may read what then."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role, TicketStatus
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import Conversation, Ticket, User
from avenrae.permissions import Actor
from avenrae.queries.history import list_changes
from avenrae.queries.ticket_messages import get_ticket
from avenrae.queries.ticket_parts import read_part
from avenrae.services.ticket_corrections import correct_ticket
from avenrae.services.ticket_moves import merge_tickets
from avenrae.services.tickets import change_ticket, open_ticket, rate_ticket, write_message
from tests import make

SYSTEM = Actor.system("Test")


@pytest.fixture
def people(session: Session, noon: datetime) -> tuple[Actor, User, User]:
    """An agent of a desk, the person a ticket was noted for, and the one who called."""
    make.make_desk(session)
    one, other = (session.get_one(User, make.make_client(session).user_id) for _ in range(2))
    return make.make_actor(session, Role.SUPPORT), one, other


def noted(session: Session, people: tuple[Actor, User, User]) -> Ticket:
    """A ticket that an agent noted for the wrong person."""
    agent, wrong, _ = people
    return open_ticket(session, agent, subject="A  reding", body="She called about Tuesday.", requester_id=wrong.id)


def test_the_desk_gives_it_to_whose_it_is(session: Session, people) -> None:
    """R-USR-01: from then on the one reads it and the other does not; the history names both."""
    agent, wrong, right = people
    ticket = noted(session, people)
    write_message(session, agent, ticket.id, "The number was withheld", is_internal=True)
    seen = {"subject": ticket.subject, "requester_id": wrong.id}
    correct_ticket(session, agent, ticket.id, subject=" A  reading ", requester_id=right.id, seen=seen)
    his, hers = make.actor_of(wrong), make.actor_of(right)
    with pytest.raises(NotFound):
        get_ticket(session, his, ticket.id)
    with pytest.raises(NotFound):
        write_message(session, his, ticket.id, "But I saw it")
    assert read_part(session, his, ticket.id).messages == ()
    assert get_ticket(session, hers, ticket.id).subject == "A reading"
    assert [m.body for m in read_part(session, hers, ticket.id).messages] == ["She called about Tuesday."]
    change = list_changes(session, agent, "tickets", ticket.id)[0]
    assert (change.before, change.after) == (
        {"subject": "A reding", "requester": wrong.name},
        {"subject": "A reading", "requester": right.name},
    )


def wrote(session: Session, agent: Actor, ticket: Ticket) -> None:
    """Its requester writes."""
    write_message(session, make.actor_of(session.get_one(User, ticket.requester_id)), ticket.id, "Private words")


def answered(session: Session, agent: Actor, ticket: Ticket) -> None:
    """The desk answers."""
    write_message(session, agent, ticket.id, "Dear Lerato")


def rated(session: Session, agent: Actor, ticket: Ticket) -> None:
    """Its requester says how it went."""
    change_ticket(session, agent, ticket.id, status=TicketStatus.RESOLVED)
    rate_ticket(session, make.actor_of(session.get_one(User, ticket.requester_id)), ticket.id, 2, "Private words")


def linked(session: Session, agent: Actor, ticket: Ticket) -> None:
    """It is about what its requester wrote to somebody else."""
    practitioner = make.make_practitioner(session)
    about = Conversation(
        client_user_id=ticket.requester_id, practitioner_user_id=practitioner.user_id, last_message_at=clock.now()
    )
    session.add(about)
    session.flush()
    ticket.conversation_id = about.id


def merged(session: Session, agent: Actor, ticket: Ticket) -> None:
    """Another ticket of the same person was put into it."""
    twin = open_ticket(session, agent, subject="Twin", body="Again.", requester_id=ticket.requester_id)
    merge_tickets(session, agent, twin.id, ticket.id)


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        (wrote, "Whom it is of wrote in this ticket, and nobody else may read that. Open a new ticket for"),
        (answered, "Whom it is of was answered in this ticket, and nobody else may read that. Open a new ticket for"),
        (rated, "Whom it is of said how it went. Open a new ticket for"),
        (linked, "This ticket is about a conversation of the person it is of. Unlink that first."),
        (merged, "Messages were merged into this ticket or split from it. Undo that first."),
    ],
)
def test_it_stays_with_whom_words_were_exchanged(session: Session, people, before, sentence: str) -> None:
    """R-USR-01: nobody reads what is between another and the desk; the subject can be mended all the same."""
    agent, wrong, right = people
    ticket = noted(session, people)
    before(session, agent, ticket)
    savepoint = session.begin_nested()
    with pytest.raises(Conflict) as refused:
        correct_ticket(session, agent, ticket.id, subject="Mended", requester_id=right.id)
    assert refused.value.message.startswith(sentence)
    savepoint.rollback()
    session.expire_all()
    assert (ticket.subject, ticket.requester_id) == ("A reding", wrong.id)
    correct_ticket(session, agent, ticket.id, subject="Mended", requester_id=wrong.id)
    assert ticket.subject == "Mended"


def test_what_cannot_be_corrected(session: Session, people) -> None:
    """R-TCK-01: a stale edit is refused, as is one of a ticket that was merged."""
    agent, wrong, right = people
    ticket, other = noted(session, people), noted(session, people)
    right.is_active = False
    session.flush()

    def refusal(kind: type[AvenraeError], **kw) -> str:
        with pytest.raises(kind) as refused:
            correct_ticket(session, agent, ticket.id, **{"subject": "Mended", **kw})
        return refused.value.message

    assert refusal(InvalidInput, subject=" ") == "A ticket needs a subject."
    stale = {"subject": "Something", "requester_id": wrong.id}
    assert refusal(Conflict, seen=stale).startswith("Somebody changed this meanwhile")
    assert (ticket.subject, ticket.requester_id) == ("A reding", wrong.id)
    savepoint = session.begin_nested()
    assert refusal(NotFound, requester_id=right.id) == "There is no such person, or the account is closed."
    savepoint.rollback()
    merge_tickets(session, agent, ticket.id, other.id)
    assert refusal(Conflict).startswith("This ticket was merged into another one.")


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_correcting_is_for_the_desk(session: Session, people, role: Role) -> None:
    """R-USR-01: not for the requester himself either."""
    ticket = noted(session, people)
    own = make.actor_of(people[1])
    for actor, kind in ((own, NotPermitted), (make.make_actor(session, role), NotFound)):
        with pytest.raises(kind):
            correct_ticket(session, actor, ticket.id, subject="Mine", requester_id=people[2].id)
    assert (ticket.subject, ticket.requester_id) == ("A reding", people[1].id)
