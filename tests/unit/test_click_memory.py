"""What was refused is told until something else begins."""

from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st

    from avenrae.ui.click_memory import begin_run, click_memory, forget_refused, show_refused

    begin_run(st.text_input("place", "a"))
    if st.button("press"):
        click_memory()["refused"] = ("one", "Not so.")
    st.button("else", on_click=forget_refused)
    show_refused("one")
    show_refused("two")


def _told(page: AppTest) -> list[str]:
    return [e.value for e in page.error]


def test_a_refusal_stands_through_the_news_that_a_page_asks_for() -> None:
    """R-UI-02: it stays in its own form, run by run, until a dialog opens or its reader is elsewhere."""
    page = AppTest.from_function(_page).run()
    assert _told(page) == []
    page.button[0].click().run()
    assert _told(page) == ["Not so."]
    assert _told(page.run()) == ["Not so."]
    page.button[1].click().run()
    assert _told(page.run()) == []
    page.button[0].click().run()
    page.text_input[0].set_value("b").run()
    assert _told(page) == []
