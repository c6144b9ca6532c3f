"""The time that is left of a hold or an offer: it ticks in the browser and draws the page anew when it is over."""

import math
from datetime import datetime

from avenrae import clock
from avenrae.ui.records import frontend


def countdown(
    until: datetime, *, key: str, label: str = "Held for another", over: str = "The hold has run out."
) -> None:
    """Draw how long it is until an instant, in minutes and seconds and in words; nothing once it has passed."""
    left = math.ceil((until - clock.now()).total_seconds())
    mount = frontend("countdown", html='<div class="countdown" style="visibility: hidden"></div>')
    if mount is None or left <= 0:
        return
    mount(
        key=f"countdown:{key}",
        data={"id": key, "left": left, "label": label, "over": over},
        on_over_change=lambda: None,
    )
