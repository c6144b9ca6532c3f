"""Support figures: what came in and was solved, how fast, which promises were broken, and how satisfied people are.

Support and admins. Every number carries its definition and opens the tickets that it counts, with the filters of the
screen; days are cut in the platform's zone. A period that still runs says so.
"""

from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from avenrae.enums import TicketCategory, TicketPriority
from avenrae.queries.desk_figures import (
    DEFINITIONS,
    MOST_DAYS,
    NOBODY,
    PERIODS,
    backlog_days,
    count_backlog,
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
_NOTHING = {"agent": "Nobody", "policy": "No policy"}


def main() -> None:
    """Draw the page."""
    st.title("Support figures")
    params, name, running = _choose()
    told = st.container()
    filters = desk_filters(params, zone)
    figures = load(desk_figures, filters)
    tiles(figures["", ""].figures, load(count_backlog, filters), params, name)
    days = load(backlog_days, filters, zone)
    st.subheader("Backlog at the end of each day", help=DEFINITIONS["backlog"])
    if days:
        backlog_by_day(days, key="backlog")
    else:
        st.caption("No day of this period is over yet.")
    if running:
        st.caption("The period still runs: its figures are not whole, and today is not over.")
    kinds = {"By agent": "agent", "By category": "category", "By policy": "policy"}
    rows = "Tickets behind a figure"
    shown = "of" in st.query_params
    *segments, tickets = st.tabs([*kinds, rows], default=rows if shown else None, key=f"tabs-{shown}")
    for tab, kind in zip(segments, kinds.values(), strict=True):
        with tab:
            segments_table(
                [s for s in figures.values() if s.kind == kind], kind, names.get(kind, {}), _NOTHING.get(kind, "")
            )
    with tickets:
        tickets_behind(params, zone, told)


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
