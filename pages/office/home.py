"""Home: what needs whoever signs in today, one click from each.

A practitioner sees his next free gap, today's sessions, the requests to answer, the earnings of this month and what
clients said; support and admins what is waiting in bookings and orders; support also its tickets; admins profiles to
check, low stock and this month's sales; a client the sessions to come and what is offered from the waiting list.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae import clock
from avenrae.enums import BookingStatus, PaymentStatus, Role
from avenrae.permissions import Permission
from avenrae.queries.bookings import TO_ANSWER, TO_CLOSE, BookingFilters, BookingRow, list_bookings
from avenrae.queries.figures import list_currencies, month_figures, total_of
from avenrae.queries.home import Needs, count_needs
from avenrae.queries.periods import Span, figure_period, span_of
from avenrae.queries.tickets import View, count_views
from avenrae.queries.waiting_list import list_open_offers
from avenrae.settings import settings
from avenrae.ui.actions import actor, load
from avenrae.ui.booking_actions import next_actions
from avenrae.ui.countdown import countdown
from avenrae.ui.document_notes import show_document_notes
from avenrae.ui.format import badge, day, number, plain_text, show_money, time_range, when
from avenrae.ui.lists import follow, link, open_screen
from avenrae.ui.practitioner_home import own_day, said_by_clients
from avenrae.ui.records import Cell, Column, records
from avenrae.ui.waiting import offer_cards

who = actor()
_MOST = 20
"""A list here is no longer than this; the bookings page has the rest."""
_BESIDE = 4
"""More figures in a row would be cut off on a laptop."""


def main() -> None:
    """Draw the page."""
    now = clock.now()
    st.title(f"{_greeting(now)}, {who.name.split()[0]}")
    st.caption(when(now, who.time_zone))
    needs = load(count_needs)
    _needs(needs)
    show_document_notes()
    if who.role is Role.CLIENT:
        offer_cards(load(list_open_offers))
        _sessions("Your next sessions", Span(now, None), "You have no session to come.")
    elif who.role is Role.PRACTITIONER:
        own_day()
    if who.may(Permission.BOOKING_CONFIRM) and needs.requests:
        _requests()
    if who.is_staff:
        _today()
    if who.may(Permission.FIGURES_REVENUE):
        _month()
    if who.role is Role.PRACTITIONER:
        said_by_clients()


def _greeting(now: datetime) -> str:
    hour = now.astimezone(ZoneInfo(who.time_zone)).hour
    return "Good morning" if hour < 12 else "Good afternoon" if hour < 18 else "Good evening"


def _needs(needs: Needs) -> None:
    tickets = load(count_views) if who.role is Role.SUPPORT else {}
    views = {View.SOON: "tickets due soon", View.MINE: "my tickets", View.UNASSIGNED: "tickets nobody has"}
    cards = [
        *((tickets.get(view), what, "support/queue", {"view": view.value}) for view, what in views.items()),
        (needs.requests, "requests to answer", "care/bookings", {"when": TO_ANSWER}),
        (needs.to_close, "sessions to close", "care/bookings", {"when": TO_CLOSE}),
        (needs.orders_to_fulfil, "orders to send", "store/orders", {"status": "paid"}),
        (needs.profiles_to_check, "profiles to check", "care/practitioners", {"status": "submitted"}),
        (needs.refunds_to_decide, "refunds to decide", "support/refund_requests", {}),
        (needs.products_low, "products running low", "store/inventory", {"stock": "low"}),
        (needs.reviews_flagged, "flagged reviews", "care/reviews", {}),
    ]
    shown = [c for c in cards if c[0] is not None and who.role is not Role.CLIENT]
    if not shown:
        return
    with st.container(key="figures"):
        for start in range(0, len(shown), _BESIDE):
            columns = st.columns(min(len(shown), _BESIDE))
            for column, (n, what, script, params) in zip(columns, shown[start : start + _BESIDE], strict=False):
                with column.container(border=True, height="stretch"):
                    st.metric(what.capitalize(), number(n or 0))
                    if n:
                        link(script, "Open the list", icon=":material/arrow_forward:", **params)
                    else:
                        st.caption("All done.")


def _requests() -> None:
    st.subheader("Waiting for an answer")
    waiting = load(
        list_bookings,
        BookingFilters(
            status=BookingStatus.PENDING, starts_from=clock.now(), without_expired_holds=True, without_offers=True
        ),
        sort="starts_at",
        size=5,
    )
    for b in waiting:
        with st.container(border=True):
            text, buttons = st.columns([3, 2], vertical_alignment="center")
            text.markdown(
                f"**{day(b.starts_at, b.time_zone)}, {time_range(b.starts_at, b.ends_at, b.time_zone)}**  \n"
                f"{plain_text(b.service_title)} · {plain_text(b.client_name)}"
                + ("" if who.role is Role.PRACTITIONER else f" with {plain_text(b.practitioner_name)}")
            )
            if b.hold_expires_at and b.payment_status == PaymentStatus.UNPAID:
                with text:
                    countdown(b.hold_expires_at, key=f"request-{b.id}")
            with buttons.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
                next_actions("home", b.id, b.status, b.starts_at)
                link("care/booking", "Open", icon=":material/arrow_forward:", id=str(b.id))


def _today() -> None:
    end = span_of({"when": "today"}, who.time_zone).end
    _sessions("Sessions still to come today", Span(clock.now(), end), "No sessions left today.")


def _sessions(title: str, span: Span, empty: str) -> None:
    st.subheader(title)
    rows = load(
        list_bookings,
        BookingFilters(starts_from=span.start, starts_before=span.end, live_only=True, without_offers=True),
        sort="starts_at",
        size=_MOST,
    )
    columns: list[Column[BookingRow]] = [
        Column(
            "When",
            lambda b: Cell(
                time_range(b.starts_at, b.ends_at, b.time_zone),
                sub=day(b.starts_at, b.time_zone),
            ),
            primary=True,
            wrap=False,
        ),
        Column("Session", lambda b: Cell(b.service_title, sub=b.reference)),
        Column("Client", lambda b: b.client_name),
        Column("Practitioner", lambda b: b.practitioner_name),
        Column("Status", lambda b: badge(b.status)),
        Column("Payment", lambda b: badge(b.payment_status)),
    ]
    hidden = "Client" if who.role is Role.CLIENT else ""
    records(
        rows,
        [c for c in columns if c.label != hidden],
        label=title,
        key="sessions",
        row_id=lambda b: str(b.id),
        url_path="booking",
        on_open=lambda chosen: open_screen("care/booking", id=chosen),
        on_follow=follow,
        empty=empty,
    )
    if len(rows) == _MOST:
        link("care/bookings", "See more", icon=":material/arrow_forward:", when="today" if span.end else "next-28")


def _month() -> None:
    zone = settings().time_zone
    period = figure_period("this-month", zone, Span())
    currencies = load(list_currencies)
    st.subheader("This month so far")
    if not currencies:
        st.caption("Nothing has been booked yet.")
        return
    own = settings().currency
    currency = own if own in currencies else currencies[0]
    now = total_of(load(month_figures, currency, period.span, zone))
    with st.container(key="figures-month"):
        left, middle, right = st.columns(3)
        if who.role is Role.PRACTITIONER:
            left.metric("My earnings", show_money(now.session_gross - now.commission, currency), border=True)
        else:
            left.metric("GMV", show_money(now.gmv, currency), border=True)
        middle.metric("Refunds", show_money(now.refunds, currency), border=True)
        right.metric("Sessions completed", number(now.bookings), border=True)
    link("insights/overview", "See the figures", icon=":material/monitoring:", period="this-month", currency=currency)


main()
