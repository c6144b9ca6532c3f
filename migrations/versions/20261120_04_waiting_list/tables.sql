-- What the models say: when somebody joined, and the booking that is held for him while a place is offered.

ALTER TABLE booking_waitlist
    ADD joined_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ADD booking_id UUID,
    ADD CONSTRAINT uq_booking_waitlist_booking_id UNIQUE (booking_id),
    ADD CONSTRAINT fk_booking_waitlist_booking_id FOREIGN KEY(booking_id) REFERENCES bookings (id) ON DELETE RESTRICT;

-- Offers that were made before there were bookings to hold them: their place in the line stays.
UPDATE booking_waitlist SET joined_at = created_at, status = CASE status WHEN 'offered' THEN 'waiting' ELSE status END;

ALTER TABLE booking_waitlist
    DROP CONSTRAINT ck_booking_waitlist_status,
    ADD CONSTRAINT ck_booking_waitlist_status CHECK (status IN ('waiting', 'offered', 'booked', 'expired', 'left')),
    ADD CONSTRAINT ck_booking_waitlist_offer CHECK (
        status <> 'offered' OR (booking_id IS NOT NULL AND offered_at IS NOT NULL AND offer_expires_at IS NOT NULL));

CREATE INDEX ix_booking_waitlist_when ON booking_waitlist (on_date, id);

CREATE INDEX ix_booking_waitlist_joined ON booking_waitlist (joined_at, id);

CREATE INDEX ix_booking_waitlist_status ON booking_waitlist (status, on_date, id);
