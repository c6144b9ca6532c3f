"""The forms of a service, and of the booking terms of all of them, for a practitioner or an admin for him."""

from typing import Any

import streamlit as st

from avenrae import money
from avenrae.enums import CancellationPolicy, Delivery
from avenrae.errors import InvalidInput
from avenrae.queries.availability import Availability
from avenrae.queries.offers import Offerer, OfferRow
from avenrae.scheduling.policies import SENTENCES
from avenrae.services.booking_terms import MOST_BUFFER, MOST_HORIZON, MOST_NOTICE, STEPS, edit_terms
from avenrae.services.offers import LONGEST, SHORTEST, add_service, checked_price, checked_title, edit_service
from avenrae.ui.actions import Form
from avenrae.ui.details import fact
from avenrae.ui.format import count

_AS_TYPED = ("title", "description", "category", "delivery", "buffer_before", "buffer_after", "policy")
TERMS = ("buffer_before", "buffer_after", "min_notice", "max_horizon", "slot_step")
_WHERE = {Delivery.IN_PERSON: "In person", Delivery.ONLINE: "Online", Delivery.BOTH: "In person or online"}


def where(delivery: Delivery) -> str:
    """Return where a service takes place, in words."""
    return _WHERE[delivery]


def service_form(offerer: Offerer, service: OfferRow | None = None) -> bool:
    """Draw the form, over a service or for a new one of a practitioner; returns whether it was just saved."""
    currency = service.currency if service else offerer.currency
    seen = {f: getattr(service, f) for f in (*_AS_TYPED, "duration_minutes", "price_minor")} if service else None
    with Form(f"service-{service.id if service else 'new'}", border=service is not None, of=seen) as form:
        left, right = st.columns(2)
        left.text_input("Title", value=service.title if service else "", key=form.key("title"), max_chars=200)
        right.text_input(
            "Category",
            value=service.category if service else "",
            key=form.key("category"),
            max_chars=100,
            placeholder="Reading, healing, coaching …",
        )
        left.number_input(
            "Length in minutes",
            min_value=SHORTEST,
            max_value=LONGEST,
            value=service.duration_minutes if service else 60,
            step=5,
            key=form.key("duration"),
        )
        right.text_input(
            f"Price ({currency})",
            value=money.plain(service.price_minor, currency) if service else "",
            key=form.key("price"),
            max_chars=20,
            placeholder="600.00",
        )
        places, policies = list(Delivery), list(CancellationPolicy)
        left.selectbox(
            "Where",
            places,
            index=places.index(service.delivery) if service else 0,
            format_func=where,
            key=form.key("delivery"),
        )
        right.selectbox(
            "When a client cancels",
            policies,
            index=policies.index(service.policy if service else CancellationPolicy.MODERATE),
            format_func=lambda policy: SENTENCES[policy],
            key=form.key("policy"),
        )
        for place, name, label, own in (
            (left, "buffer_before", "Minutes kept free before", offerer.buffer_before),
            (right, "buffer_after", "Minutes kept free after", offerer.buffer_after),
        ):
            place.number_input(
                label,
                min_value=0,
                max_value=MOST_BUFFER,
                value=getattr(service, name) if service else None,
                step=5,
                key=form.key(name),
                placeholder=f"{own}, as everywhere",
                help="Leave it empty for what the booking terms on the Availability page say.",
            )
        st.text_area(
            "Description",
            value=service.description if service else "",
            key=form.key("description"),
            height=120,
            max_chars=5000,
        )
        fields: dict[str, Any] = {name: form.field(name) for name in _AS_TYPED}
        fields["title"] = form.field("title", checked_title)
        fields["duration_minutes"] = form.field("duration", _length)
        fields["price_minor"] = form.field("price", lambda typed: checked_price(money.parse(typed, currency)))
        if service is None:
            return form.submit("Add service", add_service, "Service added.", offerer.id, **fields)
        st.caption("Bookings that exist keep the price, length and terms they were made with.")
        return form.submit("Save service", edit_service, "Service saved.", service.id, seen=seen, **fields)


def terms_form(now: Availability) -> bool:
    """Draw the form of the terms that hold for every service; returns whether it was just saved."""
    seen = {name: getattr(now, name) for name in TERMS}
    with Form(f"terms-{now.practitioner_id}", of=seen) as form:
        left, right = st.columns(2)
        for place, name, label, least, most, hint in (
            (
                left,
                "buffer_before",
                "Minutes kept free before a session",
                0,
                MOST_BUFFER,
                "A service may say otherwise.",
            ),
            (
                right,
                "buffer_after",
                "Minutes kept free after a session",
                0,
                MOST_BUFFER,
                "A service may say otherwise.",
            ),
            (left, "max_horizon", "Bookings open how many days ahead", 1, MOST_HORIZON, None),
        ):
            place.number_input(
                label, min_value=least, max_value=most, value=seen[name], step=5, key=form.key(name), help=hint
            )
        right.number_input(
            "Shortest notice, in hours",
            min_value=0.0,
            max_value=MOST_NOTICE / 60,
            value=now.min_notice / 60,
            step=1.0,
            format="%g",
            key=form.key("min_notice"),
            help="How long before its start a session can still be booked.",
        )
        left.number_input(
            "Minutes from one start to the next",
            min_value=STEPS[0],
            max_value=STEPS[1],
            value=now.slot_step,
            step=5,
            key=form.key("slot_step"),
            placeholder="As long as the service",
            help="Leave it empty and starts follow each other by the length of the service.",
        )
        st.caption("Bookings that exist keep the times they were made with.")
        fields: dict[str, Any] = {name: form.field(name, _given) for name in TERMS[:2] + TERMS[3:4]}
        return form.submit(
            "Save terms",
            edit_terms,
            "Terms saved.",
            now.practitioner_id,
            min_notice=form.field("min_notice", lambda hours: round(_given(hours) * 60)),
            slot_step=form.field("slot_step"),
            seen=seen,
            **fields,
        )


def terms_shown(now: Availability) -> None:
    """Draw the terms for somebody who only reads them."""
    with st.container(border=True):
        fact("Kept free around a session", f"{now.buffer_before} min before, {now.buffer_after} min after")
        fact("Shortest notice", f"{now.min_notice / 60:g} h")
        fact("Bookings open", f"{count(now.max_horizon, 'day')} ahead")
        fact("From one start to the next", f"{now.slot_step} min" if now.slot_step else "As long as the service")


def _given(typed: Any) -> Any:
    if typed is None:
        raise InvalidInput("Fill in every number; only the minutes from one start to the next may stay empty.")
    return typed


def _length(typed: Any) -> int:
    if typed is None:
        raise InvalidInput("Say how many minutes a session lasts.")
    return int(typed)
