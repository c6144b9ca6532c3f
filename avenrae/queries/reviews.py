"""Reads of reviews: nobody but staff and who wrote it sees one that is kept back or hidden, nor counts it.

Who may see a row is said by `visible_reviews`; which of its columns, by `_rows` alone, so that a list, a page and an
export cannot differ. To other clients a client is “Lindiwe M.”, and a flag is known to staff and whoever raised it.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal_column, null, or_, select, true
from sqlalchemy.orm import Session, aliased

from avenrae.enums import ReviewSide, ReviewStatus, Role
from avenrae.errors import InvalidInput, NotFound
from avenrae.models import Booking, Client, Practitioner, Review, Service, User
from avenrae.permissions import Actor
from avenrae.queries.listing import in_order, key_of, one_of, page_of
from avenrae.queries.people import Owner, PeopleList
from avenrae.queries.scopes import visible_practitioners, visible_reviews

FLAGGED = "flagged"
"""The value of `show` in an address for reviews that somebody flagged and nobody has decided about."""
_client_user = aliased(User, name="client_user")
_practitioner_user = aliased(User, name="practitioner_user")
# Each has an index to walk.
_CLIENT: Owner = (Review.client_id, Client)
_PRACTITIONER: Owner = (Review.practitioner_id, Practitioner)
_SORTS = {"written": Review.created_at, "rating": Review.rating}


@dataclass(frozen=True)
class ReviewFilters:
    """What a list of reviews can be narrowed to; empty means everything of the actor's."""

    search: str = ""
    status: ReviewStatus | None = None
    is_flagged: bool = False
    rating: int | None = None
    written_by: ReviewSide | None = None
    practitioner_id: uuid.UUID | None = None


@dataclass(frozen=True)
class ReviewRow:
    """One review as the actor may see it; what is not for him is empty.

    `is_mine` says that he wrote it, `is_about_me` that he is the other side. A flag is open until it is decided.
    """

    id: uuid.UUID
    booking_id: uuid.UUID | None
    reference: str | None
    service_title: str
    written_by: ReviewSide
    rating: int
    comment: str
    status: ReviewStatus
    created_at: datetime
    due_at: datetime
    published_at: datetime | None
    response: str | None
    responded_at: datetime | None
    practitioner_id: uuid.UUID
    practitioner_name: str
    client_id: uuid.UUID | None
    client_name: str
    is_mine: bool
    is_about_me: bool
    flagged_at: datetime | None
    flag_reason: str | None
    is_flag_open: bool
    moderated_at: datetime | None
    moderation_reason: str | None

    @property
    def writer(self) -> str:
        """The name of who wrote it."""
        return self.client_name if self.written_by is ReviewSide.CLIENT else self.practitioner_name

    @property
    def subject(self) -> str:
        """The name of whom it is about."""
        return self.practitioner_name if self.written_by is ReviewSide.CLIENT else self.client_name


@dataclass(frozen=True)
class RatingSummary:
    """How many published reviews of a practitioner gave each number of stars, 1 to 5."""

    stars: Mapping[int, int]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.stars.values())

    @property
    def average(self) -> float | None:
        """Their mean, rounded as the database rounds it, or None where there is none."""
        if not self.count:
            return None
        mean = Decimal(sum(stars * n for stars, n in self.stars.items())) / self.count
        return float(mean.quantize(Decimal("0.001"), ROUND_HALF_UP))


def review_filters(params: Mapping[str, str], zone: str = "") -> ReviewFilters:
    """Return the filters that an address holds (`q`, `show`, `rating`, `by`, `practitioner`).

    None of them is a time; `zone` is taken because every list's filters are read the same way.

    Raises:
        InvalidInput: A value is none of those there are.
    """
    show, rating = params.get("show", ""), params.get("rating", "")
    if rating and rating not in ("1", "2", "3", "4", "5"):
        raise InvalidInput(f"“{rating}” is no number of stars; they are 1 to 5.")
    return ReviewFilters(
        search=params.get("q", ""),
        status=None if show in (FLAGGED, "all") else one_of(ReviewStatus, show),
        is_flagged=show == FLAGGED,
        rating=int(rating) if rating else None,
        written_by=one_of(ReviewSide, params.get("by")),
        practitioner_id=key_of(params.get("practitioner")),
    )


def each_review(session: Session, actor: Actor, filters: ReviewFilters, sort: str) -> Iterator[ReviewRow]:
    """Yield every review the filters leave, as the database sends them; for exports."""
    query = _rows(actor).where(_listed(actor, filters).found(), *_conditions(actor, filters))
    query = query.order_by(*in_order(_SORTS, sort, Review.id))
    return (_row(r) for r in session.execute(query.execution_options(yield_per=1000)))


def count_reviews(session: Session, actor: Actor, filters: ReviewFilters) -> int:
    """Return how many reviews the filters leave, up to the counting limit."""
    return _listed(actor, filters).count(session)


def list_reviews(
    session: Session, actor: Actor, filters: ReviewFilters, *, sort: str = "-written", page: int = 1, size: int = 50
) -> list[ReviewRow]:
    """Return one page of reviews: for staff all, for others what they wrote and what was published about them.

    Raises:
        InvalidInput: The sort is not one of the list's.
    """
    ids = _listed(actor, filters).page(sort, page, size)
    return _found(session, actor, ids, in_order(_SORTS, sort, Review.id))


def latest_reviews(session: Session, actor: Actor, size: int = 3) -> list[ReviewRow]:
    """Return the newest published reviews about the actor."""
    about = _side_filters(actor, about_me=True)
    order = in_order(_SORTS, "-written", Review.id)
    ids = select(Review.id).where(visible_reviews(actor), about, _is_published()).order_by(*order)
    return _found(session, actor, page_of(ids, 1, size), order)


def list_public_reviews(
    session: Session, actor: Actor, practitioner_id: uuid.UUID, *, page: int = 1, size: int = 10
) -> list[ReviewRow]:
    """Return one page of what clients wrote about a practitioner the actor sees, newest first, published ones only."""
    order = in_order(_SORTS, "-written", Review.id)
    ids = select(Review.id).where(*_public(actor, practitioner_id)).order_by(*order)
    return _found(session, actor, page_of(ids, page, size), order)


def rating_summary(session: Session, actor: Actor, practitioner_id: uuid.UUID) -> RatingSummary:
    """Return how the published reviews of a practitioner the actor sees are spread over the stars."""
    counted = select(Review.rating, func.count().label("n")).where(*_public(actor, practitioner_id))
    found = {row.rating: row.n for row in session.execute(counted.group_by(Review.rating))}
    return RatingSummary({stars: found.get(stars, 0) for stars in (5, 4, 3, 2, 1)})


def get_review(session: Session, actor: Actor, review_id: uuid.UUID) -> ReviewRow:
    """Return one review.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    found = session.execute(_rows(actor).where(Review.id == review_id, visible_reviews(actor))).one_or_none()
    if found is None:
        raise NotFound("There is no such review, or it is not yours to see.")
    return _row(found)


def reviews_of_booking(session: Session, actor: Actor, booking_id: uuid.UUID) -> list[ReviewRow]:
    """Return what the actor sees of the two reviews of a session, the client's first."""
    query = _rows(actor).where(Review.booking_id == booking_id, visible_reviews(actor)).order_by(Review.written_by)
    return [_row(r) for r in session.execute(query)]


def is_flag_open() -> ColumnElement[bool]:
    """Return the condition of a flag that waits for a moderator: that of the index `ix_reviews_flagged`."""
    # The word stands in the query, not beside it: only so does the planner know that the index has the rows.
    return and_(
        Review.status == literal_column("'published'"),
        Review.flagged_at.is_not(None),
        or_(Review.moderated_at.is_(None), Review.moderated_at < Review.flagged_at),
    )


def _is_published() -> ColumnElement[bool]:
    return Review.status == ReviewStatus.PUBLISHED


def _public(actor: Actor, practitioner_id: uuid.UUID) -> list[ColumnElement[bool]]:
    """What anybody who sees a practitioner reads about him: the same as the rating counts."""
    return [
        Review.practitioner_id == practitioner_id,
        Review.written_by == ReviewSide.CLIENT,
        _is_published(),
        Review.practitioner_id.in_(select(Practitioner.id).where(visible_practitioners(actor))),
    ]


def _side_filters(actor: Actor, *, about_me: bool = False) -> ColumnElement[bool]:
    """Narrow a client's and a practitioner's lists to their own sessions; staff's not at all."""
    if actor.is_staff:
        return false() if about_me else true()
    if actor.role is Role.PRACTITIONER:
        own, other = Review.practitioner_id == actor.practitioner_id, ReviewSide.CLIENT
    else:
        own, other = Review.client_id == actor.client_id, ReviewSide.PRACTITIONER
    return and_(own, Review.written_by == other) if about_me else own


def _listed(actor: Actor, f: ReviewFilters) -> PeopleList:
    """Return the list as it can be searched: everybody's by both sides, somebody's own by the other one."""
    own = {Role.PRACTITIONER: [_CLIENT], Role.CLIENT: [_PRACTITIONER]}
    owners = own.get(actor.role, [_CLIENT, _PRACTITIONER])
    return PeopleList(actor, _ids(actor, f), f.search, _SORTS, _has_reference, *owners)


def _has_reference(reference: str) -> ColumnElement[bool]:
    return Review.booking_id == select(Booking.id).where(Booking.reference == reference.upper()).scalar_subquery()


def _ids(actor: Actor, f: ReviewFilters) -> Select[Any]:
    return select(Review.id).where(*_conditions(actor, f))


def _conditions(actor: Actor, f: ReviewFilters) -> list[ColumnElement[bool]]:
    conditions = [visible_reviews(actor), _side_filters(actor)]
    if f.status:
        conditions.append(Review.status == f.status)
    if f.is_flagged:
        conditions += [is_flag_open(), *([] if actor.is_staff else [Review.flagged_by == actor.user_id])]
    if f.rating:
        conditions.append(Review.rating == f.rating)
    if f.written_by:
        conditions.append(Review.written_by == f.written_by)
    if f.practitioner_id:
        conditions.append(Review.practitioner_id == f.practitioner_id)
    return conditions


def _found(session: Session, actor: Actor, ids: Select[Any], order: list[Any]) -> list[ReviewRow]:
    chosen = ids.subquery()
    return [_row(r) for r in session.execute(_rows(actor).where(Review.id.in_(select(chosen.c.id))).order_by(*order))]


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Every column of a review, cut to what the actor may see of it."""
    staff = true() if actor.is_staff else false()
    was_there, is_mine, is_about_me = _relations(actor)
    knows_client = or_(staff, was_there)
    flagged = or_(staff, Review.flagged_by == actor.user_id) if actor.user_id else staff
    hears_why = or_(flagged, and_(is_mine, Review.status == ReviewStatus.HIDDEN))

    def only(condition: ColumnElement[bool], value: Any) -> ColumnElement[Any]:
        return case((condition, value), else_=null())

    full_name = _client_user.first_name + " " + _client_user.last_name
    short_name = _client_user.first_name + " " + func.left(_client_user.last_name, 1) + "."
    shown: dict[str, Any] = {
        "booking_id": only(knows_client, Review.booking_id),
        "reference": only(knows_client, Booking.reference),
        "service_title": Service.title,
        "practitioner_name": _practitioner_user.first_name + " " + _practitioner_user.last_name,
        "client_id": only(knows_client, Review.client_id),
        "client_name": case((knows_client, full_name), else_=short_name),
        "is_mine": is_mine,
        "is_about_me": is_about_me,
        "flagged_at": only(flagged, Review.flagged_at),
        "flag_reason": only(flagged, Review.flag_reason),
        "is_flag_open": func.coalesce(and_(flagged, is_flag_open()), false()),
        "moderated_at": only(hears_why, Review.moderated_at),
        "moderation_reason": only(hears_why, Review.moderation_reason),
    }
    return (
        select(*((shown[f] if f in shown else getattr(Review, f)).label(f) for f in ReviewRow.__dataclass_fields__))
        .join(Booking, Booking.id == Review.booking_id)
        .join(Service, Service.id == Booking.service_id)
        .join(Client, Client.id == Review.client_id)
        .join(_client_user, _client_user.id == Client.user_id)
        .join(Practitioner, Practitioner.id == Review.practitioner_id)
        .join(_practitioner_user, _practitioner_user.id == Practitioner.user_id)
    )


def _relations(actor: Actor) -> tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[bool]]:
    """Whether the actor was at the session, wrote the review, is whom it is about."""
    if actor.role is Role.PRACTITIONER and actor.practitioner_id:
        was_there, own = Review.practitioner_id == actor.practitioner_id, ReviewSide.PRACTITIONER
    elif actor.role is Role.CLIENT and actor.client_id:
        was_there, own = Review.client_id == actor.client_id, ReviewSide.CLIENT
    else:
        return false(), false(), false()
    return was_there, and_(was_there, Review.written_by == own), and_(was_there, Review.written_by != own)


def _row(found: Any) -> ReviewRow:
    r = found._mapping
    return ReviewRow(**{**r, "written_by": ReviewSide(r["written_by"]), "status": ReviewStatus(r["status"])})
