"""Every kind of notices has its words for whoever can get it, and for nobody else."""

from avenrae.enums import NoticeKind, Role
from avenrae.letters import CATALOGUE
from avenrae.notice_kinds import TEXTS, kinds_of

CLIENT, PRACTITIONER, STAFF = {Role.CLIENT}, {Role.PRACTITIONER}, {Role.SUPPORT, Role.ADMIN}
READERS = {
    "both sides": CLIENT | PRACTITIONER,
    "the client": CLIENT,
    "the client who waits": CLIENT,
    "the client who waited": CLIENT,
    "the client who wrote": CLIENT,
    "the practitioner": PRACTITIONER,
    "the other side": CLIENT | PRACTITIONER,
    "the other side, until it has read": CLIENT | PRACTITIONER,
    "who flagged it": CLIENT | PRACTITIONER,
    "who received it": CLIENT | PRACTITIONER,
    "who reported it": CLIENT | PRACTITIONER,
    "who wrote it": CLIENT | PRACTITIONER,
    "whom it is about": CLIENT | PRACTITIONER,
    "the admins": {Role.ADMIN},
    "the agent who asked": STAFF,
    "the requester": CLIENT | PRACTITIONER,
    "the assignee": STAFF,
    "the assignee, or every agent while there is none": STAFF,
    "the lead of the desk": STAFF,
    "the owner of the account": set(Role),
}
"""The roles of whom an event is told, by how the catalogue names them."""


def test_a_role_chooses_about_what_it_can_be_told() -> None:
    """Whom a new event is told must be known here, and find its kind on the account page."""
    told = {(role, event.kind) for event in CATALOGUE.values() for role in READERS[event.to]}
    told |= {(role, NoticeKind.MESSAGE) for role in CLIENT | PRACTITIONER}
    assert {(role, kind) for kind, text in TEXTS.items() for role in text.to} == told


def test_every_kind_has_its_words() -> None:
    assert set(TEXTS) == set(NoticeKind)
    assert all(meaning.missed for role in Role for kind in kinds_of(role) for meaning in TEXTS[kind].to.values())
