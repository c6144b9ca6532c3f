"""What the middlewares let through, refuse and close."""

import gzip
import re
import time
import uuid
from contextlib import suppress
from datetime import timedelta

import anyio
import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.event import listen
from starlette.datastructures import Headers
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from avenrae import clock
from avenrae.db import engine as db
from avenrae.db.transaction import transaction
from avenrae.http.guard import COOKIE, find_session
from avenrae.http.headers import STREAMLIT_FILES
from avenrae.models import SignInSession, User
from avenrae.permissions import Actor
from avenrae.services.sessions import revoke_all_sessions
from avenrae.services.users import suspend_user
from tests.http.conftest import PASSWORD, Console, read_message
from tests.make import make_user

SYSTEM = Actor.system("test")


def signed_in(console: Console) -> tuple[User, str]:
    with transaction(SYSTEM, "test") as session:
        user = make_user(session, password=PASSWORD)
    return user, console.sign_in(user.email).token


def session_id() -> uuid.UUID:
    with transaction(SYSTEM, "test") as session:
        return session.scalars(select(SignInSession.id)).one()


def text_of_page(page: ClientConnection) -> str:
    """Ask for one run of the page and return the text it shows."""
    message = BackMsg()
    message.rerun_script.SetInParent()
    page.send(message.SerializeToString())
    shown = ""
    while (got := read_message(page)).WhichOneof("type") != "script_finished":
        if got.WhichOneof("type") == "delta":
            shown += got.delta.new_element.markdown.body
    return shown


def seconds_until_closed(page: ClientConnection) -> tuple[float, bool]:
    """Wait until the server closes the page; also whether it said before that the page should load itself anew."""
    start, redirected = time.monotonic(), False
    while True:
        try:
            redirected |= read_message(page).WhichOneof("type") == "auth_redirect"
        except ConnectionClosed:
            return time.monotonic() - start, redirected


@pytest.mark.parametrize(
    "path",
    [
        "/media/abc.csv",
        "/download/x",
        "/app/static/map/land.geojson",
        "/app/static/fonts/../map/land.geojson",
        "/_stcore/metrics",
        "/_stcore/agent/openapi.json",
        "/care/_stcore/health",
    ],
)
def test_what_only_pages_load_is_401_before_the_sign_in(console: Console, path: str) -> None:
    answer = console.ask(path)
    assert (answer.status, answer.text) == (401, "Sign in first.")


@pytest.mark.parametrize("path", ["/", "/office/home", "/%2e%2e/x", "/static/../index.html", "/sign-in/x"])
def test_pages_lead_to_the_sign_in(console: Console, path: str) -> None:
    answer = console.ask(path)
    assert answer.status == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "path", ["/sign-in", "/healthz", "/_stcore/health", "/app/static/logo.svg", "/favicon.png",
             "/app/static/fonts/inter-latin-wght-normal.woff2"],
)  # fmt: skip
def test_what_the_sign_in_needs_is_public(console: Console, path: str) -> None:
    assert console.ask(path).status == 200


def test_another_method_without_a_session_is_401(console: Console) -> None:
    assert console.ask("/office/home", method="POST", body="x").status == 401


def test_a_made_up_token_is_nobody(console: Console) -> None:
    for token in ("x", "é", "x" * 5000, "a;b", str(uuid.uuid4())):
        assert console.ask("/", token=token.encode().decode("latin-1")).status == 303


def test_an_anonymous_page_gets_nothing_but_the_way_to_the_sign_in(console: Console) -> None:
    with console.open() as page:
        message = read_message(page)
        assert message.WhichOneof("type") == "auth_redirect"
        page.send(b"anything")
        seconds, _ = seconds_until_closed(page)
        assert seconds < 5


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
def test_a_page_of_another_site_cannot_connect(console: Console, origin: str) -> None:
    _, token = signed_in(console)
    with pytest.raises(InvalidStatus) as refused:
        console.open(token, origin=origin)
    assert refused.value.response.status_code == 403


def test_the_page_knows_its_session_and_nobody_can_name_another(console: Console) -> None:
    _, token = signed_in(console)
    forged = str(uuid.uuid4())
    with console.open(token, X_Avenrae_Session=forged, x_avenrae_role="admin") as page:
        assert text_of_page(page) == f"sid={session_id()}"
    with console.open(X_Avenrae_Session=str(session_id())) as page:
        assert read_message(page).WhichOneof("type") == "auth_redirect"


@pytest.mark.parametrize("how", ["revoked", "suspended"])
def test_open_pages_of_an_ended_session_close_within_two_seconds(console: Console, how: str) -> None:
    """R-USR-01: what an admin ends is over on pages that are open, not only on the next request."""
    user, token = signed_in(console)
    _other, other_token = signed_in(console)
    with console.open(token) as one, console.open(token) as two, console.open(other_token) as bystander:
        assert "sid=" in text_of_page(one)
        assert "sid=" in text_of_page(bystander)
        with transaction(SYSTEM, "test") as session:
            (revoke_all_sessions if how == "revoked" else suspend_user)(session, SYSTEM, user.id)
        for page in (one, two):
            seconds, redirected = seconds_until_closed(page)
            assert seconds < 2
            assert redirected
        assert "sid=" in text_of_page(bystander)
    with console.open(token) as page:
        assert read_message(page).WhichOneof("type") == "auth_redirect"
    assert console.ask("/", token=token).status == 303


def test_using_the_console_is_noted_once_a_minute(console: Console) -> None:
    _, token = signed_in(console)
    with transaction(SYSTEM, "test") as session:
        before = clock.now() - timedelta(hours=5)
        session.scalars(select(SignInSession)).one().last_seen_at = before
    for _ in range(3):
        console.ask("/", token=token)
    with transaction(SYSTEM, "test") as session:
        assert session.scalars(select(SignInSession)).one().last_seen_at > before


@pytest.mark.parametrize("path", ["/", "/sign-in", "/media/x", "/healthz", "/static/js/none.js"])
def test_every_answer_carries_the_security_headers(console: Console, path: str) -> None:
    headers = console.ask(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'self' 'sha256-[A-Za-z0-9+/]{43}=' 'wasm-unsafe-eval'(;|$)", policy)
    assert "frame-ancestors 'none'" in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_program_files_come_compressed_and_are_kept(console: Console) -> None:
    file = max((STREAMLIT_FILES / "static" / "js").glob("index.*.js"), key=lambda f: f.stat().st_size)
    path = f"/static/js/{file.name}"
    zipped = console.ask(path, Accept_Encoding="gzip, br")
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == "Accept-Encoding"
    assert zipped.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert gzip.decompress(zipped.body) == file.read_bytes()
    assert len(zipped.body) < file.stat().st_size / 3
    plain = console.ask(path, Accept_Encoding="gzip;q=0")
    assert "content-encoding" not in plain.headers
    assert plain.body == file.read_bytes()
    assert plain.headers["etag"] != zipped.headers["etag"]
    head = console.ask(path, method="HEAD", Accept_Encoding="gzip")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(zipped.body)))
    same = console.ask(path, Accept_Encoding="gzip", If_None_Match=zipped.headers["etag"])
    assert (same.status, same.body) == (304, b"")
    assert same.headers["cache-control"] == zipped.headers["cache-control"]
    other = console.ask(path, If_None_Match=zipped.headers["etag"])
    assert other.status == 200


def test_fonts_are_not_compressed_twice(console: Console) -> None:
    font = console.ask("/app/static/fonts/inter-latin-wght-normal.woff2", Accept_Encoding="gzip")
    assert "content-encoding" not in font.headers
    assert font.headers["content-type"] == "font/woff2"


@pytest.mark.parametrize(
    "path", ["/static/..%2f..%2fapp.py", "/static/%2e%2e/index.html", "/static//etc/passwd", "/static/js/%00",
             "/static/js/none.js", "/static/" + "a" * 3000 + ".js", "/app/static/..%2fapp.py"],
)  # fmt: skip
def test_no_path_leads_out_of_the_folder(console: Console, path: str) -> None:
    _, token = signed_in(console)
    answer = console.ask(path, token=token, Accept_Encoding="gzip")
    assert answer.status in (400, 404)
    assert "root:" not in answer.text
    assert "import" not in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/care/bookings", "/bookings/x", "/index.html", "/signin"])
def test_an_address_of_no_screen_is_a_sentence(console: Console, path: str) -> None:
    """R-UI-02: where Streamlit would open the home page under a dialog of its own."""
    assert console.ask(path).status == 303
    answer = console.ask(path, token=signed_in(console)[1])
    assert answer.status == 404
    assert "There is no such screen." in answer.text
    assert '<a href="/">Go to the console</a>' in answer.text


@pytest.mark.parametrize("path", ["/", "/bookings", "/my-tickets", "/_stcore/health", "/favicon.png"])
def test_the_console_answers_its_own_addresses(console: Console, path: str) -> None:
    assert console.ask(path, token=signed_in(console)[1]).status == 200


def test_who_is_there_is_asked_again_when_the_connection_was_dropped(console: Console) -> None:
    """A database that comes back in the middle of a page refuses none of its files."""
    _, token = signed_in(console)
    drops = [1]

    def drop(_: object, cursor: psycopg.Cursor, *__: object) -> None:
        if drops:
            drops.pop()
            with suppress(psycopg.OperationalError):
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    listen(db.engine(), "before_cursor_execute", drop)
    assert anyio.run(find_session, Headers({"cookie": f"{COOKIE}={token}"})) == session_id()
    assert drops == []
