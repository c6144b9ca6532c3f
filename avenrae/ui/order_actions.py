"""What can be done with an order, each behind a dialog that says what it does to the stock and to the money."""

import uuid
from collections.abc import Callable
from functools import partial

import streamlit as st

from avenrae import money
from avenrae.enums import OrderKind, OrderStatus, PaymentStatus, Role
from avenrae.permissions import Permission
from avenrae.queries.orders import OrderDetail, OrderRow, get_order
from avenrae.services.confirmations import resend_order_confirmation
from avenrae.services.orders import cancel_order, fulfil_order, record_order_payment, refund_order
from avenrae.settings import settings
from avenrae.ui.actions import Field, Form, actor, load, opener
from avenrae.ui.format import count, plain_text, show_money
from avenrae.ui.reason_form import reason_form
from avenrae.ui.refund_form import BY_HAND, Refundable, amount_field, ask_form, is_asked, resend_action

_NONE, _ALL, _SOME = _RESTOCK = ("No", "All of them", "Some")
_ORDER_ACTIONS: list[tuple[Permission, str, str]] = [
    (Permission.PAYMENT_RECORD, "Record payment", ":material/payments:"),
    (Permission.ORDER_FULFIL, "Fulfil", ":material/local_shipping:"),
    (Permission.ORDER_CANCEL, "Cancel", ":material/cancel:"),
    (Permission.PAYMENT_REFUND, "Refund", ":material/undo:"),
]


def order_actions(order: OrderDetail) -> None:
    """Draw the actions of the role, each always in the same place; what is not possible now says why."""
    who = actor()
    mine = [(label, icon) for permission, label, icon in _ORDER_ACTIONS if who.may(permission)]
    if not mine:
        return
    dialogs: dict[str, Callable[[OrderDetail], None]] = {
        "Record payment": _pay,
        "Fulfil": _fulfil,
        "Cancel": _cancel,
        "Refund": _refund,
    }
    with st.container(horizontal=True):
        for label, icon in mine:
            refused = _refused(order, label)
            next_step = label in ("Record payment", "Fulfil") and not refused
            opener(label, partial(dialogs[label], order), refused=refused, primary=next_step, icon=icon)


def quiet_order_actions(order: OrderRow, ticket_id: uuid.UUID | None = None) -> None:
    """Draw what the desk can do with an order that is one of several on the page, with the dialogs of its own page."""
    who = actor()
    possible: list[tuple[str, Permission, Callable[[OrderDetail], None], str]] = [
        ("Cancel", Permission.ORDER_CANCEL, _cancel, "cancel"),
        ("Refund", Permission.PAYMENT_REFUND, partial(_refund, ticket_id=ticket_id), "undo"),
    ]
    with st.container(horizontal=True, gap="small"):
        for label, permission, dialog, icon in possible:
            if who.may(permission) and not _refused(order, label):
                opener(
                    label,
                    partial(_show_dialog, dialog, order.id),
                    quiet=True,
                    icon=f":material/{icon}:",
                    key=f"{label}:{order.id}",
                )
        if order.status is not OrderStatus.CANCELLED and order.kind is OrderKind.SALE and order.client_id:
            resend_action(resend_order_confirmation, order.id)


def _show_dialog(dialog: Callable[[OrderDetail], None], order_id: uuid.UUID) -> None:
    dialog(load(get_order, order_id))


def _show(minor: int, currency: str) -> str:
    return plain_text(show_money(minor, currency))


def _refused(order: OrderRow, label: str) -> str:
    if order.kind == OrderKind.CREDIT_NOTE:
        return "This is a credit note from books that were imported."
    possible = {
        "Record payment": (OrderStatus.PENDING,),
        "Fulfil": (OrderStatus.PAID,),
        "Cancel": (OrderStatus.PENDING, OrderStatus.PAID),
        "Refund": (OrderStatus.PAID, OrderStatus.FULFILLED),
    }
    if order.status not in possible[label]:
        return f"Not possible now: the order is {order.status.value}."
    if label == "Fulfil" and order.payment_status == PaymentStatus.REFUNDED:
        return "All of it was refunded. Cancel it to free its goods."
    nothing_left = order.payment_status == PaymentStatus.REFUNDED or not order.total_minor
    return "Nothing of what was paid is left." if label == "Refund" and nothing_left else ""


@st.dialog("Record a payment")
def _pay(order: OrderDetail) -> None:
    st.write(
        f"{_show(order.total_minor, order.currency)} will be in the books as received today, outside the"
        f" console. The {count(order.pieces, 'piece')} can then be sent."
    )
    with Form(f"pay-{order.id}", border=False) as form:
        if form.submit("Record payment", record_order_payment, "Payment recorded.", order.id):
            st.rerun()


@st.dialog("Fulfil this order")
def _fulfil(order: OrderDetail) -> None:
    st.write(f"{count(order.pieces, 'piece')} will leave the stock. This cannot be undone; a refund takes goods back.")
    with Form(f"fulfil-{order.id}", border=False) as form:
        if form.submit("Fulfil order", fulfil_order, "Order fulfilled.", order.id):
            st.rerun()


@st.dialog("Cancel this order")
def _cancel(order: OrderDetail) -> None:
    kept = order.kept_minor
    money_back = f"{_show(kept, order.currency)} goes back to the client. {BY_HAND}" if kept else "No money moves."
    st.write(f"{count(order.pieces, 'piece')} can be sold again. {money_back} This cannot be undone.")
    _limit(order)
    reason_form("Cancel order", cancel_order, "Order cancelled.", order.id, hint="What should the client know?")


@st.dialog("Refund this order")
def _refund(order: OrderDetail, ticket_id: uuid.UUID | None = None) -> None:
    before = f"; {_show(order.refunded_minor, order.currency)} went back before" if order.refunded_minor else ""
    most = _show(order.kept_minor, order.currency)
    st.write(f"Up to {most} can go back to the client{before}. {BY_HAND} This cannot be undone.")
    subject = Refundable(order.reference, order.currency, order.kept_minor, order.refunded_minor)
    if is_asked(subject, f"refund-{order.id}"):
        st.caption("Goods that come back are taken into stock by whoever refunds an order at once.")
        ask_form(subject, key=f"refund-{order.id}", asked={"order_id": order.id, "ticket_id": ticket_id})
        return
    restock: str | None = _NONE
    if order.returnable:
        restock = st.segmented_control(
            "Did goods come back into stock?", _RESTOCK, default=_NONE, required=True, key=f"restock-{order.id}"
        )
    elif order.status == OrderStatus.PAID:
        st.caption("The goods stay set aside for this order. Cancel it instead if they are not to be sent.")
    with Form(f"refund-{order.id}", border=False) as form:
        amount_field(form, subject)
        back = _came_back(form, order) if restock == _SOME else restock == _ALL
        st.text_area("Reason", key=form.key("reason"), max_chars=500, placeholder="Why does the money go back?")
        done = form.submit(
            "Refund",
            refund_order,
            lambda o: f"Refunded. {_show(o.refunded_minor, o.currency)} went back in all.",
            order.id,
            amount_minor=form.field("amount", lambda typed: money.parse(typed, order.currency)),
            reason=form.field("reason"),
            restock=back,
        )
        if done:
            st.rerun()


def _came_back(form: Form, order: OrderDetail) -> Field:
    """Draw a number for each product that can come back; returns the field that reads them when the form is sent."""
    keys = {r.product_id: form.key(f"back-{r.product_id}") for r in order.returnable}
    with st.container(height=260 if len(keys) > 3 else "content", border=False):
        for r in order.returnable:
            st.number_input(plain_text(f"{r.title}, of {r.quantity}"), 0, r.quantity, 0, key=keys[r.product_id])

    return Field(tuple(keys.values()), lambda typed: [(p, n) for p, n in zip(keys, typed, strict=True) if n])


def _limit(order: OrderDetail) -> None:
    if actor().role is Role.SUPPORT and order.kept_minor:
        currency = settings().currency
        limit = _show(settings().support_refund_limit_minor, currency)
        st.caption(
            f"You can give back up to {limit} of one order in all; for more, ask an admin for a refund first."
            if order.currency == currency
            else f"You can give back {currency} only; an admin can give back {order.currency}."
        )
