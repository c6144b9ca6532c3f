"""What is said about the safety of an account: always by e-mail, and to who did it himself too."""

from avenrae.enums import NoticeKind
from avenrae.letters.event import Event

_ON = "office/account"
_KIND = NoticeKind.SECURITY
_OWNER = "the owner of the account"
_NOT_YOU = "\n\nIf that was not you, change your password at once and tell us."

SIGN_IN = Event(
    "new_sign_in",
    _KIND,
    _OWNER,
    _ON,
    "Signed in from a new device",
    "Somebody signed in to your account with a browser that was not used for it lately."
    "\n\nWhen: {when}\nBrowser: {browser}\nAddress: {address}" + _NOT_YOU,
    to_doer=True,
)
PASSWORD_CHANGED = Event(
    "password_changed",
    _KIND,
    _OWNER,
    _ON,
    "Your password was changed",
    "Your password was changed on {when}. Every other device is signed out." + _NOT_YOU,
    to_doer=True,
)
PASSWORD_RESET = Event(
    "password_reset",
    _KIND,
    _OWNER,
    _ON,
    "Your password was reset",
    "{by} gave your account a new password on {when} and signed every device out."
    "\n\nIf you did not ask for this, tell us at once.",
)
DEVICES_SIGNED_OUT = Event(
    "devices_signed_out",
    _KIND,
    _OWNER,
    _ON,
    "Signed out: {devices}",
    "{by} signed {devices} of your account out on {when}." + _NOT_YOU,
    to_doer=True,
)
ROLE_CHANGED = Event(
    "role_changed",
    _KIND,
    _OWNER,
    _ON,
    "Your role was changed",
    "{by} changed your role from {before} to {role} on {when}. What you see and may do changes with it.",
    to_doer=True,
)
SUSPENDED = Event(
    "account_suspended",
    _KIND,
    _OWNER,
    _ON,
    "Your account is suspended",
    "{by} suspended your account on {when}: you cannot sign in, and get no more mails."
    "\n\nIf you think that this is wrong, tell us.",
)
REACTIVATED = Event(
    "account_reactivated",
    _KIND,
    _OWNER,
    _ON,
    "Your account can be used again",
    "{by} reactivated your account on {when}: you can sign in as before.",
)
