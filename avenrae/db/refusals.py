"""What a person reads when the database refuses a row: one sentence per constraint, in one place."""

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from avenrae.errors import AvenraeError, Conflict, InvalidInput, TryAgain

SENTENCES: dict[str, AvenraeError] = {
    "bookings_no_overlap": Conflict("This time is taken, counting the buffers around sessions. Choose another time."),
    "ck_bookings_times": InvalidInput("A session must end after it starts, and within 12 hours."),
    "uq_reviews_booking_id_written_by": Conflict("You have written about this session already."),
    "ck_reviews_rating": InvalidInput("Choose 1 to 5 stars."),
    "ck_reviews_texts": InvalidInput("Reviews and answers have at most 2 000 letters."),
    "ck_bookings_refunded": Conflict("More than was paid cannot be refunded."),
    "ck_orders_refunded": Conflict("More than was paid cannot be refunded."),
    "ck_products_stock": Conflict("There is not enough of this product in stock."),
    "products_stock_by_ledger": InvalidInput("Stock changes only by receiving, adjusting or counting it."),
    "uq_products_sku": Conflict("A product with this SKU exists already."),
    "uq_users_email": Conflict("Somebody with this e-mail address exists already."),
    "ck_users_email": InvalidInput("This is not an e-mail address."),
    "ck_users_names": InvalidInput("First and last name must have 1 to 100 letters each."),
    "ck_users_quiet": InvalidInput("Quiet hours need a beginning and an end, at different times."),
    "ck_users_quiet_length": InvalidInput("Quiet hours last 20 hours at most; choose an earlier end."),
    "ck_users_digest_hour": InvalidInput("The daily mail goes out at a full hour, 0 to 23."),
    "ck_products_sku": InvalidInput("A product's SKU must have 1 to 64 letters."),
    "ck_products_title": InvalidInput("A product's title must have 1 to 200 letters."),
    "ck_products_price": InvalidInput("A price cannot be negative."),
    "ck_products_reorder_level": InvalidInput("A reorder level cannot be negative."),
    "ck_practitioners_position": InvalidInput(
        "A position needs a latitude between −90 and 90 and a longitude between −180 and 180."
    ),
    "ck_document_files_size": InvalidInput("A document's file can be 5 MB at most."),
    "ck_practitioner_documents_title": InvalidInput("Give the document a title of at most 200 letters."),
    "ck_practitioner_documents_dates": InvalidInput("A document cannot expire before it was issued."),
    "ck_services_duration": InvalidInput("A service lasts 5 to 720 minutes."),
    "ck_services_price": InvalidInput("A price cannot be negative."),
    "ck_services_buffers": InvalidInput("The time kept free around a session is 0 to 480 minutes."),
    "ck_availability_rules_hours": InvalidInput("Hours must end after they start; an end at 00:00 is midnight."),
    "ck_availability_overrides_hours": InvalidInput("Hours must end after they start; an end at 00:00 is midnight."),
    "ck_blocked_periods_times": InvalidInput("A blocked time must end after it starts."),
    "uq_busy_calendars_name": Conflict(
        "There is a calendar of this name already. Read that one anew, or choose another name."
    ),
    "ck_practitioners_buffers": InvalidInput("The time kept free around a session is 0 to 480 minutes."),
    "ck_practitioners_notice": InvalidInput("Notice cannot be negative, and bookings open 1 to 730 days ahead."),
    "ck_practitioners_slot_step": InvalidInput("The step from start to start is 5 to 480 minutes."),
    "ck_tickets_subject": InvalidInput("A subject has 1 to 200 letters."),
    "ck_ticket_messages_body": InvalidInput("A message has 1 to 100 000 letters."),
    "ck_messages_body": InvalidInput("A message has 1 to 10 000 letters. Send it in parts."),
    "ck_messages_reasons": InvalidInput("A reason has 1 to 2 000 letters."),
    "ck_ticket_tags_tag": InvalidInput("A tag has up to 40 small letters, digits, spaces and hyphens."),
    "uq_ticket_tags_once": Conflict("The ticket has this tag already."),
    "uq_ticket_views_name": Conflict("You have a view of this name already."),
    "uq_ticket_messages_email_message_id": Conflict("This mail has been filed already."),
    "uq_sla_policies_one": Conflict("There is a policy for this priority and category already."),
    "ck_sla_policies_minutes": InvalidInput("A promise is 1 to 100 000 minutes, or none."),
    "ck_business_hours_hours": InvalidInput("Hours must end after they start; an end at 00:00 is midnight."),
    "uq_holidays_desk_id_on_date": Conflict("This day is a holiday of the desk already."),
    "uq_canned_replies_title": Conflict("There is a reply of this title already."),
    "ck_refund_requests_four_eyes": Conflict("Somebody else than who asked for it must decide."),
    "uq_refund_requests_booking": Conflict("An admin has been asked about this booking already; wait for the answer."),
    "uq_refund_requests_order": Conflict("An admin has been asked about this order already; wait for the answer."),
    "ck_client_notes_body": InvalidInput("A note has 1 to 5 000 letters."),
    "ck_canned_replies_title": InvalidInput("The title of a reply has 1 to 100 letters."),
    "ck_canned_replies_body": InvalidInput("A reply has 1 to 10 000 letters."),
    "ck_desks_name": InvalidInput("The name of a desk has 1 to 100 letters."),
    "ck_desks_minutes": InvalidInput("Minutes of a warning are 0 to 10 000."),
    "uq_desks_name": Conflict("There is a desk of this name already."),
    "fk_sla_policies_desk_id": Conflict("This desk has policies. Remove them or give them to another desk first."),
    "uq_clock_runs_one": TryAgain("Somebody else is changing this right now. Try again in a moment."),
    "uq_ledger_entries_one_sale": Conflict("This sale is in the books already."),
    "uq_import_batches_once": Conflict("This file has been imported already; nothing was imported twice."),
    "uq_transactions_provider_provider_transaction_id": Conflict("This payment is recorded already."),
}
_BUSY = TryAgain("Somebody else is changing this right now. Try again in a moment.")
_AWAY = TryAgain("The database is not answering right now. Try again in a moment.")
_WAITING_STATES = {"55P03", "40001", "40P01", "57014"}


def refusal(error: Exception) -> AvenraeError | None:
    """Return the sentence for an error of the database, or None when it is a bug of ours."""
    if isinstance(error, PoolTimeoutError):
        return _AWAY
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error, IntegrityError):
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        return SENTENCES.get(name or "")
    if getattr(error.orig, "sqlstate", None) in _WAITING_STATES:
        return _BUSY
    return _AWAY if error.connection_invalidated or isinstance(error, OperationalError) else None
