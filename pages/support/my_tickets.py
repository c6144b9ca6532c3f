"""My tickets: what a client or practitioner asked us, with the way to ask more.

Each sees his own; a row opens the ticket.
"""

import streamlit as st

from avenrae import clock
from avenrae.enums import TicketStatus
from avenrae.queries.tickets import TicketRow, View, count_tickets, list_tickets, ticket_filters
from avenrae.ui.actions import actor, opener
from avenrae.ui.format import badge, day, how_long
from avenrae.ui.lists import choice, search_box, show_list
from avenrae.ui.records import Cell, Column
from avenrae.ui.ticket_lists import new_ticket

who = actor()


def _last(ticket: TicketRow) -> Cell:
    return Cell(f"{how_long(clock.now() - ticket.last_message_at)} ago", sub=" ".join(ticket.last_words.split())[:110])


COLUMNS: list[Column[TicketRow]] = [
    Column("Ticket", lambda t: Cell(t.subject, sub=t.number), primary=True),
    Column("Status", lambda t: Cell("Merged", tone="grey") if t.is_merged else badge(t.status)),
    Column("Opened", lambda t: day(t.created_at, who.time_zone), key="created", wrap=False),
    Column("Last message", _last, key="last"),
]

head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
head.title("My tickets")
with head:
    opener("New ticket", new_ticket, icon=":material/add:", primary=True)
left, right = st.columns([3, 2])
with left:
    search = search_box("Words of subject and messages")
with right:
    status = choice("Status", TicketStatus, key="status", every="Every status")
params = {"q": search, "status": status, "view": View.ALL.value}
show_list(
    noun="ticket",
    filters=ticket_filters(params, who.time_zone),
    params=params,
    count=count_tickets,
    rows=list_tickets,
    columns=COLUMNS,
    opens="support/ticket",
    sort="-last",
    export="tickets",
    empty="You have asked us nothing yet. Open a ticket and we answer here and by e-mail.",
)
