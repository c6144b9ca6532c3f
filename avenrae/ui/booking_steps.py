"""The first two steps of a new booking, who and what; what is chosen stands in the address."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from avenrae.enums import Role, VerificationStatus
from avenrae.errors import NotFound
from avenrae.permissions import Permission
from avenrae.queries.directory import PractitionerRow, list_practitioners
from avenrae.queries.directory_filters import PractitionerFilters
from avenrae.queries.listing import key_of
from avenrae.queries.people import ClientChoice, find_by_email, find_clients, name_of
from avenrae.queries.practitioners import ServiceRow, get_practitioner, list_services
from avenrae.ui.actions import Field, actor, load, told
from avenrae.ui.details import fact
from avenrae.ui.format import plain_text, show_money, words
from avenrae.ui.lists import choice

APPROVED = VerificationStatus.APPROVED
_KNOWN, _NEW = "A client", "Somebody new"
_PERSON = {"first_name": "First name", "last_name": "Last name", "email": "E-mail", "phone": "Phone, if you like"}


@dataclass(frozen=True)
class Who:
    """Whom the session is for: a client, or somebody new by the fields of his name and address."""

    client_id: uuid.UUID | None
    newcomer: dict[str, Field]


def who_step() -> Who | None:
    """Draw the first step; a client books for himself."""
    if actor().role is Role.CLIENT:
        fact("Client", f"{actor().name}, yourself")
        return Who(actor().client_id, {})
    if named := key_of(st.query_params.get("client")):
        name = load(name_of, client=named, practitioner=None)
        if not name:
            raise NotFound("There is no such client.")
        _chosen("Client", name, "client")
        return Who(named, {})
    mode = _KNOWN
    if actor().may(Permission.CLIENT_ADD):
        mode = st.segmented_control("Who comes", [_KNOWN, _NEW], default=_KNOWN, required=True, key="who-comes")
    if mode == _NEW:
        return _newcomer()
    search = st.text_input("Find the client", key="find-client", placeholder="Name or e-mail", type="search")
    found = load(find_clients, search) if search.strip() else []
    chosen = _one_of(found, "Client", "client", search, lambda c: f"{c.name} · {c.email}")
    return Who(chosen, {}) if chosen else None


def what_step() -> tuple[PractitionerRow, ServiceRow] | None:
    """Draw the second step: a practitioner, then one of the services on offer."""
    named = key_of(st.query_params.get("practitioner"))
    if named is None:
        hint = "Name, city or specialty"
        search = st.text_input("Find the practitioner", key="find-practitioner", placeholder=hint, type="search")
        filters = PractitionerFilters(search=search, status=APPROVED)
        found = load(list_practitioners, filters, size=20) if search.strip() else []
        named = _one_of(
            found,
            "Practitioner",
            "practitioner",
            search,
            lambda p: " · ".join(filter(None, (p.name, words(p.kind), p.city))),
        )
        if named is None:
            return None
    practitioner = load(get_practitioner, named)
    _chosen("Practitioner", f"{practitioner.name} · {words(practitioner.kind)}", "practitioner", "service")
    if practitioner.verification_status != APPROVED:
        st.warning(f"This practitioner cannot be booked: the profile is {practitioner.verification_status}.")
        return None
    service = _service(load(list_services, practitioner.id, offered_only=True))
    return (practitioner, service) if service else None


def _service(offered: Sequence[ServiceRow]) -> ServiceRow | None:
    if not offered:
        st.warning("This practitioner offers nothing at the moment.")
        return None
    by_key = {str(s.id): s for s in offered}
    if len(offered) == 1:
        st.query_params.setdefault("service", next(iter(by_key)))
    chosen = choice(
        "Service",
        by_key,
        key="service",
        every=f"Choose of {len(offered)}",
        name=lambda key: _offer(by_key[key]),
    )
    return by_key.get(chosen)


def _offer(service: ServiceRow) -> str:
    return f"{service.title} · {service.duration_minutes} min · {show_money(service.price_minor, service.currency)}"


def _newcomer() -> Who | None:
    """Draw the fields of somebody who is no client yet; who turns out to be one can be chosen instead."""
    left, right = st.columns(2)
    for n, (name, label) in enumerate(_PERSON.items()):
        (left, right)[n % 2].text_input(
            label, key=f"new:{name}", max_chars=254 if name == "email" else 100, persist_state="page"
        )
    typed = {name: str(st.session_state.get(f"new:{name}") or "").strip() for name in _PERSON}
    st.caption("Mail about the session goes to this address. No password is set: nobody can sign in with it.")
    if typed["email"] and (known := load(find_by_email, typed["email"])):
        _known_already(known)
        return None
    if not all(typed[name] for name in ("first_name", "last_name", "email")):
        return None
    return Who(None, {name: Field(f"new:{name}", lambda value: value or "") for name in _PERSON})


def _known_already(known: ClientChoice) -> None:
    st.info(f"{plain_text(known.name)} is a client with this address already.", icon=":material/person_check:")
    st.button("Book for this client", key="known", on_click=_to_address, args=("client", str(known.id)))


def _one_of(found: Sequence[Any], label: str, key: str, search: str, name: Callable[[Any], str]) -> uuid.UUID | None:
    """Draw the choice among what was found; the only one is chosen already."""
    if not found:
        if search.strip():
            st.caption("Nobody is called that. Try fewer letters.")
        return None
    if len(found) == 1:
        st.query_params[key] = str(found[0].id)
        st.rerun()
    by_key = {str(row.id): row for row in found}
    widget = f"find:{key}:{search}"
    st.selectbox(
        label,
        list(by_key),
        index=None,
        format_func=lambda chosen: name(by_key[chosen]),
        key=widget,
        placeholder=f"Choose of {len(found)}",
        on_change=told(widget, partial(_to_address, key)),
    )
    return None


def _chosen(label: str, name: str, *keys: str) -> None:
    """Draw what the address names, with the button that takes it away."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        fact(label, name)
        st.button(
            f"Choose another {label.lower()}",
            key=f"again:{keys[0]}",
            on_click=_forget,
            args=keys,
            icon=":material/close:",
            type="tertiary",
        )


def _to_address(key: str, value: str | None) -> None:
    if value:
        st.query_params[key] = value


def _forget(*keys: str) -> None:
    for key in keys:
        st.query_params.pop(key, None)
