"""E-mails sent: what was written to whom, and what became of it; without a mail server, all is kept and read here.

Admins see every mail, try the server, and send again what failed or was kept. Support sees those to clients and
practitioners. What concerns the security of an account is not readable for support, nor what clients and
practitioners write to one another for anybody. A row opens one mail (`?id=`).
"""

import uuid

import streamlit as st

from avenrae.enums import MailStatus, NoticeKind
from avenrae.letters.frame import framed
from avenrae.notice_kinds import TEXTS
from avenrae.queries.listing import key_of, limit_of
from avenrae.queries.outbox import Letter, OutboxRow, count_outbox, get_letter, list_outbox, outbox_filters
from avenrae.queries.people import user_name_of
from avenrae.ui.actions import actor, load
from avenrae.ui.details import fact
from avenrae.ui.format import badge, plain_text, status_word, when
from avenrae.ui.lists import choice, given, has_screen, link, search_box, show_list, understood
from avenrae.ui.mail_actions import send_again_button, show_mail_server
from avenrae.ui.navigation import address_of
from avenrae.ui.records import Cell, Column
from avenrae.ui.telling import of_mail

who = actor()


def main() -> None:
    """Draw the page."""
    if chosen := key_of(st.query_params.get("id")):
        _one(load(get_letter, chosen), chosen)
    else:
        _all()


def _all() -> None:
    st.title("E-mails sent")
    show_mail_server()
    row = st.columns([3, 2, 2, 2, 2])
    with row[0]:
        search = search_box("Name or address")
    with row[1]:
        status = choice("Status", MailStatus, key="status", every="Every status")
    with row[2]:
        kind = choice("About", NoticeKind, key="kind", every="Everything", name=lambda k: TEXTS[NoticeKind(k)].name)
    first = row[3].date_input("Written from", None, key="from", bind="query-params", format="YYYY-MM-DD")
    last = row[4].date_input("Written until", None, key="to", bind="query-params", format="YYYY-MM-DD", min_value=first)
    days = {"from": first.isoformat() if first else "", "to": last.isoformat() if last else ""}
    params = {"q": search, "status": status, "kind": kind, **days, **given("person")}
    filters = understood(outbox_filters, params, who.time_zone)
    narrowed = {}
    if person := params.get("person"):
        narrowed["person"] = load(user_name_of, key_of(person)) or "one person"
    columns: list[Column[OutboxRow]] = [
        Column("E-mail", lambda m: Cell(m.subject or "Without a subject", sub=TEXTS[m.kind].name), primary=True),
        Column("To", lambda m: Cell(m.reader, sub=m.to_address), key="to"),
        Column("Written", lambda m: when(m.created_at, who.time_zone), key="created_at", wrap=False),
        Column("Status", lambda m: badge(m.status)),
        Column("Why", _why),
    ]
    show_list(
        noun="e-mail",
        filters=filters,
        params=params,
        count=count_outbox,
        limit=limit_of(search),
        rows=list_outbox,
        columns=columns,
        opens="office/mail",
        sort="-created_at",
        export="mails",
        narrowed=narrowed,
        empty="No e-mail has been written yet. When people are told something, its e-mail stands here.",
    )


def _why(mail: OutboxRow) -> str:
    return "No mail server was set" if mail.status is MailStatus.KEPT else mail.error


def _one(letter: Letter, mail_id: uuid.UUID) -> None:
    mail = letter.row
    link("office/mail", "E-mails sent", icon=":material/arrow_back:")
    st.title(plain_text(mail.subject) or "Without a subject")
    st.markdown(f"{status_word(mail.status)} {plain_text(of_mail(mail, who.time_zone))}")
    send_again_button(letter)
    left, right = st.columns([3, 2])
    with right:
        _facts(letter)
    with left.container(border=True):
        if letter.text is None:
            st.info("These words are for their reader alone.", icon=":material/lock:")
        else:
            st.text(_as_sent(letter, letter.text))


def _as_sent(letter: Letter, text: str) -> str:
    """Return the text in the frame that its reader gets it in."""
    about = [(notice.screen, notice.record_id) for notice in letter.carried]
    link_to = address_of(*(about[0] if len(about) == 1 else ("office/notifications", None)))
    return framed(letter.row.subject, text, letter.row.kind, link_to)[0]


def _facts(letter: Letter) -> None:
    mail = letter.row
    with st.container(border=True):
        fact("To", f"{mail.reader}, {mail.to_address}")
        fact("Written", when(mail.created_at, who.time_zone))
        if mail.status is not MailStatus.KEPT:
            fact("Tries", str(mail.attempts))
        if mail.handed_over_at:
            fact("Handed to the server", when(mail.handed_over_at, who.time_zone))
        if mail.sent_at:
            fact("Taken by the server", when(mail.sent_at, who.time_zone))
        link("office/mail", "All mails to this person", icon=":material/mail:", person=str(mail.user_id))
        link("office/told", "What this person was told", icon=":material/contact_support:", person=str(mail.user_id))
    if letter.carried:
        st.subheader("What it tells")
    for notice in letter.carried:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{plain_text(notice.title)}  \n:small[:gray[{when(notice.told_at, who.time_zone)}]]", width="stretch"
            )
            if notice.screen and has_screen(notice.screen) and notice.record_id:
                link(notice.screen, "Open", id=str(notice.record_id))


main()
