"""What a page may ask of the database: at most twelve queries, however many rows it shows."""

from collections import Counter

import pytest

from avenrae.enums import Role
from avenrae.ui.navigation import SCREENS, Screen

pytestmark = pytest.mark.xdist_group("worlds")
MOST = 12
_ABOUT_NOTHING = (
    "SELECT m.ticket_id FROM ticket_messages m JOIN tickets t ON t.id = m.ticket_id"
    " WHERE num_nonnulls(t.booking_id, t.order_id, t.transaction_id, t.conversation_id, t.merged_into_id) = 0"
    " AND t.status <> 'closed'"
)
"""What a ticket is about is read too: those that are about nothing are alike but for their messages."""
FEW_AND_MANY = {
    "care/booking": (
        "SELECT id FROM bookings WHERE status = 'pending' LIMIT 1",
        "SELECT row_id FROM audit_entries WHERE table_name = 'bookings' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    ),
    "care/practitioner": (
        "SELECT id FROM practitioners WHERE verification_status = 'approved' AND rating_count > 0"
        " ORDER BY rating_count, id LIMIT 1",
        "SELECT id FROM practitioners WHERE verification_status = 'approved' ORDER BY rating_count DESC, id LIMIT 1",
    ),
    "care/review": (
        "SELECT id FROM reviews WHERE response IS NULL AND status = 'published' ORDER BY id LIMIT 1",
        "SELECT row_id FROM audit_entries WHERE table_name = 'reviews' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    ),
    "store/product": (
        "SELECT product_id FROM stock_movements GROUP BY 1 ORDER BY count(*), 1 LIMIT 1",
        "SELECT product_id FROM stock_movements GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    ),
    "support/ticket": (
        f"{_ABOUT_NOTHING} GROUP BY 1 ORDER BY count(*), 1 LIMIT 1",
        f"{_ABOUT_NOTHING} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    ),
    "support/conversation": (
        "SELECT m.conversation_id FROM messages m JOIN tickets t ON t.conversation_id = m.conversation_id"
        " GROUP BY 1 ORDER BY count(*), 1 LIMIT 1",
        "SELECT m.conversation_id FROM messages m JOIN tickets t ON t.conversation_id = m.conversation_id"
        " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    ),
    "store/order": (
        "SELECT i.order_id FROM order_items i JOIN orders o ON o.id = i.order_id WHERE o.status = 'fulfilled'"
        " GROUP BY 1 ORDER BY count(*), 1 LIMIT 1",
        "SELECT i.order_id FROM order_items i JOIN orders o ON o.id = i.order_id WHERE o.status = 'fulfilled'"
        " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    ),
    "support/client": (
        "SELECT client_id FROM bookings GROUP BY 1 ORDER BY count(*), 1 LIMIT 1",
        "SELECT client_id FROM bookings GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    ),
}
"""A record with the fewest rows on its page, and the one with the most."""
LISTS = {
    "care/bookings": "SELECT (count(*) + 49) / 50 FROM bookings",
    "care/practitioners": "SELECT (count(*) + 49) / 50 FROM practitioners",
    "care/reviews": "SELECT (count(*) + 49) / 50 FROM reviews",
    "care/waiting_list": "SELECT (count(*) + 49) / 50 FROM booking_waitlist",
    "office/mail": "SELECT (count(*) + 49) / 50 FROM outbox",
    "store/inventory": "SELECT (count(*) + 49) / 50 FROM products",
    "store/orders": "SELECT (count(*) + 49) / 50 FROM orders",
    "support/queue": "SELECT (count(*) + 49) / 50 FROM tickets WHERE status IN ('open', 'in_progress', 'waiting')",
}
"""Lists, and the number of their last page."""
WHOLE = {"care/bookings": {"view": "all"}, "care/waiting_list": {"view": "all"}, "care/reviews": {"show": "all"}}
"""What shows all of those lists that begin with a part."""
OWN = {
    ("care/booking", Role.CLIENT): "SELECT b.id FROM bookings b JOIN clients c ON c.id = b.client_id"
    " JOIN users u ON u.id = c.user_id WHERE u.password_hash IS NOT NULL LIMIT 1",
    ("care/booking", Role.PRACTITIONER): "SELECT b.id FROM bookings b JOIN practitioners p ON p.id = b.practitioner_id"
    " JOIN users u ON u.id = p.user_id WHERE u.password_hash IS NOT NULL LIMIT 1",
    ("support/ticket", Role.CLIENT): "SELECT t.id FROM tickets t JOIN users u ON u.id = t.requester_id"
    " WHERE u.role = 'client' AND u.password_hash IS NOT NULL LIMIT 1",
    ("support/ticket", Role.PRACTITIONER): "SELECT t.id FROM tickets t JOIN users u ON u.id = t.requester_id"
    " WHERE u.role = 'practitioner' AND u.password_hash IS NOT NULL LIMIT 1",
    ("support/conversation", Role.CLIENT): "SELECT c.id FROM conversations c JOIN users u ON u.id = c.client_user_id"
    " WHERE u.password_hash IS NOT NULL LIMIT 1",
    ("support/conversation", Role.PRACTITIONER): "SELECT c.id FROM conversations c"
    " JOIN users u ON u.id = c.practitioner_user_id WHERE u.password_hash IS NOT NULL LIMIT 1",
    ("care/review", Role.CLIENT): "SELECT r.id FROM reviews r JOIN clients c ON c.id = r.client_id"
    " JOIN users u ON u.id = c.user_id WHERE u.password_hash IS NOT NULL AND r.status = 'published' LIMIT 1",
    ("care/review", Role.PRACTITIONER): "SELECT r.id FROM reviews r JOIN practitioners p ON p.id = r.practitioner_id"
    " JOIN users u ON u.id = p.user_id WHERE u.password_hash IS NOT NULL AND r.status = 'published' LIMIT 1",
    ("store/order", Role.CLIENT): "SELECT o.id FROM orders o JOIN clients c ON c.id = o.client_id"
    " JOIN users u ON u.id = c.user_id WHERE u.password_hash IS NOT NULL LIMIT 1",
}
"""Records that a role may open."""


@pytest.mark.parametrize(
    ("screen", "role"),
    [pytest.param(s, role, id=f"{s.script}-{role}") for s in SCREENS for role in Role if role in s.roles],
)
def test_at_most_twelve(queries_of, ask, screen: Screen, role: Role) -> None:
    query = OWN.get((screen.script, role)) or FEW_AND_MANY.get(screen.script, ("", ""))[1]
    sent = queries_of(role, screen.script, **(_record(ask, screen.script, role, query) if query else {}))
    assert 0 < len(sent) <= MOST, f"{screen.script} sends {len(sent)} queries: {Counter(sent).most_common(3)}"


def test_at_most_twelve_where_a_message_was_reported(queries_of, ask) -> None:
    reported = "SELECT ticket_id FROM messages WHERE reported_at IS NOT NULL AND decided_at IS NULL LIMIT 1"
    for role in (Role.SUPPORT, Role.ADMIN):
        assert 0 < len(queries_of(role, "support/ticket", id=str(ask(reported)))) <= MOST


def _record(ask, script: str, role: Role, query: str) -> dict[str, str]:
    """What the address of a record holds; the desk opens a conversation from a ticket, and is reading it."""
    found = {"id": str(ask(query))}
    if script == "support/conversation" and role in (Role.SUPPORT, Role.ADMIN):
        found["ticket"] = str(ask(f"SELECT id FROM tickets WHERE conversation_id = '{found['id']}' LIMIT 1"))
        ask(
            "WITH said AS (INSERT INTO conversation_readings (conversation_id, ticket_id, reader_id, read_at)"
            f" SELECT '{found['id']}', '{found['ticket']}', id, now() FROM users WHERE role IN ('support', 'admin')"
            " RETURNING 1) SELECT count(*) FROM said"
        )
    return found


@pytest.mark.parametrize("tab", ["Dates", "Time away", "Calendars", "Booking terms", "Next four weeks"])
def test_at_most_twelve_behind_a_tab(queries_of, tab: str) -> None:
    assert 0 < len(queries_of(Role.PRACTITIONER, "care/availability", show=tab)) <= MOST


@pytest.mark.parametrize("part", ["Conversation", "Clocks", "History"])
def test_at_most_twelve_with_a_part_of_a_ticket_open(queries_of, ask, part: str) -> None:
    """Also where the ticket is about something, which is read too."""
    key = str(ask("SELECT id FROM tickets WHERE booking_id IS NOT NULL AND status <> 'closed' ORDER BY id LIMIT 1"))
    sent = queries_of(Role.SUPPORT, "support/ticket", id=key, part=part)
    clocks = sum("business_hours" in statement for statement in sent)
    assert (clocks, 0 < len(sent) <= MOST) == (part == "Clocks", True), Counter(sent).most_common(3)


@pytest.mark.parametrize("script", list(FEW_AND_MANY))
def test_a_record_with_more_rows_asks_no_more(queries_of, ask, script: str) -> None:
    few, many = (
        queries_of(Role.ADMIN, script, **_record(ask, script, Role.ADMIN, query)) for query in FEW_AND_MANY[script]
    )
    assert len(many) <= len(few), f"the record with more rows sends {Counter(many) - Counter(few)} more"


@pytest.mark.parametrize("script", list(LISTS))
def test_a_full_page_asks_no_more_than_the_last(queries_of, ask, script: str) -> None:
    whole = WHOLE.get(script, {})
    last = queries_of(Role.ADMIN, script, page=str(ask(LISTS[script])), **whole)
    full = queries_of(Role.ADMIN, script, page="1", **whole)
    assert Counter(full).total() == Counter(last).total()


@pytest.mark.parametrize("script", list(LISTS))
def test_no_statement_is_sent_for_each_row(queries_of, script: str) -> None:
    most = Counter(queries_of(Role.ADMIN, script)).most_common(1)[0]
    assert most[1] <= 2, f"the same statement is sent {most[1]} times: {most[0]}"
