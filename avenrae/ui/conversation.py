"""What was written in a ticket, as it was typed: nothing in a message is read as HTML, Markdown or a link."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae.enums import TicketChannel
from avenrae.permissions import Actor
from avenrae.queries.ticket_parts import Attachment, MessageRow
from avenrae.ui.format import when

_LOOKS = (Path(__file__).parent / "frontend" / "conversation.css").read_text()


def show_conversation(messages: Sequence[MessageRow], who: Actor, named: uuid.UUID | None = None) -> None:
    """Draw messages, the oldest first, with a line between days on the reader's clock; one may be marked as named.

    Public messages of clients stand left and those of the desk right; an internal note says so in words, with an
    icon, a colour and an edge of its own.
    """
    parts: list[str] = []
    last: date | None = None
    zone = ZoneInfo(who.time_zone)
    for message in messages:
        local = message.created_at.astimezone(zone)
        if local.date() != last:
            last = local.date()
            parts.append(f"<h4 class='day'><span>{local:%A} {local.day} {local:%B %Y}</span></h4>")
        parts += _message(message, who, is_named=message.id == named)
    st.html(f"<style>{_LOOKS}</style><div class='conversation'>{''.join(parts)}</div>")


def message_anchor(key: uuid.UUID) -> str:
    """Return the name by which a message is found on the page."""
    return f"message-{key}"


def _message(message: MessageRow, who: Actor, *, is_named: bool) -> Iterable[str]:
    kind = "note" if message.is_internal else "staff" if message.from_staff else "client"
    name = _name(message, who)
    mark = {
        "note": "<b class='kind'><i aria-hidden='true'>🔒</i> Internal note · never shown to the client</b>",
        "staff": "<b class='kind'>Public reply</b>",
        "client": "",
    }[kind]
    spoken = {"note": "Internal note by", "staff": "Public reply by", "client": "Message of"}[kind]
    at = when(message.created_at, who.time_zone).split(", ", 1)[1]
    how = " · by e-mail" if message.channel == TicketChannel.EMAIL else ""
    look, told = f"{kind} named" if is_named else kind, escape(f"{spoken} {name}, {at}")
    yield f"<article id='{message_anchor(message.id)}' class='message {look}' aria-label='{told}'>"
    yield f"<header>{mark}<span class='who'>{escape(name)}</span> <time>{escape(at)}{how}</time></header>"
    yield f"<div class='text'>{escape(message.body)}</div>"
    if message.attachments:
        yield f"<ul class='files'>{''.join(_file(a) for a in message.attachments)}</ul>"
    yield "</article>"


def _name(message: MessageRow, who: Actor) -> str:
    """Return who wrote it; people outside the desk read the first names of those inside."""
    name = message.author_name or "Avenrae"
    if message.author_id is not None and message.author_id == who.user_id:
        return f"{name} (you)"
    return f"{name.split(' ')[0]}, Avenrae support" if message.from_staff and not who.is_staff else name


def _file(file: Attachment) -> str:
    size = f"{file.size / 1024:.0f} kB" if file.size < 1024 * 1024 else f"{file.size / 1024 / 1024:.1f} MB"
    return f"<li><a href='/download/ticket-file/{file.id}'>📎 {escape(file.name)}</a> <span>{size}</span></li>"
