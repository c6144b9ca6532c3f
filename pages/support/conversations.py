"""Messages: the conversations of a client or a practitioner, the newest first, with how much is unread.

Each sees his own; a row opens the conversation. Nobody of the desk has this screen, and there is no file of it.
"""

import streamlit as st

from avenrae.enums import Role
from avenrae.queries.conversations import (
    MOST_UNREAD,
    UNREAD,
    ConversationRow,
    conversation_filters,
    count_conversations,
    list_conversations,
)
from avenrae.ui.actions import actor
from avenrae.ui.format import when
from avenrae.ui.lists import choice, link, search_box, show_list
from avenrae.ui.records import Cell, Column

who = actor()
IS_CLIENT = who.role is Role.CLIENT


def _words(row: ConversationRow) -> str:
    if row.last_is_hidden and not row.last_words:
        return "Hidden by our desk"
    said = " ".join(row.last_words.split())
    return f"You: {said}" if row.last_is_mine else said


def _unread(row: ConversationRow) -> Cell:
    counted = f"{min(row.unread, MOST_UNREAD)}{'+' if row.unread > MOST_UNREAD else ''} new"
    return Cell(counted, tone="blue") if row.unread else Cell("")


COLUMNS: list[Column[ConversationRow]] = [
    Column("With", lambda r: Cell(r.other_name), primary=True, wrap=False),
    Column("Unread", _unread),
    Column("Last message", _words, wide=True),
    Column("When", lambda r: when(r.last_message_at, who.time_zone), key="last", wrap=False),
]

st.title("Messages")
left, right = st.columns([3, 2])
with left:
    search = search_box("Name of the practitioner" if IS_CLIENT else "Name of the client")
with right:
    show = choice("Show", [UNREAD], key="show", every="All conversations", name=lambda _: "With unread messages")
params = {"q": search, "show": show}
if IS_CLIENT:
    nothing = "You have written to nobody yet. Open a practitioner's profile and choose “Write to …”."
else:
    nothing = "Nobody has written yet. To write to a client of yours, open a booking and choose “Write to …”."
show_list(
    noun="conversation",
    filters=conversation_filters(params),
    params=params,
    count=count_conversations,
    rows=list_conversations,
    columns=COLUMNS,
    opens="support/conversation",
    sort="-last",
    empty="Nothing is unread." if show else nothing,
)
link(
    "care/practitioners" if IS_CLIENT else "care/bookings",
    "Find a practitioner to write to" if IS_CLIENT else "Bookings, to write to a client",
    icon=":material/arrow_forward:",
)
