"""What is opened and as whom: every screen of the navigation table, with the views of it that could be slow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine, text

from avenrae.enums import Role
from avenrae.ui.navigation import SCREENS


@dataclass(frozen=True)
class Target:
    """One view of a screen as one role."""

    role: Role
    script: str
    view: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in the tables."""
        return f"{self.script} {self.view}".strip()


_NEAR = {"lat": "-33.92", "lon": "18.42", "km": "50"}
_VIEWS: dict[str, dict[str, dict[str, str]]] = {
    "office/home": {"": {}},
    "office/account": {"": {}},
    "office/mail": {
        "first page": {},
        "page 500": {"page": "500"},
        "failed": {"status": "failed"},
        "searched person": {"q": "zanele mkhize"},
        "searched name": {"q": "dlamini"},
        "by address": {"sort": "to"},
    },
    "office/told": {"": {}, "a name": {"q": "dlamini"}},
    "care/map": {
        "everybody": {},
        "50 km": {"place": "-33.92, 18.42"},
        "density": {"layer": "density"},
        "a kind": {"kind": "medium"},
    },
    "care/practitioners": {
        "first page": {},
        "page 50": {"page": "50"},
        "filtered": {"kind": "healer", "availability": "available"},
        "searched": {"q": "dream"},
        "searched, rare": {"q": "llewellyn"},
        "50 km": _NEAR,
        "by rating": {"sort": "-rating"},
        "by rate": {"sort": "price"},
        "a specialty": {"specialty": "grief"},
        "around a town": {"place": "stellenbosch", "km": "25"},
        "free soonest": {**_NEAR, "sort": "free", "kind": "healer"},
    },
    "care/bookings": {
        "first page": {},
        "page 500": {"page": "500"},
        "last page": {"page": "2000"},
        "requests": {"status": "pending"},
        "past month, done": {"status": "completed", "when": "past-30"},
        "unpaid": {"payment": "unpaid"},
        "searched name": {"q": "dlamini"},
        "searched person": {"q": "zanele mkhize"},
        "searched reference": {"q": "B-123456"},
        "by reference": {"sort": "reference"},
    },
    "care/new_booking": {"": {}},
    "care/reviews": {
        "flagged": {},
        "first page": {"show": "all"},
        "page 500": {"show": "all", "page": "500"},
        "kept back": {"show": "waiting"},
        "one star": {"show": "all", "rating": "1"},
        "searched person": {"show": "all", "q": "zanele mkhize"},
        "by rating": {"show": "all", "sort": "rating"},
    },
    "care/waiting_list": {
        "first page": {},
        "page 100": {"page": "100"},
        "waiting": {"status": "waiting"},
        "searched name": {"q": "dlamini"},
        "by joining": {"sort": "joined_at"},
    },
    "store/inventory": {
        "first page": {},
        "page 500": {"page": "500"},
        "running low": {"stock": "low"},
        "out of stock": {"stock": "out"},
        "a type": {"type": "book"},
        "searched": {"q": "rose quartz"},
        "searched SKU": {"q": "AV-031415"},
        "by price": {"sort": "-price"},
    },
    "store/orders": {
        "first page": {},
        "page 500": {"page": "500"},
        "last page": {"page": "2000"},
        "to send": {"status": "paid"},
        "refunded": {"payment": "refunded"},
        "past month": {"when": "past-30"},
        "searched name": {"q": "dlamini"},
        "searched reference": {"q": "O-123456"},
        "by total": {"sort": "-total"},
    },
    "support/queue": {
        "all open": {},
        "mine": {"view": "mine"},
        "everything": {"view": "all"},
        "page 500": {"view": "all", "page": "500"},
        "breaching soon": {"view": "soon"},
        "a tag": {"view": "all", "tag": "vip"},
        "searched": {"view": "all", "q": "quetzal"},
        "searched, common": {"view": "all", "q": "session"},
        "searched name": {"view": "all", "q": "dlamini"},
    },
    "support/conversations": {
        "first page": {},
        "unread": {"show": "unread"},
        "searched name": {"q": "dlamini"},
    },
    "support/reported": {
        "to decide": {},
        "all": {"show": "all"},
    },
    "insights/overview": {
        "6 months": {},
        "everything": {"period": "all"},
        "12 months, restated": {"period": "12-months", "restated": "true"},
        "in pounds": {"currency": "GBP"},
        "refunds": {"kind": "refund"},
        "page 100": {"page": "100"},
    },
    "insights/support": {
        "30 days": {},
        "3 months": {"period": "3-months"},
        "broken promises": {"period": "3-months", "of": "broken"},
        "open now": {"of": "backlog"},
        "a category": {"period": "3-months", "category": "booking"},
    },
}
_PLAIN: dict[str, dict[str, str]] = {"": {}}
"""How a screen is opened of which nothing is said here."""
_OWN_LISTS = ("page 500", "last page", "page 100")
_DETAILS = {
    "care/booking": "SELECT b.id FROM bookings b WHERE {} ORDER BY b.starts_at DESC LIMIT 1",
    "care/practitioner": "SELECT p.id FROM practitioners p WHERE p.verification_status = 'approved'"
    " ORDER BY p.booking_count DESC, p.id LIMIT 1",
    "care/review": "SELECT r.id FROM reviews r WHERE r.status = 'published' AND {} ORDER BY r.created_at DESC LIMIT 1",
    "store/product": "SELECT i.product_id FROM (SELECT product_id FROM order_items LIMIT 200000) i JOIN products p"
    " ON p.id = i.product_id AND p.is_active GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    "support/client": "SELECT client_id FROM bookings GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    "support/ticket": "SELECT t.id FROM tickets t WHERE {} ORDER BY t.created_at DESC LIMIT 1",
    "support/conversation": "SELECT c.id FROM conversations c WHERE {} ORDER BY c.last_message_at DESC LIMIT 1",
    "store/order": "SELECT o.id FROM orders o WHERE o.status = 'fulfilled' AND {} ORDER BY o.placed_at DESC LIMIT 1",
}
_PARTS: dict[str, dict[str, dict[str, str]]] = {
    "support/ticket": {"clocks": {"part": "Clocks"}, "history": {"part": "History"}},
}
"""Parts of a record that staff open beside its first one."""
_OWN = {
    Role.CLIENT: "client_id = (SELECT id FROM clients WHERE user_id = :user)",
    Role.PRACTITIONER: "practitioner_id = (SELECT id FROM practitioners WHERE user_id = :user)",
}


_ASKED = "t.requester_id = :user"
_TAKES_PART = "(c.client_user_id = :user OR c.practitioner_user_id = :user)"
_OWNED = {"support/ticket": _ASKED, "support/conversation": _TAKES_PART}
_EVERYBODYS = {"support/conversation": "c.id IN (SELECT conversation_id FROM tickets)"}
_LINKS = "SELECT id FROM tickets WHERE conversation_id = :key ORDER BY created_at DESC LIMIT 1"


@dataclass(frozen=True)
class SignedIn:
    """Who opens the pages of a role: the cookie's token and the user."""

    token: str
    user_id: str


def people_of(engine: Engine) -> dict[Role, SignedIn]:
    """Return the busiest of the bench's people of each role, with its sign-in made fresh."""
    found = {}
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE sessions SET last_seen_at = now() WHERE user_agent = 'bench'"))
        for role in Role:
            number, user = connection.execute(
                text(
                    "SELECT n, s.user_id FROM generate_series(0, 99) n"
                    " JOIN sessions s ON s.token_hash = sha256(('bench-' || :role || '-' || n)::bytea)"
                    " LEFT JOIN clients c ON c.user_id = s.user_id"
                    " ORDER BY (SELECT count(*) FROM bookings b WHERE b.client_id = c.id)"
                    " + (SELECT count(*) FROM orders o WHERE o.client_id = c.id) DESC, n LIMIT 1"
                ),
                {"role": role.value},
            ).one()
            found[role] = SignedIn(f"bench-{role}-{number}", str(user))
    return found


def targets(engine: Engine, people: Mapping[Role, SignedIn]) -> list[Target]:
    """Return every view of every screen for each role that has it, in the order of the navigation table."""
    return list(_targets(engine, people))


def _targets(engine: Engine, people: Mapping[Role, SignedIn]) -> Iterator[Target]:
    with engine.connect() as connection:
        for screen in SCREENS:
            for role in (r for r in Role if r in screen.roles):
                if screen.script in _DETAILS:
                    own = _OWNED.get(screen.script) or _OWN.get(role)
                    everybodys = _EVERYBODYS.get(screen.script, "true")
                    query = _DETAILS[screen.script].format(own if role in _OWN and own else everybodys)
                    key = connection.execute(text(query), {"user": people[role].user_id}).scalar()
                    if key is not None:
                        params = {"id": str(key)}
                        if screen.script == "support/conversation" and role not in _OWN:
                            params["ticket"] = str(connection.execute(text(_LINKS), {"key": key}).scalar_one())
                        yield Target(role, screen.script, "", screen.url_path, params)
                        for part, more in _PARTS.get(screen.script, {}).items() if role not in _OWN else ():
                            yield Target(role, screen.script, part, screen.url_path, {**params, **more})
                    continue
                for view, params in _VIEWS.get(screen.script, _PLAIN).items():
                    is_own = role in _OWN and screen.script not in ("store/inventory", "care/practitioners")
                    if not (is_own and view in _OWN_LISTS):
                        yield Target(role, screen.script, view, screen.url_path, params)
