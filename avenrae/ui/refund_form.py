"""Giving money back: now, as far as an agent may, or by asking an admin."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from avenrae import money
from avenrae.enums import Role
from avenrae.services.refunds import ask_for_refund
from avenrae.settings import settings
from avenrae.ui.actions import Form, action, actor
from avenrae.ui.format import plain_text, show_money

BY_HAND = "The console only records it: pay it the way it was paid."
_NOW, _ASK = "Give it back now", "Ask an admin"


@dataclass(frozen=True)
class Refundable:
    """What money can go back of; amounts in minor units."""

    reference: str
    currency: str
    left_minor: int
    refunded_minor: int


def is_asked(subject: Refundable, key: str) -> bool:
    """Draw what the reader may give back by himself, and whether an admin is asked; returns whether one is."""
    if actor().role is not Role.SUPPORT:
        return False
    limit, currency = settings().support_refund_limit_minor, settings().currency
    alone = max(0, limit - subject.refunded_minor) if subject.currency == currency else 0
    if subject.currency != currency:
        st.caption(f"You can give back {currency} only; an admin can give back {subject.currency}.")
    else:
        st.caption(
            f"You can give back up to {_show(limit, currency)} of one booking or order in all;"
            " an admin can give back more."
        )
    first = _NOW if subject.left_minor <= alone else _ASK
    how = st.segmented_control(
        "How", (_NOW, _ASK) if alone else (_ASK,), default=first, required=True, key=f"how:{key}"
    )
    return bool(how == _ASK)


def refund_form(
    subject: Refundable,
    stays: str,
    *,
    key: str,
    service: Callable[..., Any],
    record_id: uuid.UUID,
    asked: Mapping[str, Any],
) -> None:
    """Draw the whole dialog of a refund: what can go back, how much and why. `asked` is what a request is about."""
    before = f"; {_show(subject.refunded_minor, subject.currency)} went back before" if subject.refunded_minor else ""
    st.write(
        f"Up to {_show(subject.left_minor, subject.currency)} can go back to the client{before}. {stays} {BY_HAND}"
        " This cannot be undone."
    )
    if is_asked(subject, key):
        ask_form(subject, key=key, asked=asked)
        return
    with Form(key, border=False) as form:
        amount_field(form, subject)
        st.text_area("Reason", key=form.key("reason"), max_chars=500, placeholder="Why does the money go back?")
        done = form.submit(
            "Refund",
            service,
            lambda done: f"Refunded. {_show(done.refunded_minor, done.currency)} went back in all.",
            record_id,
            amount_minor=form.field("amount", lambda typed: money.parse(typed, subject.currency)),
            reason=form.field("reason"),
        )
        if done:
            st.rerun()


def ask_form(subject: Refundable, *, key: str, asked: Mapping[str, Any]) -> None:
    """Draw the form that asks an admin."""
    with Form(f"ask-{key}", border=False) as form:
        amount_field(form, subject)
        st.text_area("Reason", key=form.key("reason"), max_chars=500, placeholder="What should the admin know?")
        done = form.submit(
            "Ask an admin",
            ask_for_refund,
            "Asked. You will be told what the admin decides.",
            amount_minor=form.field("amount", lambda typed: money.parse(typed, subject.currency)),
            reason=form.field("reason"),
            **asked,
        )
        if done:
            st.rerun()


def amount_field(form: Form, subject: Refundable) -> None:
    """Draw the amount, beginning with all that is left."""
    label = f"Amount ({subject.currency})"
    st.text_input(label, money.plain(subject.left_minor, subject.currency), key=form.key("amount"), max_chars=20)


def resend_action(service: Callable[..., Any], record_id: uuid.UUID) -> None:
    """Draw the button that sends a confirmation once more."""
    action(
        "Resend confirmation",
        service,
        lambda reader: f"The confirmation is on its way to {reader.email}.",
        record_id,
        key=f"resend-{record_id}",
        quiet=True,
        icon=":material/forward_to_inbox:",
    )


def _show(minor: int, currency: str) -> str:
    return plain_text(show_money(minor, currency))
