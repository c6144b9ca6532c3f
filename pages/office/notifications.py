"""Notifications: what the reader was told, unread first; each opens its record and can be marked as read.

Everybody has it, for himself only. Opening one marks it as read.
"""

import math

import streamlit as st

from avenrae import clock
from avenrae.queries.notifications import (
    PAGE,
    NotificationRow,
    count_notifications,
    count_unread,
    list_notifications,
)
from avenrae.services.notices import mark_all_read, mark_read
from avenrae.ui.actions import action, actor, load
from avenrae.ui.format import count, plain_text, when
from avenrae.ui.lists import choice, has_screen, link, open_screen, show_ignored

who = actor()


def main() -> None:
    """Draw the page."""
    st.title("Notifications")
    with st.columns([2, 5])[0]:
        show = choice("Show", ["unread"], key="show", every="Everything")
    told = st.container()
    total = load(count_notifications, unread_only=bool(show))
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    head.caption(count(total, "unread notification" if show else "notification"))
    with head:
        action(
            "Mark all as read",
            mark_all_read,
            "Everything is marked as read.",
            key="read-all",
            icon=":material/done_all:",
            refused="" if load(count_unread) else "There is nothing unread.",
            told_until=clock.now(),
        )
    body = st.container()
    pages = math.ceil(total / PAGE)
    number = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    show_ignored(told)
    with body:
        if not total:
            st.info("You have read everything." if show else "Nothing yet. What concerns you will stand here.")
        for row in load(list_notifications, unread_only=bool(show), page=number) if total else []:
            _draw(row)


def _draw(row: NotificationRow) -> None:
    with st.container(border=True, key=f"notice-{row.id}"):
        mark = "" if row.is_read else ":blue-badge[New] "
        body = plain_text(row.body).replace("\n", "  \n")
        st.markdown(f"{mark}**{plain_text(row.title)}**  \n{body}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(when(row.told_at, who.time_zone), width="stretch")
            params = {"id": str(row.record_id)} if row.record_id else {}
            opens = bool(row.screen) and has_screen(row.screen)
            if row.is_read:
                if opens:
                    link(row.screen, "Open", **params)
                return
            if opens:
                action(
                    "Open",
                    mark_read,
                    "Marked as read.",
                    row.id,
                    key=f"open-{row.id}",
                    then=lambda _: open_screen(row.screen, **params),
                )
            action("Mark as read", mark_read, "Marked as read.", row.id, key=f"read-{row.id}")


main()
