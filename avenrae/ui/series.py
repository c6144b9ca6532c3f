"""Series on the screen: planned before they are agreed, seen as a whole after, called off from one on."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae import clock
from avenrae.queries.bookings import BookingDetail
from avenrae.queries.series import Part, list_series
from avenrae.scheduling.diary import Diary
from avenrae.scheduling.recurrence import EVERY, SERIES
from avenrae.scheduling.series import Planned, plan
from avenrae.scheduling.zones import spoken
from avenrae.services.bookings import cancel_series_from, create_series
from avenrae.ui.actions import Field, Form, actor, load, opener
from avenrae.ui.format import badge, count, day, plain_text, show_money, time_range
from avenrae.ui.lists import open_screen
from avenrae.ui.reason_form import reason_form
from avenrae.ui.records import Cell, Column, records


def series_form(client_id: uuid.UUID, service_id: uuid.UUID, diary: Diary, first: datetime) -> None:
    """Draw a weekly series from its first session on: every date with what stands against it, and what to book."""
    zone = diary.terms.zone
    left, right = st.columns(2)
    every = left.number_input("Every … weeks", EVERY[0], EVERY[-1], 1, key="series:every")
    times = right.number_input("How many sessions", SERIES[0], SERIES[-1], 8, key="series:times")
    dates = plan(diary, clock.now(), first, int(times), int(every))
    free = sum(p.is_free for p in dates)
    st.markdown(f"**{count(free, 'date')} of {len(dates)} {'is' if free == 1 else 'are'} free**")
    with Form(f"series-{client_id}-{service_id}-{first:%Y%m%d%H%M}-{times}-{every}", of=dates) as form:
        keys = [_draw(form, n, planned, zone) for n, planned in enumerate(dates)]
        st.text_area("Notes for practitioner and staff", key=form.key("notes"), max_chars=5000)
        form.submit(
            f"Book all {free} free dates" if free == len(dates) else "Book all ticked dates",
            create_series,
            lambda made: f"{len(made)} sessions are booked and confirmed, from {made[0].reference} on.",
            client_id=client_id,
            service_id=service_id,
            starts=Field(tuple(keys), lambda typed: _chosen(dates, typed)),
            notes=form.field("notes"),
            then=lambda made: open_screen("care/booking", id=str(made[0].id)),
        )


def _draw(form: Form, n: int, planned: Planned, zone: ZoneInfo) -> str:
    """Draw one date and return the key of its choice: taken or left, or another time of the day."""
    key = form.key(f"date-{n}")
    name = spoken(planned.starts_at, zone)
    if planned.is_free:
        st.checkbox(f"{name} · free", value=True, key=key)
        return key
    st.checkbox(f"{name} · not free", value=False, disabled=True, key=f"{key}:taken")
    st.caption(plain_text(planned.reason))
    if planned.instead:
        st.selectbox(
            f"Instead of {name}",
            planned.instead,
            index=None,
            format_func=lambda at: f"{at.astimezone(zone):%H:%M} on the same day",
            key=key,
            placeholder="Leave this date out",
            label_visibility="collapsed",
        )
    return key


def _chosen(dates: Sequence[Planned], typed: Sequence[Any]) -> list[datetime]:
    """Return the starts that are ticked, and those chosen instead of one that is not free."""
    pairs = zip(dates, typed, strict=True)
    return [p.starts_at if p.is_free else value for p, value in pairs if value and (p.is_free or value in p.instead)]


def series_of(booking: BookingDetail) -> list[Part]:
    """Return the series that a booking belongs to; nothing where it stands alone."""
    return load(list_series, booking.series_id) if booking.series_id else []


def number_in(series: Sequence[Part], booking: BookingDetail) -> str:
    """Return which one of a series this is: `2 of 8 in a series`."""
    number = next((n for n, part in enumerate(series, 1) if part.id == booking.id), 0)
    return f"{number} of {len(series)} in a series"


def series_list(series: Sequence[Part], booking: BookingDetail) -> None:
    """Draw all sessions of a series, each a link to it."""
    columns: list[Column[Part]] = [
        Column(
            "When",
            lambda p: Cell(day(p.starts_at, p.time_zone), sub=time_range(p.starts_at, p.ends_at, p.time_zone)),
            primary=True,
            wrap=False,
        ),
        Column("Booking", lambda p: Cell(p.reference, sub="This one" if p.id == booking.id else "")),
        Column("Status", lambda p: badge(p.status)),
        Column("Payment", lambda p: badge(p.payment_status)),
    ]
    records(
        series,
        columns,
        label="sessions of the series",
        key="series",
        row_id=lambda p: str(p.id),
        url_path="booking",
        on_open=lambda chosen: open_screen("care/booking", id=chosen),
    )


def cancel_series_opener(series: Sequence[Part], booking: BookingDetail) -> None:
    """Draw the button that calls off this session and all that follow."""
    rest = [p for p in series if p.starts_at >= booking.starts_at and p.can_be_cancelled]
    refused = "" if rest else "Nothing of this series is left to call off from here on."

    def dialog() -> None:
        _cancel_rest(rest, booking)

    opener("Cancel this and all following", dialog, refused=refused, icon=":material/event_busy:")


@st.dialog("Cancel this and all following")
def _cancel_rest(rest: Sequence[Part], booking: BookingDetail) -> None:
    back = sum(p.back_minor for p in rest)
    whom = "to you" if actor().client_id else "to the client"
    goes = f"{show_money(back, booking.currency)} goes back {whom}." if back else "Nothing goes back."
    st.write(f"{count(len(rest), 'session')} of this series will be cancelled. {goes} This cannot be undone.")
    st.markdown("\n".join(f"- {plain_text(_line(p))}" for p in rest))
    label, done = f"Cancel {count(len(rest), 'session')}", f"{count(len(rest), 'session')} cancelled."
    reason_form(label, cancel_series_from, done, booking.id, hint="What should the others know?")


def _line(part: Part) -> str:
    back = f", {show_money(part.back_minor, part.currency)} goes back" if part.back_minor else ""
    return f"{day(part.starts_at, part.time_zone)}, {time_range(part.starts_at, part.ends_at, part.time_zone)}{back}"
