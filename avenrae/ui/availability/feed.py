"""The private address under which a practitioner's sessions are followed by a calendar elsewhere."""

from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from avenrae.queries.availability import Availability
from avenrae.services.calendar_feed import rotate_feed, stop_feed
from avenrae.ui.actions import action, opener

_MADE = "feed:made"
_CONTENT = (
    "It holds your sessions of the last 30 and the next 365 days, with service, client's name and status; no notes"
    " and no way to reach a client. Whoever knows the address can read it."
)


def feed(now: Availability) -> None:
    """Draw what the feed is, whether there is one, and what can be done with it."""
    _made().clear()
    st.subheader("Your sessions in another calendar")
    st.caption(f"A private address that your phone's or computer's calendar follows by itself. {_CONTENT}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if now.has_feed:
            st.markdown(":green-badge[On] The address is known to your calendar alone.", width="content")
            opener("Change the address", partial(_address_dialog, now), icon=":material/autorenew:")
            opener("Stop", _stop_dialog, icon=":material/link_off:", key="stop-feed")
        else:
            opener("Make a private address", partial(_address_dialog, now), icon=":material/add_link:", primary=True)


@st.dialog("A private address for your calendar", width="medium", on_dismiss="rerun")
def _address_dialog(now: Availability) -> None:
    made = _made()
    if "token" not in made:
        if now.has_feed:
            st.warning(
                "The address you have now stops working at once. Every calendar that follows it must be given the new"
                " one."
            )
        st.markdown(_CONTENT)

        def remember(token: str) -> str:
            made["token"] = token
            return "The address is made."

        label = "Change the address" if now.has_feed else "Make the address"
        action(label, rotate_feed, remember, key="feed", primary=True)
    if token := made.get("token"):
        st.markdown("Copy it now; it is **shown only this once**. In your calendar choose “subscribe” or “from URL”.")
        st.code(f"{_origin()}/feed/{token}.ics", language=None, wrap_lines=True)
        if st.button("Done", type="primary"):
            st.rerun()


@st.dialog("Stop the feed")
def _stop_dialog() -> None:
    st.markdown("Calendars that follow the address get nothing any more; most keep what they have until it is removed.")
    if action("Stop the feed", stop_feed, "The feed is stopped.", key="stop-feed", primary=True):
        st.rerun()


def _made() -> dict[str, str]:
    """Return where a new address is kept while its dialog is open; nowhere else is it known."""
    kept: dict[str, str] = st.session_state.setdefault(_MADE, {})
    return kept


def _origin() -> str:
    """Return the console's own address as the browser knows it."""
    here = urlsplit(str(st.context.url or ""))
    return f"{here.scheme}://{here.netloc}" if here.netloc else ""
