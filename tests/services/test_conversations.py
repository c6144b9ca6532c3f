"""Conversations: who may begin and write one, what is read and told, reports, what the desk sees and decides."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import read_session, transaction
from avenrae.enums import Role, TicketCategory, VerificationStatus
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import (
    AuditEntry,
    Conversation,
    ConversationMember,
    ConversationReading,
    Message,
    Notification,
    OutboxMail,
    Practitioner,
    Ticket,
    User,
)
from avenrae.permissions import Actor
from avenrae.queries.conversations import (
    ConversationFilters,
    count_conversations,
    find_partner,
    get_conversation,
    list_conversations,
    list_private_messages,
    list_readings,
)
from avenrae.queries.reported_messages import (
    LinkedConversation,
    ReportFilters,
    Shown,
    count_reported,
    list_reported,
)
from avenrae.queries.scopes import READING
from avenrae.queries.ticket_messages import get_ticket
from avenrae.services.conversations import PRESENT, mark_conversation_read, send_message, start_conversation
from avenrae.services.moderation import (
    hide_message,
    keep_message,
    open_conversation,
    report_message,
    restore_message,
)
from avenrae.services.tickets import Link, link_ticket
from tests import make

SYSTEM = Actor.system("Test")
NOT_THERE = r"^There is no such conversation, or it is not yours to see\.$"
NO_MESSAGE = r"^There is no such message, or it is not yours to see\.$"
CLIENT_IS = {"user": {"first_name": "Lerato", "last_name": "Mokoena"}}
WORKER_IS = {"user": {"first_name": "Thandi", "last_name": "Dube"}}


@dataclass
class Pair:
    """A client and the practitioner he wrote to."""

    client: Actor
    worker: Actor
    first: Message

    @property
    def id(self):
        """The conversation."""
        return self.first.conversation_id


def make_pair(session: Session) -> Pair:
    """A client who wrote `Good day` to a practitioner, who has not read it."""
    client = make.make_actor(session, Role.CLIENT, **CLIENT_IS)
    worker = make.make_actor(session, Role.PRACTITIONER, **WORKER_IS)
    return Pair(client, worker, start_conversation(session, client, worker.practitioner_id, "Good day"))


@pytest.fixture
def pair(session: Session, noon: datetime) -> Pair:
    return make_pair(session)


def read(session: Session, actor: Actor, of: Pair) -> None:
    """Open it and read everything, then close the page."""
    found = list_private_messages(session, actor, of.id)
    mark_conversation_read(session, actor, of.id, found[-1].created_at)
    member = session.get_one(ConversationMember, (of.id, actor.user_id), populate_existing=True)
    member.seen_at = clock.now() - PRESENT
    session.flush()


def words(session: Session, actor: Actor, of: Pair) -> list[str | None]:
    """What somebody reads."""
    return [m.body for m in list_private_messages(session, actor, of.id)]


def told(session: Session, actor: Actor) -> list[str]:
    """What somebody was told, by e-mail too."""
    mails = session.scalars(select(OutboxMail.subject).where(OutboxMail.user_id == actor.user_id))
    notices = select(Notification.title).where(Notification.user_id == actor.user_id).order_by(Notification.id)
    found = list(session.scalars(notices))
    assert sorted(mails) == sorted(found)
    return found


def snapshot(session: Session) -> list[object]:
    """Everything that a refusal must leave as it was."""
    session.flush()
    return [
        sorted(tuple(row) for row in session.execute(select(*columns)))
        for columns in (
            (Conversation.id, Conversation.last_message_at),
            (Message.id, Message.body, func.coalesce(Message.report_reason, ""), Message.hidden_at.is_(None)),
            (Ticket.id, Ticket.status),
            (ConversationReading.id,),
            (Notification.id,),
        )
    ]


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


# What is read, and what is told ---------------------------------------------------------------------------------------


def test_unread_is_counted_until_it_is_read(session: Session, pair: Pair) -> None:
    send_message(session, pair.client, pair.id, "Are you there?")
    rows = {a.role: list_conversations(session, a, ConversationFilters())[0] for a in (pair.client, pair.worker)}
    assert (rows[Role.CLIENT].unread, rows[Role.CLIENT].last_is_mine) == (0, True)
    assert (rows[Role.PRACTITIONER].unread, rows[Role.PRACTITIONER].other_name) == (2, "Lerato Mokoena")
    assert rows[Role.PRACTITIONER].last_words == "Are you there?"
    unread = ConversationFilters(unread=True)
    assert [count_conversations(session, a, unread) for a in (pair.client, pair.worker)] == [0, 1]
    read(session, pair.worker, pair)
    assert [count_conversations(session, a, unread) for a in (pair.client, pair.worker)] == [0, 0]
    assert list_conversations(session, pair.worker, ConversationFilters())[0].unread == 0
    assert get_conversation(session, pair.client, pair.id).other_read_until == pair.first.created_at + timedelta(
        microseconds=1
    )


def test_the_mark_never_goes_back_nor_beyond_what_is_there(session: Session, pair: Pair, noon: datetime) -> None:
    mark_conversation_read(session, pair.worker, pair.id, noon + timedelta(days=400))
    mark_conversation_read(session, pair.worker, pair.id, noon - timedelta(days=1))
    assert get_conversation(session, pair.worker, pair.id).read_until == pair.first.created_at
    send_message(session, pair.client, pair.id, "New")
    assert list_conversations(session, pair.worker, ConversationFilters())[0].unread == 1


def test_what_the_console_does_not_show_is_read_with_the_conversation(session: Session, pair: Pair) -> None:
    """It would stand in the next digest otherwise."""
    send_message(session, pair.client, pair.id, "Are you there?")
    session.execute(update(Notification).values(is_shown=False))
    read(session, pair.worker, pair)
    assert session.scalar(select(func.count()).where(Notification.read_at.is_(None))) == 0


def test_the_first_unread_message_tells_and_no_further_one(session: Session, pair: Pair) -> None:
    """R-NOT-01: not one mail a line; once he has read, the next one tells again. No word of it is in a mail."""
    send_message(session, pair.client, pair.id, "Are you there? It is secret.")
    send_message(session, pair.client, pair.id, "Hello?")
    assert told(session, pair.worker) == ["Lerato Mokoena wrote to you"]
    read(session, pair.worker, pair)
    assert session.scalar(select(func.count()).where(Notification.read_at.is_(None))) == 0
    send_message(session, pair.client, pair.id, "Thank you")
    send_message(session, pair.client, pair.id, "Bye")
    assert told(session, pair.worker) == ["Lerato Mokoena wrote to you"] * 2
    assert told(session, pair.client) == []
    mails = " ".join(session.scalars(select(OutboxMail.subject + OutboxMail.body)))
    assert "secret" not in mails
    assert "Good day" not in mails
    notice = session.scalars(select(Notification).order_by(Notification.created_at)).first()
    assert notice is not None
    assert (notice.screen, notice.record_id) == ("support/conversation", pair.id)


def test_who_has_it_open_reads_it_there(session: Session, pair: Pair, noon: datetime) -> None:
    mark_conversation_read(session, pair.worker, pair.id, pair.first.created_at)
    with clock.stopped(noon + PRESENT - timedelta(seconds=1)):
        send_message(session, pair.client, pair.id, "Quick")
    assert told(session, pair.worker) == ["Lerato Mokoena wrote to you"]
    with clock.stopped(noon + PRESENT):
        send_message(session, pair.client, pair.id, "Slow")
    assert told(session, pair.worker) == ["Lerato Mokoena wrote to you"] * 2


def test_older_messages_are_read_page_by_page(session: Session, pair: Pair) -> None:
    for n in range(2, 8):
        send_message(session, pair.client, pair.id, f"{n}")
    newest = list_private_messages(session, pair.worker, pair.id, limit=3)
    older = list_private_messages(session, pair.worker, pair.id, before=newest[0].id, limit=3)
    oldest = list_private_messages(session, pair.worker, pair.id, before=older[0].id, limit=3)
    assert [[m.body for m in page] for page in (oldest, older, newest)] == [
        ["Good day"],
        ["2", "3", "4"],
        ["5", "6", "7"],
    ]
    other = make.make_actor(session, Role.CLIENT)
    foreign = start_conversation(session, other, pair.worker.practitioner_id, "Elsewhere")
    assert list_private_messages(session, pair.worker, pair.id, before=foreign.id) == []


def test_a_list_is_found_by_the_others_name(session: Session, pair: Pair, noon: datetime) -> None:
    other = make.make_actor(session, Role.CLIENT, user={"first_name": "Zoë", "last_name": "Lerm"})
    with clock.stopped(noon + timedelta(hours=1)):
        start_conversation(session, other, pair.worker.practitioner_id, "Later")

    def names(search: str, sort: str = "-last") -> list[str]:
        found = list_conversations(session, pair.worker, ConversationFilters(search), sort=sort)
        assert count_conversations(session, pair.worker, ConversationFilters(search)) == len(found)
        return [row.other_name for row in found]

    assert names("") == ["Zoë Lerm", "Lerato Mokoena"]
    assert names("", "last") == ["Lerato Mokoena", "Zoë Lerm"]
    assert (names("zoe"), names("mok"), names("thandi"), names("%")) == (["Zoë Lerm"], ["Lerato Mokoena"], [], [])


# Reports and decisions ------------------------------------------------------------------------------------------------


def test_a_report_opens_a_ticket_that_links_to_the_conversation(session: Session, pair: Pair) -> None:
    """The ticket holds the reason and not the words; once for each message."""
    answer = send_message(session, pair.worker, pair.id, "You fool")
    ticket = report_message(session, pair.client, answer.id, " He insults me ")
    assert (ticket.requester_id, ticket.category, ticket.conversation_id) == (
        pair.client.user_id,
        TicketCategory.PRACTITIONER,
        pair.id,
    )
    assert ticket.subject == "A message of Thandi Dube was reported"
    assert "fool" not in str(session.scalars(select(AuditEntry.after)).all())
    agent = make.make_actor(session, Role.SUPPORT)
    found = list_reported(session, agent, ReportFilters())
    assert [(r.body, r.author_name, r.reporter_name, r.report_reason, r.ticket_id) for r in found] == [
        ("You fool", "Thandi Dube", "Lerato Mokoena", "He insults me", ticket.id)
    ]
    assert get_ticket(session, agent, ticket.id).conversation == LinkedConversation(
        "Lerato Mokoena", "Thandi Dube", found[0]
    )
    assert get_ticket(session, pair.client, ticket.id).conversation is None
    reported = [[m.is_reported for m in list_private_messages(session, a, pair.id)] for a in (pair.client, pair.worker)]
    assert reported == [[False, True], [False, False]]  # who wrote it is not told
    before = snapshot(session)
    for actor, message, sentence in (
        (pair.client, answer, r"^This message was reported before\. The desk looks at each one once\.$"),
        (pair.client, pair.first, r"^You wrote this yourself\."),
    ):
        with pytest.raises(Conflict, match=sentence):
            report_message(session, actor, message.id, "Rude")
    with pytest.raises(InvalidInput, match=r"^Say what is wrong with it, so that the desk can decide\.$"):
        report_message(session, pair.worker, pair.first.id, "  ")
    assert snapshot(session) == before
    assert report_message(session, pair.worker, pair.first.id, "Spam").category == TicketCategory.OTHER


def test_of_a_conversation_the_desk_reads_first_what_was_reported(session: Session, pair: Pair) -> None:
    """What was reported is read without a line; the rest needs the ticket, and leaves one."""
    answer = send_message(session, pair.worker, pair.id, "You fool")
    ticket = report_message(session, pair.client, answer.id, "Rude")
    agent = make.make_actor(session, Role.SUPPORT)
    assert words(session, agent, pair) == ["You fool"]
    assert open_conversation(session, agent, ticket.id) == pair.id
    assert words(session, agent, pair) == ["Good day", "You fool"]


def test_hidden_and_restored(session: Session, pair: Pair) -> None:
    """The other one reads it no more, its author does; both are told why, each time; the trail has no word of it."""
    answer = send_message(session, pair.worker, pair.id, "You fool")
    report_message(session, pair.client, answer.id, "Rude")
    agent = make.make_actor(session, Role.SUPPORT)
    hide_message(session, agent, answer.id, "An insult")
    assert words(session, pair.client, pair) == ["Good day", None]
    assert words(session, pair.worker, pair) == ["Good day", "You fool"]
    row = list_conversations(session, pair.client, ConversationFilters())[0]
    assert (row.last_words, row.last_is_hidden) == ("", True)
    shown = list_private_messages(session, pair.client, pair.id)[-1]
    assert (shown.is_hidden, shown.decision_reason) == (True, "An insult")
    assert told(session, pair.client)[-1] == "A message to you is not shown any more"
    assert told(session, pair.worker)[-1] == "A message of yours is not shown any more"
    assert [count_reported(session, agent, ReportFilters(s)) for s in Shown] == [0, 1, 0, 1]
    for deed, sentence in (
        (lambda: hide_message(session, agent, answer.id, "Again"), r"^This message is hidden already\.$"),
        (lambda: keep_message(session, agent, answer.id, "No"), r"^No report of this message is waiting"),
    ):
        with pytest.raises(Conflict, match=sentence):
            deed()
    restore_message(session, agent, answer.id, "It was a joke between you")
    assert words(session, pair.client, pair) == ["Good day", "You fool"]
    assert list_private_messages(session, pair.client, pair.id)[-1].decision_reason is None
    assert told(session, pair.client)[-1] == "A message to you is shown again"
    with pytest.raises(Conflict, match=r"it is not hidden\.$"):
        restore_message(session, agent, answer.id, "Again")
    with pytest.raises(InvalidInput, match=r"^Say why, so that both sides can be told\.$"):
        hide_message(session, agent, answer.id, "")
    trail = session.scalars(select(AuditEntry).where(AuditEntry.table_name == "messages")).all()
    assert "You fool" not in str([(e.before, e.after) for e in trail])
    assert "An insult" in str([e.after for e in trail])
    mails = " ".join(session.scalars(select(OutboxMail.subject + OutboxMail.body)))
    assert "You fool" not in mails


def test_a_reported_message_that_stays(session: Session, pair: Pair) -> None:
    report_message(session, pair.worker, pair.first.id, "Spam")
    agent = make.make_actor(session, Role.ADMIN)
    before = told(session, pair.client)
    keep_message(session, agent, pair.first.id, "A greeting is none")
    assert words(session, pair.worker, pair) == ["Good day"]
    assert told(session, pair.worker)[-1] == "A message you reported stays"
    assert told(session, pair.client) == before
    assert [count_reported(session, agent, ReportFilters(s)) for s in Shown] == [0, 0, 1, 1]
    with pytest.raises(Conflict, match=r"^This message was reported before\."):
        report_message(session, pair.worker, pair.first.id, "Spam!")


# The desk reads -------------------------------------------------------------------------------------------------------


@pytest.fixture
def ticket(session: Session, pair: Pair) -> Ticket:
    """A ticket of the client that links to the conversation."""
    made = make.make_ticket(session, requester=session.get_one(User, pair.client.user_id))
    return link_ticket(session, SYSTEM, made.id, Link.CONVERSATION, pair.id)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_the_desk_reads_through_a_ticket_and_leaves_a_line(
    session: Session, pair: Pair, ticket: Ticket, role: Role, noon: datetime
) -> None:
    """Without a ticket it is not there; through one its words come after the line that says who reads them."""
    agent, colleague = make.make_actor(session, role), make.make_actor(session, Role.SUPPORT)
    other = make.make_ticket(session)
    for through in (None, other.id):
        with pytest.raises(NotFound, match=NOT_THERE):
            get_conversation(session, agent, pair.id, ticket_id=through)
    found = get_conversation(session, agent, pair.id, ticket_id=ticket.id)
    assert (found.client_name, found.practitioner_name, found.ticket_number) == (
        "Lerato Mokoena",
        "Thandi Dube",
        ticket.number,
    )
    assert (found.reads_until, words(session, agent, pair)) == (None, [])
    with pytest.raises(NotFound, match=NO_MESSAGE):
        hide_message(session, agent, pair.first.id, "Rude")
    with pytest.raises(NotFound, match=r"^This ticket is about no conversation\.$"):
        open_conversation(session, agent, other.id)

    for _ in range(2):  # one visit, one line
        open_conversation(session, agent, ticket.id)
    assert words(session, agent, pair) == ["Good day"]
    assert words(session, colleague, pair) == []
    assert get_conversation(session, agent, pair.id, ticket_id=ticket.id).reads_until == noon + READING
    with clock.stopped(noon + READING):
        assert words(session, agent, pair) == []
        open_conversation(session, agent, ticket.id)
        assert words(session, agent, pair) == ["Good day"]
        readings = list_readings(session, colleague, pair.id)
        assert [(r.reader, r.ticket_number, r.read_at) for r in readings] == [
            (agent.name, ticket.number, noon + READING),
            (agent.name, ticket.number, noon),
        ]
    entries = select(func.count()).where(AuditEntry.table_name == "conversation_readings")
    assert session.scalar(entries) == 2


def test_a_link_taken_away_ends_the_reading(session: Session, pair: Pair, ticket: Ticket) -> None:
    agent = make.make_actor(session, Role.SUPPORT)
    open_conversation(session, agent, ticket.id)
    link_ticket(session, SYSTEM, ticket.id, Link.CONVERSATION, None)
    assert words(session, agent, pair) == []
    with pytest.raises(NotFound, match=NOT_THERE):
        get_conversation(session, agent, pair.id, ticket_id=ticket.id)
    assert list_readings(session, agent, pair.id) == []


def test_the_desk_hides_what_it_reads_and_writes_nothing(session: Session, pair: Pair, ticket: Ticket) -> None:
    agent, admin = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.ADMIN)
    open_conversation(session, agent, ticket.id)
    hide_message(session, agent, pair.first.id, "A telephone number of somebody else")
    assert words(session, pair.worker, pair) == [None]
    with pytest.raises(NotFound, match=NO_MESSAGE):
        restore_message(session, admin, pair.first.id, "It is his own")
    for actor, refused in ((agent, NotPermitted), (admin, NotFound)):
        with pytest.raises(refused):
            send_message(session, actor, pair.id, "Behave")
    with pytest.raises(NotFound, match=r"^The desk writes in tickets"):
        start_conversation(session, admin, pair.worker.practitioner_id, "Behave")
    with pytest.raises(Conflict, match=r"^The desk has hidden this message already\.$"):
        report_message(session, pair.worker, pair.first.id, "Rude")
    open_conversation(session, admin, ticket.id)
    restore_message(session, admin, pair.first.id, "It is his own")
    assert words(session, pair.worker, pair) == ["Good day"]


def test_the_system_reads_no_conversation(session: Session, pair: Pair, ticket: Ticket) -> None:
    with pytest.raises(NotFound, match=r"^This ticket is about no conversation\.$"):
        open_conversation(session, SYSTEM, ticket.id)
    assert words(session, SYSTEM, pair) == []


def test_members_learn_nothing_of_readings(session: Session, pair: Pair, ticket: Ticket) -> None:
    before = [told(session, a) for a in (pair.client, pair.worker)]
    open_conversation(session, make.make_actor(session, Role.SUPPORT), ticket.id)
    assert [told(session, a) for a in (pair.client, pair.worker)] == before
    assert get_conversation(session, pair.client, pair.id).reads_until is None


# With real threads and connections ------------------------------------------------------------------------------------


@pytest.fixture
def committed(database: str) -> Pair:
    """The pair in a database that threads see."""
    with transaction(SYSTEM, "prepare") as session:
        return make_pair(session)


def at_once(deeds: list[tuple[Actor, Callable[[Session], object]]]) -> list[object]:
    """Do all of it from one start, each in its own thread and transaction; returns what came of each."""
    start = threading.Barrier(len(deeds))
    results: list[object] = [None] * len(deeds)

    def run(n: int) -> None:
        actor, deed = deeds[n]
        start.wait()
        try:
            with transaction(actor, "test") as session:
                results[n] = deed(session)
        except Exception as e:
            results[n] = e

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_both_begin_at_once(database: str) -> None:
    """One conversation, two members, every message, none at the time of another."""
    with transaction(SYSTEM, "prepare") as session:
        client, worker = make.make_actor(session, Role.CLIENT), make.make_actor(session, Role.PRACTITIONER)
        make.make_booking(
            session,
            practitioner=session.get_one(Practitioner, worker.practitioner_id),
            client=session.get_one(make.Client, client.client_id),
        )
    sides = ((client, worker.practitioner_id), (worker, client.client_id)) * 5
    results = at_once([(a, lambda s, a=a, k=k: start_conversation(s, a, k, "Hello").id) for a, k in sides])
    assert not [r for r in results if isinstance(r, Exception)]
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == 1
        assert session.scalar(select(func.count()).select_from(ConversationMember)) == 2
        assert session.scalar(select(func.count(Message.created_at.distinct()))) == 10
        assert session.scalar(select(Conversation.last_message_at)) == session.scalar(
            select(func.max(Message.created_at))
        )


def test_one_message_is_reported_once(committed: Pair) -> None:
    """Ten clicks at once: one ticket, nine sentences."""
    deed = (committed.worker, lambda s: report_message(s, committed.worker, committed.first.id, "Rude").id)
    results = at_once([deed] * 10)
    refused = [r for r in results if isinstance(r, Exception)]
    assert [str(r) for r in refused] == ["This message was reported before. The desk looks at each one once."] * 9
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_two_agents_decide_at_once(committed: Pair) -> None:
    with transaction(SYSTEM, "prepare") as session:
        report_message(session, committed.worker, committed.first.id, "Rude")
        agents = [make.make_actor(session, Role.SUPPORT) for _ in range(2)]
    services = (hide_message, keep_message)
    results = at_once(
        [(a, lambda s, a=a, f=f: f(s, a, committed.first.id, "So").id) for a, f in zip(agents, services, strict=True)]
    )
    with read_session() as session:
        hidden = session.scalar(select(Message.hidden_at)) is not None
    failed = [r for r in results if isinstance(r, Exception)]
    # Who keeps it first, may be followed by who hides it; once it is hidden nobody keeps it.
    assert hidden
    assert all(isinstance(r, Conflict) for r in failed)


def test_one_visit_is_one_line_however_often_it_is_clicked(committed: Pair) -> None:
    with transaction(SYSTEM, "prepare") as session:
        ticket = report_message(session, committed.worker, committed.first.id, "Rude")
        agent = make.make_actor(session, Role.SUPPORT)
    results = at_once([(agent, lambda s: open_conversation(s, agent, ticket.id))] * 6)
    assert not [r for r in results if isinstance(r, Exception)]
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(ConversationReading)) == 1


def test_one_letter_too_many(committed: Pair) -> None:
    """The limit is the database's, and says so in a sentence."""
    sentence = r"^A message has 1 to 10 000 letters\. Send it in parts\.$"
    with pytest.raises(InvalidInput, match=sentence), transaction(committed.client, "send_message") as session:
        send_message(session, committed.client, committed.id, "x" * 10_001)
    with read_session() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1
        assert session.scalar(select(func.count()).select_from(Notification)) == 1
