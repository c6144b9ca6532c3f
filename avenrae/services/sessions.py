"""Signing in and out: attempts, the slow-down of guessing, and the sessions that come of it."""

import secrets
import uuid
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.orm import Session

from avenrae.browsers import browser_name, without_versions
from avenrae.clock import now
from avenrae.enums import Role
from avenrae.errors import NotFound, NotPermitted, NotSignedIn, TryAgain
from avenrae.letters import security as letters
from avenrae.models.identity import SignInAttempt, SignInSession, User
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_users
from avenrae.queries.sessions import token_hash
from avenrae.queries.users import Credentials
from avenrae.services.account_notices import tell_owner
from avenrae.settings import settings

WRONG = "E-mail or password is wrong."
WINDOW = timedelta(minutes=15)
FREE_FAILURES_OF_ACCOUNT = 5
FREE_FAILURES_OF_ADDRESS = 30
LONGEST_WAIT = 900

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


class SlowDown(TryAgain):
    """Too many wrong passwords; `seconds` says how long to wait."""

    status_code = 429

    def __init__(self, seconds: int) -> None:
        wait = f"{seconds} second{'s' * (seconds != 1)}" if seconds <= 90 else f"{-(-seconds // 60)} minutes"
        super().__init__(f"Too many attempts with a wrong password. Wait {wait}, then try again.")
        self.seconds = seconds


def begin_attempt(session: Session, actor: Actor, email: str, ip: str) -> uuid.UUID:
    """Record an attempt to sign in and return its id; it counts as a failure until `finish_attempt`.

    After 5 failures of an account (30 of an address) within 15 minutes the wait is 2 s and doubles with each
    further one, up to 15 minutes. A success clears the account's count, not the address's. Attempts at one account
    wait for each other here, so that guessing in parallel gains nothing. A refused attempt is not counted.

    Raises:
        SlowDown: The wait is not over; the sentence says how long it still is.
    """
    account = sha256(email.strip().lower().encode("utf-8", "surrogatepass")).digest()
    # Always the account before the address, so that two attempts never wait for each other in a circle.
    session.execute(_LOCK, {"what": f"sign-in account {account.hex()}"})
    session.execute(_LOCK, {"what": f"sign-in address {ip}"})
    at = now()
    of_account = SignInAttempt.account_hash == account
    last_success = session.scalar(
        select(func.max(SignInAttempt.occurred_at)).where(of_account, SignInAttempt.succeeded)
    )
    since = max(at - WINDOW, last_success or at - WINDOW)
    wait = max(
        _wait(session, of_account, since, at, FREE_FAILURES_OF_ACCOUNT),
        _wait(session, SignInAttempt.ip == ip, at - WINDOW, at, FREE_FAILURES_OF_ADDRESS),
    )
    if wait > 0:
        raise SlowDown(wait)
    attempt = SignInAttempt(account_hash=account, ip=ip, occurred_at=at)
    session.add(attempt)
    session.flush()
    return attempt.id


def _wait(session: Session, whose: ColumnElement[bool], since: datetime, at: datetime, free: int) -> int:
    failures, last = session.execute(
        select(func.count(), func.max(SignInAttempt.occurred_at)).where(
            whose, ~SignInAttempt.succeeded, SignInAttempt.occurred_at > since
        )
    ).one()
    if failures < free:
        return 0
    seconds = min(LONGEST_WAIT, 2 ** min(failures - free + 1, 10))
    over = last + timedelta(seconds=seconds)
    return max(0, -(-(over - at) // timedelta(seconds=1)))


def finish_attempt(
    session: Session, actor: Actor, attempt_id: uuid.UUID, checked: Credentials, ip: str, user_agent: str
) -> str:
    """Open a session for the person whose password was right and return its token, the only time it is known.

    Raises:
        NotSignedIn: The account was suspended, erased or given another password in the meantime.
    """
    user = session.scalar(
        select(User)
        .where(User.id == checked.user_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    unchanged = user is not None and user.password_hash == checked.password_hash
    if user is None or not unchanged or not user.is_active or user.erased_at is not None:
        raise NotSignedIn(WRONG)
    at = now()
    is_new = user.last_sign_in_at is not None and _is_new_browser(session, user.id, user_agent)
    session.execute(update(SignInAttempt).where(SignInAttempt.id == attempt_id).values(succeeded=True))
    token = secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            user_id=user.id,
            token_hash=token_hash(token),
            user_agent=user_agent[:400].replace("\0", ""),
            ip=ip,
            last_seen_at=at,
            expires_at=at + timedelta(days=settings().session_max_days),
        )
    )
    user.last_sign_in_at = at
    session.flush()
    if is_new:
        browser, address = browser_name(user_agent), ip or "not known"
        tell_owner(session, actor, user.id, letters.SIGN_IN, browser=browser, address=address)
    return token


def _is_new_browser(session: Session, user_id: uuid.UUID, user_agent: str) -> bool:
    """Return whether no session that is kept was opened with this browser, whatever its version."""
    used = session.scalars(select(SignInSession.user_agent).where(SignInSession.user_id == user_id).distinct())
    return without_versions(user_agent[:400]) not in {without_versions(agent) for agent in used}


def touch_session(session: Session, actor: Actor, session_id: uuid.UUID) -> None:
    """Note that a session is in use, at most once a minute; one that has ended stays ended."""
    at = now()
    session.execute(
        update(SignInSession)
        .where(
            SignInSession.id == session_id,
            SignInSession.revoked_at.is_(None),
            SignInSession.last_seen_at <= at - timedelta(minutes=1),
            SignInSession.last_seen_at > at - timedelta(hours=settings().session_idle_hours),
        )
        .values(last_seen_at=at)
        .execution_options(synchronize_session=False)
    )


def revoke_session(session: Session, actor: Actor, session_id: uuid.UUID) -> None:
    """End one signed-in device: one's own, or anybody's for those who may reset accounts.

    Raises:
        NotFound: There is no such session, or it is somebody else's.
        NotPermitted: It is an admin's and the actor is not one.
    """
    owner = session.scalar(select(SignInSession.user_id).where(SignInSession.id == session_id))
    if owner is None or (owner != actor.user_id and not actor.may(Permission.USER_RESET)):
        raise NotFound("This device is not signed in any more.")
    if owner != actor.user_id:
        resettable_user(session, actor, owner)
    ended = _revoke(session, SignInSession.id == session_id)
    if session_id != actor.session_id:
        _tell_of_ended(session, actor, owner, ended)


def revoke_other_sessions(session: Session, actor: Actor) -> int:
    """End all of the actor's own sessions but the present one and return how many there were."""
    if actor.user_id is None:
        return 0
    ended = end_sessions(session, actor.user_id, but=actor.session_id)
    _tell_of_ended(session, actor, actor.user_id, ended)
    return ended


def revoke_all_sessions(session: Session, actor: Actor, user_id: uuid.UUID) -> int:
    """End every session of a user and return how many there were.

    Raises:
        NotFound: There is no such user.
        NotPermitted: It is somebody else and the role does not allow it.
    """
    if user_id != actor.user_id:
        resettable_user(session, actor, user_id)
    ended = end_sessions(session, user_id)
    _tell_of_ended(session, actor, user_id, ended)
    return ended


def end_sessions(session: Session, user_id: uuid.UUID, *, but: uuid.UUID | None = None) -> int:
    """End a user's sessions, as part of something that the user is told of; returns how many there were."""
    return _revoke(session, (SignInSession.user_id == user_id) & SignInSession.id.is_distinct_from(but))


def resettable_user(session: Session, actor: Actor, user_id: uuid.UUID) -> User:
    """Return a user, locked, whose password and sessions the actor may reset.

    Raises:
        NotFound: There is no such user.
        NotPermitted: The role does not allow it, or the account is an admin's and the actor is not one.
    """
    require(actor, Permission.USER_RESET)
    user = session.scalar(
        select(User)
        .where(User.id == user_id, visible_users(actor))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if user is None:
        raise NotFound("This person does not exist.")
    if user.role == Role.ADMIN and actor.role != Role.ADMIN:
        raise NotPermitted("Only an admin can do this to an admin's account.")
    return user


def _tell_of_ended(session: Session, actor: Actor, user_id: uuid.UUID, ended: int) -> None:
    if ended:
        devices = "1 device" if ended == 1 else f"{ended} devices"
        tell_owner(session, actor, user_id, letters.DEVICES_SIGNED_OUT, devices=devices)


def _revoke(session: Session, which: ColumnElement[bool]) -> int:
    ended = session.scalars(
        update(SignInSession)
        .where(which, SignInSession.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(SignInSession.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())
