"""Charts in the console's colours."""

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from avenrae import money
from avenrae.enums import LedgerSource
from avenrae.queries.desk_backlog import BacklogDay
from avenrae.queries.figures import MonthFigures

SOURCE_NAMES = {
    LedgerSource.BOOKING: "Sessions",
    LedgerSource.ORDER: "Shop orders",
    LedgerSource.EVENT: "Events",
    LedgerSource.SUBSCRIPTION: "Subscriptions",
}


def sales_by_month(months: Sequence[MonthFigures], currency: str, key: str) -> None:
    """Draw gross sales by month as stacked bars per source, with net GMV as a line over them."""
    frame = pd.DataFrame(
        {
            "month": [pd.Timestamp(m.month) for m in months],
            "source": [m.source for m in months],
            "gmv": [m.figures.gmv for m in months],
            "net": [m.figures.net for m in months],
        }
    )
    unit = 10 ** money.exponent(currency)
    colours = _colours()
    figure = go.Figure()
    for source in LedgerSource:
        part = frame[frame["source"] == source]
        if len(part):
            figure.add_bar(
                x=part["month"],
                y=part["gmv"] / unit,
                name=SOURCE_NAMES[source],
                marker_color=colours[list(LedgerSource).index(source)],
                width=20 * 86_400_000,
                customdata=[money.show(v, currency) for v in part["gmv"]],
                hovertemplate="%{x|%b %Y}: %{customdata}",
            )
    every_month = pd.date_range(frame["month"].min(), frame["month"].max(), freq="MS", name="month")
    net = frame.groupby("month")["net"].sum().reindex(every_month, fill_value=0).reset_index()
    figure.add_scatter(
        x=net["month"],
        y=net["net"] / unit,
        name="Net GMV",
        mode="lines+markers",
        line={"width": 2, "dash": "dot", "color": colours[5]},
        customdata=[money.show(v, currency) for v in net["net"]],
        hovertemplate="%{x|%b %Y}: %{customdata}",
    )
    figure.update_layout(
        barmode="stack",
        height=340,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.12, "x": 0},
        yaxis={"tickprefix": f"{money.SYMBOLS.get(currency, currency)} ", "separatethousands": True},
        xaxis={"tickformat": "%b %y", "dtick": "M1" if len(net) <= 15 else None},
        hovermode="x unified",
    )
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, width="stretch")
    st.caption(f"Gross sales by month and source ({currency}), and net GMV as the dotted line.")


def backlog_by_day(days: Sequence[BacklogDay], key: str) -> None:
    """Draw how many tickets were open at the end of each of these days."""
    figure = go.Figure()
    figure.add_scatter(
        x=[pd.Timestamp(d.day) for d in days],
        y=[d.open for d in days],
        name="Open",
        mode="lines+markers" if len(days) <= 45 else "lines",
        line={"width": 2, "color": _colours()[0], "shape": "hv" if len(days) <= 45 else "linear"},
        hovertemplate="%{x|%a %d %b %Y}: %{y} open",
    )
    figure.update_layout(
        height=260,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        yaxis={"rangemode": "tozero", "tickformat": "d"},
        xaxis={"tickformat": "%d %b" if days[-1].day - days[0].day < timedelta(days=200) else "%b %y"},
        showlegend=False,
    )
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, width="stretch")


def _colours() -> list[str]:
    """Return the theme's chart colours for the mode that the browser shows."""
    mode = "dark" if st.context.theme.type == "dark" else "light"
    colours: list[str] = st.get_option(f"theme.{mode}.chartCategoricalColors")
    return colours
