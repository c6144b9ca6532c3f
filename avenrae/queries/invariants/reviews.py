"""Invariants of reviews and of the ratings that come of them."""

from avenrae.queries.invariants.invariant import by_sql

REVIEWS = (
    by_sql(
        "ratings",
        "A practitioner's rating is the mean of what clients wrote and is published, and their number.",
        """
        SELECT u.email AS reference, format('shows %s of %s reviews, they are %s of %s',
            p.rating_average, p.rating_count, r.mean, coalesce(r.n, 0)) AS detail
        FROM practitioners p JOIN users u ON u.id = p.user_id
        LEFT JOIN (SELECT practitioner_id, round(avg(rating), 3) AS mean, count(*) AS n
                   FROM reviews WHERE status = 'published' AND written_by = 'client' GROUP BY 1) r
            ON r.practitioner_id = p.id
        WHERE p.rating_count <> coalesce(r.n, 0) OR p.rating_average IS DISTINCT FROM r.mean""",
    ),
    by_sql(
        "reviews",
        "A review is of a completed session, by its client or its practitioner.",
        """
        SELECT b.reference, CASE WHEN b.status <> 'completed' THEN 'is reviewed, but is ' || b.status
            ELSE 'is reviewed by somebody who was not there, or about somebody else' END AS detail
        FROM reviews r JOIN bookings b ON b.id = r.booking_id
        WHERE b.status <> 'completed' OR (r.client_id, r.practitioner_id) <> (b.client_id, b.practitioner_id)""",
    ),
    by_sql(
        "review-pairs",
        "Once both sides of a session have written, both reviews are out; until then none is before its time.",
        """
        SELECT b.reference, CASE WHEN r.status = 'waiting'
            THEN format('keeps back what the %s wrote, though both have written', r.written_by)
            ELSE format('shows what the %s wrote at %s, before the other side wrote or it was due',
                        r.written_by, r.published_at) END AS detail
        FROM reviews r JOIN bookings b ON b.id = r.booking_id
        LEFT JOIN reviews o ON o.booking_id = r.booking_id AND o.written_by <> r.written_by
        WHERE r.status = 'waiting' AND o.id IS NOT NULL
           OR r.published_at < least(r.due_at, o.created_at)""",
    ),
)
