"""Ticket queue: what the desk works from, what breaches next first.

Support and admins see every ticket in views (open, mine, unassigned, breaching soon, waiting, snoozed, everything),
narrow and search them, keep views under a name, change several at once, and see who has which one open. A row opens
the ticket. The page asks for news by itself while it is looked at.
"""

import textwrap
from dataclasses import replace
from functools import partial

import streamlit as st

from avenrae import clock
from avenrae.enums import TicketCategory, TicketPriority, TicketStatus
from avenrae.queries.listing import key_of
from avenrae.queries.people import user_name_of
from avenrae.queries.ticket_choices import list_agents, list_tags
from avenrae.queries.ticket_search import LOOKED_THROUGH, is_common
from avenrae.queries.tickets import (
    ME,
    NOBODY,
    TicketRow,
    View,
    count_and_list_tickets,
    count_tickets,
    count_views,
    list_tickets,
    ticket_filters,
)
from avenrae.ui.actions import actor, load, opener
from avenrae.ui.format import badge, how_long, number, words
from avenrae.ui.lists import choice, given, search_box, show_list, tabs, understood
from avenrae.ui.live import Key, pulse, shortcuts
from avenrae.ui.records import Cell, Column
from avenrae.ui.ticket_lists import change_several, new_ticket, saved_views
from avenrae.ui.tickets import promise_cell

VIEWS = {
    View.OPEN: "All open",
    View.MINE: "Mine",
    View.UNASSIGNED: "Unassigned",
    View.SOON: "Breaching soon",
    View.WAITING: "Waiting",
    View.SNOOZED: "Snoozed",
    View.ALL: "Everything",
}
EMPTY = {
    View.OPEN: "No ticket is open. Well done.",
    View.MINE: "Nothing is assigned to you. Take one from “Unassigned”.",
    View.UNASSIGNED: "Every ticket has somebody.",
    View.SOON: "No promise breaks within two hours.",
    View.WAITING: "No ticket waits on its client.",
    View.SNOOZED: "Nothing is snoozed.",
    View.ALL: "No tickets yet.",
}

who = actor()


def main() -> None:
    """Draw the page."""
    head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    head.title("Ticket queue")
    tools = head.container(horizontal=True, width="content", vertical_alignment="center")
    counts = load(count_views)
    view = View(tabs("View", View, key="view", name=lambda v: _tab(View(v), counts)))
    params = {"view": view.value, **_filters(view), **given("requester")}
    filters = understood(ticket_filters, params, who.time_zone)
    narrowed = _narrowed(params)
    filters = replace(filters, search_is_common=load(is_common, params["q"]))
    with tools:
        several = st.container(width="content")
        opener("New ticket", new_ticket, icon=":material/add:", primary=True)
        saved_views(params)
        shortcuts({"j": Key("Next row; `Enter` opens it", walks="rows"), "k": Key("Row before", walks="rows")})
    if filters.search_is_common:
        st.caption(f"That is in very many tickets: the {number(LOOKED_THROUGH)} with the newest messages are searched.")
    ticked = show_list(
        noun="ticket",
        filters=filters,
        params=params,
        count=count_tickets,
        rows=list_tickets,
        both=count_and_list_tickets,
        columns=COLUMNS,
        opens="support/ticket",
        opens_with=lambda t: {"message": str(t.found_id)} if t.found_id else {},
        sort="due",
        export="tickets",
        empty=EMPTY[view],
        narrowed=narrowed,
        chosen="chosen-tickets",
    )
    with several:
        label = f"Change the {len(ticked)} ticked" if ticked else "Change all that fit"
        opener(label, partial(change_several, ticked, filters), icon=":material/checklist:")
    pulse("queue-pulse", every=20)


def _tab(view: View, counts: dict[View, int]) -> str:
    n = counts.get(view)
    return VIEWS[view] if n is None else f"{VIEWS[view]} · {n if n < 1000 else '999+'}"


def _filters(view: View) -> dict[str, str]:
    agents = {ME: "Me", NOBODY: "Nobody", **{str(a.id): a.name for a in load(list_agents)}}
    places = iter(st.columns([4, 2, 2, 2, 2] if view is not View.ALL else [4, 2, 2, 2, 2, 2]))
    with next(places):
        search = search_box("Number, person, or words of subject and messages")
    with next(places):
        priority = choice("Priority", TicketPriority, key="priority", every="Any")
    with next(places):
        category = choice("Category", TicketCategory, key="category", every="Every category")
    with next(places):
        assignee = choice("Assignee", agents, key="assignee", every="Anybody", name=lambda a: agents[a])
    with next(places):
        tag = choice("Tag", load(list_tags), key="tag", every="Any", name=str)
    status = ""
    if view is View.ALL:
        with next(places):
            status = choice("Status", TicketStatus, key="status", every="Any")
    return {
        "q": search,
        "priority": priority,
        "category": category,
        "assignee": assignee,
        "tag": tag,
        "status": status,
    }


def _narrowed(params: dict[str, str]) -> dict[str, str]:
    if not (requester := params.get("requester")):
        return {}
    return {"requester": load(user_name_of, key_of(requester)) or "one person"}


def _last(ticket: TicketRow) -> Cell:
    ago = how_long(clock.now() - ticket.last_message_at)
    return Cell(f"{ago} ago", sub="Note" if ticket.last_is_internal and not ticket.found_id else "")


def _subject(ticket: TicketRow) -> Cell:
    """The ticket, its tags, and what was said last or where the words looked for stand."""
    said = textwrap.shorten(ticket.last_words, 90, placeholder="…")
    where = "Note: " if ticket.last_is_internal else "Found: " if ticket.found_id else ""
    tags = "".join(f" #{tag}" for tag in ticket.tags)
    return Cell(ticket.subject, sub=f"{ticket.number}{tags} · {where}{said}")


COLUMNS: list[Column[TicketRow]] = [
    Column("Ticket", _subject, primary=True, wide=True),
    Column("Requester", lambda t: Cell(t.requester_name, sub=words(t.category))),
    Column("Promise", lambda t: promise_cell(t, who.time_zone), key="due"),
    Column("Priority", lambda t: badge(t.priority)),
    Column("Status", lambda t: Cell("Merged", tone="grey") if t.is_merged else badge(t.status)),
    Column("Assignee", lambda t: Cell(t.assignee_name or "", sub=f"{t.openers} has it open" if t.openers else "")),
    Column("Last message", _last, key="last"),
]

main()
