"""The form of a dialog that asks why."""

import uuid
from collections.abc import Callable
from typing import Any

import streamlit as st

from avenrae.ui.actions import Form


def reason_form(
    label: str, service: Callable[..., Any], done: str, key: uuid.UUID, *, hint: str, longest: int = 500
) -> None:
    """Ask for a reason, and run a service with a record's key and the reason; the dialog closes when it is done."""
    with Form(f"{service.__name__}-{key}", border=False) as form:
        st.text_area("Reason", key=form.key("reason"), max_chars=longest, placeholder=hint)
        if form.submit(label, service, done, key, reason=form.field("reason")):
            st.rerun()
