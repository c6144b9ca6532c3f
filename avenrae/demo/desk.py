"""The support desk of the demo world: its hours and promises, and half a year of tickets."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import holidays
from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.demo.desk_texts import CANNED, MATTERS, Matter
from avenrae.demo.people import DEMO_ACCOUNTS, Customer, stamps
from avenrae.demo.rows import Frame, Tables
from avenrae.demo.sessions import Agenda, Visit
from avenrae.enums import MoveKind, Role, TicketCategory, TicketChannel, TicketPriority, TicketStatus
from avenrae.ids import uuid7
from avenrae.models import (
    BusinessHours,
    CannedReply,
    Desk,
    Holiday,
    SlaPolicy,
    Ticket,
    TicketMessage,
    TicketMove,
    TicketMoveMessage,
    TicketStatusChange,
    TicketTag,
    User,
)
from avenrae.services.ticket_clocks import set_clocks

_S = TicketStatus
_OLD, _NEW = 112, 38
_DAYS = 180
_PROMISES = {
    TicketPriority.URGENT: (30, 60, 480),
    TicketPriority.HIGH: (60, 180, 960),
    TicketPriority.MEDIUM: (240, 480, 1440),
    TicketPriority.LOW: (480, 960, 2880),
}
_PRAISE = ("Quick and kind.", "Thank you, solved at once.", "It took long, but it was solved.", "")


@dataclass
class _Case:
    """A ticket that is being told: its row, and the moment up to which it has been told."""

    id: uuid.UUID
    matter: Matter
    customer: Customer
    opened: datetime
    at: datetime
    agent: uuid.UUID | None
    visit: Visit | None = None
    status: TicketStatus = _S.OPEN
    resolved_at: datetime | None = None
    snoozed_until: datetime | None = None
    satisfaction: int | None = None
    merged_into: uuid.UUID | None = None


class SupportDesk:
    """Tells the tickets one after the other, the oldest first."""

    def __init__(self, frame: Frame, tables: Tables, agenda: Agenda, agents: list[uuid.UUID]) -> None:
        self.frame, self.tables, self.agents = frame, tables, agents
        self.visits: dict[uuid.UUID, list[Visit]] = {}
        for visit in agenda.visits:
            self.visits.setdefault(visit.customer.id, []).append(visit)
        self.customers = [c for c in agenda.customers if c.joined < frame.now - timedelta(days=8)]
        worker = agenda.diaries[0].worker
        self.practitioner = Customer(worker.id, worker.user_id, worker.joined, "The demo practitioner", "South Africa")
        self.cases: list[_Case] = []

    def tell(self) -> None:
        """Tell half a year of tickets: most are solved, the last days' wait in every state that there is."""
        rng, now = self.frame.rng, self.frame.now
        ages = [timedelta(days=rng.uniform(4, _DAYS)) for _ in range(_OLD)]
        ages += [timedelta(hours=rng.uniform(0.2, 3) if n % 3 else rng.uniform(3, 60)) for n in range(_NEW)]
        for n, age in enumerate(sorted(ages, reverse=True)):
            customer = self.customers[0] if n % 40 == 39 else rng.choice(self.customers)
            opened = max(customer.joined + timedelta(hours=1), now - age)
            is_old = now - opened > timedelta(days=3)
            self._old(customer, opened) if is_old else self._new(customer, opened, n)
        self._open(self.practitioner, now - timedelta(hours=rng.uniform(1, 20)), None)
        self._merge_one()
        for case in self.cases:
            self._row(case)

    def _open(self, customer: Customer, opened: datetime, agent: uuid.UUID | None) -> _Case:
        rng = self.frame.rng
        matter = rng.choice(MATTERS)
        known = [v for v in self.visits.get(customer.id, ()) if v.created < opened]
        visit = known[-1] if known and matter.category is TicketCategory.BOOKING else None
        case = _Case(uuid7(), matter, customer, opened, opened, agent, visit)
        self.cases.append(case)
        self._say(case, matter.asked, by=customer.user_id)
        for tag in matter.tags:
            self.tables.add(TicketTag, id=uuid7(), ticket_id=case.id, tag=tag, **stamps(opened))
        return case

    def _old(self, customer: Customer, opened: datetime) -> None:
        rng = self.frame.rng
        case = self._open(customer, opened, rng.choice(self.agents))
        self._after(case, 0.1, 5)
        if case.matter.noted and self.frame.chance(0.7):
            self._say(case, case.matter.noted, by=case.agent, internal=True)
        self._say(case, case.matter.answered, by=case.agent, staff=True)
        if case.matter.again and self.frame.chance(0.6):
            self._become(case, _S.WAITING)
            self._after(case, 1, 40)
            self._say(case, case.matter.again, by=customer.user_id)
            self._become(case, _S.OPEN)
            self._after(case, 0.3, 12)
            self._say(case, "Thank you for telling us. All is settled now.", by=case.agent, staff=True)
        self._become(case, _S.RESOLVED)
        case.resolved_at = case.at
        if self.frame.chance(0.45):
            case.satisfaction = rng.choices((1, 2, 3, 4, 5), (4, 5, 12, 34, 45))[0]
        if self.frame.now - case.at > timedelta(days=14):
            case.at += timedelta(days=10)
            self._become(case, _S.CLOSED)

    def _new(self, customer: Customer, opened: datetime, n: int) -> None:
        """Let the last days' tickets stand in every state, most of them with the demo agent or with nobody."""
        demo = self.agents[0]
        agent = (None, demo, demo, None, self.agents[n % len(self.agents)])[n % 5]
        case = self._open(customer, opened, agent)
        if n % 5 in (0, 3):
            return
        self._after(case, 0.1, 3)
        if n % 4 == 1 and case.matter.noted:
            self._say(case, case.matter.noted, by=agent or demo, internal=True)
        if n % 3 == 0:
            self._become(case, _S.IN_PROGRESS)
            return
        self._say(case, case.matter.answered, by=agent or demo, staff=True)
        if n % 3 == 1:
            self._become(case, _S.WAITING)
            if n % 2:
                case.snoozed_until = self.frame.at(self.frame.today + timedelta(days=2), 9)
        elif case.matter.again:
            self._after(case, 0.2, 4)
            self._say(case, case.matter.again, by=customer.user_id)

    def _merge_one(self) -> None:
        """Let the demo client have asked the same thing twice."""
        frame = self.frame
        opened = frame.now - timedelta(hours=30)
        kept = self._open(self.customers[0], opened, self.agents[0])
        twice = self._open(self.customers[0], opened + timedelta(minutes=25), None)
        twice.matter, moved = kept.matter, uuid7()
        self._say(twice, "I am writing again because nobody has answered yet.", by=twice.customer.user_id)
        mine = [m for m in self.tables.of(TicketMessage) if m["ticket_id"] == twice.id]
        for message in mine:
            message["ticket_id"] = kept.id
        kept.at = max(kept.at, twice.at)
        twice.at = frame.past(twice.at + timedelta(hours=2))
        self._become(twice, _S.CLOSED)
        twice.merged_into, twice.resolved_at = kept.id, twice.at
        self.tables.add(
            TicketMove,
            id=moved,
            kind=MoveKind.MERGE,
            from_ticket_id=twice.id,
            to_ticket_id=kept.id,
            status_before=_S.OPEN,
            made_by_id=self.agents[0],
            **stamps(twice.at),
        )
        for message in mine:
            self.tables.add(TicketMoveMessage, move_id=moved, message_id=message["id"])

    def _after(self, case: _Case, least: float, most: float) -> None:
        """Let time pass until somebody of the desk is there."""
        frame = self.frame
        at = case.at + timedelta(hours=frame.rng.uniform(least, most))
        local = at.astimezone(frame.zone)
        if local.weekday() == 6 or not 8 <= local.hour < 17:
            morning = local.date() + timedelta(days=0 if local.hour < 8 else 1)
            morning += timedelta(days=1 if morning.weekday() == 6 else 0)
            at = frame.at(morning, frame.rng.uniform(8.05, 9.5))
        case.at = frame.past(max(at, case.at))

    def _say(
        self, case: _Case, body: str, *, by: uuid.UUID | None, staff: bool = False, internal: bool = False
    ) -> None:
        self.tables.add(
            TicketMessage,
            id=uuid7(),
            ticket_id=case.id,
            author_id=by,
            body=body,
            is_internal=internal,
            from_staff=staff or internal,
            channel=TicketChannel.CONSOLE,
            **stamps(case.at),
        )

    def _become(self, case: _Case, status: TicketStatus) -> None:
        case.status = status
        self.tables.add(
            TicketStatusChange, id=uuid7(), ticket_id=case.id, status=status, occurred_at=case.at, by_id=case.agent
        )

    def _row(self, case: _Case) -> None:
        messages = [m["created_at"] for m in self.tables.of(TicketMessage) if m["ticket_id"] == case.id]
        self.tables.add(
            Ticket,
            id=case.id,
            requester_id=case.customer.user_id,
            subject=case.matter.subject,
            category=case.matter.category,
            status=case.status,
            priority=case.matter.priority,
            channel=TicketChannel.CONSOLE,
            assignee_id=case.agent,
            booking_id=case.visit.id if case.visit else None,
            merged_into_id=case.merged_into,
            last_message_at=max(messages, default=case.at),
            snoozed_until=case.snoozed_until,
            resolved_at=case.resolved_at,
            satisfaction=case.satisfaction,
            satisfaction_comment=(self.frame.rng.choice(_PRAISE) or None) if case.satisfaction else None,
            satisfaction_asked_at=case.resolved_at if case.merged_into is None else None,
            **stamps(case.opened),
        )


def open_desk(session: Session, frame: Frame, tables: Tables, agenda: Agenda) -> None:
    """Set the desk up, tell its tickets and let their clocks run."""
    agents = list(
        session.scalars(
            select(User.id)
            .where(User.role == Role.SUPPORT)
            .order_by((User.email == DEMO_ACCOUNTS[Role.SUPPORT]).desc(), User.id)
        )
    )
    desk = Desk(name="Client care", time_zone=frame.zone.key, lead_id=agents[-1])
    session.add(desk)
    session.flush()
    hours = [(day, time(8), time(17)) for day in range(5)] + [(5, time(9), time(13))]
    session.add_all(BusinessHours(desk_id=desk.id, weekday=d, starts_local=s, ends_local=e) for d, s, e in hours)
    session.add_all(Holiday(desk_id=desk.id, on_date=day, title=title) for day, title in _days_off(frame.today))
    for priority, (first, update, resolution) in _PROMISES.items():
        session.add(
            SlaPolicy(
                name=f"{priority.value.capitalize()} priority",
                desk_id=desk.id,
                priority=priority,
                first_response_minutes=first,
                update_minutes=update,
                resolution_minutes=resolution,
            )
        )
    session.add_all(CannedReply(title=title, category=category, body=body) for title, category, body in CANNED)
    told = SupportDesk(frame, tables, agenda, agents)
    told.tell()
    tables.write(session, Ticket, TicketMessage, TicketStatusChange, TicketTag, TicketMove, TicketMoveMessage)
    set_clocks(session, session.scalars(select(Ticket)).all())
    session.flush()


def _days_off(today: date) -> list[tuple[date, str]]:
    return sorted(holidays.country_holidays("ZA", years=[today.year - 1, today.year, today.year + 1]).items())
