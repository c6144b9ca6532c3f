"""Addresses that are no screen: Streamlit would answer them with its own page, and a dialog over the home page."""

from collections.abc import Sequence

from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from avenrae.errors import NotFound
from avenrae.http.guard import NOT_PAGES, is_public
from avenrae.http.pages import sentence_page
from avenrae.ui.navigation import SCREENS

_SCREENS = {f"/{screen.url_path}" for screen in SCREENS}


class Addresses:
    """Answer who follows a link to no screen in a sentence, with the way home; what a role lacks the console says."""

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self.app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_read = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if is_read and not self._leads_somewhere(scope):
            nowhere = NotFound("There is no such screen. The address may have been cut off when it was copied.")
            await sentence_page(nowhere)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _leads_somewhere(self, scope: Scope) -> bool:
        path = scope["path"]
        if (path.rstrip("/") or "/") in _SCREENS or is_public(path) or path.startswith(NOT_PAGES):
            return True
        return "/_stcore/" in path or any(route.matches(scope)[0] is not Match.NONE for route in self._routes)
