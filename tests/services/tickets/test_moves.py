"""Merging and splitting tickets, and taking it back: every message once, whatever happens at the same time."""

import uuid
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.transaction import transaction
from avenrae.enums import Role, TicketStatus
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound
from avenrae.models import Notification, Ticket, TicketMessage, TicketMove, User
from avenrae.permissions import Actor
from avenrae.queries.ticket_messages import list_moves
from avenrae.services.ticket_moves import merge_tickets, split_ticket, undo_move
from avenrae.services.tickets import change_ticket, write_message
from tests import make
from tests.threads import told_at_once

SYSTEM = Actor.system("Test")
S = TicketStatus
STRAY = "SELECT count(*) FROM ticket_messages m JOIN tickets t ON t.id = m.ticket_id WHERE t.merged_into_id IS NOT NULL"
"""Messages that stand in a ticket which was merged."""


def person(session: Session) -> User:
    """Somebody who asks."""
    return session.get_one(User, make.make_client(session).user_id)


def bodies(session: Session, ticket: Ticket) -> list[str]:
    """What stands in a ticket, in order."""
    query = select(TicketMessage.body).where(TicketMessage.ticket_id == ticket.id)
    return list(session.scalars(query.order_by(TicketMessage.created_at, TicketMessage.body)))


@pytest.fixture
def pair(session: Session, noon: datetime) -> tuple[Ticket, Ticket]:
    """Two tickets of one person, an hour apart."""
    make.make_desk(session)
    asking = person(session)
    first = make.make_ticket(session, requester=asking, subject="First", body="one")
    with clock.stopped(noon + timedelta(hours=1)):
        second = make.make_ticket(session, requester=asking, subject="Second", body="two")
    return first, second


def move_of(session: Session, ticket: Ticket) -> uuid.UUID:
    """The newest move of a ticket that stands."""
    return list_moves(session, SYSTEM, ticket.id)[0].id


def test_a_merge_and_its_way_back(session: Session, pair: tuple[Ticket, Ticket]) -> None:
    """R-TCK-01: messages, statuses, times and clocks are as before; nobody is asked how the merged one went."""
    first, second = pair
    before = [(t.status, t.last_message_at, t.next_due_at, t.resolution_due_at) for t in pair]
    assert merge_tickets(session, SYSTEM, second.id, first.id) is first
    assert (bodies(session, first), bodies(session, second)) == (["one", "two"], [])
    assert (second.status, second.merged_into_id, second.satisfaction_asked_at) == (S.CLOSED, first.id, None)
    assert (second.next_due_at, first.last_message_at) == (None, clock.now() + timedelta(hours=1))
    undo_move(session, SYSTEM, move_of(session, first))
    assert (bodies(session, first), bodies(session, second)) == (["one"], ["two"])
    assert [(t.status, t.last_message_at, t.next_due_at, t.resolution_due_at) for t in pair] == before
    assert second.merged_into_id is None
    assert list_moves(session, SYSTEM, first.id) == []


def test_a_client_who_answers_a_merged_ticket_writes_where_it_went(session: Session, pair) -> None:
    """Also over two merges; the desk writes into a merged ticket neither reply nor note."""
    first, second = pair
    asking = session.get_one(User, first.requester_id)
    third = make.make_ticket(session, requester=asking, body="three")
    merge_tickets(session, SYSTEM, first.id, second.id)
    merge_tickets(session, SYSTEM, second.id, third.id)
    write_message(session, make.actor_of(asking), first.id, "And another thing")
    assert "And another thing" in bodies(session, third)
    for internal in (True, False):
        with pytest.raises(Conflict, match=r"^This ticket was merged into another one\. Write there\.$"):
            write_message(session, SYSTEM, first.id, "Hm", is_internal=internal)


def test_tickets_of_two_people_are_never_merged(session: Session, noon: datetime) -> None:
    """Each would read what the other wrote."""
    make.make_desk(session)
    one, other = make.make_ticket(session), make.make_ticket(session)
    with pytest.raises(Conflict, match=r"^These tickets are of different people"):
        merge_tickets(session, SYSTEM, one.id, other.id)
    assert session.scalar(select(func.count()).select_from(TicketMove)) == 0
    assert one.merged_into_id is None


def test_what_cannot_be_merged(session: Session, pair) -> None:
    first, second = pair
    with pytest.raises(InvalidInput, match=r"^A ticket cannot be merged into itself\.$"):
        merge_tickets(session, SYSTEM, first.id, first.id)
    change_ticket(session, SYSTEM, first.id, status=S.CLOSED)
    with pytest.raises(Conflict, match=r"is closed\. Open it again first\.$"):
        merge_tickets(session, SYSTEM, second.id, first.id)
    change_ticket(session, SYSTEM, first.id, status=S.OPEN)
    merge_tickets(session, SYSTEM, second.id, first.id)
    with pytest.raises(Conflict, match=r"was merged into another one already\.$"):
        merge_tickets(session, SYSTEM, second.id, first.id)
    with pytest.raises(Conflict, match=r"^This ticket was merged into another one\. Undo that first\.$"):
        change_ticket(session, SYSTEM, second.id, status=S.OPEN)


def test_a_split_is_as_old_as_its_first_message(session: Session, pair) -> None:
    """R-TCK-01: a client's wait does not begin anew; undone, all that stands in it comes back, what came since too."""
    first, second = pair
    merge_tickets(session, SYSTEM, second.id, first.id)
    write_message(session, SYSTEM, first.id, "A note", is_internal=True)
    chosen = session.scalars(select(TicketMessage.id).where(TicketMessage.body == "two")).all()
    made = split_ticket(session, SYSTEM, first.id, chosen, "  About   two ")
    assert (made.subject, made.created_at, made.requester_id) == (
        "About two",
        clock.now() + timedelta(hours=1),
        first.requester_id,
    )
    assert bodies(session, made) == ["two"]
    write_message(session, SYSTEM, made.id, "An answer")
    with pytest.raises(Conflict, match=rf"^There was a split into {made.number} since\. Undo that first\.$"):
        undo_move(session, SYSTEM, move_of(session, second))
    undo_move(session, SYSTEM, move_of(session, made))
    assert sorted(bodies(session, first)) == ["A note", "An answer", "one", "two"]
    assert (made.status, made.merged_into_id, bodies(session, made)) == (S.CLOSED, first.id, [])
    undo_move(session, SYSTEM, move_of(session, second))
    assert bodies(session, second) == ["two"]


def test_what_cannot_be_split(session: Session, pair) -> None:
    first = pair[0]
    note = write_message(session, SYSTEM, first.id, "A note", is_internal=True)
    (only,) = session.scalars(select(TicketMessage.id).where(TicketMessage.body == "one"))
    (foreign,) = session.scalars(select(TicketMessage.id).where(TicketMessage.body == "two"))
    for chosen, subject, sentence in (
        ([only], " ", "A ticket needs a subject."),
        ([note.id], "New", "Choose at least one message that the client has seen."),
        ([only], "New", "At least one message that the client has seen must stay."),
        ([foreign], "New", "A message that you chose stands in this ticket no more. Choose again."),
    ):
        with pytest.raises(AvenraeError) as refused:
            split_ticket(session, SYSTEM, first.id, chosen, subject)
        assert refused.value.message == sentence
    assert session.scalar(select(func.count()).select_from(Ticket)) == 2


def test_undone_twice_is_refused(session: Session, pair) -> None:
    first, second = pair
    merge_tickets(session, SYSTEM, second.id, first.id)
    move = move_of(session, first)
    undo_move(session, SYSTEM, move)
    with pytest.raises(Conflict, match=r"^This was undone already\.$"):
        undo_move(session, SYSTEM, move)
    with pytest.raises(NotFound, match=r"^There is no such merge or split\.$"):
        undo_move(session, SYSTEM, uuid.uuid4())


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_moving_is_for_the_desk(session: Session, pair, role: Role) -> None:
    """R-USR-01: neither the requester's own nor anybody else's."""
    first, second = pair
    own = make.actor_of(session.get_one(User, first.requester_id))
    merge_tickets(session, SYSTEM, second.id, first.id)
    move = move_of(session, first)
    for who in (own, make.make_actor(session, role)):
        for attempt in (
            lambda who=who: merge_tickets(session, who, second.id, first.id),
            lambda who=who: split_ticket(session, who, first.id, [], "x"),
            lambda who=who: undo_move(session, who, move),
        ):
            with pytest.raises(AvenraeError):
                attempt()
    assert bodies(session, first) == ["one", "two"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["merge", "split", "undo"]), st.integers(0, 99), st.integers(0, 99)), max_size=12
    )
)
@example([("merge", 0, 1), ("split", 1, 0), ("merge", 3, 1), ("undo", 0, 0)])
def test_every_message_stands_once_and_all_undone_is_as_before(session: Session, noon: datetime, steps) -> None:
    """R-TCK-01: after any merges, splits and undos; undone one after the other, each is where it was written."""
    savepoint = session.begin_nested()
    try:
        _move_about(session, steps)
    finally:
        savepoint.rollback()


def _move_about(session: Session, steps: list[tuple[str, int, int]]) -> None:
    make.make_desk(session)
    asking = person(session)
    own = [make.make_ticket(session, requester=asking, body=f"m{n}.0") for n in range(3)]
    for n, ticket in enumerate(own):
        for k in (1, 2):
            write_message(session, SYSTEM, ticket.id, f"m{n}.{k}", is_internal=k == 2)
    before = {m.id: m.ticket_id for m in session.scalars(select(TicketMessage))}
    tickets = list(own)
    done: list[uuid.UUID] = []
    for kind, a, b in steps:
        here, there = tickets[a % len(tickets)], tickets[b % len(tickets)]
        inner = session.begin_nested()
        try:
            if kind == "merge":
                merge_tickets(session, SYSTEM, here.id, there.id)
            elif kind == "split":
                inside = sorted(session.scalars(select(TicketMessage.id).where(TicketMessage.ticket_id == here.id)))
                tickets.append(split_ticket(session, SYSTEM, here.id, inside[: 1 + b % 3], "Split"))
            elif done:
                move = done[a % len(done)]
                undo_move(session, SYSTEM, move)
                done.remove(move)
            inner.commit()
        except AvenraeError:
            inner.rollback()
            tickets = [t for t in tickets if session.get(Ticket, t.id) is not None]
            continue
        if kind != "undo":
            done.append(session.scalars(select(TicketMove.id).order_by(TicketMove.id.desc()).limit(1)).one())
        _everything_once(session, before)
    while done:
        left = len(done)
        for move in list(reversed(done)):
            inner = session.begin_nested()
            try:
                undo_move(session, SYSTEM, move)
                inner.commit()
                done.remove(move)
            except Conflict:
                inner.rollback()
        assert len(done) < left, "no move can be undone"
    assert {m.id: m.ticket_id for m in session.scalars(select(TicketMessage))} == before
    assert [(t.merged_into_id, t.status) for t in own] == [(None, S.OPEN)] * 3


def _everything_once(session: Session, before: dict[uuid.UUID, uuid.UUID]) -> None:
    session.flush()
    assert set(session.scalars(select(TicketMessage.id))) == set(before)
    assert session.execute(text(STRAY)).scalar_one() == 0
    empty = (
        "SELECT count(*) FROM tickets t WHERE merged_into_id IS NULL"
        " AND NOT EXISTS (SELECT FROM ticket_messages m WHERE m.ticket_id = t.id)"
    )
    assert session.execute(text(empty)).scalar_one() == 0


def test_crossing_merges_and_replies_at_once(database: str) -> None:
    """R-TCK-01 with real threads: A into B, B into A, a note in each; every message stands once, one merge wins."""
    with transaction(SYSTEM, "prepare") as session:
        make.make_desk(session)
        asking = person(session)
        a, b = (make.make_ticket(session, requester=asking, body=f"m{n}").id for n in range(2))
    told = told_at_once(
        SYSTEM,
        [
            lambda s: merge_tickets(s, SYSTEM, a, b),
            lambda s: merge_tickets(s, SYSTEM, b, a),
            lambda s: write_message(s, SYSTEM, a, "to a", is_internal=True),
            lambda s: write_message(s, SYSTEM, b, "to b", is_internal=True),
        ],
    )
    assert sum(t == "done" for t in told[:2]) == 1
    with db.engine().connect() as connection:
        assert connection.execute(text(STRAY)).scalar_one() == 0
        written = connection.execute(text("SELECT body, count(*) FROM ticket_messages GROUP BY 1")).all()
    assert {body for body, n in written if n == 1} == {"m0", "m1"} | {
        body for body, t in (("to a", told[2]), ("to b", told[3])) if t == "done"
    }


def test_one_undo_of_several_at_once(database: str) -> None:
    """R-TCK-01: a merge is undone once."""
    with transaction(SYSTEM, "prepare") as session:
        make.make_desk(session)
        asking = person(session)
        a, b = (make.make_ticket(session, requester=asking, body=f"m{n}").id for n in range(2))
        merge_tickets(session, SYSTEM, a, b)
        move = move_of(session, session.get_one(Ticket, b))
    told = told_at_once(SYSTEM, [lambda s: undo_move(s, SYSTEM, move)] * 4)
    assert sorted(told) == ["This was undone already."] * 3 + ["done"]


def test_a_split_tells_nobody(session: Session, pair) -> None:
    first, second = pair
    merge_tickets(session, SYSTEM, second.id, first.id)
    undo_move(session, SYSTEM, move_of(session, first))
    assert set(session.scalars(select(Notification.event))) == {"ticket_opened"}
