"""The queue: its views, filters, order and search, and what each role finds in it."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role, TicketCategory, TicketPriority, TicketStatus
from avenrae.errors import InvalidInput, NotFound, NotPermitted
from avenrae.models import Ticket, User
from avenrae.permissions import Actor
from avenrae.queries import ticket_search
from avenrae.queries.history import list_changes
from avenrae.queries.ticket_messages import explain_clocks, get_ticket
from avenrae.queries.ticket_parts import NEWEST, Place, TicketPart, place_of, read_part
from avenrae.queries.tickets import (
    TicketFilters,
    View,
    count_and_list_tickets,
    count_tickets,
    count_views,
    each_ticket,
    list_tickets,
    next_ticket,
    ticket_filters,
)
from avenrae.services.ticket_presence import note_presence
from avenrae.services.tickets import assign_ticket, change_ticket, snooze_ticket, tag_ticket, write_message
from tests import make

SYSTEM = Actor.system("Test")
S = TicketStatus
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(session: Session, noon: datetime) -> None:
    """A desk, at noon."""
    make.make_desk(session, minutes=(60, None, None))


@pytest.fixture
def opened(session: Session, desk: None, noon: datetime) -> Callable[..., Ticket]:
    """Opens tickets by how many hours ago that was."""

    def open_one(ago: float = 0, **kw) -> Ticket:
        with clock.stopped(noon - ago * HOUR):
            return make.make_ticket(session, **kw)

    return open_one


def found(session: Session, who: Actor = SYSTEM, *, sort: str = "due", **params: str) -> list[uuid.UUID]:
    """The keys of the list for these parameters of an address, which is as long as its count says."""
    filters = ticket_filters(params, "UTC")
    rows = list_tickets(session, who, filters, sort=sort)
    assert count_tickets(session, who, filters) == len(rows)
    assert [r.id for r in each_ticket(session, who, filters, sort)] == [r.id for r in rows]
    assert count_and_list_tickets(session, who, filters, sort=sort) == (len(rows), rows)
    return [r.id for r in rows]


def test_what_breaches_next_comes_first(session: Session, opened) -> None:
    """What stands still comes last; turned round, first."""
    late, soon, waits, done = (opened(ago) for ago in (2, 0.5, 1, 3))
    write_message(session, SYSTEM, waits.id, "Which one?", status=S.WAITING)
    change_ticket(session, SYSTEM, done.id, status=S.RESOLVED)
    assert found(session) == [late.id, soon.id, waits.id]
    everything = found(session, view="all")
    assert everything[:2] == [late.id, soon.id]
    assert set(everything[2:]) == {waits.id, done.id}
    assert found(session, view="all", sort="-due") == everything[::-1]
    assert found(session, view="all", sort="created") == [done.id, late.id, waits.id, soon.id]
    with pytest.raises(InvalidInput, match=r"^This list cannot be sorted like that"):
        list_tickets(session, SYSTEM, TicketFilters(), sort="subject")


def test_views(session: Session, opened) -> None:
    """R-SLA-02: what is snoozed is out of sight, but not where its promise breaks."""
    agent = make.make_actor(session, Role.SUPPORT)
    mine, free, asleep, waits, done = (opened(0.2) for _ in range(5))
    assign_ticket(session, SYSTEM, mine.id, agent.user_id)
    snooze_ticket(session, SYSTEM, asleep.id, clock.now() + HOUR)
    change_ticket(session, SYSTEM, waits.id, status=S.WAITING)
    change_ticket(session, SYSTEM, done.id, status=S.CLOSED)
    expected = {
        View.OPEN: {mine, free, waits},
        View.MINE: {mine},
        View.UNASSIGNED: {free, waits},
        View.SOON: {mine, free, asleep},
        View.WAITING: {waits},
        View.SNOOZED: {asleep},
        View.ALL: {mine, free, asleep, waits, done},
    }
    for view, tickets in expected.items():
        assert set(found(session, agent, view=view.value)) == {t.id for t in tickets}, view
    assert count_views(session, agent) == {v: len(t) for v, t in expected.items() if v is not View.ALL}
    with clock.stopped(clock.now() + HOUR):
        assert asleep.id in found(session, agent)


def test_filters(session: Session, opened) -> None:
    agent = make.make_actor(session, Role.SUPPORT)
    one, two = opened(), opened(category=TicketCategory.PAYMENT)
    change_ticket(session, SYSTEM, one.id, priority=TicketPriority.URGENT, assignee_id=agent.user_id)
    tag_ticket(session, SYSTEM, two.id, ["vip"])
    for params, ticket in (
        ({"priority": "urgent"}, one),
        ({"category": "payment"}, two),
        ({"tag": "vip"}, two),
        ({"requester": str(two.requester_id)}, two),
        ({"assignee": str(agent.user_id)}, one),
        ({"assignee": "me"}, one),
        ({"assignee": "nobody"}, two),
    ):
        assert found(session, agent, **params) == [ticket.id], params
    assert found(session, agent, status="open", priority="low") == []
    with pytest.raises(InvalidInput, match="is not one of the choices"):
        ticket_filters({"view": "everything"}, "UTC")
    with pytest.raises(NotFound):
        ticket_filters({"assignee": "him"}, "UTC")


@pytest.fixture(params=["by index", "the newest"])
def way(request, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of searching find the same where there are few tickets."""
    monkeypatch.setattr(ticket_search, "RARE", 10_000 if request.param == "by index" else -1)


def test_words_are_found(session: Session, opened, way: None) -> None:
    asking = session.get_one(User, make.make_client(session, user={"first_name": "Wandile"}).user_id)
    ticket = opened(requester=asking, subject="Café reading", body="My amethyst was broken.")
    other = opened(subject="Something else", body="Nothing of that.")
    write_message(session, SYSTEM, ticket.id, "He wrote to the ombudsman", is_internal=True)
    for words in (
        "cafe",
        "CAFÉ read",
        "amethyst broken",
        "amethyst brok",
        '"was broken"',
        "ombudsman",
        "wandile",
        ticket.number,
        ticket.number.lower(),
        "amethyst -paid",
        "zebra or amethyst",
    ):
        assert found(session, q=words) == [ticket.id], words
    for words in (
        '"broken was"',
        "amethyst -broken",
        "cafe nothing",
        "zebra",
        "'; DROP TABLE tickets; --",
        "&|!()",
        "%",
    ):
        assert other.id not in found(session, q=words), words
        assert found(session, q=words) == [], words
    assert set(found(session, q="  ")) == {ticket.id, other.id}


def test_a_hit_names_its_message(session: Session, opened, way: None) -> None:
    """The newest message that holds the words, not the newest of all; a client is never led to a note."""
    ticket, other = opened(body="My amethyst was broken."), opened(subject="Amethyst", body="Nothing.")
    hit = write_message(session, SYSTEM, ticket.id, "Long ago. " * 20 + "The amethysts are on their way")
    write_message(session, SYSTEM, ticket.id, "A note of the amethyst? No: of the opal.", is_internal=True)
    write_message(session, SYSTEM, ticket.id, "Anything else?")
    rows = {r.id: r for r in list_tickets(session, SYSTEM, TicketFilters(search="amethysts"))}
    assert rows[ticket.id].found_id == hit.id
    assert "The amethysts are on their way" in rows[ticket.id].last_words
    rows = {r.id: r for r in list_tickets(session, SYSTEM, TicketFilters(search="amethyst"))}
    assert rows[ticket.id].last_is_internal
    assert (rows[other.id].found_id, rows[other.id].last_words) == (None, "Nothing.")
    own = make.actor_of(session.get_one(User, ticket.requester_id))
    (row,) = list_tickets(session, own, TicketFilters(search="amethyst"))
    assert row.found_id == hit.id
    assert [r.found_id for r in list_tickets(session, SYSTEM, TicketFilters())] == [None, None]


def test_rows_show_their_tags_to_the_desk(session: Session, opened) -> None:
    ticket = opened()
    tag_ticket(session, SYSTEM, ticket.id, ["vip", "courier"])
    assert [r.tags for r in list_tickets(session, SYSTEM, TicketFilters())] == [("courier", "vip")]
    own = make.actor_of(session.get_one(User, ticket.requester_id))
    assert [r.tags for r in list_tickets(session, own, TicketFilters())] == [()]


def test_earlier_messages_are_read_part_by_part(session: Session, opened, noon: datetime) -> None:
    """Every message stands in exactly one part, forwards and backwards, and a link shows what is around it."""
    ticket = opened(body="0")
    for n in range(1, 25):
        # Several of one instant: their keys keep the order.
        with clock.stopped(noon + timedelta(seconds=n // 3)):
            write_message(session, SYSTEM, ticket.id, str(n), is_internal=n % 5 == 0)

    def part(place: Place = NEWEST, who: Actor = SYSTEM) -> TicketPart:
        return read_part(session, who, ticket.id, place, size=10)

    def told(found: TicketPart) -> list[int]:
        return [int(m.body) for m in found.messages]

    newest = part()
    assert (told(newest), newest.has_earlier, newest.has_later) == (list(range(15, 25)), True, False)
    before = part(Place(before=newest.messages[0].id))
    assert (told(before), before.has_earlier, before.has_later) == (list(range(5, 15)), True, True)
    first = part(Place(before=before.messages[0].id))
    assert (told(first), first.has_earlier, first.has_later) == (list(range(5)), False, True)
    after = part(Place(after=first.messages[-1].id))
    assert (told(after), after.has_earlier, after.has_later) == (list(range(5, 15)), True, True)
    last = part(Place(after=after.messages[-1].id))
    assert (told(last), last.has_later, last.newest_id) == (list(range(15, 25)), False, newest.newest_id)
    around = part(Place(around=before.messages[3].id))
    assert (told(around), around.has_earlier, around.has_later) == (list(range(4, 14)), True, True)
    assert {m.id for p in (first, before, newest) for m in p.messages} == {
        m.id for m in (*first.messages, *after.messages, *last.messages)
    }
    own = make.actor_of(session.get_one(User, ticket.requester_id))
    seen = part(who=own)
    assert told(seen) == [n for n in range(13, 25) if n % 5][-10:]
    assert seen.openers == ()
    note = next(m for m in before.messages if m.is_internal)
    assert replace(part(Place(around=note.id), own), found=True) == seen
    assert not part(Place(around=note.id), own).found


def test_a_message_of_another_ticket_is_not_found_here(session: Session, opened) -> None:
    """A link to what has left the ticket shows the newest and says so."""
    ticket, other = opened(body="Here"), opened(body="There")
    elsewhere = read_part(session, SYSTEM, other.id).messages[0].id
    for place in (Place(around=elsewhere), Place(before=elsewhere), Place(after=elsewhere)):
        part = read_part(session, SYSTEM, ticket.id, place)
        assert ([m.body for m in part.messages], part.found) == (["Here"], False)
    stranger = make.make_actor(session, Role.CLIENT)
    assert read_part(session, stranger, ticket.id).messages == ()
    with pytest.raises(NotFound):
        place_of({"message": "him"})


def test_a_search_keeps_to_the_other_filters(session: Session, opened, way: None) -> None:
    ticket, closed = opened(body="amethyst"), opened(body="amethyst")
    change_ticket(session, SYSTEM, closed.id, status=S.CLOSED)
    assert found(session, q="amethyst") == [ticket.id]
    assert found(session, q="amethyst", view="all", status="closed") == [closed.id]


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_a_requester_finds_his_own_and_no_notes(session: Session, opened, role: Role) -> None:
    """R-USR-01: internal notes are neither found nor shown, nor are others' tickets."""
    me = make.make_actor(session, role)
    mine = opened(requester=session.get_one(User, me.user_id), body="amethyst")
    opened(body="amethyst")
    write_message(session, SYSTEM, mine.id, "Rude about the amethyst, a zebra", is_internal=True)
    assert found(session, me, view="all", q="amethyst") == [mine.id]
    assert found(session, me, view="all", q="zebra") == []
    (row,) = list_tickets(session, me, TicketFilters(view=View.ALL))
    assert (row.last_words, row.last_is_internal, row.assignee_name, row.openers) == ("amethyst", False, None, "")
    for refused in (
        lambda: count_views(session, me),
        lambda: next_ticket(session, me, None, mine.id),
        lambda: explain_clocks(session, me, get_ticket(session, SYSTEM, mine.id)),
    ):
        with pytest.raises(NotPermitted):
            refused()
    with pytest.raises(NotFound):
        list_changes(session, me, "tickets", mine.id)


def test_only_the_newest_are_looked_through_for_common_words(
    session: Session, opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticket_search, "RARE", -1)
    monkeypatch.setattr(ticket_search, "LOOKED_THROUGH", 2)
    tickets = [opened(ago, body="amethyst") for ago in (3, 2, 1)]
    assert set(found(session, q="amethyst")) == {t.id for t in tickets[1:]}
    assert ticket_search.is_common(session, SYSTEM, "amethyst")
    assert not ticket_search.is_common(session, make.make_actor(session, Role.CLIENT), "amethyst")
    assert not ticket_search.is_common(session, SYSTEM, " ")


def test_a_row_says_who_has_it_open(session: Session, opened) -> None:
    """R-TCK-01."""
    agent, ticket = make.make_actor(session, Role.SUPPORT, first_name="Thandi"), opened()
    note_presence(session, agent, ticket.id)
    assert [r.openers for r in list_tickets(session, SYSTEM, TicketFilters())] == ["Thandi"]
    assert [r.openers for r in list_tickets(session, agent, TicketFilters())] == [""]


def test_the_next_ticket(session: Session, opened) -> None:
    """What breaches next of one's own and nobody's; after the last the first again; nothing that waits.

    One that was answered meanwhile stands where it was found: after it comes what came after it then.
    """
    agent, other = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.SUPPORT)
    first, theirs, second, waits, still = (opened(ago) for ago in (4, 3, 2, 1, 0.5))
    assign_ticket(session, SYSTEM, theirs.id, other.user_id)
    assign_ticket(session, SYSTEM, second.id, agent.user_id)
    change_ticket(session, SYSTEM, waits.id, status=S.WAITING)
    session.execute(text("UPDATE tickets SET next_due_at = NULL WHERE id = :id"), {"id": still.id})
    session.expire_all()

    def after(ticket: Ticket) -> uuid.UUID | None:
        return next_ticket(session, agent, ticket.next_due_at, ticket.id)

    assert [after(t) for t in (first, second, still)] == [second.id, still.id, first.id]
    assert after(theirs) == second.id
    found_at = first.next_due_at
    change_ticket(session, SYSTEM, first.id, status=S.WAITING)
    assert (next_ticket(session, agent, found_at, first.id), after(first)) == (second.id, still.id)


def test_the_clocks_are_explained(session: Session, opened) -> None:
    """R-SLA-05"""
    ticket = opened(0.5)
    told = explain_clocks(session, SYSTEM, get_ticket(session, SYSTEM, ticket.id))
    assert told
    assert (told.policy_name, told.time_zone) == ("medium promise", "Africa/Johannesburg")
    (stretch,) = told.clocks[0].stretches
    assert (stretch.counted, stretch.end - stretch.start) == (True, HOUR / 2)
    session.execute(text("DELETE FROM sla_policies"))
    assert explain_clocks(session, SYSTEM, get_ticket(session, SYSTEM, ticket.id)) is None


def test_the_history_speaks_in_names(session: Session, opened) -> None:
    agent, ticket = make.make_actor(session, Role.SUPPORT, first_name="Thandi", last_name="M"), opened()
    assign_ticket(session, SYSTEM, ticket.id, agent.user_id)
    (assigned, *_) = list_changes(session, agent, "tickets", ticket.id)
    assert (assigned.before, assigned.after) == ({"assignee": None}, {"assignee": "Thandi M"})


def test_one_ticket_of_somebody_else_is_not_there(session: Session, opened) -> None:
    """R-USR-01"""
    ticket = opened()
    for role in (Role.CLIENT, Role.PRACTITIONER):
        with pytest.raises(NotFound, match=r"^There is no such ticket, or it is not yours to see\.$"):
            get_ticket(session, make.make_actor(session, role), ticket.id)
    assert get_ticket(session, SYSTEM, ticket.id).number == ticket.number
