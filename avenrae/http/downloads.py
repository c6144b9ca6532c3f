"""Files of lists: every row that the filters of the address leave; CSV is streamed as the database sends it."""

import csv
import io
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any
from zoneinfo import ZoneInfo

from anyio import CancelScope, CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from avenrae.db.transaction import read_in_transaction, read_session
from avenrae.errors import NotFound, NotSignedIn
from avenrae.http.excel import write_sheet
from avenrae.http.exports import EXPORTS, Amount, Export
from avenrae.http.guard import find_session
from avenrae.permissions import Actor
from avenrae.queries.sessions import find_actor

_CHUNK = 500
_PIECE = 1 << 18
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# One at a time, in turns: making Excel files is nothing but reckoning, for which the pages would wait.
_excel_turns = CapacityLimiter(1)


@dataclass(frozen=True)
class _Asked:
    """Whose file of which list it is, by the address."""

    name: str
    export: Export
    actor: Actor
    filters: Any
    sort: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.actor.time_zone)

    def rows(self) -> Generator[Any, None, None]:
        """Yield the rows; the first once the query runs, so that a refusal is still an error."""
        # A cursor on the server needs a transaction, which reads by themselves do not have.
        with read_in_transaction() as session:
            yield from self.export.rows(session, self.actor, self.filters, self.sort)


async def download_csv(request: Request) -> Response:
    """Answer with the CSV file of a list, for the filters in the address and the rights of who asks.

    Raises:
        NotSignedIn: Nobody is signed in.
        NotFound: There is no such list.
        NotPermitted: The role does not see it.
    """
    asked = await _asked(request)
    lines = _lines(asked)
    first = await to_thread.run_sync(next, lines)
    return StreamingResponse(
        _after(first, lines), media_type="text/csv; charset=utf-8", headers=_saved_as(f"{asked.name}.csv")
    )


async def download_excel(request: Request) -> Response:
    """Answer with the Excel file of a list, under the same rules; it is whole before its first byte leaves.

    Raises:
        NotSignedIn: Nobody is signed in.
        NotFound: There is no such list.
        NotPermitted: The role does not see it.
        InvalidInput: It has more rows than an Excel sheet holds.
    """
    asked = await _asked(request)
    with ExitStack() as held:
        file = held.enter_context(TemporaryFile())
        if not await _fill(file, asked, request):
            return Response(status_code=204)
        held.pop_all()
    return _FileAnswer(file, asked.name)


async def _fill(file: IO[bytes], asked: _Asked, request: Request) -> bool:
    """Write the file in steps, each in a thread; returns whether somebody still waits for it."""
    rows = asked.rows()
    steps = write_sheet(file, asked.name, asked.export.cells, rows, asked.zone)
    try:
        while await to_thread.run_sync(next, steps, None, limiter=_excel_turns):
            if await request.is_disconnected():
                return False
    finally:
        with CancelScope(shield=True):
            await to_thread.run_sync(_give_up, steps, rows)
    return True


def _give_up(*unfinished: Any) -> None:
    for each in unfinished:
        each.close()


class _FileAnswer(StreamingResponse):
    """Sends a file without a name, which is gone once it is closed, however the sending ends."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        headers = {
            **_saved_as(f"{name}.xlsx"),
            "Content-Length": str(size),
            "Content-Encoding": "identity",  # it is compressed; what names no encoding would be once more
        }
        super().__init__(iter(lambda: file.read(_PIECE), b""), media_type=_EXCEL, headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with closing(self._file):
            await super().__call__(scope, receive, send)


async def _asked(request: Request) -> _Asked:
    name = request.path_params["name"]
    export = EXPORTS.get(name)
    if export is None:
        raise NotFound("There is no such file.")
    session_id = await find_session(request.headers)
    actor = await to_thread.run_sync(_actor, session_id)
    params = dict(request.query_params)
    filters = export.filters(params, actor.time_zone)
    return _Asked(name, export, actor, filters, params.get("sort") or export.sort)


def _actor(session_id: Any) -> Actor:
    with read_session() as session:
        actor = find_actor(session, session_id) if session_id else None
    if actor is None:
        raise NotSignedIn("You are signed out. Sign in again to download this file.")
    return actor


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _lines(asked: _Asked) -> Iterator[str]:
    """Yield the CSV file in pieces."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    cells, zone = asked.export.cells, asked.zone
    writer.writerow(cells)
    with closing(asked.rows()) as rows:
        for number, row in enumerate(rows, 1):
            writer.writerow([_safe(cell.value(row), zone) for cell in cells.values()])
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


def _safe(value: Any, zone: ZoneInfo) -> str:
    """Return a cell that no spreadsheet runs as a formula (R-IMP-02)."""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, Amount | int | float) else text
