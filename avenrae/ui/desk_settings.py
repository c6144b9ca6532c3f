"""The dialogs and tabs of the desk's settings: desks and hours, holidays, policies, canned replies."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from avenrae import clock
from avenrae.countries import countries
from avenrae.enums import TicketCategory, TicketPriority
from avenrae.models import ClockRun
from avenrae.permissions import Permission
from avenrae.queries.availability import Hours
from avenrae.queries.desk_settings import DeskRow, DeskSettings, PolicyRow, ReplyRow
from avenrae.queries.ticket_choices import PLACEHOLDERS
from avenrae.scheduling.zones import local_day, spoken_day, zone_named
from avenrae.services import desks as services
from avenrae.services.availability import WEEKDAYS, merged_week
from avenrae.ui.actions import Form, action, actor, opener
from avenrae.ui.format import count, plain_text, words
from avenrae.ui.week_editor import spoken_hours, week_editor, week_shown


def may_edit() -> bool:
    """Return whether the reader changes these settings."""
    return actor().may(Permission.DESK_EDIT)


def spoken_minutes(minutes: int | None) -> str:
    """Return minutes of business time in words: `1 h 30 min`."""
    if minutes is None:
        return "–"
    hours, rest = divmod(minutes, 60)
    return f"{rest} min" if not hours else f"{hours} h {rest} min" if rest else f"{hours} h"


def saved(said: str) -> Callable[[ClockRun | None], str]:
    """Return what to say after a change that moves due times."""

    def say(run: ClockRun | None) -> str:
        if run is None:
            return f"{said} Due times are up to date."
        return f"{said} The due times of {count(run.total, 'ticket')} follow in the background."

    return say


def desk_facts(settings: DeskSettings, desk: DeskRow) -> None:
    """Draw a desk: its zone, its lead, when people are told, and its week."""
    lead = settings.agents.get(desk.lead_id, "") if desk.lead_id else ""
    later = f"{plain_text(lead)} hears of a broken one {spoken_minutes(desk.lead_minutes)} later"
    hours = "at any hour" if desk.escalates_out_of_hours else "in its hours only"
    st.markdown(
        f"On the clock of **{desk.time_zone}**. Warns {spoken_minutes(desk.warn_minutes)} before a promise is due;"
        f" {later if lead else 'there is no lead to hear of broken ones'}. People are told {hours}."
    )
    if may_edit():
        with st.container(horizontal=True):
            opener(
                "Change this desk",
                partial(_edit_desk, settings, desk),
                icon=":material/edit:",
                key=f"Change this desk:{desk.id}",
            )
            opener(
                "Remove this desk",
                partial(_remove_desk, desk),
                icon=":material/delete:",
                key=f"Remove this desk:{desk.id}",
            )
        week_editor(desk, partial(_review_week, desk))
    else:
        week_shown(desk)


@st.dialog("New desk")
def new_desk() -> None:
    """Ask for the name and the zone of a desk."""
    with Form("new-desk", border=False) as form:
        st.text_input("Name", key=form.key("name"), max_chars=100, placeholder="First line, payments …")
        _zone_field(form, actor().time_zone)
        fields: dict[str, Any] = {name: form.field(name) for name in ("name", "time_zone")}
        if form.submit("Add desk", services.add_desk, "Desk added. Give it hours and policies.", **fields):
            st.rerun()


@st.dialog("Change this desk")
def _edit_desk(settings: DeskSettings, desk: DeskRow) -> None:
    with Form(f"desk-{desk.id}", border=False) as form:
        st.text_input("Name", desk.name, key=form.key("name"), max_chars=100)
        _zone_field(form, desk.time_zone)
        people = [None, *settings.agents]
        st.selectbox(
            "Lead",
            people,
            people.index(desk.lead_id) if desk.lead_id in people else 0,
            key=form.key("lead_id"),
            format_func=lambda key: settings.agents[key] if key else "Nobody",
        )
        left, right = st.columns(2)
        left.number_input(
            "Warn before due, minutes", 0, 10_000, desk.warn_minutes, key=form.key("warn_minutes"), required=True
        )
        right.number_input(
            "Tell the lead after, minutes", 0, 10_000, desk.lead_minutes, key=form.key("lead_minutes"), required=True
        )
        st.checkbox(
            "Tell people out of hours, too", desk.escalates_out_of_hours, key=form.key("escalates_out_of_hours")
        )
        names = ("name", "time_zone", "lead_id", "warn_minutes", "lead_minutes", "escalates_out_of_hours")
        seen = {name: getattr(desk, name) for name in names}
        fields: dict[str, Any] = {name: form.field(name) for name in names}
        if form.submit("Save desk", services.edit_desk, "Desk saved.", desk.id, seen=seen, **fields):
            st.rerun()


def _zone_field(form: Form, zone: str) -> None:
    zones = sorted(available_timezones())
    st.selectbox("Time zone", zones, zones.index(zone) if zone in zones else 0, key=form.key("time_zone"))


@st.dialog("Remove this desk")
def _remove_desk(desk: DeskRow) -> None:
    st.write(f"“{plain_text(desk.name)}” goes, with its hours and holidays. A desk that has policies cannot go.")
    if action("Remove desk", services.remove_desk, "Desk removed.", desk.id, key=f"rm-{desk.id}", primary=True):
        st.rerun()


@st.dialog("Before you save these hours")
def _review_week(desk: DeskRow, hours: list[Hours]) -> None:
    week = merged_week(hours)
    for weekday, name in enumerate(WEEKDAYS):
        of_day = [(h[1], h[2]) for h in week if h[0] == weekday]
        was = [(h[1], h[2]) for h in desk.week if h[0] == weekday]
        st.markdown(f"**{name}**: {spoken_hours(of_day)}" + ("" if of_day == was else f" (was {spoken_hours(was)})"))
    st.write("The due times of all open tickets of this desk move with its hours.")
    if action(
        "Save hours",
        services.set_desk_hours,
        saved("Hours saved."),
        desk.id,
        hours,
        desk.week,
        key=f"hours-{desk.id}",
        primary=True,
    ):
        st.rerun()


def holidays_of(desk: DeskRow) -> None:
    """Draw a desk's holidays, and the ways to add some."""
    if may_edit():
        with st.container(horizontal=True):
            opener("Add a day", partial(_add_holiday, desk), icon=":material/add:", key=f"Add a day:{desk.id}")
            opener(
                "Add those of a country",
                partial(_add_country, desk),
                icon=":material/flag:",
                key=f"Add those of a country:{desk.id}",
            )
    if not desk.holidays:
        st.caption("No holidays: this desk works by its week all year.")
    for day in desk.holidays:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{spoken_day(day.on_date)}** · {plain_text(day.title)}", width="content")
            if may_edit():
                action(
                    "Remove",
                    services.remove_holiday,
                    saved("Removed."),
                    day.id,
                    key=f"day-{day.id}",
                    quiet=True,
                    icon=":material/delete:",
                )


@st.dialog("A day on which the desk is closed")
def _add_holiday(desk: DeskRow) -> None:
    with Form(f"holiday-{desk.id}", border=False) as form:
        today = local_day(clock.now(), zone_named(desk.time_zone))
        st.date_input("Day", today + timedelta(days=1), key=form.key("on_date"), format="YYYY-MM-DD", required=True)
        st.text_input("What it is called", key=form.key("title"), max_chars=100)
        fields: dict[str, Any] = {name: form.field(name) for name in ("on_date", "title")}
        if form.submit("Add day", services.add_holiday, saved("Day added."), desk.id, **fields):
            st.rerun()


@st.dialog("Public holidays of a country")
def _add_country(desk: DeskRow) -> None:
    with Form(f"country-{desk.id}", border=False) as form:
        this_year = local_day(clock.now(), zone_named(desk.time_zone)).year
        known = countries()
        home = list(known).index("ZA")
        st.selectbox("Country", list(known), index=home, key=form.key("country"), format_func=known.__getitem__)
        st.selectbox("Year", [this_year, this_year + 1, this_year + 2], key=form.key("year"))
        fields: dict[str, Any] = {name: form.field(name) for name in ("country", "year")}
        done = form.submit(
            "Add holidays",
            services.add_country_holidays,
            lambda added: saved(f"{count(added[0], 'holiday')} added.")(added[1]),
            desk.id,
            **fields,
        )
        if done:
            st.rerun()


@st.dialog("Policy")
def policy_dialog(settings: DeskSettings, policy: PolicyRow | None) -> None:
    """Ask what is promised for which tickets; an empty number promises nothing."""
    with Form(f"policy-{policy.id if policy else 'new'}", border=False) as form:
        st.text_input("Name", policy.name if policy else "", key=form.key("name"), max_chars=100)
        desks = [d.id for d in settings.desks]
        st.selectbox(
            "By the hours of",
            desks,
            desks.index(policy.desk_id) if policy else 0,
            key=form.key("desk_id"),
            format_func=lambda key: settings.desk(key).name,
        )
        left, right = st.columns(2)
        priorities, categories = list(TicketPriority), [None, *TicketCategory]
        left.selectbox(
            "Priority",
            priorities,
            priorities.index(policy.priority) if policy else 1,
            key=form.key("priority"),
            format_func=words,
        )
        right.selectbox(
            "Category",
            categories,
            categories.index(policy.category) if policy else 0,
            key=form.key("category"),
            format_func=lambda c: words(c) if c else "Every category",
        )
        columns = st.columns(3)
        promised = {
            "first_response_minutes": "First response",
            "update_minutes": "Answer to each message",
            "resolution_minutes": "Resolution",
        }
        for column, (name, label) in zip(columns, promised.items(), strict=True):
            column.number_input(
                f"{label}, minutes",
                1,
                100_000,
                getattr(policy, name) if policy else None,
                key=form.key(name),
                placeholder="none",
            )
        st.caption("Minutes of the desk's hours: with 8 hours a day, 480 are a day. Empty promises nothing.")
        names = ("name", "desk_id", "priority", "category", *promised)
        fields: dict[str, Any] = {name: form.field(name) for name in names}
        seen = {name: getattr(policy, name) for name in names} if policy else None
        key = policy.id if policy else None
        if form.submit("Save policy", services.save_policy, saved("Policy saved."), key, seen=seen, **fields):
            st.rerun()
    if policy is not None:
        st.divider()
        _removal("Remove policy", services.remove_policy, saved("Policy removed."), policy.id)


@st.dialog("Canned reply", width="medium")
def reply_dialog(reply: ReplyRow | None) -> None:
    """Ask for a text that is written often."""
    with Form(f"reply-{reply.id if reply else 'new'}", border=False) as form:
        st.text_input("Title", reply.title if reply else "", key=form.key("title"), max_chars=100)
        categories = [None, *TicketCategory]
        st.selectbox(
            "Category",
            categories,
            categories.index(reply.category) if reply else 0,
            key=form.key("category"),
            format_func=lambda c: words(c) if c else "Every category",
        )
        st.text_area("Text", reply.body if reply else "", key=form.key("body"), max_chars=10_000, height=200)
        st.caption(
            "Filled in when it is used: " + "; ".join(f"`{{{name}}}` {what}" for name, what in PLACEHOLDERS.items())
        )
        names = ("title", "category", "body")
        fields: dict[str, Any] = {name: form.field(name) for name in names}
        seen = {name: getattr(reply, name) for name in names} if reply else None
        key = reply.id if reply else None
        if form.submit("Save reply", services.save_reply, "Reply saved.", key, seen=seen, **fields):
            st.rerun()
    if reply is not None:
        st.divider()
        _removal("Remove reply", services.remove_reply, "Reply removed.", reply.id)


def _removal(label: str, service: Callable[..., Any], done: Any, key: uuid.UUID) -> None:
    if action(label, service, done, key, key=f"remove-{key}", icon=":material/delete:"):
        st.rerun()
