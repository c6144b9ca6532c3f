"""Incoming mail: what became of each mail to the support address, and what was set aside to be looked at.

For staff. A row opens one mail (`?id=`): one that was set aside is read there, made a ticket of somebody's, or put
away. What was filed by itself stands in its ticket.
"""

import uuid
from functools import partial

import streamlit as st

from avenrae.enums import MailVerdict
from avenrae.queries.incoming_mails import MailRow, count_mails, get_mail, list_mails, mail_filters
from avenrae.queries.listing import key_of
from avenrae.queries.ticket_choices import find_requesters
from avenrae.services.incoming_mail import file_mail_for, put_mail_away
from avenrae.settings import settings
from avenrae.ui.actions import Form, action, actor, load, opener
from avenrae.ui.details import fact, fact_link
from avenrae.ui.format import badge, plain_text, status_word, when
from avenrae.ui.lists import choice, link, open_screen, search_box, show_list
from avenrae.ui.records import Cell, Column

who = actor()
_NONE_YET = "No mail has come in yet."
_CLOSED = "No mail comes in: no support address is set. The README says how mails get here."


def main() -> None:
    """Draw the page."""
    if chosen := key_of(st.query_params.get("id")):
        _one(chosen)
    else:
        _all()


def _all() -> None:
    st.title("Incoming mail")
    left, right = st.columns([3, 2])
    with left:
        sender = search_box("Sender's whole address")
    with right:
        verdict = choice("What became of it", MailVerdict, key="verdict", every="Everything")
    params = {"q": sender, "verdict": verdict}
    columns: list[Column[MailRow]] = [
        Column("Mail", lambda m: Cell(m.subject or "Without a subject", sub=m.sender), primary=True),
        Column("Received", lambda m: when(m.received_at, who.time_zone), key="received_at", wrap=False),
        Column("What became of it", lambda m: badge(m.verdict)),
        Column("Why", lambda m: m.reason or (f"In {m.ticket_number}" if m.ticket_number else "")),
    ]
    show_list(
        noun="mail",
        filters=mail_filters(params),
        params=params,
        count=count_mails,
        rows=list_mails,
        columns=columns,
        opens="support/mails",
        sort="-received_at",
        export="incoming-mail",
        empty=_NONE_YET if settings().support_address else _CLOSED,
    )


def _one(mail_id: uuid.UUID) -> None:
    mail = load(get_mail, mail_id)
    link("support/mails", "Incoming mail", icon=":material/arrow_back:")
    st.title(plain_text(mail.subject) or "Without a subject")
    st.markdown(status_word(mail.verdict))
    left, right = st.columns([3, 2])
    with right.container(border=True):
        fact("From", f"{mail.sender or 'Not said'}. An address in a mail proves nobody's identity.")
        fact("Received", when(mail.received_at, who.time_zone))
        fact("Why", mail.reason)
        if mail.ticket_id and mail.ticket_number:
            fact_link("Ticket", mail.ticket_number, "support/ticket", id=str(mail.ticket_id))
    with left:
        if mail.verdict is MailVerdict.SET_ASIDE:
            with st.container(border=True):
                st.text(mail.body or "There are no words in it.")
            _answer(mail)
        else:
            st.caption("The words of a mail are kept here only while it waits to be looked at.")


def _answer(mail: MailRow) -> None:
    st.subheader("Make it a ticket")
    search = st.text_input("Whose is it?", placeholder="Name or e-mail", key="requester-search")
    found = load(find_requesters, search)
    if search and not found:
        st.caption("Nobody of this name was found.")
    with Form(f"file-{mail.id}", border=False) as form:
        st.selectbox("Person", found, format_func=lambda a: a.name, key=form.key("person"))
        st.text_input("Subject", mail.subject, key=form.key("subject"), max_chars=200)
        form.submit(
            "Open ticket",
            file_mail_for,
            lambda ticket: f"{ticket.number} opened.",
            mail.id,
            refused=not mail.body,
            requester_id=form.field("person", lambda a: a.id if a else None),
            subject=form.field("subject"),
            then=lambda ticket: open_screen("support/ticket", id=str(ticket.id)),
        )
    opener("Put away", partial(_put_away, mail), icon=":material/inbox:")


@st.dialog("Put this mail away")
def _put_away(mail: MailRow) -> None:
    st.write("Nothing is answered, and its words are forgotten. This cannot be undone.")
    if action("Put away", put_mail_away, "Put away.", mail.id, key=f"away-{mail.id}", primary=True):
        st.rerun()


main()
