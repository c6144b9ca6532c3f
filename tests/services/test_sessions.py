"""Attempts, the slow-down, and the sessions that a sign-in opens."""

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import Role
from avenrae.errors import NotFound, NotPermitted, NotSignedIn
from avenrae.models import AuditEntry, SignInAttempt, SignInSession, User
from avenrae.passwords import hash_password
from avenrae.permissions import Actor
from avenrae.queries.sessions import ended_sessions, find_actor, find_session_by_token, list_sessions
from avenrae.queries.users import find_credentials
from avenrae.services.sessions import (
    SlowDown,
    begin_attempt,
    finish_attempt,
    revoke_all_sessions,
    revoke_other_sessions,
    revoke_session,
    touch_session,
)
from tests.make import actor_of, make_client, make_practitioner, make_user
from tests.threads import at_once, click

SYSTEM = Actor.system("sign-in")
PASSWORD = "three quiet words"


def fail(session: Session, email: str, times: int, ip: str = "10.0.0.1") -> None:
    for _ in range(times):
        begin_attempt(session, SYSTEM, email, ip)


def open_session(session: Session, user: User, ip: str = "10.0.0.1") -> tuple[uuid.UUID, str]:
    attempt_id = begin_attempt(session, SYSTEM, user.email, ip)
    found = find_credentials(session, user.email)
    assert found is not None
    token = finish_attempt(session, SYSTEM, attempt_id, found, ip, "Firefox")
    session_id = find_session_by_token(session, token)
    assert session_id is not None
    return session_id, token


def wait_after(session: Session, email: str, ip: str = "10.0.0.1") -> int:
    with pytest.raises(SlowDown) as refused:
        begin_attempt(session, SYSTEM, email, ip)
    return refused.value.seconds


def test_the_wait_doubles_from_the_fifth_failure_up_to_fifteen_minutes(session: Session, noon: datetime) -> None:
    fail(session, "a@example.org", 5)
    account = session.scalars(select(SignInAttempt.account_hash)).first()
    waits = []
    for _ in range(10):
        waits.append(wait_after(session, " A@Example.org", ip="10.0.0.2"))
        session.add(SignInAttempt(account_hash=account, ip="10.0.0.1", occurred_at=noon))
        session.flush()
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900]


def test_the_sentence_says_how_long_to_wait(session: Session, noon: datetime) -> None:
    fail(session, "a@example.org", 5)
    with pytest.raises(SlowDown, match=r"^Too many attempts with a wrong password. Wait 2 seconds, then try again.$"):
        begin_attempt(session, SYSTEM, "a@example.org", "10.0.0.1")
    with (
        clock.stopped(noon + timedelta(seconds=1.5)),
        pytest.raises(SlowDown, match=r"Wait 1 second, then"),
    ):
        begin_attempt(session, SYSTEM, "a@example.org", "10.0.0.1")
    assert str(SlowDown(500)).endswith("Wait 9 minutes, then try again.")


def test_a_refused_attempt_does_not_count_and_the_wait_ends(session: Session, noon: datetime) -> None:
    fail(session, "a@example.org", 5)
    for _ in range(20):
        assert wait_after(session, "a@example.org") == 2
    with clock.stopped(noon + timedelta(seconds=2)):
        begin_attempt(session, SYSTEM, "a@example.org", "10.0.0.1")


def test_failures_are_forgotten_after_fifteen_minutes_and_by_a_success(session: Session, noon: datetime) -> None:
    user = make_user(session, password=PASSWORD)
    fail(session, user.email, 4)
    with clock.stopped(noon + timedelta(seconds=1)):
        open_session(session, user)
    with clock.stopped(noon + timedelta(seconds=2)):
        fail(session, user.email, 5)
        assert wait_after(session, user.email) == 2
    with clock.stopped(noon + timedelta(minutes=15, seconds=2)):
        fail(session, user.email, 1)


def test_an_address_is_slowed_down_after_thirty_failures_at_any_accounts(session: Session, noon: datetime) -> None:
    for n in range(30):
        begin_attempt(session, SYSTEM, f"a{n}@example.org", "10.0.0.1")
    assert wait_after(session, "another@example.org") == 2
    begin_attempt(session, SYSTEM, "another@example.org", "10.0.0.2")


def test_attempts_keep_no_address_as_text(session: Session) -> None:
    begin_attempt(session, SYSTEM, "my secret password", "10.0.0.1")
    attempt = session.scalars(select(SignInAttempt)).one()
    assert b"secret" not in attempt.account_hash
    assert len(attempt.account_hash) == 32


@pytest.mark.usefixtures("database")
def test_guessing_in_parallel_gains_nothing(noon: datetime) -> None:
    guess = click(SYSTEM, lambda s: begin_attempt(s, SYSTEM, "a@example.org", "10.0.0.1"))
    results = at_once([guess] * 20)
    assert sum(not isinstance(r, Exception) for r in results) == 5
    assert [r.seconds for r in results if isinstance(r, SlowDown)] == [2] * 15


def test_a_sign_in_opens_a_session_of_seven_days(session: Session, noon: datetime) -> None:
    user = make_user(session, password=PASSWORD)
    session_id, token = open_session(session, user)
    row = session.get_one(SignInSession, session_id)
    assert row.expires_at == noon + timedelta(days=7)
    assert len(token) == 43
    assert user.last_sign_in_at == noon
    assert find_session_by_token(session, token + "x") is None
    assert find_session_by_token(session, "\0é\ud800") is None


@pytest.mark.parametrize("change", ["suspended", "erased", "password"])
def test_a_change_while_the_password_is_checked_refuses_the_sign_in(session: Session, change: str) -> None:
    user = make_user(session, password=PASSWORD)
    attempt_id = begin_attempt(session, SYSTEM, user.email, "10.0.0.1")
    found = find_credentials(session, user.email)
    assert found is not None
    if change == "suspended":
        user.is_active = False
    elif change == "erased":
        user.erased_at = clock.now()
    else:
        user.password_hash = hash_password("three other words")
    session.flush()
    with pytest.raises(NotSignedIn, match=r"^E-mail or password is wrong.$"):
        finish_attempt(session, SYSTEM, attempt_id, found, "10.0.0.1", "Firefox")
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 0


def test_the_actor_is_the_account_as_it_is_now(session: Session) -> None:
    """R-USR-01: role and validity are read again on every run."""
    user = make_user(session, role=Role.SUPPORT, password=PASSWORD, time_zone="Europe/Berlin")
    session_id, _ = open_session(session, user)
    actor = find_actor(session, session_id)
    assert actor is not None
    assert actor == Actor(
        user_id=user.id,
        role=Role.SUPPORT,
        name=user.name,
        email=user.email,
        time_zone="Europe/Berlin",
        session_id=session_id,
    )
    assert isinstance(actor.role, Role)
    user.role = Role.ADMIN
    session.flush()
    assert find_actor(session, session_id).role is Role.ADMIN
    assert find_actor(session, uuid.uuid4()) is None


def test_the_actor_names_the_own_practitioner_and_client(session: Session) -> None:
    practitioner, client = make_practitioner(session), make_client(session)
    for row, column in ((practitioner, "practitioner_id"), (client, "client_id")):
        session_id, _ = open_session(session, session.get_one(User, row.user_id))
        assert getattr(find_actor(session, session_id), column) == row.id


def test_sessions_end_exactly_at_their_limits(session: Session, noon: datetime) -> None:
    user = make_user(session, password=PASSWORD)
    session_id, token = open_session(session, user)
    second = timedelta(seconds=1)
    idle = timedelta(hours=12)
    for after, live in ((idle - second, True), (idle, False)):
        with clock.stopped(noon + after):
            assert (find_actor(session, session_id) is not None) is live
            assert (find_session_by_token(session, token) is not None) is live
            assert (ended_sessions(session, [session_id]) == set()) is live
    session.get_one(SignInSession, session_id).last_seen_at = noon + timedelta(days=7)
    session.flush()
    for after, live in ((timedelta(days=7) - second, True), (timedelta(days=7), False)):
        with clock.stopped(noon + after):
            assert (find_actor(session, session_id) is not None) is live


def test_use_is_noted_once_a_minute_without_a_trail_and_never_revives(session: Session, noon: datetime) -> None:
    user = make_user(session, password=PASSWORD)
    session_id, _ = open_session(session, user)
    row = session.get_one(SignInSession, session_id)
    entries = select(func.count()).select_from(AuditEntry)
    before = session.scalar(entries)
    for after, seen in ((59, 0), (60, 60), (100, 60), (43_260, 60)):
        with clock.stopped(noon + timedelta(seconds=after)):
            touch_session(session, SYSTEM, session_id)
        session.refresh(row)
        assert row.last_seen_at == noon + timedelta(seconds=seen)
    assert session.scalar(entries) == before


def test_ended_sessions_names_those_that_do_not_exist(session: Session) -> None:
    session_id, _ = open_session(session, make_user(session, password=PASSWORD))
    unknown = uuid.uuid4()
    assert ended_sessions(session, [session_id, unknown]) == {unknown}
    assert ended_sessions(session, []) == set()


def test_own_devices_are_listed_and_ended(session: Session, noon: datetime) -> None:
    user, other = make_user(session, password=PASSWORD), make_user(session, password=PASSWORD)
    first, _ = open_session(session, user)
    second, _ = open_session(session, user, ip="10.0.0.2")
    others, _ = open_session(session, other)
    me = find_actor(session, second)
    assert me is not None
    assert {(d.id, d.is_current) for d in list_sessions(session, me)} == {(first, False), (second, True)}
    assert revoke_other_sessions(session, me) == 1
    assert ended_sessions(session, [first, second, others]) == {first}
    revoke_session(session, me, second)
    revoke_session(session, me, second)
    assert list_sessions(session, me) == []
    assert find_actor(session, second) is None


@pytest.mark.parametrize("role", [Role.CLIENT, Role.PRACTITIONER])
def test_nobody_ends_or_sees_sessions_of_others_without_the_right(session: Session, role: Role) -> None:
    """R-USR-01"""
    session_id, _ = open_session(session, make_user(session, password=PASSWORD))
    owner = session.get_one(SignInSession, session_id).user_id
    actor = actor_of(make_user(session, role=role))
    with pytest.raises(NotFound, match=r"^This device is not signed in any more.$"):
        revoke_session(session, actor, session_id)
    with pytest.raises(NotPermitted):
        revoke_all_sessions(session, actor, owner)
    with pytest.raises(NotPermitted):
        list_sessions(session, actor, owner)
    assert ended_sessions(session, [session_id]) == set()


def test_support_ends_sessions_but_not_those_of_admins(session: Session) -> None:
    support = actor_of(make_user(session, role=Role.SUPPORT))
    client, admin = (make_user(session, role=role, password=PASSWORD) for role in (Role.CLIENT, Role.ADMIN))
    of_client, _ = open_session(session, client)
    of_admin, _ = open_session(session, admin)
    assert revoke_all_sessions(session, support, client.id) == 1
    for refused in (
        lambda: revoke_session(session, support, of_admin),
        lambda: revoke_all_sessions(session, support, admin.id),
    ):
        with pytest.raises(NotPermitted, match=r"^Only an admin can do this to an admin's account.$"):
            refused()
    assert ended_sessions(session, [of_client, of_admin]) == {of_client}
