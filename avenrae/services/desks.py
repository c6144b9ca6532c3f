"""Writes of the desk's settings: desks, hours, holidays, policies, canned replies.

What moves due times gives the open tickets theirs anew, in the same transaction or in the background (R-SLA-04); such
a service returns that run, or None where all is done.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from avenrae.countries import countries
from avenrae.enums import Role, TicketCategory, TicketPriority
from avenrae.errors import Conflict, InvalidInput, NotFound
from avenrae.models import BusinessHours, CannedReply, ClockRun, Desk, Holiday, SlaPolicy, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.availability import Hours
from avenrae.queries.periods import known_zone
from avenrae.scheduling.public_holidays import public_holidays
from avenrae.services.availability import merged_week
from avenrae.services.edits import refuse_stale
from avenrae.services.ticket_clocks import recompute_open_tickets

_YEARS = range(2000, 2101)


def add_desk(session: Session, actor: Actor, *, name: str, time_zone: str) -> Desk:
    """Set up a desk; its hours and its policies come next."""
    require(actor, Permission.DESK_EDIT)
    desk = Desk(name=name.strip(), time_zone=known_zone(time_zone))
    session.add(desk)
    session.flush()
    return desk


def edit_desk(
    session: Session,
    actor: Actor,
    desk_id: uuid.UUID,
    *,
    name: str,
    time_zone: str,
    lead_id: uuid.UUID | None,
    escalates_out_of_hours: bool,
    warn_minutes: int,
    lead_minutes: int,
    seen: Mapping[str, Any] | None = None,
) -> ClockRun | None:
    """Change a desk; another zone moves its hours, and with them the due times.

    Raises:
        InvalidInput: There is no such zone, or the lead does not work tickets.
        Conflict: Somebody changed it meanwhile.
    """
    desk = _locked(session, actor, desk_id)
    refuse_stale(desk, seen)
    works = select(User.id).where(User.id == lead_id, User.is_active, User.role.in_((Role.SUPPORT, Role.ADMIN)))
    if lead_id is not None and session.execute(works).first() is None:
        raise InvalidInput("The lead of a desk is an active support agent or admin.")
    moves = desk.time_zone != time_zone
    desk.name, desk.time_zone, desk.lead_id = name.strip(), known_zone(time_zone), lead_id
    desk.escalates_out_of_hours = escalates_out_of_hours
    desk.warn_minutes, desk.lead_minutes = warn_minutes, lead_minutes
    session.flush()
    return recompute_open_tickets(session, actor) if moves else None


def remove_desk(session: Session, actor: Actor, desk_id: uuid.UUID) -> None:
    """Take a desk away, with its hours and holidays; one with policies stays (constraint)."""
    session.delete(_locked(session, actor, desk_id))
    session.flush()


def set_desk_hours(
    session: Session, actor: Actor, desk_id: uuid.UUID, hours: Sequence[Hours], seen: Sequence[Hours] | None = None
) -> ClockRun | None:
    """Replace the weekly hours of a desk; those that overlap or touch become one.

    Raises:
        InvalidInput: Hours end before they start.
        Conflict: Somebody changed the week since the form showed `seen`.
    """
    desk = _locked(session, actor, desk_id)
    stored = {
        (h.weekday, h.starts_local, h.ends_local): h
        for h in session.scalars(select(BusinessHours).where(BusinessHours.desk_id == desk.id))
    }
    if seen is not None and set(seen) != set(stored):
        raise Conflict(
            "Somebody changed this week meanwhile. Close this to see what they saved, then make your change."
        )
    wanted = set(merged_week(hours))
    for row, kept in stored.items():
        if row not in wanted:
            session.delete(kept)
    for weekday, starts, ends in sorted(wanted - set(stored)):
        session.add(BusinessHours(desk_id=desk.id, weekday=weekday, starts_local=starts, ends_local=ends))
    return recompute_open_tickets(session, actor)


def add_holiday(session: Session, actor: Actor, desk_id: uuid.UUID, *, on_date: date, title: str) -> ClockRun | None:
    """Close a desk for a day.

    Raises:
        InvalidInput: The day or its name is missing.
        Conflict: It is one already (constraint).
    """
    desk = _locked(session, actor, desk_id)
    if on_date is None or not title.strip():
        raise InvalidInput("Say which day it is, and what it is called.")
    session.add(Holiday(desk_id=desk.id, on_date=on_date, title=title.strip()))
    return recompute_open_tickets(session, actor)


def add_country_holidays(
    session: Session, actor: Actor, desk_id: uuid.UUID, *, country: str, year: int
) -> tuple[int, ClockRun | None]:
    """Close a desk on the public holidays of a country in a year; returns how many were new.

    Raises:
        InvalidInput: The holidays of that country or year are not known.
    """
    desk = _locked(session, actor, desk_id)
    if country not in countries() or year not in _YEARS:
        raise InvalidInput("The holidays of this country in this year are not known. Add them by hand.")
    days = public_holidays(country, date(year, 1, 1), date(year, 12, 31))
    rows = [{"desk_id": desk.id, "on_date": day, "title": title} for day, title in days]
    if not rows:
        return 0, None
    added = session.scalars(insert(Holiday).on_conflict_do_nothing().returning(Holiday.id), rows).all()
    return len(added), recompute_open_tickets(session, actor) if added else None


def remove_holiday(session: Session, actor: Actor, holiday_id: uuid.UUID) -> ClockRun | None:
    """Open a desk on a day that was a holiday."""
    require(actor, Permission.DESK_EDIT)
    session.execute(delete(Holiday).where(Holiday.id == holiday_id))
    return recompute_open_tickets(session, actor)


def save_policy(
    session: Session,
    actor: Actor,
    policy_id: uuid.UUID | None,
    *,
    name: str,
    desk_id: uuid.UUID | None,
    priority: TicketPriority,
    category: TicketCategory | None,
    first_response_minutes: int | None,
    update_minutes: int | None,
    resolution_minutes: int | None,
    seen: Mapping[str, Any] | None = None,
) -> ClockRun | None:
    """Promise something for a priority (and a category), or change such a promise; None promises nothing.

    Raises:
        InvalidInput: It has no name, or there is no such desk.
        Conflict: There is one for these already (constraint), or somebody changed it meanwhile.
    """
    require(actor, Permission.DESK_EDIT)
    if not name.strip():
        raise InvalidInput("Give the policy a name.")
    if desk_id is None or session.get(Desk, desk_id) is None:
        raise InvalidInput("Choose by the hours of which desk it counts.")
    policy = SlaPolicy() if policy_id is None else _policy(session, policy_id)
    refuse_stale(policy, seen)
    policy.name, policy.desk_id, policy.priority, policy.category = name.strip(), desk_id, priority, category
    policy.first_response_minutes, policy.update_minutes = first_response_minutes, update_minutes
    policy.resolution_minutes = resolution_minutes
    session.add(policy)
    return recompute_open_tickets(session, actor)


def remove_policy(session: Session, actor: Actor, policy_id: uuid.UUID) -> ClockRun | None:
    """Promise nothing any more where this policy did."""
    require(actor, Permission.DESK_EDIT)
    session.delete(_policy(session, policy_id))
    return recompute_open_tickets(session, actor)


def save_reply(
    session: Session,
    actor: Actor,
    reply_id: uuid.UUID | None,
    *,
    title: str,
    body: str,
    category: TicketCategory | None,
    seen: Mapping[str, Any] | None = None,
) -> CannedReply:
    """Keep a text that is written often, or change one.

    Raises:
        Conflict: There is one of this title already (constraint), or somebody changed it meanwhile.
    """
    require(actor, Permission.DESK_EDIT)
    reply = CannedReply() if reply_id is None else session.get(CannedReply, reply_id, with_for_update=True)
    if reply is None:
        raise NotFound("This reply does not exist any more.")
    refuse_stale(reply, seen)
    reply.title, reply.body, reply.category = " ".join(title.split()), body.strip(), category
    session.add(reply)
    session.flush()
    return reply


def remove_reply(session: Session, actor: Actor, reply_id: uuid.UUID) -> None:
    """Forget a text; what was written with it stays."""
    require(actor, Permission.DESK_EDIT)
    session.execute(delete(CannedReply).where(CannedReply.id == reply_id))


def _locked(session: Session, actor: Actor, desk_id: uuid.UUID) -> Desk:
    require(actor, Permission.DESK_EDIT)
    desk = session.get(Desk, desk_id, with_for_update=True)
    if desk is None:
        raise NotFound("This desk does not exist any more.")
    return desk


def _policy(session: Session, policy_id: uuid.UUID) -> SlaPolicy:
    policy = session.get(SlaPolicy, policy_id, with_for_update=True)
    if policy is None:
        raise NotFound("This policy does not exist any more.")
    return policy
