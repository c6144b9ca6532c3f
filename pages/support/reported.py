"""Reported messages: what one of two people reported and the desk has not decided yet, and what it decided.

Support and admins. A row shows the words of the reported message alone and opens the ticket that the report opened,
where it is hidden or left, and from where the rest of the conversation is read. There is no file of it: it is private.
"""

import streamlit as st

from avenrae.queries.reported_messages import ReportedMessage, Shown, count_reported, list_reported, report_filters
from avenrae.ui.actions import actor
from avenrae.ui.format import beginning, when
from avenrae.ui.lists import show_list, tabs
from avenrae.ui.records import Cell, Column

who = actor()
TABS = {
    Shown.OPEN: "To decide",
    Shown.HIDDEN: "Hidden",
    Shown.KEPT: "Not hidden",
    Shown.ALL: "All",
}
EMPTY = {
    Shown.OPEN: "No reported message waits for a decision.",
    Shown.HIDDEN: "No reported message is hidden.",
    Shown.KEPT: "No reported message was left as it is.",
    Shown.ALL: "Nobody has reported a message yet.",
}


def _state(message: ReportedMessage) -> Cell:
    if message.is_open:
        return Cell("To decide", tone="amber")
    return Cell(
        "Hidden" if message.hidden_at else "Not hidden",
        tone="red" if message.hidden_at else "green",
        sub=beginning(message.decision_reason or "", 80),
    )


COLUMNS: list[Column[ReportedMessage]] = [
    Column(
        "Message",
        lambda m: Cell(beginning(m.body, 160), sub=f"{m.author_name} · {m.ticket_number}"),
        primary=True,
        wide=True,
    ),
    Column("Reported by", lambda m: Cell(m.reporter_name, sub=beginning(m.report_reason, 120))),
    Column("Reported", lambda m: when(m.reported_at, who.time_zone), key="reported", wrap=False),
    Column("Decision", _state),
]

st.title("Reported messages")
show = Shown(tabs("Show", Shown, key="show", name=lambda s: TABS[Shown(s)]))
params = {"show": show.value}
show_list(
    noun="message",
    filters=report_filters(params),
    params=params,
    count=count_reported,
    rows=list_reported,
    columns=COLUMNS,
    opens="support/ticket",
    row_id=lambda m: str(m.ticket_id),
    sort="reported" if show is Shown.OPEN else "-reported",
    empty=EMPTY[show],
)
