"""The way in and out, over real HTTP."""

import statistics
import time
from datetime import timedelta

import bcrypt
import psycopg
import pytest
from sqlalchemy import select, text

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.models import SignInSession, User
from avenrae.permissions import Actor
from avenrae.queries.sessions import token_hash
from tests.http.conftest import PASSWORD, Console
from tests.make import make_user

SYSTEM = Actor.system("test")
WRONG = "E-mail or password is wrong."


def add_user(**kw) -> User:
    with transaction(SYSTEM, "test") as session:
        return make_user(session, **{"password": PASSWORD, **kw})


def test_an_anonymous_deep_link_leads_over_the_sign_in_to_the_page_asked_for(console: Console) -> None:
    user = add_user()
    asked = console.ask("/bookings?status=pending&q=a%20b")
    assert (asked.status, asked.headers["location"]) == (
        303,
        "/sign-in?next=/bookings%3Fstatus%3Dpending%26q%3Da%2520b",
    )
    form = console.ask(asked.headers["location"])
    assert form.status == 200
    assert 'name="next" value="/bookings?status=pending&amp;q=a%20b"' in form.text
    done = console.sign_in(user.email, target="/bookings?status=pending&q=a%20b")
    assert (done.status, done.headers["location"]) == (303, "/bookings?status=pending&q=a%20b")
    assert console.ask("/bookings", token=done.token).status == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(console: Console) -> None:
    user = add_user()
    parts = console.sign_in(user.email.upper()).headers["set-cookie"].lower().split("; ")
    assert {"httponly", "samesite=lax", "max-age=604800", "path=/"} <= set(parts)
    assert "secure" not in parts
    behind_tls = console.sign_in(user.email, X_Forwarded_Proto="https").headers["set-cookie"].lower()
    assert "; secure" in behind_tls


def test_only_a_hash_of_the_token_is_kept(console: Console) -> None:
    user = add_user()
    token = console.sign_in(user.email, User_Agent="Firefox").token
    with transaction(SYSTEM, "test") as session:
        row = session.scalars(select(SignInSession)).one()
        trail = session.scalar(text("SELECT string_agg(audit_entries::text, ' ') FROM audit_entries"))
    assert row.token_hash == token_hash(token)
    assert (row.user_id, row.user_agent, row.ip) == (user.id, "Firefox", "127.0.0.1")
    assert token not in trail
    assert row.token_hash.hex() not in trail


@pytest.mark.parametrize("kind", ["wrong password", "unknown", "suspended", "erased", "no password", "too long"])
def test_every_failure_reads_the_same(console: Console, kind: str) -> None:
    changes = {
        "suspended": {"is_active": False},
        "erased": {"erased_at": clock.now()},
        "no password": {"password": None},
    }.get(kind, {})
    user = add_user(**changes)
    email = "nobody@example.org" if kind == "unknown" else user.email
    password = {"wrong password": "not the three words", "too long": PASSWORD + "x" * 80}.get(kind, PASSWORD)
    answer = console.sign_in(email, password, target="/bookings")
    assert answer.status == 401
    assert f'role="alert" id="problem">{WRONG}<' in answer.text
    assert f'value="{email}"' in answer.text
    assert 'name="next" value="/bookings"' in answer.text
    assert "set-cookie" not in answer.headers
    with transaction(SYSTEM, "test") as session:
        assert session.scalars(select(SignInSession)).all() == []


def test_the_time_does_not_tell_whether_the_account_exists(console: Console) -> None:
    user = add_user(password=None, password_hash=bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(9)).decode())
    times: dict[str, list[float]] = {user.email: [], "nobody@example.org": []}
    for _ in range(4):
        for email, taken in times.items():
            start = time.perf_counter()
            assert console.sign_in(email, "not the three words").status == 401
            taken.append(time.perf_counter() - start)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert unknown > 0.01
    assert 0.5 < known / unknown < 2


def test_guessing_is_slowed_down_and_the_right_password_works_after_the_wait(console: Console) -> None:
    user = add_user()
    for _ in range(5):
        assert console.sign_in(user.email, "not the three words").status == 401
    slowed = console.sign_in(user.email)
    assert slowed.status == 429
    assert slowed.headers["retry-after"] in ("1", "2")
    assert "Too many attempts with a wrong password. Wait " in slowed.text
    time.sleep(2.1)
    assert console.sign_in(user.email).status == 303


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/\t/evil.example", "/sign-in", ""]
)
def test_the_sign_in_leads_nowhere_else(console: Console, target: str) -> None:
    assert console.sign_in(add_user().email, target=target).headers["location"] == "/"


def test_a_form_of_another_site_is_refused(console: Console) -> None:
    user = add_user()
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://["):
        answer = console.sign_in(user.email, Origin=origin)
        assert (answer.status, answer.text) == (403, "This request came from another site.")
        assert "set-cookie" not in answer.headers


def test_who_is_signed_in_does_not_see_the_form_again(console: Console) -> None:
    token = console.sign_in(add_user().email).token
    again = console.ask("/sign-in?next=/bookings", token=token)
    assert (again.status, again.headers["location"]) == (303, "/bookings")


def test_signing_in_again_ends_the_session_the_browser_had(console: Console) -> None:
    user, other = add_user(), add_user()
    first = console.sign_in(user.email).token
    second = console.sign_in(other.email, Cookie=f"avenrae_session={first}").token
    assert first != second
    assert console.ask("/", token=first).status == 303
    assert console.ask("/", token=second).status == 200


def test_signing_out_ends_the_session_and_forgets_the_cookie(console: Console) -> None:
    token = console.sign_in(add_user().email).token
    out = console.ask("/auth/logout", token=token, Sec_Fetch_Site="same-origin")
    assert (out.status, out.headers["location"]) == (303, "/sign-in")
    assert 'avenrae_session=""' in out.headers["set-cookie"]
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert console.ask("/", token=token).status == 303


@pytest.mark.parametrize(
    "headers", [{"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Referer": "https://evil.example/"}]
)
def test_a_link_on_another_site_does_not_sign_out(console: Console, headers: dict[str, str]) -> None:
    token = console.sign_in(add_user().email).token
    out = console.ask("/auth/logout", token=token, **headers)
    assert (out.status, out.headers["location"]) == (303, "/")
    assert "set-cookie" not in out.headers
    assert console.ask("/", token=token).status == 200


def test_what_is_typed_is_shown_as_text(console: Console) -> None:
    answer = console.sign_in('"><script>alert(1)</script>', target='/"><b>')
    assert "<script>" not in answer.text
    assert '"><b>' not in answer.text


def test_a_huge_form_is_refused(console: Console) -> None:
    answer = console.sign_in("a@example.org", "x" * 20_000)
    assert answer.status == 422
    assert "This is too much for the sign-in form." in answer.text


def test_demo_accounts_are_offered_only_where_they_exist(console: Console) -> None:
    assert "Demo accounts" not in console.ask("/sign-in").text
    add_user(email="admin@demo.avenrae.example", role=Role.ADMIN, first_name="Thandi", last_name="M'<b>")
    page = console.ask("/sign-in?next=/care").text
    assert 'href="/sign-in?email=admin%40demo.avenrae.example&amp;next=/care">Admin</a>' in page
    assert "Thandi M&#x27;&lt;b&gt;" in page
    chosen = console.ask("/sign-in?email=admin%40demo.avenrae.example").text
    assert 'value="admin@demo.avenrae.example"' in chosen


@pytest.mark.parametrize("change", ["expires_at", "last_seen_at", "revoked_at", "suspended"])
def test_a_session_that_has_ended_opens_nothing(console: Console, change: str) -> None:
    user = add_user()
    token = console.sign_in(user.email).token
    with transaction(SYSTEM, "test") as session:
        row = session.scalars(select(SignInSession)).one()
        if change == "suspended":
            session.get_one(User, user.id).is_active = False
        else:
            hours = {"expires_at": 0, "last_seen_at": 12, "revoked_at": 0}[change]
            setattr(row, change, clock.now() - timedelta(hours=hours))
    assert console.ask("/", token=token).headers["location"] == "/sign-in"


def test_health_tells_when_the_database_is_away_and_pages_say_so_in_a_sentence(
    console: Console, server_url: str
) -> None:
    token = console.sign_in(add_user().email).token
    assert (console.ask("/healthz").status, console.ask("/healthz").text) == (200, '{"status":"ok"}')
    name = db.engine().url.database
    db.engine().dispose()
    with psycopg.connect(server_url.replace("+psycopg", ""), autocommit=True) as elsewhere:
        elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        elsewhere.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            assert console.ask("/healthz").status == 503
            for answer in (
                console.ask("/", token=token),
                console.ask("/sign-in", token=token),
                console.sign_in("a@example.org"),
                console.ask("/auth/logout", token=token),
            ):
                assert answer.status == 503
                assert "The database is not answering right now. Try again in a moment." in answer.text
                assert "Traceback" not in answer.text
            assert console.ask("/sign-in").status == 200
        finally:
            elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert console.ask("/healthz").status == 200
    assert console.ask("/", token=token).status == 200
