"""The search around a point in SQL: both bodies, the nearest in order, and the same as the geodesic says."""

import random
from itertools import pairwise

import pytest
from geographiclib.geodesic import Geodesic
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.make import make_practitioner

POINTS = [(-33.92, 18.42), (-29.86, 31.03), (0.0, 179.95), (51.5, -0.1), (89.97, 10.0), (-90.0, 0.0), (-17.0, -180.0)]
BOTH = {
    "own": "SELECT practitioner_id, distance_m FROM find_practitioners_near(:lat, :lon, :km, :kind, :lim)",
    "cube": "SELECT practitioner_id, distance_m FROM near_by_cube(:lat, :lon, :km, :kind, :lim)",
}


def scatter(session: Session) -> dict:
    """Two hundred practitioners around the points, near and far."""
    dice = random.Random(5)
    placed = {}
    for n in range(210):
        lat, lon = POINTS[n % len(POINTS)]
        spread = (0.02, 0.3, 4.0)[n % 3]
        lat = max(-90.0, min(90.0, lat + dice.gauss(0, spread)))
        lon = (lon + dice.gauss(0, spread) + 180) % 360 - 180
        kind = ("healer", "medium")[n % 2]
        p = make_practitioner(session, is_open=False, latitude=lat, longitude=lon, kind=kind)
        placed[p.id] = (lat, lon, kind)
    return placed


def near(
    session: Session, body: str, lat: float, lon: float, km: float, kind: str | None = None, lim: int | None = None
):
    """What a body finds, in its order."""
    values = {"lat": lat, "lon": lon, "km": km, "kind": kind, "lim": lim}
    return [(row[0], row[1]) for row in session.execute(text(BOTH[body]), values)]


def has_postgis(session: Session) -> bool:
    """Whether the server's own body is PostGIS's."""
    return session.execute(text("SELECT count(*) FROM pg_extension WHERE extname = 'postgis'")).scalar_one() == 1


@pytest.mark.parametrize("body", list(BOTH))
def test_the_nearest_are_those_of_the_geodesic_in_order(session: Session, body: str) -> None:
    """R-DIR-01: members, order and distances against GeographicLib, within 0.01 % (1 m with PostGIS)."""
    placed = scatter(session)
    exact = body == "own" and has_postgis(session)
    for lat, lon in POINTS:
        true = {p: Geodesic.WGS84.Inverse(lat, lon, at[0], at[1])["s12"] for p, at in placed.items()}
        for km in (5, 50, 500, 5_000):
            found = near(session, body, lat, lon, km)
            assert {p for p, _ in found} == {p for p, d in true.items() if d <= km * 1000}
            assert all(true[a] <= true[b] * 1.0001 for (a, _), (b, _) in pairwise(found))
            for p, metres in found:
                assert metres == pytest.approx(true[p], rel=1e-4, abs=1 if exact else 0.001)
                assert not exact or abs(metres - true[p]) < 1
            assert near(session, body, lat, lon, km, lim=7) == found[:7]
            healers = [(p, d) for p, d in found if placed[p][2] == "healer"]
            assert near(session, body, lat, lon, km, "healer") == healers
            assert near(session, body, lat, lon, km, "healer", 3) == healers[:3]


def test_both_bodies_find_the_same(session: Session) -> None:
    """R-DIR-01: one signature, and the same people from PostGIS as without it."""
    if not has_postgis(session):
        pytest.skip("this server has no PostGIS; `make test-pg15` runs it on one")
    scatter(session)
    for lat, lon in POINTS:
        for km in (5, 50, 500, 5_000):
            own, cube = (dict(near(session, body, lat, lon, km)) for body in BOTH)
            assert own == pytest.approx(cube, rel=1e-4, abs=0.01)


def test_nobody_without_a_position_is_near(session: Session) -> None:
    make_practitioner(session, is_open=False, latitude=None, longitude=None)
    for body in BOTH:
        assert near(session, body, 0, 0, 5_000) == []
