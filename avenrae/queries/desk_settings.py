"""The settings of the desks as their page shows them, what is wrong with them, and what they would promise now."""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role, TicketCategory, TicketPriority
from avenrae.models import BusinessHours, CannedReply, ClockRun, Desk, Holiday, SlaPolicy, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.availability import Hours
from avenrae.queries.desks import targets_of
from avenrae.scheduling.business_hours import DeskHours
from avenrae.scheduling.hours import Rule
from avenrae.scheduling.sla import Event, Happening, Stretch, clocks
from avenrae.scheduling.zones import local_day, spoken_day, zone_named

_SHORTLY = timedelta(days=60)
_MOST_PEOPLE = 500


@dataclass(frozen=True)
class HolidayRow:
    """A day on which a desk is closed."""

    id: uuid.UUID
    on_date: date
    title: str


@dataclass(frozen=True)
class DeskRow:
    """A desk with its week, and its holidays of the last year and to come."""

    id: uuid.UUID
    name: str
    time_zone: str
    lead_id: uuid.UUID | None
    escalates_out_of_hours: bool
    warn_minutes: int
    lead_minutes: int
    week: tuple[Hours, ...]
    holidays: tuple[HolidayRow, ...]

    @property
    def owner_id(self) -> uuid.UUID:
        """Whose hours they are."""
        return self.id


@dataclass(frozen=True)
class PolicyRow:
    """What is promised for a priority, for every category unless one is named; None promises nothing."""

    id: uuid.UUID
    name: str
    desk_id: uuid.UUID
    priority: TicketPriority
    category: TicketCategory | None
    first_response_minutes: int | None
    update_minutes: int | None
    resolution_minutes: int | None


@dataclass(frozen=True)
class ReplyRow:
    """A text that is written often."""

    id: uuid.UUID
    title: str
    body: str
    category: TicketCategory | None


@dataclass(frozen=True)
class Run:
    """How far the open tickets have got their due times anew in the background."""

    done: int
    total: int


@dataclass(frozen=True)
class DeskSettings:
    """All of it; `agents` are those who can lead a desk, by their keys."""

    desks: tuple[DeskRow, ...]
    policies: tuple[PolicyRow, ...]
    replies: tuple[ReplyRow, ...]
    agents: dict[uuid.UUID, str]
    run: Run | None

    def desk(self, key: uuid.UUID) -> DeskRow:
        """Return the desk of a key."""
        return next(d for d in self.desks if d.id == key)


@dataclass(frozen=True)
class Due:
    """A promise of a ticket opened now: its minutes, when it is due (None: never), and which minutes would count."""

    promise: str
    minutes: int
    due_at: datetime | None
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Preview:
    """What would be promised, by which policy and on which clock."""

    policy: str
    desk: str
    time_zone: str
    due: tuple[Due, ...]


def get_desk_settings(session: Session, actor: Actor) -> DeskSettings:
    """Return the settings of all desks.

    Raises:
        NotPermitted: The actor is not of the desk.
    """
    require(actor, Permission.TICKET_WORK)
    weeks: dict[uuid.UUID, list[Hours]] = defaultdict(list)
    for h in session.scalars(select(BusinessHours)):
        weeks[h.desk_id].append((h.weekday, h.starts_local, h.ends_local))
    since = clock.now().date() - timedelta(days=365)
    days: dict[uuid.UUID, list[HolidayRow]] = defaultdict(list)
    for d in session.scalars(select(Holiday).where(Holiday.on_date >= since).order_by(Holiday.on_date)):
        days[d.desk_id].append(HolidayRow(d.id, d.on_date, d.title))
    own = ("id", "name", "time_zone", "lead_id", "escalates_out_of_hours", "warn_minutes", "lead_minutes")
    desks = [
        DeskRow(**{name: getattr(d, name) for name in own}, week=tuple(sorted(weeks[d.id])), holidays=tuple(days[d.id]))
        for d in session.scalars(select(Desk).order_by(Desk.name, Desk.id))
    ]
    staff = select(User).where(User.role.in_((Role.SUPPORT, Role.ADMIN)), User.is_active)
    run = session.scalar(select(ClockRun).where(ClockRun.finished_at.is_(None)))
    return DeskSettings(
        desks=tuple(desks),
        policies=tuple(sorted(_policies(session), key=_order)),
        replies=tuple(
            ReplyRow(r.id, r.title, r.body, TicketCategory(r.category) if r.category else None)
            for r in session.scalars(select(CannedReply).order_by(CannedReply.title))
        ),
        agents={
            u.id: u.name for u in session.scalars(staff.order_by(User.name_folded.collate("C")).limit(_MOST_PEOPLE))
        },
        run=Run(run.done, run.total) if run else None,
    )


def _policies(session: Session) -> list[PolicyRow]:
    return [
        PolicyRow(
            p.id,
            p.name,
            p.desk_id,
            TicketPriority(p.priority),
            TicketCategory(p.category) if p.category else None,
            p.first_response_minutes,
            p.update_minutes,
            p.resolution_minutes,
        )
        for p in session.scalars(select(SlaPolicy))
    ]


def _order(policy: PolicyRow) -> tuple[int, str]:
    """The most urgent first; the policy of every category before those of one."""
    return -list(TicketPriority).index(policy.priority), policy.category or ""


def lints(settings: DeskSettings) -> list[str]:
    """Return what is wrong with the settings, in sentences (R-SLA-04)."""
    found = []
    general = {p.priority for p in settings.policies if p.category is None}
    for priority in TicketPriority:
        if priority in general:
            continue
        named = [p.category.value for p in settings.policies if p.priority is priority and p.category]
        but = f", other than about: {', '.join(sorted(named))}" if named else ""
        found.append(f"Priority “{priority.value}” has no policy: such tickets{but} are never due.")
    used = {p.desk_id for p in settings.policies}
    for policy in settings.policies:
        if (policy.first_response_minutes, policy.update_minutes, policy.resolution_minutes) == (None, None, None):
            found.append(f"The policy “{policy.name}” promises nothing.")
    for desk in settings.desks:
        today = local_day(clock.now(), zone_named(desk.time_zone))
        if desk.id in used and not desk.week:
            found.append(f"“{desk.name}” has no hours: nothing of its policies is ever due.")
        if desk.id in used and desk.lead_id is None:
            found.append(f"“{desk.name}” has no lead: nobody hears of promises that stay broken.")
        elif desk.lead_id is not None and desk.lead_id not in settings.agents:
            found.append(f"The lead of “{desk.name}” does not work tickets any more.")
        last = max((h.on_date for h in desk.holidays), default=None)
        if desk.holidays and last is not None and last < today + _SHORTLY:
            found.append(f"The holidays of “{desk.name}” end on {spoken_day(last)}. Add the next ones.")
    return found


def preview(settings: DeskSettings, priority: TicketPriority, category: TicketCategory) -> Preview | None:
    """Return what a ticket opened now would be promised, or None where nothing is."""
    fitting = [p for p in settings.policies if p.priority is priority and p.category in (category, None)]
    if not fitting:
        return None
    policy = max(fitting, key=lambda p: p.category is not None)
    row, now = settings.desk(policy.desk_id), clock.now()
    week = tuple(Rule(starts, ends, weekday=weekday) for weekday, starts, ends in row.week)
    desk = DeskHours(zone_named(row.time_zone), week, {h.on_date: h.title for h in row.holidays})
    targets = targets_of(policy.first_response_minutes, policy.update_minutes, policy.resolution_minutes)
    due = []
    for c in clocks([Event(now, Happening.OPENED)], targets, desk, now).all:
        until = c.due_at
        counted = clocks([Event(now, Happening.OPENED)], targets, desk, until) if until else None
        same = next((x for x in counted.all if x.name == c.name), None) if counted else None
        due.append(Due(c.name, int(c.target / timedelta(minutes=1)), until, same.stretches if same else ()))
    return Preview(policy.name, row.name, row.time_zone, tuple(due))
