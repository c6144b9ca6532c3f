"""Pages driven without a browser: the console as a signed-in person of each role."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from avenrae import clock
from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.models import Client, Practitioner, SignInSession, User
from avenrae.permissions import Actor
from avenrae.services.conversations import start_conversation
from avenrae.services.tickets import Link, link_ticket
from tests import make

ROOT = Path(__file__).resolve().parent.parent.parent
SYSTEM = Actor.system("Test")


def sign_in(session, user: User) -> str:
    """A live session of a user; returns its id, which is what the middleware would put into the headers."""
    row = SignInSession(
        user_id=user.id,
        token_hash=user.id.bytes,
        last_seen_at=clock.now(),
        expires_at=clock.now() + timedelta(days=1),
    )
    session.add(row)
    session.flush()
    return str(row.id)


@pytest.fixture
def console(database: str) -> Callable[..., AppTest]:
    """Opens the console at a page as somebody: `console(sid, "care/booking", id=...)`."""

    def open_page(sid: str | None, script: str = "", **params: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        if sid:
            app.user = {"sid": sid}
        app.run()
        if script and script != "office/home":
            app.switch_page(f"pages/{script}.py")
        for name, value in params.items():
            app.query_params[name] = value
        return app.run()

    return open_page


@pytest.fixture
def people(database: str) -> dict[Role, str]:
    """A signed-in person of each role: the ids of their sessions."""
    with transaction(SYSTEM, "prepare") as session:
        found = {}
        for role in Role:
            actor = make.make_actor(session, role)
            found[role] = sign_in(session, session.get_one(User, actor.user_id))
    return found


@pytest.fixture
def world(database: str, people: dict[Role, str]) -> dict[str, str]:
    """One of each record, of the signed-in practitioner and client, for the detail pages."""
    with transaction(SYSTEM, "prepare") as session:
        practitioner = session.query(Practitioner).first()
        client = session.query(Client).first()
        booking = make.make_booking(session, practitioner=practitioner, client=client)
        product = make.make_product(session, stock=10)
        from avenrae.services.orders import place_order

        order = place_order(session, SYSTEM, client_id=client.id, lines=[(product.id, 2)])
        make.make_desk(session)
        ticket = make.make_ticket(session, requester=session.get_one(User, client.user_id))
        from avenrae.services.reviews import write_review

        held = make.make_session(session, practitioner=practitioner, client=client)
        own = Actor(client.user_id, Role.CLIENT, "Client", client_id=client.id)
        review = write_review(session, own, held.id, rating=4, comment="Warm")
        write_review(
            session,
            Actor(practitioner.user_id, Role.PRACTITIONER, "Practitioner", practitioner_id=practitioner.id),
            held.id,
            rating=5,
        )
        talk = start_conversation(session, own, practitioner.id, "Good day")
        link_ticket(session, SYSTEM, ticket.id, Link.CONVERSATION, talk.conversation_id)
        return {
            "support/ticket": str(ticket.id),
            "support/conversation": str(talk.conversation_id),
            "care/booking": str(booking.id),
            "care/review": str(review.id),
            "care/practitioner": str(practitioner.id),
            "store/product": str(product.id),
            "store/order": str(order.id),
            "support/client": str(client.id),
        }
