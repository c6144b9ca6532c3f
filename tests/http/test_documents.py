"""A document's file over HTTP: its owner and staff save it, nobody else knows of it."""

import pytest

from avenrae.db.transaction import transaction
from avenrae.enums import Role
from avenrae.models import Practitioner, User
from avenrae.passwords import hash_password
from avenrae.permissions import Actor
from tests import make
from tests.http.conftest import PASSWORD, Console

SYSTEM = Actor.system("Test")


@pytest.fixture
def world(console: Console) -> tuple[str, dict[str, str]]:
    """A document of a practitioner, and the tokens of him, a colleague, a client and staff."""
    with transaction(SYSTEM, "prepare") as session:
        people = {role.value: make.make_actor(session, role) for role in Role}
        people["colleague"] = make.make_actor(session, Role.PRACTITIONER)
        for actor in people.values():
            session.get_one(User, actor.user_id).password_hash = hash_password(PASSWORD)
        owner = session.get_one(Practitioner, people["practitioner"].practitioner_id)
        document = make.make_document(session, owner, file_name="Zoë's card.pdf")
        emails = {name: actor.email for name, actor in people.items()}
        key = str(document.id)
    return key, {name: console.sign_in(email).token for name, email in emails.items()}


@pytest.mark.parametrize("who", ["practitioner", "support", "admin"])
def test_its_owner_and_staff_save_it(console: Console, world: tuple[str, dict[str, str]], who: str) -> None:
    key, tokens = world
    answer = console.ask(f"/document/{key}", token=tokens[who])
    assert answer.status == 200
    assert answer.text == "%PDF-1.4\n"
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Zo%C3%AB%27s%20card.pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("who", ["client", "colleague"])
def test_nobody_else_knows_of_it(console: Console, world: tuple[str, dict[str, str]], who: str) -> None:
    """R-USR-01: what is not yours is not there."""
    key, tokens = world
    answer = console.ask(f"/document/{key}", token=tokens[who])
    assert answer.status == 404
    assert "%PDF" not in answer.text


@pytest.mark.parametrize("key", ["zzz", "01a1f886-498d-7c76-aaee-42ad900b26fe"])
def test_a_wrong_address_is_a_sentence(console: Console, world: tuple[str, dict[str, str]], key: str) -> None:
    """R-UI-02."""
    assert console.ask(f"/document/{key}", token=world[1]["admin"]).status == 404


def test_without_a_sign_in_there_is_nothing(console: Console, world: tuple[str, dict[str, str]]) -> None:
    answer = console.ask(f"/document/{world[0]}")
    assert answer.status in (401, 303, 302, 307)
    assert "%PDF" not in answer.text
