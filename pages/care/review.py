"""One review: what was written and answered, why it is not shown, what can be done with it, and its history.

Whom it is about flags it, and answers it when a client wrote it; who wrote it changes it while it is kept back;
support and admins hide, leave and restore it with a reason, and read its history.
"""

import streamlit as st

from avenrae.enums import ReviewStatus
from avenrae.permissions import Permission
from avenrae.queries.listing import key_of
from avenrae.queries.reviews import get_review
from avenrae.ui.actions import actor, load
from avenrae.ui.details import fact, fact_link, no_record_chosen
from avenrae.ui.format import status_word, when
from avenrae.ui.history import show_history
from avenrae.ui.lists import link
from avenrae.ui.review_actions import review_actions
from avenrae.ui.reviews import edit_form, review_card

who = actor()
review_id = key_of(st.query_params.get("id")) or no_record_chosen("care/reviews", "Reviews")
review = load(get_review, review_id)


def main() -> None:
    """Draw the page."""
    link("care/reviews", "Reviews", icon=":material/arrow_back:")
    st.title(f"Review of {review.reference}" if review.reference else "Review")
    st.markdown(f"{status_word(review.status)} {':violet-badge[Flagged]' if review.is_flag_open else ''}")
    review_actions(review)
    if who.may(Permission.REVIEW_HIDE):
        shown, history = st.tabs(["Review", "History"])
        with shown:
            _review()
        with history:
            show_history("reviews", review.id)
    else:
        _review()


def _review() -> None:
    left, right = st.columns([3, 2])
    with left:
        review_card(review)
        if review.is_mine and review.status is ReviewStatus.WAITING:
            edit_form(review)
    with right.container(border=True):
        if review.booking_id is not None:
            fact_link(
                "Session", f"{review.reference} · {review.service_title}", "care/booking", id=str(review.booking_id)
            )
        fact("From", "You" if review.is_mine else f"{review.writer}, the {review.written_by}")
        fact("About", "You" if review.is_about_me else review.subject)
        fact_link("Practitioner", review.practitioner_name, "care/practitioner", id=str(review.practitioner_id))
        fact("Written", when(review.created_at, who.time_zone))
        if review.published_at:
            fact("Published", when(review.published_at, who.time_zone))
        if review.flagged_at:
            fact("Flagged", f"{when(review.flagged_at, who.time_zone)}: {review.flag_reason}")
        if review.moderated_at:
            fact("Decided", f"{when(review.moderated_at, who.time_zone)}: {review.moderation_reason}")


main()
