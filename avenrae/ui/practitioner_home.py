"""A practitioner's day on the home page: the next free gap, today's sessions in order of time, what clients said."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae import clock
from avenrae.enums import BookingStatus
from avenrae.queries.calendar import CalendarBooking
from avenrae.queries.home import PractitionerDay, practitioner_day
from avenrae.queries.periods import span_of
from avenrae.queries.reviews import latest_reviews
from avenrae.scheduling.hours import ONE_DAY, Range
from avenrae.ui.actions import actor, load
from avenrae.ui.booking_actions import next_actions
from avenrae.ui.format import count, day, plain_text, status_word, time_range, when
from avenrae.ui.lists import link
from avenrae.ui.reviews import review_card


def own_day() -> None:
    """Draw the next free gap and today's sessions."""
    zone, now = actor().time_zone, clock.now()
    span = span_of({"when": "today"}, zone)
    if span.start is None or span.end is None:
        return
    found = load(practitioner_day, span.start, span.end)
    _gap(found, zone, now)
    st.subheader("Today's sessions")
    following = next((b for b in found.sessions if b.starts_at > now and b.status in _AGREED), None)
    for booking in found.sessions:
        _session(booking, zone, now, is_next=booking is following)
    if not found.sessions:
        then = found.following
        st.caption(
            f"No sessions today. The next one is on {when(then.starts_at, zone)} with {plain_text(then.client_name)}."
            if then
            else "No sessions today, nor in the next two weeks."
        )


def said_by_clients() -> None:
    """Draw the newest published reviews about the practitioner."""
    st.subheader("What clients said")
    found = load(latest_reviews)
    for review in found:
        review_card(review, opens=True)
    if found:
        link("care/reviews", "All reviews", icon=":material/arrow_forward:")
    else:
        st.caption("Nothing yet. Clients write a review after a completed session.")


_AGREED = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


def _gap(found: PractitionerDay, zone: str, now: datetime) -> None:
    """Draw until when the practitioner is free, or when next."""
    ahead = [b for b in (*found.sessions, found.following) if b and b.starts_at > now and b.status in _AGREED]
    then = ""
    if ahead:
        then = f" Next session: {_at(ahead[0].starts_at, zone, now)} with {plain_text(ahead[0].client_name)}."
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f":material/free_breakfast: {_free(found.gap, zone, now)}{then}", width="content")
        link("care/calendar", "Calendar", icon=":material/calendar_month:")


def _free(gap: Range | None, zone: str, now: datetime) -> str:
    if gap is None:
        return "**No free gap** in your open hours of the next two weeks."
    if gap.start == now:
        return f"**Free now, until {_at(gap.end, zone, now)}.**"
    same_day = day(gap.start, zone) == day(now, zone)
    hours = time_range(gap.start, gap.end, zone)
    return f"**Next free gap: {'today' if same_day else day(gap.start, zone)}, {hours}.**"


def _at(at: datetime, zone: str, now: datetime) -> str:
    """Return an instant as somebody who is at work today says it."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}" if day(at, zone) == day(now, zone) else when(at, zone)


def _session(booking: CalendarBooking, zone: str, now: datetime, *, is_next: bool) -> None:
    with st.container(border=True, key="next-session" if is_next else None):
        said, buttons = st.columns([3, 2], vertical_alignment="center")
        hours = time_range(booking.starts_at, booking.ends_at, zone)
        how_soon = ""
        if booking.status in _AGREED and booking.starts_at <= now < booking.ends_at:
            how_soon = " :green-badge[Now]"
        elif is_next:
            how_soon = f" :blue-badge[{soon(booking.starts_at - now).capitalize()}]"
        said.markdown(
            f"**{hours}**{how_soon} {status_word(booking.status)}  \n"
            f"{plain_text(booking.service_title)} · {plain_text(booking.client_name)}"
        )
        with buttons.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            next_actions("today", booking.id, booking.status, booking.starts_at)
            link("care/booking", "Open", icon=":material/arrow_forward:", id=str(booking.id))


def soon(wait: timedelta) -> str:
    """Return how long it is until something: `in 25 minutes`, `in 3 h 10 min`, `in 2 days`."""
    minutes = max(1, -(-wait // timedelta(minutes=1)))
    if minutes < 60:
        return f"in {count(minutes, 'minute')}"
    if wait >= ONE_DAY:
        return f"in {count(wait // ONE_DAY, 'day')}"
    hours, rest = divmod(minutes, 60)
    return f"in {hours} h {rest} min" if rest else f"in {hours} h"
