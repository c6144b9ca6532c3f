"""Who may reach what: everything needs a session but a short list, for HTTP and for WebSockets alike."""

import re
import uuid
from urllib.parse import quote, urlsplit

from anyio import fail_after, to_thread
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from avenrae.db.transaction import read_session
from avenrae.errors import AvenraeError, TryAgain
from avenrae.http.pages import sentence_page
from avenrae.http.presence import is_due, note_seen
from avenrae.http.sockets import SIGNED_OUT, OpenSocket, OpenSockets, redirect_message
from avenrae.queries.sessions import find_session_by_token

COOKIE = "avenrae_session"
HEADER = b"x-avenrae-session"
PUBLIC = {
    "/sign-in",
    "/auth/logout",
    "/healthz",
    "/favicon.ico",
    "/favicon.png",
    "/manifest.json",
    "/app/static/favicon.png",
    "/app/static/icon.svg",
    "/app/static/logo.svg",
    "/_stcore/health",
    "/_stcore/host-config",
}
PUBLIC_FOLDERS = ("/static/", "/app/static/fonts/")
NOT_PAGES = ("/media/", "/download/", "/document/", "/app/static/", "/component/")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# The whole address and not its folder: under any folder Streamlit also answers for its own paths.
_FEED = re.compile(r"/feed/[A-Za-z0-9_-]{43}\.ics")
_NEXT = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")


class Guard:
    """Let the signed-in through, with their session's id in a header that only this middleware can set."""

    def __init__(self, app: ASGIApp, sockets: OpenSockets) -> None:
        self.app = app
        self.sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if (scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS) and not is_same_origin(headers):
            await _refuse(scope, receive, send, PlainTextResponse("This request came from another site.", 403))
            return
        scope["headers"] = [(name, value) for name, value in scope["headers"] if not _is_ours(name)]
        if scope["type"] == "http" and is_public(scope["path"]):
            await self.app(scope, receive, send)
            return
        try:
            session_id = await find_session(headers)
        except AvenraeError as e:
            await _refuse(scope, receive, send, sentence_page(e))
            return
        if session_id is not None:
            scope["headers"].append((HEADER, str(session_id).encode()))
            scope.setdefault("state", {})["session_id"] = session_id
        if scope["type"] == "http":
            await (self.app if session_id else _anonymous(scope))(scope, receive, send)
        elif session_id:
            await self._open_page(session_id, scope, receive, send)
        else:
            await _lead_to_sign_in(scope, receive, send)

    async def _open_page(self, session_id: uuid.UUID, scope: Scope, receive: Receive, send: Send) -> None:
        socket = OpenSocket(receive, send)

        async def receive_and_note() -> Message:
            message = await socket.receive()
            if message["type"] == "websocket.receive" and is_due(session_id):
                self.sockets.start(to_thread.run_sync(note_seen, session_id))
            return message

        self.sockets.add(session_id, socket)
        try:
            await self.app(scope, receive_and_note, socket.send)
        finally:
            self.sockets.discard(session_id, socket)


def is_public(path: str) -> bool:
    """Return whether a path may be asked for before signing in.

    None of these holds anything confidential but calendar feeds, whose addresses are secrets themselves.
    """
    if path in PUBLIC or _FEED.fullmatch(path):
        return True
    return path.startswith(PUBLIC_FOLDERS) and ".." not in path


def is_same_origin(headers: Headers) -> bool:
    """Return whether a request comes from our own pages, or from no browser at all.

    Only host and port are compared: behind a proxy that ends TLS the scheme differs.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in ("same-origin", "none")
    try:
        return _host(urlsplit(origin).netloc) == _host(headers.get("host", "")) != ""
    except ValueError:
        return False


def safe_next(target: str) -> str:
    """Return the address to go to after signing in: the one asked for when it is on this site, else the home page."""
    inside = _NEXT.fullmatch(target) and not target.startswith(("/sign-in", "/auth/", "/_stcore/"))
    return target if inside else "/"


async def find_session(headers: Headers) -> uuid.UUID | None:
    """Return the session of the request's cookie, and note that it is in use.

    Raises:
        TryAgain: The database is away.
    """
    token = session_token(headers)
    return await to_thread.run_sync(_find, token) if token else None


def session_token(headers: Headers) -> str:
    """Return the token in the session cookie, or an empty text."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


def _find(token: str) -> uuid.UUID | None:
    try:
        session_id = _look_up(token)
    except TryAgain as e:
        # A database that was restarted drops its connections; half a page that is refused stays half a page.
        if not getattr(e.__cause__, "connection_invalidated", False):
            raise
        session_id = _look_up(token)
    if session_id is not None:
        note_seen(session_id)
    return session_id


def _look_up(token: str) -> uuid.UUID | None:
    with read_session() as session:
        return find_session_by_token(session, token)


def _host(netloc: str) -> str:
    return netloc.lower().removesuffix(":80").removesuffix(":443")


def _is_ours(name: bytes) -> bool:
    return name.lower().replace(b"_", b"-").startswith(b"x-avenrae-")


def _anonymous(scope: Scope) -> Response:
    """Return the answer to somebody who is not signed in: the sign-in for pages, 401 for what only pages load."""
    path = scope["path"]
    if scope["method"] not in ("GET", "HEAD") or path.startswith(NOT_PAGES) or "/_stcore/" in path:
        return PlainTextResponse("Sign in first.", 401)
    target = quote(path) + ("?" + scope["query_string"].decode("latin-1") if scope["query_string"] else "")
    if safe_next(target) == "/":
        return RedirectResponse("/sign-in", 303)
    return RedirectResponse(f"/sign-in?next={quote(target, safe='/')}", 303)


async def _refuse(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "http":
        await response(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": 4403})  # before accepting, this is an HTTP 403


async def _lead_to_sign_in(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept a page whose session has ended only to tell it so; refused, it would stay as it is and retry for ever."""
    await receive()
    offered = scope.get("subprotocols", [])
    await send({"type": "websocket.accept", "subprotocol": "streamlit" if "streamlit" in offered else None})
    await send({"type": "websocket.send", "bytes": redirect_message()})
    try:
        with fail_after(3):
            while (await receive())["type"] != "websocket.disconnect":
                pass
    except TimeoutError:
        await send({"type": "websocket.close", "code": SIGNED_OUT, "reason": "signed out"})
