"""Signing in and out over HTTP."""

import importlib
import uuid
from urllib.parse import parse_qs, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from avenrae.db.transaction import read_session, transaction
from avenrae.errors import AvenraeError, InvalidInput, NotSignedIn
from avenrae.http.guard import COOKIE, find_session, safe_next, session_token
from avenrae.http.pages import sentence_page
from avenrae.http.sign_in_page import sign_in_page
from avenrae.passwords import matches
from avenrae.permissions import Actor
from avenrae.queries.sessions import find_actor, find_session_by_token
from avenrae.queries.users import DemoAccount, find_credentials, list_demo_accounts
from avenrae.services.sessions import WRONG, SlowDown, begin_attempt, finish_attempt, revoke_session
from avenrae.settings import settings

_LARGEST_FORM = 16 * 1024
_at_once = CapacityLimiter(4)
"""Checking a password costs a quarter of a second of a core: a flood of them must not stop everybody else."""


def sign_in(email: str, password: str, ip: str, user_agent: str, replaces: str = "") -> str:
    """Check an e-mail address and a password, open a session and return its token.

    The attempt is written down first, in a transaction of its own; the password is checked outside of any. A session
    that the browser already had (`replaces`, its token) ends. Unknown, suspended and erased accounts take the same
    time and get the same sentence as a wrong password.

    Raises:
        NotSignedIn: The e-mail address or the password is wrong.
        SlowDown: There were too many wrong ones; says how long to wait.
        TryAgain: The database is away.
    """
    nobody = Actor.system("sign-in")
    with transaction(nobody, "begin_attempt") as session:
        attempt_id = begin_attempt(session, nobody, email, ip)
        found = find_credentials(session, email.strip())
    right = matches(password, found.password_hash if found else None)
    if found is None or not right or not found.may_sign_in:
        raise NotSignedIn(WRONG)
    actor = Actor(user_id=found.user_id, role=found.role, name=found.name)
    with transaction(actor, "sign_in") as session:
        token = finish_attempt(session, actor, attempt_id, found, ip, user_agent)
    if replaces:
        _end(replaces)
    return token


async def show_sign_in(request: Request) -> Response:
    """Answer GET /sign-in: the form, or the console for those who are signed in already."""
    target = safe_next(request.query_params.get("next", "/"))
    try:
        if await find_session(request.headers) is not None:
            return RedirectResponse(target, 303)
    except AvenraeError as e:
        return await _form(target=target, message=e.message, status=e.status_code)
    return await _form(email=request.query_params.get("email", "")[:254], target=target)


async def take_sign_in(request: Request) -> Response:
    """Answer POST /sign-in: the cookie and the page that was asked for, or the form with a sentence."""
    try:
        form = await _read_form(request)
    except AvenraeError as e:
        return sentence_page(e)
    email, target = form.get("email", "")[:300], safe_next(form.get("next", "/"))
    ip = request.client.host if request.client else ""
    agent, replaces = request.headers.get("user-agent", ""), session_token(request.headers)
    try:
        token = await to_thread.run_sync(
            sign_in, email, form.get("password", ""), ip, agent, replaces, limiter=_at_once
        )
    except SlowDown as e:
        return await _form(email=email, target=target, message=e.message, status=429, retry_after=e.seconds)
    except AvenraeError as e:
        return await _form(email=email, target=target, message=e.message, status=e.status_code)
    response = RedirectResponse(target, 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings().session_max_days * 86_400,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


async def sign_out(request: Request) -> Response:
    """Answer /auth/logout: end the session and forget the cookie; links on other sites are not followed.

    Streamlit's `st.logout()` comes here by GET, so that the method cannot tell.
    """
    if not _asked_here(request):
        return RedirectResponse("/", 303)
    token = session_token(request.headers)
    response: Response = RedirectResponse("/sign-in", 303)
    try:
        if token:
            await to_thread.run_sync(_end, token)
    except AvenraeError as e:
        response = sentence_page(e)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return response


def _end(token: str) -> None:
    """End the session that a token opens, if it still opens one."""
    with read_session() as reading:
        session_id: uuid.UUID | None = find_session_by_token(reading, token)
        actor = find_actor(reading, session_id) if session_id else None
    if actor is not None and session_id is not None:
        with transaction(actor, "sign_out") as session:
            revoke_session(session, actor, session_id)


def _asked_here(request: Request) -> bool:
    """Return whether the person asked for this on our own page or in the address bar."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    referer = request.headers.get("referer")  # browsers name the site only over HTTPS and on localhost
    return referer is None or urlsplit(referer).netloc == request.headers.get("host")


async def _read_form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise InvalidInput("This is too much for the sign-in form.")
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise InvalidInput("This is not what the sign-in form sends.") from None
    return {name: values[0] for name, values in fields.items()}


async def _form(
    *, email: str = "", target: str = "/", message: str = "", status: int = 200, retry_after: int = 0
) -> Response:
    demo = [] if settings().is_production or status >= 500 else await to_thread.run_sync(_demo_accounts)
    return sign_in_page(
        email=email,
        target=target,
        message=message,
        status=status,
        demo=demo,
        demo_password=_demo_password() if demo else "",
        retry_after=retry_after,
    )


def _demo_accounts() -> list[DemoAccount]:
    try:
        with read_session() as session:
            return list_demo_accounts(session)
    except AvenraeError:
        return []


def _demo_password() -> str:
    return str(getattr(importlib.import_module("avenrae.demo"), "PASSWORD", ""))
