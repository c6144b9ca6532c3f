"""The conversation that a ticket links to, for the desk: what was reported, deciding it, reading the rest."""

import uuid
from collections.abc import Sequence
from functools import partial

import streamlit as st

from avenrae.queries.conversations import PrivateMessage
from avenrae.queries.reported_messages import ReportedMessage
from avenrae.queries.ticket_messages import TicketDetail
from avenrae.services.moderation import hide_message, keep_message, open_conversation, restore_message
from avenrae.services.tickets import Link, link_ticket
from avenrae.ui.actions import action, actor, opener
from avenrae.ui.details import fact
from avenrae.ui.format import plain_text, when
from avenrae.ui.lists import open_screen
from avenrae.ui.private_messages import to_choose
from avenrae.ui.reason_form import reason_form

_HIDING = "The other one does not see it any more; its author still does. Both are told why. It can be shown again."


def show_linked_conversation(ticket: TicketDetail) -> None:
    """Draw what was reported in a ticket, with the desk's decision, and the way to read the whole conversation."""
    found = ticket.conversation
    if found is None or ticket.conversation_id is None:
        return
    with st.container(border=True):
        st.markdown(f"**Conversation of {plain_text(found.client_name)} and {plain_text(found.practitioner_name)}**")
        if found.reported is not None:
            _reported(found.reported)
        with st.container(horizontal=True):
            read_button(
                ticket.id, ticket.conversation_id, "Read the whole conversation" if found.reported else "Read it"
            )
            action(
                "Unlink",
                link_ticket,
                "Unlinked.",
                ticket.id,
                Link.CONVERSATION,
                None,
                key=f"unlink-conversation-{ticket.id}",
            )
        st.caption("Two people wrote it in private: that you read it, through this ticket, is written down.")


def read_button(ticket_id: uuid.UUID, conversation_id: uuid.UUID, label: str, *, primary: bool = False) -> None:
    """Draw the button that says in writing that its presser reads a conversation, and opens it."""
    action(
        label,
        open_conversation,
        "Written down that you read it.",
        ticket_id,
        key=f"read-{conversation_id}",
        icon=":material/visibility:",
        primary=primary,
        then=lambda _: open_screen("support/conversation", id=str(conversation_id), ticket=str(ticket_id)),
    )


def _reported(message: ReportedMessage) -> None:
    zone = actor().time_zone
    fact(f"{plain_text(message.author_name)} wrote", when(message.created_at, zone))
    with st.container(border=True):
        st.text(message.body)
    fact(
        f"{plain_text(message.reporter_name)} reported it",
        f"{when(message.reported_at, zone)}: {message.report_reason}",
    )
    if message.decided_at is not None:
        what = "Hidden" if message.hidden_at else "Not hidden"
        fact("Decided", f"{what}, {when(message.decided_at, zone)}: {message.decision_reason}")
    with st.container(horizontal=True):
        hidden = message.hidden_at is not None
        opener(
            "Hide",
            partial(_hide, message),
            primary=message.is_open,
            icon=":material/visibility_off:",
            refused="It is hidden already." if hidden else "",
        )
        opener(
            "Leave it",
            partial(_keep, message),
            icon=":material/check:",
            refused="" if message.is_open else "No report is waiting for a decision.",
        )
        if hidden:
            opener("Show again", partial(_restore, message), icon=":material/visibility:")


@st.dialog("Hide this message")
def _hide(message: ReportedMessage) -> None:
    st.write(_HIDING)
    _hide_form(message.id)


@st.dialog("Leave this message")
def _keep(message: ReportedMessage) -> None:
    st.write("It stays, and cannot be reported again. Whoever reported it is told why.")
    hint = "Who reported it reads this"
    reason_form("Leave it", keep_message, "The message stays.", message.id, hint=hint, longest=2000)


@st.dialog("Show this message again")
def _restore(message: ReportedMessage) -> None:
    st.write("Both of them see it again. Both are told why.")
    _restore_form(message.id)


def _hide_form(message_id: uuid.UUID) -> None:
    hint = "Both of them read this"
    reason_form("Hide message", hide_message, "Message hidden.", message_id, hint=hint, longest=2000)


def _restore_form(message_id: uuid.UUID) -> None:
    done, hint = "The message is shown again.", "Both of them read this"
    reason_form("Show again", restore_message, done, message_id, hint=hint, longest=2000)


@st.dialog("Hide a message")
def hide_one(messages: Sequence[PrivateMessage]) -> None:
    """Choose a message of the conversation that is being read, to hide it or to show it again."""
    st.write(_HIDING)
    by_key = {str(m.id): m for m in reversed(messages)}
    names = {key: _named(message) for key, message in by_key.items()}
    chosen = st.radio("Which message?", list(names), format_func=names.__getitem__, key="hide-which")
    message = by_key[chosen]
    (_restore_form if message.is_hidden else _hide_form)(message.id)


def _named(message: PrivateMessage) -> str:
    hidden = " :red-badge[Hidden]" if message.is_hidden else ""
    return f"**{plain_text(message.author_name)}**{hidden} {to_choose(message)}"
