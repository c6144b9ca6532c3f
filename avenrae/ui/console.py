"""The frame around every page: who is signed in, the menu of the role, messages, and errors as sentences."""

from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.errors import FragmentHandledException

from avenrae.enums import Role
from avenrae.errors import AvenraeError
from avenrae.queries.notifications import MOST_UNREAD, count_unread
from avenrae.settings import ROOT
from avenrae.ui.actions import actor, load, read_actor
from avenrae.ui.click_memory import begin_run, go_on, show_messages
from avenrae.ui.failures import report
from avenrae.ui.format import in_a_row
from avenrae.ui.lists import begin_page
from avenrae.ui.navigation import SCREENS, Screen, screen, screens_of

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
    page = st.navigation(_menu(), expanded=True)
    with st.sidebar:
        _who()
    end_run = begin_run()
    begin_page()
    show_messages()
    go_on()
    try:
        page.run()
    except FragmentHandledException:
        pass  # the part of the page that failed has said so in its own place
    except Exception as e:
        report(e)
        _way_home()
    finally:
        end_run()


def _menu() -> dict[str, list[st.Page]]:
    menu: dict[str, list[st.Page]] = {}
    unread = _unread()
    for s in screens_of(actor()):
        page = st.Page(
            ROOT / "pages" / f"{s.script}.py",
            title=s.title_for(actor().role) + (unread if s.script == "office/notifications" else ""),
            url_path=s.url_path or None,
            icon=f":material/{s.icon}:",
            default=not s.url_path,
            visibility="visible" if s.is_in_menu_of(actor().role) else "hidden",
        )
        menu.setdefault(s.section, []).append(page)
    for s in SCREENS:
        if actor().role not in s.roles:
            said = partial(_not_for_this_role, s)
            menu[screen("office/home").section].append(
                st.Page(said, title=s.title, url_path=s.url_path, visibility="hidden")
            )
    return menu


def _not_for_this_role(asked: Screen) -> None:
    """Draw what a link to somebody else's screen leads to: nothing of the screen, a sentence and the way home."""
    st.title("Not your screen")
    whose = in_a_row([_people(role) for role in reversed(Role) if role in asked.roles])
    said = f"“{asked.title}” is for {whose}, not for {_people(actor().role)}."
    st.info(f"{said} An admin can change your role." if actor().is_staff else said, icon=":material/lock:")
    _way_home()


def _people(role: Role) -> str:
    return "support" if role is Role.SUPPORT else f"{role.value}s"


def _way_home() -> None:
    st.page_link(st.Page(HOME, default=True), label="Go to the home page", icon=":material/home:")


def _unread() -> str:
    """Return how many notices are new, for the menu; the page itself says what is wrong where that cannot be read."""
    try:
        n = load(count_unread)
    except AvenraeError:
        return ""
    return f" ({MOST_UNREAD}+)" if n > MOST_UNREAD else f" ({n})" if n else ""


def _who() -> None:
    who = actor()
    with st.container(key="who"):
        st.markdown(f"**{who.name.replace('*', '')}**  \n{who.role.value.capitalize()}")
        if st.button("Sign out", icon=":material/logout:", key="sign-out"):
            st.logout()
            st.stop()
