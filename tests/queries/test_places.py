"""The gazetteer: places by their names, old names and nearly their names."""

import pytest
from sqlalchemy.orm import Session

from avenrae.enums import Role
from avenrae.models import Place, PlaceName
from avenrae.permissions import Actor
from avenrae.queries.places import find_places, get_place
from tests.make import make_actor

ADMIN = Actor.system("test")
KNOWN = [
    (1, "Durban", "KwaZulu-Natal", "ZA", 3_000_000, ["durban", "ethekwini"]),
    (2, "Durbanville", "Western Cape", "ZA", 50_000, ["durbanville"]),
    (3, "Gqeberha", "Eastern Cape", "ZA", 1_000_000, ["gqeberha", "port elizabeth"]),
    (4, "London", "United Kingdom", "GB", 9_000_000, ["london"]),
    (5, "London", "Canada", "CA", 380_000, ["london"]),
    (6, "Newcastle", "KwaZulu-Natal", "ZA", 60_000, ["newcastle"]),
    (7, "Newcastle", "Australia", "AU", 300_000, ["newcastle"]),
    (8, "Sunnyside, Pretoria", "Gauteng", "ZA", 20_000, ["sunnyside, pretoria", "sunnyside"]),
    (9, "Köln", "Germany", "DE", 1_000_000, ["koln"]),
]


@pytest.fixture
def places(session: Session) -> Session:
    """A small gazetteer instead of the one that the migration loads."""
    session.query(PlaceName).delete()
    session.query(Place).delete()
    for key, name, region, country, people, names in KNOWN:
        session.add(
            Place(
                id=key,
                name=name,
                region=region,
                country_code=country,
                latitude=-29.0,
                longitude=31.0,
                time_zone="Africa/Johannesburg",
                population=people,
            )
        )
        session.flush()
        session.add_all(PlaceName(place_id=key, folded=folded) for folded in names)
    session.flush()
    return session


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Durban", [1, 2]),
        ("durb", [1, 2]),
        ("  DURBAN ", [1, 2]),
        ("ethekw", [1]),
        ("port eliz", [3]),
        ("london", [4, 5]),
        ("London, canada", [5]),
        ("London, GB", [4]),
        ("newcastle", [6, 7]),
        ("Sunnyside, Pretoria", [8]),
        ("Sunnyside, Pretoria, Gauteng", [8]),
        ("KÖLN", [9]),
        ("durbn", [1]),
        ("gqeberah", [3]),
        ("d", []),
        ("", []),
        ("100%_\\", []),
        ("xyzzy", []),
    ],
)
def test_places_are_found_by_what_people_type(places: Session, typed: str, found: list[int]) -> None:
    for role in (Role.ADMIN, Role.CLIENT):
        assert [p.id for p in find_places(places, make_actor(places, role), typed)][: len(found) or 9] == found


def test_a_label_finds_its_place_again(places: Session) -> None:
    for key, *_ in KNOWN:
        place = get_place(places, ADMIN, key)
        assert place is not None
        assert find_places(places, ADMIN, place.label)[0].id == key
    assert get_place(places, ADMIN, 99) is None
