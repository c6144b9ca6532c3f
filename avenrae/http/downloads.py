"""CSV files of lists: every row that the filters of the address leave, streamed as the database sends them."""

import csv
import io
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from avenrae.db.transaction import read_in_transaction, read_session
from avenrae.errors import NotFound, NotSignedIn
from avenrae.http.exports import EXPORTS, Export, Number
from avenrae.http.guard import find_session
from avenrae.permissions import Actor
from avenrae.queries.sessions import find_actor

_CHUNK = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def download(request: Request) -> Response:
    """Answer with the CSV file of a list, for the filters in the address and the rights of who asks.

    Raises:
        NotSignedIn: Nobody is signed in.
        NotFound: There is no such list.
        NotPermitted: The role does not see it.
    """
    export = EXPORTS.get(request.path_params["name"])
    if export is None:
        raise NotFound("There is no such file.")
    session_id = await find_session(request.headers)
    actor = await to_thread.run_sync(_actor, session_id)
    params = dict(request.query_params)
    filters = export.filters(params, actor.time_zone)
    lines = _lines(export, actor, filters, params.get("sort") or export.sort)
    first = await to_thread.run_sync(next, lines)
    name = f"{request.path_params['name']}.csv"
    return StreamingResponse(
        _after(first, lines),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _actor(session_id: Any) -> Actor:
    with read_session() as session:
        actor = find_actor(session, session_id) if session_id else None
    if actor is None:
        raise NotSignedIn("You are signed out. Sign in again to download this file.")
    return actor


def _lines(export: Export, actor: Actor, filters: Any, sort: str) -> Iterator[str]:
    """Yield the file in pieces; the first comes once the query runs, so that a refusal is still an error."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    zone = ZoneInfo(actor.time_zone)
    # A cursor on the server needs a transaction, which reads by themselves do not have.
    with read_in_transaction() as session:
        rows = export.rows(session, actor, filters, sort)
        writer.writerow(export.cells)
        for number, row in enumerate(rows, 1):
            writer.writerow([_safe(cell(row, zone)) for cell in export.cells.values()])
            if number % _CHUNK == 0:
                yield _taken(buffer)
        yield _taken(buffer)


def _after(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield "\ufeff" + first
    yield from rest


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _safe(value: Any) -> str:
    """Return a cell that no spreadsheet runs as a formula (R-IMP-02)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, Number | int | float) else text
