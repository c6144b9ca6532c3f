"""Everything that people are told, by area: each event once, with its words. `services/telling.py` tells it."""

from types import ModuleType

from avenrae.letters import bookings, orders, profiles, refunds, reviews, security, tickets
from avenrae.letters.event import Event

AREAS: tuple[ModuleType, ...] = (bookings, orders, reviews, profiles, tickets, refunds, security)
CATALOGUE: dict[str, Event] = {
    event.name: event for area in AREAS for event in vars(area).values() if isinstance(event, Event)
}
"""Every event by its name, in the order in which the areas say them."""
