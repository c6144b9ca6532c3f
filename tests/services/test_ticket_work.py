"""What an agent does with tickets all day: files, many at once, links, presence, views; and who is told of what."""

import io
import threading
import uuid
import zipfile
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.db.transaction import transaction
from avenrae.enums import Role, TicketCategory, TicketPriority, TicketStatus
from avenrae.errors import AvenraeError, Conflict, InvalidInput, NotFound, NotPermitted
from avenrae.models import (
    CannedReply,
    Conversation,
    Notification,
    OutboxMail,
    Ticket,
    TicketAttachment,
    TicketFile,
    TicketMessage,
    TicketPresence,
    TicketTag,
    TicketView,
    User,
)
from avenrae.permissions import Actor
from avenrae.queries.ticket_choices import (
    fill_in,
    find_linkable,
    find_linked,
    find_mergeable,
    find_requesters,
    list_choices,
    list_views,
)
from avenrae.queries.ticket_messages import get_file, get_ticket
from avenrae.queries.ticket_parts import read_part
from avenrae.scheduling.zones import instant
from avenrae.services.ticket_bulk import MOST_AT_ONCE, BulkChange, change_tickets
from avenrae.services.ticket_files import LARGEST, NewFile, content_type_of, safe_name
from avenrae.services.ticket_moves import merge_tickets
from avenrae.services.ticket_presence import note_presence
from avenrae.services.ticket_views import MOST_VIEWS, delete_view, rename_view, save_view
from avenrae.services.tickets import (
    Link,
    assign_ticket,
    change_ticket,
    link_ticket,
    open_ticket,
    rate_ticket,
    snooze_ticket,
    tag_ticket,
    write_message,
)
from tests import make

SYSTEM = Actor.system("Test")
S = TicketStatus
PNG = b"\x89PNG\r\n\x1a\n0000"


@pytest.fixture
def desk(session: Session, noon: datetime) -> None:
    """A desk, at noon."""
    make.make_desk(session)


def archive(*names: str) -> bytes:
    """An archive with empty parts of these names."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as made:
        for name in names:
            made.writestr(name, "")
    return kept.getvalue()


def told(session: Session) -> list[tuple[uuid.UUID, str]]:
    """Who was told what, in order."""
    query = select(Notification.user_id, Notification.title).order_by(Notification.id)
    return [tuple(row) for row in session.execute(query)]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", PNG, "image/png"),
        ("A.JPG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.gif", b"GIF89a..", "image/gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("a.pdf", b"%PDF-1.7", "application/pdf"),
        ("a.txt", "Grüße <script>".encode(), "text/plain"),
        ("a.csv", b"a;b\n1;2\xe4", "text/csv"),
        ("a.docx", archive("[Content_Types].xml", "word/document.xml"), None),
        ("a.xlsx", archive("[Content_Types].xml", "xl/workbook.xml"), None),
    ],
)
def test_files_are_known_by_their_bytes(name: str, content: bytes, kind: str | None) -> None:
    found = content_type_of(name, content)
    assert found == kind if kind else found.startswith("application/vnd.openxmlformats")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", b"<script>alert(1)</script>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.png", b"<script>alert(1)</script>"),
        ("a.pdf", PNG),
        ("a.txt", b"MZ\0\0"),
        ("a.docx", archive("xl/workbook.xml", "[Content_Types].xml")),
        ("a.docx", b"PK\x03\x04 broken"),
        ("a.exe", b"MZ"),
        ("png", PNG),
    ],
)
def test_what_is_no_such_file_is_refused(session: Session, desk: None, name: str, content: bytes) -> None:
    """The message is refused along with it."""
    ticket = make.make_ticket(session)
    with pytest.raises(InvalidInput, match=r"cannot be taken: pictures"):
        write_message(session, SYSTEM, ticket.id, "See there", files=[NewFile(name, content)])


def test_files_are_few_and_small(session: Session, desk: None) -> None:
    ticket = make.make_ticket(session)
    for files, sentence in (
        ([NewFile("a.png", PNG)] * 6, "A message takes up to 5 files; you chose 6."),
        ([NewFile("a.txt", b"x" * (LARGEST + 1))], "“a.txt” is larger than 10 MB."),
        ([NewFile("a.txt", b"")], "“a.txt” is empty."),
    ):
        with pytest.raises(InvalidInput) as refused:
            write_message(session, SYSTEM, ticket.id, "See there", files=files)
        assert refused.value.message == sentence
    assert session.scalar(select(func.count()).select_from(TicketFile)) == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\temp\\a\r\nb.pdf", "a__b.pdf"),
        ('"><img src=x>.png', "___img src=x_.png"),
        ("evil\u202egnp.exe.png", "evil_gnp.exe.png"),
        ("x" * 400 + ".pdf", "x" * 180 + ".pdf"),
        ("  ", "file"),
    ],
)
def test_names_of_files_are_made_harmless(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


def test_a_file_is_read_by_who_reads_its_message(session: Session, desk: None) -> None:
    """R-USR-01: those of internal notes by the desk alone."""
    ticket = make.make_ticket(session)
    own = make.actor_of(session.get_one(User, ticket.requester_id))
    write_message(session, SYSTEM, ticket.id, "For you", files=[NewFile("public.png", PNG)])
    write_message(session, SYSTEM, ticket.id, "For us", files=[NewFile("inside.png", PNG)], is_internal=True)
    keys = dict(session.execute(select(TicketAttachment.name, TicketAttachment.id)).all())
    assert get_file(session, own, keys["public.png"]).content == PNG
    assert get_file(session, SYSTEM, keys["inside.png"]).content_type == "image/png"
    for who, name in ((own, "inside.png"), (make.make_actor(session, Role.CLIENT), "public.png")):
        with pytest.raises(NotFound, match=r"^There is no such file, or it is not yours to see\.$"):
            get_file(session, who, keys[name])
    assert [[a.name for a in m.attachments] for m in read_part(session, own, ticket.id).messages] == [
        [],
        ["public.png"],
    ]


def test_internal_notes_are_for_the_desk(session: Session, desk: None) -> None:
    """R-USR-01: neither read nor counted nor told of."""
    ticket, agent = make.make_ticket(session), make.make_actor(session, Role.SUPPORT)
    own = make.actor_of(session.get_one(User, ticket.requester_id))
    write_message(session, agent, ticket.id, "He is rude", is_internal=True)
    assert [m.body for m in read_part(session, own, ticket.id).messages] == ["I waited an hour."]
    assert [m.is_internal for m in read_part(session, agent, ticket.id).messages] == [False, True]
    assert told(session) == [(own.user_id, f"We have your message: {ticket.number}, {ticket.subject}")]
    detail = get_ticket(session, own, ticket.id)
    assert (detail.assignee_name, detail.tags) == (None, ())


def test_who_is_told(session: Session, desk: None) -> None:
    """R-NOT-01: the requester of replies and of the end, the assignee of tickets and of news, nobody of his own."""
    agent, other = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.SUPPORT)
    ticket = make.make_ticket(session)
    own = make.actor_of(session.get_one(User, ticket.requester_id))
    write_message(session, agent, ticket.id, "Hello")
    write_message(session, own, ticket.id, "Hello yourself")
    assign_ticket(session, agent, ticket.id, other.user_id)
    assign_ticket(session, other, ticket.id, other.user_id)
    write_message(session, other, ticket.id, "Done", status=S.RESOLVED)
    write_message(session, own, ticket.id, "Not yet")
    change_ticket(session, other, ticket.id, status=S.RESOLVED)
    name = f"{ticket.number}, {ticket.subject}"
    assert told(session) == [
        (own.user_id, f"We have your message: {name}"),
        (own.user_id, f"Reply to {name}"),
        (agent.user_id, f"News in {name}"),
        (other.user_id, f"Assigned to you: {name}"),
        (own.user_id, f"Reply to {name}"),
        (other.user_id, f"News in {name}"),
        (own.user_id, f"Resolved: {name}"),
    ]
    bodies = session.scalars(select(OutboxMail.body).where(OutboxMail.user_id == own.user_id).order_by(OutboxMail.id))
    assert [b.splitlines()[0] for b in bodies] == [
        f"Its number is {ticket.number}; somebody of our team answers it. This is what we have:",
        "Hello",
        "Done",
        "We consider this resolved. If it is not, answer in the ticket and it opens again.",
    ]


def test_many_at_once(session: Session, desk: None) -> None:
    """Those that have it already are not counted; a tag comes to the others."""
    agent = make.make_actor(session, Role.SUPPORT)
    tickets = [make.make_ticket(session) for _ in range(3)]
    tag_ticket(session, SYSTEM, tickets[0].id, ["vip"])
    change = BulkChange(assignee_id=agent.user_id, add_tag=" VIP ", close=True)
    assert change_tickets(session, SYSTEM, [t.id for t in tickets], change) == 3
    assert {(t.status, t.assignee_id, t.next_due_at) for t in tickets} == {(S.CLOSED, agent.user_id, None)}
    assert session.scalars(select(TicketTag.tag)).all() == ["vip"] * 3
    assert change_tickets(session, SYSTEM, [t.id for t in tickets], change) == 0


def test_one_that_may_not_refuses_for_all(session: Session, desk: None) -> None:
    """It is named, and nothing is changed."""
    asking = session.get_one(User, make.make_client(session).user_id)
    kept, gone, other = (make.make_ticket(session, requester=asking) for _ in range(3))
    merge_tickets(session, SYSTEM, gone.id, kept.id)
    savepoint = session.begin_nested()
    with pytest.raises(Conflict) as refused:
        change_tickets(session, SYSTEM, [kept.id, gone.id, other.id], BulkChange(add_tag="x"))
    savepoint.rollback()
    assert refused.value.message == (
        f"Nothing was changed. {gone.number}: This ticket was merged into another one. Undo that first."
    )
    assert session.scalar(select(func.count()).select_from(TicketTag)) == 0


def test_what_many_at_once_refuses(session: Session, desk: None) -> None:
    ticket, own = make.make_ticket(session), make.make_actor(session, Role.CLIENT)
    for ids, change, sentence in (
        ([], BulkChange(close=True), "Choose tickets, and what is to be done with them."),
        ([ticket.id], BulkChange(), "Choose tickets, and what is to be done with them."),
        ([uuid.uuid4() for _ in range(MOST_AT_ONCE + 1)], BulkChange(close=True), "At most 200 tickets"),
        ([ticket.id, uuid.uuid4()], BulkChange(close=True), "There is no such ticket"),
    ):
        with pytest.raises(AvenraeError) as refused:
            change_tickets(session, SYSTEM, ids, change)
        assert refused.value.message.startswith(sentence)
    with pytest.raises(NotFound):
        change_tickets(session, own, [ticket.id], BulkChange(close=True))
    mine = make.make_ticket(session, requester=session.get_one(User, own.user_id))
    with pytest.raises(NotPermitted):
        change_tickets(session, own, [mine.id], BulkChange(close=True))
    assert {ticket.status, mine.status} == {S.OPEN}


def test_a_tag_that_is_none_is_refused_by_the_database(session: Session, desk: None) -> None:
    ticket = make.make_ticket(session)
    with pytest.raises(IntegrityError, match="ck_ticket_tags_tag"), session.begin_nested():
        tag_ticket(session, SYSTEM, ticket.id, ["<script>"])
    with pytest.raises(InvalidInput, match=r"^A ticket has up to 20 tags\.$"):
        tag_ticket(session, SYSTEM, ticket.id, [f"t{n}" for n in range(21)])


def test_links_are_to_what_is_there(session: Session, desk: None) -> None:
    """Of conversations, to those of the requester only."""
    client, practitioner = make.make_client(session), make.make_practitioner(session)
    booking = make.make_booking(session, client=client, practitioner=practitioner)
    asking = session.get_one(User, client.user_id)
    ticket = make.make_ticket(session, requester=asking)
    talk = Conversation(
        client_user_id=client.user_id, practitioner_user_id=practitioner.user_id, last_message_at=clock.now()
    )
    foreign = Conversation(
        client_user_id=make.make_client(session).user_id,
        practitioner_user_id=practitioner.user_id,
        last_message_at=clock.now(),
    )
    session.add_all([talk, foreign])
    session.flush()
    offered = find_linkable(session, SYSTEM, get_ticket(session, SYSTEM, ticket.id))
    assert [(o.kind, o.id) for o in offered] == [("booking", booking.id), ("conversation", talk.id)]
    link_ticket(session, SYSTEM, ticket.id, Link.BOOKING, booking.id)
    link_ticket(session, SYSTEM, ticket.id, Link.CONVERSATION, talk.id)
    linked = find_linked(session, SYSTEM, get_ticket(session, SYSTEM, ticket.id))
    worker = session.get_one(User, practitioner.user_id)
    assert [(o.kind, o.reference) for o in linked] == [
        ("booking", booking.reference),
        ("conversation", f"{asking.name} and {worker.name}"),
    ]
    seen = find_linked(session, make.actor_of(asking, client=client), get_ticket(session, SYSTEM, ticket.id))
    assert [o.kind for o in seen] == ["booking", "conversation"]
    found = find_linkable(session, SYSTEM, get_ticket(session, SYSTEM, ticket.id), booking.reference.lower())
    assert [o.id for o in found] == [booking.id]
    with pytest.raises(Conflict, match=r"^A ticket is linked to conversations of its requester only\.$"):
        link_ticket(session, SYSTEM, ticket.id, Link.CONVERSATION, foreign.id)
    with pytest.raises(NotFound, match=r"^What the ticket is about does not exist"):
        link_ticket(session, SYSTEM, ticket.id, Link.ORDER, uuid.uuid4())
    link_ticket(session, SYSTEM, ticket.id, Link.BOOKING, None)
    assert (ticket.booking_id, ticket.conversation_id) == (None, talk.id)


def test_canned_replies_are_filled_in_or_name_what_is_missing(session: Session, desk: None) -> None:
    agent = make.make_actor(session, Role.SUPPORT)
    asking = session.get_one(User, make.make_client(session, user={"first_name": "Lerato"}).user_id)
    ticket = make.make_ticket(session, requester=asking, subject="{agent} <b>")
    detail = get_ticket(session, agent, ticket.id)
    filled = fill_in(session, agent, detail, "Hi {client}, about {ticket}, “{subject}”, {today}. {agent}")
    assert filled == f"Hi Lerato, about {ticket.number}, “{{agent}} <b>”, 16 March 2026. Person"
    for body, sentence in (
        ("Your {booking}", "“{booking}” cannot be filled in: the ticket has no booking. Nothing was put in."),
        ("{clinet}", "“{clinet}” cannot be filled in: it is no placeholder; known are client, client_full_name"),
    ):
        with pytest.raises(InvalidInput) as refused:
            fill_in(session, agent, detail, body)
        assert refused.value.message.startswith(sentence)


def test_what_a_page_offers(session: Session, desk: None) -> None:
    agent = make.make_actor(session, Role.SUPPORT, first_name="Zola")
    gone = make.make_actor(session, Role.SUPPORT, is_active=False)
    session.add_all(
        [
            CannedReply(title="A general one", body="x"),
            CannedReply(title="Paid", body="y", category=TicketCategory.PAYMENT),
        ]
    )
    for tags in (["b", "a"], ["a", "c"]):
        tag_ticket(session, SYSTEM, make.make_ticket(session).id, tags)
    offered = list_choices(session, agent, TicketCategory.PAYMENT)
    assert [c.title for c in offered.canned] == ["Paid", "A general one"]
    assert offered.tags == ("a", "b", "c")
    assert agent.user_id in {a.id for a in offered.agents}
    assert gone.user_id not in {a.id for a in offered.agents}
    for query in (lambda who: list_choices(session, who, TicketCategory.OTHER), lambda who: list_views(session, who)):
        with pytest.raises(NotPermitted):
            query(make.make_actor(session, Role.CLIENT))


def test_people_and_tickets_to_choose(session: Session, desk: None) -> None:
    asking = session.get_one(User, make.make_client(session, user={"first_name": "Wandile"}).user_id)
    first, second = (make.make_ticket(session, requester=asking) for _ in range(2))
    make.make_ticket(session)
    assert [p.id for p in find_requesters(session, SYSTEM, "wandi")] == [asking.id]
    assert find_requesters(session, SYSTEM, " ") == []
    assert [k for k, _ in find_mergeable(session, SYSTEM, get_ticket(session, SYSTEM, first.id))] == [second.id]


def test_who_has_it_open(session: Session, desk: None) -> None:
    """R-TCK-01: two agents on one ticket see each other, for half a minute; a page that reports often writes seldom."""
    agent = make.make_actor(session, Role.SUPPORT, first_name="Thandi", last_name="M")
    other, ticket = make.make_actor(session, Role.SUPPORT), make.make_ticket(session)
    note_presence(session, agent, ticket.id)
    assert read_part(session, agent, ticket.id).openers == ()
    assert [(o.name, o.is_writing) for o in read_part(session, other, ticket.id).openers] == [("Thandi M", False)]
    note_presence(session, agent, ticket.id, is_writing=True)
    assert [o.is_writing for o in read_part(session, other, ticket.id).openers] == [True]
    began = clock.now()
    with clock.stopped(began + timedelta(seconds=5)):
        note_presence(session, agent, ticket.id, is_writing=True)
    assert session.scalar(select(TicketPresence.seen_at)) == began
    with clock.stopped(began + timedelta(seconds=31)):
        assert read_part(session, other, ticket.id).openers == ()
    note_presence(session, agent, uuid.uuid4())
    assert session.scalar(select(func.count()).select_from(TicketPresence)) == 1
    with pytest.raises(NotPermitted):
        note_presence(session, make.make_actor(session, Role.CLIENT), ticket.id)


def test_views_are_ones_own(session: Session, desk: None) -> None:
    """Only what filters the queue is kept of an address."""
    agent, other = make.make_actor(session, Role.SUPPORT), make.make_actor(session, Role.SUPPORT)
    view = save_view(session, agent, "  Urgent   refunds ", "view=all&priority=urgent&q=&id=7&evil=javascript:")
    assert (view.name, view.query) == ("Urgent refunds", "view=all&priority=urgent")
    rename_view(session, agent, view.id, "Refunds")
    assert [v.name for v in list_views(session, agent)] == ["Refunds"]
    assert list_views(session, other) == []
    for attempt in (lambda: rename_view(session, other, view.id, "Mine"), lambda: delete_view(session, other, view.id)):
        with pytest.raises(NotFound, match=r"^You have no such view\.$"):
            attempt()
    with pytest.raises(InvalidInput, match=r"^Give the view a name\.$"):
        save_view(session, agent, " ", "")
    for n in range(MOST_VIEWS - 1):
        save_view(session, agent, f"View {n}", "")
    with pytest.raises(InvalidInput, match=r"^You have 30 views already\. Delete one first\.$"):
        save_view(session, agent, "One more", "")
    delete_view(session, agent, view.id)
    assert session.scalar(select(func.count()).select_from(TicketView)) == MOST_VIEWS - 1


def test_only_who_asked_says_how_it_went(session: Session, desk: None) -> None:
    ticket = make.make_ticket(session)
    change_ticket(session, SYSTEM, ticket.id, status=S.RESOLVED)
    with pytest.raises(NotPermitted, match=r"^Only who opened a ticket can say how it went\.$"):
        rate_ticket(session, make.make_actor(session, Role.ADMIN), ticket.id, 5)
    rate_ticket(session, make.actor_of(session.get_one(User, ticket.requester_id)), ticket.id, 4, " Fine ")
    assert (ticket.satisfaction, ticket.satisfaction_comment) == (4, "Fine")


def test_what_is_late_and_waits_is_due_at_no_time(session: Session, desk: None) -> None:
    """R-SLA-02: a promise that was broken before the client was asked stays broken, but nothing runs now."""
    ticket = make.make_ticket(session)
    late = clock.now() + timedelta(hours=2)
    with clock.stopped(late):
        write_message(session, SYSTEM, ticket.id, "Which booking?", status=S.WAITING)
        assert (ticket.next_due_at, ticket.first_response_due_at) == (None, late - timedelta(hours=1))


def test_a_reply_lands_in_the_ticket_it_names(session: Session, desk: None) -> None:
    """Of two tickets of one person, with the last message of the other one it is refused."""
    asking = session.get_one(User, make.make_client(session).user_id)
    first, second = (make.make_ticket(session, requester=asking, body=b) for b in ("a", "b"))
    last = {m.ticket_id: m.id for m in session.scalars(select(TicketMessage))}
    with pytest.raises(Conflict, match=r"^Somebody wrote here since you began\."):
        write_message(session, SYSTEM, first.id, "For the second", last_seen=last[second.id])
    message = write_message(session, SYSTEM, second.id, "For the second", last_seen=last[second.id])
    assert message.ticket_id == second.id


def _at_once(jobs) -> list[str]:
    ready = threading.Barrier(len(jobs))
    came = [""] * len(jobs)

    def run(n: int) -> None:
        ready.wait()
        try:
            with transaction(SYSTEM, "test") as session:
                jobs[n](session)
            came[n] = "done"
        except AvenraeError as e:
            came[n] = e.message

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def test_two_agents_at_once(database: str) -> None:
    """R-TCK-01: of two that take it, change it or answer it at the same time, one does and the other is told."""
    with transaction(SYSTEM, "prepare") as session:
        make.make_desk(session)
        agents = [make.make_actor(session, Role.SUPPORT) for _ in range(2)]
        ticket = make.make_ticket(session)
        key, last = ticket.id, session.scalar(select(TicketMessage.id))
    seen = {"assignee_id": None}
    taken = _at_once([lambda s, a=a: assign_ticket(s, a, key, a.user_id, seen=seen) for a in agents])
    assert sorted(t.split(";")[0] for t in taken) == ["Somebody changed this meanwhile", "done"]
    answered = _at_once([lambda s, a=a: write_message(s, a, key, "Hello", last_seen=last) for a in agents])
    assert sorted(t.split(".")[0] for t in answered) == ["Somebody wrote here since you began", "done"]
    change = {"status": S.OPEN, "priority": TicketPriority.MEDIUM}
    changed = _at_once(
        [
            lambda s: change_ticket(s, agents[0], key, status=S.WAITING, seen=change),
            lambda s: change_ticket(s, agents[1], key, priority=TicketPriority.HIGH, seen=change),
        ]
    )
    assert sorted(t.split(";")[0] for t in changed) == ["Somebody changed this meanwhile", "done"]
    with transaction(SYSTEM, "look") as session:
        after = session.get_one(Ticket, key)
        assert session.scalar(select(func.count()).select_from(TicketMessage)) == 2
        assert (after.status == S.WAITING) != (after.priority == TicketPriority.HIGH)


def test_snoozed_over_the_change_of_clocks(session: Session, desk: None) -> None:
    """Nine o'clock is nine o'clock on the reader's clock after the night in which it changes."""
    with clock.stopped(datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("UTC"))):
        ticket = make.make_ticket(session)
        at = instant(date(2026, 3, 29), time(9), ZoneInfo("Europe/London"))
        snooze_ticket(session, SYSTEM, ticket.id, at)
        assert ticket.snoozed_until == datetime(2026, 3, 29, 8, tzinfo=ZoneInfo("UTC"))


def test_a_ticket_for_somebody_is_told_as_his(session: Session, desk: None) -> None:
    """What staff write down for a caller counts as the caller's word: its clocks run."""
    agent, caller = make.make_actor(session, Role.SUPPORT), make.make_user(session, role=Role.CLIENT)
    ticket = open_ticket(session, agent, subject="By phone", body="She calls again.", requester_id=caller.id)
    assert (ticket.requester_id, ticket.channel, ticket.next_due_at is not None) == (caller.id, "staff", True)
    assert not read_part(session, agent, ticket.id).messages[0].from_staff
