"""Tables: columns, constraints, relationships. No behaviour."""

from avenrae.models.base import Base
from avenrae.models.identity import (
    Consent,
    OauthAccount,
    RefreshToken,
    SignInAttempt,
    SignInSession,
    User,
    VerificationToken,
)
from avenrae.models.money import LedgerEntry, LedgerHour, Payout, StripeEvent, Subscription, Transaction
from avenrae.models.operations import AuditEntry, FormToken, ImportBatch, ImportRow
from avenrae.models.people import Client, Favourite, Practitioner
from avenrae.models.scheduling import (
    AvailabilityOverride,
    AvailabilityRule,
    BlockedPeriod,
    Booking,
    BookingWaitlist,
    BusyCalendar,
    BusyTime,
    Review,
    Service,
)
from avenrae.models.store import (
    Cart,
    CartItem,
    Coupon,
    CouponRedemption,
    Order,
    OrderItem,
    Product,
    StockMovement,
    WishlistItem,
)

__all__ = [
    "AuditEntry",
    "AvailabilityOverride",
    "AvailabilityRule",
    "Base",
    "BlockedPeriod",
    "Booking",
    "BookingWaitlist",
    "BusyCalendar",
    "BusyTime",
    "Cart",
    "CartItem",
    "Client",
    "Consent",
    "Coupon",
    "CouponRedemption",
    "Favourite",
    "FormToken",
    "ImportBatch",
    "ImportRow",
    "LedgerEntry",
    "LedgerHour",
    "OauthAccount",
    "Order",
    "OrderItem",
    "Payout",
    "Practitioner",
    "Product",
    "RefreshToken",
    "Review",
    "Service",
    "SignInAttempt",
    "SignInSession",
    "StockMovement",
    "StripeEvent",
    "Subscription",
    "Transaction",
    "User",
    "VerificationToken",
    "WishlistItem",
]
