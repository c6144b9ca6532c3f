"""What clients and practitioners of the demo world write to one another: a few dozen talks, two of them reported."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from avenrae import clock
from avenrae.demo.people import DEMO_ACCOUNTS, stamps
from avenrae.demo.rows import Frame, Tables
from avenrae.demo.sessions import Agenda, Visit
from avenrae.enums import Role
from avenrae.ids import uuid7
from avenrae.models import Conversation, ConversationMember, Message, User
from avenrae.permissions import Actor
from avenrae.services.moderation import hide_message, open_conversation, report_message

_MANY = 36
_OWN = 5


class Talk(NamedTuple):
    """One kind of talk: lines of the client (even) and of the practitioner (odd), one after the other."""

    lines: tuple[str, ...]


_TALKS = (
    Talk(
        (
            "Good day, is there anything that I should bring to our session?",
            "Only yourself and something warm to wear. Please eat lightly before.",
            "I will. I have never done this before and am a little nervous.",
            "That is quite usual. We take the first ten minutes to talk, and you can stop at any moment.",
            "Thank you, that helps. See you then.",
        )
    ),
    Talk(
        (
            "Hello, where can I leave the car near your room?",
            "Behind the bakery, the gate code is on the note in your booking. The street is full after nine.",
            "Found it on the map, thank you",
        )
    ),
    Talk(
        (
            "I slept so well after yesterday. What was the name of the tea that you made?",
            "I am glad. It is buchu with a little honey; any health shop has it.",
            "And how often may I drink it?",
            "One cup in the evening is enough. Leave it away if you are pregnant or take tablets for your blood.",
            "Neither. Thank you!",
            "Write to me in a week how it goes.",
            "A week now, and it goes very well. I have booked again.",
        )
    ),
    Talk(
        (
            "Could we speak Afrikaans in the session? My mother comes along and is not at home in English.",
            "Natuurlik. Sê vir haar sy is baie welkom.",
            "Baie dankie!",
        )
    ),
    Talk(
        (
            "Is the online room the same link as last time?",
            "No, each session has its own. It is in the reminder that you get two hours before.",
        )
    ),
    Talk(
        (
            "You said that you would send me the chart of my daughter.",
            "Of course. I need her time of birth as exactly as you know it; the hour is on the long certificate.",
            "22 May 2011, ten to four in the afternoon, Bloemfontein.",
            "Thank you. Give me until Thursday.",
            "No hurry at all.",
            "It took until today, forgive me. We go through it together next time.",
        )
    ),
    Talk(
        (
            "The bus is late, I may be ten minutes after the hour.",
            "No trouble, nobody comes after you today. Travel safely.",
        )
    ),
    Talk(("Do you also see couples? My husband would like to come along once.",)),
)
_RUDE = "If you cannot be on time you waste my life, and frankly your problems are your own fault."
_OUTSIDE = "Pay me next time in cash at the door, it is cheaper for you and the site need not know."


def write_to_one_another(session: Session, frame: Frame, tables: Tables, agenda: Agenda) -> None:
    """Let pairs who had a session write to one another; one report waits for the desk, one was decided."""
    pairs = list(_pairs(frame, agenda))
    last: list[tuple[Actor, Actor, Message]] = []
    for n, visit in enumerate(pairs):
        is_new = visit.customer is agenda.customers[0] or visit.worker.is_demo
        _talk(frame, tables, visit, _TALKS[n % len(_TALKS)], n, is_new=is_new)
    tables.write(session, Conversation, ConversationMember, Message)
    for visit, words in ((pairs[-1], _RUDE), (pairs[-2], _OUTSIDE)):
        last.append(_said_by_practitioner(session, frame, visit, words))
    (client, _, rude), (other, _, outside) = last
    agent = _agent(session)
    with clock.stopped(frame.now - timedelta(hours=5)):
        report_message(session, client, rude.id, "I was four minutes late because of a taxi strike. This is not right.")
    with clock.stopped(frame.now - timedelta(days=2)):
        ticket = report_message(session, other, outside.id, "Is this allowed? I would rather pay here.")
    with clock.stopped(frame.now - timedelta(days=1, hours=20)):
        open_conversation(session, agent, ticket.id)
        hide_message(session, agent, outside.id, "Sessions are paid for here: only so is there a receipt and a refund.")


def _pairs(frame: Frame, agenda: Agenda) -> Iterator[Visit]:
    """Yield one visit of each pair: some of the demo client and of the demo practitioner first."""
    taken: set[tuple[uuid.UUID, uuid.UUID]] = set()
    visits = [v for v in agenda.visits if v.created < frame.now - timedelta(days=4)]
    frame.rng.shuffle(visits)
    own = [v for v in visits if v.customer is agenda.customers[0]][: _OWN * 8]
    asked = [v for v in visits if v.worker.is_demo][: _OWN * 8]
    for some, most in ((own, _OWN), (asked, 2 * _OWN + 2), (visits, _MANY)):
        for visit in some:
            pair = (visit.customer.user_id, visit.worker.user_id)
            if len(taken) < most and pair not in taken:
                taken.add(pair)
                yield visit


def _talk(frame: Frame, tables: Tables, visit: Visit, talk: Talk, n: int, *, is_new: bool) -> None:
    key, rng = uuid7(), frame.rng
    both = (visit.customer.user_id, visit.worker.user_id)
    at = frame.now - timedelta(hours=rng.uniform(4, 60)) if is_new and n % 2 else visit.created
    at = max(at, visit.created) + timedelta(hours=rng.uniform(0.5, 9))
    times: list[datetime] = []
    for line in talk.lines:
        at = min(at, frame.now - timedelta(minutes=4 * (len(talk.lines) - len(times))))
        times.append(max(at, times[-1] + timedelta(seconds=20)) if times else at)
        tables.add(
            Message,
            id=uuid7(),
            conversation_id=key,
            author_id=both[(len(times) - 1) % 2],
            body=line,
            **stamps(times[-1]),
        )
        at = times[-1] + timedelta(minutes=rng.expovariate(1 / 90))
    tables.add(
        Conversation,
        id=key,
        client_user_id=both[0],
        practitioner_user_id=both[1],
        last_message_at=times[-1],
        **stamps(times[0]),
    )
    # Who wrote last has read all of it; the other one has not always come to it yet.
    writer = both[(len(times) - 1) % 2]
    unread = is_new and n % 2 == 1
    for user_id in both:
        read = times[-1] if user_id == writer or not unread else times[-2] if len(times) > 1 else None
        tables.add(ConversationMember, conversation_id=key, user_id=user_id, read_until=read, seen_at=read)


def _said_by_practitioner(session: Session, frame: Frame, visit: Visit, words: str) -> tuple[Actor, Actor, Message]:
    """Let the practitioner write one thing more; returns both of them and the message."""
    pair = (
        Conversation.client_user_id == visit.customer.user_id,
        Conversation.practitioner_user_id == visit.worker.user_id,
    )
    talk = session.scalars(select(Conversation).where(*pair)).one()
    at = max(talk.last_message_at + timedelta(minutes=1), frame.now - timedelta(days=3))
    message = Message(conversation_id=talk.id, author_id=visit.worker.user_id, body=words, created_at=at)
    session.add(message)
    talk.last_message_at = at
    session.flush()
    client, worker = (session.get_one(User, key) for key in (visit.customer.user_id, visit.worker.user_id))
    return (
        Actor(client.id, Role.CLIENT, client.name, client.email, client.time_zone, client_id=visit.customer.id),
        Actor(worker.id, Role.PRACTITIONER, worker.name, worker.email, worker.time_zone),
        message,
    )


def _agent(session: Session) -> Actor:
    user = session.scalars(select(User).where(User.email == DEMO_ACCOUNTS[Role.SUPPORT])).one()
    return Actor(user.id, Role.SUPPORT, user.name, user.email, user.time_zone)
