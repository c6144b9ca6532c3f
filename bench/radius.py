"""The search around a point, by itself: many points, three radii, 5 000 and 100 000 practitioners."""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text

from avenrae.db import engine as db
from avenrae.demo.places import HOME, SOUTH_AFRICA
from bench.pages import percentile
from bench.world import Size, drop_database, make_database

_NEAREST = text("SELECT practitioner_id, distance_m FROM find_practitioners_near(:lat, :lon, :km, lim => 50)")


@dataclass(frozen=True)
class RadiusCost:
    """Seconds of one search for the fifty nearest, and how many there were within the radius."""

    practitioners: int
    km: int
    median: float
    p95: float
    within: int


def measure_radius(number: int, say: Callable[[str], None] = print) -> list[RadiusCost]:
    """Search around 200 points near the places where practitioners are, in a world of nothing but practitioners."""
    size = Size(users=number + 30, staff=20, practitioners=number, bookings=0, orders=0, products=0)
    name = f"avenrae_bench_radius_{number}"
    url = make_database(name, size, lambda sentence: None)
    engine = db.make_engine(url)
    dice = random.Random(11)
    places = [dice.choice((HOME, *SOUTH_AFRICA)) for _ in range(200)]
    points = [(p.latitude + dice.gauss(0, 0.05), p.longitude + dice.gauss(0, 0.05)) for p in places]
    costs = []
    with engine.connect() as connection:
        for km in (5, 50, 500):
            times, within = [], []
            for lat, lon in points:
                began = time.perf_counter()
                connection.execute(_NEAREST, {"lat": lat, "lon": lon, "km": km}).all()
                times.append(time.perf_counter() - began)
            for lat, lon in points[:20]:
                query = text("SELECT count(*) FROM find_practitioners_near(:lat, :lon, :km)")
                within.append(connection.execute(query, {"lat": lat, "lon": lon, "km": km}).scalar_one())
            cost = RadiusCost(
                number, km, statistics.median(times), percentile(times, 0.95), round(statistics.mean(within))
            )
            costs.append(cost)
            say(
                f"{number} practitioners, {km} km: median {cost.median * 1e3:.1f} ms, p95 {cost.p95 * 1e3:.1f} ms,"
                f" {cost.within} within on average"
            )
    engine.dispose()
    drop_database(name)
    return costs
