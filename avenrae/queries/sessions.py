"""Who is signed in: read again on every run of a page, so that what an admin ends has ended."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from avenrae.clock import now
from avenrae.enums import Role
from avenrae.errors import NotSignedIn
from avenrae.models.identity import SignInSession, User
from avenrae.models.people import Client, Practitioner
from avenrae.permissions import Actor, Permission, require
from avenrae.settings import settings


@dataclass(frozen=True)
class SignedInDevice:
    """One place where somebody is signed in; `is_current` marks the one that asks."""

    id: uuid.UUID
    user_agent: str
    ip: str
    signed_in_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_current: bool


def token_hash(token: str) -> bytes:
    """Return what the database keeps of a cookie's token: its SHA-256."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def is_live() -> ColumnElement[bool]:
    """Return the condition under which a session (joined with its user) still counts."""
    at = now()
    return and_(
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > at,
        SignInSession.last_seen_at > at - timedelta(hours=settings().session_idle_hours),
        User.is_active,
        User.erased_at.is_(None),
    )


def find_actor(session: Session, session_id: uuid.UUID) -> Actor | None:
    """Return who is signed in by this session, or None when it has ended, whatever the reason."""
    found = session.execute(
        select(
            User.id,
            User.role,
            (User.first_name + " " + User.last_name).label("name"),
            User.email,
            User.time_zone,
            Practitioner.id.label("practitioner_id"),
            Client.id.label("client_id"),
        )
        .join(SignInSession, SignInSession.user_id == User.id)
        .outerjoin(Practitioner, Practitioner.user_id == User.id)
        .outerjoin(Client, Client.user_id == User.id)
        .where(SignInSession.id == session_id, is_live())
    ).first()
    if found is None:
        return None
    return Actor(
        user_id=found.id,
        role=Role(found.role),
        name=found.name,
        email=found.email,
        time_zone=found.time_zone,
        practitioner_id=found.practitioner_id,
        client_id=found.client_id,
        session_id=session_id,
    )


def find_session_by_token(session: Session, token: str) -> uuid.UUID | None:
    """Return the session that a cookie's token opens, or None when it opens none any more."""
    return session.scalar(
        select(SignInSession.id)
        .join(User, User.id == SignInSession.user_id)
        .where(SignInSession.token_hash == token_hash(token), is_live())
    )


def ended_sessions(session: Session, ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return which of these sessions do not count any more: revoked, expired, idle, or of a suspended user."""
    asked = set(ids)
    if not asked:
        return asked
    live = session.scalars(
        select(SignInSession.id)
        .join(User, User.id == SignInSession.user_id)
        .where(SignInSession.id.in_(asked), is_live())
    )
    return asked - set(live)


def list_sessions(session: Session, actor: Actor, user_id: uuid.UUID | None = None) -> list[SignedInDevice]:
    """Return where the actor (or, for those who may reset accounts, somebody else) is signed in, latest use first.

    Raises:
        NotPermitted: It is somebody else's list and the role does not allow that.
        NotSignedIn: The system has no sessions of its own.
    """
    owner = user_id or actor.user_id
    if owner is None:
        raise NotSignedIn("Sign in to see where you are signed in.")
    if owner != actor.user_id:
        require(actor, Permission.USER_RESET)
    rows = session.scalars(
        select(SignInSession)
        .join(User, User.id == SignInSession.user_id)
        .where(SignInSession.user_id == owner, is_live())
        .order_by(SignInSession.last_seen_at.desc(), SignInSession.id)
    )
    return [
        SignedInDevice(
            id=row.id,
            user_agent=row.user_agent,
            ip=row.ip,
            signed_in_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            is_current=row.id == actor.session_id,
        )
        for row in rows
    ]
