"""The present of the demo world, made by the same services as a click: today's sessions and the open orders."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from avenrae import clock
from avenrae.demo.people import Customer, Worker
from avenrae.demo.rows import Frame
from avenrae.demo.sessions import Agenda, Visit
from avenrae.demo.shop import FREE_SHIPPING_MINOR, Shop
from avenrae.enums import BookingStatus, MailStatus, MovementReason, NoticeKind, ReviewSide, ReviewStatus, Role
from avenrae.letters.bookings import REMINDER
from avenrae.models import Booking, Client, Notification, OutboxMail, Practitioner, Service, User
from avenrae.permissions import Actor
from avenrae.queries.diaries import list_slots
from avenrae.queries.due import reminder_key
from avenrae.queries.reviews import ReviewFilters, list_reviews
from avenrae.queries.series import plan_series
from avenrae.queries.waiting_list import list_open_offers
from avenrae.scheduling.hours import MIDNIGHT, ONE_DAY
from avenrae.scheduling.zones import instant, on_clocks
from avenrae.services.bookings import cancel_booking, complete_booking, confirm_booking, create_booking, create_series
from avenrae.services.busy_calendars import add_busy_calendar
from avenrae.services.money import record_payment
from avenrae.services.orders import cancel_order, fulfil_order, place_order, record_order_payment, refund_order
from avenrae.services.products import adjust_stock, count_stock, receive_stock
from avenrae.services.reviews import flag_review
from avenrae.services.waiting_list import join_waiting_list

DEMO = Actor.system("Demo world")


def as_practitioner(worker: Worker) -> Actor:
    """Return the actor that a practitioner is."""
    return Actor(worker.user_id, Role.PRACTITIONER, "Demo practitioner", practitioner_id=worker.id)


def as_client(customer: Customer) -> Actor:
    """Return the actor that a client is."""
    return Actor(customer.user_id, Role.CLIENT, customer.name, client_id=customer.id)


def live_today(session: Session, frame: Frame, agenda: Agenda) -> None:
    """Close the demo practitioner's sessions that are over today but the last, and agree what is to come."""
    worker = agenda.diaries[0].worker
    over = [
        visit
        for visit in agenda.visits
        if visit.worker is worker and frame.at(frame.today, 0) <= visit.starts and visit.ends <= frame.now
    ]
    for visit in sorted(over, key=lambda visit: visit.starts)[:-1]:
        complete_booking(session, as_practitioner(worker), visit.id, paid_on_site=visit.paid_at is None)
    for n, visit in enumerate(agenda.today):
        if visit.starts <= clock.now():
            continue
        booking = create_booking(
            session,
            DEMO,
            client_id=visit.customer.id,
            service_id=visit.offering.id,
            starts_at=visit.starts,
            notes=visit.notes,
            outside_hours=True,
        )
        if n % 4 != 3:
            record_payment(session, booking, booking.price_minor)
    session.flush()


def live_requests(session: Session, agenda: Agenda) -> None:
    """Let clients ask the demo practitioner; the demo client is answered twice, and calls one session off."""
    worker, customer = agenda.diaries[0].worker, agenda.customers[0]
    for visit in agenda.asked:
        _ask(session, visit)
    for n, visit in enumerate(agenda.demo_client_asked):
        booking = _ask(session, visit)
        if n == 0:
            continue
        confirm_booking(session, as_practitioner(worker), booking.id)
        record_payment(session, booking, booking.price_minor)
        session.flush()
        if n == 1:
            cancel_booking(session, as_client(customer), booking.id, "I am away that week after all")


def live_calendar(session: Session, frame: Frame, agenda: Agenda) -> None:
    """Let the demo practitioner import the calendar of her choir: an evening a week, and three days in summer."""
    worker = agenda.diaries[0].worker
    evening, away = frame.today - timedelta(days=20), frame.today + timedelta(days=47)
    zone = f"TZID={worker.place.time_zone}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        *("BEGIN:VEVENT", "UID:evening", "SUMMARY:Rehearsal", f"DTSTART;{zone}:{evening:%Y%m%d}T183000"),
        *("DURATION:PT1H30M", "RRULE:FREQ=WEEKLY", "END:VEVENT"),
        *("BEGIN:VEVENT", "UID:tour", "SUMMARY:Tour", f"DTSTART;VALUE=DATE:{away:%Y%m%d}", "DURATION:P3D"),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    content = "\r\n".join(lines).encode()
    add_busy_calendar(session, as_practitioner(worker), worker.id, name="Choir", content=content)


def live_reviews(session: Session, agenda: Agenda) -> None:
    """Let the demo practitioner flag what hurt most of late, for support to decide about."""
    own = as_practitioner(agenda.diaries[0].worker)
    about = ReviewFilters(status=ReviewStatus.PUBLISHED, written_by=ReviewSide.CLIENT)
    latest = [r for r in list_reviews(session, own, about, size=50) if r.flagged_at is None and r.comment]
    worst = min(latest, key=lambda review: (review.rating, review.response is not None))
    flag_review(session, own, worst.id, "We never spoke about this; I think it was meant for somebody else.")


def live_series(session: Session, agenda: Agenda) -> None:
    """Agree a weekly series of a regular with the demo practitioner, on the first times that are free each week."""
    offering, regular = agenda.diaries[0].offerings[0], agenda.customers[7]
    since = clock.now() + timedelta(days=2)
    for start in list_slots(session, DEMO, offering.id, since, since + timedelta(days=14)):
        free = [p.starts_at for p in plan_series(session, DEMO, offering.id, start, 6, 1) if p.is_free]
        if len(free) >= 4:
            made = create_series(session, DEMO, client_id=regular.id, service_id=offering.id, starts=free)
            for booking in made[:2]:
                record_payment(session, booking, booking.price_minor)
            session.flush()
            return


def live_waiting_list(session: Session, agenda: Agenda) -> None:
    """Let people wait for a full day of the demo practitioner, then free a place: the demo client is offered it."""
    worker, zone = agenda.diaries[0].worker, agenda.diaries[0].zone
    soon = clock.now() + timedelta(days=1)
    coming = [
        v for v in agenda.visits if v.worker is worker and v.starts > soon and v.status is BookingStatus.CONFIRMED
    ]
    for visit in sorted(coming, key=lambda visit: visit.starts):
        day = visit.starts.astimezone(zone).date()
        since, until = instant(day, MIDNIGHT, zone), instant(day + ONE_DAY, MIDNIGHT, zone)
        if visit.customer is agenda.customers[0] or list_slots(session, DEMO, visit.offering.id, since, until):
            continue
        for n, customer in enumerate(agenda.customers[:3]):
            with clock.stopped(clock.now() - timedelta(hours=5 - n)):
                who = as_client(customer)
                join_waiting_list(session, who, client_id=customer.id, service_id=visit.offering.id, on_date=day)
        cancel_booking(session, DEMO, visit.id, "Asked by telephone to call it off")
        if list_open_offers(session, as_client(agenda.customers[0])):
            return


def live_shop(session: Session, frame: Frame, shop: Shop, customers: list[Customer]) -> None:
    """Place today's orders; leave some to be paid and some to be sent, and send, cancel and refund a few."""
    chosen = [customers[0], *frame.rng.sample(customers[1:], 11), customers[0]]
    for n, customer in enumerate(chosen):
        while not (lines := shop.pick()):
            continue
        total = sum(shelf.ware.price_minor * quantity for shelf, quantity in lines)
        order = place_order(
            session,
            DEMO,
            client_id=customer.id,
            lines=[(shelf.id, quantity) for shelf, quantity in lines],
            shipping_minor=0 if total >= FREE_SHIPPING_MINOR else 7_500,
            country=customer.country,
        )
        for shelf, quantity in lines:
            shelf.allocated += quantity
        if n < 4:
            continue
        record_order_payment(session, DEMO, order.id)
        if n in (5, 6):
            fulfil_order(session, DEMO, order.id)
        if n == 6:
            first = lines[0][0]
            reason = "Sent the wrong colour"
            price = first.ware.price_minor
            refund_order(session, DEMO, order.id, amount_minor=price, reason=reason, restock=[(first.id, 1)])
        if n == 7:
            cancel_order(session, DEMO, order.id, "Ordered twice by mistake")


def live_stock(session: Session, frame: Frame, shop: Shop) -> None:
    """Receive this morning's parcel, count one shelf and write one piece off."""
    full = [shelf for shelf in shop.shelves if shelf.available > shelf.reorder + 4]
    parcel, counted, broken = frame.rng.sample(full, 3)
    reference = f"GRN {frame.today:%Y%m%d}-2"
    parcel.on_hand, counted.on_hand, broken.on_hand = parcel.on_hand + 6, counted.on_hand - 1, broken.on_hand - 1
    receive_stock(session, DEMO, parcel.id, quantity=6, reference=reference, note="Came by courier")
    count_stock(session, DEMO, counted.id, counted=counted.on_hand, note="One missing on the shelf")
    adjust_stock(
        session, DEMO, broken.id, delta=-1, reason=MovementReason.DAMAGED, note="Dropped while packing an order"
    )


def live_notices(session: Session, frame: Frame, agenda: Agenda) -> None:
    """Let the demo practitioner and client have been reminded of their last sessions; the newest is unread."""
    client, practitioner = aliased(User), aliased(User)
    sessions = (
        select(Booking, Service.title, client, practitioner)
        .join(Service, Service.id == Booking.service_id)
        .join(Client, Client.id == Booking.client_id)
        .join(client, client.id == Client.user_id)
        .join(Practitioner, Practitioner.id == Booking.practitioner_id)
        .join(practitioner, practitioner.id == Practitioner.user_id)
        .where(Booking.status == BookingStatus.COMPLETED)
        .order_by(Booking.starts_at.desc())
        .limit(6)
    )
    for mine, id_ in ((practitioner, agenda.diaries[0].worker.user_id), (client, agenda.customers[0].user_id)):
        for n, (booking, title, asks, answers) in enumerate(session.execute(sessions.where(mine.id == id_)).all()):
            other, reader = (asks, answers) if mine is practitioner else (answers, asks)
            said, body = REMINDER.written(
                service=title,
                other=other.name,
                time=on_clocks(booking.starts_at, frame.zone.key, booking.time_zone),
                reference=booking.reference,
            )
            told_at = booking.starts_at - timedelta(hours=2)
            mail = _mailed(reader, said, body, reminder_key(2, booking), told_at, is_refused=n == 2)
            session.add(mail)
            session.flush()
            session.add(
                Notification(
                    user_id=id_,
                    kind=NoticeKind.REMINDER,
                    mail_id=mail.id,
                    event=REMINDER.name,
                    title=said,
                    body=body,
                    screen="care/booking",
                    record_id=booking.id,
                    read_at=told_at + timedelta(minutes=20) if n else None,
                    once=reminder_key(2, booking),
                    created_at=told_at,
                )
            )


def _mailed(reader: User, subject: str, body: str, once: str, at: datetime, *, is_refused: bool) -> OutboxMail:
    """Return a mail of the days when there was a server: most were taken, one was refused."""
    sent_at = at + timedelta(minutes=1)
    return OutboxMail(
        user_id=reader.id,
        to_address=reader.email,
        subject=subject,
        body=body,
        once=once,
        kind=NoticeKind.REMINDER,
        status=MailStatus.FAILED if is_refused else MailStatus.SENT,
        attempts=1,
        error="552 5.2.2 The mailbox is full" if is_refused else "",
        handed_over_at=None if is_refused else sent_at,
        sent_at=None if is_refused else sent_at,
        created_at=at,
    )


def _ask(session: Session, visit: Visit) -> Booking:
    """Let a client ask for a session himself: it is held until it is paid or answered."""
    return create_booking(
        session,
        as_client(visit.customer),
        client_id=visit.customer.id,
        service_id=visit.offering.id,
        starts_at=visit.starts,
        notes=visit.notes,
    )
