"""What every detail page shares: facts under labels, and what to show when no record was named."""

import uuid
from typing import NoReturn

import streamlit as st

from avenrae.enums import Role
from avenrae.ui.actions import actor
from avenrae.ui.format import plain_text
from avenrae.ui.lists import link
from avenrae.ui.navigation import screen


def fact(label: str, value: str) -> None:
    """Draw one fact: a quiet label and its value, as plain text."""
    st.markdown(f":small[:gray[{label}]]  \n{plain_text(value) if value.strip() else '–'}")


def fact_link(label: str, value: str, script: str, **params: str) -> None:
    """Draw a fact that has a screen of its own: the value is the link to it."""
    with st.container(gap=None):
        st.markdown(f":small[:gray[{label}]]")
        link(script, plain_text(value), icon=":material/arrow_forward:", **params)


def links_of_practitioner(practitioner_id: uuid.UUID) -> None:
    """Draw the ways to what else there is of a practitioner, as far as the reader has those screens.

    A client's calendar is his own, so nothing leads there.
    """
    for script in ("care/bookings", "care/calendar", "care/availability", "care/services"):
        target = screen(script)
        if actor().role in target.roles and not (actor().role is Role.CLIENT and script == "care/calendar"):
            link(script, target.title, icon=f":material/{target.icon}:", practitioner=str(practitioner_id))


def no_record_chosen(script: str, where: str) -> NoReturn:
    """Say that the address names no record, and lead to the list; ends the run."""
    st.info(f"No record is chosen. Open one from {where}.", icon=":material/touch_app:")
    if actor().role in screen(script).roles:
        link(script, where, icon=":material/arrow_back:")
    st.stop()
