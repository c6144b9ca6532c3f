"""The editor of a practitioner's week, the preview before it is saved, and the pieces of it that others use."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from html import escape
from typing import Protocol
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae.errors import InvalidInput
from avenrae.queries.availability import Availability, Hours, OpenDay, Outside, newly_outside, open_days
from avenrae.scheduling.hours import MIDNIGHT, Override, Rule
from avenrae.scheduling.zones import spoken_day
from avenrae.services.availability import WEEKDAYS, merged_hours, merged_week, set_week
from avenrae.ui.actions import action, load, opener
from avenrae.ui.format import count, plain_text, status_word, when
from avenrae.ui.lists import link

STEP = timedelta(minutes=15)
_MORNING, _EVENING = time(9), time(17)
_MOST_LINKS = 15
_GRID = """<style>
.fw{display:grid;grid-template-columns:repeat(7,minmax(0,1fr));gap:4px;font-size:.8rem;line-height:1.35;
 font-variant-numeric:tabular-nums}
.fw div{border:1px solid color-mix(in srgb,currentColor 18%,transparent);border-radius:6px;padding:5px 6px}
.fw .head{border:0;padding:0 6px;font-weight:600}
.fw .none{border:0}
.fw .shut{background:color-mix(in srgb,currentColor 5%,transparent)}
.fw .new{border:2px solid #0b7a68;padding:4px 5px}
.fw b,.fw i{display:block}.fw i{opacity:.75;font-size:.75rem;overflow-wrap:anywhere}.fw u{text-decoration:none;
 white-space:nowrap}
@media(max-width:640px){.fw{display:block}.fw .head,.fw .none{display:none}
 .fw div{margin-bottom:4px;display:flex;flex-wrap:wrap;gap:0 10px;align-items:baseline}.fw b{min-width:6.5em}}
</style>"""

_ICON_ONLY = """<style>[class*="st-key-remove-"] button [data-testid="stMarkdownContainer"]{position:absolute;width:1px;
height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}</style>"""
"""The word of a button that shows only its cross stays for those who hear the page."""


class Weekly(Protocol):
    """Whatever has hours that come every week."""

    @property
    def owner_id(self) -> uuid.UUID:
        """Whose hours they are."""

    @property
    def week(self) -> tuple[Hours, ...]:
        """The hours as they are kept: weekday, from, to."""


@dataclass
class _Row:
    """One from–to of the draft."""

    weekday: int
    starts: time
    ends: time
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass
class _Draft:
    """The week as it is being changed, over the week that the page showed when that began."""

    seen: tuple[Hours, ...]
    rows: list[_Row]

    def hours(self) -> list[Hours]:
        return sorted((r.weekday, r.starts, r.ends) for r in self.rows)

    @property
    def is_changed(self) -> bool:
        return tuple(self.hours()) != self.seen


def week_editor(now: Weekly, review: Callable[[list[Hours]], None]) -> None:
    """Draw the week to be changed: from–to of every weekday, and the button whose dialog previews and saves it."""
    draft = _draft_of(now)
    st.html(_ICON_ONLY)
    problems = []
    for weekday, name in enumerate(WEEKDAYS):
        with st.container(border=True, key=f"day-{weekday}"):
            problems += _day(now, draft, weekday, name)
    refused = problems[0] if problems else "" if draft.is_changed else "Nothing has changed yet."
    with st.container(horizontal=True, vertical_alignment="center"):
        opener(
            "Preview and save",
            partial(review, draft.hours()),
            refused=refused,
            primary=not refused,
            icon=":material/preview:",
        )
        st.button(
            "Discard changes",
            on_click=_forget,
            args=(now.owner_id,),
            disabled=not draft.is_changed,
            icon=":material/undo:",
        )
        if draft.is_changed:
            st.caption("Not saved yet.")


def week_shown(now: Weekly) -> None:
    """Draw the week for somebody who only reads it."""
    with st.container(border=True):
        for weekday, name in enumerate(WEEKDAYS):
            st.markdown(f"**{name}**: {spoken_hours((h[1], h[2]) for h in now.week if h[0] == weekday)}")


def spoken_hours(hours: Iterable[tuple[time, time]]) -> str:
    """Return a day's hours for a sentence: `09:00–12:30, 13:30–17:00`, or `Closed`."""
    return ", ".join(f"{starts:%H:%M}–{ends:%H:%M}" for starts, ends in hours) or "Closed"


def spoken_away(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Return a time away for a list: its days when it is of whole ones, else from–to with the zone."""
    start, end = (at.astimezone(ZoneInfo(zone)) for at in (starts_at, ends_at))
    if start.time() != MIDNIGHT or end.time() != MIDNIGHT:
        until = f"{end:%H:%M}" if start.date() == end.date() else when(end, zone)
        return f"{when(start, zone)} – {until}"
    first, last = start.date(), end.date() - timedelta(days=1)
    return spoken_day(first) if first == last else f"{spoken_day(first)} – {spoken_day(last)}"


def show_outside(sessions: Sequence[Outside], zone: str, verb: str, already: int = 0) -> None:
    """Draw the sessions that a change would leave outside, as links; `verb` ends the sentence about their number."""
    if sessions:
        st.warning(
            f"**{count(len(sessions), 'booked session')} {verb}.** Saving does not touch them: they stay as they are."
            " Reschedule or cancel those that must not take place.",
            icon=":material/event_busy:",
        )
        for s in sessions[:_MOST_LINKS]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                link("care/booking", s.reference, icon=":material/event:", id=str(s.id))
                what = f"{plain_text(s.client_name)}, {plain_text(s.service_title)}"
                st.markdown(f"{when(s.starts_at, zone)} · {what} {status_word(s.status)}")
        if len(sessions) > _MOST_LINKS:
            st.caption(f"And {count(len(sessions) - _MOST_LINKS, 'more session')}.")
    else:
        st.success("No booked session is affected.", icon=":material/event_available:")
    if already:
        lie = "lies" if already == 1 else "lie"
        st.caption(f"{count(already, 'other session')} {lie} outside the hours already, agreed so by hand.")


def preview(now: Availability, rules: Sequence[Rule]) -> None:
    """Draw, before other hours are saved, what they change in the next four weeks."""
    st.markdown(f"**The next four weeks**, on the clock of {now.time_zone}. A frame marks the days that change.")
    before, after = (open_days(now, these, now.overrides()) for these in (now.rules(), rules))
    if [d.hours for d in before] == [d.hours for d in after]:
        st.info("No day of them changes: these hours are open already, or come later.", icon=":material/event_repeat:")
    four_weeks(now, rules, now.overrides())


def four_weeks(now: Availability, rules: Sequence[Rule], overrides: Sequence[Override]) -> None:
    """Draw the open hours of the next four weeks as they would be; what differs from today's hours says what it was."""
    zone = ZoneInfo(now.time_zone)
    after = open_days(now, rules, overrides)
    before = {d.day: d for d in open_days(now, now.rules(), now.overrides())}
    cells = [f'<div class="head">{name[:3]}</div>' for name in WEEKDAYS]
    cells += ['<div class="none"></div>'] * after[0].day.weekday()
    for day in after:
        was = before[day.day]
        parts = [f"<b>{day.day:%a} {day.day.day} {day.day:%b}</b>", f"<span>{_clocks(day, zone)}</span>"]
        parts += [f"<i>{escape(reason)}</i>" for reason in day.away]
        looks = "" if day.hours else "shut"
        if was.hours != day.hours:
            looks += " new"
            parts.append(f"<i>was {_clocks(was, zone).replace('<br>', ', ').lower()}</i>")
        cells.append(f'<div class="{looks}">{"".join(parts)}</div>')
    st.html(f'{_GRID}<div class="fw" role="group" aria-label="The next four weeks">{"".join(cells)}</div>')


def _clocks(day: OpenDay, zone: ZoneInfo) -> str:
    spans = (f"<u>{r.start.astimezone(zone):%H:%M}–{r.end.astimezone(zone):%H:%M}</u>" for r in day.hours)
    return "<br>".join(spans) or "Closed"


def _day(now: Weekly, draft: _Draft, weekday: int, name: str) -> list[str]:
    """Draw one weekday; returns what is wrong with it."""
    rows = [r for r in draft.rows if r.weekday == weekday]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{name}**", width=110)
        with st.container(gap="small", width=320):
            if not rows:
                st.markdown(":gray[Closed]")
            for n, row in enumerate(rows, 1):
                _from_to(now, row, f"{name}, hours {n}")
        st.button(
            "Add hours",
            key=f"add:{now.owner_id}:{weekday}",
            on_click=_add,
            args=(now.owner_id, weekday),
            icon=":material/add:",
            type="tertiary",
        )
        with st.popover("Copy to…", icon=":material/content_copy:", type="tertiary"):
            others = [d for d in range(7) if d != weekday]
            key = f"copy:{now.owner_id}:{weekday}"
            chosen = st.pills(
                f"Days that get the hours of {name}",
                others,
                selection_mode="multi",
                format_func=lambda d: WEEKDAYS[d][:3],
                key=key,
            )
            st.button(
                "Copy",
                key=f"do-{key}",
                on_click=_copy,
                args=(now.owner_id, weekday, key),
                type="primary",
                disabled=not chosen,
            )
    try:
        kept = merged_hours(((r.starts, r.ends) for r in rows), f"{name}: ")
    except InvalidInput as e:
        st.error(e.message)
        return [e.message]
    if len(kept) < len(rows):
        st.caption(f"Hours that overlap or touch become one: {spoken_hours(kept)}.")
    return []


def _from_to(now: Weekly, row: _Row, label: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        for end, word in (("starts", "from"), ("ends", "to")):
            typed = st.time_input(
                f"{label}, {word}",
                value=getattr(row, end),
                key=_key(row, end),
                step=STEP,
                label_visibility="collapsed",
                width=112,
            )
            setattr(row, end, typed)
            if end == "starts":
                st.markdown("–", width="content")
        st.button(
            f"Remove {label}",
            key=f"remove:{row.id}",
            on_click=_remove,
            args=(now.owner_id, row.id),
            icon=":material/close:",
            type="tertiary",
        )


def _draft_of(now: Weekly) -> _Draft:
    """Return the draft of this week; one that was begun over another week than there is now is given up."""
    key = f"week:{now.owner_id}"
    draft = st.session_state.get(key)
    if isinstance(draft, _Draft):
        _catch_up(draft)
        if draft.seen == now.week:
            return draft
        if draft.is_changed and not _is_saved(draft, now):
            st.warning("Somebody changed this week meanwhile; here is what they saved. Make your change again.")
    fresh = _Draft(now.week, [_Row(*hours) for hours in now.week])
    st.session_state[key] = fresh
    return fresh


def _is_saved(draft: _Draft, now: Weekly) -> bool:
    try:
        return merged_week(draft.hours()) == now.week
    except InvalidInput:
        return False


def _catch_up(draft: _Draft) -> None:
    """Take over what was typed since the rows were drawn."""
    for row in draft.rows:
        for end in ("starts", "ends"):
            typed = st.session_state.get(_key(row, end))
            if isinstance(typed, time):
                setattr(row, end, typed)


def _key(row: _Row, end: str) -> str:
    return f"hours:{row.id}:{end}"


def _held(practitioner_id: uuid.UUID) -> _Draft:
    draft: _Draft = st.session_state[f"week:{practitioner_id}"]
    _catch_up(draft)
    return draft


def _forget(practitioner_id: uuid.UUID) -> None:
    st.session_state.pop(f"week:{practitioner_id}", None)


def _add(practitioner_id: uuid.UUID, weekday: int) -> None:
    """Add hours after the day's last ones, an hour later where there is room."""
    draft = _held(practitioner_id)
    ends = [r.ends for r in draft.rows if r.weekday == weekday]
    last = 24 if MIDNIGHT in ends else max((e.hour + (e.minute > 0) for e in ends), default=0)
    if not ends:
        draft.rows.append(_Row(weekday, _MORNING, _EVENING))
    elif last >= 23:
        draft.rows.append(_Row(weekday, time(7), time(8)))
    else:
        draft.rows.append(_Row(weekday, time(last + 1), time((last + 4) % 24 if last < 20 else 0)))


def _remove(practitioner_id: uuid.UUID, row_id: str) -> None:
    draft = _held(practitioner_id)
    draft.rows = [r for r in draft.rows if r.id != row_id]


def _copy(practitioner_id: uuid.UUID, weekday: int, key: str) -> None:
    """Give the chosen days this day's hours instead of their own."""
    draft = _held(practitioner_id)
    days = st.session_state.get(key) or []
    copied = [r for r in draft.rows if r.weekday == weekday]
    draft.rows = [r for r in draft.rows if r.weekday not in days]
    draft.rows += [_Row(day, r.starts, r.ends) for day in days for r in copied]
    st.session_state[key] = []


@st.dialog("Before you save this week", width="large")
def review_week(now: Availability, hours: list[Hours]) -> None:
    """What is previewed here is what is saved: the editor behind cannot be touched meanwhile."""
    week = merged_week(hours)
    rules, overrides = now.rules(week), now.overrides()
    outside, already = load(newly_outside, now, rules, overrides)
    show_outside(outside, now.time_zone, "would lie outside these hours", already)
    preview(now, rules)
    left = f" Outside the new hours now: {count(len(outside), 'booked session')}." if outside else ""
    if action(
        "Save this week",
        set_week,
        f"Week saved.{left}",
        now.practitioner_id,
        hours,
        now.week,
        key=f"week-{now.practitioner_id}",
        primary=True,
    ):
        st.rerun()


def first_free_date(now: Availability, today: date) -> date:
    """Return the first date from tomorrow of which nothing is said yet, for a form to begin with."""
    taken = {d.on_date for d in now.dates}
    return next(d for n in range(1, 800) if (d := today + timedelta(days=n)) not in taken)
