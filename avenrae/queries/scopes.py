"""Which rows an actor may see: every query and every service starts from one of these conditions."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from avenrae import clock
from avenrae.enums import NoticeKind, ReviewSide, ReviewStatus, Role, VerificationStatus
from avenrae.models import (
    Booking,
    BookingWaitlist,
    Client,
    Conversation,
    ConversationReading,
    LedgerEntry,
    Message,
    Notification,
    Order,
    OutboxMail,
    Practitioner,
    PractitionerDocument,
    Product,
    Review,
    Service,
    Ticket,
    TicketMessage,
    Transaction,
    User,
)
from avenrae.permissions import Actor, Permission

READING = timedelta(minutes=30)
"""So long a line in `conversation_readings` lets its reader read on; after that he says again that he does."""
_linking = aliased(Ticket, name="linking")


def visible_bookings(actor: Actor) -> ColumnElement[bool]:
    """Staff: all; a practitioner: those with him; a client: his own."""
    if not actor.may(Permission.BOOKING_VIEW):
        return false()
    if actor.is_staff:
        return true()
    if actor.role is Role.PRACTITIONER:
        return _is_own(Booking.practitioner_id, actor.practitioner_id)
    return _is_own(Booking.client_id, actor.client_id)


def visible_waitlist(actor: Actor) -> ColumnElement[bool]:
    """Who waits: staff see all, a practitioner those who wait for him, a client himself."""
    if not actor.may(Permission.BOOKING_VIEW):
        return false()
    if actor.is_staff:
        return true()
    if actor.role is Role.PRACTITIONER:
        return _is_own(BookingWaitlist.practitioner_id, actor.practitioner_id)
    return _is_own(BookingWaitlist.client_id, actor.client_id)


def visible_practitioners(actor: Actor) -> ColumnElement[bool]:
    """Staff: all; a practitioner: himself; a client: the approved ones."""
    if not actor.may(Permission.PRACTITIONER_VIEW):
        return false()
    if actor.is_staff:
        return true()
    if actor.role is Role.PRACTITIONER:
        return _is_own(Practitioner.id, actor.practitioner_id)
    return Practitioner.verification_status == VerificationStatus.APPROVED


def visible_services(actor: Actor) -> ColumnElement[bool]:
    """The services of the practitioners the actor sees."""
    return Service.practitioner_id.in_(select(Practitioner.id).where(visible_practitioners(actor)))


def visible_documents(actor: Actor) -> ColumnElement[bool]:
    """Staff: all; a practitioner: his own; nobody else any."""
    if actor.is_staff:
        return true()
    if actor.role is Role.PRACTITIONER:
        return _is_own(PractitionerDocument.practitioner_id, actor.practitioner_id)
    return false()


def visible_clients(actor: Actor) -> ColumnElement[bool]:
    """Staff: all; a practitioner: those who ever booked him; a client: himself."""
    if actor.may(Permission.CLIENT_VIEW):
        return true()
    if actor.role is Role.PRACTITIONER:
        booked = select(Booking.client_id).where(_is_own(Booking.practitioner_id, actor.practitioner_id))
        return Client.id.in_(booked)
    return _is_own(Client.id, actor.client_id)


def visible_users(actor: Actor) -> ColumnElement[bool]:
    """Staff: all; anybody else: himself."""
    return true() if actor.may(Permission.USER_VIEW) else _is_own(User.id, actor.user_id)


def visible_reviews(actor: Actor) -> ColumnElement[bool]:
    """Staff: all. Whoever was there: what he wrote himself, and what is published about him. Others: what clients
    wrote and is published about a practitioner they see; never what is kept back or hidden.
    """
    if actor.may(Permission.REVIEW_HIDE):
        return true()
    if not actor.may(Permission.REVIEW_WRITE):
        return false()
    is_published = Review.status == ReviewStatus.PUBLISHED
    if actor.role is Role.PRACTITIONER:
        is_mine = Review.written_by == ReviewSide.PRACTITIONER
        return and_(_is_own(Review.practitioner_id, actor.practitioner_id), or_(is_mine, is_published))
    is_mine = Review.written_by == ReviewSide.CLIENT
    seen = Review.practitioner_id.in_(select(Practitioner.id).where(visible_practitioners(actor)))
    return or_(
        and_(_is_own(Review.client_id, actor.client_id), or_(is_mine, is_published)), and_(is_mine, is_published, seen)
    )


def visible_products(actor: Actor) -> ColumnElement[bool]:
    """Admins: all; whoever may look at products: the ones on sale."""
    if actor.may(Permission.PRODUCT_EDIT):
        return true()
    return Product.is_active.is_(True) if actor.may(Permission.PRODUCT_VIEW) else false()


def visible_orders(actor: Actor) -> ColumnElement[bool]:
    """Staff: all; a client: his own."""
    if not actor.may(Permission.ORDER_VIEW):
        return false()
    return true() if actor.is_staff else _is_own(Order.client_id, actor.client_id)


def visible_transactions(actor: Actor) -> ColumnElement[bool]:
    """Staff: all; a practitioner: of his bookings; a client: his own receipts."""
    if not actor.may(Permission.PAYMENT_VIEW):
        return false()
    if actor.is_staff:
        return true()
    if actor.role is Role.PRACTITIONER:
        own = select(Booking.id).where(visible_bookings(actor))
        return Transaction.booking_id.in_(own)
    return _is_own(Transaction.user_id, actor.user_id)


def visible_ledger(actor: Actor) -> ColumnElement[bool]:
    """Admins: the whole books; a practitioner: his own lines; support sees operations, no revenue."""
    if not actor.may(Permission.FIGURES_REVENUE):
        return false()
    return true() if actor.is_staff else _is_own(LedgerEntry.practitioner_id, actor.practitioner_id)


def visible_tickets(actor: Actor) -> ColumnElement[bool]:
    """Staff: all; anybody else: those he asked."""
    if not actor.may(Permission.TICKET_VIEW):
        return false()
    return true() if actor.is_staff else _is_own(Ticket.requester_id, actor.user_id)


def visible_ticket_messages(actor: Actor) -> ColumnElement[bool]:
    """The messages of the tickets the actor sees; internal notes are for staff."""
    if actor.is_staff and actor.may(Permission.TICKET_VIEW):
        return true()
    own = select(Ticket.id).where(visible_tickets(actor))
    return TicketMessage.ticket_id.in_(own) & TicketMessage.is_internal.is_(False)


def visible_conversations(actor: Actor) -> ColumnElement[bool]:
    """A client, a practitioner: those he takes part in; staff: those that a ticket links to, but no word of them."""
    if actor.is_staff:
        linked = select(_linking.id).where(_linking.conversation_id == Conversation.id)
        return linked.exists() if actor.may(Permission.CONVERSATION_MODERATE) else false()
    if not actor.may(Permission.CONVERSATION_WRITE):
        return false()
    if actor.role is Role.PRACTITIONER:
        return _is_own(Conversation.practitioner_user_id, actor.user_id)
    return _is_own(Conversation.client_user_id, actor.user_id)


def visible_messages(actor: Actor) -> ColumnElement[bool]:
    """Both members: all of theirs. Staff: what was reported; and all of a conversation that they have just said in
    writing to read (`services/moderation.py`), through a ticket that links to it still.
    """
    if not actor.is_staff:
        return Message.conversation_id.in_(select(Conversation.id).where(visible_conversations(actor)))
    if not actor.may(Permission.CONVERSATION_MODERATE):
        return false()
    return or_(Message.reported_at.is_not(None), standing_readings(actor, Message.conversation_id).exists())


def standing_readings(actor: Actor, conversation_id: ColumnElement[Any] | InstrumentedAttribute[Any]) -> Select[Any]:
    """Return when the actor said that he reads a conversation, as far as that lets him read now."""
    return (
        select(ConversationReading.read_at)
        .join(_linking, _linking.id == ConversationReading.ticket_id)
        .where(
            ConversationReading.conversation_id == conversation_id,
            ConversationReading.read_at > clock.now() - READING,
            _linking.conversation_id == ConversationReading.conversation_id,
            _is_own(ConversationReading.reader_id, actor.user_id),
        )
    )


def visible_refund_requests(actor: Actor) -> ColumnElement[bool]:
    """Whoever may give money back, sees what was asked for; nobody else does."""
    return true() if actor.is_staff and actor.may(Permission.PAYMENT_REFUND) else false()


def visible_client_notes(actor: Actor) -> ColumnElement[bool]:
    """What the desk keeps of people is for the desk."""
    return true() if actor.is_staff and actor.may(Permission.TICKET_WORK) else false()


def visible_notifications(actor: Actor) -> ColumnElement[bool]:
    """Everybody: what he himself was told in the console."""
    if not actor.may(Permission.NOTIFICATION_READ):
        return false()
    return and_(_is_own(Notification.user_id, actor.user_id), Notification.is_shown)


def visible_mails(actor: Actor) -> ColumnElement[bool]:
    """Admins: every mail that was written; support: those to clients, to practitioners and to himself."""
    return _told_outside(actor, OutboxMail.user_id)


def visible_tellings(actor: Actor) -> ColumnElement[bool]:
    """What others were told, shown to them or not, for who explains it to them: as with mails."""
    return _told_outside(actor, Notification.user_id)


def withheld_kinds(actor: Actor) -> frozenset[NoticeKind]:
    """Kinds of which the actor sees that somebody was told, but not in which words.

    What two people write to one another is read by staff only through a ticket, which is kept in the trail; what
    concerns an account's security may hold what opens it.
    """
    if actor.role is Role.ADMIN:
        return frozenset({NoticeKind.MESSAGE})
    return frozenset({NoticeKind.MESSAGE, NoticeKind.SECURITY})


def _told_outside(actor: Actor, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    if not actor.may(Permission.MAIL_VIEW):
        return false()
    if actor.role is Role.ADMIN:
        return true()
    # Those it is not for are few, and found by their role's index; everybody else is not.
    colleagues = select(User.id).where(User.role.in_((Role.SUPPORT, Role.ADMIN)), User.id != actor.user_id)
    return column.not_in(colleagues)


def _is_own(column: InstrumentedAttribute[Any], key: uuid.UUID | None) -> ColumnElement[bool]:
    """Whether a row belongs to a key; to nobody's key belongs nothing, not even the rows without one."""
    return false() if key is None else column == key
