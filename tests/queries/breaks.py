"""How each invariant is broken, by what only a slip in the database itself could do."""

OF = "(SELECT id FROM bookings WHERE reference = :ref)"
OF_ORDER = "(SELECT id FROM orders WHERE reference = :ref)"
BOOKED = "UPDATE ledger_entries SET {} WHERE kind = '{}' AND source_id = "
BREAKS: list[tuple[str, str, str]] = [
    # One invariant, whose row is broken, and how.
    (
        "no-overlap",
        "confirmed next",
        """ALTER TABLE bookings DROP CONSTRAINT bookings_no_overlap;
        UPDATE bookings b SET starts_at = o.starts_at + interval '1 hour', ends_at = o.ends_at + interval '1 hour',
            occupied = tstzrange(lower(o.occupied) + interval '1 hour', upper(o.occupied) + interval '1 hour')
        FROM bookings o WHERE b.reference = :ref AND o.reference = :confirmed""",
    ),
    (
        "occupied-times",
        "confirmed",
        "UPDATE bookings SET occupied = tstzrange(starts_at, ends_at) WHERE reference = :ref",
    ),
    ("session-states", "requested", "UPDATE bookings SET confirmed_at = now() WHERE reference = :ref"),
    ("session-states", "confirmed", "UPDATE bookings SET hold_expires_at = now() WHERE reference = :ref"),
    ("session-states", "completed", "UPDATE bookings SET completed_at = NULL WHERE reference = :ref"),
    (
        "busy-times",
        "practitioner",
        """WITH c AS (INSERT INTO busy_calendars (practitioner_id, name)
            SELECT p.id, 'Family' FROM practitioners p JOIN users u ON u.id = p.user_id WHERE email = :ref RETURNING id)
        INSERT INTO busy_times SELECT id, now() + n * interval '1 hour', now() + n * interval '2 hours'
        FROM c, generate_series(1, 2) n""",
    ),
    (
        "session-services",
        "confirmed",
        """WITH other AS (INSERT INTO practitioners (user_id, kind, hourly_rate_minor, currency)
            SELECT id, 'healer', 0, 'ZAR' FROM users WHERE email = :suspended RETURNING id)
        UPDATE bookings SET practitioner_id = other.id FROM other WHERE reference = :ref""",
    ),
    (
        "series",
        "second of a series",
        "UPDATE bookings SET client_id = (SELECT id FROM clients WHERE id <> client_id LIMIT 1) WHERE reference = :ref",
    ),
    (
        "offers",
        "offered a place",
        """UPDATE bookings SET status = 'cancelled', hold_expires_at = NULL, cancelled_at = now(),
            cancelled_by = 'system'
        WHERE id = (SELECT booking_id FROM booking_waitlist WHERE status = 'offered')""",
    ),
    ("offers", "offered a place", "UPDATE booking_waitlist SET on_date = on_date + 1 WHERE status = 'offered'"),
    (
        "offers",
        "offered a place",
        "UPDATE booking_waitlist SET offer_expires_at = now() WHERE status = 'offered'",
    ),
    ("waiting-list", "got a place", "UPDATE booking_waitlist SET booking_id = NULL WHERE status = 'booked'"),
    (
        "waiting-list",
        "waiting",
        f"UPDATE booking_waitlist SET booking_id = {OF.replace(':ref', ':completed')} WHERE status = 'waiting'",
    ),
    (
        "booking-counts",
        "practitioner",
        "UPDATE practitioners SET booking_count = booking_count + 1 WHERE booking_count > 0",
    ),
    ("ratings", "practitioner", "UPDATE practitioners SET rating_average = 4.6 WHERE rating_count > 0"),
    ("ratings", "practitioner", "UPDATE practitioners SET rating_count = 3 WHERE rating_count > 0"),
    ("ratings", "practitioner", "UPDATE reviews SET status = 'published' WHERE status = 'hidden'"),
    ("review-pairs", "on site", f"UPDATE reviews SET published_at = created_at WHERE booking_id = {OF}"),
    (
        "review-pairs",
        "completed",
        f"""UPDATE reviews SET published_at = NULL, status = 'waiting' WHERE written_by = 'practitioner'
        AND booking_id = {OF}""",
    ),
    (
        "reviews",
        "no-show",
        f"""UPDATE reviews SET booking_id = {OF}
        WHERE booking_id = (SELECT id FROM bookings WHERE reference = :completed)""",
    ),
    ("booking-refunds", "back", "UPDATE bookings SET refunded_minor = refunded_minor - 1 WHERE reference = :ref"),
    ("order-refunds", "order returned", f"UPDATE transactions SET status = 'failed' WHERE order_id = {OF_ORDER}"),
    ("booking-payment-states", "partly", "UPDATE bookings SET payment_status = 'paid' WHERE reference = :ref"),
    ("booking-payment-states", "no-show unpaid", "UPDATE bookings SET payment_status = 'paid' WHERE reference = :ref"),
    ("order-payment-states", "order sent", f"DELETE FROM transactions WHERE order_id = {OF_ORDER}"),
    (
        "order-payment-states",
        "order returned",
        "UPDATE orders SET payment_status = 'partially_refunded' WHERE reference = :ref",
    ),
    ("currencies", "completed", BOOKED.format("currency = 'EUR'", "sale") + OF),
    ("currencies", "order sent", f"UPDATE transactions SET currency = 'EUR' WHERE order_id = {OF_ORDER}"),
    ("session-sales", "completed", f"DELETE FROM ledger_entries WHERE source_id = {OF}"),
    ("session-sales", "completed", BOOKED.format("commission_minor = commission_minor + 1", "sale") + OF),
    ("session-sales", "on site", BOOKED.format("gross_minor = gross_minor - 1", "sale") + OF),
    ("session-sales", "no-show", BOOKED.format("kind = 'sale'", "adjustment") + OF),
    ("session-money", "late", f"DELETE FROM ledger_entries WHERE source_id = {OF}"),
    ("session-money", "completed", "UPDATE bookings SET status = 'confirmed' WHERE reference = :ref"),
    ("kept-fees", "no-show", BOOKED.format("commission_minor = 0", "adjustment") + OF),
    (
        "refunded-commission",
        "back",
        f"""UPDATE ledger_entries SET commission_minor = commission_minor + 1 WHERE id =
        (SELECT max(id::text)::uuid FROM ledger_entries WHERE kind = 'refund' AND source_id = {OF})""",
    ),
    ("order-sales", "order paid", f"DELETE FROM ledger_entries WHERE source_id = {OF_ORDER}"),
    ("order-sales", "order sent", BOOKED.format("gross_minor = gross_minor + 1", "sale") + OF_ORDER),
    ("order-money", "order cancelled", f"DELETE FROM ledger_entries WHERE kind = 'refund' AND source_id = {OF_ORDER}"),
    ("order-commission", "order sent", BOOKED.format("commission_minor = 1", "sale") + OF_ORDER),
    (
        "kept-fees-given-back",
        "waived",
        f"UPDATE ledger_entries SET commission_minor = -1 WHERE gross_minor < 0 AND source_id = {OF}",
    ),
    ("granted-refunds", "waived", "UPDATE refund_requests SET amount_minor = amount_minor + 1"),
    ("backlog", "ticket", "DELETE FROM ticket_backlog WHERE ticket_id = (SELECT id FROM tickets WHERE number = :ref)"),
    ("backlog", "ticket", "UPDATE tickets SET status = 'closed' WHERE number = :ref"),
    ("lines-and-subjects", "completed", BOOKED.format("client_id = NULL", "sale") + OF),
    ("lines-and-payments", "completed", BOOKED.format("transaction_id = NULL", "sale") + OF),
    ("lines-and-payments", "order returned", f"UPDATE transactions SET kind = 'charge' WHERE order_id = {OF_ORDER}"),
    (
        "order-totals",
        "order sent",
        f"UPDATE order_items SET line_total_minor = line_total_minor + 1 WHERE order_id = {OF_ORDER}",
    ),
    (
        "order-totals",
        "order placed",
        """ALTER TABLE orders DROP CONSTRAINT ck_orders_total;
        UPDATE orders SET total_minor = total_minor + 1 WHERE reference = :ref""",
    ),
    ("stock-ledger", "sku", "UPDATE products SET on_hand = on_hand + 1 WHERE sku = :ref"),
    (
        "stock-as-of",
        "sku",
        """UPDATE stock_movements SET occurred_at = occurred_at + interval '1 minute' WHERE reason = 'received'
        AND product_id = (SELECT id FROM products WHERE sku = :ref)""",
    ),
    ("set-aside", "sku", "UPDATE products SET allocated = allocated - 1 WHERE sku = :ref"),
    ("sent-goods", "order sent", "UPDATE orders SET status = 'paid' WHERE reference = :ref"),
    (
        "sent-goods",
        "order returned",
        "UPDATE stock_movements SET delta = delta * 3 WHERE reference = :ref AND delta > 0",
    ),
    (
        "merged-tickets",
        "merged ticket",
        """UPDATE ticket_messages SET ticket_id = (SELECT id FROM tickets WHERE number = :ref)
        WHERE id = (SELECT message_id FROM ticket_move_messages)""",
    ),
    ("merged-tickets", "merged ticket", "UPDATE ticket_moves SET undone_at = now()"),
    (
        "last-messages",
        "open ticket",
        "UPDATE tickets SET last_message_at = last_message_at - interval '1 s' WHERE number = :ref",
    ),
    (
        "conversation-members",
        "conversation",
        "DELETE FROM conversation_members WHERE user_id = (SELECT id FROM users WHERE email = :practitioner)",
    ),
    (
        "conversation-members",
        "conversation",
        "UPDATE messages SET author_id = (SELECT id FROM users WHERE email = :suspended)",
    ),
    (
        "last-private-messages",
        "conversation",
        "UPDATE conversations SET last_message_at = last_message_at + interval '1 s'",
    ),
    (
        "reported-messages",
        "reported ticket",
        """UPDATE tickets SET requester_id = (SELECT author_id FROM messages WHERE ticket_id = tickets.id)
        WHERE number = :ref""",
    ),
    (
        "linked-conversations",
        "reported ticket",
        "UPDATE tickets SET requester_id = (SELECT id FROM users WHERE email = :suspended) WHERE number = :ref",
    ),
    ("standing-clocks", "ticket", "UPDATE tickets SET next_due_at = now() WHERE number = :ref"),
    (
        "suspended-sign-ins",
        "suspended",
        "UPDATE sessions SET revoked_at = NULL WHERE user_id = (SELECT id FROM users WHERE email = :ref)",
    ),
    (
        "carried-notices",
        "practitioner",
        "UPDATE notifications SET route = 'off' WHERE user_id = (SELECT id FROM users WHERE email = :ref)",
    ),
    (
        "carried-notices",
        "practitioner",
        "UPDATE outbox SET user_id = (SELECT id FROM users WHERE email = :suspended)"
        " WHERE user_id = (SELECT id FROM users WHERE email = :ref)",
    ),
    ("profiles", "suspended", "UPDATE users SET role = 'practitioner' WHERE email = :ref"),
]
