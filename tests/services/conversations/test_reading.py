"""Conversations: what is read and what is unread, who is told of it, and how it is found."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role
from avenrae.models import ConversationMember, Notification, OutboxMail
from avenrae.permissions import Actor
from avenrae.queries.conversations import (
    ConversationFilters,
    count_conversations,
    get_conversation,
    list_conversations,
    list_private_messages,
)
from avenrae.services.conversations import PRESENT, mark_conversation_read, send_message, start_conversation
from tests import make
from tests.services.conversations.pair import Pair, told


def read(session: Session, actor: Actor, of: Pair) -> None:
    """Open it and read everything, then close the page."""
    found = list_private_messages(session, actor, of.id)
    mark_conversation_read(session, actor, of.id, found[-1].created_at)
    member = session.get_one(ConversationMember, (of.id, actor.user_id), populate_existing=True)
    member.seen_at = clock.now() - PRESENT
    session.flush()


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
