"""What every detail page shares: facts under labels, and what to show when no record was named."""

from typing import NoReturn

import streamlit as st

from avenrae.ui.lists import link


def fact(label: str, value: str) -> None:
    """Draw one fact: a quiet label and its value, as plain text."""
    shown = value if value.strip() else "–"
    for sign in "\\`*_[]<>$~:#|":
        shown = shown.replace(sign, f"\\{sign}")
    st.markdown(f":small[:gray[{label}]]  \n{shown}")


def no_record_chosen(script: str, where: str) -> NoReturn:
    """Say that the address names no record, and lead to the list; ends the run."""
    st.info(f"No record is chosen. Open one from {where}.", icon=":material/touch_app:")
    link(script, where, icon=":material/arrow_back:")
    st.stop()
