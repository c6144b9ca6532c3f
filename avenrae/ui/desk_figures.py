"""The figures of the support desk drawn: tiles that open their tickets, tables by segment, the tickets behind one."""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from avenrae.queries.desk_figures import DEFINITIONS, ROWS, DeskFigures, Segment, desk_filters
from avenrae.queries.figure_tickets import FigureTicket, count_figure_tickets, list_figure_tickets
from avenrae.ui.desk_settings import spoken_minutes
from avenrae.ui.format import badge, number, percent, when, words
from avenrae.ui.lists import has_screen, link, pick, show_list
from avenrae.ui.records import Cell, Column, records

_ROWS = {
    "opened": "Opened",
    "backlog": "Open now",
    "broken": "With a broken promise",
    "first-late": "First response late",
    "update-late": "An answer late",
    "resolution-late": "Resolution late",
    "answered": "First answered",
    "answered-in-time": "Answered in time",
    "resolved": "Resolved",
    "resolved-promised": "Resolved",
    "resolved-in-time": "Resolved in time",
    "asked": "Asked",
    "rated": "Rated",
}
_DETAILS = {
    **_ROWS,
    "resolved-promised": "Resolved, with such a promise",
    "answered": "First answered, with such a promise",
}


def tiles(now: DeskFigures, backlog: int, params: Mapping[str, str], name: str) -> None:
    """Draw the figures of a period; each links to its tickets with the screen's filters kept."""
    kept = {k: v for k, v in params.items() if v and (k not in ("from", "to") or name == "dates")}

    def tile(label: str, value: str, sub: str, definition: str, *opens: str) -> None:
        with grid.container(border=True, height="stretch"):
            st.metric(label, value, help=" ".join(DEFINITIONS[d] for d in definition.split()))
            st.caption(sub)
            for of in opens:
                link("insights/support", _ROWS[of], icon=":material/list:", period=name, of=of, **kept)

    grid = st.grid(4)
    tile(
        "Opened",
        number(now.opened),
        f"{number(backlog)} open now, snoozed ones too",
        "opened backlog",
        "opened",
        "backlog",
    )
    tile(
        "First response, median",
        spoken_minutes(now.first_median),
        f"p90 {spoken_minutes(now.first_p90)} · {percent(now.answered_in_time, now.answered)} in time",
        "first_response first_in_time",
        "answered",
        "answered-in-time",
    )
    tile(
        "Resolution, median",
        spoken_minutes(now.resolution_median),
        f"p90 {spoken_minutes(now.resolution_p90)} · {percent(now.resolved_in_time, now.resolved_promised)} in time",
        "resolution resolved_in_time",
        "resolved-promised",
        "resolved-in-time",
    )
    tile("Resolved", number(now.resolved), "and stayed so", "resolved", "resolved")
    tile(
        "Promises broken",
        percent(now.broken, now.opened),
        f"{number(now.broken)} of {number(now.opened)} tickets",
        "broken",
        "broken",
    )
    tile(
        "Broken, by promise",
        number(now.first_late + now.update_late + now.resolution_late),
        "a ticket can break several",
        "broken",
        "first-late",
        "update-late",
        "resolution-late",
    )
    tile(
        "Satisfaction",
        f"{now.satisfaction:.2f}" if now.satisfaction is not None else "–",
        f"{number(now.rated)} answers of 1 to 5",
        "satisfaction",
        "rated",
    )
    tile("Share answered", percent(now.rated, now.asked), f"of {number(now.asked)} asked", "answered_share", "asked")


def segments_table(segments: Sequence[Segment], kind: str, names: Mapping[str, str], nothing: str) -> None:
    """Draw the figures of each agent, category or policy; `nothing` names that of tickets without one."""

    def named(key: str) -> str:
        return names.get(key, words(key) if kind == "category" else nothing)

    columns: list[Column[Segment]] = [
        Column(words(kind), lambda s: named(s.key), primary=True),
        Column("Opened", lambda s: number(s.figures.opened), align="right"),
        Column("Resolved", lambda s: number(s.figures.resolved), align="right"),
        Column("First response", lambda s: spoken_minutes(s.figures.first_median), align="right"),
        Column("In time", lambda s: percent(s.figures.answered_in_time, s.figures.answered), align="right"),
        Column("Resolution", lambda s: spoken_minutes(s.figures.resolution_median), align="right"),
        Column(
            "Broken",
            lambda s: Cell(number(s.figures.broken), sub=percent(s.figures.broken, s.figures.opened)),
            align="right",
        ),
        Column("Satisfaction", _stars, align="right"),
    ]
    records(
        sorted(segments, key=lambda s: (-s.figures.opened, named(s.key))),
        columns,
        label=f"Figures by {kind}",
        key=f"by-{kind}",
        row_id=lambda s: s.key,
        empty="Nothing in this period.",
    )
    st.caption("Times are medians of desk hours. A row's tickets: choose it in the filters above.")


def _stars(segment: Segment) -> str:
    mean = segment.figures.satisfaction
    return "–" if mean is None else f"{mean:.2f} ({segment.figures.rated})"


def tickets_behind(params: Mapping[str, str], zone: str, told: DeltaGenerator) -> None:
    """Draw the tickets that a figure counts, chosen by name."""
    of = pick("Tickets that count as", [*ROWS, "backlog"], key="of", name=lambda o: _DETAILS[o])
    asked = {**params, "of": of}
    columns: list[Column[FigureTicket]] = [
        Column(
            "Ticket",
            lambda t: Cell(t.number, sub=t.subject, href=f"/ticket?id={t.id}" if has_screen("support/ticket") else ""),
            primary=True,
        ),
        Column("Opened", lambda t: Cell(when(t.created_at, zone), sub=t.requester), key="at"),
        Column("Agent", lambda t: t.assignee or "Nobody"),
        Column("Status", lambda t: badge(t.status)),
        Column("First response", lambda t: spoken_minutes(t.first_response_minutes), align="right"),
        Column("Resolution", lambda t: spoken_minutes(t.resolution_minutes), align="right"),
        Column("Promise", lambda t: Cell("Broken", tone="red") if t.is_broken else Cell("–")),
        Column("Stars", lambda t: "–" if t.satisfaction is None else str(t.satisfaction), align="right"),
    ]
    show_list(
        noun="ticket",
        filters=desk_filters(asked, zone),
        params={**asked, "zone": zone},
        count=count_figure_tickets,
        rows=list_figure_tickets,
        columns=columns,
        sort="-at",
        export="desk-figures",
        told=told,
    )
