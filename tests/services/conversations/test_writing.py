"""Conversations: who may begin and write one, and what may be written."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role, VerificationStatus
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import Conversation, ConversationMember, Message, Practitioner, User
from avenrae.queries.conversations import (
    ConversationFilters,
    count_conversations,
    find_partner,
    get_conversation,
    list_conversations,
    list_readings,
)
from avenrae.queries.reported_messages import ReportFilters, count_reported, list_reported
from avenrae.services.conversations import mark_conversation_read, send_message, start_conversation
from avenrae.services.moderation import hide_message, keep_message, open_conversation, report_message, restore_message
from avenrae.services.tickets import Link, link_ticket
from tests import make
from tests.services.conversations.pair import SYSTEM, Pair, snapshot, words


def test_two_people_have_one_conversation(session: Session, pair: Pair) -> None:
    """Whoever writes to whom, by the partner or in the conversation, it is the same one, in the order of writing."""
    make.make_booking(
        session,
        practitioner=session.get_one(Practitioner, pair.worker.practitioner_id),
        client=session.get_one(make.Client, pair.client.client_id),
    )
    start_conversation(session, pair.worker, pair.client.client_id, "Good day to you")
    send_message(session, pair.worker, pair.id, "  What can I do?\n")
    start_conversation(session, pair.client, pair.worker.practitioner_id, "A question")
    assert words(session, pair.client, pair) == ["Good day", "Good day to you", "What can I do?", "A question"]
    assert words(session, pair.worker, pair) == words(session, pair.client, pair)
    times = list(session.scalars(select(Message.created_at).order_by(Message.created_at)))
    assert len(set(times)) == 4  # with a clock that stands still: each is later than the one before
    assert session.scalars(select(Conversation.last_message_at)).all() == [times[-1]]
    members = select(ConversationMember.user_id).where(ConversationMember.conversation_id == pair.id)
    assert set(session.scalars(members)) == {pair.client.user_id, pair.worker.user_id}


def test_the_order_is_kept_where_a_clock_goes_back(session: Session, pair: Pair, noon: datetime) -> None:
    with clock.stopped(noon - timedelta(seconds=5)):
        send_message(session, pair.client, pair.id, "Second")
    assert words(session, pair.client, pair) == ["Good day", "Second"]


def test_a_client_writes_to_those_whose_profile_he_sees(session: Session, pair: Pair) -> None:
    """R-USR-01: not to one who is not approved; but goes on with one who was."""
    hidden = make.make_practitioner(session, verification_status=VerificationStatus.SUBMITTED)
    before = snapshot(session)
    with pytest.raises(NotFound, match=r"^There is nobody here to write to, or not for you\."):
        start_conversation(session, pair.client, hidden.id, "Hello")
    assert snapshot(session) == before
    session.get_one(Practitioner, pair.worker.practitioner_id).verification_status = VerificationStatus.SUSPENDED
    session.flush()
    assert find_partner(session, pair.client, pair.worker.practitioner_id).conversation_id == pair.id
    start_conversation(session, pair.client, pair.worker.practitioner_id, "Are you back?")
    assert words(session, pair.worker, pair) == ["Good day", "Are you back?"]


def test_a_practitioner_writes_to_his_own_clients(session: Session, pair: Pair) -> None:
    """R-USR-01: to one who booked him or wrote to him, and to nobody else."""
    stranger, booked = make.make_client(session), make.make_client(session)
    practitioner = session.get_one(Practitioner, pair.worker.practitioner_id)
    make.make_booking(session, practitioner=practitioner, client=booked)
    before = snapshot(session)
    with pytest.raises(NotFound, match=r"Practitioners write to their own clients\.$"):
        start_conversation(session, pair.worker, stranger.id, "Come to me")
    assert snapshot(session) == before
    start_conversation(session, pair.worker, booked.id, "Bring a towel")
    start_conversation(session, pair.worker, pair.client.client_id, "Thank you for writing")
    assert count_conversations(session, pair.worker, ConversationFilters()) == 2


@pytest.mark.parametrize(
    "key", ["practitioner_id", "client_id", "user_id"], ids=["practitioner", "client", "the key of an account"]
)
def test_a_key_of_the_wrong_kind_is_nobody(session: Session, pair: Pair, key: str) -> None:
    for actor, other in ((pair.client, pair.client), (pair.worker, pair.worker), (pair.client, pair.worker)):
        if (actor, key) != (pair.client, "practitioner_id") or other is pair.client:
            with pytest.raises(NotFound):
                find_partner(session, actor, getattr(other, key) or pair.id)


@pytest.mark.parametrize("role", list(Role))
def test_nobody_else_reads_or_writes(session: Session, pair: Pair, role: Role) -> None:
    """R-USR-01: role × other's conversation, for reading, writing, marking, reporting, deciding; nothing changes."""
    other = make.make_actor(session, role)
    staff = other.is_staff
    before = snapshot(session)
    deeds: list[tuple[Callable[[], object], type[AvenraeError]]] = [
        (lambda: get_conversation(session, other, pair.id), NotFound),
        (lambda: send_message(session, other, pair.id, "Hello"), NotPermitted if role is Role.SUPPORT else NotFound),
        (
            lambda: mark_conversation_read(session, other, pair.id, clock.now()),
            NotPermitted if role is Role.SUPPORT else NotFound,
        ),
        (lambda: report_message(session, other, pair.first.id, "Rude"), NotFound),
        (lambda: hide_message(session, other, pair.first.id, "Rude"), NotFound),
        (lambda: keep_message(session, other, pair.first.id, "Rude"), NotFound),
        (lambda: restore_message(session, other, pair.first.id, "Rude"), NotFound),
    ]
    for deed, refused in deeds:
        with pytest.raises(refused):
            deed()
    assert words(session, other, pair) == []
    if role is not Role.SUPPORT:
        assert count_conversations(session, other, ConversationFilters()) == 0
        assert list_conversations(session, other, ConversationFilters()) == []
    if not staff:
        for desk in (list_readings, list_reported):
            with pytest.raises(NotPermitted):
                desk(session, other, ReportFilters() if desk is list_reported else pair.id)  # type: ignore[operator]
    assert snapshot(session) == before


@pytest.mark.parametrize("whose", ["client", "worker"])
def test_members_do_not_decide(session: Session, pair: Pair, whose: str) -> None:
    """R-USR-01: role × own conversation."""
    actor = getattr(pair, whose)
    ticket = make.make_ticket(session, requester=session.get_one(User, actor.user_id))
    link_ticket(session, SYSTEM, ticket.id, Link.CONVERSATION, pair.id)
    before = snapshot(session)
    for deed in (
        lambda: hide_message(session, actor, pair.first.id, "Rude"),
        lambda: keep_message(session, actor, pair.first.id, "Rude"),
        lambda: restore_message(session, actor, pair.first.id, "Rude"),
        lambda: open_conversation(session, actor, ticket.id),
        lambda: list_readings(session, actor, pair.id),
        lambda: list_reported(session, actor, ReportFilters()),
        lambda: count_reported(session, actor, ReportFilters()),
    ):
        with pytest.raises(NotPermitted, match=r"^Your role \(\w+\) does not allow this\."):
            deed()
    assert snapshot(session) == before


@pytest.mark.parametrize("body", ["", "   \n\t", "\u200b\u200d\ufeff", "\u2003\u202e"])
def test_nothing_is_not_sent(session: Session, pair: Pair, body: str) -> None:
    before = snapshot(session)
    for deed in (send_message, start_conversation):
        with pytest.raises(InvalidInput, match=r"^Write something first\.$"):
            deed(session, pair.client, pair.id if deed is send_message else pair.worker.practitioner_id, body)
    assert snapshot(session) == before


def test_whatever_people_type_stays_as_it_is(session: Session, pair: Pair) -> None:
    typed = ["<script>alert(1)</script>", "👩‍👩‍👧‍👦 🪬", "שלום, \u202eolleh\u202c", "a\u200bb", "x" * 10_000]
    for body in typed:
        send_message(session, pair.client, pair.id, body)
    assert words(session, pair.worker, pair) == ["Good day", *typed]


@pytest.mark.parametrize("how", ["suspended", "erased"])
def test_a_shut_account_is_written_to_no_more(session: Session, pair: Pair, how: str, noon: datetime) -> None:
    user = session.get_one(User, pair.worker.user_id)
    user.is_active, user.erased_at = how != "suspended", noon if how == "erased" else None
    session.flush()
    before = snapshot(session)
    for deed in (
        lambda: send_message(session, pair.client, pair.id, "Hello?"),
        lambda: start_conversation(session, pair.client, pair.worker.practitioner_id, "Hello?"),
    ):
        with pytest.raises(Conflict, match=r"^Nothing was sent: the account of Thandi Dube is closed\."):
            deed()
    assert snapshot(session) == before
    assert get_conversation(session, pair.client, pair.id).is_open is False
