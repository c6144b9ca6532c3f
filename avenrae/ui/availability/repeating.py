"""Hours beside the week: those that there are, in words, and the dialog that adds some without a rule to be known."""

from datetime import date, time
from functools import partial
from typing import Any

import streamlit as st

from avenrae.errors import AvenraeError, InvalidInput
from avenrae.queries.availability import Availability, OtherRule, newly_outside
from avenrae.scheduling import recurrence
from avenrae.scheduling.hours import Rule, next_days
from avenrae.scheduling.zones import spoken_day
from avenrae.services.availability import WEEKDAYS, add_rule, remove_rule
from avenrae.ui.actions import Field, action, load
from avenrae.ui.availability.entries import entry, head, keeps, removal, today
from avenrae.ui.format import count, in_a_row
from avenrae.ui.week_editor import STEP, preview, show_outside, spoken_hours

_WEEKS, _NTH, _DATE = "Every so many weeks", "A weekday of the month", "A date of the month"
_WHICH = {1: "First", 2: "Second", 3: "Third", 4: "Fourth", 5: "Fifth", -1: "Last"}
_KEYS = tuple(f"rep:{name}" for name in ("kind", "every", "days", "nth", "weekday", "date"))
_LAST_DAY = -1


def other_hours(now: Availability) -> None:
    """Draw the hours that come otherwise than every week."""
    head(
        "Hours beside the week, such as the first Saturday of each month or every second Tuesday.",
        "Add repeating hours",
        partial(_add_dialog, now) if keeps(now) else None,
        primary=False,
    )
    for rule in now.others:
        said = f"**{spoken_days(as_rule(rule))}** · {spoken_hours([(rule.starts, rule.ends)])}"
        entry(said, "", *([removal(f"rule-{rule.id}", partial(_remove_dialog, now, rule))] if keeps(now) else []))


def as_rule(rule: OtherRule) -> Rule:
    """Return stored hours for the pure functions."""
    return Rule(rule.starts, rule.ends, rule.weekday, rule.rrule, rule.valid_from, rule.valid_until)


def spoken_days(rule: Rule) -> str:
    """Return on which days hours come: `Every 2 weeks on Tuesday, from Mon 5 Jan 2026`."""
    days = f"Every {WEEKDAYS[rule.weekday]}" if rule.weekday is not None else _repeats(rule)
    since = f", from {spoken_day(rule.valid_from)}" if rule.valid_from else ""
    return f"{days}{since}{f', until {spoken_day(rule.valid_until)}' if rule.valid_until else ''}"


def _repeats(rule: Rule) -> str:
    found = recurrence.parse(rule.rrule or "", rule.valid_from)
    unit = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}[found.frequency]
    every = f"Every {unit}" if found.interval == 1 else f"Every {found.interval} {unit}s"
    named = [f"the {_WHICH[n].lower()} {WEEKDAYS[day]}" if n in _WHICH else WEEKDAYS[day] for day, n in found.weekdays]
    named += ["the last day" if d == _LAST_DAY else f"day {d}" for d in found.month_days]
    last = f", last on {spoken_day(found.last)}" if found.last else ""
    return f"{every}{f' on {in_a_row(named)}' if named else ''}{last}"


def rrule_of(chosen: tuple[Any, ...]) -> str:
    """Return the rule of what is chosen in the dialog: kind, every, days, nth, weekday, date.

    Raises:
        InvalidInput: Something is not chosen yet.
    """
    kind, every, days, nth, weekday, on_date = chosen
    step = f";INTERVAL={every}" if every and every > 1 else ""
    if kind == _WEEKS:
        if not days:
            raise InvalidInput("Choose the days of the week.")
        return f"FREQ=WEEKLY{step};BYDAY={','.join(recurrence.WEEKDAYS[day] for day in sorted(days))}"
    if kind == _NTH:
        if not nth or weekday is None:
            raise InvalidInput("Choose which weekday of the month.")
        return f"FREQ=MONTHLY{step};BYDAY={','.join(f'{n}{recurrence.WEEKDAYS[weekday]}' for n in nth)}"
    if on_date is None:
        raise InvalidInput("Choose the date of the month.")
    return f"FREQ=MONTHLY{step};BYMONTHDAY={on_date}"


@st.dialog("Add repeating hours", width="large")
def _add_dialog(now: Availability) -> None:
    kind = st.segmented_control("They come", [_WEEKS, _NTH, _DATE], default=_NTH, key="rep:kind", required=True)
    _days(kind)
    first, last, starts, ends = st.columns(4)
    first.date_input("From", value=today(now), key="rep:first", format="YYYY-MM-DD", required=True)
    last.date_input("Until, if they end", value=None, key="rep:last", format="YYYY-MM-DD")
    starts.time_input("Open from", value=time(9), step=STEP, key="rep:starts")
    ends.time_input("Open to", value=time(12), step=STEP, key="rep:ends")
    state = st.session_state
    try:
        rrule = rrule_of(tuple(state.get(key) for key in _KEYS))
        rule = Rule(
            _given(state["rep:starts"]),
            _given(state["rep:ends"]),
            rrule=rrule,
            valid_from=state["rep:first"],
            valid_until=state["rep:last"],
        )
        _meaning(now, rule)
    except AvenraeError as e:
        st.info(e.message, icon=":material/touch_app:")
    fields: dict[str, Any] = {
        "rrule": Field(_KEYS, rrule_of),
        "starts": Field("rep:starts", _given),
        "ends": Field("rep:ends", _given),
        "valid_from": Field("rep:first", _given),
        "valid_until": Field("rep:last"),
    }
    if action("Add these hours", add_rule, "Hours added.", now.practitioner_id, key="rep", primary=True, **fields):
        st.rerun()


def _days(kind: str) -> None:
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    every = "weeks" if kind == _WEEKS else "months"
    left.number_input(f"Every how many {every}", min_value=1, max_value=52, value=1, step=1, key="rep:every")
    if kind == _WEEKS:
        right.pills("On", range(7), selection_mode="multi", format_func=WEEKDAYS.__getitem__, key="rep:days")
    elif kind == _NTH:
        with right.container(horizontal=True, vertical_alignment="bottom"):
            st.pills(
                "On the",
                list(_WHICH),
                selection_mode="multi",
                default=[1],
                format_func=_WHICH.__getitem__,
                key="rep:nth",
                wrap=True,
            )
            st.selectbox("Weekday", range(7), index=5, format_func=WEEKDAYS.__getitem__, key="rep:weekday", width=160)
    else:
        right.selectbox(
            "On", [*range(1, 32), _LAST_DAY], index=0, key="rep:date", width=200,
            format_func=lambda d: "The last day" if d == _LAST_DAY else f"Day {d}",
        )  # fmt: skip


def _meaning(now: Availability, rule: Rule) -> None:
    """Draw what hours mean: a sentence, their next dates and the weeks ahead with them."""
    st.markdown(f"**{spoken_days(rule)}**, {spoken_hours([(rule.starts, rule.ends)])} in {now.time_zone}.")
    coming = next_days(rule, max(rule.valid_from or date.min, today(now)), 5)
    st.markdown(f"Next: {', '.join(spoken_day(day) for day in coming)}." if coming else "They would never come.")
    if rule.rrule and any(rule.rrule.endswith(f"BYMONTHDAY={d}") for d in (29, 30, 31)):
        st.caption("Months without this day are left out.")
    preview(now, [*now.rules(), rule])


@st.dialog("Remove these hours")
def _remove_dialog(now: Availability, rule: OtherRule) -> None:
    st.markdown(f"**{spoken_days(as_rule(rule))}**, {spoken_hours([(rule.starts, rule.ends)])}.")
    left = [r for r in now.rules() if r != as_rule(rule)]
    outside, _ = load(newly_outside, now, left, now.overrides())
    show_outside(outside, now.time_zone, "would lie outside your hours then")
    told = f" Outside the hours now: {count(len(outside), 'booked session')}." if outside else ""
    if action(
        "Remove these hours", remove_rule, f"Removed.{told}", now.practitioner_id, rule.id, key=f"rule-{rule.id}",
        primary=True,
    ):  # fmt: skip
        st.rerun()


def _given(typed: Any) -> Any:
    if typed is None:
        raise InvalidInput("Give the hours a from and a to, and the first day.")
    return typed
