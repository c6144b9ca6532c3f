"""Bookings that come due, many at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from avenrae.models import Booking
from avenrae.permissions import Actor
from avenrae.settings import settings
from tests import make

SYSTEM = Actor.system("Test")


def make_many(session: Session, count: int, first: datetime, **kw: Any) -> list[Booking]:
    """Bookings of five minutes each, one after the other, twenty of a practitioner."""
    made = []
    for n in range(0, count, 20):
        practitioner, client = make.make_practitioner(session, is_open=False), make.make_client(session)
        service = make.make_service(session, practitioner, duration_minutes=5)
        made += [
            Booking(
                practitioner_id=practitioner.id,
                client_id=client.id,
                service_id=service.id,
                starts_at=first + timedelta(minutes=5 * i),
                ends_at=first + timedelta(minutes=5 * i + 5),
                time_zone="Africa/Johannesburg",
                price_minor=1000,
                currency="ZAR",
                commission_bps=1500,
                policy="moderate",
                **kw,
            )
            for i in range(min(20, count - n))
        ]
    session.add_all(made)
    session.flush()
    return made


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give settings other values for this test."""

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setattr(settings(), name, value)

    return change
