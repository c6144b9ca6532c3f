"""Writes of bookings: agreeing them, answering them, closing them."""

from avenrae.services.bookings.agreeing import book_walk_in, create_booking, reschedule_booking
from avenrae.services.bookings.answering import cancel_booking, confirm_booking, decline_booking, edit_booking_notes
from avenrae.services.bookings.closing import complete_booking, complete_unclosed, mark_no_show
from avenrae.services.bookings.series import cancel_series_from, create_series

__all__ = [
    "book_walk_in",
    "cancel_booking",
    "cancel_series_from",
    "complete_booking",
    "complete_unclosed",
    "confirm_booking",
    "create_booking",
    "create_series",
    "decline_booking",
    "edit_booking_notes",
    "mark_no_show",
    "reschedule_booking",
]
