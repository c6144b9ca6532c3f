"""Settings of the desk: when it works, what it promises, whom it tells, and the texts it writes often.

Admins change them, support reads them. Whatever moves due times gives the open tickets theirs anew, at once or, when
they are many, in the background.
"""

import uuid
from functools import partial

import streamlit as st

from avenrae.enums import TicketCategory, TicketPriority
from avenrae.queries.desk_settings import DeskRow, PolicyRow, ReplyRow, get_desk_settings, lints, preview
from avenrae.ui.actions import actor, load, opener
from avenrae.ui.desk_settings import (
    PLACEHOLDERS,
    desk_facts,
    holidays_of,
    may_edit,
    new_desk,
    policy_dialog,
    reply_dialog,
    spoken_minutes,
)
from avenrae.ui.format import plain_text, when, words
from avenrae.ui.lists import pick
from avenrae.ui.records import Cell, Column, records

settings = load(get_desk_settings)


def main() -> None:
    """Draw the page."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Desk settings")
        if may_edit():
            opener("New desk", new_desk, icon=":material/add:")
    if settings.run:
        done = settings.run.done / max(1, settings.run.total)
        st.progress(min(1.0, done), f"New due times: {settings.run.done} of {settings.run.total} tickets")
    for sentence in lints(settings):
        st.warning(plain_text(sentence), icon=":material/rule:")
    if not settings.desks:
        st.info("There is no desk yet. With one, tickets get due times by its hours.", icon=":material/support_agent:")
        return
    desk = _desk()
    tabs = {
        "Desk and hours": partial(desk_facts, settings, desk),
        "Holidays": partial(holidays_of, desk),
        "Policies": _policies,
        "When is it due?": _preview,
        "Canned replies": _replies,
    }
    for tab, draw in zip(st.tabs(list(tabs)), tabs.values(), strict=True):
        with tab:
            draw()


def _desk() -> DeskRow:
    if len(settings.desks) == 1:
        return settings.desks[0]
    names = {str(d.id): d.name for d in settings.desks}
    return settings.desk(uuid.UUID(pick("Desk", names, key="desk", name=names.__getitem__)))


def _policies() -> None:
    if may_edit():
        opener("New policy", partial(policy_dialog, settings, None), icon=":material/add:")
    columns: list[Column[PolicyRow]] = [
        Column(
            "Priority", lambda p: Cell(words(p.priority), sub=words(p.category) if p.category else "Every category")
        ),
        Column("Policy", lambda p: Cell(p.name, sub=settings.desk(p.desk_id).name)),
        Column("First response", lambda p: spoken_minutes(p.first_response_minutes), align="right"),
        Column("Each answer", lambda p: spoken_minutes(p.update_minutes), align="right"),
        Column("Resolution", lambda p: spoken_minutes(p.resolution_minutes), align="right"),
    ]
    records(
        settings.policies,
        columns,
        label="policies",
        key="policies",
        row_id=lambda p: str(p.id),
        empty="Nothing is promised yet. Add a policy for each priority.",
    )
    st.caption("Of a policy for every category and one for its own, the own one counts. Minutes are of desk hours.")
    if may_edit() and settings.policies:
        with st.container(horizontal=True):
            for policy in settings.policies:
                opener(
                    f"Change {plain_text(policy.name)}",
                    partial(policy_dialog, settings, policy),
                    quiet=True,
                    icon=":material/edit:",
                    key=f"policy:{policy.id}",
                )


def _preview() -> None:
    left, right = st.columns(2)
    with left:
        priority = TicketPriority(pick("Priority", list(TicketPriority)[::-1], key="priority", name=words))
    with right:
        category = TicketCategory(pick("Category", TicketCategory, key="category", name=words))
    found = preview(settings, priority, category)
    if found is None:
        st.info("Nothing is promised for such a ticket: it is never due.", icon=":material/rule:")
        return
    st.markdown(f"A ticket opened now is under **{plain_text(found.policy)}**, by {plain_text(found.desk)}:")
    for due in found.due:
        at = f"**{when(due.due_at, found.time_zone)}**" if due.due_at else "**never: the desk has no hours**"
        st.markdown(f"{words(due.promise)}: {at}, after {spoken_minutes(due.minutes)} of desk hours")
        skipped = [f"{when(s.start, found.time_zone)} – {when(s.end, found.time_zone)}: {s.why}" for s in due.stretches]
        waits = [line for line, s in zip(skipped, due.stretches, strict=True) if not s.counted]
        if waits:
            st.caption("Not counted: " + plain_text("; ".join(waits)))
    if found.time_zone != actor().time_zone:
        st.caption(f"Times are on the desk's clock ({found.time_zone}).")


def _replies() -> None:
    if may_edit():
        opener("New reply", partial(reply_dialog, None), icon=":material/add:")
    st.caption("Filled in when used: " + "; ".join(f"`{name}` {what}" for name, what in PLACEHOLDERS.items()))
    if not settings.replies:
        st.info("No replies yet. Keep here what is written every day.", icon=":material/quickreply:")
    for reply in settings.replies:
        with st.container(border=True):
            _reply(reply)


def _reply(reply: ReplyRow) -> None:
    about = f" :gray-badge[{words(reply.category)}]" if reply.category else ""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{plain_text(reply.title)}**{about}", width="content")
        if may_edit():
            opener("Change", partial(reply_dialog, reply), quiet=True, icon=":material/edit:", key=f"reply:{reply.id}")
    st.text(reply.body)


main()
