"""Wall-clock times of a zone as instants, and instants as people read them."""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from avenrae.errors import InvalidInput


def zone_named(name: str) -> ZoneInfo:
    """Return the IANA time zone of this name.

    Raises:
        InvalidInput: There is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(f"“{name}” is not a time zone; write it like Africa/Johannesburg.") from None


@lru_cache(maxsize=1 << 14)
def instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which the clocks of a zone show this time on this day (R-BOOK-04).

    A time that the clocks skip moves forward by as much as they do; of a time that they show twice it is the
    first. Both are PEP 495's reading of `fold=0`.
    """
    return datetime.combine(day, wall.replace(fold=0), zone).astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Return the date that a zone's calendar shows at this instant."""
    return at.astimezone(zone).date()


def spoken_day(day: date) -> str:
    """Return a date for a sentence: `Mon 16 Mar 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def spoken(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant for a sentence, in a zone and with its name: `Mon 16 Mar 2026, 12:00 SAST` (R-BOOK-12)."""
    local = at.astimezone(zone)
    return f"{spoken_day(local.date())}, {local:%H:%M} {zone_mark(at, zone)}"


def zone_mark(at: datetime, zone: ZoneInfo) -> str:
    """Return a zone's short name at this instant: `SAST`, or `UTC+0545` where it has only a number."""
    short = at.astimezone(zone).tzname() or str(zone)
    return f"UTC{short}" if short[:1] in "+-" else short


def on_clocks(at: datetime, zone: str, *others: str) -> str:
    """Return an instant for a notice: on its reader's clock, then on others' where they show another time (R-BOOK-12).

    `Mon 16 March 2026, 14:00 (Africa/Johannesburg), 12:00 (Europe/London)`. A date is said where it is another than
    the one before; a time that a clock shows twice has the short name of its half too.
    """
    told: list[str] = []
    offsets, day = [], None
    for name in (zone, *others):
        local = at.astimezone(ZoneInfo(name))
        if local.utcoffset() in offsets:
            continue
        is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        mark = f" {zone_mark(at, ZoneInfo(name))}" if is_twice else ""
        date_ = "" if local.date() == day else f"{local:%a} {local.day} {local:%B %Y}, "
        told.append(f"{date_}{local:%H:%M}{mark} ({name})")
        offsets.append(local.utcoffset())
        day = local.date()
    return ", ".join(told)
