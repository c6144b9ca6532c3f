"""Merging a ticket, splitting it, and taking either back; and which minutes of its clocks counted."""

import uuid
from datetime import datetime, timedelta

import streamlit as st

from avenrae import clock
from avenrae.errors import InvalidInput
from avenrae.queries.ticket_choices import find_mergeable
from avenrae.queries.ticket_messages import TicketDetail, explain_clocks, list_moves
from avenrae.queries.ticket_parts import MessageRow, place_of, read_part
from avenrae.scheduling.sla import Clock
from avenrae.services.ticket_moves import merge_tickets, split_ticket, undo_move
from avenrae.ui.actions import Form, action, actor, load, opener
from avenrae.ui.format import plain_text, when, words
from avenrae.ui.lists import link, open_screen


def moves(ticket: TicketDetail) -> None:
    """Draw the buttons that merge and split, and what was merged and split, each with its way back."""
    gone = f"It was merged into {ticket.merged_into_number}." if ticket.merged_into_id else ""
    with st.container(border=True):
        st.markdown("**Merge and split**")
        with st.container(horizontal=True):
            opener("Merge", lambda: _merge(ticket), refused=gone, icon=":material/merge:")
            opener("Split", lambda: _split(ticket), refused=gone, icon=":material/call_split:")
        for move in load(list_moves, ticket.id):
            there, number = (
                (move.to_id, move.to_number) if move.from_id == ticket.id else (move.from_id, move.from_number)
            )
            arrow = "into" if move.from_id == ticket.id else "from"
            word = "Merged" if move.kind == "merge" else "Split"
            st.markdown(
                f"{word} {arrow} **{number}**  \n:small[:gray[{when(move.made_at, actor().time_zone)} ·"
                f" {plain_text(move.made_by or 'somebody')}]]"
            )
            with st.container(horizontal=True):
                link("support/ticket", f"Open {number}", icon=":material/arrow_forward:", id=str(there))
                action("Undo", undo_move, "Undone.", move.id, key=f"undo-{move.id}", icon=":material/undo:")


@st.dialog("Merge this ticket")
def _merge(ticket: TicketDetail) -> None:
    st.write(
        f"All messages of {ticket.number} move into another ticket of {plain_text(ticket.requester_name)}, and"
        f" {ticket.number} closes. The other one keeps its own priority, category, tags and promises: that"
        f" {ticket.number} is of {words(ticket.priority).lower()} priority counts no more. This can be undone."
    )
    others = dict(load(find_mergeable, ticket))
    if not others:
        st.info("There is no other ticket of this person that is not closed.")
        return
    with Form(f"merge-{ticket.id}", border=False) as form:
        st.selectbox("Into", list(others), None, format_func=others.__getitem__, key=form.key("into"))
        if form.submit(
            "Merge",
            merge_tickets,
            lambda into: f"Merged into {into.number}.",
            ticket.id,
            into=form.field("into", _other),
            then=lambda into: open_screen("support/ticket", id=str(into.id)),
        ):
            st.rerun()


@st.dialog("Split this ticket", width="large")
def _split(ticket: TicketDetail) -> None:
    st.write(
        "The chosen messages, of those that the ticket shows now, move into a new ticket of the same person."
        " This can be undone."
    )
    messages = {m.id: m for m in load(read_part, ticket.id, place_of(st.query_params)).messages}
    with Form(f"split-{ticket.id}", border=False) as form:
        st.multiselect(
            "Messages", list(messages), format_func=lambda key: _told(messages[key]), key=form.key("messages")
        )
        st.text_input("Subject of the new ticket", key=form.key("subject"), max_chars=200)
        if form.submit(
            "Split",
            split_ticket,
            lambda made: f"{made.number} opened with them.",
            ticket.id,
            message_ids=form.field("messages", _keys),
            subject=form.field("subject"),
            then=lambda made: open_screen("support/ticket", id=str(made.id)),
        ):
            st.rerun()


def _other(chosen: uuid.UUID | None) -> uuid.UUID:
    if chosen is None:
        raise InvalidInput("Choose the ticket that the messages move into.")
    return chosen


def _keys(chosen: list[uuid.UUID] | None) -> list[uuid.UUID]:
    return list(chosen or [])


def _told(message: MessageRow) -> str:
    kind = "Note, " if message.is_internal else ""
    body = " ".join(message.body.split())
    return f"{when(message.created_at, actor().time_zone)} · {kind}{message.author_name or 'Avenrae'}: {body[:70]}"


def explain(ticket: TicketDetail) -> None:
    """Draw for each clock which minutes counted and why (R-SLA-05)."""
    found = load(explain_clocks, ticket)
    if found is None:
        st.info("Nothing is promised for tickets of this priority and category.")
        return
    st.caption(f"Promise: {plain_text(found.policy_name)}. Times on the desk's clock, {found.time_zone}.")
    for one in found.clocks:
        with st.expander(f"{one.name.capitalize()}: {_verdict(one)}", expanded=one.ended_at is None):
            st.markdown(
                f"{_hours(one.used)} of {_hours(one.target)} used"
                + (f" · due {when(one.due_at, found.time_zone)}" if one.due_at else "")
            )
            rows = [
                f"| {_hour(s.start, found.time_zone)} | {_hour(s.end, found.time_zone)} | "
                f"{f'**{_hours(s.end - s.start)}**' if s.counted else '–'} | {plain_text(s.why)} |"
                for s in one.stretches
            ]
            st.markdown("\n".join(["| From | Until | Counted | Why |", "| --- | --- | --- | --- |", *rows]))


def _verdict(one: Clock) -> str:
    now = clock.now()
    if one.ended_at is not None:
        late = one.is_late(now)
        return f"broken, {_hours(-one.left)} too late" if late else f"kept, {_hours(one.left)} to spare"
    if one.is_late(now):
        return "broken" if not one.stands_still else "broken; stands still now"
    return "stands still" if one.stands_still else f"{_hours(one.left)} of business time left"


def _hour(at: datetime, zone: str) -> str:
    return when(at, zone).rsplit(" ", 1)[0]


def _hours(time: timedelta) -> str:
    """Return business time in hours and minutes: a day of it is no day."""
    minutes = max(0, round(time.total_seconds() / 60))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
