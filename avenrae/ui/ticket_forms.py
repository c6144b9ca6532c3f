"""What is done with one ticket: answering, its facts, snoozing, what it is about."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae import clock
from avenrae.enums import TicketCategory, TicketPriority, TicketStatus
from avenrae.errors import AvenraeError, InvalidInput
from avenrae.queries.ticket_choices import (
    PLACEHOLDERS,
    Canned,
    Choices,
    fill_in,
    find_linkable,
    find_linked,
    find_requesters,
)
from avenrae.queries.ticket_messages import TicketDetail
from avenrae.scheduling.zones import instant
from avenrae.services.ticket_corrections import correct_ticket
from avenrae.services.tickets import Link, assign_ticket, change_ticket, link_ticket, snooze_ticket, write_message
from avenrae.ui.actions import Form, action, actor, load, opener
from avenrae.ui.format import plain_text, when, words
from avenrae.ui.lists import link
from avenrae.ui.ticket_lists import choose_files, sent_files

REPLY = "reply-text"
_AFTERWARDS = {
    "": "Leave the status as it is",
    TicketStatus.WAITING: "Wait on the client",
    TicketStatus.RESOLVED: "Resolved",
}
_NINE = time(9)


def reply_form(ticket: TicketDetail, last_seen: uuid.UUID | None, canned: Sequence[Canned] = ()) -> None:
    """Draw where a ticket is answered; the form, its text and what it sends belong to this ticket alone."""
    who = actor()
    if refused := _unanswerable(ticket):
        st.info(refused, icon=":material/lock:")
        return
    with Form(f"reply-{ticket.id}") as form, st.container(key=REPLY, gap="small"):
        if who.is_staff:
            _canned(form, ticket, canned)
        st.text_area(
            f"Your message in {ticket.number}",
            key=form.key("body"),
            height=150,
            max_chars=100_000,
            placeholder=f"To {ticket.requester_name}" if who.is_staff else "Write to us",
        )
        choose_files(form)
        sent: dict[str, Any] = {
            "body": form.field("body"),
            "files": form.field("files", sent_files),
            "last_seen": last_seen,
            "then": lambda _: show_part(),
        }
        if not who.is_staff:
            form.submit("Send", write_message, "Sent.", ticket.id, icon=":material/send:", **sent)
            return
        st.segmented_control(
            "Afterwards",
            list(_AFTERWARDS),
            default="",
            required=True,
            format_func=_AFTERWARDS.__getitem__,
            key=form.key("status"),
        )
        sent["status"] = form.field("status", lambda chosen: TicketStatus(chosen) if chosen else None)
        with st.container(horizontal=True, key="reply-buttons"):
            form.submit(
                f"Reply publicly to {plain_text(ticket.requester_name.split(' ')[0])}",
                write_message,
                f"Sent to {ticket.requester_name}.",
                ticket.id,
                icon=":material/send:",
                **sent,
            )
            form.submit(
                "Save as internal note",
                write_message,
                "Note saved. The client does not see it.",
                ticket.id,
                primary=False,
                icon=":material/lock:",
                button="note",
                is_internal=True,
                **sent,
            )


def show_part(**place: uuid.UUID) -> None:
    """Show the part of the conversation that is around, before or after a message; without one, the newest."""
    for name in ("message", "before", "after"):
        st.query_params.pop(name, None)
    for name, key in place.items():
        st.query_params[name] = str(key)


def _unanswerable(ticket: TicketDetail) -> str:
    if ticket.merged_into_id is not None:
        return f"This ticket was merged into {ticket.merged_into_number}. Write there."
    if ticket.status == TicketStatus.CLOSED and not actor().is_staff:
        return "This ticket is closed. Open a new one if there is more."
    return ""


def _canned(form: Form, ticket: TicketDetail, canned: Sequence[Canned]) -> None:
    """Draw the canned replies; one is put to what is typed already, which the same press sends along."""
    replies = {str(c.id): c for c in canned}
    if not replies:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Canned reply",
            list(replies),
            index=None,
            key=form.key("canned"),
            format_func=lambda key: replies[key].title,
            placeholder="Choose one",
            help="Filled in: " + ", ".join(f"`{{{name}}}`" for name in PLACEHOLDERS),
        )
        problem = f"canned:{ticket.id}"

        def put_in() -> None:
            chosen = replies.get(st.session_state.get(form.key("canned")) or "")
            typed = st.session_state.get(form.key("body")) or ""
            try:
                if chosen is None:
                    raise InvalidInput("Choose a canned reply first.")
                text = load(fill_in, ticket, chosen.body)
                st.session_state[form.key("body")] = f"{typed.rstrip()}\n\n{text}".strip()
            except AvenraeError as e:
                st.session_state[problem] = e.message

        st.form_submit_button("Put in", key=f"canned:{form.key('put')}", on_click=put_in, icon=":material/input:")
    if told := st.session_state.pop(problem, ""):
        st.error(plain_text(told))


def side(ticket: TicketDetail, choices: Choices) -> None:
    """Draw what a ticket is, and change it: status, priority, category, assignee, tags, snoozing, what it is about."""
    who = actor()
    with st.container(horizontal=True):
        mine = ticket.assignee_id == who.user_id
        action(
            "Assign to me",
            assign_ticket,
            "It is yours.",
            ticket.id,
            who.user_id,
            key=f"assign-me-{ticket.id}",
            icon=":material/person_check:",
            refused=_no_change(ticket) or ("It is yours already." if mine else ""),
            seen={"assignee_id": ticket.assignee_id},
        )
        over = ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)
        action(
            "Resolve",
            change_ticket,
            "Resolved. The client is told.",
            ticket.id,
            key=f"resolve-{ticket.id}",
            icon=":material/task_alt:",
            refused=_no_change(ticket) or (f"It is {ticket.status.value} already." if over else ""),
            status=TicketStatus.RESOLVED,
            seen={"status": ticket.status},
        )
        _snooze_button(ticket)
        opener("Correct", lambda: _correct(ticket), refused=_no_change(ticket), quiet=True, icon=":material/edit:")
    _facts_form(ticket, choices)


@st.dialog("Correct this ticket")
def _correct(ticket: TicketDetail) -> None:
    """Let the desk mend the subject, and whose ticket it is as long as nothing was said between the two."""
    st.write(f"Now of {plain_text(ticket.requester_name)} ({plain_text(ticket.requester_email)}).")
    search = st.text_input("Is it somebody else's?", placeholder="Name or e-mail", key=f"correct-{ticket.id}")
    found = [one for one in load(find_requesters, search) if one.id != ticket.requester_id]
    if search and not found:
        st.caption("Nobody else of this name was found.")
    seen = {"subject": ticket.subject, "requester_id": ticket.requester_id}
    with Form(f"correct-{ticket.id}", border=False, of=(seen, search)) as form:
        st.text_input("Subject", ticket.subject, key=form.key("subject"), max_chars=200)
        other: dict[str, Any] = {}
        if found:
            st.selectbox(
                "Person",
                found,
                index=None,
                format_func=lambda one: one.name,
                placeholder=f"Stays {ticket.requester_name}'s",
                key=form.key("requester"),
            )
            other["requester_id"] = form.field("requester", lambda one: one.id if one else None)
            st.warning(
                f"From then on the person chosen reads everything public in {ticket.number} and is told what is"
                f" answered; {plain_text(ticket.requester_name)} no longer finds it. It is refused once"
                f" {plain_text(ticket.requester_name)} wrote in it or was answered.",
                icon=":material/visibility:",
            )
        if form.submit(
            "Save", correct_ticket, "Corrected.", ticket.id, subject=form.field("subject"), seen=seen, **other
        ):
            st.rerun()


def _no_change(ticket: TicketDetail) -> str:
    return f"It was merged into {ticket.merged_into_number}." if ticket.merged_into_id else ""


def _facts_form(ticket: TicketDetail, choices: Choices) -> None:
    agents = {str(a.id): a.name for a in choices.agents}
    seen = {name: getattr(ticket, name) for name in ("status", "priority", "category", "assignee_id")}
    if ticket.assignee_id and str(ticket.assignee_id) not in agents:
        agents = {str(ticket.assignee_id): ticket.assignee_name or "Somebody", **agents}
    with Form(f"facts-{ticket.id}", of=(seen, ticket.tags)) as form:
        typed: dict[str, Any] = {name: form.field(name) for name in ("status", "priority", "category", "tags")}
        left, right = st.columns(2)
        for place, label, name, words_of in (
            (left, "Status", "status", list(TicketStatus)),
            (right, "Priority", "priority", list(TicketPriority)),
            (left, "Category", "category", list(TicketCategory)),
        ):
            place.selectbox(label, words_of, index=words_of.index(seen[name]), format_func=words, key=form.key(name))
        keys = ["", *agents]
        right.selectbox(
            "Assignee",
            keys,
            index=keys.index(str(ticket.assignee_id or "")),
            format_func=lambda key: agents.get(key, "Nobody"),
            key=form.key("assignee"),
        )
        st.multiselect(
            "Tags",
            sorted({*choices.tags, *ticket.tags}),
            default=list(ticket.tags),
            accept_new_options=True,
            key=form.key("tags"),
            placeholder="Choose, or type a new one",
        )
        form.submit(
            "Save",
            change_ticket,
            "Saved.",
            ticket.id,
            primary=False,
            refused=bool(ticket.merged_into_id),
            seen=seen,
            **typed,
            assignee_id=form.field("assignee", lambda key: uuid.UUID(key) if key else None),
        )


def _snooze_button(ticket: TicketDetail) -> None:
    asleep = ticket.snoozed_until is not None and ticket.snoozed_until > clock.now()
    if asleep:
        action(
            "Wake up",
            snooze_ticket,
            "It is in the queue again.",
            ticket.id,
            None,
            key=f"wake-{ticket.id}",
            icon=":material/alarm:",
        )
    else:
        opener("Snooze", lambda: _snooze(ticket), refused=_no_change(ticket), icon=":material/snooze:")


@st.dialog("Snooze until")
def _snooze(ticket: TicketDetail) -> None:
    zone = ZoneInfo(actor().time_zone)
    today = clock.now().astimezone(zone).date()
    st.write("It leaves the queue until then; its clocks go on. A word of the client brings it back.")
    for label, day in (("Tomorrow", today + timedelta(days=1)), ("Next Monday", _next_monday(today))):
        at = instant(day, _NINE, zone)
        if action(
            f"{label}, {when(at, zone.key)}",
            snooze_ticket,
            "Snoozed.",
            ticket.id,
            at,
            key=f"snooze-{label}-{ticket.id}",
        ):
            st.rerun()
    with Form(f"snooze-{ticket.id}", border=False) as form:
        st.datetime_input(
            f"Another time ({zone.key})",
            datetime.combine(today + timedelta(days=2), _NINE),
            key=form.key("at"),
            step=timedelta(minutes=15),
        )
        if form.submit(
            "Snooze until then",
            snooze_ticket,
            "Snoozed.",
            ticket.id,
            until=form.field("at", lambda typed: instant(typed.date(), typed.time(), zone) if typed else None),
        ):
            st.rerun()


def _next_monday(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())


_SCREENS = {"booking": "care/booking", "order": "store/order", "conversation": "support/conversation"}


def linked(ticket: TicketDetail) -> None:
    """Draw what a ticket is about; staff link and unlink."""
    staff = actor().is_staff
    # The desk has a card of its own for a conversation, where reading it is written down.
    found = load(find_linked, replace(ticket, conversation_id=None) if staff else ticket)
    if not (found or staff):
        return
    with st.container(border=True):
        st.markdown("**About**")
        for one in found:
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                label = " · ".join(filter(None, (plain_text(one.reference), words(one.what))))
                if one.kind in _SCREENS:
                    link(_SCREENS[one.kind], label, icon=":material/arrow_forward:", id=str(one.id))
                else:
                    st.markdown(label)
                if staff:
                    action(
                        "Unlink",
                        link_ticket,
                        "Unlinked.",
                        ticket.id,
                        Link(one.kind),
                        None,
                        key=f"unlink-{one.kind}-{ticket.id}",
                    )
        if not found:
            st.caption("Linked to no booking, order or payment.")
        if staff:
            opener("Link", lambda: _link(ticket), refused=_no_change(ticket), icon=":material/add_link:")


@st.dialog("What is it about?")
def _link(ticket: TicketDetail) -> None:
    zone = actor().time_zone
    search = st.text_input(
        "Reference", placeholder="B-…, O-… or the provider's payment number", key=f"link-search-{ticket.id}"
    )
    found = load(find_linkable, ticket, search)
    st.caption("Found" if search.strip() else f"The newest of {plain_text(ticket.requester_name)}")
    for one in found:
        label = " · ".join(
            filter(None, (f"{words(one.kind)} {plain_text(one.reference)}", words(one.what), when(one.at, zone)))
        )
        if action(label, link_ticket, "Linked.", ticket.id, Link(one.kind), one.id, key=f"link-{one.id}-{ticket.id}"):
            st.rerun()
    if not found:
        st.info("Nothing was found." if search.strip() else "There is nothing of this person yet.")
