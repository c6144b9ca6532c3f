"""What can be done with mails that were written: send one again, send what was kept, send oneself a test."""

from datetime import timedelta
from email.utils import parseaddr
from functools import partial
from urllib.parse import urlsplit

import streamlit as st

from avenrae import clock
from avenrae.enums import MailStatus, NoticeKind
from avenrae.permissions import Permission
from avenrae.queries.listing import COUNT_LIMIT
from avenrae.queries.outbox import Letter, count_kept
from avenrae.services.sending_again import MOST_AT_ONCE, send_again, send_kept, send_test_mail
from avenrae.settings import settings
from avenrae.ui.actions import action, actor, load, opener
from avenrae.ui.format import count, how_long, plain_text, when
from avenrae.ui.lists import open_screen

_NO_SERVER = "No mail server is set."
_SINCE = {"the last day": 1, "the last 7 days": 7, "the last 30 days": 30, "all that was kept": None}


def show_mail_server() -> None:
    """Say whether mails go out and by which server; admins try it from here, and send what was kept."""
    server = urlsplit(settings().smtp_url).hostname
    if server:
        sender = plain_text(parseaddr(settings().mail_from)[1])
        st.caption(f":material/check_circle: E-mails go out by {plain_text(server)}, from {sender}.")
    else:
        st.info(
            "No mail server is set: e-mails are kept here, and nobody gets them. To send them, set `AVENRAE_SMTP_URL`"
            " and `AVENRAE_MAIL_FROM` as the README says, and start the console anew.",
            icon=":material/mail_off:",
        )
    if not actor().may(Permission.MAIL_SEND):
        return
    refused = "" if server else _NO_SERVER
    with st.container(horizontal=True):
        action(
            "Send myself a test mail",
            send_test_mail,
            "The test mail is on its way.",
            key="test-mail",
            icon=":material/outgoing_mail:",
            refused=refused,
            then=lambda mail: open_screen("office/mail", id=str(mail.id)),
        )
        opener("Send what was kept", _send_kept, icon=":material/move_to_inbox:", refused=refused)


@st.dialog("Send what was kept")
def _send_kept() -> None:
    until = clock.now()
    chosen = st.selectbox("Written in", list(_SINCE), index=1, key="kept-since")
    days = _SINCE[chosen]
    since = until - timedelta(days=days) if days else None
    kept = load(count_kept, written_from=since)
    if kept.sendable and kept.oldest:
        st.write(
            f"{count(kept.sendable, 'e-mail goes', 'e-mails go', limit=COUNT_LIMIT)} out now, to"
            f" {count(kept.people, 'person', 'people')}. The oldest was written"
            f" {how_long(until - kept.oldest)} ago, on {when(kept.oldest, actor().time_zone)}."
        )
        if kept.sendable > MOST_AT_ONCE:
            st.write(f"The oldest {MOST_AT_ONCE} go first; press again for the next.")
        st.caption("Nothing waits for quiet hours, and what has gone cannot be called back.")
    else:
        st.write("There is nothing of this time that could be sent.")
    if kept.over:
        more = f", and {kept.over - len(kept.over_named)} more" if kept.over > len(kept.over_named) else ""
        st.write(
            f"{count(kept.over, 'e-mail stays', 'e-mails stay')}, since what it is about is over:{more and ' such as'}"
        )
        st.markdown("\n".join(f"- {plain_text(subject)}" for subject in kept.over_named))
    if kept.shut_out:
        st.write(
            f"{count(kept.shut_out, 'e-mail stays', 'e-mails stay')}, to people whose account is suspended or erased."
        )
    sent = action(
        "Send",
        send_kept,
        lambda n: f"{count(n, 'e-mail is', 'e-mails are')} on the way.",
        key=f"send-kept-{days}",
        primary=True,
        refused="" if kept.sendable else "There is nothing to send.",
        written_from=since,
        written_until=until,
    )
    if sent:
        st.rerun()


def send_again_button(letter: Letter) -> None:
    """Draw the button that sends a mail again, where it failed or was kept; its dialog says what that means."""
    if not actor().may(Permission.MAIL_SEND) or letter.row.status not in (MailStatus.FAILED, MailStatus.KEPT):
        return
    refused = "" if settings().smtp_url else _NO_SERVER
    if letter.is_shut_out:
        refused = "No mail goes to this person: the account is suspended or erased."
    opener(
        _label(letter), partial(_send_again, letter), icon=":material/forward_to_inbox:", primary=True, refused=refused
    )


def _label(letter: Letter) -> str:
    return "Send now" if letter.row.status is MailStatus.KEPT else "Send again"


@st.dialog("Send this e-mail")
def _send_again(letter: Letter) -> None:
    mail = letter.row
    address = mail.to_address if mail.kind is NoticeKind.SECURITY else letter.address_now
    if mail.status is MailStatus.FAILED and mail.handed_over_at:
        st.warning("It may have arrived the first time. Then the person gets it twice.")
    st.write(f"{plain_text(mail.reader)} gets it at {plain_text(address)}, in the words of then:")
    st.markdown(f"**{plain_text(mail.subject)}**")
    st.caption(
        f"It was written {how_long(clock.now() - mail.created_at)} ago, on {when(mail.created_at, actor().time_zone)}."
    )
    if address.lower() != mail.to_address.lower():
        st.write(f"It was written to {plain_text(mail.to_address)}; the account has another address now.")
    if action(_label(letter), send_again, "The e-mail is on its way.", mail.id, key=f"again-{mail.id}", primary=True):
        st.rerun()
