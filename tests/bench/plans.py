"""What PostgreSQL does for a query, and what of it would be too much."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from avenrae.db.transaction import read_session
from avenrae.enums import Role
from avenrae.permissions import Actor
from tests.bench.conftest import listening

ZONE = "Africa/Johannesburg"
BIG = {
    "audit_entries",
    "booking_waitlist",
    "bookings",
    "busy_times",
    "clients",
    "conversation_members",
    "conversations",
    "ledger_entries",
    "messages",
    "notifications",
    "order_items",
    "orders",
    "outbox",
    "products",
    "reviews",
    "stock_movements",
    "ticket_messages",
    "tickets",
    "transactions",
    "users",
}
MOST_SORTED = 7_500
"""A sort of more rows than this at 100 000 bookings is a sort of everything."""
ADMIN = Actor.system("Guard")


def plan_of(session: Session, statement: str, parameters: Any) -> dict[str, Any]:
    """Run a statement and return how it was done."""
    found = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every step of a plan."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def _faults(plan: dict[str, Any]) -> Iterator[str]:
    for node in nodes(plan):
        table = node.get("Relation Name")
        if node["Node Type"] == "Seq Scan" and table in BIG and node["Actual Rows"] + removed(node) > MOST_SORTED:
            yield f"a sequential scan of {table}"
        if node["Node Type"] == "Sort" and sum(rows_of(n) for n in node["Plans"]) > MOST_SORTED:
            yield f"a sort of {sum(rows_of(n) for n in node['Plans']):.0f} rows by {', '.join(node['Sort Key'])}"


def rows_of(node: dict[str, Any]) -> float:
    """Return how many rows a step gave."""
    return float(node["Actual Rows"] * node["Actual Loops"])


def removed(node: dict[str, Any]) -> float:
    """Return how many rows a step read for nothing."""
    return float(node.get("Rows Removed by Filter", 0))


def faults_of(engine: Engine, read: Callable[[Session], Any]) -> list[str]:
    """Return what was too much in what a read sent."""
    with read_session() as session:
        with listening(engine) as heard:
            read(session)
        sent = [s for s in heard.statements if not s[0].startswith("EXPLAIN")]
        return [fault for one in sent for fault in _faults(plan_of(session, *one))]


def who_has_most(engine: Engine, role: Role) -> Actor:
    """Return the practitioner or the client with the most bookings."""
    column, table = ("practitioner_id", "practitioners") if role is Role.PRACTITIONER else ("client_id", "clients")
    with engine.connect() as connection:
        key, user = connection.execute(
            text(
                f"SELECT p.id, p.user_id FROM bookings b JOIN {table} p ON p.id = b.{column}"
                " GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT 1"
            )
        ).one()
    return Actor(user, role, "Guard", **{column: key})
