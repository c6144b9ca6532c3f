"""The settings of a desk: who may change them, what is refused, and that due times follow."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae.db.transaction import transaction
from avenrae.enums import OrderStatus, Role, TicketCategory, TicketPriority
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import BusinessHours, CannedReply, ClientNote, Desk, Holiday, OutboxMail, SlaPolicy, Ticket, User
from avenrae.permissions import Actor
from avenrae.queries.client_panel import get_client_panel
from avenrae.queries.desk_settings import get_desk_settings, lints, preview
from avenrae.queries.refund_requests import list_open_requests
from avenrae.scheduling.business_hours import OpenTime
from avenrae.scheduling.hours import Range
from avenrae.services import desks
from avenrae.services.client_notes import add_note
from avenrae.services.confirmations import resend_booking_confirmation, resend_order_confirmation
from avenrae.services.orders import place_order
from tests import make

SYSTEM = Actor.system("Test")
NEW_YEAR = date(2026, 3, 17)


def test_due_times_follow_hours_holidays_and_policies(session: Session, noon: datetime) -> None:
    """R-SLA-04: each change moves what is due, in the transaction of the change."""
    desk = make.make_desk(session, minutes=(360, None, None))
    ticket = make.make_ticket(session)

    def due() -> datetime:
        return session.scalar(select(Ticket.first_response_due_at).where(Ticket.id == ticket.id))

    assert due() == noon + timedelta(hours=22)
    desks.add_holiday(session, SYSTEM, desk.id, on_date=NEW_YEAR, title="A day off")
    assert due() == noon + timedelta(hours=46)
    desks.remove_holiday(session, SYSTEM, session.scalars(select(Holiday.id)).one())
    assert due() == noon + timedelta(hours=22)
    desks.set_desk_hours(session, SYSTEM, desk.id, [(0, time(9), time(0))])
    assert due() == noon + timedelta(hours=6)
    desks.edit_desk(
        session,
        SYSTEM,
        desk.id,
        name="London",
        time_zone="Europe/London",
        lead_id=None,
        escalates_out_of_hours=False,
        warn_minutes=5,
        lead_minutes=5,
    )
    assert due() == noon + timedelta(hours=6)
    policy = session.scalars(select(SlaPolicy).where(SlaPolicy.priority == "medium")).one()
    desks.remove_policy(session, SYSTEM, policy.id)
    assert due() is None


def test_the_public_holidays_of_a_country(session: Session, noon: datetime) -> None:
    desk = make.make_desk(session)
    added, _ = desks.add_country_holidays(session, SYSTEM, desk.id, country="ZA", year=2026)
    days = session.execute(select(Holiday.on_date, Holiday.title).order_by(Holiday.on_date)).all()
    assert added == len(days)
    assert (date(2026, 3, 21), "Human Rights Day") in days
    assert desks.add_country_holidays(session, SYSTEM, desk.id, country="ZA", year=2026) == (0, None)
    with pytest.raises(InvalidInput, match=r"^The holidays of this country in this year are not known"):
        desks.add_country_holidays(session, SYSTEM, desk.id, country="XX", year=2026)


def deeds(session: Session, actor: Actor, desk: Desk, policy: SlaPolicy, reply: CannedReply) -> list:
    """Everything that changes the settings."""
    named = {"name": "X", "time_zone": "UTC"}
    told = {"lead_id": None, "escalates_out_of_hours": True, "warn_minutes": 1, "lead_minutes": 1}
    promised = {"first_response_minutes": 1, "update_minutes": 1, "resolution_minutes": 1}
    what = {"priority": TicketPriority.LOW, "category": TicketCategory.ORDER}
    return [
        lambda: desks.add_desk(session, actor, **named),
        lambda: desks.edit_desk(session, actor, desk.id, **named, **told),
        lambda: desks.remove_desk(session, actor, desk.id),
        lambda: desks.set_desk_hours(session, actor, desk.id, []),
        lambda: desks.add_holiday(session, actor, desk.id, on_date=NEW_YEAR, title="X"),
        lambda: desks.add_country_holidays(session, actor, desk.id, country="ZA", year=2026),
        lambda: desks.remove_holiday(session, actor, desk.id),
        lambda: desks.save_policy(session, actor, None, name="X", desk_id=desk.id, **what, **promised),
        lambda: desks.remove_policy(session, actor, policy.id),
        lambda: desks.save_reply(session, actor, None, title="X", body="X", category=None),
        lambda: desks.remove_reply(session, actor, reply.id),
    ]


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER, Role.SUPPORT])
def test_settings_are_an_admin_s(session: Session, noon: datetime, role: Role) -> None:
    """R-USR-01: refused at every service, and nothing changed."""
    desk, actor = make.make_desk(session), make.make_actor(session, role)
    reply = desks.save_reply(session, SYSTEM, None, title="Hello", body="Dear {client}", category=None)
    policy = session.scalars(select(SlaPolicy)).first()
    before = [
        session.scalar(select(func.count()).select_from(t)) for t in (Desk, BusinessHours, SlaPolicy, CannedReply)
    ]
    for deed in deeds(session, actor, desk, policy, reply):
        with pytest.raises(NotPermitted):
            deed()
    after = [session.scalar(select(func.count()).select_from(t)) for t in (Desk, BusinessHours, SlaPolicy, CannedReply)]
    assert before == after
    if role is Role.SUPPORT:
        assert len(get_desk_settings(session, actor).policies) == 4
    else:
        for read in (lambda: get_desk_settings(session, actor),):
            with pytest.raises(NotPermitted):
                read()


@pytest.mark.parametrize(
    ("attempt", "sentence"),
    [
        (lambda s, d: desks.add_desk(s, SYSTEM, name=d.name, time_zone="UTC"), "There is a desk of this name already."),
        (lambda s, d: desks.remove_desk(s, SYSTEM, d.id), "This desk has policies."),
        (
            lambda s, d: desks.save_policy(
                s,
                SYSTEM,
                None,
                name="Twice",
                desk_id=d.id,
                priority=TicketPriority.LOW,
                category=None,
                first_response_minutes=1,
                update_minutes=None,
                resolution_minutes=None,
            ),
            "There is a policy for this priority and category already.",
        ),
        (lambda s, d: desks.set_desk_hours(s, SYSTEM, d.id, [], seen=[]), "Somebody changed this week meanwhile."),
    ],
)
def test_what_cannot_be(database: str, attempt, sentence: str) -> None:
    """R-UI-02: constraints are sentences, and nothing changed."""
    with transaction(SYSTEM, "prepare") as session:
        desk = make.make_desk(session)

    def go() -> None:
        with transaction(SYSTEM, "attempt") as session:
            attempt(session, desk)

    with pytest.raises(Conflict) as refused:
        go()
    assert refused.value.message.startswith(sentence)


def test_a_lead_works_tickets(session: Session, noon: datetime) -> None:
    desk, client = make.make_desk(session), make.make_user(session, role=Role.CLIENT)
    told = {"escalates_out_of_hours": False, "warn_minutes": 1, "lead_minutes": 1, "lead_id": client.id}
    with pytest.raises(InvalidInput, match=r"^The lead of a desk is an active support agent or admin\.$"):
        desks.edit_desk(session, SYSTEM, desk.id, name="X", time_zone="UTC", **told)


def test_lints_name_what_is_missing(session: Session, noon: datetime) -> None:
    """R-SLA-04: every priority has a policy, or the page says which has none."""
    desk = make.make_desk(session)
    assert lints(get_desk_settings(session, SYSTEM)) == [
        f"“{desk.name}” has no lead: nobody hears of promises that stay broken."
    ]
    low = session.scalars(select(SlaPolicy).where(SlaPolicy.priority == "low")).one()
    low.category = TicketCategory.ORDER
    high = session.scalars(select(SlaPolicy).where(SlaPolicy.priority == "high")).one()
    high.first_response_minutes = high.update_minutes = high.resolution_minutes = None
    session.add(Holiday(desk_id=desk.id, on_date=date(2026, 4, 3), title="Good Friday"))
    session.flush()
    desks.set_desk_hours(session, SYSTEM, desk.id, [])
    assert lints(get_desk_settings(session, SYSTEM)) == [
        "Priority “low” has no policy: such tickets, other than about: order are never due.",
        "The policy “high promise” promises nothing.",
        f"“{desk.name}” has no hours: nothing of its policies is ever due.",
        f"“{desk.name}” has no lead: nobody hears of promises that stay broken.",
        f"The holidays of “{desk.name}” end on Fri 3 Apr 2026. Add the next ones.",
    ]


def test_what_a_ticket_opened_now_is_promised(session: Session, noon: datetime) -> None:
    """R-SLA-05: what counts and what does not, before there is a ticket."""
    make.make_desk(session, minutes=(60, None, 360))
    found = preview(get_desk_settings(session, SYSTEM), TicketPriority.HIGH, TicketCategory.ORDER)
    assert [(d.promise, d.due_at - noon) for d in found.due] == [
        ("first response", timedelta(hours=1)),
        ("resolution", timedelta(hours=22)),
    ]
    assert [s.why for s in found.due[1].stretches] == ["business hours", "outside business hours", "business hours"]
    assert (found.policy, found.time_zone) == ("high promise", "Africa/Johannesburg")


def test_open_time_backwards() -> None:
    """R-SLA-02: the instant since which an amount has passed, over a night."""
    at = lambda day, hour: datetime(2026, 3, day, hour, tzinfo=make.clock.now().tzinfo)  # noqa: E731
    known = OpenTime([Range(at(16, 9), at(16, 17)), Range(at(17, 9), at(17, 17))])
    hour = timedelta(hours=1)
    assert known.before(at(17, 10), hour / 2) == at(17, 10) - hour / 2
    assert known.before(at(17, 10), hour) == at(17, 9)
    assert known.before(at(17, 10), 2 * hour) == at(16, 16)
    assert known.before(at(17, 10), 10 * hour) is None
    assert [known.is_open(t) for t in (at(16, 8), at(16, 9), at(16, 17), at(17, 16))] == [False, True, False, True]


def test_notes_and_panel_are_the_desk_s(session: Session, noon: datetime) -> None:
    """R-USR-01: neither read nor written by anybody else, not even about oneself."""
    agent, client = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.CLIENT)
    add_note(session, agent, client.user_id, " Calls at noon ")
    for key in (client.user_id, client.client_id):
        panel = get_client_panel(session, agent, key)
        assert [(n.author, n.body) for n in panel.notes] == [(agent.name, "Calls at noon")]
    for role in (Role.CLIENT, Role.PRACTITIONER):
        other = client if role is Role.CLIENT else make.make_actor(session, role)
        for attempt in (
            lambda other=other: add_note(session, other, client.user_id, "Me"),
            lambda other=other: get_client_panel(session, other, client.user_id),
            lambda other=other: list_open_requests(session, other),
        ):
            with pytest.raises(NotPermitted):
                attempt()
    with pytest.raises(NotFound, match=r"^There is no such person"):
        get_client_panel(session, agent, agent.session_id or make.make_desk(session).id)
    with pytest.raises(InvalidInput, match=r"^Write something first\.$"):
        add_note(session, agent, client.user_id, "  ")
    assert session.scalar(select(func.count()).select_from(ClientNote)) == 1


def test_a_confirmation_goes_out_with_each_press(session: Session, noon: datetime) -> None:
    """The client reads it on the own clock; who is suspended gets none, and nobody but the desk sends one."""
    client = make.make_client(session, user={"time_zone": "Europe/London"})
    booking = make.make_booking(session, client=client, starts_at=noon + timedelta(days=1), status="confirmed")
    product = make.make_product(session, stock=5)
    order = place_order(session, SYSTEM, client_id=client.id, lines=[(product.id, 2)])
    for _ in range(2):
        resend_booking_confirmation(session, SYSTEM, booking.id)
    resend_order_confirmation(session, SYSTEM, order.id)
    resent = OutboxMail.once.startswith("confirmation:")
    bodies = session.scalars(select(OutboxMail.body).where(resent).order_by(OutboxMail.created_at, OutboxMail.id)).all()
    assert len(bodies) == 3
    assert "Tue 17 March 2026, 10:00 (Europe/London), 12:00 (Africa/Johannesburg)" in bodies[0]
    assert f"2 × {product.title}: R\u00a0300.00" in bodies[2]
    own = make.actor_of(session.get_one(User, client.user_id), client=client)
    for service, key in ((resend_booking_confirmation, booking.id), (resend_order_confirmation, order.id)):
        with pytest.raises(NotPermitted):
            service(session, own, key)
    order.status, order.cancelled_at = OrderStatus.CANCELLED, noon
    session.get_one(User, client.user_id).is_active = False
    refused: list[str] = []
    for service, key in ((resend_booking_confirmation, booking.id), (resend_order_confirmation, order.id)):
        try:
            service(session, SYSTEM, key)
        except AvenraeError as e:
            refused.append(e.message)
    assert refused == [
        "No mail goes to this person: the account is suspended.",
        "There is nothing to confirm: the order was cancelled, or nobody is known for it.",
    ]
    assert session.scalar(select(func.count()).where(resent)) == 3
