"""The frame around every page: who is signed in, the menu of the role, messages, and errors as sentences."""

from pathlib import Path

import streamlit as st

from avenrae.errors import AvenraeError
from avenrae.settings import ROOT
from avenrae.ui.actions import actor, begin_run, go_on, read_actor, show_messages
from avenrae.ui.failures import report
from avenrae.ui.navigation import screens_of

HOME = ROOT / "pages" / "office" / "home.py"
_CSS = Path(__file__).parent / "frontend" / "console.css"
# Addresses, not files: Streamlit would open, check and encode the pictures again in every run.
_STATIC = "/app/static"


def run_console() -> None:
    """Draw one run of the console; Streamlit calls it for every interaction."""
    st.set_page_config(page_title="Avenrae Console", page_icon=f"{_STATIC}/favicon.png", layout="wide")
    try:
        found = read_actor()
    except AvenraeError as e:
        st.error(e.message)
        st.button("Try again")
        return
    if found is None:
        st.session_state.clear()
        st.logout()
        st.stop()
    st.session_state["_actor"] = found
    st.html(_CSS)
    st.logo(f"{_STATIC}/logo.svg", icon_image=f"{_STATIC}/icon.svg", size="large")
    page = st.navigation(_menu())
    with st.sidebar:
        _who()
    end_run = begin_run()
    show_messages()
    go_on()
    try:
        page.run()
    except Exception as e:
        report(e)
        st.page_link(st.Page(HOME, default=True), label="Go to the home page", icon=":material/home:")
    finally:
        end_run()


def _menu() -> dict[str, list[st.Page]]:
    menu: dict[str, list[st.Page]] = {}
    for s in screens_of(actor()):
        page = st.Page(
            ROOT / "pages" / f"{s.script}.py",
            title=s.title_for(actor().role),
            url_path=s.url_path or None,
            icon=f":material/{s.icon}:",
            default=not s.url_path,
            visibility="visible" if s.is_in_menu_of(actor().role) else "hidden",
        )
        menu.setdefault(s.section, []).append(page)
    return menu


def _who() -> None:
    who = actor()
    with st.container(key="who"):
        st.markdown(f"**{who.name.replace('*', '')}**  \n{who.role.value.capitalize()}")
        if st.button("Sign out", icon=":material/logout:", key="sign-out"):
            st.logout()
            st.stop()
