"""The History tab: the audit trail of one record, in sentences."""

import re
import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae.money import show as show_money
from avenrae.queries.history import Change, list_changes
from avenrae.ui.actions import actor, load
from avenrae.ui.format import plain_text, when, words

_STEP = 50
_WALL_TIME = re.compile(r"\d\d:\d\d:00")
_SILENT = {
    "id",
    "occupied",
    "flagged_by",
    "user_id",
    "client_id",
    "practitioner_id",
    "service_id",
    "product_id",
    "order_id",
    "booking_id",
    "shown_latitude",
    "shown_longitude",
}


def show_history(table: str, row_id: uuid.UUID, currency: str = "ZAR") -> None:
    """Draw what happened to a record, newest first, on the reader's clock."""
    zone = actor().time_zone
    limit = st.session_state.get(f"history:{row_id}", _STEP)
    changes = load(list_changes, table, row_id, limit=limit + 1)
    if not changes:
        st.caption("Nothing has been recorded about this yet.")
    for change in changes[:limit]:
        st.markdown(f"{_sentence(change)}  \n:small[:gray[{when(change.occurred_at, zone)} · {change.request}]]")
        if details := _details(change, zone, currency):
            st.caption(" · ".join(plain_text(d) for d in details))

    if len(changes) > limit:
        st.button("Show older changes", key=f"older:{row_id}", on_click=_show_more, args=(row_id, limit))


def _show_more(row_id: uuid.UUID, limit: int) -> None:
    st.session_state[f"history:{row_id}"] = limit + _STEP


def _sentence(change: Change) -> str:
    who = change.actor_name or "Somebody outside the console"
    deed = change.action.replace("_", " ") or {"insert": "added it", "update": "changed it"}.get(
        change.operation, "removed it"
    )
    return f"**{plain_text(who)}**: {plain_text(deed)}"


def _details(change: Change, zone: str, currency: str) -> list[str]:
    if change.operation != "update":
        return []
    return [
        f"{_column(column)}: {_shown(column, change.before.get(column), zone, currency)} → "
        f"{_shown(column, new, zone, currency)}"
        for column, new in change.after.items()
        if column not in _SILENT
    ]


def _column(name: str) -> str:
    return words(name.removesuffix("_minor").removesuffix("_at"))


def _shown(column: str, value: Any, zone: str, currency: str) -> str:
    if value is None or value == "":
        return "nothing"
    if column.endswith("_minor"):
        return show_money(int(value), currency)
    if _WALL_TIME.fullmatch(str(value)):
        return str(value)[:5]
    if column.endswith(("_at", "_until")):
        return when(datetime.fromisoformat(value).astimezone(ZoneInfo(zone)), zone)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(v) for v in value) or "nothing"
    text = str(value)
    return words(text) if column.endswith(("status", "priority", "category")) else text[:120]
