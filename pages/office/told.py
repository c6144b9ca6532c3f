"""Who was told? What a person was told (`?person=`), of a record (`?record=`), on a day, and why, or why not.

For staff. Each notice says what became of it in the console and by e-mail. Where a person was told nothing of a record,
it says who was, and the reasons that are known. Support sees what clients and practitioners were told.
"""

import math

import streamlit as st

from avenrae import clock
from avenrae.queries.tellings import (
    PAGE,
    Asked,
    Telling,
    count_tellings,
    find_people,
    list_deeds,
    list_tellings,
    read_question,
)
from avenrae.ui.actions import actor, load
from avenrae.ui.details import fact
from avenrae.ui.format import count, plain_text, when, words
from avenrae.ui.lists import has_screen, link, search_box
from avenrae.ui.telling import Untold, by_mail, in_console, meant_for, why_untold

who = actor()
_MOST_OTHERS = 10


def main() -> None:
    """Draw the page."""
    st.title("Who was told?")
    left, middle, right = st.columns([3, 3, 2])
    with left:
        search = search_box("Name or e-mail")
    with middle:
        record = st.text_input(
            "Booking, order or ticket", key="record", bind="query-params", placeholder="Its reference", max_chars=60
        )
    with right:
        day = st.date_input("Day", None, key="day", bind="query-params", format="YYYY-MM-DD")
    on = day.isoformat() if day else ""
    params = {"person": st.query_params.get("person", ""), "record": record, "from": on, "to": on}
    if search.strip():
        _people(search)
        return
    asked = load(read_question, params, who.time_zone)
    _head(asked)
    if asked.person or asked.subject:
        _answer(asked)
    else:
        st.info("Choose a person, or give the reference of a booking, an order or a ticket, to see who was told what.")


def _people(search: str) -> None:
    found = load(find_people, search)
    st.caption(count(len(found), "person", "people") + (", and perhaps more" if len(found) == 20 else ""))
    if not found:
        st.info("Nobody of this name was found.")
    kept = {name: value for name in ("record", "day") if (value := st.query_params.get(name))}
    for person in found:
        link(
            "office/told",
            f"{plain_text(person.name)}, {words(person.role)}, {plain_text(person.email)}",
            icon=":material/person:",
            person=str(person.id),
            **kept,
        )


def _head(asked: Asked) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if asked.person:
            st.button(
                f"Only {plain_text(asked.person.name)}",
                icon=":material/close:",
                icon_position="right",
                on_click=lambda: st.query_params.pop("person", None),
                help="Take this person away",
            )
            link("support/client", "The person", icon=":material/person:", id=str(asked.person.id))
            link("office/mail", "Mails", icon=":material/mail:", person=str(asked.person.id))
        if asked.subject:
            link(
                asked.subject.screen, asked.subject.reference, icon=":material/arrow_forward:", id=str(asked.subject.id)
            )


def _answer(asked: Asked) -> None:
    total = load(count_tellings, asked)
    if not total:
        _nothing(asked)
        return
    st.caption(f"{count(total, 'notice')}, the newest first. Times are on your clock ({who.time_zone}).")
    body = st.container()
    pages = math.ceil(total / PAGE)
    number = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    with body:
        for told in load(list_tellings, asked, page=number):
            _draw(told, named=asked.person is None)


def _nothing(asked: Asked) -> None:
    if not asked.person or not asked.subject:
        about = asked.subject.reference if asked.subject else plain_text(asked.person.name) if asked.person else ""
        st.info(f"Nobody was told anything of {about}." if asked.subject else f"{about} was told nothing in this time.")
        return
    person, subject = asked.person, asked.subject
    others = load(list_tellings, Asked(subject=subject), size=_MOST_OTHERS)
    untold = Untold(
        name=person.name,
        since=person.since,
        is_party=person.id in subject.parties,
        deeds=load(list_deeds, person, subject),
        last_told_at=others[0].told_at if others else None,
    )
    st.info(f"Nothing about {subject.reference} was meant for {plain_text(person.name)}.")
    for reason in why_untold(untold, subject.reference, who.time_zone):
        st.markdown(f"- {plain_text(reason)}")
    st.subheader("Who was told of it")
    if not others:
        st.caption("Nobody.")
    for told in others:
        _draw(told, named=True)


def _draw(told: Telling, *, named: bool) -> None:
    with st.container(border=True, key=f"told-{told.id}"):
        reader = f"{plain_text(told.reader)}: " if named else ""
        st.markdown(f"{reader}**{plain_text(told.title)}**  \n:small[:gray[{when(told.told_at, who.time_zone)}]]")
        answers = {
            "Meant for": meant_for(told),
            "In the console": in_console(told, who.time_zone),
            "By e-mail": by_mail(told, who.time_zone, clock.now()),
        }
        for column, (label, answer) in zip(st.columns([1, 1, 2]), answers.items(), strict=True):
            with column:
                fact(label, answer)
        with st.container(horizontal=True):
            if told.screen and told.record_id and has_screen(told.screen):
                link(told.screen, "What it is about", icon=":material/arrow_forward:", id=str(told.record_id))
            if told.mail:
                link("office/mail", "The e-mail", icon=":material/mail:", id=str(told.mail.id))


main()
