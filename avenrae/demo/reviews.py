"""What both sides of the demo world's sessions wrote, by the rules of `services/reviews.py`."""

from datetime import datetime, timedelta
from typing import Any

from avenrae.demo.comments import about_client, answer, comment
from avenrae.demo.people import stamps
from avenrae.demo.rows import Frame, Tables
from avenrae.demo.sessions import Visit
from avenrae.enums import BookingStatus, ReviewSide, ReviewStatus
from avenrae.ids import uuid7
from avenrae.models import Review
from avenrae.queries.reviewable import KEPT_BACK

_FLAGS = (
    "This was another practitioner, not me.",
    "It names my daughter.",
    "He wants the money back and writes this everywhere.",
    "Insulting, and not about the session.",
)
_HIDDEN = ("It names a person who is not part of the session.", "Insults are no review.")
_KEPT = ("It tells what happened in the session, in civil words.", "A low rating alone is no reason.")


def write_reviews(frame: Frame, tables: Tables, visits: list[Visit]) -> None:
    """Let every third client say how it was, fewer practitioners, and staff decide about what was flagged."""
    fresh = sorted((v for v in visits if v.is_fresh_of_demo_client), key=lambda visit: visit.starts)
    for visit in visits:
        if visit.status is not BookingStatus.COMPLETED or visit.closed_at is None:
            continue
        at = {
            ReviewSide.CLIENT: _moment(frame, visit, 0.33),
            ReviewSide.PRACTITIONER: _moment(frame, visit, 0.4 if visit.worker.is_demo else 0.18),
        }
        if visit in fresh:
            # The demo client has sessions to write about, and one written about: neither side reads the other.
            wrote = (ReviewSide.PRACTITIONER, ReviewSide.CLIENT)[fresh.index(visit) % 2]
            at = {wrote: frame.past(visit.closed_at + timedelta(hours=3))}
        for side, written in at.items():
            if written is not None:
                others = [t for s, t in at.items() if s is not side and t is not None]
                _add(frame, tables, visit, side, written, others)


def _moment(frame: Frame, visit: Visit, probability: float) -> datetime | None:
    """Return when one side writes, if it does and has done so by now."""
    if visit.closed_at is None or not frame.chance(probability):
        return None
    at = visit.closed_at + timedelta(hours=min(300.0, 0.5 + frame.rng.expovariate(1 / 30)))
    return at if at <= frame.now else None


def _add(
    frame: Frame, tables: Tables, visit: Visit, side: ReviewSide, written: datetime, others: list[datetime]
) -> None:
    rng, by_client = frame.rng, side is ReviewSide.CLIENT
    assert visit.closed_at is not None  # noqa: S101
    due = visit.closed_at + KEPT_BACK
    # With the second of the two, at the latest when it is due; what is written later is shown at once.
    at_latest = max(written, min([due, *others]))
    shown = at_latest if at_latest <= frame.now else None
    weights = (30, 45, 15, 6, 4) if visit.refunded_minor else (63, 24, 8, 3, 2)
    stars = rng.choices((5, 4, 3, 2, 1), weights)[0]
    answered = by_client and shown is not None and frame.chance(0.55 if visit.worker.is_demo else 0.3)
    moderation = _moderation(frame, visit, shown, stars) if by_client and shown is not None else {}
    status = ReviewStatus.WAITING if shown is None else moderation.pop("status", ReviewStatus.PUBLISHED)
    tables.add(
        Review,
        id=uuid7(),
        booking_id=visit.id,
        practitioner_id=visit.worker.id,
        client_id=visit.customer.id,
        written_by=side,
        rating=stars,
        comment=comment(rng, stars) if by_client else about_client(rng, stars),
        response=answer(rng, stars) if answered else None,
        responded_at=frame.past(shown + timedelta(hours=rng.uniform(1, 40))) if answered and shown else None,
        status=status,
        due_at=due,
        published_at=shown,
        **{**_UNTOUCHED, **moderation},
        helpful_count=min(30, int(rng.expovariate(1 / 2))) if by_client and shown else 0,
        **stamps(written),
    )


_UNTOUCHED: dict[str, Any] = dict.fromkeys(
    ("flagged_at", "flagged_by", "flag_reason", "moderated_at", "moderation_reason")
)


def _moderation(frame: Frame, visit: Visit, shown: datetime, stars: int) -> dict[str, Any]:
    """Let some practitioners flag what they do not like, and staff answer most of them."""
    if not frame.chance(0.008 if stars > 2 else 0.2):
        return {}
    rng = frame.rng
    flagged = frame.past(shown + timedelta(hours=rng.uniform(1, 60)))
    flag = {"flagged_at": flagged, "flagged_by": visit.worker.user_id, "flag_reason": rng.choice(_FLAGS)}
    if frame.now - flagged < timedelta(days=4) or frame.chance(0.1):
        return flag
    hides = frame.chance(0.6)
    return {
        **flag,
        "moderated_at": flagged + timedelta(hours=rng.uniform(1, 40)),
        "moderation_reason": rng.choice(_HIDDEN if hides else _KEPT),
        "status": ReviewStatus.HIDDEN if hides else ReviewStatus.PUBLISHED,
    }
