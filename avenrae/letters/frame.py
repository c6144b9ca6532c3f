"""The one frame around every mail: its text as plain text and as HTML, with a link to the record and why one gets it.

The HTML stands by itself: nothing is fetched from anywhere, and it takes its colours from the reader, light or dark.
"""

import re
from html import escape

from avenrae.enums import NoticeKind

_ABOUT = {
    NoticeKind.BOOKING: "it is about one of your sessions",
    NoticeKind.REMINDER: "one of your sessions begins soon",
    NoticeKind.REVIEW: "it is about a review of one of your sessions",
    NoticeKind.WAITING_LIST: "you wait for a free place",
    NoticeKind.PROFILE: "it is about a practitioner's profile that you keep or review",
    NoticeKind.ORDER: "it is about one of your orders, or about stock that you keep",
    NoticeKind.TICKET: "it is about a ticket that you opened or work on",
    NoticeKind.REFUND: "it is about a refund",
    NoticeKind.MESSAGE: "somebody wrote to you",
    NoticeKind.SECURITY: "it is about the safety of your account",
    NoticeKind.DIGEST: "you chose to get some of your news once a day",
}
_CHOICE = "Choose which mails you get in the console, under My account, Notifications."
_NO_CHOICE = "Such mails are always sent."
_OPEN = "Open it in the console"

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
</head>
<body style="margin:0;padding:24px 16px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;\
font-size:16px;line-height:1.5;overflow-wrap:anywhere;word-break:break-word">
<div style="max-width:560px;margin:0 auto">
<p style="margin:0 0 16px;font-size:14px;letter-spacing:.04em;opacity:.75">Avenrae</p>
<h1 dir="auto" style="margin:0 0 16px;font-size:21px;line-height:1.3;font-weight:600">{title}</h1>
{body}
{button}<hr style="margin:28px 0 12px;border:0;border-top:1px solid;opacity:.25">
<p style="margin:0;font-size:13px;opacity:.75">{footer}</p>
</div>
</body>
</html>
"""
_PARAGRAPH = '<p dir="auto" style="margin:0 0 14px">{}</p>'
_BUTTON = (
    '<p style="margin:24px 0 0"><a href="{}" style="display:inline-block;padding:10px 18px;border-radius:8px;'
    'background-color:#0f6b5c;color:#ffffff;text-decoration:none;font-weight:600">{}</a></p>\n'
)


def why(kind: NoticeKind) -> str:
    """Return why somebody gets a mail of this kind, and where that can be changed."""
    choice = _NO_CHOICE if kind is NoticeKind.SECURITY else _CHOICE
    return f"You get this mail because {_ABOUT.get(kind, 'it concerns you')}. {choice}"


def framed(subject: str, text: str, kind: NoticeKind, link: str = "") -> tuple[str, str]:
    """Return a mail's plain text and its HTML, both of the same words; `link` opens what it is about.

    A line of the text that is an address of the console is a link in the HTML; no other line is.
    """
    opens = f"\n\n{_OPEN}: {link}" if link else ""
    paragraphs = (escape(part.strip("\n")) for part in re.split(r"\n\s*\n", text) if part.strip())
    if link:
        ours = re.escape(escape(link.rpartition("/")[0]))
        address = re.compile(rf"^{ours}/[\w/-]+(\?id=[\w-]+)?$", re.ASCII | re.MULTILINE)
        paragraphs = (address.sub(r'<a href="\g<0>">\g<0></a>', part) for part in paragraphs)
    html = _PAGE.format(
        title=escape(subject),
        body="\n".join(_PARAGRAPH.format(part.replace("\n", "<br>\n")) for part in paragraphs),
        button=_BUTTON.format(escape(link), _OPEN) if link else "",
        footer=escape(why(kind)),
    )
    return f"{text}{opens}\n\n-- \n{why(kind)}\n", html
