"""The notifications page: opened from the list, a notice is read; the menu says how many are not."""

from sqlalchemy import select, text

from avenrae.db.transaction import read_session, transaction
from avenrae.enums import NoticeKind, Role
from avenrae.models import Notification
from avenrae.permissions import Actor
from avenrae.services.notices import Notice, notify
from tests import make

SYSTEM = Actor.system("Test")


def test_opening_one_marks_it_as_read(console, people) -> None:
    """R-UI-01: the click is one write, and it leads to the record."""
    with transaction(SYSTEM, "prepare") as session:
        support = session.scalar(text("SELECT id FROM users WHERE role = 'support'"))
        booking = make.make_booking(session)
        for n in range(2):
            notify(
                session,
                Notice(
                    support,
                    NoticeKind.BOOKING,
                    title=f"Look *here* {n}",
                    body=f"Booking {booking.reference}",
                    screen="care/booking",
                    record_id=booking.id,
                    once=str(n),
                ),
            )
    app = console(people[Role.SUPPORT], "office/notifications")
    assert [m.value.startswith(":blue-badge[New] **Look \\*here\\*") for m in app.main.markdown] == [True, True]
    next(b for b in app.button if b.label == "Open").click().run()
    assert not app.exception
    assert app.title[0].value == booking.reference
    with read_session() as session:
        read = session.scalars(select(Notification.read_at.is_not(None)).order_by(Notification.once)).all()
    assert read == [False, True]
    app = console(people[Role.SUPPORT], "office/notifications", show="unread")
    next(b for b in app.button if b.label == "Mark all as read").click().run()
    assert [i.value for i in app.info] == ["You have read everything."]
