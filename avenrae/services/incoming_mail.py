"""What becomes of a mail that comes in: filed in a ticket, a ticket of its own, or kept aside with a reason.

A reply is filed where the address it was sent to says, and only if that address was given to this sender: the
signature is made of the ticket and of the reader. Without one, a known person's mail opens a ticket. The From of a
mail proves nobody's identity, so what staff send is an internal note, and the channel shows with every message.
"""

import uuid
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import MailVerdict, Role, TicketChannel, TicketStatus
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.integrations.incoming import IncomingMail
from avenrae.models import IncomingMailRow, Ticket, TicketMessage, User
from avenrae.permissions import Actor, Permission, require
from avenrae.reply_address import is_signed, ticket_named
from avenrae.services.ticket_files import LARGEST, MOST, NewFile, content_type_of, safe_name
from avenrae.services.tickets import open_ticket, write_message
from avenrae.settings import settings

MOST_AN_HOUR = 20
"""So many mails of one sender are filed in an hour; a mail bomb fills a list, not the queue."""
_KEPT_TEXT = 20_000
_FILED = (MailVerdict.REPLIED, MailVerdict.OPENED)


def receive_mail(session: Session, actor: Actor, mail: IncomingMail) -> IncomingMailRow | None:
    """File a mail once, whatever happens around it; None where it was received before.

    `actor` is the system; what the mail causes is done in the name of its sender.
    """
    row_id = session.execute(
        insert(IncomingMailRow)
        .values(
            message_id=mail.key,
            sender=mail.sender[:254],
            subject=mail.subject,
            body="",
            received_at=clock.now(),
            verdict=MailVerdict.SET_ASIDE,
        )
        .on_conflict_do_nothing()
        .returning(IncomingMailRow.id)
    ).scalar()
    if row_id is None:
        return None
    row = session.get_one(IncomingMailRow, row_id)
    row.verdict, row.reason = _judge(session, mail, row)
    if row.verdict == MailVerdict.SET_ASIDE:
        row.body = mail.text[:_KEPT_TEXT]
    session.flush()
    return row


def file_mail_for(
    session: Session, actor: Actor, mail_id: uuid.UUID, *, requester_id: uuid.UUID | None, subject: str
) -> Ticket:
    """Open a ticket for somebody from a mail that was set aside; its words are told to be those of the mail's sender.

    Raises:
        Conflict: Somebody has seen to the mail already.
        InvalidInput: Nobody was chosen, there is no subject, or there are no words.
    """
    row = _aside(session, actor, mail_id)
    if not row.body:
        raise InvalidInput("There are no words in this mail. Put it away instead.")
    body = f"From {row.sender or 'an address that was not said'}:\n\n{row.body}"
    ticket = open_ticket(
        session, actor, subject=subject, body=body, requester_id=requester_id, channel=TicketChannel.EMAIL
    )
    row.verdict, row.ticket_id, row.body = MailVerdict.OPENED, ticket.id, ""
    session.flush()
    return ticket


def put_mail_away(session: Session, actor: Actor, mail_id: uuid.UUID) -> IncomingMailRow:
    """Say of a mail that was set aside that there is nothing to do about it; its words are forgotten.

    Raises:
        Conflict: Somebody has seen to it already.
    """
    row = _aside(session, actor, mail_id)
    row.verdict, row.body = MailVerdict.IGNORED, ""
    session.flush()
    return row


def _aside(session: Session, actor: Actor, mail_id: uuid.UUID) -> IncomingMailRow:
    require(actor, Permission.TICKET_WORK)
    query = select(IncomingMailRow).where(IncomingMailRow.id == mail_id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("There is no such mail.")
    if row.verdict != MailVerdict.SET_ASIDE:
        raise Conflict("Somebody has seen to this mail already.")
    return row


def _judge(session: Session, mail: IncomingMail, row: IncomingMailRow) -> tuple[MailVerdict, str]:
    if mail.sender == settings().support_address.lower():
        return MailVerdict.IGNORED, "It came from our own address."
    if mail.automatic:
        return MailVerdict.IGNORED, f"A machine wrote it ({mail.automatic})."
    sender = session.execute(
        select(User).where(func.lower(User.email) == mail.sender, User.is_active, User.erased_at.is_(None))
    ).scalar_one_or_none()
    if sender is None or not mail.sender:
        return MailVerdict.SET_ASIDE, "Nobody we know has this address."
    if _filed_lately(session, mail.sender) >= MOST_AN_HOUR:
        return MailVerdict.SET_ASIDE, f"More than {MOST_AN_HOUR} mails came from this address within an hour."
    files, left_out = _files(mail)
    text = "\n\n".join(filter(None, (mail.text, left_out)))
    if not text:
        return MailVerdict.IGNORED, "There was nothing in it."
    who = _actor_of(sender)
    if (ticket := _answered(session, mail, sender.id)) is not None:
        message = _reply(session, who, ticket, text, mail.key, files)
        if message is not None:
            row.ticket_id = message.ticket_id
            return MailVerdict.REPLIED, ""
    if who.is_staff:
        return MailVerdict.SET_ASIDE, "Staff open tickets in the console, for the person they are about."
    ticket = open_ticket(
        session,
        who,
        subject=mail.subject or "Without a subject",
        body=text,
        channel=TicketChannel.EMAIL,
        files=files,
    )
    row.ticket_id = ticket.id
    return MailVerdict.OPENED, ""


def _answered(session: Session, mail: IncomingMail, user_id: uuid.UUID) -> Ticket | None:
    """Return the ticket that an address of the mail names, if it was given to this sender."""
    for address in mail.recipients:
        if (named := ticket_named(address)) is not None:
            ticket = session.scalars(select(Ticket).where(Ticket.number == named[0])).one_or_none()
            if ticket is not None and is_signed(named[1], ticket.id, user_id):
                return ticket
    return None


def _reply(
    session: Session, who: Actor, ticket: Ticket, text: str, key: str, files: list[NewFile]
) -> TicketMessage | None:
    """File a reply; None where the ticket takes none any more and the mail becomes a ticket of its own."""
    target = ticket
    while target.merged_into_id is not None:
        target = session.get_one(Ticket, target.merged_into_id)
    if target.status == TicketStatus.CLOSED and not who.is_staff:
        return None
    return write_message(
        session,
        who,
        target.id,
        text,
        is_internal=who.is_staff,
        channel=TicketChannel.EMAIL,
        email_message_id=key,
        files=files,
    )


def _files(mail: IncomingMail) -> tuple[list[NewFile], str]:
    """Return the files that are taken, and a sentence about those that are not."""
    taken: list[NewFile] = []
    left: list[str] = []
    for name, content in mail.files:
        safe = safe_name(name)
        try:
            content_type_of(safe, content)
            fits = 0 < len(content) <= LARGEST and len(taken) < MOST
        except InvalidInput:
            fits = False
        if fits:
            taken.append(NewFile(name, content))
        else:
            left.append(safe)
    return taken, f"(Not taken from the mail: {', '.join(left[:10])}.)" if left else ""


def _filed_lately(session: Session, sender: str) -> int:
    query = select(func.count()).where(
        IncomingMailRow.sender == sender,
        IncomingMailRow.received_at > clock.now() - timedelta(hours=1),
        IncomingMailRow.verdict.in_(_FILED),
    )
    return session.execute(query).scalar_one()


def _actor_of(user: User) -> Actor:
    return Actor(user_id=user.id, role=Role(user.role), name=user.name, email=user.email, time_zone=user.time_zone)
