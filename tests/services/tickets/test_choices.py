"""Tickets: what an agent is offered for one: tags, links, ready replies, people, other tickets and views."""

import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role, TicketCategory, TicketStatus
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import CannedReply, Conversation, TicketView, User
from avenrae.permissions import Actor
from avenrae.queries.ticket_choices import (
    fill_in,
    find_linkable,
    find_linked,
    find_mergeable,
    find_requesters,
    list_choices,
    list_views,
)
from avenrae.queries.ticket_messages import get_ticket
from avenrae.services.ticket_views import MOST_VIEWS, delete_view, rename_view, save_view
from avenrae.services.tickets import Link, link_ticket, tag_ticket
from tests import make

SYSTEM = Actor.system("Test")
S = TicketStatus


def test_a_tag_that_is_none_is_refused_by_the_database(session: Session, desk: None) -> None:
    ticket = make.make_ticket(session)
    with pytest.raises(IntegrityError, match="ck_ticket_tags_tag"), session.begin_nested():
        tag_ticket(session, SYSTEM, ticket.id, ["<script>"])
    with pytest.raises(InvalidInput, match=r"^A ticket has up to 20 tags\.$"):
        tag_ticket(session, SYSTEM, ticket.id, [f"t{n}" for n in range(21)])


def test_links_are_to_what_is_there(session: Session, desk: None) -> None:
    """Of conversations, to those of the requester only."""
    client, practitioner = make.make_client(session), make.make_practitioner(session)
    booking = make.make_booking(session, client=client, practitioner=practitioner)
    asking = session.get_one(User, client.user_id)
    ticket = make.make_ticket(session, requester=asking)
    talk = Conversation(
        client_user_id=client.user_id, practitioner_user_id=practitioner.user_id, last_message_at=clock.now()
    )
    foreign = Conversation(
        client_user_id=make.make_client(session).user_id,
        practitioner_user_id=practitioner.user_id,
        last_message_at=clock.now(),
    )
    session.add_all([talk, foreign])
    session.flush()
    offered = find_linkable(session, SYSTEM, get_ticket(session, SYSTEM, ticket.id))
    assert [(o.kind, o.id) for o in offered] == [("booking", booking.id), ("conversation", talk.id)]
    link_ticket(session, SYSTEM, ticket.id, Link.BOOKING, booking.id)
    link_ticket(session, SYSTEM, ticket.id, Link.CONVERSATION, talk.id)
    linked = find_linked(session, SYSTEM, get_ticket(session, SYSTEM, ticket.id))
    worker = session.get_one(User, practitioner.user_id)
    assert [(o.kind, o.reference) for o in linked] == [
        ("booking", booking.reference),
        ("conversation", f"{asking.name} and {worker.name}"),
    ]
    seen = find_linked(session, make.actor_of(asking, client=client), get_ticket(session, SYSTEM, ticket.id))
    assert [o.kind for o in seen] == ["booking", "conversation"]
    found = find_linkable(session, SYSTEM, get_ticket(session, SYSTEM, ticket.id), booking.reference.lower())
    assert [o.id for o in found] == [booking.id]
    with pytest.raises(Conflict, match=r"^A ticket is linked to conversations of its requester only\.$"):
        link_ticket(session, SYSTEM, ticket.id, Link.CONVERSATION, foreign.id)
    with pytest.raises(NotFound, match=r"^What the ticket is about does not exist"):
        link_ticket(session, SYSTEM, ticket.id, Link.ORDER, uuid.uuid4())
    link_ticket(session, SYSTEM, ticket.id, Link.BOOKING, None)
    assert (ticket.booking_id, ticket.conversation_id) == (None, talk.id)


def test_canned_replies_are_filled_in_or_name_what_is_missing(session: Session, desk: None) -> None:
    agent = make.make_actor(session, Role.SUPPORT)
    asking = session.get_one(User, make.make_client(session, user={"first_name": "Lerato"}).user_id)
    ticket = make.make_ticket(session, requester=asking, subject="{agent} <b>")
    detail = get_ticket(session, agent, ticket.id)
    filled = fill_in(session, agent, detail, "Hi {client}, about {ticket}, “{subject}”, {today}. {agent}")
    assert filled == f"Hi Lerato, about {ticket.number}, “{{agent}} <b>”, 16 March 2026. Person"
    for body, sentence in (
        ("Your {booking}", "“{booking}” cannot be filled in: the ticket has no booking. Nothing was put in."),
        ("{clinet}", "“{clinet}” cannot be filled in: it is no placeholder; known are client, client_full_name"),
    ):
        with pytest.raises(InvalidInput) as refused:
            fill_in(session, agent, detail, body)
        assert refused.value.message.startswith(sentence)


def test_what_a_page_offers(session: Session, desk: None) -> None:
    agent = make.make_actor(session, Role.SUPPORT, first_name="Zola")
    gone = make.make_actor(session, Role.SUPPORT, is_active=False)
    session.add_all(
        [
            CannedReply(title="A general one", body="x"),
            CannedReply(title="Paid", body="y", category=TicketCategory.PAYMENT),
        ]
    )
    for tags in (["b", "a"], ["a", "c"]):
        tag_ticket(session, SYSTEM, make.make_ticket(session).id, tags)
    offered = list_choices(session, agent, TicketCategory.PAYMENT)
    assert [c.title for c in offered.canned] == ["Paid", "A general one"]
    assert offered.tags == ("a", "b", "c")
    assert agent.user_id in {a.id for a in offered.agents}
    assert gone.user_id not in {a.id for a in offered.agents}
    for query in (lambda who: list_choices(session, who, TicketCategory.OTHER), lambda who: list_views(session, who)):
        with pytest.raises(NotPermitted):
            query(make.make_actor(session, Role.CLIENT))


def test_people_and_tickets_to_choose(session: Session, desk: None) -> None:
    asking = session.get_one(User, make.make_client(session, user={"first_name": "Wandile"}).user_id)
    first, second = (make.make_ticket(session, requester=asking) for _ in range(2))
    make.make_ticket(session)
    assert [p.id for p in find_requesters(session, SYSTEM, "wandi")] == [asking.id]
    assert find_requesters(session, SYSTEM, " ") == []
    assert [k for k, _ in find_mergeable(session, SYSTEM, get_ticket(session, SYSTEM, first.id))] == [second.id]


def test_views_are_ones_own(session: Session, desk: None) -> None:
    """Only what filters the queue is kept of an address."""
    agent, other = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.SUPPORT)
    view = save_view(session, agent, "  Urgent   refunds ", "view=all&priority=urgent&q=&id=7&evil=javascript:")
    assert (view.name, view.query) == ("Urgent refunds", "view=all&priority=urgent")
    rename_view(session, agent, view.id, "Refunds")
    assert [v.name for v in list_views(session, agent)] == ["Refunds"]
    assert list_views(session, other) == []
    for attempt in (lambda: rename_view(session, other, view.id, "Mine"), lambda: delete_view(session, other, view.id)):
        with pytest.raises(NotFound, match=r"^You have no such view\.$"):
            attempt()
    with pytest.raises(InvalidInput, match=r"^Give the view a name\.$"):
        save_view(session, agent, " ", "")
    for n in range(MOST_VIEWS - 1):
        save_view(session, agent, f"View {n}", "")
    with pytest.raises(InvalidInput, match=r"^You have 30 views already\. Delete one first\.$"):
        save_view(session, agent, "One more", "")
    delete_view(session, agent, view.id)
    assert session.scalar(select(func.count()).select_from(TicketView)) == MOST_VIEWS - 1
