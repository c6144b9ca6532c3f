"""Reviews: for staff what was flagged and waits for a decision, then every review; for others their own.

Support and admins hide, leave and restore on the page of each. A practitioner and a client read what was published
about them and what they wrote, and see which sessions still wait for their review.
"""

import streamlit as st

from avenrae.enums import ReviewSide, ReviewStatus
from avenrae.permissions import Permission
from avenrae.queries.listing import key_of, limit_of
from avenrae.queries.people import name_of
from avenrae.queries.reviews import FLAGGED, ReviewRow, count_reviews, list_reviews, review_filters
from avenrae.ui.actions import actor, load
from avenrae.ui.format import badge, day, words
from avenrae.ui.lists import choice, given, pick, search_box, show_list, understood
from avenrae.ui.records import Cell, Column
from avenrae.ui.reviews import show_reviewable, stars

who = actor()
STATES = {
    FLAGGED: "Flagged, to be decided",
    "all": "Every review",
    ReviewStatus.WAITING.value: "Kept back",
    ReviewStatus.PUBLISHED.value: "Published",
    ReviewStatus.HIDDEN.value: "Hidden",
}
EMPTY = {
    FLAGGED: "Nothing is flagged. Choose “Every review” to read them all.",
    ReviewStatus.WAITING.value: "Nothing is kept back now.",
    ReviewStatus.HIDDEN.value: "Nothing is hidden.",
}


def _status(review: ReviewRow) -> Cell:
    if review.is_flag_open:
        return Cell("Flagged", tone="violet", sub=(review.flag_reason or "")[:80])
    shown = badge(review.status)
    return Cell(shown.text, tone=shown.tone, sub="Answered" if review.response else "")


COLUMNS: list[Column[ReviewRow]] = [
    Column("Review", lambda r: Cell(stars(r.rating), sub=r.comment[:160]), key="rating", primary=True),
    Column("Session", lambda r: Cell(r.reference or "–", sub=r.service_title)),
    Column("From", lambda r: "You" if r.is_mine else r.writer),
    Column("About", lambda r: "You" if r.is_about_me else r.subject),
    Column("Written", lambda r: day(r.created_at, who.time_zone), key="written", wrap=False),
    Column("Status", _status),
]

st.title("Reviews")
show_reviewable()
row = st.columns([3, 2, 2, 2])
with row[0]:
    search = search_box("Client, practitioner or session" if who.is_staff else "Name or session")
with row[1]:
    if who.may(Permission.REVIEW_HIDE):
        show = pick("Show", STATES, key="show", name=STATES.__getitem__)
    else:
        show = choice("Show", ReviewStatus, key="show", every=STATES["all"], name=STATES.__getitem__)
with row[2]:
    rating = choice("Stars", "54321", key="rating", every="Any rating", name=lambda n: stars(int(n)))
with row[3]:
    by = choice("Written by", ReviewSide, key="by", every="Both sides", name=lambda side: f"The {words(side).lower()}")

params = {"q": search, "show": show, "rating": rating, "by": by}
params |= given("practitioner")
filters = understood(review_filters, params, who.time_zone)
narrowed = {}
if practitioner := params.get("practitioner"):
    narrowed["practitioner"] = load(name_of, client=None, practitioner=key_of(practitioner)) or "one practitioner"
show_list(
    noun="review",
    filters=filters,
    params=params,
    count=count_reviews,
    limit=limit_of(search),
    rows=list_reviews,
    columns=COLUMNS,
    opens="care/review",
    sort="-written",
    export="reviews",
    empty=EMPTY.get(show, "No reviews yet. They are written after a completed session."),
    narrowed=narrowed,
)
