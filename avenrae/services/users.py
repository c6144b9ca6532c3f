"""Accounts: one's own name and password, and what admins and support do to those of others."""

import re
import secrets
import uuid
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from avenrae.enums import PractitionerKind, Role
from avenrae.errors import Conflict, InvalidInput, NotFound, NotPermitted, NotSignedIn
from avenrae.letters import security as letters
from avenrae.models.identity import User
from avenrae.models.people import Client, Practitioner
from avenrae.passwords import hash_password, matches
from avenrae.permissions import Actor, Permission, require
from avenrae.queries.scopes import visible_users
from avenrae.services.account_notices import tell_owner
from avenrae.services.sessions import end_sessions, resettable_user
from avenrae.settings import settings

_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_ADMINS = text("SELECT pg_advisory_xact_lock(hashtextextended('the last active admin', 0))")


def edit_account(
    session: Session, actor: Actor, *, first_name: str, last_name: str, phone: str, time_zone: str
) -> None:
    """Change the actor's own name, phone and time zone.

    Raises:
        InvalidInput: A name is empty or too long, or the phone number or the time zone is none.
    """
    require(actor, Permission.ACCOUNT_EDIT)
    user = _user(session, actor, actor.user_id)
    user.first_name, user.last_name = _name(first_name), _name(last_name)
    user.phone = _phone(phone)
    user.time_zone = _zone(time_zone)
    session.flush()


def change_password(session: Session, actor: Actor, *, current: str, new: str) -> None:
    """Replace the actor's own password and end the actor's other sessions.

    Raises:
        InvalidInput: The current password is wrong, or the new one is too short, too long or the same.
        Conflict: The password was changed elsewhere at the same time.
    """
    require(actor, Permission.ACCOUNT_EDIT)
    user = session.scalar(select(User).where(User.id == actor.user_id, visible_users(actor)))
    if user is None:
        raise NotFound("This account does not exist any more.")
    if not matches(current, user.password_hash):
        raise InvalidInput("The current password is wrong.")
    if current == new:
        raise InvalidInput("The new password is the same as the current one.")
    replaced = session.scalar(
        update(User)
        .where(User.id == user.id, User.password_hash == user.password_hash)
        .values(password_hash=hash_password(new))
        .returning(User.id)
    )
    if replaced is None:
        raise Conflict("The password was changed somewhere else just now. Sign in again.")
    end_sessions(session, user.id, but=actor.session_id)
    tell_owner(session, actor, user.id, letters.PASSWORD_CHANGED)


def suspend_user(session: Session, actor: Actor, user_id: uuid.UUID) -> None:
    """Keep a user from signing in, end all of the user's sessions and send a last mail that says so.

    Raises:
        NotFound: There is no such user.
        NotPermitted: The role does not allow it.
        NotSignedIn: The actor was suspended in the meantime.
        Conflict: It is the last active admin, or oneself.
    """
    require(actor, Permission.USER_SUSPEND)
    session.execute(_ADMINS)
    _still_acting(session, actor)
    user = _user(session, actor, user_id)
    _not_the_last_admin(session, user)
    if user.id == actor.user_id:
        raise Conflict("You cannot suspend yourself. Another admin can.")
    if user.is_active:
        tell_owner(session, actor, user.id, letters.SUSPENDED)
    user.is_active = False
    session.flush()
    end_sessions(session, user.id)


def reactivate_user(session: Session, actor: Actor, user_id: uuid.UUID) -> None:
    """Let a suspended user sign in again.

    Raises:
        NotFound: There is no such user.
        NotPermitted: The role does not allow it.
        Conflict: The account has been erased.
    """
    require(actor, Permission.USER_SUSPEND)
    user = _user(session, actor, user_id)
    if user.erased_at is not None:
        raise Conflict("This account has been erased and cannot be used again.")
    was_suspended, user.is_active = not user.is_active, True
    session.flush()
    if was_suspended:
        tell_owner(session, actor, user.id, letters.REACTIVATED)


def change_role(session: Session, actor: Actor, user_id: uuid.UUID, role: Role) -> None:
    """Give a user another role; open pages of the user follow at their next interaction.

    Raises:
        NotFound: There is no such user.
        NotPermitted: The role does not allow it.
        NotSignedIn: The actor was suspended in the meantime.
        Conflict: It is the last active admin.
    """
    require(actor, Permission.USER_EDIT)
    session.execute(_ADMINS)
    _still_acting(session, actor)
    user = _user(session, actor, user_id)
    if role != Role.ADMIN:
        _not_the_last_admin(session, user)
    before, user.role = Role(user.role), role
    session.flush()
    _has_its_profile(session, user)
    if role != before:
        tell_owner(session, actor, user.id, letters.ROLE_CHANGED, before=before.value, role=role.value)


def add_user(
    session: Session,
    actor: Actor,
    *,
    email: str,
    first_name: str,
    last_name: str,
    role: Role,
    password: str,
    kind: PractitionerKind = PractitionerKind.HEALER,
) -> uuid.UUID:
    """Add an account that can sign in at once and return its id; `kind` is what a practitioner is.

    Raises:
        InvalidInput: A name, the e-mail address or the password cannot be used.
        NotPermitted: The role does not allow it.
        Conflict: The e-mail address is taken (said by the database when the transaction writes).
    """
    require(actor, Permission.USER_EDIT)
    user = User(
        email=_email(email),
        first_name=_name(first_name),
        last_name=_name(last_name),
        role=role,
        password_hash=hash_password(password),
        time_zone=settings().time_zone,
    )
    session.add(user)
    session.flush()
    _has_its_profile(session, user, kind)
    return user.id


def add_client(
    session: Session, actor: Actor, *, first_name: str, last_name: str, email: str, phone: str = ""
) -> uuid.UUID:
    """Add a client who came in person and return his key as a client; without a password nobody can sign in as him.

    Raises:
        InvalidInput: A name, the e-mail address or the phone number cannot be used.
        NotPermitted: The role does not allow it.
        Conflict: The e-mail address is taken (said by the database when the transaction writes).
    """
    require(actor, Permission.CLIENT_ADD)
    user = User(
        email=_email(email),
        first_name=_name(first_name),
        last_name=_name(last_name),
        role=Role.CLIENT,
        phone=_phone(phone),
        time_zone=settings().time_zone,
    )
    session.add(user)
    session.flush()
    client = Client(user_id=user.id)
    session.add(client)
    session.flush()
    return client.id


def reset_password(session: Session, actor: Actor, user_id: uuid.UUID) -> str:
    """Give a user a new random password, end the user's sessions and return the password, to be told once.

    Raises:
        NotFound: There is no such user.
        NotPermitted: The role does not allow it, or the account is an admin's and the actor is not one.
        Conflict: It is one's own account, or one that has been erased.
    """
    user = resettable_user(session, actor, user_id)
    if user.id == actor.user_id:
        raise Conflict("Change your own password on your account's page.")
    if user.erased_at is not None:
        raise Conflict("This account has been erased and cannot be used again.")
    password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    user.password_hash = hash_password(password)
    session.flush()
    end_sessions(session, user.id)
    tell_owner(session, actor, user.id, letters.PASSWORD_RESET)
    return password


def _user(session: Session, actor: Actor, user_id: uuid.UUID | None) -> User:
    user = session.scalar(
        select(User)
        .where(User.id == user_id, visible_users(actor))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if user is None:
        raise NotFound("This person does not exist.")
    return user


def _still_acting(session: Session, actor: Actor) -> None:
    """Ask again, now that the lock is held: another admin may have been quicker."""
    if actor.user_id is None:
        return
    role, active = session.execute(select(User.role, User.is_active).where(User.id == actor.user_id)).one()
    if not active:
        raise NotSignedIn("Your account has been suspended. Another admin can reactivate it.")
    if role != actor.role:
        raise NotPermitted("Your role has been changed. Reload the page.")


def _not_the_last_admin(session: Session, user: User) -> None:
    if user.role != Role.ADMIN or not user.is_active:
        return
    others = session.scalar(
        select(func.count()).where(
            User.role == Role.ADMIN, User.is_active, User.erased_at.is_(None), User.id != user.id
        )
    )
    if not others:
        raise Conflict("This is the last active admin. Make somebody else an admin first.")


def _has_its_profile(session: Session, user: User, kind: PractitionerKind = PractitionerKind.HEALER) -> None:
    """Give a client the row that bookings and orders refer to, and a practitioner a draft of a profile."""
    if user.role == Role.CLIENT and session.scalar(select(Client.id).where(Client.user_id == user.id)) is None:
        session.add(Client(user_id=user.id))
    if (
        user.role == Role.PRACTITIONER
        and session.scalar(select(Practitioner.id).where(Practitioner.user_id == user.id)) is None
    ):
        session.add(
            Practitioner(
                user_id=user.id,
                kind=kind,
                hourly_rate_minor=0,
                currency=settings().currency,
                time_zone=user.time_zone or settings().time_zone,
            )
        )
    session.flush()


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise InvalidInput("First and last name must have 1 to 100 letters each.")
    return name


def _email(text: str) -> str:
    email = text.strip()
    if len(email) > 254 or not email.isprintable() or not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise InvalidInput("This is not an e-mail address.")
    return email


def _phone(text: str) -> str | None:
    phone = " ".join(text.split())
    if phone and not (re.fullmatch(r"\+?[0-9 ()/.-]{5,30}", phone) and sum(c.isdigit() for c in phone) >= 5):
        raise InvalidInput("This is not a phone number. Write it like +27 82 123 4567, or leave it empty.")
    return phone or None


def _zone(name: str) -> str:
    if name not in _zones():
        raise InvalidInput("This is not a time zone. Choose one such as Africa/Johannesburg.")
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
