"""My account: own name, phone, time zone and password, how to be told of what, and the devices that are signed in, each
of which can be ended.

Everybody has it, for himself only.
"""

from zoneinfo import available_timezones

import streamlit as st

from avenrae.browsers import browser_name
from avenrae.queries.sessions import SignedInDevice, list_sessions
from avenrae.queries.users import get_account
from avenrae.services.sessions import revoke_other_sessions, revoke_session
from avenrae.services.users import change_password, edit_account
from avenrae.ui.actions import Form, action, actor, load
from avenrae.ui.details import fact
from avenrae.ui.format import when, words
from avenrae.ui.history import show_history
from avenrae.ui.notice_preferences import notice_preferences

who = actor()
account = load(get_account)


def main() -> None:
    """Draw the page."""
    st.title("My account")
    profile, notices, password, devices, history = st.tabs(
        ["Profile", "Notifications", "Password", "Signed-in devices", "History"]
    )
    with profile:
        _profile()
    with notices:
        notice_preferences()
    with password:
        _password()
    with devices:
        _devices()
    with history:
        show_history("users", account.id)


def _profile() -> None:
    fact("E-mail", account.email)
    fact("Role", words(account.role))
    zones = sorted(available_timezones())
    with Form("account") as form:
        # Rows of two: on a phone the fields stand one below another in the order of reading.
        left, right = st.columns(2)
        left.text_input("First name", account.first_name, key=form.key("first_name"), max_chars=100)
        right.text_input("Last name", account.last_name, key=form.key("last_name"), max_chars=100)
        left, right = st.columns(2)
        left.text_input("Phone", account.phone, key=form.key("phone"), type="phone", max_chars=40)
        right.selectbox(
            "Time zone",
            zones,
            index=zones.index(account.time_zone) if account.time_zone in zones else None,
            key=form.key("time_zone"),
            help="Times are shown on this clock. Agreed sessions do not move.",
        )
        form.submit(
            "Save",
            edit_account,
            "Your account is saved.",
            **{name: form.field(name, str) for name in ("first_name", "last_name", "phone", "time_zone")},
        )


def _password() -> None:
    st.caption("12 to 72 characters. Changing it signs you out everywhere else.")
    with Form("password") as form:
        st.text_input("Current password", type="password", key=form.key("current"), autocomplete="current-password")
        st.text_input("New password", type="password", key=form.key("new"), autocomplete="new-password")
        form.submit(
            "Change password",
            change_password,
            "Your password is changed. Other devices are signed out.",
            current=form.field("current"),
            new=form.field("new"),
        )


def _devices() -> None:
    sessions = load(list_sessions)
    others = [s for s in sessions if not s.is_current]
    action(
        f"Sign out the other {len(others)}" if others else "Sign out the others",
        revoke_other_sessions,
        "The other devices are signed out.",
        key="revoke-others",
        refused="" if others else "You are signed in nowhere else.",
        icon=":material/logout:",
    )
    for device in sessions:
        with st.container(border=True):
            text, button = st.columns([5, 2], vertical_alignment="center")
            with text:
                _device(device)
            with button:
                action(
                    "Sign out",
                    revoke_session,
                    "That device is signed out.",
                    device.id,
                    key=f"revoke-{device.id}",
                    refused="This is the device you are using; sign out in the menu." if device.is_current else "",
                )


def _device(device: SignedInDevice) -> None:
    name = browser_name(device.user_agent)
    fact("This device" if device.is_current else "Device", f"{name}, from {device.ip or 'an unknown address'}")
    st.caption(
        f"Signed in {when(device.signed_in_at, who.time_zone)} · last used {when(device.last_seen_at, who.time_zone)}"
    )


main()
