"""The form in which somebody says how to be told: of what, where and when, and when not."""

from collections.abc import Sequence
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from avenrae import clock
from avenrae.enums import NoticeChoice, NoticeKind
from avenrae.errors import InvalidInput
from avenrae.notice_kinds import TEXTS
from avenrae.queries.deliveries import NoticeWishes, count_for_digest, get_notice_wishes
from avenrae.scheduling.delivery import next_digest
from avenrae.scheduling.zones import spoken
from avenrae.services.notice_preferences import choose_notices
from avenrae.ui.actions import Field, Form, actor, load
from avenrae.ui.format import count

_MAILS = {
    NoticeChoice.NOW: "E-mail at once",
    NoticeChoice.DIGEST: "In the daily e-mail",
    NoticeChoice.OFF: "No e-mail",
}
_WIDTHS = [6, 2, 3]
_STEP = 900
_NIGHT = time(22), time(7)


def notice_preferences() -> None:
    """Draw the form of whoever is signed in."""
    wishes = load(get_notice_wishes)
    with Form("notices", border=False, of=wishes) as form:
        st.subheader("What you are told of")
        keys = [key for row in wishes.kinds for key in _kind_row(form, *row)]
        _security_row()
        st.subheader("Quiet hours and daily e-mail")
        _hours(form, wishes)
        form.submit(
            "Save",
            choose_notices,
            "Saved. What already waits follows your choice too.",
            kinds=Field(tuple(keys), lambda values: _chosen([row[0] for row in wishes.kinds], values)),
            quiet=Field(tuple(form.key(name) for name in ("quiet", "from", "until")), _quiet),
            digest_hour=form.field("hour"),
            seen=wishes,
        )


def _kind_row(form: Form, kind: NoticeKind, is_shown: bool, mail: NoticeChoice) -> tuple[str, str]:
    text, meaning = TEXTS[kind], TEXTS[kind].to[actor().role]
    about, console, by_mail = st.columns(_WIDTHS, vertical_alignment="center")
    about.markdown(f"**{text.name}**  \n{meaning.about}  \n:small[:gray[Told nowhere, {meaning.missed}.]]")
    shown_key, mail_key = form.key(f"{kind}:console"), form.key(f"{kind}:email")
    console.checkbox("In the console", is_shown, key=shown_key)
    by_mail.selectbox(
        f"{text.name} by e-mail",
        list(_MAILS),
        index=list(_MAILS).index(mail),
        format_func=lambda choice: _MAILS[choice],
        key=mail_key,
        label_visibility="collapsed",
    )
    return shown_key, mail_key


def _security_row() -> None:
    text = TEXTS[NoticeKind.SECURITY]
    about, always = st.columns([_WIDTHS[0], _WIDTHS[1] + _WIDTHS[2]], vertical_alignment="center")
    about.markdown(f"**{text.name}**  \n{text.to[actor().role].about}")
    always.markdown("Always, in the console and by e-mail at once")


def _hours(form: Form, wishes: NoticeWishes) -> None:
    who = actor()
    st.caption(f"Times are on your clock, {who.time_zone}; it is set under Profile.")
    st.toggle(
        "Send me no e-mail in quiet hours",
        wishes.quiet_from is not None,
        key=form.key("quiet"),
        help="Mails wait until they end; none is lost. What concerns security comes at once, and so does what would"
        " be of no use any more by then, such as a reminder of a session early in the morning.",
    )
    start, end, hour = st.columns(3)
    start.time_input("Quiet from", wishes.quiet_from or _NIGHT[0], step=_STEP, key=form.key("from"))
    end.time_input("Quiet until", wishes.quiet_until or _NIGHT[1], step=_STEP, key=form.key("until"))
    hour.selectbox(
        "Daily e-mail at",
        range(24),
        index=wishes.digest_hour,
        format_func=lambda n: f"{n:02}:00",
        key=form.key("hour"),
        help="One e-mail a day lists what waited for it and was not read in the console by then. With nothing to say"
        " none is sent; where the hour is quiet, it comes when quiet hours end.",
    )
    zone, waiting = ZoneInfo(who.time_zone), load(count_for_digest)
    coming = spoken(next_digest(wishes.reader(who.time_zone), clock.now()), zone)
    so_far = f"with {count(waiting, 'notice')} so far" if waiting else "if anything waits for it by then"
    st.caption(f"Next daily e-mail: {coming}, {so_far}.")


def _chosen(kinds: Sequence[NoticeKind], values: Sequence[Any]) -> dict[NoticeKind, tuple[bool, NoticeChoice | None]]:
    return {kind: (bool(values[2 * n]), values[2 * n + 1]) for n, kind in enumerate(kinds)}


def _quiet(values: Sequence[Any]) -> tuple[time, time] | None:
    is_on, start, end = values
    if is_on and (start is None or end is None):
        raise InvalidInput("Quiet hours need a beginning and an end.")
    return (start, end) if is_on else None
