"""A practitioner's document as a file, for its owner and staff."""

from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from avenrae.db.transaction import read_session
from avenrae.errors import NotFound, NotSignedIn
from avenrae.http.guard import find_session
from avenrae.queries.documents import StoredFile, get_file
from avenrae.queries.listing import key_of
from avenrae.queries.sessions import find_actor


async def document(request: Request) -> Response:
    """Answer with the file of a document, as something to save and never to run.

    Raises:
        NotSignedIn: Nobody is signed in.
        NotFound: There is no such file for who asks.
    """
    session_id = await find_session(request.headers)
    file = await to_thread.run_sync(_file, session_id, request.path_params["id"])
    return Response(
        file.content,
        media_type=file.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        },
    )


def _file(session_id: object, word: str) -> StoredFile:
    with read_session() as session:
        actor = find_actor(session, session_id) if session_id else None  # type: ignore[arg-type]
        if actor is None:
            raise NotSignedIn("You are signed out. Sign in again to download this file.")
        if (document_id := key_of(word)) is None:
            raise NotFound("There is no such file, or it is not yours to see.")
        return get_file(session, actor, document_id)
