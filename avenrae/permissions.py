"""Who may do what: the whole matrix of PRODUCT.md in one place. What is not named here is refused.

A permission says that a role may do something at all; to *which rows* is said by the `visible_*` scopes of
`avenrae/queries`, which narrow clients and practitioners to their own.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from avenrae.enums import Role
from avenrae.errors import NotPermitted


class Permission(StrEnum):
    """One thing that can be done; the part before the colon is the area."""

    ACCOUNT_EDIT = "account:edit"
    NOTIFICATION_READ = "notification:read"
    PRACTITIONER_VIEW = "practitioner:view"
    PRACTITIONER_EDIT = "practitioner:edit"
    PRACTITIONER_REVIEW = "practitioner:review"
    SERVICE_EDIT = "service:edit"
    AVAILABILITY_VIEW = "availability:view"
    AVAILABILITY_EDIT = "availability:edit"
    BOOKING_VIEW = "booking:view"
    BOOKING_CREATE = "booking:create"
    BOOKING_CREATE_SERIES = "booking:create_series"
    BOOKING_CONFIRM = "booking:confirm"
    BOOKING_DECLINE = "booking:decline"
    BOOKING_RESCHEDULE = "booking:reschedule"
    BOOKING_CANCEL = "booking:cancel"
    BOOKING_COMPLETE = "booking:complete"
    BOOKING_NO_SHOW = "booking:no_show"
    REVIEW_WRITE = "review:write"
    REVIEW_RESPOND = "review:respond"
    REVIEW_FLAG = "review:flag"
    REVIEW_HIDE = "review:hide"
    PRODUCT_VIEW = "product:view"
    PRODUCT_EDIT = "product:edit"
    STOCK_CHANGE = "stock:change"
    ORDER_VIEW = "order:view"
    ORDER_PLACE = "order:place"
    ORDER_FULFIL = "order:fulfil"
    ORDER_CANCEL = "order:cancel"
    PAYMENT_VIEW = "payment:view"
    PAYMENT_RECORD = "payment:record"
    PAYMENT_REFUND = "payment:refund"
    REFUND_DECIDE = "refund:decide"
    FIGURES_REVENUE = "figures:revenue"
    FIGURES_OPERATIONS = "figures:operations"
    CLIENT_VIEW = "client:view"
    CLIENT_ADD = "client:add"
    USER_VIEW = "user:view"
    USER_SUSPEND = "user:suspend"
    USER_RESET = "user:reset"
    USER_EDIT = "user:edit"
    DATA_IMPORT = "data:import"
    MAIL_VIEW = "mail:view"
    MAIL_SEND = "mail:send"
    TICKET_VIEW = "ticket:view"
    TICKET_OPEN = "ticket:open"
    TICKET_REPLY = "ticket:reply"
    TICKET_RATE = "ticket:rate"
    TICKET_WORK = "ticket:work"
    DESK_EDIT = "desk:edit"
    CONVERSATION_WRITE = "conversation:write"
    CONVERSATION_MODERATE = "conversation:moderate"


_P = Permission
MATRIX: dict[Role, frozenset[Permission]] = {
    Role.CLIENT: frozenset(
        {
            _P.ACCOUNT_EDIT,
            _P.NOTIFICATION_READ,
            _P.PRACTITIONER_VIEW,
            _P.BOOKING_VIEW,
            _P.BOOKING_CREATE,
            _P.BOOKING_RESCHEDULE,
            _P.BOOKING_CANCEL,
            _P.REVIEW_WRITE,
            _P.REVIEW_FLAG,
            _P.PRODUCT_VIEW,
            _P.ORDER_VIEW,
            _P.ORDER_PLACE,
            _P.PAYMENT_VIEW,
            _P.TICKET_VIEW,
            _P.TICKET_OPEN,
            _P.TICKET_REPLY,
            _P.TICKET_RATE,
            _P.CONVERSATION_WRITE,
        }
    ),
    Role.PRACTITIONER: frozenset(
        {
            _P.ACCOUNT_EDIT,
            _P.NOTIFICATION_READ,
            _P.PRACTITIONER_VIEW,
            _P.PRACTITIONER_EDIT,
            _P.SERVICE_EDIT,
            _P.AVAILABILITY_VIEW,
            _P.AVAILABILITY_EDIT,
            _P.BOOKING_VIEW,
            _P.BOOKING_CONFIRM,
            _P.BOOKING_DECLINE,
            _P.BOOKING_RESCHEDULE,
            _P.BOOKING_COMPLETE,
            _P.BOOKING_NO_SHOW,
            _P.REVIEW_WRITE,
            _P.REVIEW_RESPOND,
            _P.REVIEW_FLAG,
            _P.PRODUCT_VIEW,
            _P.PAYMENT_VIEW,
            _P.FIGURES_REVENUE,
            _P.TICKET_VIEW,
            _P.TICKET_OPEN,
            _P.TICKET_REPLY,
            _P.TICKET_RATE,
            _P.CONVERSATION_WRITE,
        }
    ),
    Role.SUPPORT: frozenset(
        {
            _P.ACCOUNT_EDIT,
            _P.NOTIFICATION_READ,
            _P.PRACTITIONER_VIEW,
            _P.AVAILABILITY_VIEW,
            _P.BOOKING_VIEW,
            _P.BOOKING_CREATE,
            _P.BOOKING_CREATE_SERIES,
            _P.BOOKING_CONFIRM,
            _P.BOOKING_RESCHEDULE,
            _P.BOOKING_CANCEL,
            _P.REVIEW_HIDE,
            _P.ORDER_VIEW,
            _P.ORDER_FULFIL,
            _P.ORDER_CANCEL,
            _P.PAYMENT_VIEW,
            _P.PAYMENT_REFUND,
            _P.FIGURES_OPERATIONS,
            _P.CLIENT_VIEW,
            _P.CLIENT_ADD,
            _P.USER_VIEW,
            _P.USER_RESET,
            _P.MAIL_VIEW,
            _P.TICKET_VIEW,
            _P.TICKET_OPEN,
            _P.TICKET_REPLY,
            _P.TICKET_WORK,
            _P.CONVERSATION_MODERATE,
        }
    ),
    Role.ADMIN: frozenset(Permission),
}
"""Client: *own* rows. Practitioner: *own* rows (figures too). Support and admin: all rows."""


@dataclass(frozen=True)
class Actor:
    """Who acts; `user_id` is None only for the system itself."""

    user_id: uuid.UUID | None
    role: Role
    name: str
    email: str = ""
    time_zone: str = "UTC"
    practitioner_id: uuid.UUID | None = None
    client_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None

    @classmethod
    def system(cls, name: str) -> "Actor":
        """Return the actor for work that no person started, such as an import or the demo world."""
        return cls(user_id=None, role=Role.ADMIN, name=name)

    @property
    def is_staff(self) -> bool:
        """Whether the actor sees everybody's rows: support, admins and the system."""
        return self.role in (Role.SUPPORT, Role.ADMIN)

    def may(self, permission: Permission) -> bool:
        """Return whether the role has this permission (to which rows is the scope's affair)."""
        return permission in MATRIX[self.role]


def require(actor: Actor, permission: Permission) -> None:
    """Refuse unless the actor's role has the permission.

    Raises:
        NotPermitted: It has not.
    """
    if not actor.may(permission):
        raise NotPermitted(
            f"Your role ({actor.role.value}) does not allow this. An admin can do it or change your role."
        )
