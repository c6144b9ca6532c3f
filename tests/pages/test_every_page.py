"""Every page as every role: it opens, or it is not there; and without a sign-in there is nothing."""

import pytest
from sqlalchemy import text
from streamlit.util import calc_hash

from avenrae.db import engine as db
from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.models import User
from avenrae.permissions import Actor
from avenrae.ui.navigation import SCREENS, Screen
from tests import make


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("screen", SCREENS, ids=lambda s: s.script)
def test_opens_or_is_not_there(console, people, world, screen: Screen, role: Role) -> None:
    """R-USR-01: refused by address as well; R-UI-02: no page shows a traceback."""
    params = {"id": world[screen.script]} if screen.script in world else {}
    if screen.script == "support/ticket" and role is Role.PRACTITIONER:
        params = {"id": _ticket_of_the_practitioner()}
    if screen.script == "support/conversation" and role in (Role.SUPPORT, Role.ADMIN):
        params["ticket"] = world["support/ticket"]
    if role not in screen.roles:
        app = console(people[role])
        with pytest.raises(ValueError, match="Could not find a navigation page"):
            app.switch_page(f"pages/{screen.script}.py")
        app._page_hash = calc_hash(screen.url_path)
        app.run()
        assert not app.exception
        assert [t.value for t in app.title] == ["Not your screen"]
        (said,) = [i.value for i in app.info]
        assert said.startswith(f"“{screen.title}” is for ")
        return
    app = console(people[role], screen.script, **params)
    assert not app.exception
    assert [e.value for e in app.error] == []
    assert len(app.title) == 1, f"{screen.script} has no title"


def _ticket_of_the_practitioner() -> str:
    with transaction(Actor.system("Test"), "prepare") as session:
        asking = session.query(User).filter(User.role == Role.PRACTITIONER).first()
        return str(make.make_ticket(session, requester=asking).id)


@pytest.mark.parametrize(
    "screen",
    [
        s
        for s in SCREENS
        if Role.ADMIN in s.roles and not s.is_in_menu_of(Role.ADMIN) and s.script != "care/new_booking"
    ],
    ids=lambda s: s.script,
)
@pytest.mark.parametrize("wrong", ["", "zzz", "01a1f886-498d-7c76-aaee-42ad900b26fe"])
def test_a_wrong_address_is_a_sentence(console, people, screen: Screen, wrong: str) -> None:
    """R-UI-02"""
    app = console(people[Role.ADMIN], screen.script, **({"id": wrong} if wrong else {}))
    assert not app.exception
    assert [e.value for e in app.error] == []
    assert len(app.info) == 1


def test_nobody_sees_nothing(console, people) -> None:
    app = console(None)
    assert not app.title
    assert not app.sidebar.button


def test_a_suspended_user_is_out_at_the_next_click(console, people) -> None:
    """R-USR-02"""
    app = console(people[Role.SUPPORT], "care/bookings")
    assert app.title[0].value == "Bookings"
    with db.engine().begin() as connection:
        connection.execute(text("UPDATE users SET is_active = false WHERE role = 'support'"))
    app.run()
    assert not app.title


def test_a_changed_role_counts_at_the_next_click(console, people) -> None:
    """R-USR-02: an open page of an admin who is made support loses what support may not see."""
    app = console(people[Role.ADMIN], "insights/overview")
    assert app.title[0].value == "Overview"
    with db.engine().begin() as connection:
        connection.execute(text("UPDATE users SET role = 'support' WHERE role = 'admin'"))
    app.run()
    assert [t.value for t in app.title] != ["Overview"]


@pytest.mark.parametrize(
    ("role", "title"), [(Role.ADMIN, "Inventory"), (Role.PRACTITIONER, "Products"), (Role.CLIENT, "Products")]
)
def test_who_keeps_no_stock_reads_of_products(console, people, role: Role, title: str) -> None:
    assert console(people[role], "store/inventory").title[0].value == title


@pytest.mark.parametrize(
    ("role", "said"),
    [
        (Role.CLIENT, "“Overview” is for admins and practitioners, not for clients."),
        (Role.SUPPORT, "“Overview” is for admins and practitioners, not for support. An admin can change your role."),
    ],
)
def test_somebody_elses_screen_says_whose_it_is(console, people, role: Role, said: str) -> None:
    """R-USR-01: nothing of the screen, a sentence and the way home."""
    app = console(people[role])
    app._page_hash = calc_hash("overview")
    app.run()
    assert [i.value for i in app.info] == [said]
    assert not app.metric
