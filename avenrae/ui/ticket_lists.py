"""What stands around the queue: views kept under a name, many tickets changed at once, a new ticket."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from avenrae.enums import TicketCategory, TicketPriority, TicketStatus
from avenrae.queries.ticket_choices import Somebody, find_requesters, list_agents, list_tags, list_views
from avenrae.queries.tickets import TicketFilters, TicketRow, find_ticket_ids, list_rows_of
from avenrae.services.ticket_bulk import MOST_AT_ONCE, BulkChange, change_tickets
from avenrae.services.ticket_files import ENDINGS, LARGEST, MOST, NewFile
from avenrae.services.ticket_views import delete_view, rename_view, save_view
from avenrae.services.tickets import SAME, open_ticket
from avenrae.ui.actions import Form, action, actor, load
from avenrae.ui.format import count, plain_text, words
from avenrae.ui.lists import link, open_screen

_STAYS, _NOBODY = "As it is", "Nobody"


def saved_views(params: Mapping[str, str]) -> None:
    """Draw the reader's own views as links, and where he keeps the one that he looks at."""
    views = load(list_views)
    with st.popover("My views", icon=":material/bookmark:", type="tertiary"):
        for view in views:
            link("support/queue", plain_text(view.name), icon=":material/bookmark:", **dict(parse_qsl(view.query)))
        with Form("save-view", border=False) as form:
            st.text_input("Keep these filters as", key=form.key("name"), max_chars=60, placeholder="Urgent refunds")
            query = urlencode({k: v for k, v in params.items() if v})
            form.submit("Keep", save_view, "View kept.", name=form.field("name"), query=query)
        for view in views:
            with Form(f"view-{view.id}", border=False, of=view.name) as form:
                st.text_input(f"Name of {plain_text(view.name)}", view.name, key=form.key("name"), max_chars=60)
                form.submit("Rename", rename_view, "Renamed.", view.id, primary=False, name=form.field("name"))
            action("Delete", delete_view, "View deleted.", view.id, key=f"delete-view-{view.id}")


@st.dialog("Change several tickets", width="large")
def change_several(ticked: Sequence[str], filters: TicketFilters) -> None:
    """Assign, tag or close the ticked tickets, or all that fit the filters, after showing what will change."""
    ids = [uuid.UUID(key) for key in ticked] or load(find_ticket_ids, filters, limit=MOST_AT_ONCE + 1)
    if len(ids) > MOST_AT_ONCE:
        st.warning(f"More than {MOST_AT_ONCE} tickets fit these filters. Narrow them, or tick the rows that you mean.")
        return
    rows = load(list_rows_of, ids)
    st.write(f"**{count(len(rows), 'ticket')}** {'ticked' if ticked else 'that fit these filters'}.")
    agents = load(list_agents)
    left, right = st.columns(2)
    given = left.selectbox("Assignee", [_STAYS, _NOBODY, *(str(a.id) for a in agents)], format_func=_named(agents))
    tag = right.selectbox(
        "Add the tag", load(list_tags), index=None, accept_new_options=True, placeholder="None, or a new one"
    )
    close = st.checkbox("Close them; nobody can answer in a closed ticket")
    change = BulkChange(
        assignee_id=SAME if given == _STAYS else None if given == _NOBODY else uuid.UUID(given),
        add_tag=tag or "",
        close=close,
    )
    with st.container(height=260):
        for row in rows:
            st.markdown(f"{row.number} {plain_text(row.subject)}  \n:small[{_what_changes(row, change, agents)}]")
    done = action(
        f"Change {count(len(rows), 'ticket')}",
        change_tickets,
        lambda n: f"{count(n, 'ticket')} changed.",
        [row.id for row in rows],
        change,
        key="change-several",
        primary=True,
        refused="Say first what is to be changed." if change.is_nothing else "",
    )
    if done:
        st.rerun()


def _named(agents: Sequence[Somebody]) -> Callable[[Any], str]:
    names = {str(a.id): a.name for a in agents}
    return lambda chosen: names.get(chosen, chosen)


def _what_changes(row: TicketRow, change: BulkChange, agents: Sequence[Somebody]) -> str:
    names = {a.id: a.name for a in agents}
    told = []
    if row.is_merged:
        return ":red[Was merged: it cannot be changed, and refuses it for all.]"
    if change.assignee_id is not SAME and change.assignee_id != row.assignee_id:
        now = names.get(change.assignee_id, "nobody") if isinstance(change.assignee_id, uuid.UUID) else "nobody"
        told.append(f"{plain_text(row.assignee_name or 'nobody')} → {plain_text(now)}")
    if change.add_tag:
        told.append(f"gets the tag {plain_text(change.add_tag)}")
    if change.close and row.status != TicketStatus.CLOSED:
        told.append(f"{words(row.status)} → Closed")
    return " · ".join(told) or "stays as it is"


@st.dialog("New ticket", width="large")
def new_ticket() -> None:
    """Open a ticket: for oneself, or, as staff, for somebody who called or wrote elsewhere."""
    who = actor()
    found: list[Somebody] = []
    if who.is_staff:
        search = st.text_input("Whom is it for?", placeholder="Name or e-mail", key="requester-search")
        found = load(find_requesters, search)
        if search and not found:
            st.caption("Nobody of this name was found.")
    with Form("new-ticket", border=False) as form:
        extra: dict[str, Any] = {}
        if who.is_staff:
            st.selectbox("Person", found, format_func=lambda a: a.name, key=form.key("requester"))
            extra["requester_id"] = form.field("requester", lambda a: a.id if a else None)
            st.selectbox("Priority", list(TicketPriority), index=1, format_func=words, key=form.key("priority"))
            extra["priority"] = form.field("priority")
        st.text_input("Subject", key=form.key("subject"), max_chars=200)
        st.selectbox("What is it about?", list(TicketCategory), index=5, format_func=words, key=form.key("category"))
        st.text_area("Message", key=form.key("body"), height=160, max_chars=100_000)
        choose_files(form)
        form.submit(
            "Open ticket",
            open_ticket,
            lambda t: f"{t.number} opened.",
            then=lambda t: open_screen("support/ticket", id=str(t.id)),
            subject=form.field("subject"),
            body=form.field("body"),
            category=form.field("category"),
            files=form.field("files", sent_files),
            **extra,
        )


def choose_files(form: Form) -> None:
    """Draw where files are put to a message."""
    st.file_uploader(
        f"Files (up to {MOST}, {LARGEST // 1024 // 1024} MB each: pictures, PDF, text, CSV, Word, Excel)",
        type=list(ENDINGS),
        accept_multiple_files=True,
        max_upload_size=LARGEST // 1024 // 1024,
        key=form.key("files"),
    )


def sent_files(uploaded: list[object] | None) -> list[NewFile]:
    """Return what was uploaded as the services take it."""
    return [NewFile(f.name, f.getvalue()) for f in uploaded or []]  # type: ignore[attr-defined]
