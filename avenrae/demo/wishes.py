"""How two people of the demo world want to be told: a practitioner who sleeps, and an admin who reads once a day."""

from datetime import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae.demo.people import DEMO_ACCOUNTS
from avenrae.enums import NoticeChannel, NoticeChoice, NoticeKind, Role
from avenrae.models import NoticePreference, User


def say_wishes(session: Session) -> None:
    """Give the practitioner quiet hours, reviews once a day; the admin refunds and orders once a day, at seven."""
    sleeper, reader = (
        session.scalars(select(User).where(User.email == DEMO_ACCOUNTS[role])).one()
        for role in (Role.PRACTITIONER, Role.ADMIN)
    )
    sleeper.quiet_from, sleeper.quiet_until = time(21, 30), time(6, 30)
    reader.digest_hour = 7
    for user, kind in (
        (sleeper, NoticeKind.REVIEW),
        (reader, NoticeKind.REFUND),
        (reader, NoticeKind.ORDER),
    ):
        session.add(
            NoticePreference(user_id=user.id, kind=kind, channel=NoticeChannel.EMAIL, choice=NoticeChoice.DIGEST)
        )
    session.flush()
