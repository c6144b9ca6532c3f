"""Reading what one was told: one's own and nobody else's, admins included."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role
from avenrae.errors import NotFound
from avenrae.models import Notification
from avenrae.permissions import Actor
from avenrae.queries.notifications import count_notifications, count_unread, list_notifications
from avenrae.services.notices import mark_all_read, mark_read
from tests import make
from tests.services.test_notices import tell


@pytest.mark.parametrize("role", list(Role))
def test_only_ones_own(session: Session, noon: datetime, role: Role) -> None:
    """R-USR-01: another's notice is not there for anybody, and stays unread."""
    me, other = make.make_actor(session, role), make.make_user(session)
    tell(session, other.id)
    theirs = session.scalars(select(Notification.id)).one()
    assert (count_notifications(session, me), count_unread(session, me), list_notifications(session, me)) == (0, 0, [])
    with pytest.raises(NotFound, match=r"^There is no such notice, or it is not to you\.$"):
        mark_read(session, me, theirs)
    assert mark_all_read(session, me, told_until=noon) == 0
    assert session.scalar(select(func.count()).where(Notification.read_at.is_not(None))) == 0
    tell(session, me.user_id, once="mine")
    assert [n.title for n in list_notifications(session, me)] == ["A review"]
    assert count_unread(session, Actor.system("Test")) == 0


def test_unread_first_and_newest_first(session: Session, noon: datetime) -> None:
    me = make.make_actor(session, Role.CLIENT)
    for n in range(3):
        with clock.stopped(noon + timedelta(hours=n)):
            tell(session, me.user_id, once=str(n), subject=f"N{n}")
    newest = list_notifications(session, me)[0]
    mark_read(session, me, newest.id)
    mark_read(session, me, newest.id)
    assert [(n.title, n.is_read) for n in list_notifications(session, me)] == [
        ("N1", False),
        ("N0", False),
        ("N2", True),
    ]
    assert [n.title for n in list_notifications(session, me, unread_only=True)] == ["N1", "N0"]
    assert (count_notifications(session, me), count_unread(session, me)) == (3, 2)


def test_what_came_after_the_page_stays_unread(session: Session, noon: datetime) -> None:
    me = make.make_actor(session, Role.SUPPORT)
    tell(session, me.user_id, once="seen")
    with clock.stopped(noon + timedelta(seconds=1)):
        tell(session, me.user_id, once="new", subject="New")
    assert mark_all_read(session, me, told_until=noon) == 1
    assert [n.title for n in list_notifications(session, me, unread_only=True)] == ["New"]
