"""Files of tickets over HTTP: saved and never shown, for whoever may read the message they came with."""

import uuid

from sqlalchemy import select

from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.models import TicketAttachment, User
from avenrae.passwords import hash_password
from avenrae.permissions import Actor
from avenrae.services.ticket_files import NewFile
from avenrae.services.tickets import write_message
from tests import make
from tests.http.conftest import PASSWORD, Console

SYSTEM = Actor.system("Test")


def test_a_file_is_saved_by_who_may_read_it(console: Console) -> None:
    """R-USR-01; its type is never one that a browser shows as a page."""
    with transaction(SYSTEM, "prepare") as session:
        make.make_desk(session)
        people = [make.make_actor(session, role) for role in (Role.CLIENT, Role.CLIENT, Role.SUPPORT)]
        for who in people:
            session.get_one(User, who.user_id).password_hash = hash_password(PASSWORD)
        ticket = make.make_ticket(session, requester=session.get_one(User, people[0].user_id))
        html = NewFile('Grüße "1"; <b>.txt', b"<script>alert(1)</script>")
        write_message(session, SYSTEM, ticket.id, "Here", files=[html])
        inside = NewFile("inside.csv", b"a,b")
        write_message(session, SYSTEM, ticket.id, "Ours", files=[inside], is_internal=True)
        keys = dict(session.execute(select(TicketAttachment.name, TicketAttachment.id)).all())
    tokens = [console.sign_in(who.email).token for who in people]
    public, internal = (f"/download/ticket-file/{keys[name]}" for name in ("Grüße _1_; _b_.txt", "inside.csv"))
    own, other, agent = ([console.ask(path, token=token).status for path in (public, internal)] for token in tokens)
    assert (own, other, agent) == ([200, 404], [404, 404], [200, 200])
    answer = console.ask(public, token=tokens[0])
    assert answer.body == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Gr__e _1_; _b_.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20_1_%3B%20_b_.txt"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert console.ask(public).status == 401
    for wrong in ("zzz", str(uuid.uuid4())):
        assert console.ask(f"/download/ticket-file/{wrong}", token=tokens[2]).status == 404


def test_the_queue_as_a_file(console: Console) -> None:
    """R-IMP-02: a client cannot write a formula into the desk's spreadsheet."""
    with transaction(SYSTEM, "prepare") as session:
        make.make_desk(session)
        agent, client = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.CLIENT)
        for who in (agent, client):
            session.get_one(User, who.user_id).password_hash = hash_password(PASSWORD)
        make.make_ticket(session, requester=session.get_one(User, client.user_id), subject="=cmd|calc")
        make.make_ticket(session)
    rows = console.ask("/download/tickets.csv?view=all", token=console.sign_in(agent.email).token).text.splitlines()
    assert len(rows) == 3
    assert ",'=cmd|calc,open," in rows[1] + rows[2]
    own = console.ask("/download/tickets.csv?view=all", token=console.sign_in(client.email).token).text.splitlines()
    assert len(own) == 2
