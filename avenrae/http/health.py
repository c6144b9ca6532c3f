"""Whether this process can work, for load balancers and the person who is woken up."""

from anyio import to_thread
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from avenrae.db.transaction import read_session
from avenrae.errors import AvenraeError


async def healthz(request: Request) -> Response:
    """Answer /healthz: 200 when the database answers, else 503."""
    try:
        await to_thread.run_sync(_ask)
    except AvenraeError as e:
        return JSONResponse({"status": "unavailable", "reason": e.message}, 503)
    return JSONResponse({"status": "ok"})


def _ask() -> None:
    with read_session() as session:
        session.execute(text("SELECT 1"))
