"""Refund requests: what agents asked admins to give back, open ones first.

Admins grant or refuse them, never what they asked for themselves; support reads what became of them. Granting runs the
very refund it asks for, held to what is left by then.
"""

from functools import partial

import streamlit as st

from avenrae.permissions import Permission
from avenrae.queries.refund_requests import RequestRow, count_decided, list_decided, list_open_requests
from avenrae.services.refunds import grant_refund, refuse_refund
from avenrae.ui.actions import Form, actor, load, opener
from avenrae.ui.format import plain_text, show_money, when
from avenrae.ui.lists import has_screen, link, show_list
from avenrae.ui.records import Cell, Column

who = actor()


def main() -> None:
    """Draw the page."""
    st.title("Refund requests")
    st.caption(f"Times are on your clock ({who.time_zone}).")
    waiting = load(list_open_requests)
    st.subheader("Waiting for an admin")
    if not waiting:
        st.success("Nothing waits for a decision.", icon=":material/task_alt:")
    for request in waiting:
        with st.container(border=True):
            _open(request)
    st.subheader("Decided")
    _decided()


def _open(request: RequestRow) -> None:
    st.markdown(
        f"**{_amount(request.amount_minor, request)}** of {request.reference}"
        f"{' · ' + plain_text(request.client) if request.client else ''}  \n"
        f"{plain_text(request.reason)}  \n"
        f":small[:gray[{plain_text(request.asked_by)} asked {when(request.created_at, who.time_zone)}]]"
    )
    if request.left_minor < request.amount_minor:
        st.warning(f"Only {_amount(request.left_minor, request)} is left to give back.", icon=":material/warning:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if who.may(Permission.REFUND_DECIDE):
            refused = "You asked for it, so another admin must decide it." if request.asked_by_id == who.user_id else ""
            opener(
                "Grant",
                partial(_grant, request),
                refused=refused,
                primary=not refused,
                icon=":material/check:",
                key=f"Grant:{request.id}",
            )
            opener(
                "Refuse",
                partial(_refuse, request),
                refused=refused,
                icon=":material/close:",
                key=f"Refuse:{request.id}",
            )
        _links(request)


def _links(request: RequestRow) -> None:
    script, key = ("care/booking", request.booking_id) if request.booking_id else ("store/order", request.order_id)
    link(script, request.reference, icon=":material/arrow_forward:", id=str(key))
    if request.client_id:
        link("support/client", "Client", icon=":material/person:", id=str(request.client_id))
    if request.ticket_id and has_screen("support/ticket"):
        link("support/ticket", request.ticket, icon=":material/confirmation_number:", id=str(request.ticket_id))


@st.dialog("Grant this refund")
def _grant(request: RequestRow) -> None:
    st.write(
        f"{_amount(request.amount_minor, request)} of {request.reference} goes back to the client, of"
        f" {_amount(request.left_minor, request)} that is left. The console only records it: pay it the way it was"
        f" paid. {plain_text(request.asked_by)} is told. This cannot be undone."
    )
    with Form(f"grant-{request.id}", border=False) as form:
        st.text_area("A word to the agent", key=form.key("answer"), max_chars=500, placeholder="May stay empty.")
        if form.submit("Grant refund", grant_refund, "Refunded.", request.id, answer=form.field("answer")):
            st.rerun()


@st.dialog("Refuse this refund")
def _refuse(request: RequestRow) -> None:
    st.write(f"No money moves. {plain_text(request.asked_by)} is told why.")
    with Form(f"refuse-{request.id}", border=False) as form:
        st.text_area("Reason", key=form.key("answer"), max_chars=500, placeholder="What can the agent tell the client?")
        if form.submit("Refuse refund", refuse_refund, "Refused.", request.id, answer=form.field("answer")):
            st.rerun()


def _decided() -> None:
    columns: list[Column[RequestRow]] = [
        Column("Of", lambda r: Cell(r.reference, sub=r.client, href=_href(r))),
        Column("Amount", lambda r: show_money(r.amount_minor, r.currency), align="right"),
        Column("Asked", lambda r: Cell(r.asked_by, sub=r.reason)),
        Column(
            "Decision",
            lambda r: Cell("Granted", tone="green") if r.is_granted else Cell("Refused", tone="red"),
        ),
        Column("By", lambda r: Cell(r.decided_by, sub=r.answer)),
        Column("When", lambda r: when(r.decided_at, who.time_zone), wrap=False),
    ]
    show_list(
        noun="decided request",
        filters=None,
        params={},
        count=count_decided,
        rows=list_decided,
        columns=columns,
        sort="-decided_at",
        empty="No request has been decided yet.",
    )


def _href(request: RequestRow) -> str:
    return f"/booking?id={request.booking_id}" if request.booking_id else f"/order?id={request.order_id}"


def _amount(minor: int, request: RequestRow) -> str:
    return plain_text(show_money(minor, request.currency))


main()
