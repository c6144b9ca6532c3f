"""The navigation table: every screen, where it stands and who has it."""

from collections.abc import Iterable
from dataclasses import dataclass

from avenrae.enums import Role
from avenrae.permissions import Actor

_ALL = frozenset(Role)
_STAFF = frozenset({Role.SUPPORT, Role.ADMIN})


@dataclass(frozen=True)
class Screen:
    """One script of `pages/`; a hidden one is opened by its deep link, not from the menu."""

    script: str
    title: str
    url_path: str
    icon: str
    roles: frozenset[Role]
    hidden: bool = False

    @property
    def section(self) -> str:
        """The heading it stands under, which is also its folder."""
        return self.script.split("/")[0].capitalize()


SCREENS: tuple[Screen, ...] = (
    Screen("office/home", "Home", "", "home", _ALL),
    Screen("office/account", "My account", "account", "account_circle", _ALL),
    Screen("care/map", "Practitioner map", "map", "map", _STAFF),
    Screen("care/practitioners", "Practitioners", "practitioners", "groups", frozenset({*_STAFF, Role.CLIENT})),
    Screen("care/practitioner", "Practitioner", "practitioner", "person", _ALL, hidden=True),
    Screen("care/bookings", "Bookings", "bookings", "event", _ALL),
    Screen("care/booking", "Booking", "booking", "event", _ALL, hidden=True),
    Screen("care/new_booking", "New booking", "new-booking", "add", _STAFF, hidden=True),
    Screen(
        "store/inventory",
        "Inventory",
        "inventory",
        "inventory_2",
        frozenset({Role.ADMIN, Role.PRACTITIONER, Role.CLIENT}),
    ),
    Screen(
        "store/product",
        "Product",
        "product",
        "inventory_2",
        frozenset({Role.ADMIN, Role.PRACTITIONER, Role.CLIENT}),
        hidden=True,
    ),
    Screen("store/orders", "Orders", "orders", "shopping_bag", frozenset({*_STAFF, Role.CLIENT})),
    Screen("store/order", "Order", "order", "shopping_bag", frozenset({*_STAFF, Role.CLIENT}), hidden=True),
    Screen("insights/overview", "Overview", "overview", "monitoring", frozenset({Role.ADMIN, Role.PRACTITIONER})),
)
_BY_SCRIPT = {screen.script: screen for screen in SCREENS}


def screen(script: str) -> Screen:
    """Return the screen of a script, such as `care/booking`."""
    return _BY_SCRIPT[script]


def screens_of(actor: Actor) -> Iterable[Screen]:
    """Return the screens of the actor's role, in the order of the table."""
    return (s for s in SCREENS if actor.role in s.roles)
