"""Support figures: what came in and was solved, how fast, which promises were broken, and how satisfied people are.

Support and admins. Every number carries its definition and opens the tickets that it counts, with the filters of the
screen; days are cut in the platform's zone. A period that still runs says so.
"""

from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from avenrae.enums import TicketCategory, TicketPriority
from avenrae.queries.desk_backlog import Step, backlog, count_backlog, steps_of
from avenrae.queries.desk_figures import (
    DEFINITIONS,
    MOST_DAYS,
    NOBODY,
    PERIODS,
    DeskFilters,
    desk_figures,
    desk_filters,
    desk_period,
    list_agents,
    list_policies,
)
from avenrae.queries.periods import today
from avenrae.settings import settings
from avenrae.ui.actions import load
from avenrae.ui.charts import backlog_by_day
from avenrae.ui.desk_figures import segments_table, tickets_behind, tiles
from avenrae.ui.format import first_to_last
from avenrae.ui.lists import choice, pick

zone = settings().time_zone
names = {"agent": load(list_agents), "policy": load(list_policies)}
_STEPS = {Step.DAY: "Days", Step.WEEK: "Weeks", Step.MONTH: "Months"}
_NOTHING = {"agent": "Nobody", "policy": "No policy"}


def main() -> None:
    """Draw the page."""
    st.title("Support figures")
    params, name, running = _choose()
    told = st.container()
    filters = desk_filters(params, zone)
    top = st.container()
    _backlog(filters, running)
    kinds = {"By agent": "agent", "By category": "category", "By policy": "policy"}
    rows = "Tickets behind a figure"
    shown = "of" in st.query_params
    parts = st.tabs([*kinds, rows], default=rows if shown else None, key=f"tabs-{shown}", on_change="rerun")
    # A median is taken of every ticket, each time: only what is looked at is asked for.
    wanted = [kind for tab, kind in zip(parts, kinds.values(), strict=False) if tab.open]
    figures = load(desk_figures, filters, wanted)
    with top:
        tiles(figures["", ""].figures, load(count_backlog, filters), params, name)
    for tab, kind in zip(parts, kinds.values(), strict=False):
        with tab:
            if kind in wanted:
                found = [s for s in figures.values() if s.kind == kind]
                segments_table(found, kind, names.get(kind, {}), _NOTHING.get(kind, ""))
    with parts[-1]:
        if parts[-1].open:
            tickets_behind(params, zone, told)


def _backlog(filters: DeskFilters, running: bool) -> None:
    steps = steps_of(filters.span)
    head = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
    key = f"step-{len(steps)}-{steps[0]}"
    with head:
        step = st.session_state.get(key, steps[0])
        st.subheader(f"Backlog at the end of each {step}", help=DEFINITIONS["backlog"])
        if len(steps) > 1:
            offered = [step for step in Step if step in steps]
            st.segmented_control(
                "Steps", offered, default=steps[0], key=key, required=True, format_func=_STEPS.__getitem__
            )
    if ends := load(backlog, filters, zone, step):
        backlog_by_day(ends, key="backlog")
    else:
        st.caption("No day of this period is over yet.")
    if running:
        st.caption("The period still runs: its figures are not whole, and today is not over.")


def _choose() -> tuple[dict[str, str], str, bool]:
    row = st.columns(5)
    with row[0]:
        name = pick("Period", PERIODS, key="period", name=PERIODS.__getitem__)
    with row[1]:
        agent = choice("Agent", [*names["agent"], NOBODY], key="agent", every="Every agent", name=_name_of("agent"))
    with row[2]:
        category = choice("Category", TicketCategory, key="category", every="Every category")
    with row[3]:
        priority = choice("Priority", TicketPriority, key="priority", every="Every priority")
    with row[4]:
        policy = choice(
            "Policy", [*names["policy"], NOBODY], key="policy", every="Every policy", name=_name_of("policy")
        )
    if name == "dates":
        left, right = st.columns(2)
        begin, last = today(zone).replace(day=1), today(zone)
        first = left.date_input("First day", begin, key="from", bind="query-params", max_value=last)
        most = first + timedelta(days=MOST_DAYS - 1)
        end = right.date_input(
            "Last day", min(last, most), key="to", bind="query-params", min_value=first, max_value=most
        )
        period = desk_period(name, {"from": first.isoformat(), "to": end.isoformat()}, zone)
    else:
        period = desk_period(name, {}, zone)
    chosen = {"agent": agent, "category": category, "priority": priority, "policy": policy}
    if period.span.start and period.span.end:
        running = " · still running, not whole yet" if period.is_running else ""
        st.caption(f"{first_to_last(period.span.start, period.span.end, zone)}{running}")
    return {**chosen, **period.days(zone)}, name, period.is_running


def _name_of(kind: str) -> Callable[[str], str]:
    return lambda key: names[kind].get(key, _NOTHING[kind])


main()
