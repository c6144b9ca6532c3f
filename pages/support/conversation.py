"""One conversation between a client and a practitioner: what was written, writing more, reporting a message.

Its two members read and write it. Support and admins open it from a ticket that links to it (`?ticket=`), and read it
once they have said so in writing; they hide what must not stand there, and see who of the desk has read it.
"""

import uuid
from functools import partial

import streamlit as st

from avenrae.enums import Role
from avenrae.errors import NotFound
from avenrae.queries.conversations import (
    MOST_MESSAGES,
    ConversationDetail,
    Partner,
    PrivateMessage,
    find_partner,
    get_conversation,
    list_private_messages,
    list_readings,
)
from avenrae.queries.listing import key_of
from avenrae.services.conversations import mark_conversation_read, start_conversation
from avenrae.ui.actions import Form, actor, load, note, opener
from avenrae.ui.details import no_record_chosen
from avenrae.ui.format import plain_text, when
from avenrae.ui.linked_conversation import hide_one, read_button
from avenrae.ui.lists import link, open_screen
from avenrae.ui.live import pulse
from avenrae.ui.private_messages import LONGEST, report_dialog, show_private_messages, write_form

who = actor()
before = key_of(st.query_params.get("before"))


def main() -> None:
    """Draw the page."""
    if who.is_staff:
        _desk()
        return
    key = key_of(st.query_params.get("id"))
    partner_id = key_of(st.query_params.get("with"))
    if key is None and partner_id is not None:
        partner = load(find_partner, partner_id)
        if partner.conversation_id is None:
            _first(partner, partner_id)
            return
        key = partner.conversation_id
    _own(load(get_conversation, key or no_record_chosen("support/conversations", "Messages")))


def _own(talk: ConversationDetail) -> None:
    is_client = who.role is Role.CLIENT
    name = talk.practitioner_name if is_client else talk.client_name
    _head(name)
    with st.container(horizontal=True):
        if is_client and talk.practitioner_id:
            link("care/practitioner", "Profile", icon=":material/person:", id=str(talk.practitioner_id))
        if not is_client and talk.client_id:
            link("care/bookings", "Sessions", icon=":material/event:", client=str(talk.client_id))
    if before is not None:
        _page(talk, load(list_private_messages, talk.id, before=before, limit=MOST_MESSAGES + 1))
        return
    _live(talk)
    if talk.is_open:
        write_form(talk.id, name)
    else:
        st.info(f"The account of {plain_text(name)} is closed: nothing more can be sent.", icon=":material/lock:")


@st.fragment
def _live(talk: ConversationDetail) -> None:
    """Draw the newest messages, anew every few seconds; what is typed below stays."""
    pulse(f"pulse-{talk.id}", every=10)
    found = load(list_private_messages, talk.id, limit=MOST_MESSAGES + 1)
    note(mark_conversation_read, talk.id, found[-1].created_at if found else None)
    _page(load(get_conversation, talk.id), found)


def _page(talk: ConversationDetail, found: list[PrivateMessage], **more: str) -> None:
    """Draw up to so many messages, with the way to those before and back to the newest."""
    shown = found[-MOST_MESSAGES:]
    with st.container(horizontal=True):
        if len(found) > len(shown):
            link(
                "support/conversation",
                "Older messages",
                icon=":material/expand_less:",
                id=str(talk.id),
                before=str(shown[0].id),
                **more,
            )
        if before is not None:
            link("support/conversation", "Back to the newest", icon=":material/expand_more:", id=str(talk.id), **more)
    if not shown:
        st.caption("There is nothing before that.")
        return
    practitioner = next((m.author_id for m in shown if m.author_id != talk.client_user_id), None)
    right = practitioner if who.is_staff else who.user_id
    show_private_messages(shown, right=right, read_until=talk.other_read_until)
    if not who.is_staff:
        theirs = [m for m in shown if m.author_id != who.user_id and not m.is_hidden and not m.is_reported]
        refused = "" if theirs else "There is nothing here to report."
        opener("Report a message", partial(report_dialog, theirs), refused=refused, quiet=True, icon=":material/flag:")


def _first(partner: Partner, partner_id: uuid.UUID) -> None:
    """Draw where the first message to somebody is written."""
    _head(partner.name)
    if not partner.is_open:
        st.info("This account is closed: nothing can be sent.", icon=":material/lock:")
        return
    with Form(f"begin-{partner_id}") as form:
        st.text_area(
            f"Your first message to {plain_text(partner.name)}", key=form.key("body"), height=160, max_chars=LONGEST
        )
        form.submit(
            "Send",
            start_conversation,
            "Sent.",
            partner_id,
            icon=":material/send:",
            body=form.field("body"),
            then=lambda message: open_screen("support/conversation", id=str(message.conversation_id)),
        )


def _head(name: str) -> None:
    link("support/conversations", "Messages", icon=":material/arrow_back:")
    st.title(plain_text(name))
    st.caption(
        f"Between the two of you. Our desk reads it only where a ticket is about it. Times are on your clock"
        f" ({who.time_zone})."
    )


def _desk() -> None:
    """Draw it for the desk: nothing without a ticket, no word before it is written down who reads."""
    key = key_of(st.query_params.get("id")) or no_record_chosen("support/reported", "Reported messages")
    ticket_id = key_of(st.query_params.get("ticket"))
    talk = load(get_conversation, key, ticket_id=ticket_id)
    if ticket_id is None:
        raise NotFound("A conversation is opened from a ticket.")
    link("support/ticket", f"Ticket {talk.ticket_number}", icon=":material/arrow_back:", id=str(ticket_id))
    st.title(f"{plain_text(talk.client_name)} and {plain_text(talk.practitioner_name)}")
    if talk.reads_until is None:
        st.info(
            "Two people wrote this to one another in private. That you read it, through this ticket, is written down.",
            icon=":material/visibility:",
        )
        read_button(ticket_id, talk.id, "Read it", primary=True)
    else:
        st.caption(
            "The client writes left, the practitioner right. You are asked again after"
            f" {when(talk.reads_until, who.time_zone)}. Times are on your clock ({who.time_zone})."
        )
        found = load(list_private_messages, talk.id, before=before, limit=MOST_MESSAGES + 1)
        _page(talk, found, ticket=str(ticket_id))
        if found:
            hide = partial(hide_one, found[-MOST_MESSAGES:])
            opener("Hide or show a message", hide, icon=":material/visibility_off:")
    with st.container(border=True):
        st.markdown("**Read by**")
        for reading in load(list_readings, talk.id):
            at = when(reading.read_at, who.time_zone)
            st.markdown(f"{plain_text(reading.reader)} on {at}, through {reading.ticket_number}")


main()
