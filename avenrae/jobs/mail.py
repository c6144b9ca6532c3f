"""One mail of the outbox on its way to the mail server."""

import logging
import uuid

from avenrae.db.transaction import transaction
from avenrae.integrations.mail import Delayed, Refused, send
from avenrae.permissions import Actor
from avenrae.services.outbox import hand_over, mark_delayed, mark_failed, mark_kept, mark_sent, next_letter
from avenrae.settings import settings
from avenrae.ui.navigation import address_of

log = logging.getLogger("avenrae.jobs")
TRIES = 9


def send_one(actor: Actor, mail_id: uuid.UUID, *, is_last: bool = False) -> None:
    """Send a mail, or keep it where no server is set; no transaction is open while the server is talked to.

    Raises:
        Delayed: The server did not take it now; the mail still waits, unless this `is_last`.
    """
    with transaction(actor, "next_letter") as session:
        letter = next_letter(session, actor, mail_id, address_of)
    if letter is None:
        return
    if not settings().smtp_url:
        with transaction(actor, "mark_kept") as session:
            mark_kept(session, actor, mail_id)
        log.info("e-mail %s kept: no server is set", mail_id)
        return

    def is_ours() -> bool:
        with transaction(actor, "hand_over") as session:
            return hand_over(session, actor, mail_id)

    try:
        if not send(settings().smtp_url, settings().mail_from, letter, is_ours):
            return
    except Refused as e:
        with transaction(actor, "mark_failed") as session:
            mark_failed(session, actor, mail_id, str(e))
        log.warning("e-mail %s refused: %s", mail_id, e)
        return
    except Delayed as e:
        with transaction(actor, "mark_delayed") as session:
            (mark_failed if is_last else mark_delayed)(session, actor, mail_id, str(e))
        log.warning("e-mail %s %s: %s", mail_id, "given up" if is_last else "waits", e)
        if is_last:
            return
        raise
    with transaction(actor, "mark_sent") as session:
        mark_sent(session, actor, mail_id)
    log.info("e-mail %s sent", mail_id)
