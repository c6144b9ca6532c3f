"""Accounts: one's own, the one that signs in, and which of them an actor may see."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae.enums import Role
from avenrae.errors import NotFound
from avenrae.models.identity import User
from avenrae.permissions import Actor
from avenrae.queries.scopes import visible_users


@dataclass(frozen=True)
class Account:
    """What a person sees of the own account."""

    id: uuid.UUID
    email: str
    first_name: str
    last_name: str
    role: Role
    phone: str
    time_zone: str
    locale: str
    has_password: bool
    last_sign_in_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Credentials:
    """What checking a password needs; leaves the data layer only towards the sign-in."""

    user_id: uuid.UUID
    role: Role
    name: str
    password_hash: str | None
    may_sign_in: bool


@dataclass(frozen=True)
class DemoAccount:
    """An account of the demo world, offered on the sign-in page during development."""

    email: str
    name: str
    role: Role


def get_account(session: Session, actor: Actor) -> Account:
    """Return the actor's own account.

    Raises:
        NotFound: The system has none.
    """
    user = session.scalar(select(User).where(User.id == actor.user_id, visible_users(actor)))
    if user is None:
        raise NotFound("This account does not exist any more.")
    return Account(
        id=user.id,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        role=Role(user.role),
        phone=user.phone or "",
        time_zone=user.time_zone,
        locale=user.locale,
        has_password=user.password_hash is not None,
        last_sign_in_at=user.last_sign_in_at,
        created_at=user.created_at,
    )


def find_credentials(session: Session, email: str) -> Credentials | None:
    """Return what the password of this e-mail address is checked against, or None when nobody has it."""
    if "\0" in email:
        return None
    user = session.scalar(select(User).where(func.lower(User.email) == func.lower(email)))
    if user is None:
        return None
    return Credentials(
        user_id=user.id,
        role=Role(user.role),
        name=user.name,
        password_hash=user.password_hash,
        may_sign_in=user.is_active and user.erased_at is None,
    )


def list_demo_accounts(session: Session, domain: str = "demo.avenrae.example") -> list[DemoAccount]:
    """Return one account of the demo world for each role, staff first; none where there is no demo world."""
    first = (
        select(User)
        .where(User.email.like(f"%@{domain}"), User.is_active, User.password_hash.is_not(None))
        .distinct(User.role)
        .order_by(User.role, User.id)
    )
    order = [Role.ADMIN, Role.SUPPORT, Role.PRACTITIONER, Role.CLIENT]
    found = sorted(session.scalars(first), key=lambda user: order.index(Role(user.role)))
    return [DemoAccount(email=user.email, name=user.name, role=Role(user.role)) for user in found]
