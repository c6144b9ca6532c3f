"""Messages between two people that one of them reports, what the desk decides, and that it read a conversation."""

import uuid

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import TicketCategory
from avenrae.errors import Conflict, NotFound
from avenrae.letters import conversations as letters
from avenrae.letters.event import Event
from avenrae.models import Conversation, ConversationReading, Message, Ticket, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import standing_readings, visible_messages
from avenrae.services.edits import written
from avenrae.services.telling import News, tell, tell_all
from avenrae.services.ticket_rows import lock_ticket
from avenrae.services.tickets import open_ticket


def report_message(session: Session, actor: Actor, message_id: uuid.UUID, reason: str) -> Ticket:
    """Ask the desk to look at what the other one wrote: opens a ticket that links to the conversation.

    The ticket holds the reason and not the words: those stay where they can be hidden. Once for each message.

    Raises:
        NotFound: The actor takes no part in the conversation.
        Conflict: He wrote it himself, or it was reported or hidden before.
        InvalidInput: No reason was given.
    """
    message = _locked(session, actor, message_id, Permission.CONVERSATION_WRITE)
    if actor.is_staff:
        raise NotFound("There is no such message, or it is not yours to see.")
    if message.author_id == actor.user_id:
        raise Conflict("You wrote this yourself. Write to us in a ticket if it should not be shown.")
    if message.reported_at is not None:
        raise Conflict("This message was reported before. The desk looks at each one once.")
    if message.hidden_at is not None:
        raise Conflict("The desk has hidden this message already.")
    why = written(reason, "Say what is wrong with it, so that the desk can decide.")
    conversation = session.get_one(Conversation, message.conversation_id)
    by_practitioner = message.author_id == conversation.practitioner_user_id
    ticket = open_ticket(
        session,
        actor,
        subject=f"A message of {session.get_one(User, message.author_id).name} was reported"[:200],
        body=why,
        category=TicketCategory.PRACTITIONER if by_practitioner else TicketCategory.OTHER,
    )
    ticket.conversation_id = conversation.id
    message.reported_at, message.report_reason, message.ticket_id = clock.now(), why, ticket.id
    session.flush()
    return ticket


def hide_message(session: Session, actor: Actor, message_id: uuid.UUID, reason: str) -> Message:
    """Hide a message that was reported, or that the actor reads through a ticket; both sides are told why.

    The other one sees only that it was hidden; who wrote it still reads his own words, to know which they were.

    Raises:
        NotFound: It was not reported, and the actor is not reading its conversation.
        Conflict: It is hidden already.
        InvalidInput: No reason was given.
    """
    message = _locked(session, actor, message_id, Permission.CONVERSATION_MODERATE)
    if message.hidden_at is not None:
        raise Conflict("This message is hidden already.")
    _decide(message, reason)
    message.hidden_at = clock.now()
    session.flush()
    _tell_both(session, actor, message, "hidden", letters.HIDDEN_OF_AUTHOR, letters.HIDDEN_OF_READER)
    return message


def keep_message(session: Session, actor: Actor, message_id: uuid.UUID, reason: str) -> Message:
    """Decide that a reported message stays; who reported it is told why.

    Raises:
        Conflict: No report of it is waiting for a decision.
        InvalidInput: No reason was given.
    """
    message = _locked(session, actor, message_id, Permission.CONVERSATION_MODERATE)
    if message.reported_at is None or message.decided_at is not None:
        raise Conflict("No report of this message is waiting for a decision.")
    _decide(message, reason)
    session.flush()
    _, reader = _people(session, message)
    tell(
        session,
        actor,
        reader.id,
        letters.REPORT_REFUSED,
        about=message.conversation_id,
        once=_moment("kept", message),
        reason=message.decision_reason or "",
    )
    return message


def restore_message(session: Session, actor: Actor, message_id: uuid.UUID, reason: str) -> Message:
    """Show a hidden message again; both sides are told why.

    Raises:
        Conflict: It is not hidden.
        InvalidInput: No reason was given.
    """
    message = _locked(session, actor, message_id, Permission.CONVERSATION_MODERATE)
    if message.hidden_at is None:
        raise Conflict("This message cannot be restored: it is not hidden.")
    _decide(message, reason)
    message.hidden_at = None
    session.flush()
    _tell_both(session, actor, message, "restored", letters.RESTORED_OF_AUTHOR, letters.RESTORED_OF_READER)
    return message


def open_conversation(session: Session, actor: Actor, ticket_id: uuid.UUID) -> uuid.UUID:
    """Say in writing that the actor reads the conversation that a ticket links to; returns its key.

    Without such a line, not older than `READING` (30 minutes), no query gives its words to anybody of the staff. Within
    that time it is one visit, and one line.

    Raises:
        NotFound: The ticket links to no conversation.
    """
    ticket = lock_ticket(session, actor, ticket_id, Permission.CONVERSATION_MODERATE)
    if ticket.conversation_id is None or actor.user_id is None:
        raise NotFound("This ticket is about no conversation.")
    readings = standing_readings(actor, literal(ticket.conversation_id)).where(
        ConversationReading.ticket_id == ticket.id
    )
    if session.execute(readings.limit(1)).first() is None:
        session.add(
            ConversationReading(
                conversation_id=ticket.conversation_id,
                ticket_id=ticket.id,
                reader_id=actor.user_id,
                read_at=clock.now(),
            )
        )
        session.flush()
    return ticket.conversation_id


def _locked(session: Session, actor: Actor, message_id: uuid.UUID, permission: Permission) -> Message:
    query = select(Message).where(Message.id == message_id, visible_messages(actor)).with_for_update(of=Message)
    message = session.scalar(query.execution_options(populate_existing=True))
    if message is None:
        raise NotFound("There is no such message, or it is not yours to see.")
    require(actor, permission)
    return message


def _decide(message: Message, reason: str) -> None:
    message.decision_reason = written(reason, "Say why, so that both sides can be told.")
    message.decided_at = clock.now()


def _people(session: Session, message: Message) -> tuple[User, User]:
    """Return who wrote a message and who received it."""
    conversation = session.get_one(Conversation, message.conversation_id)
    keys = {conversation.client_user_id, conversation.practitioner_user_id} - {message.author_id}
    return session.get_one(User, message.author_id), session.get_one(User, keys.pop())


def _tell_both(session: Session, actor: Actor, message: Message, what: str, to_author: Event, to_reader: Event) -> None:
    author, reader = _people(session, message)
    news = []
    for one, other, event in ((author, reader, to_author), (reader, author, to_reader)):
        words = {"other": other.name, "reason": message.decision_reason or ""}
        news.append(News(one.id, event, message.conversation_id, _moment(what, message), words))
    tell_all(session, actor, news)


def _moment(what: str, message: Message) -> str:
    return f"message-{what}:{message.id}:{message.decided_at}"
