"""A client and the practitioner he wrote to, and what became of their conversation."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae.enums import Role
from avenrae.models import Conversation, ConversationReading, Message, Notification, OutboxMail, Ticket
from avenrae.permissions import Actor
from avenrae.queries.conversations import list_private_messages
from avenrae.services.conversations import start_conversation
from tests import make

SYSTEM = Actor.system("Test")
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
