"""What a client and a practitioner write to one another: begin, write, read. Reports and the desk: `moderation.py`."""

import unicodedata
import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import NoticeKind, Role
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.letters import conversations as letters
from avenrae.models import Conversation, ConversationMember, Message, Notification, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.conversations import find_partner
from avenrae.queries.scopes import visible_conversations
from avenrae.services.telling import tell

PRESENT = timedelta(seconds=25)
"""Whose page has said since then that it is open, reads there what is written and is told nothing."""
AT_MOST_EVERY = timedelta(seconds=8)
"""A page that says more often than this that it is open changes nothing, unless there is something new in it."""


def start_conversation(session: Session, actor: Actor, partner_id: uuid.UUID, body: str) -> Message:
    """Write to somebody for the first time, or again: two people have one conversation, whoever began it.

    A client names a practitioner whose profile he sees, a practitioner a client who booked him (or wrote to him).
    Both at once end in one conversation with both messages (constraint `uq_conversations_pair`).

    Raises:
        NotFound: There is no such person for this actor, who may be of the staff.
        InvalidInput: There is nothing in it.
        Conflict: The other one's account is shut.
    """
    require(actor, Permission.CONVERSATION_WRITE)
    partner = find_partner(session, actor, partner_id)
    text = _words(body)
    own, other = actor.user_id, partner.user_id
    client, practitioner = (own, other) if actor.role is Role.CLIENT else (other, own)
    made = session.scalar(
        insert(Conversation)
        .values(
            client_user_id=client,
            practitioner_user_id=practitioner,
            last_message_at=clock.now(),
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(constraint="uq_conversations_pair")
        .returning(Conversation.id)
    )
    if made is not None:
        members = [{"conversation_id": made, "user_id": user_id} for user_id in (client, practitioner)]
        session.execute(insert(ConversationMember), members)
    pair = (Conversation.client_user_id == client, Conversation.practitioner_user_id == practitioner)
    conversation = session.scalars(
        select(Conversation).where(*pair).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one()
    return _write(session, actor, conversation, text, is_first=made is not None)


def send_message(session: Session, actor: Actor, conversation_id: uuid.UUID, body: str) -> Message:
    """Write into a conversation that the actor takes part in.

    Raises:
        NotFound: There is none for this actor; nobody of the desk writes in one.
        InvalidInput: There is nothing in it.
        Conflict: The other one's account is shut.
    """
    conversation = session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id, visible_conversations(actor))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    require(actor, Permission.CONVERSATION_WRITE)
    if conversation is None or actor.is_staff:
        raise NotFound("There is no such conversation, or it is not yours to see.")
    return _write(session, actor, conversation, _words(body))


def mark_conversation_read(session: Session, actor: Actor, conversation_id: uuid.UUID, until: datetime | None) -> None:
    """Say up to which message the actor has read, that he has the page open, and that he knows what he was told of it.

    The mark never goes back, and a page that says the same again within seconds changes nothing.

    Raises:
        NotFound: He takes no part in it.
    """
    require(actor, Permission.CONVERSATION_WRITE)
    own = select(Conversation.last_message_at).where(Conversation.id == conversation_id, visible_conversations(actor))
    last = session.scalar(own)
    if last is None or actor.is_staff:
        raise NotFound("There is no such conversation, or it is not yours to see.")
    read = min(until, last) if until is not None else None
    member = ConversationMember
    stale = [member.seen_at.is_(None), member.seen_at <= clock.now() - AT_MOST_EVERY]
    if read is not None:
        stale += [member.read_until.is_(None), member.read_until < read]
    session.execute(
        update(member)
        .where(member.conversation_id == conversation_id, member.user_id == actor.user_id, or_(*stale))
        .values(read_until=func.greatest(member.read_until, read), seen_at=clock.now())
    )
    session.execute(
        update(Notification)
        .where(
            Notification.record_id == conversation_id,
            Notification.read_at.is_(None),
            Notification.kind == NoticeKind.MESSAGE,
            # Also what the console does not show him: it has no place in a digest any more.
            Notification.user_id == actor.user_id,
        )
        .values(read_at=clock.now())
    )


def _write(session: Session, actor: Actor, conversation: Conversation, text: str, *, is_first: bool = False) -> Message:
    """Write into a conversation that is locked: each message is later than the one before, so marks are exact."""
    members = (conversation.client_user_id, conversation.practitioner_user_id)
    other_id = next(key for key in members if key != actor.user_id)
    other = session.get_one(User, other_id)
    if not other.is_active or other.erased_at is not None:
        raise Conflict(f"Nothing was sent: the account of {other.name} is closed. Write to us in a ticket.")
    at = conversation.last_message_at
    if not is_first:
        at = max(clock.now(), at + timedelta(microseconds=1))
    message = Message(conversation_id=conversation.id, author_id=actor.user_id, body=text, created_at=at)
    session.add(message)
    conversation.last_message_at = at
    session.flush()
    _tell(session, actor, conversation, other_id)
    member = ConversationMember
    session.execute(
        update(member)
        .where(member.conversation_id == conversation.id, member.user_id == actor.user_id)
        .values(read_until=at, seen_at=clock.now())
    )
    return message


def _tell(session: Session, actor: Actor, conversation: Conversation, user_id: uuid.UUID) -> None:
    """Tell the other side of the first message that he has not read; of further ones nothing, until he has.

    What he was told is kept under the mark up to which he has read: it stands still as long as he reads nothing, so
    each further message would tell the same again, which tells nothing. Who has the page open at this moment reads it
    there. The words themselves stay out of it: a mail cannot be taken back, and a message can be hidden.
    """
    mark = session.execute(
        select(ConversationMember.read_until, ConversationMember.seen_at).where(
            ConversationMember.conversation_id == conversation.id, ConversationMember.user_id == user_id
        )
    ).one()
    if mark.seen_at is not None and mark.seen_at > clock.now() - PRESENT:
        return
    tell(
        session,
        actor,
        user_id,
        letters.WRITTEN,
        about=conversation.id,
        once=f"conversation:{conversation.id}:{mark.read_until.isoformat() if mark.read_until else 'never'}",
        author=actor.name,
    )


def _words(body: str) -> str:
    """Return what was written, without blanks around it; marks that nobody sees are no words."""
    text = body.strip()
    if all(unicodedata.category(sign)[0] in "CZ" for sign in text):
        raise InvalidInput("Write something first.")
    return text
