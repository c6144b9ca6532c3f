"""Words looked for in subjects and messages of tickets, in bounded time whether they are rare or in every message.

Rare words are found by their index, wherever they stand. For words so common that the index would name too many
messages, the tickets with the newest messages are looked through instead, `LOOKED_THROUGH` of them. Which of the two
it is, the planner's own estimate says, from its statistics of words.
"""

import json
import re
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, false, func, literal_column, or_, select, true, union
from sqlalchemy.orm import Session

from avenrae.models import Ticket, TicketMessage, User
from avenrae.permissions import Actor
from avenrae.queries.people import is_named
from avenrae.queries.scopes import visible_ticket_messages, visible_tickets

RARE = 3_000
"""Words in more messages than this are common."""
LOOKED_THROUGH = 2_000
_MOST_PEOPLE = 200
_NUMBER = re.compile(r"[tT]-?(\d+)")
_SIMPLE: ColumnElement[Any] = literal_column("'simple'::regconfig")


def is_common(session: Session, actor: Actor, search: str) -> bool:
    """Return whether the words are in so many messages that only the newest tickets are looked through.

    Where few tickets are the actor's own, all of them are.
    """
    if not actor.is_staff or not search.strip() or _NUMBER.fullmatch(search.strip()):
        return False
    words = words_of(search)
    said = select(TicketMessage.id).where(TicketMessage.body_words.op("@@")(words))
    return _estimate(session, said.union_all(select(Ticket.id).where(Ticket.subject_words.op("@@")(words)))) > RARE


def holding(
    session: Session, actor: Actor, search: str, others: list[ColumnElement[bool]], *, common: bool | None = None
) -> list[ColumnElement[bool]]:
    """Return the conditions that a ticket holds all these words, in its subject or in one message the actor may read.

    The last may go on: “refund” finds “refunded”; what stands in quotes is looked for as it is. Staff also find a
    ticket by its number and by its requester. `others` are the list's other conditions, which hold too: within them
    the newest are looked through where words are common.
    """
    if named := _NUMBER.fullmatch(search.strip()):
        return [Ticket.number == f"T-{named[1]}", *others]
    by_person = _of_people(session, search) if actor.is_staff else false()
    if common is None:
        common = is_common(session, actor, search)
    if actor.is_staff and not common:
        return [Ticket.id.in_(_by_index(actor, search, by_person)), *others]
    newest = (
        select(Ticket.id)
        .where(visible_tickets(actor), *others)
        .order_by(Ticket.last_message_at.desc(), Ticket.id.desc())
        .limit(LOOKED_THROUGH)
        .cte("newest")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    words = words_of(search)
    said = select(true()).where(
        TicketMessage.ticket_id == Ticket.id,
        TicketMessage.body_words.op("@@")(words),
        *([] if actor.is_staff else [TicketMessage.is_internal.is_(False)]),
    )
    # A value with a limit and no EXISTS, which the planner might answer for all tickets at once from the words' index.
    says = func.coalesce(said.limit(1).scalar_subquery(), false())
    return [Ticket.id.in_(select(newest.c.id)), or_(Ticket.subject_words.op("@@")(words), by_person, says)]


def _of_people(session: Session, search: str) -> ColumnElement[bool]:
    if len(search.strip()) < 3:
        return false()
    keys = list(session.scalars(select(User.id).where(is_named(search)).limit(_MOST_PEOPLE)))
    return Ticket.requester_id.in_(keys) if keys else false()


def _by_index(actor: Actor, search: str, by_person: ColumnElement[bool]) -> Select[Any]:
    words = words_of(search)
    said = select(TicketMessage.ticket_id).where(
        TicketMessage.body_words.op("@@")(words), visible_ticket_messages(actor)
    )
    called = select(Ticket.id).where(Ticket.subject_words.op("@@")(words))
    asked = select(Ticket.id).where(by_person)
    found = union(*[select(query.limit(RARE).subquery().c[0]) for query in (said, called, asked)])
    return select(found.subquery().c[0])


def words_of(search: str) -> ColumnElement[Any]:
    """Return the query of what people type in search fields: all words, a "phrase", -not, or; the last may go on."""
    typed = func.websearch_to_tsquery(_SIMPLE, func.f_fold(search.replace("\0", "")))
    if '"' in search:
        return typed
    longer = func.regexp_replace(typed.op("::")(literal_column("text")), "'$", "':*")
    return longer.op("::")(literal_column("tsquery"))


def _estimate(session: Session, query: CompoundSelect[Any]) -> int:
    """Return how many rows the planner expects; it plans and reads none."""
    compiled = query.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    told = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", compiled.params).scalar_one()
    plan = json.loads(told) if isinstance(told, str) else told
    return int(plan[0]["Plan"]["Plan Rows"])
