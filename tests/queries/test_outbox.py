"""Who sees which mails, and which of their words: never a signed address, nothing of what is for the reader alone."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.enums import BookingStatus, MailStatus, NoticeKind, Role
from avenrae.errors import InvalidInput, NotFound, NotPermitted
from avenrae.http.exports import EXPORTS
from avenrae.models import Notification, OutboxMail, User
from avenrae.permissions import Actor
from avenrae.queries.outbox import (
    OutboxFilters,
    count_kept,
    count_outbox,
    each_outbox,
    get_letter,
    list_outbox,
    outbox_filters,
)
from avenrae.reply_address import reply_address
from avenrae.services.notices import Notice, notify
from avenrae.settings import settings
from tests import make

SYSTEM = Actor.system("Test")


def mail_to(session: Session, user: User, kind: NoticeKind = NoticeKind.BOOKING, **kw) -> OutboxMail:
    """A mail to somebody, written by a notice."""
    record = kw.pop("record_id", None)
    once = f"{kind}:{user.id}:{kw.get('created_at', '')}:{kw.get('subject', '')}:{record}"
    told = {"subject": f"News for {user.first_name}", "text": "Secret words.", **kw}
    notify(
        session,
        Notice(
            user.id,
            kind,
            title=told["subject"],
            body=told["text"],
            screen="care/booking",
            record_id=record,
            once=once,
            reply_to=kw.get("reply_to", ""),
        ),
    )
    notice = session.scalars(select(Notification).where(Notification.once == once)).one()
    mail = session.get_one(OutboxMail, notice.mail_id)
    for name in ("status", "created_at", "sent_at", "error", "handed_over_at", "to_address"):
        if name in kw:
            setattr(mail, name, kw[name])
    session.flush()
    return mail


@pytest.fixture
def staff(session: Session, noon: datetime) -> dict[Role, Actor]:
    """Somebody of each role."""
    return {role: make.make_actor(session, role) for role in Role}


def test_admins_see_all_and_support_those_outside_and_his_own(session: Session, staff: dict[Role, Actor]) -> None:
    """R-USR-01: clients and practitioners see none, not even their own."""
    other = make.actor_of(make.make_user(session, role=Role.SUPPORT))
    to = {who: mail_to(session, session.get_one(User, who.user_id)) for who in (*staff.values(), other)}
    seen = {
        Role.ADMIN: {m.id for m in to.values()},
        Role.SUPPORT: {to[staff[r]].id for r in (Role.CLIENT, Role.PRACTITIONER, Role.SUPPORT)},
    }
    for role, ids in seen.items():
        who = staff[role]
        assert {m.id for m in list_outbox(session, who, OutboxFilters())} == ids
        assert count_outbox(session, who, OutboxFilters()) == len(ids)
        assert {m.id for m in each_outbox(session, who, OutboxFilters(), "to")} == ids
    with pytest.raises(NotFound, match=r"^There is no such e-mail, or it is not yours to see\.$"):
        get_letter(session, staff[Role.SUPPORT], to[other].id)
    for role in (Role.CLIENT, Role.PRACTITIONER):
        for read in (
            lambda who: list_outbox(session, who, OutboxFilters()),
            lambda who: count_outbox(session, who, OutboxFilters()),
            lambda who: each_outbox(session, who, OutboxFilters(), "to"),
            lambda who: get_letter(session, who, to[who].id),
            lambda who: count_kept(session, who),
        ):
            with pytest.raises(NotPermitted):
                read(staff[role])
    with pytest.raises(NotPermitted):
        count_kept(session, staff[Role.SUPPORT])


@pytest.mark.parametrize(
    ("kind", "readers", "stand_in"),
    [
        (NoticeKind.BOOKING, {Role.ADMIN, Role.SUPPORT}, ""),
        (NoticeKind.SECURITY, {Role.ADMIN}, "About the security of the account"),
        (NoticeKind.MESSAGE, set(), "A message in a conversation"),
    ],
)
def test_words_for_the_reader_alone(
    session: Session, staff: dict[Role, Actor], kind: NoticeKind, readers: set[Role], stand_in: str
) -> None:
    """R-AUD-03: links of security mails are not for support; what two people write to one another is for no staff."""
    client = session.get_one(User, staff[Role.CLIENT].user_id)
    mail = mail_to(session, client, kind, subject="Your code is 123456", text="https://reset.example/abc")
    for role in (Role.ADMIN, Role.SUPPORT):
        letter = get_letter(session, staff[role], mail.id)
        (row,) = list_outbox(session, staff[role], OutboxFilters())
        if role in readers:
            assert (letter.text, letter.row.subject) == ("https://reset.example/abc", "Your code is 123456")
            assert [c.title for c in letter.carried] == ["Your code is 123456"]
        else:
            assert (letter.text, letter.row.subject, row.subject) == (None, stand_in, stand_in)
            assert [c.title for c in letter.carried] == [stand_in]
            assert "123456" not in repr(letter)


def test_a_mail_that_carries_such_a_notice_is_not_read_either(session: Session, staff: dict[Role, Actor]) -> None:
    """A digest holds the words of several notices."""
    client = session.get_one(User, staff[Role.CLIENT].user_id)
    digest = mail_to(session, client, NoticeKind.BOOKING)
    inside = mail_to(session, client, NoticeKind.MESSAGE)
    session.query(Notification).filter_by(mail_id=inside.id).update({"mail_id": digest.id})
    for role in (Role.ADMIN, Role.SUPPORT):
        assert get_letter(session, staff[role], digest.id).text is None


def test_ones_own_words_are_read(session: Session, staff: dict[Role, Actor]) -> None:
    agent = session.get_one(User, staff[Role.SUPPORT].user_id)
    mail = mail_to(session, agent, NoticeKind.SECURITY)
    assert get_letter(session, staff[Role.SUPPORT], mail.id).text == "Secret words."


def test_no_signed_address_leaves(session: Session, staff: dict[Role, Actor], monkeypatch: pytest.MonkeyPatch) -> None:
    """R-AUD-03: an address that files mails in a ticket is the reader's; nor where a text quotes one."""
    monkeypatch.setattr(settings(), "support_address", "support@avenrae.example")
    client = session.get_one(User, staff[Role.CLIENT].user_id)
    ticket = make.make_ticket(session, requester=client)
    signed = reply_address(ticket.number, ticket.id, client.id)
    signature = signed.partition("@")[0].rpartition(".")[2]
    assert re.fullmatch("[0-9a-f]{20}", signature)
    mail = mail_to(session, client, NoticeKind.TICKET, text=f"You wrote to <{signed.upper()}>: hi", reply_to=signed)
    letter = get_letter(session, staff[Role.ADMIN], mail.id)
    assert letter.text == f"You wrote to <SUPPORT+{ticket.number}.…@AVENRAE.EXAMPLE>: hi"
    assert signature not in repr(letter).lower()
    assert signature not in repr(list_outbox(session, staff[Role.ADMIN], OutboxFilters()))


def test_filters_and_sorts(session: Session, staff: dict[Role, Actor], noon: datetime) -> None:
    admin = staff[Role.ADMIN]
    zoe = make.make_user(session, role=Role.CLIENT, first_name="Zoë", last_name="Adams", email="zoe@example.org")
    abe = make.make_user(session, role=Role.CLIENT, first_name="Abe", last_name="Zulu", email="abe@example.org")
    day = timedelta(days=1)
    mails = {
        "old": mail_to(session, zoe, created_at=noon - 3 * day, status=MailStatus.KEPT),
        "sent": mail_to(session, zoe, NoticeKind.TICKET, created_at=noon - day, status=MailStatus.SENT, sent_at=noon),
        "new": mail_to(session, abe, created_at=noon, to_address="Abe.Before@example.org"),
    }
    names = {m.id: name for name, m in mails.items()}

    def found(sort: str = "-created_at", **params: str) -> list[str]:
        filters = outbox_filters(params, "UTC")
        rows = list_outbox(session, admin, filters, sort=sort)
        assert count_outbox(session, admin, filters) == len(rows)
        assert [r.id for r in each_outbox(session, admin, filters, sort)] == [r.id for r in rows]
        return [names[r.id] for r in rows]

    assert found() == ["new", "sent", "old"]
    assert found("created_at") == ["old", "sent", "new"]
    assert found("to")[0] == "new"
    assert found(status="kept") == ["old"]
    assert found(kind="ticket") == ["sent"]
    assert found(q="zoe") == ["sent", "old"]
    assert found(q="abe.before@EXAMPLE.org") == ["new"]
    assert found(q="abe@example.org") == ["new"]
    assert found(q="nobody") == []
    assert found(person=str(zoe.id)) == ["sent", "old"]
    assert found(**{"from": "2026-03-13", "to": "2026-03-13"}) == ["old"]
    assert found(**{"from": "2026-03-14"}) == ["new", "sent"]
    for wrong in (
        {"status": "gone"},
        {"kind": "x"},
        {"from": "2026-13-01"},
        {"from": "2026-03-02", "to": "2026-03-01"},
    ):
        with pytest.raises(InvalidInput):
            outbox_filters(wrong, "UTC")
    with pytest.raises(InvalidInput, match="cannot be sorted"):
        list_outbox(session, admin, OutboxFilters(), sort="body")


def test_a_file_of_mails_holds_no_text(session: Session, staff: dict[Role, Actor]) -> None:
    """R-AUD-03"""
    mail_to(session, session.get_one(User, staff[Role.CLIENT].user_id), reply_to="support+t-1.abc@x.example")
    (row,) = each_outbox(session, staff[Role.ADMIN], OutboxFilters(), "-created_at")
    assert list(EXPORTS["mails"].cells) == [
        "created_at",
        "reader",
        "to",
        "kind",
        "subject",
        "status",
        "attempts",
        "error",
        "handed_over_at",
        "sent_at",
    ]
    assert "Secret" not in repr(row)
    assert "support+" not in repr(row)


def test_what_could_be_sent_of_what_was_kept(session: Session, staff: dict[Role, Actor], noon: datetime) -> None:
    """What is over stays, and is named; so does what is to people who are shut out."""
    admin = staff[Role.ADMIN]
    one, two, gone = (make.make_user(session, role=Role.CLIENT) for _ in range(3))
    kept = {"status": MailStatus.KEPT}
    hour = timedelta(hours=1)
    live = {"status": BookingStatus.CONFIRMED}
    begun = make.make_booking(session, starts_at=noon - hour, **live)
    off = make.make_booking(session, starts_at=noon + hour, status=BookingStatus.CANCELLED)
    soon = make.make_booking(session, starts_at=noon + hour, **live)
    mail_to(session, one, created_at=noon - 50 * hour, **kept)
    mail_to(session, one, NoticeKind.REMINDER, record_id=soon.id, subject="Soon", created_at=noon - hour, **kept)
    mail_to(session, two, NoticeKind.REMINDER, record_id=begun.id, subject="Begun", created_at=noon - hour, **kept)
    mail_to(session, two, NoticeKind.REMINDER, record_id=off.id, subject="Off", created_at=noon - 2 * hour, **kept)
    mail_to(session, two, NoticeKind.BOOKING, record_id=off.id, created_at=noon - 3 * hour, **kept)
    mail_to(session, gone, created_at=noon - hour, **kept)
    mail_to(session, two, NoticeKind.TICKET)
    gone.is_active = False
    session.flush()
    found = count_kept(session, admin)
    assert (found.sendable, found.people, found.oldest) == (3, 2, noon - 50 * hour)
    assert (found.over, found.over_named, found.shut_out) == (2, ["Begun", "Off"], 1)
    lately = count_kept(session, admin, written_from=noon - 24 * hour)
    assert (lately.sendable, lately.people, lately.oldest, lately.over) == (2, 2, noon - 3 * hour, 2)
    with clock.stopped(noon + 2 * hour):
        assert (count_kept(session, admin).sendable, count_kept(session, admin).over) == (2, 3)
