"""One ticket: its conversation, answering it, what it is and what it is about, its clocks and its history.

Staff reply publicly or leave internal notes, assign, snooze, tag, link, merge and split, and see who else has the
ticket open; its requester reads the public part, answers, and says how it went.
"""

import uuid
from collections.abc import Sequence

import streamlit as st

from avenrae.queries.listing import key_of
from avenrae.queries.ticket_choices import Canned, list_choices
from avenrae.queries.ticket_messages import get_ticket
from avenrae.queries.ticket_parts import TicketPart, place_of, read_part
from avenrae.queries.tickets import next_ticket
from avenrae.services.ticket_presence import note_presence
from avenrae.services.tickets import rate_ticket
from avenrae.ui.actions import Form, actor, load, note
from avenrae.ui.client_panel import show_client_panel
from avenrae.ui.conversation import message_anchor, show_conversation
from avenrae.ui.details import no_record_chosen
from avenrae.ui.format import plain_text, status_word, when
from avenrae.ui.history import show_history
from avenrae.ui.linked_conversation import show_linked_conversation
from avenrae.ui.lists import link, open_screen
from avenrae.ui.live import Key, pulse, reveal, shortcuts
from avenrae.ui.ticket_forms import REPLY, linked, reply_form, show_part, side
from avenrae.ui.ticket_moves import explain, moves
from avenrae.ui.tickets import promise_cell

who = actor()
HOME = "support/queue" if who.is_staff else "support/my_tickets"
ticket = load(
    get_ticket,
    key_of(st.query_params.get("id")) or no_record_chosen(HOME, "Ticket queue" if who.is_staff else "My tickets"),
)


def main() -> None:
    """Draw the page."""
    # Where the walk through the queue stands: an answer moves its ticket in the order, and not who reads on from it.
    if st.session_state.get("stands-at", (None,))[0] != ticket.id:
        st.session_state["stands-at"] = ticket.id, ticket.next_due_at
    _head()
    if not who.is_staff:
        _talk()
        _rating()
        linked(ticket)
        return
    choices = load(list_choices, ticket.category)
    left, right = st.columns([5, 3], gap="large")
    with left:
        talk, clocks, history = st.tabs(
            ["Conversation", "Clocks", "History"], key="part", bind="query-params", on_change="rerun"
        )
        # The conversation is always drawn: what is typed in it would be gone with it.
        with talk:
            _talk(choices.canned)
        with clocks:
            if clocks.open:
                explain(ticket)
        with history:
            if history.open:
                show_history("tickets", ticket.id)
    with right:
        side(ticket, choices)
        show_linked_conversation(ticket)
        show_client_panel(ticket.requester_id, ticket_id=ticket.id)
        linked(ticket)
        moves(ticket)
        link("office/told", "Who was told?", icon=":material/contact_support:", record=ticket.number)


def _head() -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(key="back", width="content"):
            link(HOME, "Ticket queue" if who.is_staff else "My tickets", icon=":material/arrow_back:")
        if who.is_staff:
            _keys()
    st.title(f"{ticket.number} {plain_text(ticket.subject)}")
    told = [status_word(ticket.status)]
    if who.is_staff:
        promise = promise_cell(ticket, who.time_zone)
        tone = {"amber": "orange", "grey": "gray", "": "gray"}.get(promise.tone, promise.tone)
        told += [status_word(ticket.priority), f":{tone}-badge[{promise.text}]", f":small[:gray[{promise.sub}]]"]
    else:
        told.append(f":small[:gray[opened {when(ticket.created_at, who.time_zone)}]]")
    st.markdown(" ".join(told))
    if ticket.merged_into_id:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("What was written here now stands in another ticket.")
            link("support/ticket", f"Open {ticket.merged_into_number}", id=str(ticket.merged_into_id))


def _keys() -> None:
    with st.container(horizontal=True, width="content", vertical_alignment="center"):
        with st.container(key="next-ticket", width="content"):
            st.button("Next ticket", on_click=_go_to_next, icon=":material/skip_next:", type="tertiary")
        shortcuts(
            {
                "j": Key("Next ticket: what breaches after this one, of yours and of nobody's", presses="next-ticket"),
                "k": Key("Back to the queue", presses="back"),
                "a": Key("Assign to me", presses=f"button:assign-me-{ticket.id}"),
                "r": Key("Reply", focuses=REPLY),
                "e": Key("Resolve", presses=f"button:resolve-{ticket.id}"),
            }
        )


def _talk(canned: Sequence[Canned] = ()) -> None:
    _conversation()
    reply_form(ticket, st.session_state.get(f"drawn:{ticket.id}"), canned)


def _go_to_next() -> None:
    """Looked up when it is pressed: what breaches next may have changed since the page was drawn."""
    if following := load(next_ticket, st.session_state["stands-at"][1], ticket.id):
        open_screen("support/ticket", id=str(following))
    else:
        st.toast("No other ticket of yours or of nobody's waits for an answer.")


@st.fragment
def _conversation() -> None:
    """Draw what was written, anew every few seconds; the page around it, and what is typed there, stay."""
    pulse(f"pulse-{ticket.id}", every=10, on_beat=_note)
    place = place_of(st.query_params)
    part = load(read_part, ticket.id, place)
    shown, drawn = part.messages, f"drawn:{ticket.id}"
    if not part.has_later or drawn not in st.session_state:
        # What is answered is what was seen of it: of earlier messages, the newest that there were then.
        st.session_state[drawn] = part.newest_id
    if not part.found:
        st.info("That message does not stand in this ticket; these are the newest.", icon=":material/info:")
    if part.has_earlier:
        _turn("Earlier messages", "arrow_upward", before=shown[0].id)
    show_conversation(shown, who, place.around)
    if part.has_later:
        with st.container(horizontal=True):
            _turn("Later messages", "arrow_downward", after=shown[-1].id)
            _turn("Newest messages", "vertical_align_bottom")
    if not place.is_newest and part.found:
        reveal(
            message_anchor(place.around or shown[-1 if place.before else 0].id), at="end" if place.before else "center"
        )
    _openers(part)


def _turn(label: str, icon: str, **place: uuid.UUID) -> None:
    st.button(label, on_click=show_part, kwargs=place, icon=f":material/{icon}:", type="tertiary", key=f"turn:{label}")


def _openers(part: TicketPart) -> None:
    for other in part.openers:
        doing = "is writing in this ticket now" if other.is_writing else "has this ticket open"
        st.warning(f"{plain_text(other.name)} {doing}.", icon=":material/visibility:")


def _note(writing: bool) -> None:
    if who.is_staff:
        note(note_presence, ticket.id, is_writing=writing)


def _rating() -> None:
    if ticket.status not in ("resolved", "closed") or ticket.merged_into_id:
        return
    with Form(f"rate-{ticket.id}", of=(ticket.satisfaction, ticket.satisfaction_comment)) as form:
        st.markdown("**How did it go?**")
        stars = list(range(1, 6))
        names = {1: "1 Not at all", 2: "2 Hardly", 3: "3 Partly", 4: "4 Well", 5: "5 Very well"}
        st.radio(
            "Was it solved?",
            stars,
            format_func=names.__getitem__,
            horizontal=True,
            key=form.key("stars"),
            index=(ticket.satisfaction or 5) - 1,
        )
        st.text_input("Anything to add?", ticket.satisfaction_comment or "", key=form.key("comment"), max_chars=2000)
        form.submit(
            "Send", rate_ticket, "Thank you.", ticket.id, stars=form.field("stars"), comment=form.field("comment")
        )


main()
