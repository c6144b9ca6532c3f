"""What the sign-in page shows; it works without scripts and with a password manager."""

from html import escape
from urllib.parse import quote

from starlette.responses import Response

from avenrae.http.pages import page
from avenrae.queries.users import DemoAccount

_ROLES = {"admin": "Admin", "support": "Support agent", "practitioner": "Practitioner", "client": "Client"}


def sign_in_page(
    *, email: str = "", target: str = "/", message: str = "", status: int = 200,
    demo: list[DemoAccount] | None = None, demo_password: str = "", retry_after: int = 0,
) -> Response:  # fmt: skip
    """Return the sign-in form, with what was typed as e-mail kept and a message when the last try failed."""
    alert = f'<p class="alert" role="alert" id="problem">{escape(message)}</p>' if message else ""
    problem = ' aria-describedby="problem" aria-invalid="true"' if message and status < 500 and status != 429 else ""
    at_email, at_password = ("", " autofocus") if email else (" autofocus", "")
    body = (
        "<h1>Sign in</h1>"
        '<p class="quiet">Avenrae Console, for the people who run Avenrae.</p>'
        f"{alert}"
        '<form method="post" action="/sign-in">'
        f'<input type="hidden" name="next" value="{escape(target)}">'
        "<label>E-mail"
        '<input type="email" name="email" autocomplete="username" inputmode="email" autocapitalize="none" '
        f'spellcheck="false" required maxlength="254" value="{escape(email)}"{problem}{at_email}>'
        "</label>"
        "<label>Password"
        '<input type="password" name="password" autocomplete="current-password" required '
        f"{problem}{at_password}>"
        "</label>"
        "<button>Sign in</button></form>"
        f"{_demo(demo or [], target, demo_password)}"
        '<p class="quiet">Forgotten your password, or no account yet? Ask an admin: '
        "he can set a new one for you.</p>"
    )
    return page("Sign in", body, status, {"Retry-After": str(retry_after)} if retry_after else None)


def _demo(accounts: list[DemoAccount], target: str, password: str) -> str:
    if not accounts:
        return ""
    rows = "".join(
        f'<li><a href="/sign-in?email={quote(account.email)}&amp;next={quote(target)}">'
        f"{escape(_ROLES[account.role])}</a> "
        f'<span class="quiet">{escape(account.name)}</span></li>'
        for account in accounts
    )
    secret = f"<b>{escape(password)}</b>" if password else "in the README"
    return (
        '<section class="demo" aria-labelledby="demo"><h2 id="demo">Demo accounts</h2>'
        f'<ul>{rows}</ul><p class="quiet">Choose one to fill in its e-mail. Their password: {secret}.</p></section>'
    )
