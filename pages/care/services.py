"""Services: what a practitioner offers, and one service with its form and history.

A practitioner keeps his own; an admin anybody's, reached from the practitioner's page (`?practitioner=`). A row
opens one service (`?id=`): its facts, what can be done with it, and its history.
"""

import streamlit as st

from avenrae.queries.listing import key_of
from avenrae.queries.offers import Offerer, OfferRow, get_offer, get_offerer, list_offers
from avenrae.scheduling.policies import SENTENCES
from avenrae.services.offers import offer_service, retire_service
from avenrae.ui.actions import action, actor, load, opener
from avenrae.ui.details import fact, no_record_chosen
from avenrae.ui.format import count, number, plain_text, show_money
from avenrae.ui.history import show_history
from avenrae.ui.lists import link, open_screen
from avenrae.ui.records import Cell, Column, records
from avenrae.ui.service_form import service_form, where

who = actor()
chosen = key_of(st.query_params.get("id"))


def main() -> None:
    """Draw the page."""
    if chosen:
        _one(load(get_offer, chosen))
        return
    owner = key_of(st.query_params.get("practitioner")) or who.practitioner_id
    if owner is None:
        st.title("Services")
        no_record_chosen("care/practitioners", "Practitioners")
    _all(load(get_offerer, owner))


def _all(offerer: Offerer) -> None:
    is_own = offerer.id == who.practitioner_id
    if not is_own:
        link("care/practitioner", offerer.name, icon=":material/arrow_back:", id=str(offerer.id))
    head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    head.title("Services" if is_own else f"Services of {plain_text(offerer.name)}")

    @st.dialog("New service", width="large")
    def new_service() -> None:
        st.caption("Clients can book it at once, in the open hours.")
        if service_form(offerer):
            st.rerun()

    with head:
        opener("New service", new_service, icon=":material/add:", primary=True)
    found = load(list_offers, offerer.id)
    offered = sum(s.is_available for s in found)
    st.caption(f"{count(len(found), 'service')}, {number(offered)} on offer" if found else "")
    columns: list[Column[OfferRow]] = [
        Column("Service", lambda s: Cell(s.title, sub=s.category), primary=True),
        Column("State", _state),
        Column("Length", lambda s: f"{s.duration_minutes} min", align="right"),
        Column("Price", lambda s: show_money(s.price_minor, s.currency), align="right"),
        Column("Where", lambda s: where(s.delivery)),
        Column("Kept free", _buffers),
        Column("When a client cancels", lambda s: SENTENCES[s.policy]),
        Column("Sessions ahead", lambda s: number(s.ahead), align="right"),
    ]
    records(
        found,
        columns,
        label="services",
        key="services",
        row_id=lambda s: str(s.id),
        url_path="services",
        on_open=lambda opened: open_screen("care/services", id=opened),
        empty="Nothing is offered yet. Add the first service, then clients can book.",
    )


def _one(service: OfferRow) -> None:
    is_own = service.practitioner_id == who.practitioner_id
    back = {} if is_own else {"practitioner": str(service.practitioner_id)}
    label = "Services" if is_own else f"Services of {plain_text(service.practitioner_name)}"
    link("care/services", label, icon=":material/arrow_back:", **back)
    st.title(plain_text(service.title))
    badge = ":green-badge[On offer]" if service.is_available else ":gray-badge[Retired]"
    st.markdown(f"{service.duration_minutes} min · {show_money(service.price_minor, service.currency)} {badge}")
    with st.container(horizontal=True):
        action(
            "Retire",
            retire_service,
            "Retired. Nobody can book it; sessions that are agreed take place.",
            service.id,
            key=f"retire-{service.id}",
            icon=":material/inventory:",
            refused="" if service.is_available else "It is retired already.",
        )
        action(
            "Offer again",
            offer_service,
            "On offer again.",
            service.id,
            key=f"offer-{service.id}",
            icon=":material/sell:",
            primary=not service.is_available,
            refused="It is on offer." if service.is_available else "",
        )
    facts, edit, history = st.tabs(["Service", "Edit", "History"])
    with facts, st.container(border=True):
        fact("Description", service.description)
        left, right = st.columns(2)
        with left:
            fact("Category", service.category)
            fact("Where", where(service.delivery))
            fact("Sessions ahead", number(service.ahead))
        with right:
            fact("Kept free around it", _buffers(service).text)
            fact("When a client cancels", SENTENCES[service.policy])
            link("care/bookings", "Bookings", icon=":material/event:", practitioner=str(service.practitioner_id))
    with edit:
        service_form(load(get_offerer, service.practitioner_id), service)
    with history:
        show_history("services", service.id, service.currency)


def _state(service: OfferRow) -> Cell:
    return Cell("On offer", tone="green") if service.is_available else Cell("Retired", tone="grey")


def _buffers(service: OfferRow) -> Cell:
    """What is kept free before and after; what the service does not say comes from the practitioner."""
    before = service.own_before if service.buffer_before is None else service.buffer_before
    after = service.own_after if service.buffer_after is None else service.buffer_after
    kept = [f"{minutes} min {side}" for minutes, side in ((before, "before"), (after, "after")) if minutes]
    return Cell(", ".join(kept) or "Nothing")


main()
