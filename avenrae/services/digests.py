"""The words of a digest: what waited, by kind, each with when it was told and where it opens."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from avenrae.enums import NoticeKind
from avenrae.models import Notification
from avenrae.notice_kinds import TEXTS
from avenrae.scheduling.zones import spoken_day
from avenrae.services.outbox import AddressOf

_MOST = 50
_LONGEST = 300


def digest_letter(notices: Sequence[Notification], zone: ZoneInfo, day: date, address_of: AddressOf) -> tuple[str, str]:
    """Return subject and text of the mail of a day that carries these notices; times are on its reader's clock.

    Of more than fifty the rest is counted. `address_of` knows the address of what each of them opens.
    """
    many = f"{len(notices)} notices" if len(notices) > 1 else "1 notice"
    parts = [f"What waited for your daily mail. Times are on your clock ({zone.key})."]
    listed = notices[:_MOST]
    for kind, text in TEXTS.items():
        of_kind = [notice for notice in listed if NoticeKind(notice.kind) is kind]
        if of_kind:
            parts += [
                f"{text.name.upper()} ({len(of_kind)})",
                *(_entry(notice, zone, address_of) for notice in of_kind),
            ]
    if len(notices) > _MOST:
        parts.append(f"And {len(notices) - _MOST} more, under Notifications in the console.")
    return f"{many} for you, {spoken_day(day)}", "\n\n".join(parts)


def _entry(notice: Notification, zone: ZoneInfo, address_of: AddressOf) -> str:
    told_at = notice.created_at.astimezone(zone)
    opens = address_of(notice.screen, notice.record_id)
    lines = [f"{notice.title} ({told_at:%a %H:%M})", _short(notice.body), opens]
    return "\n".join(line for line in lines if line)


def _short(body: str) -> str:
    line = " ".join(body.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
