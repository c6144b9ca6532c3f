"""The ASGI application: our middlewares and routes around Streamlit's."""

import asyncio.base_events
import importlib
import importlib.util
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

from avenrae.db.transaction import new_reference
from avenrae.errors import AvenraeError
from avenrae.http import calendar_feed
from avenrae.http.addresses import Addresses
from avenrae.http.documents import document
from avenrae.http.downloads import download_csv, download_excel
from avenrae.http.guard import Guard
from avenrae.http.headers import SecurityHeaders, security_headers
from avenrae.http.health import healthz
from avenrae.http.lifespan import PlainStart, make_lifespan
from avenrae.http.pages import sentence_page
from avenrae.http.sign_in import show_sign_in, sign_out, take_sign_in
from avenrae.http.sockets import OpenSockets
from avenrae.http.static import StaticFiles
from avenrae.http.ticket_files import ticket_file

_log = logging.getLogger(__name__)


def app_parts(script: str | Path, prepare: Callable[[], object] | None = None) -> dict[str, Any]:
    """Return what `st.App` is given besides the script; `prepare` runs before the first request.

    `app.py` calls `st.App` itself, because `streamlit run` looks for that call in the text of the file.
    """
    # While this is unset, a deep link into `pages/` may run a page without the console and its sign-in around it.
    PagesManager.uses_pages_directory = False
    _send_at_once()
    _log_less()
    sockets = OpenSockets()
    routes = _routes()
    return {
        "routes": routes,
        "middleware": [
            Middleware(PlainStart),
            Middleware(SecurityHeaders),
            Middleware(Guard, sockets=sockets),
            Middleware(Addresses, routes=routes),
            Middleware(StaticFiles, own_files=Path(script).resolve().parent / "static"),
        ],
        "lifespan": make_lifespan(sockets, prepare),
        "exception_handlers": {AvenraeError: _refusal, Exception: _bug},
        "on_script_error": _on_script_error(),
    }


def _routes() -> list[Route]:
    return [
        Route("/sign-in", show_sign_in, methods=["GET"]),
        Route("/sign-in", take_sign_in, methods=["POST"]),
        Route("/auth/logout", sign_out, methods=["GET", "POST"]),
        Route("/download/{name}.csv", download_csv, methods=["GET"]),
        Route("/download/{name}.xlsx", download_excel, methods=["GET"]),
        Route("/download/ticket-file/{id}", ticket_file, methods=["GET"]),
        Route("/document/{id}", document, methods=["GET"]),
        Route("/booking.ics", calendar_feed.booking_file, methods=["GET"]),
        Route("/feed/{token}.ics", calendar_feed.feed, methods=["GET"]),
        Route("/healthz", healthz, methods=["GET"]),
    ]


async def _refusal(request: Request, error: AvenraeError) -> Response:
    return sentence_page(error)


async def _bug(request: Request, error: Exception) -> Response:
    """Answer a bug of ours with a reference; the server logs the traceback right after."""
    reference = new_reference()
    _log.error("%s: %s %s failed", reference, request.method, request.url.path)
    response = sentence_page(
        AvenraeError(f"This did not work because of an error of ours. Tell support the reference {reference}.")
    )
    response.headers.update(security_headers())
    return response


def _on_script_error() -> Any:
    if importlib.util.find_spec("avenrae.ui.failures") is None:
        return None
    return importlib.import_module("avenrae.ui.failures").report


def _send_at_once() -> None:
    """Send each message when it is written: asyncio overlooks sockets that Streamlit's runner binds (40 ms a run)."""

    def set_nodelay(sock: socket.socket) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    asyncio.base_events._set_nodelay = set_nodelay  # type: ignore[attr-defined]


def _log_less() -> None:
    """Keep the lines of every request out of the log: their addresses hold what people search for."""

    def is_news(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        return record.levelno >= logging.WARNING or not (
            record.name == "uvicorn.access" or message.startswith("connection ") or "WebSocket" in message
        )

    for name in ("uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).addFilter(is_news)
