"""What client and practitioner are told of their session."""

from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from avenrae.enums import NoticeKind
from avenrae.models import Booking, Client, Practitioner, Service, User
from avenrae.scheduling.zones import spoken
from avenrae.services.notices import notify


def tell_both(session: Session, booking: Booking, kind: NoticeKind, *, subject: str, text: str, once: str) -> None:
    """Tell client and practitioner of a booking, each with the other's name and the time on the own clock (R-BOOK-12).

    `subject` and `text` may say {service}, {other}, {time} and {reference}.
    """
    client, practitioner = aliased(User), aliased(User)
    title, of_client, of_practitioner = session.execute(
        select(Service.title, client, practitioner)
        .select_from(Booking)
        .join(Service, Service.id == Booking.service_id)
        .join(Client, Client.id == Booking.client_id)
        .join(client, client.id == Client.user_id)
        .join(Practitioner, Practitioner.id == Booking.practitioner_id)
        .join(practitioner, practitioner.id == Practitioner.user_id)
        .where(Booking.id == booking.id)
    ).one()
    for reader, other in ((of_client, of_practitioner), (of_practitioner, of_client)):
        words = {
            "service": title,
            "other": other.name,
            "time": f"{spoken(booking.starts_at, ZoneInfo(reader.time_zone))} ({reader.time_zone})",
            "reference": booking.reference,
        }
        notify(
            session,
            reader.id,
            kind,
            subject=subject.format(**words),
            text=text.format(**words),
            screen="care/booking",
            record_id=booking.id,
            once=once,
        )
