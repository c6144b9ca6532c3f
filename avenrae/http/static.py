"""Program files, compressed once and kept in memory: the first page is 9 MB without this and 3 MB with it."""

import asyncio
import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from avenrae.http.headers import STREAMLIT_FILES

_TEXT = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".ttf": "font/ttf",
}
_TYPES = _TEXT | {
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_HASHED_NAMES = "public, max-age=31536000, immutable"
_PLAIN_NAMES = "private, max-age=3600"


@dataclass(frozen=True)
class _File:
    stamp: tuple[int, int]
    body: bytes
    gzipped: bytes | None
    etag: str


class StaticFiles:
    """Serve Streamlit's `/static/` and our `/app/static/`; everything else goes on to the console."""

    def __init__(self, app: ASGIApp, own_files: Path) -> None:
        self.app = app
        self._roots = {"/static/": STREAMLIT_FILES / "static", "/app/static/": own_files}
        self._files: dict[Path, tuple[tuple[int, int], asyncio.Task[_File]]] = {}
        self._at_once = CapacityLimiter(2)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = None
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            root = next((r for r in self._roots if scope["path"].startswith(r)), None)
        if root is None:
            await self.app(scope, receive, send)
            return
        path = _inside(self._roots[root], scope["path"][len(root) :])
        if path is None:
            await PlainTextResponse("There is no such file.", 404)(scope, receive, send)
        elif path.suffix not in _TYPES:
            await self.app(scope, receive, send)
        else:
            file = await self._load(path)
            kept = _HASHED_NAMES if root == "/static/" else _PLAIN_NAMES
            await _answer(file, path.suffix, kept, Headers(scope=scope))(scope, receive, send)

    async def _load(self, path: Path) -> _File:
        """Return the file, read and compressed by the first request that asks for this version of it."""
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._files.get(path)
        if known is None or known[0] != stamp:
            reading = asyncio.ensure_future(to_thread.run_sync(_read, path, stamp, limiter=self._at_once))
            known = self._files[path] = (stamp, reading)
            reading.add_done_callback(lambda done: self._forget_failed(path, done))
        return await asyncio.shield(known[1])

    def _forget_failed(self, path: Path, done: asyncio.Task[_File]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._files.pop(path, None)


def _inside(root: Path, name: str) -> Path | None:
    """Return the file of this name below the root, or None: no `..`, no links that lead out of it."""
    try:
        path = (root / name.lstrip("/")).resolve()
        return path if path.is_relative_to(root.resolve()) and path.is_file() else None
    except (OSError, ValueError):
        return None


def _read(path: Path, stamp: tuple[int, int]) -> _File:
    body = path.read_bytes()
    gzipped = gzip.compress(body, 6, mtime=0) if path.suffix in _TEXT and len(body) > 500 else None
    if gzipped is not None and len(gzipped) >= len(body):
        gzipped = None
    return _File(stamp, body, gzipped, sha256(body).hexdigest()[:32])


def _answer(file: _File, suffix: str, kept: str, asked: Headers) -> Response:
    zipped = file.gzipped if _takes_gzip(asked.get("accept-encoding", "")) else None
    etag = f'"{file.etag}{"-gz" if zipped else ""}"'
    headers = {"ETag": etag, "Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    if suffix in _TEXT:
        headers["Vary"] = "Accept-Encoding"
    if _names(asked.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    if zipped is not None:
        headers["Content-Encoding"] = "gzip"
    # Starlette leaves the body out of the answer to HEAD only in its own file responses.
    return _Body(zipped or file.body, headers=headers | {"Content-Type": _TYPES[suffix]})


class _Body(Response):
    """A response that answers HEAD with the length alone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            self.body = b""
        await super().__call__(scope, receive, send)


def _takes_gzip(accepted: str) -> bool:
    weights = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.strip().partition(";")
        weights[name.strip()] = parameter.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return weights.get("gzip", weights.get("*", False))


def _names(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]
