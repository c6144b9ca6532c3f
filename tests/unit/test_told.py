"""What a widget tells, also when it left the page before its word arrived."""

from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st

    from avenrae.ui.actions import told

    heard: list[object] = []
    st.session_state["there"] = {"beat": True}
    told("there", heard.append)()
    told("gone", heard.append)()
    st.write(repr(heard))


def test_what_left_the_page_tells_nothing() -> None:
    """A callback of the page before is no fault of the page that follows."""
    page = AppTest.from_function(_page).run()
    assert not page.exception
    assert page.markdown[0].value == "[{'beat': True}]"
