"""Accounts: one's own, and what admins and support may do to those of others."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted, NotSignedIn
from avenrae.models import Client, SignInSession, User
from avenrae.passwords import hash_password, matches
from avenrae.permissions import Actor
from avenrae.queries.scopes import visible_users
from avenrae.queries.sessions import find_actor
from avenrae.queries.users import get_account
from avenrae.services.users import (
    add_user,
    change_password,
    change_role,
    edit_account,
    reactivate_user,
    reset_password,
    suspend_user,
)
from tests.make import actor_of, make_user
from tests.services.test_sessions import PASSWORD, open_session
from tests.threads import at_once, click

SYSTEM = Actor.system("test")
LAST = r"^This is the last active admin. Make somebody else an admin first.$"


@pytest.mark.parametrize("text", ["x" * 12, "é" * 6, "x" * 72, "é" * 36, "a\0b" * 5])
def test_passwords_of_12_to_72_bytes_are_kept_as_a_hash(text: str) -> None:
    hashed = hash_password(text)
    assert matches(text, hashed)
    assert not matches(text + "x", hashed)
    assert not matches(text[:-1], hashed)
    assert text not in hashed


def test_an_accent_is_the_same_however_the_keyboard_makes_it() -> None:
    assert matches("cafe\u0301 at noon", hash_password("caf\u00e9 at noon"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("x" * 11, "at least 12"), ("", "at least 12"), ("x" * 73, "at most 72"), ("é" * 37, "at most 72")],
)
def test_other_passwords_are_refused(typed: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        hash_password(typed)


@pytest.mark.parametrize("hashed", [None, "", "no hash", "$2b$04$short"])
def test_nothing_matches_what_is_no_hash(hashed: str | None) -> None:
    for typed in ("", "x" * 12, "x" * 1000, "\ud800"):
        assert not matches(typed, hashed)


def test_a_password_that_bcrypt_would_cut_off_does_not_match() -> None:
    assert not matches("x" * 73, hash_password("x" * 72))


def edited(session: Session, actor: Actor, **changes: str) -> None:
    edit_account(
        session,
        actor,
        **{"first_name": "Ana", "last_name": "Mo", "phone": "", "time_zone": "UTC", **changes},
    )


def test_the_own_account_is_edited(session: Session) -> None:
    actor = actor_of(make_user(session, role=Role.CLIENT))
    edited(session, actor, first_name="  Nomvula  Thandi ", last_name="O'Brien", phone=" +27  82 123-4567 ",
           time_zone="America/New_York")  # fmt: skip
    account = get_account(session, actor)
    assert (account.first_name, account.last_name) == ("Nomvula Thandi", "O'Brien")
    assert (account.phone, account.time_zone) == ("+27 82 123-4567", "America/New_York")
    edited(session, actor, phone="")
    assert get_account(session, actor).phone == ""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first_name": "  "}, "1 to 100 letters"),
        ({"last_name": "x" * 101}, "1 to 100 letters"),
        ({"first_name": "a\0b"}, "1 to 100 letters"),
        ({"phone": "call me"}, "not a phone number"),
        ({"phone": "() - ()"}, "not a phone number"),
        ({"time_zone": "SAST"}, "not a time zone"),
        ({"time_zone": "../../etc/passwd"}, "not a time zone"),
        ({"time_zone": ""}, "not a time zone"),
    ],
)
def test_what_cannot_be_used_is_refused(session: Session, changes: dict[str, str], sentence: str) -> None:
    user = make_user(session)
    before = get_account(session, actor_of(user))
    with session.no_autoflush, pytest.raises(InvalidInput, match=sentence):
        edited(session, actor_of(user), **changes)
    session.expire_all()
    assert get_account(session, actor_of(user)) == before


def test_a_new_password_ends_the_other_sessions(session: Session) -> None:
    user = make_user(session, password=PASSWORD)
    here, _ = open_session(session, user)
    there, _ = open_session(session, user)
    me = find_actor(session, here)
    assert me is not None
    change_password(session, me, current=PASSWORD, new="three other words")
    session.expire_all()
    assert matches("three other words", user.password_hash)
    assert find_actor(session, here) is not None
    assert find_actor(session, there) is None


@pytest.mark.parametrize(
    ("current", "new", "sentence"),
    [
        ("wrong wrong wrong", "three other words", "current password is wrong"),
        (PASSWORD, PASSWORD, "same as the current"),
        (PASSWORD, "short", "at least 12"),
    ],
)
def test_a_password_is_not_changed_by_mistake(session: Session, current: str, new: str, sentence: str) -> None:
    user = make_user(session, password=PASSWORD)
    with pytest.raises(InvalidInput, match=sentence):
        change_password(session, actor_of(user), current=current, new=new)
    session.expire_all()
    assert matches(PASSWORD, user.password_hash)


def test_a_suspended_user_is_out_at_once_and_comes_back(session: Session) -> None:
    admin = actor_of(make_user(session))
    user = make_user(session, role=Role.SUPPORT, password=PASSWORD)
    session_id, _ = open_session(session, user)
    suspend_user(session, admin, user.id)
    assert find_actor(session, session_id) is None
    reactivate_user(session, admin, user.id)
    session.refresh(user)
    assert user.is_active
    assert find_actor(session, session_id) is None, "the old session stays ended"


def test_the_last_active_admin_stays(session: Session) -> None:
    """R-USR-02"""
    admin = make_user(session)
    make_user(session, is_active=False)
    make_user(session, erased_at=clock.now())
    for refused in (
        lambda: suspend_user(session, actor_of(admin), admin.id),
        lambda: suspend_user(session, SYSTEM, admin.id),
        lambda: change_role(session, actor_of(admin), admin.id, Role.SUPPORT),
    ):
        with pytest.raises(Conflict, match=LAST):
            refused()
    session.refresh(admin)
    assert (admin.is_active, admin.role) == (True, Role.ADMIN)
    change_role(session, actor_of(admin), admin.id, Role.ADMIN)
    make_user(session)
    with pytest.raises(Conflict, match=r"^You cannot suspend yourself. Another admin can.$"):
        suspend_user(session, actor_of(admin), admin.id)
    change_role(session, actor_of(admin), admin.id, Role.SUPPORT)
    assert admin.role == Role.SUPPORT


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("others", [0, 1])
def test_two_admins_cannot_suspend_each_other_at_the_same_time(others: int) -> None:
    """R-USR-02"""
    with transaction(SYSTEM, "test") as session:
        one, two, *_ = [make_user(session) for _ in range(2 + others)]

    def suspending(actor: Actor, other: User) -> Callable[[], object]:
        return click(actor, lambda s: suspend_user(s, actor, other.id))

    results = at_once([suspending(actor_of(one), two), suspending(actor_of(two), one)])
    with transaction(SYSTEM, "test") as session:
        active = session.scalars(select(User).where(User.is_active)).all()
    assert len(active) == 1 + others
    assert [type(r) for r in results if isinstance(r, Exception)] == [NotSignedIn]


def test_a_role_change_gives_a_client_the_row_that_bookings_need(session: Session) -> None:
    admin, user = actor_of(make_user(session)), make_user(session, role=Role.SUPPORT)
    for _ in range(2):
        change_role(session, admin, user.id, Role.CLIENT)
    assert session.scalars(select(Client.user_id)).all() == [user.id]


def test_an_account_is_added_and_can_sign_in(session: Session) -> None:
    user_id = add_user(session, SYSTEM, email=" Ana@Example.org ", first_name="Ana", last_name="Mo",
                       role=Role.SUPPORT, password=PASSWORD)  # fmt: skip
    user = session.get_one(User, user_id)
    assert (user.email, user.role, user.is_active) == ("Ana@Example.org", Role.SUPPORT, True)
    open_session(session, user)


@pytest.mark.usefixtures("database")
def test_an_address_is_taken_whatever_its_letters(database: str) -> None:
    def add(email: str) -> None:
        with transaction(SYSTEM, "add_user") as session:
            add_user(session, SYSTEM, email=email, first_name="A", last_name="B", role=Role.CLIENT, password=PASSWORD)

    add("ana@example.org")
    with pytest.raises(Conflict, match=r"^Somebody with this e-mail address exists already.$"):
        add("ANA@example.org")
    for email in ("", "ana", "a b@example.org", "@", "a\0@example.org", "x" * 250 + "@example.org"):
        with pytest.raises(InvalidInput, match=r"^This is not an e-mail address.$"):
            add(email)


def test_a_reset_gives_a_new_password_and_ends_the_sessions(session: Session) -> None:
    support = actor_of(make_user(session, role=Role.SUPPORT))
    user = make_user(session, role=Role.CLIENT, password=PASSWORD)
    session_id, _ = open_session(session, user)
    password = reset_password(session, support, user.id)
    session.refresh(user)
    assert matches(password, user.password_hash)
    assert find_actor(session, session_id) is None
    trail = session.scalar(text("SELECT string_agg(audit_entries::text, ' ') FROM audit_entries"))
    assert password not in trail
    assert user.password_hash not in trail


def test_support_resets_no_admin_and_nobody_himself(session: Session) -> None:
    support = actor_of(make_user(session, role=Role.SUPPORT))
    admin = make_user(session, password=PASSWORD)
    with pytest.raises(NotPermitted, match=r"^Only an admin can do this to an admin's account.$"):
        reset_password(session, support, admin.id)
    with pytest.raises(Conflict, match="own password"):
        reset_password(session, actor_of(admin), admin.id)
    session.expire_all()
    assert matches(PASSWORD, admin.password_hash)


def test_an_erased_account_does_not_come_back(session: Session) -> None:
    admin, erased = actor_of(make_user(session)), make_user(session, is_active=False, erased_at=clock.now())
    for refused in (
        lambda: reactivate_user(session, admin, erased.id),
        lambda: reset_password(session, admin, erased.id),
    ):
        with pytest.raises(Conflict, match=r"^This account has been erased and cannot be used again.$"):
            refused()


ACTIONS: dict[str, tuple[Callable[[Session, Actor, User], object], set[Role]]] = {
    "suspend": (lambda s, a, u: suspend_user(s, a, u.id), {Role.ADMIN}),
    "reactivate": (lambda s, a, u: reactivate_user(s, a, u.id), {Role.ADMIN}),
    "role": (lambda s, a, u: change_role(s, a, u.id, Role.ADMIN), {Role.ADMIN}),
    "reset": (lambda s, a, u: reset_password(s, a, u.id), {Role.ADMIN, Role.SUPPORT}),
    "add": (
        lambda s, a, u: add_user(
            s, a, email="n@example.org", first_name="N", last_name="N", role=Role.ADMIN, password=PASSWORD
        ),
        {Role.ADMIN},
    ),
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", ACTIONS)
def test_who_may_do_what_to_another_account(session: Session, action: str, role: Role) -> None:
    """R-USR-01"""
    actor, user = actor_of(make_user(session, role=role)), make_user(session, role=Role.CLIENT, password=PASSWORD)
    do, allowed = ACTIONS[action]
    if role in allowed:
        do(session, actor, user)
        return
    before = (user.role, user.is_active, user.password_hash, user.updated_at)
    with pytest.raises(NotPermitted, match=rf"^Your role \({role}\) does not allow this."):
        do(session, actor, user)
    session.expire_all()
    assert (user.role, user.is_active, user.password_hash, user.updated_at) == before
    assert session.scalars(select(SignInSession)).all() == []
    assert len(session.scalars(select(User)).all()) == 2


def test_somebody_who_does_not_exist_is_not_found(session: Session) -> None:
    admin = actor_of(make_user(session))
    for do in (suspend_user, reactivate_user, reset_password):
        with pytest.raises(NotFound, match=r"^This person does not exist.$"):
            do(session, admin, Client(id=None).id)


@pytest.mark.parametrize("role", list(Role))
def test_staff_sees_everybody_and_others_see_themselves(session: Session, role: Role) -> None:
    user = make_user(session, role=role)
    make_user(session)
    seen = session.scalars(select(User).where(visible_users(actor_of(user)))).all()
    assert (len(seen) == 2) is (role in (Role.ADMIN, Role.SUPPORT))
    assert user in seen
