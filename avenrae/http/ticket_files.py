"""Files of tickets, for whoever may read the message they came with: always saved, never shown by the browser."""

import uuid
from typing import Any
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from avenrae.db.transaction import read_session
from avenrae.errors import NotFound, NotSignedIn
from avenrae.http.guard import find_session
from avenrae.queries.sessions import find_actor
from avenrae.queries.ticket_messages import StoredFile, get_file


async def ticket_file(request: Request) -> Response:
    """Answer with a file.

    Raises:
        NotSignedIn: Nobody is signed in.
        NotFound: There is none, or its message is not to be read by who asks.
    """
    session_id = await find_session(request.headers)
    file = await to_thread.run_sync(_read, session_id, request.path_params["id"])
    plain = file.name.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_").replace("?", "_")
    return Response(
        file.content,
        headers={
            "Content-Type": file.content_type + ("; charset=utf-8" if file.content_type.startswith("text/") else ""),
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _read(session_id: Any, key: str) -> StoredFile:
    with read_session() as session:
        actor = find_actor(session, session_id) if session_id else None
        if actor is None:
            raise NotSignedIn("You are signed out. Sign in again to download this file.")
        try:
            wanted = uuid.UUID(key)
        except ValueError:
            raise NotFound("There is no such file, or it is not yours to see.") from None
        return get_file(session, actor, wanted)
