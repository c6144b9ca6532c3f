"""The navigation table: every screen, where it stands and who has it."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from avenrae.enums import Role
from avenrae.permissions import Actor
from avenrae.settings import settings

_ALL = frozenset(Role)
_STAFF = frozenset({Role.SUPPORT, Role.ADMIN})


@dataclass(frozen=True)
class Screen:
    """One script of `pages/`: its title, its address, its icon, who has it, and in whose menu it stands.

    What is in nobody's menu is opened from a list or by its deep link. `titles` are what it is called by the roles
    that find something else there, such as a practitioner only his own.
    """

    script: str
    title: str
    url_path: str
    icon: str
    roles: frozenset[Role]
    menu: frozenset[Role] | None = None
    titles: Mapping[Role, str] = field(default_factory=dict)

    @property
    def section(self) -> str:
        """The heading it stands under, which is also its folder."""
        return self.script.split("/")[0].capitalize()

    def title_for(self, role: Role) -> str:
        """Return what a role calls it."""
        return self.titles.get(role, self.title)

    def is_in_menu_of(self, role: Role) -> bool:
        """Return whether a role finds it in the menu."""
        return role in (self.roles if self.menu is None else self.menu)


_NOBODY: frozenset[Role] = frozenset()
_CLIENT = frozenset({Role.CLIENT})
_PRACTITIONER = frozenset({Role.PRACTITIONER})
_OWNERS = frozenset({Role.ADMIN, Role.PRACTITIONER})
_KEEPERS = frozenset({*_STAFF, Role.PRACTITIONER})
_SHOPPERS = frozenset({Role.ADMIN, Role.PRACTITIONER, Role.CLIENT})

_OUTSIDE = frozenset({Role.PRACTITIONER, Role.CLIENT})
_PRODUCTS = dict.fromkeys(_OUTSIDE, "Products")

SCREENS: tuple[Screen, ...] = (
    Screen("office/home", "Home", "", "home", _ALL),
    Screen("office/notifications", "Notifications", "notifications", "notifications", _ALL),
    Screen("office/account", "My account", "account", "account_circle", _ALL),
    Screen("office/mail", "E-mails sent", "mail", "outgoing_mail", _STAFF),
    Screen("office/told", "Who was told?", "told", "contact_support", _STAFF),
    Screen("care/map", "Practitioner map", "map", "map", _STAFF),
    Screen("care/practitioners", "Practitioners", "practitioners", "groups", frozenset({*_STAFF, Role.CLIENT})),
    Screen(
        "care/practitioner",
        "Practitioner",
        "practitioner",
        "person",
        _ALL,
        _PRACTITIONER,
        {Role.PRACTITIONER: "My profile"},
    ),
    Screen("care/bookings", "Bookings", "bookings", "event", _ALL),
    Screen("care/calendar", "Calendar", "calendar", "calendar_month", _ALL),
    Screen("care/booking", "Booking", "booking", "event", _ALL, _NOBODY),
    Screen("care/new_booking", "New booking", "new-booking", "add", frozenset({*_STAFF, Role.CLIENT}), _CLIENT),
    Screen("care/waiting_list", "Waiting list", "waiting-list", "hourglass", _ALL),
    Screen("care/availability", "Availability", "availability", "schedule", _KEEPERS, _PRACTITIONER),
    Screen("care/services", "Services", "services", "sell", _OWNERS, _PRACTITIONER),
    Screen("care/reviews", "Reviews", "reviews", "reviews", _ALL),
    Screen("care/review", "Review", "review", "rate_review", _ALL, _NOBODY),
    Screen("store/inventory", "Inventory", "inventory", "inventory_2", _SHOPPERS, titles=_PRODUCTS),
    Screen("store/product", "Product", "product", "inventory_2", _SHOPPERS, _NOBODY),
    Screen("store/orders", "Orders", "orders", "shopping_bag", frozenset({*_STAFF, Role.CLIENT})),
    Screen("store/order", "Order", "order", "shopping_bag", frozenset({*_STAFF, Role.CLIENT}), _NOBODY),
    Screen("support/queue", "Ticket queue", "tickets", "support_agent", _STAFF),
    Screen("support/conversations", "Messages", "messages", "chat", _OUTSIDE),
    Screen("support/conversation", "Conversation", "conversation", "chat", _ALL, _NOBODY),
    Screen("support/my_tickets", "My tickets", "my-tickets", "support_agent", _OUTSIDE),
    Screen("support/ticket", "Ticket", "ticket", "support_agent", _ALL, _NOBODY),
    Screen("support/client", "Client", "client", "person_search", _STAFF, _NOBODY),
    Screen("support/reported", "Reported messages", "reported-messages", "flag", _STAFF),
    Screen("support/mails", "Incoming mail", "incoming-mail", "mail", _STAFF),
    Screen("support/refund_requests", "Refund requests", "refund-requests", "undo", _STAFF),
    Screen("support/desk", "Desk settings", "desk", "tune", _STAFF),
    Screen(
        "insights/overview",
        "Overview",
        "overview",
        "monitoring",
        frozenset({Role.ADMIN, Role.PRACTITIONER}),
        titles={Role.PRACTITIONER: "My figures"},
    ),
    Screen("insights/support", "Support figures", "support-figures", "insights", _STAFF),
)
_BY_SCRIPT = {screen.script: screen for screen in SCREENS}


def screen(script: str) -> Screen:
    """Return the screen of a script, such as `care/booking`."""
    return _BY_SCRIPT[script]


def title_of(script: str, actor: Actor) -> str:
    """Return what the actor's role calls a screen."""
    return screen(script).title_for(actor.role)


def address_of(script: str, record_id: uuid.UUID | None = None) -> str:
    """Return where a screen is reached from outside the console, or nothing where that was not set."""
    found, base = _BY_SCRIPT.get(script), settings().public_url
    if found is None or not base:
        return ""
    return f"{base}/{found.url_path}" + (f"?id={record_id}" if record_id else "")


def screens_of(actor: Actor) -> Iterable[Screen]:
    """Return the screens of the actor's role, in the order of the table."""
    return (s for s in SCREENS if actor.role in s.roles)
