"""The directory: who is found around a point, what list and map share, and what clients do not get to see."""

import math
import uuid
from dataclasses import fields

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from avenrae.enums import AvailabilityStatus, PractitionerKind, Role, VerificationStatus
from avenrae.errors import InvalidInput, NotFound
from avenrae.models import User
from avenrae.permissions import Actor
from avenrae.queries import practitioner_map
from avenrae.queries.directory import count_practitioners, each_practitioner, list_practitioners, list_words
from avenrae.queries.directory_filters import PractitionerFilters, practitioner_filters
from avenrae.queries.positions import Near
from avenrae.queries.practitioner_map import map_view
from avenrae.queries.practitioners import get_practitioner, list_services
from tests.make import actor_of, make_actor, make_practitioner, make_service

ADMIN = Actor.system("test")
EVERYBODY = PractitionerFilters()
SORTS = [f"{sign}{name}" for name in ("name", "rating", "price", "bookings", "newest", "free") for sign in ("", "-")]


def distance_m(session: Session, *points: float) -> float:
    """The distance in metres as the database has it."""
    return session.execute(select(func.geo_distance_m(*points))).scalar_one()


def around(latitude: float, longitude: float, km: float) -> PractitionerFilters:
    """Only those around a point."""
    return PractitionerFilters(near=Near(latitude, longitude, km))


def ids_near(session: Session, actor: Actor, latitude: float, longitude: float, km: float) -> set[uuid.UUID]:
    """Who is found around a point."""
    return {r.id for r in list_practitioners(session, actor, around(latitude, longitude, km), sort="distance")}


@pytest.mark.parametrize(
    ("points", "geodesic_m"),
    [
        ((-33.9249, 18.4241, -26.2041, 28.0473), 1261119.442),
        ((40.6413, -73.7781, 51.47, -0.4543), 5554908.791),
        ((-17.7134, 179.9, -17.7134, -179.9), 21214.948),
        ((89.9, 0.0, 89.9, 180.0), 22338.796),
        ((90.0, 0.0, -90.0, 0.0), 20003931.459),
        ((0.0, 0.0, 0.0, 90.0), 10018754.171),
        ((0.0, 0.0, 60.0, 0.0), 6654072.819),
        ((0.0, 0.0, 1.0, 170.0), 18918538.850),
        ((-33.9249, 18.4241, -33.924, 18.4241), 99.829),
    ],
)
def test_distances_agree_with_the_geodesic(session: Session, points: tuple[float, ...], geodesic_m: float) -> None:
    """R-DIR-01: within 0.01 % of the WGS84 geodesic (reference values from GeographicLib 2.1)."""
    assert distance_m(session, *points) == pytest.approx(geodesic_m, rel=1e-4)


def test_the_boundary_of_a_radius_belongs_to_it(session: Session) -> None:
    """R-DIR-01."""
    p = make_practitioner(session, latitude=-26.2041, longitude=28.0473)
    (row,) = list_practitioners(session, ADMIN, around(-33.9249, 18.4241, 2_000), sort="distance")
    assert row.distance_m is not None
    exactly = row.distance_m / 1000
    assert ids_near(session, ADMIN, -33.9249, 18.4241, exactly) == {p.id}
    assert ids_near(session, ADMIN, -33.9249, 18.4241, math.nextafter(exactly, 0) - 1e-9) == set()


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CLIENT])
def test_a_radius_crosses_the_antimeridian_and_the_poles(session: Session, role: Role) -> None:
    """R-DIR-01."""
    actor = make_actor(session, role)
    west = make_practitioner(session, latitude=-17.7, longitude=-179.9)
    east = make_practitioner(session, latitude=-17.7, longitude=179.9)
    north = make_practitioner(session, latitude=89.9, longitude=180)
    south = make_practitioner(session, latitude=-90, longitude=0)
    assert ids_near(session, actor, -17.7, 180, 15) == {west.id, east.id}
    assert ids_near(session, actor, -17.7, 179.95, 15) == {east.id}
    assert ids_near(session, actor, 89.9, 0, 25) == {north.id}
    assert ids_near(session, actor, -89.99, 77, 5) == {south.id}
    assert ids_near(session, actor, -60, 180, 5_000) == {west.id, east.id, south.id}


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"lat": "90.01", "lon": "0"}, "between −90 and 90"),
        ({"lat": "0", "lon": "-180.5"}, "between −180 and 180"),
        ({"lat": "nan", "lon": "18"}, "not a number"),
        ({"lat": "18", "lon": "inf"}, "not a number"),
        ({"lat": "here", "lon": "18"}, "not a number"),
        ({"lat": "-33.9"}, "one of them is missing"),
        ({"lon": "18", "lat": " "}, "one of them is missing"),
        ({"lat": "-33.9", "lon": "18", "km": "0"}, "more than 0"),
        ({"lat": "-33.9", "lon": "18", "km": "-5"}, "more than 0"),
        ({"lat": "-33.9", "lon": "18", "km": "5000.1"}, "at most 5 000 km"),
        ({"box": "1,2,3"}, "south, west, north and east"),
        ({"box": "5,2,3,4"}, "south, west, north and east"),
        ({"price_from": "cheap"}, "not an amount"),
        ({"price_to": "9", "currency": "rand"}, "not a currency"),
        ({"rating": "6"}, "from 1 to 5"),
        ({"from": "2026-03-16T09:00"}, "one of the two is missing"),
        ({"from": "2026-03-16T09:00", "until": "soon"}, "A time reads like"),
        ({"from": "2026-03-16T09:00", "until": "2026-03-16T09:00"}, "after the start"),
        ({"from": "2026-03-16T09:00", "until": "2026-03-23T09:01"}, "within seven days"),
        ({"lat": "-33.9", "lon": "18", "km": "nan"}, "not a number"),
        ({"kind": "plumber"}, "not one of the choices"),
        ({"status": "gone"}, "not one of the choices"),
    ],
)
def test_filters_that_mean_nothing_are_refused(params: dict[str, str], sentence: str) -> None:
    """R-DIR-01: with a sentence that says what is wrong."""
    with pytest.raises(InvalidInput, match=sentence):
        practitioner_filters(params)


def test_filters_are_read_from_an_address() -> None:
    assert practitioner_filters({}) == EVERYBODY
    assert practitioner_filters({"km": "50"}) == EVERYBODY
    found = practitioner_filters(
        {"q": "reiki", "kind": "medium", "availability": "busy", "lat": "−33,9", "lon": "18.4", "km": "5000"}
    )
    assert found == PractitionerFilters(
        search="reiki",
        kind=PractitionerKind.MEDIUM,
        availability=AvailabilityStatus.BUSY,
        near=Near(-33.9, 18.4, 5_000),
    )


def test_list_and_map_show_the_same_people_in_any_order(session: Session) -> None:
    """R-DIR-02."""
    placed = {make_practitioner(session, hourly_rate_minor=n * 100, rating_average=n).id for n in (3, 1, 2)}
    nowhere = make_practitioner(session, latitude=None, longitude=None).id
    view = map_view(session, ADMIN, EVERYBODY)
    assert {m.id for m in view.markers} == placed
    assert (view.total, view.unplaced, view.cells) == (4, 1, [])
    for sort in SORTS:
        assert {r.id for r in list_practitioners(session, ADMIN, EVERYBODY, sort=sort)} == placed | {nowhere}
        assert {r.id for r in each_practitioner(session, ADMIN, EVERYBODY, sort)} == placed | {nowhere}
    assert count_practitioners(session, ADMIN, EVERYBODY) == view.total == len(view.markers) + view.unplaced


def test_many_become_cells_that_hold_everybody(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-DIR-02: the cells' numbers add up to the list, and choosing a cell leaves exactly those that it counted."""
    monkeypatch.setattr(practitioner_map, "MOST_MARKERS", 3)
    for n in range(7):
        make_practitioner(session, latitude=-30 - n % 3, longitude=20 + n % 3 * 2)
    make_practitioner(session, latitude=None, longitude=None)
    view = map_view(session, ADMIN, EVERYBODY)
    assert view.markers == []
    assert sum(c.count for c in view.cells) + view.unplaced == view.total == 8
    assert sorted(c.count for c in view.cells) == [2, 2, 3]
    for cell in view.cells:
        inside = PractitionerFilters(box=cell.box)
        assert count_practitioners(session, ADMIN, inside) == cell.count
        assert map_view(session, ADMIN, inside).total == cell.count
    assert map_view(session, ADMIN, EVERYBODY, density=True).cells == view.cells


def test_an_area_may_cross_the_antimeridian(session: Session) -> None:
    """R-DIR-01."""
    west, east = (make_practitioner(session, latitude=-17, longitude=lon).id for lon in (-179.5, 179.5))
    make_practitioner(session, latitude=-17, longitude=0)
    found = list_practitioners(session, ADMIN, practitioner_filters({"box": "-20,179,-10,-179"}))
    assert {r.id for r in found} == {west, east}


def test_sorting_by_what_the_list_has_not_is_refused(session: Session) -> None:
    for sort in ("distance", "address", "password_hash"):
        with pytest.raises(InvalidInput, match="cannot be sorted"):
            list_practitioners(session, ADMIN, EVERYBODY, sort=sort)
    near, far = (make_practitioner(session, latitude=lat, longitude=18).id for lat in (-33.1, -33.2))
    found = list_practitioners(session, ADMIN, around(-33, 18, 50), sort="-distance")
    assert [r.id for r in found] == [far, near]


def test_search_and_filters(session: Session) -> None:
    p = make_practitioner(
        session, specialties=["Réiki"], city="Knysna", user={"first_name": "Zoë", "email": "secret-box@example.org"}
    )
    make_practitioner(session)
    client = make_actor(session, Role.CLIENT)
    for search in ("zoe", "REIKI", "knys"):
        assert [r.id for r in list_practitioners(session, client, PractitionerFilters(search=search))] == [p.id]
    by_email = PractitionerFilters(search="secret-box")
    assert list_practitioners(session, client, by_email) == []
    assert [r.id for r in list_practitioners(session, ADMIN, by_email)] == [p.id]
    assert count_practitioners(session, ADMIN, PractitionerFilters(city="Knysna")) == 1
    assert count_practitioners(session, ADMIN, PractitionerFilters(kind=PractitionerKind.MEDIUM)) == 0


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(-33.9249, 18.4241), (0.0, 0.0), (64.15, -21.94), (-17.7, 180.0), (89.5, -120.0), (89.999, 10.0), (-90.0, 0.0)],
)
def test_clients_see_a_coarse_position(session: Session, latitude: float, longitude: float) -> None:
    """R-DIR-03: up to 500 m away, always the same one, and not a fixed step from the exact one."""
    client = make_actor(session, Role.CLIENT)
    many = [make_practitioner(session, latitude=latitude, longitude=longitude).id for _ in range(40)]
    shown = {m.id: (m.latitude, m.longitude) for m in map_view(session, client, EVERYBODY).markers}
    assert set(shown) == set(many)
    assert shown == {r.id: (r.latitude, r.longitude) for r in list_practitioners(session, client, EVERYBODY)}
    for lat, lon in shown.values():
        assert lat is not None
        assert lon is not None
        assert abs(lat) <= 90
        assert abs(lon) <= 180
        assert distance_m(session, lat, lon, latitude, longitude) <= 500
    if abs(latitude) < 89:
        assert len(set(shown.values())) > 30


def test_a_coarse_position_does_not_follow_small_moves(session: Session) -> None:
    """R-DIR-03: whoever knows the rule and the id still knows no more than a cell of 690 m."""
    client = make_actor(session, Role.CLIENT)
    p = make_practitioner(session)
    before = get_practitioner(session, client, p.id)
    seen = set()
    for step in range(20):
        p.latitude = -33.9249 + step * 1e-5
        session.flush()
        seen.add(get_practitioner(session, client, p.id).latitude)
    assert len(seen) <= 2
    assert before.latitude in seen


def test_the_exact_position_never_reaches_a_client(session: Session) -> None:
    """R-DIR-03: not by a row, a profile, a place, a distance or the edge of a radius."""
    client = make_actor(session, Role.CLIENT)
    p = make_practitioner(session, address="12 Long Street", commission_bps=1800, user={"phone": "+27 82 123 4567"})
    profile = get_practitioner(session, client, p.id)
    assert not profile.is_exact
    assert (profile.address, profile.email, profile.phone, profile.commission_bps) == ("", "", "", None)
    everything = [
        profile,
        *list_practitioners(session, client, EVERYBODY),
        *map_view(session, client, EVERYBODY).markers,
    ]
    values = {str(getattr(row, f.name)) for row in everything for f in fields(row)}
    assert not values & {"-33.9249", "18.4241", "12 Long Street"}

    assert profile.latitude is not None
    assert profile.longitude is not None
    (found,) = list_practitioners(session, client, around(-34.5, 18.4, 100))
    coarse = distance_m(session, -34.5, 18.4, profile.latitude, profile.longitude)
    assert found.distance_m == round(coarse / 1000) * 1000
    assert ids_near(session, client, -34.5, 18.4, (coarse + 1) / 1000) == {p.id}
    assert ids_near(session, client, -34.5, 18.4, (coarse - 1) / 1000) == set()


def test_staff_and_the_practitioner_himself_see_the_exact_position(session: Session) -> None:
    """R-DIR-03."""
    p = make_practitioner(session, address="12 Long Street")
    himself = actor_of(session.get_one(User, p.user_id), practitioner=p)
    for actor in (ADMIN, make_actor(session, Role.SUPPORT), himself):
        profile = get_practitioner(session, actor, p.id)
        assert profile.is_exact
        assert (profile.latitude, profile.longitude, profile.address) == (-33.9249, 18.4241, "12 Long Street")


@pytest.mark.parametrize("status", [s for s in VerificationStatus if s != VerificationStatus.APPROVED])
def test_clients_find_approved_profiles_only(session: Session, status: VerificationStatus) -> None:
    client, other = make_actor(session, Role.CLIENT), make_actor(session, Role.PRACTITIONER)
    p = make_practitioner(session, verification_status=status, city="Knysna", specialties=["Reiki"])
    make_service(session, p)
    filters = PractitionerFilters(city="Knysna")
    for actor in (client, other):
        assert list_practitioners(session, actor, filters) == []
        assert map_view(session, actor, filters).total == 0
        assert list_services(session, actor, p.id) == []
        assert list_words(session, actor, "specialties") == []
        with pytest.raises(NotFound, match="not yours to see"):
            get_practitioner(session, actor, p.id)
    assert count_practitioners(session, ADMIN, filters) == 1


def test_services_that_are_not_offered_are_for_staff_and_the_owner(session: Session) -> None:
    p = make_practitioner(session)
    make_service(session, p, title="Open")
    make_service(session, p, title="Closed", is_available=False)
    client = make_actor(session, Role.CLIENT)
    assert [s.title for s in list_services(session, client, p.id)] == ["Open"]
    assert [s.title for s in list_services(session, ADMIN, p.id)] == ["Closed", "Open"]
    assert [s.title for s in list_services(session, ADMIN, p.id, offered_only=True)] == ["Open"]


def test_filters_by_what_profiles_and_services_say(session: Session) -> None:
    p = make_practitioner(
        session, specialties=["Reiki", "Dreams"], languages=["isiZulu"], hourly_rate_minor=50_000, rating_average=4.5
    )
    other = make_practitioner(session, specialties=["Tarot"], languages=["English"], rating_average=3)
    make_service(session, p, delivery="both")
    make_service(session, other, delivery="online", is_available=False)
    for params in (
        {"specialty": "Reiki"},
        {"language": "isiZulu"},
        {"price_to": "500"},
        {"price_from": "100", "price_to": "500.00", "currency": "ZAR"},
        {"rating": "4"},
        {"delivery": "online"},
        {"delivery": "in_person"},
    ):
        found = practitioner_filters(params)
        assert [r.id for r in list_practitioners(session, ADMIN, found)] == [p.id], params
        assert count_practitioners(session, ADMIN, found) == 1
    assert count_practitioners(session, ADMIN, practitioner_filters({"price_to": "500", "currency": "GBP"})) == 0
    assert list_words(session, ADMIN, "specialties") == ["Dreams", "Reiki", "Tarot"]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.CLIENT])
def test_the_nearest_come_first_on_every_page(session: Session, role: Role) -> None:
    """R-DIR-02: pages of the nearest are the whole list cut up, also where most of the nearest do not fit."""
    actor = make_actor(session, role)
    for n in range(60):
        kind = PractitionerKind.MEDIUM if n % 20 == 19 else PractitionerKind.HEALER
        make_practitioner(
            session, is_open=False, latitude=-33.9 - n / 50, kind=kind, specialties=["Rare"] if n > 50 else []
        )
    for extra in ({}, {"kind": PractitionerKind.MEDIUM}, {"specialty": "Rare"}):
        near = PractitionerFilters(near=Near(-33.9, 18.4241, 100), **extra)
        whole = [r.id for r in list_practitioners(session, actor, near, sort="distance", size=1000)]
        pages = [
            r.id
            for page in range(1, 9)
            for r in list_practitioners(session, actor, near, sort="distance", page=page, size=7)
        ]
        assert pages == whole[:56]
        assert len(whole) == count_practitioners(session, actor, near)
        away = [r.distance_m for r in list_practitioners(session, actor, near, sort="distance", size=1000)]
        assert away == sorted(away)
