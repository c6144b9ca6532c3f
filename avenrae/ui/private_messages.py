"""What two people write to one another: the messages as they were typed, writing one, reporting one."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae.queries.conversations import PrivateMessage
from avenrae.services.conversations import send_message
from avenrae.services.moderation import report_message
from avenrae.ui.actions import Form, actor
from avenrae.ui.format import beginning, plain_text, when
from avenrae.ui.lists import link, open_screen

LONGEST = 10_000
_LOOKS = (Path(__file__).parent / "frontend" / "conversation.css").read_text()


def link_to_write(name: str, partner_id: uuid.UUID) -> None:
    """Draw the way to write to a practitioner (as a client) or to a client (as a practitioner)."""
    first = plain_text(name.split(" ")[0])
    link("support/conversation", f"Write to {first}", icon=":material/chat:", **{"with": str(partner_id)})


def show_private_messages(
    messages: Sequence[PrivateMessage], *, right: uuid.UUID | None, read_until: datetime | None = None
) -> None:
    """Draw messages, the oldest first, with a line between days on the reader's clock.

    Those of `right` stand right: the reader's own, or for the desk the practitioner's. `read_until` is how far the
    other one has read; under the last message of the reader that he has read it says so. Nothing in a message is read
    as HTML, Markdown or a link, and a text that runs from right to left turns no other.
    """
    zone = ZoneInfo(actor().time_zone)
    seen = [m.id for m in messages if m.author_id == right and read_until is not None and m.created_at <= read_until]
    parts: list[str] = []
    last: date | None = None
    for message in messages:
        local = message.created_at.astimezone(zone)
        if local.date() != last:
            last = local.date()
            parts.append(f"<h4 class='day'><span>{local:%A} {local.day} {local:%B %Y}</span></h4>")
        parts += _message(message, is_right=message.author_id == right)
        if seen and message.id == seen[-1]:
            parts.append("<p class='seen'>Read</p>")
    st.html(f"<style>{_LOOKS}</style><div class='conversation'>{''.join(parts)}</div>")


def _message(message: PrivateMessage, *, is_right: bool) -> Iterator[str]:
    name = "You" if message.author_id == actor().user_id else message.author_name
    at = when(message.created_at, actor().time_zone).split(", ", 1)[1]
    side = "staff" if is_right else "client"
    hidden = " hidden" if message.is_hidden else ""
    reported = " · reported" if message.is_reported and not message.is_hidden else ""
    yield f"<article class='message {side}{hidden}' aria-label='{escape(f'Message of {name}, {at}')}'>"
    yield f"<header><span class='who'><bdi>{escape(name)}</bdi></span> <time>{escape(at)}{reported}</time></header>"
    if message.is_hidden:
        whose = ", only you still read it" if name == "You" else ""
        yield f"<p class='why'>Hidden by our desk{whose}. Why: <bdi>{escape(message.decision_reason or '')}</bdi></p>"
    if message.body is not None:
        yield f"<div class='text' dir='auto'>{escape(message.body)}</div>"
    yield "</article>"


def write_form(conversation_id: uuid.UUID, name: str) -> None:
    """Draw where the next message is written."""
    with Form(f"write-{conversation_id}") as form:
        st.text_area(f"Your message to {plain_text(name)}", key=form.key("body"), height=120, max_chars=LONGEST)
        form.submit("Send", send_message, "Sent.", conversation_id, icon=":material/send:", body=form.field("body"))


@st.dialog("Report a message")
def report_dialog(messages: Sequence[PrivateMessage]) -> None:
    """Choose one of the other's messages and say what is wrong with it."""
    st.write(
        "Our desk reads the message that you choose and decides whether it stays. It opens a ticket of yours, through"
        " which the desk may also read the rest of this conversation; each time it does is written down."
    )
    named = {str(m.id): to_choose(m) for m in reversed(messages)}
    with Form("report-message", border=False) as form:
        st.radio("Which message?", list(named), format_func=named.__getitem__, key=form.key("message"))
        st.text_area("What is wrong with it?", key=form.key("reason"), max_chars=2000, height=100)
        sent = form.submit(
            "Report to the desk",
            report_message,
            lambda ticket: f"Reported. We answer in {ticket.number}.",
            message_id=form.field("message", lambda key: uuid.UUID(key)),
            reason=form.field("reason"),
            then=lambda ticket: open_screen("support/ticket", id=str(ticket.id)),
        )
        if sent:
            st.rerun()


def to_choose(message: PrivateMessage) -> str:
    """Return how a message begins, and when it was written, for choosing it."""
    said, at = beginning(message.body or "", 90), when(message.created_at, actor().time_zone)
    return f"{plain_text(said)}  \n:small[:gray[{at}]]"
