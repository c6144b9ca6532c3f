"""Writes of bookings: agreeing them, answering them, closing them."""

from avenrae.services.bookings.agreeing import create_booking, reschedule_booking
from avenrae.services.bookings.answering import cancel_booking, confirm_booking, decline_booking, edit_booking_notes
from avenrae.services.bookings.closing import complete_booking, mark_no_show

__all__ = [
    "cancel_booking",
    "complete_booking",
    "confirm_booking",
    "create_booking",
    "decline_booking",
    "edit_booking_notes",
    "mark_no_show",
    "reschedule_booking",
]
