"""One booking: what was agreed, its people and its money, what can be done with it now, and its history.

Practitioners confirm, decline, complete and mark no-shows of their own; support confirms and cancels any;
admins do everything; a client sees and cancels his own, with the refund of its policy shown before the click. While
the time is only held, it says for how long; a session of a series shows the others, and can be called off with all
that follow. What is only offered from the waiting list is accepted or declined.
Both sides of a completed session write their review here.
"""

import streamlit as st

from avenrae import money
from avenrae.enums import BookingStatus, Role, VerificationStatus
from avenrae.permissions import Permission
from avenrae.queries.bookings import get_booking
from avenrae.queries.listing import key_of
from avenrae.queries.waiting_list import get_waiting
from avenrae.scheduling.policies import SENTENCES
from avenrae.services.bookings import edit_booking_notes
from avenrae.ui.actions import Form, actor, load
from avenrae.ui.booking_actions import booking_actions, hold_is_over, hold_left
from avenrae.ui.details import fact, fact_link, no_record_chosen
from avenrae.ui.format import day, plain_text, show_money, status_word, time_range, when, words
from avenrae.ui.history import show_history
from avenrae.ui.lists import link
from avenrae.ui.private_messages import link_to_write
from avenrae.ui.reviews import show_session_reviews
from avenrae.ui.series import number_in, series_list, series_of
from avenrae.ui.waiting import answers, offer_left, standing

who = actor()
booking_id = key_of(st.query_params.get("id")) or no_record_chosen("care/bookings", "Bookings")
booking = load(get_booking, booking_id)


def main() -> None:
    """Draw the page."""
    link("care/bookings", "Bookings", icon=":material/arrow_back:")
    st.title(booking.reference)
    st.markdown(f"{status_word(booking.status)} {status_word(booking.payment_status)}")
    _standing()
    series = series_of(booking)
    if series:
        st.markdown(number_in(series, booking))
    if booking.offer_id:
        offer = load(get_waiting, booking.offer_id)
        st.markdown(
            f"{plain_text(standing(offer))} It is offered from the waiting list, and a request once it is accepted."
        )
        offer_left(offer)
        answers(offer)
    else:
        hold_left(booking)
        booking_actions(booking, series)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button(
            "Add to my calendar", f"/booking.ics?id={booking.id}", icon=":material/event_available:", type="tertiary"
        )
        if who.role is Role.CLIENT:
            link_to_write(booking.practitioner_name, booking.practitioner_id)
        elif who.role is Role.PRACTITIONER:
            link_to_write(booking.client_name, booking.client_id)
        elif who.is_staff:
            link("office/told", "Who was told?", icon=":material/contact_support:", record=booking.reference)
    keeps_notes = who.may(Permission.BOOKING_CONFIRM)
    is_over = booking.status is BookingStatus.COMPLETED
    tabs = ["Booking"] + ["Series"] * bool(series) + ["Notes"] * keeps_notes + ["Review"] * is_over + ["History"]
    asked = st.query_params.get("tab")
    drawn = dict(zip(tabs, st.tabs(tabs, default=asked if asked in tabs else None), strict=True))
    with drawn["Booking"]:
        _facts()
    if series:
        with drawn["Series"]:
            series_list(series, booking)
    if keeps_notes:
        with drawn["Notes"]:
            _notes()
    if is_over:
        with drawn["Review"]:
            show_session_reviews(booking.id)
    with drawn["History"]:
        show_history("bookings", booking.id, booking.currency)


def _standing() -> None:
    """Say to staff that the session is with somebody who is not, or no longer, to have any."""
    profile = booking.practitioner_standing
    is_ahead = booking.status in (BookingStatus.PENDING, BookingStatus.CONFIRMED)
    if who.is_staff and is_ahead and profile is not VerificationStatus.APPROVED:
        st.warning(
            f"The profile of {plain_text(booking.practitioner_name)} is {words(profile).lower()}: nobody can book a"
            " session there now. This one was agreed before, and stands until somebody calls it off.",
            icon=":material/person_alert:",
        )


def _facts() -> None:
    left, right = st.columns(2)
    with left.container(border=True):
        fact("When", f"{day(booking.starts_at, booking.time_zone)}, {_hours()}")
        if who.time_zone != booking.time_zone:
            fact("On your clock", when(booking.starts_at, who.time_zone))
        fact("Service", f"{booking.service_title} · {booking.duration_minutes} minutes")
        if booking.is_practitioner_visible:
            fact_link("Practitioner", booking.practitioner_name, "care/practitioner", id=str(booking.practitioner_id))
        else:
            fact("Practitioner", booking.practitioner_name)
        if who.is_staff:
            fact_link("Client", booking.client_name, "support/client", id=str(booking.client_id))
            fact("Reach the client", " · ".join(filter(None, (booking.client_email, booking.client_phone))))
        elif who.role is not Role.CLIENT:
            fact("Client", booking.client_name)
    with right.container(border=True):
        fact("Price", show_money(booking.price_minor, booking.currency))
        if booking.refunded_minor:
            fact("Given back", show_money(booking.refunded_minor, booking.currency))
        if booking.commission_bps is not None:
            agreed = f"{booking.commission_bps / 100:g} %"
            commission = show_money(money.share(booking.price_minor, booking.commission_bps), booking.currency)
            # What is left of it after a refund stands in the books, to the cent.
            of_what = "of what is kept" if booking.refunded_minor else f"as agreed then: {commission}"
            fact("Commission", f"{agreed} {of_what}")
        fact("Cancellation", SENTENCES[booking.policy])
        fact("Made", when(booking.created_at, who.time_zone))
        if booking.hold_expires_at:
            fact(
                "Hold ran out" if hold_is_over(booking) else "Held until", when(booking.hold_expires_at, who.time_zone)
            )
        if booking.cancelled_at:
            fact("Cancelled", f"{when(booking.cancelled_at, who.time_zone)} by the {booking.cancelled_by}")
            fact("Reason", booking.cancellation_reason or "–")


def _hours() -> str:
    return time_range(booking.starts_at, booking.ends_at, booking.time_zone)


def _notes() -> None:
    with Form(f"notes-{booking.id}", of=booking.notes) as form:
        st.text_area(
            "Notes for practitioner and staff", value=booking.notes, key=form.key("notes"), height=160, max_chars=5000
        )
        form.submit(
            "Save notes",
            edit_booking_notes,
            "Notes saved.",
            booking.id,
            notes=form.field("notes"),
            seen={"notes": booking.notes},
        )


main()
