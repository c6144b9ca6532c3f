-- Back to where it was: a timed offer ends, and who left has run out.

DROP INDEX ix_booking_waitlist_when, ix_booking_waitlist_joined, ix_booking_waitlist_status;

ALTER TABLE booking_waitlist DROP CONSTRAINT ck_booking_waitlist_offer, DROP CONSTRAINT ck_booking_waitlist_status;

UPDATE booking_waitlist SET status = 'expired' WHERE status = 'left';

ALTER TABLE booking_waitlist
    DROP joined_at,
    DROP booking_id,
    ADD CONSTRAINT ck_booking_waitlist_status CHECK (status IN ('waiting', 'offered', 'booked', 'expired'));
