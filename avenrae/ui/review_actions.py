"""What can be done with a review: answer and flag it, hide, keep and restore it, each with what it does said first."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from avenrae.enums import ReviewSide, ReviewStatus
from avenrae.permissions import Permission
from avenrae.queries.reviews import ReviewRow
from avenrae.services.reviews import flag_review, hide_review, keep_review, respond_review, restore_review
from avenrae.ui.actions import Form, actor, opener
from avenrae.ui.reason_form import reason_form


def review_actions(review: ReviewRow) -> None:
    """Draw the actions of the reader, each always in its place; what is not possible now says why."""
    who = actor()
    hidden, published = review.status is ReviewStatus.HIDDEN, review.status is ReviewStatus.PUBLISHED
    unpublished = "" if published else "It is hidden already." if hidden else "It is kept back still; nobody reads it."
    actions: list[tuple[str, Callable[[ReviewRow], None], str, bool, str]] = []
    if review.is_about_me and review.written_by is ReviewSide.CLIENT and who.may(Permission.REVIEW_RESPOND):
        label = "Change answer" if review.response else "Answer"
        actions.append((label, _respond, "", not review.response, ":material/reply:"))
    if review.is_about_me and who.may(Permission.REVIEW_FLAG):
        flagged = "You flagged it before. Support looks at each review once." if review.flagged_at else ""
        actions.append(("Flag", _flag, flagged, False, ":material/flag:"))
    if who.may(Permission.REVIEW_HIDE):
        no_flag = "" if review.is_flag_open else "No flag is waiting for a decision."
        restore = "" if hidden else "It is not hidden."
        actions += [
            ("Hide", _hide, unpublished, False, ":material/visibility_off:"),
            ("Leave it up", _keep, no_flag, False, ":material/check:"),
            ("Restore", _restore, restore, hidden, ":material/visibility:"),
        ]
    if actions:
        with st.container(horizontal=True):
            for label, dialog, refused, primary, icon in actions:
                opener(label, partial(dialog, review), refused=refused, primary=primary, icon=icon)


@st.dialog("Answer this review")
def _respond(review: ReviewRow) -> None:
    st.write(
        "Everybody who looks at your profile reads it below the review. You can correct it later; the client is told"
        " once."
    )
    with Form(f"respond-{review.id}", border=False, of=review.response) as form:
        st.text_area("Your answer", value=review.response or "", key=form.key("response"), max_chars=2000, height=160)
        sent = form.submit(
            "Publish answer",
            respond_review,
            "Your answer is published.",
            review.id,
            response=form.field("response"),
            seen={"response": review.response},
        )
        if sent:
            st.rerun()


@st.dialog("Flag this review")
def _flag(review: ReviewRow) -> None:
    st.write("Support looks at it and decides. It stays up until then, and support looks at each review once.")
    reason_form("Send to support", flag_review, "Flagged. Support will look at it.", review.id, hint="What is wrong?")


@st.dialog("Hide this review")
def _hide(review: ReviewRow) -> None:
    st.write("It leaves every profile, list and average at once. Both sides are told why. It can be restored.")
    reason_form("Hide review", hide_review, "Review hidden.", review.id, hint="Both sides read this")


@st.dialog("Leave this review up")
def _keep(review: ReviewRow) -> None:
    st.write("It stays as it is, and cannot be flagged again. Whoever flagged it is told why.")
    reason_form("Leave it up", keep_review, "The review stays up.", review.id, hint="Who flagged it reads this")


@st.dialog("Restore this review")
def _restore(review: ReviewRow) -> None:
    st.write("It is shown and counted again at once. Both sides are told why.")
    reason_form("Restore review", restore_review, "Review restored.", review.id, hint="Both sides read this")
