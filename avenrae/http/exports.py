"""What is in the file of each list: its filters from the address, its rows, and a cell for each heading."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy.orm import Session

from avenrae import money
from avenrae.permissions import Actor
from avenrae.queries import (
    bookings,
    desk_figures,
    directory,
    directory_filters,
    figure_tickets,
    incoming_mails,
    ledger,
    orders,
    outbox,
    products,
    reviews,
    tickets,
    waiting_list,
)


@dataclass(frozen=True)
class Amount:
    """An amount in minor units; reads like `1250.50`."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return money.plain(self.minor, self.currency)


@dataclass(frozen=True)
class Cell:
    """What of a row stands under a heading; moments are told in the zone of who reads."""

    value: Callable[[Any], Any]
    is_moment: bool = False


@dataclass(frozen=True)
class Export:
    """How one list becomes a file; `sort` is used where the address names none."""

    filters: Callable[[Mapping[str, str], str], Any]
    rows: Callable[[Session, Actor, Any, str], Iterator[Any]]
    sort: str
    cells: Mapping[str, Cell]


def _plain(*names: str) -> dict[str, Cell]:
    return {name: Cell(attrgetter(name)) for name in names}


def _named(heading: str, name: str) -> dict[str, Cell]:
    return {heading: Cell(attrgetter(name))}


def _at(*names: str) -> dict[str, Cell]:
    return {name: Cell(attrgetter(name), is_moment=True) for name in names}


def _amount(heading: str, name: str) -> dict[str, Cell]:
    return {heading: Cell(lambda row: Amount(getattr(row, name), row.currency))}


EXPORTS: dict[str, Export] = {
    "bookings": Export(
        bookings.booking_filters,
        bookings.each_booking,
        "-starts_at",
        {
            **_plain("reference"),
            **_at("starts_at", "ends_at"),
            **_plain("time_zone", "status", "payment_status"),
            **_named("client", "client_name"),
            **_named("practitioner", "practitioner_name"),
            **_named("service", "service_title"),
            **_amount("price", "price_minor"),
            **_plain("currency"),
        },
    ),
    "entries": Export(
        ledger.entry_filters,
        ledger.each_entry,
        "-occurred_at",
        {
            **_at("occurred_at"),
            **_plain("kind", "source"),
            **_named("of", "subject"),
            **_amount("gross", "gross_minor"),
            **_amount("commission", "commission_minor"),
            **_plain("currency", "note"),
        },
    ),
    "incoming-mail": Export(
        incoming_mails.mail_filters,
        incoming_mails.each_mail,
        "-received_at",
        {
            **_at("received_at"),
            **_plain("sender", "subject", "verdict", "reason"),
            **_named("ticket", "ticket_number"),
        },
    ),
    "mails": Export(
        outbox.outbox_filters,
        outbox.each_outbox,
        "-created_at",
        {
            **_at("created_at"),
            **_plain("reader"),
            **_named("to", "to_address"),
            **_plain("kind", "subject", "status", "attempts", "error"),
            **_at("handed_over_at", "sent_at"),
        },
    ),
    "orders": Export(
        orders.order_filters,
        orders.each_order,
        "-placed_at",
        {
            **_plain("reference", "kind"),
            **_at("placed_at"),
            **_plain("status", "payment_status"),
            **_named("client", "client_name"),
            **_plain("country", "pieces"),
            **_amount("total", "total_minor"),
            **_amount("refunded", "refunded_minor"),
            **_plain("currency"),
        },
    ),
    "products": Export(
        products.product_filters,
        products.each_product,
        "title",
        {
            **_plain("sku", "title", "product_type", "category"),
            **_amount("price", "price_minor"),
            **_plain("currency", "is_active", "in_stock", "on_hand", "allocated", "available", "reorder_level"),
        },
    ),
    "desk-figures": Export(
        desk_figures.desk_filters,
        figure_tickets.each_figure_ticket,
        "-at",
        {
            **_plain("number", "subject", "requester", "assignee", "category", "priority", "status", "policy"),
            **_at("created_at", "first_responded_at"),
            **_plain("first_response_minutes"),
            **_at("resolved_at"),
            **_plain("resolution_minutes", "is_broken", "satisfaction"),
        },
    ),
    "tickets": Export(
        tickets.ticket_filters,
        tickets.each_ticket,
        "due",
        {
            **_plain("number", "subject", "status", "priority", "category"),
            **_named("requester", "requester_name"),
            **_named("assignee", "assignee_name"),
            **_at("created_at", "last_message_at", "next_due_at", "snoozed_until"),
        },
    ),
    "waiting-list": Export(
        waiting_list.wait_filters,
        waiting_list.each_waiting,
        "-on_date",
        {
            **_plain("on_date", "status"),
            **_named("client", "client_name"),
            **_named("practitioner", "practitioner_name"),
            **_named("service", "service_title"),
            **_at("joined_at", "offered_at", "offer_expires_at", "starts_at", "ends_at"),
            **_plain("time_zone"),
        },
    ),
    "practitioners": Export(
        directory_filters.practitioner_filters,
        directory.each_practitioner,
        "name",
        {
            **_plain("name", "kind", "headline", "city", "country_code", "verification_status", "availability_status"),
            **_amount("hourly_rate", "hourly_rate_minor"),
            **_plain("currency", "rating_average", "rating_count", "booking_count"),
        },
    ),
    "reviews": Export(
        reviews.review_filters,
        reviews.each_review,
        "-written",
        {
            **_plain("reference", "written_by", "rating", "comment", "response", "status"),
            **_named("client", "client_name"),
            **_named("practitioner", "practitioner_name"),
            **_named("service", "service_title"),
            **_at("created_at", "published_at", "responded_at", "flagged_at"),
            **_plain("flag_reason"),
            **_at("moderated_at"),
            **_plain("moderation_reason"),
        },
    ),
}
