"""The closed sets of words; each is a text column with a CHECK of the same words."""

from enum import StrEnum


class Role(StrEnum):
    CLIENT = "client"
    PRACTITIONER = "practitioner"
    SUPPORT = "support"
    ADMIN = "admin"


class TokenPurpose(StrEnum):
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105
    INVITE = "invite"


class PractitionerKind(StrEnum):
    HEALER = "healer"
    PROPHET = "prophet"
    MEDIUM = "medium"
    ASTROLOGER = "astrologer"
    PSYCHOLOGIST = "psychologist"


class VerificationStatus(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"


class AvailabilityStatus(StrEnum):
    AVAILABLE = "available"
    BUSY = "busy"
    OFFLINE = "offline"


class DocumentKind(StrEnum):
    IDENTITY = "identity"
    CERTIFICATE = "certificate"
    INSURANCE = "insurance"
    POLICE_CLEARANCE = "police_clearance"
    OTHER = "other"


class DocumentVerdict(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Delivery(StrEnum):
    IN_PERSON = "in_person"
    ONLINE = "online"
    BOTH = "both"


class CancellationPolicy(StrEnum):
    FLEXIBLE = "flexible"
    MODERATE = "moderate"
    STRICT = "strict"


class BookingStatus(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class PaymentStatus(StrEnum):
    UNPAID = "unpaid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


class CancelledBy(StrEnum):
    CLIENT = "client"
    PRACTITIONER = "practitioner"
    STAFF = "staff"
    SYSTEM = "system"


class WaitlistStatus(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    EXPIRED = "expired"
    LEFT = "left"


class ReviewStatus(StrEnum):
    """A waiting review is kept back until the other side has written too, or for a week."""

    WAITING = "waiting"
    PUBLISHED = "published"
    HIDDEN = "hidden"


class ReviewSide(StrEnum):
    """The two sides of a session, each of which may write about the other."""

    CLIENT = "client"
    PRACTITIONER = "practitioner"


class ProductType(StrEnum):
    CRYSTAL = "crystal"
    BOOK = "book"
    TOOL = "tool"
    SUPPLEMENT = "supplement"
    OTHER = "other"


class MovementReason(StrEnum):
    RECEIVED = "received"
    SOLD = "sold"
    RETURNED = "returned"
    ADJUSTED = "adjusted"
    DAMAGED = "damaged"
    COUNTED = "counted"


class OrderKind(StrEnum):
    """A credit note takes goods back and refunds them under its own number, as a shop's books do."""

    SALE = "sale"
    CREDIT_NOTE = "credit_note"


class OrderStatus(StrEnum):
    PENDING = "pending"
    PAID = "paid"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


class DiscountKind(StrEnum):
    PERCENT = "percent"
    FIXED = "fixed"


class TransactionKind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"
    PAYOUT = "payout"


class TransactionStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Provider(StrEnum):
    STRIPE = "stripe"
    MANUAL = "manual"


class LedgerKind(StrEnum):
    SALE = "sale"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"
    PAYOUT = "payout"


class LedgerSource(StrEnum):
    BOOKING = "booking"
    ORDER = "order"
    EVENT = "event"
    SUBSCRIPTION = "subscription"


class SubscriptionStatus(StrEnum):
    INACTIVE = "inactive"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELLED = "cancelled"


class PayoutStatus(StrEnum):
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


class ImportStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    UNDONE = "undone"


class TicketStatus(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class TicketPriority(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class TicketCategory(StrEnum):
    BOOKING = "booking"
    ORDER = "order"
    PAYMENT = "payment"
    ACCOUNT = "account"
    PRACTITIONER = "practitioner"
    OTHER = "other"


class TicketChannel(StrEnum):
    STAFF = "staff"
    CONSOLE = "console"
    EMAIL = "email"


class MoveKind(StrEnum):
    """How messages came to stand in another ticket than the one they were written in."""

    MERGE = "merge"
    SPLIT = "split"


class NoticeKind(StrEnum):
    """What a notice is about, as its reader would sort it."""

    BOOKING = "booking"
    REMINDER = "reminder"
    REVIEW = "review"
    WAITING_LIST = "waiting_list"
    PROFILE = "profile"
    ORDER = "order"
    TICKET = "ticket"
    REFUND = "refund"
    MESSAGE = "message"
    SECURITY = "security"
    DIGEST = "digest"
    """The mail of a day that lists other notices; no notice is of this kind itself."""


class NoticeChannel(StrEnum):
    CONSOLE = "console"
    EMAIL = "email"


class NoticeChoice(StrEnum):
    """In the console a kind of notice is on or off; by e-mail it comes now (at once), in the digest, or not at all."""

    ON = "on"
    NOW = "now"
    DIGEST = "digest"
    OFF = "off"


class MailRoute(StrEnum):
    """What becomes of a notice's e-mail: at once, after quiet hours, with the digest, switched off, or nowhere to."""

    NOW = "now"
    HELD = "held"
    DIGEST = "digest"
    OFF = "off"
    NO_ADDRESS = "no_address"


class MailStatus(StrEnum):
    """Kept: there is no server to send it by; failed: given up, and `error` says why."""

    WAITING = "waiting"
    SENT = "sent"
    KEPT = "kept"
    FAILED = "failed"


class MailVerdict(StrEnum):
    """What became of a mail that came in; what was set aside waits for somebody to look at it."""

    REPLIED = "replied"
    OPENED = "opened"
    SET_ASIDE = "set_aside"
    IGNORED = "ignored"
