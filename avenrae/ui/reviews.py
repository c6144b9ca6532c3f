"""Reviews as people read and write them: on a practitioner's profile, on a session, and one by one."""

import math
import uuid
from typing import Any

import streamlit as st

from avenrae.enums import ReviewSide, ReviewStatus, Role
from avenrae.queries.reviewable import SessionReviews, list_reviewable, session_reviews
from avenrae.queries.reviews import ReviewRow, list_public_reviews, rating_summary
from avenrae.services.reviews import edit_review, write_review
from avenrae.ui.actions import Form, actor, load
from avenrae.ui.format import count, day, number, percent, plain_text, when
from avenrae.ui.lists import link

_PAGE = 10
_LONGEST = 2000
_RATINGS = {5: "5 · Excellent", 4: "4 · Good", 3: "3 · All right", 2: "2 · Poor", 1: "1 · Bad"}


def stars(rating: int) -> str:
    """Return a rating as it is read: by its stars, and as a number for whoever does not see them."""
    return f"{'★' * rating}{'☆' * (5 - rating)} {rating} of 5"


def show_reviews(practitioner_id: uuid.UUID) -> None:
    """Draw what clients wrote about a practitioner: the average, how it is spread, and the newest, page by page."""
    summary = load(rating_summary, practitioner_id)
    if actor().is_staff:
        link(
            "care/reviews",
            "All reviews, those kept back and hidden too",
            icon=":material/arrow_forward:",
            practitioner=str(practitioner_id),
            show="all",
        )
    if summary.average is None:
        st.caption("No reviews yet. Clients write them after a completed session.")
        return
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.metric("Average", f"{summary.average:.1f} of 5")
    left.caption(f"from {count(summary.count, 'review')}")
    with right.container(gap="small"):
        for rating, n in summary.stars.items():
            share = n / summary.count
            st.progress(share, text=f"{count(rating, 'star')}: {number(n)} ({percent(n, summary.count)})")
    cards = st.container()
    pages = math.ceil(summary.count / _PAGE)
    page = st.pagination(pages, key="reviews", bind="query-params") if pages > 1 else 1
    with cards:
        for review in load(list_public_reviews, practitioner_id, page=page, size=_PAGE):
            review_card(review)


def review_card(review: ReviewRow, *, opens: bool = False) -> None:
    """Draw one review with its answer; `opens` adds the way to its own page."""
    who = actor()
    with st.container(border=True):
        writer = "You" if review.is_mine else plain_text(review.writer)
        st.markdown(f"{stars(review.rating)} · **{writer}**  \n:small[:gray[{day(review.created_at, who.time_zone)}]]")
        if review.comment:
            st.text(review.comment)
        else:
            st.caption("No words, only stars.")
        if review.response:
            answered = day(review.responded_at, who.time_zone) if review.responded_at else ""
            with st.container(border=True):
                st.markdown(f"**{plain_text(review.practitioner_name)}** answered  \n:small[:gray[{answered}]]")
                st.text(review.response)
        if state := state_of(review):
            st.caption(state)
        if opens:
            link("care/review", "Open this review", icon=":material/arrow_forward:", id=str(review.id))


def state_of(review: ReviewRow) -> str:
    """Return why a review is not shown to everybody, or what became of a flag; mostly there is nothing to say."""
    who = actor()
    if review.status is ReviewStatus.WAITING:
        seen_by = "Only you and support see this." if review.is_mine else "Neither side sees the other's yet."
        at_latest = when(review.due_at, who.time_zone)
        return f"{seen_by} It is shown once both have written, at the latest on {at_latest}."
    if review.status is ReviewStatus.HIDDEN:
        return f"Hidden by support: “{plain_text(review.moderation_reason or '')}”"
    if review.is_flag_open:
        mine = "You flagged it" if review.is_about_me else "It was flagged"
        return f"{mine}: “{plain_text(review.flag_reason or '')}” It stays up until support has decided."
    if review.flagged_at and review.moderation_reason:
        return f"It was flagged, and stays up: “{plain_text(review.moderation_reason)}”"
    return ""


def show_session_reviews(booking_id: uuid.UUID) -> None:
    """Draw what both sides of a session wrote, and the form of whoever can still write."""
    found = load(session_reviews, booking_id)
    if found is None:
        st.caption("A session can be reviewed once it has been completed.")
        return
    if found.side is None:
        for review in found.written:
            review_card(review, opens=True)
        if not found.written:
            st.caption(f"Nobody has written. Both sides can until {when(found.closes_at, actor().time_zone)}.")
        return
    own, other = (found.by(side) for side in _own_first(found.side))
    if own is None and found.is_open:
        _write(booking_id, found)
    elif own is None:
        st.caption(f"You could write about this session until {when(found.closes_at, actor().time_zone)}.")
    else:
        review_card(own, opens=True)
        if own.status is ReviewStatus.WAITING:
            edit_form(own)
    if other is not None:
        review_card(other, opens=True)
    elif found.is_blind:
        of = "the practitioner" if found.side is ReviewSide.CLIENT else "the client"
        st.caption(f"If {of} writes, you read it once you have written too, or a week after the session was completed.")


def edit_form(review: ReviewRow) -> None:
    """Draw the form that changes one's own review while nobody else has read it."""
    with (
        st.expander("Change what you wrote", icon=":material/edit:"),
        Form(f"edit-review-{review.id}", border=False, of=(review.rating, review.comment)) as form,
    ):
        _fields(form, review.rating, review.comment)
        form.submit(
            "Save changes",
            edit_review,
            "Changed. Nobody else has read it yet.",
            review.id,
            rating=form.field("rating"),
            comment=form.field("comment"),
            seen={"rating": review.rating, "comment": review.comment},
        )


def show_reviewable() -> None:
    """Draw the actor's sessions that wait for his review, each with the way to write it."""
    waiting = load(list_reviewable)
    if not waiting:
        return
    who = actor()
    sessions = count(len(waiting), "session", limit=19)
    with st.expander(f"{sessions} waiting for your review", expanded=who.role is Role.CLIENT):
        for session in waiting:
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.markdown(
                    f"**{plain_text(session.service_title)} with {plain_text(session.other_name)}**  \n"
                    f":small[:gray[{day(session.starts_at, session.time_zone)} · {plain_text(session.reference)} ·"
                    f" until {when(session.closes_at, who.time_zone)}]]",
                    width="content",
                )
                link(
                    "care/booking",
                    "Write a review",
                    icon=":material/rate_review:",
                    id=str(session.booking_id),
                    tab="Review",
                )


def _own_first(side: ReviewSide) -> tuple[ReviewSide, ReviewSide]:
    other = ReviewSide.PRACTITIONER if side is ReviewSide.CLIENT else ReviewSide.CLIENT
    return side, other


def _write(booking_id: uuid.UUID, found: SessionReviews) -> None:
    who = actor()
    readers = (
        "It is public, on the practitioner's profile, under your first name and the first letter of your last."
        if found.side is ReviewSide.CLIENT
        else "Only the client, you and support read it."
    )
    with Form(f"review-{booking_id}") as form:
        _fields(form, None, "")
        st.caption(
            f"{readers} Neither side reads the other's before both have written, at the latest on"
            f" {when(found.shown_at, who.time_zone)}; until then you can change it."
            if found.is_blind
            else f"{readers} It is shown at once, and cannot be changed then."
        )
        form.submit(
            "Send review",
            write_review,
            lambda review: _thanks(review, who.time_zone),
            booking_id,
            rating=form.field("rating"),
            comment=form.field("comment"),
        )


def _fields(form: Form, rating: int | None, comment: str) -> None:
    options = list(_RATINGS)
    st.radio(
        "How was the session?",
        options,
        index=None if rating is None else options.index(rating),
        format_func=_RATINGS.__getitem__,
        horizontal=True,
        key=form.key("rating"),
    )
    st.text_area("In your words (optional)", value=comment, key=form.key("comment"), max_chars=_LONGEST, height=140)


def _thanks(review: Any, zone: str) -> str:
    if review.status == ReviewStatus.PUBLISHED:
        return "Thank you. Your review is published."
    return f"Thank you. It is shown once both have written, at the latest on {when(review.due_at, zone)}."
