"""Calendars that are published at an address, fetched without ever reaching into a private network.

A name is resolved once and that very address is connected to, so no second answer of its name server can lead
elsewhere; every redirect begins anew. No proxy is used. Errors never repeat the address: it is a secret.
"""

import socket
import ssl
import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLateError
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from avenrae.errors import ExternalError, InvalidInput, NotPermitted
from avenrae.scheduling.busy import MOST_BYTES
from avenrae.settings import settings

_PATIENCE = 5.0
"""Seconds for finding, connecting to and reading one address, all of it together."""
_MOST_REDIRECTS = 3
_LONGEST_ADDRESS = 2000
_REDIRECTS = (301, 302, 303, 307, 308)
_TRANSLATED = IPv6Network("64:ff9b::/96")


def fetch_calendar(address: str, *, allowed: Collection[str] = (), patience: float = _PATIENCE) -> bytes:
    """Return what an http or https address answers with, at most 1 MB.

    `allowed` names IP addresses that may be connected to although they are not public.

    Raises:
        NotPermitted: The setting `outbound` is off.
        InvalidInput: It is no address of a calendar, or leads into a private network.
        ExternalError: The server does not answer, or not with a calendar.
    """
    if not settings().outbound:
        raise NotPermitted("This console fetches nothing from the internet. Import the calendar as a file instead.")
    target = _checked(address)
    for _ in range(_MOST_REDIRECTS + 1):
        found = _ask(target, allowed, patience)
        if isinstance(found, bytes):
            return found
        following = _checked(urljoin(target.geturl(), found))
        if target.scheme == "https" and following.scheme != "https":
            raise ExternalError("The calendar's server leads from https to http, where others could read it.")
        target = following
    raise ExternalError("The calendar's server leads on and on. Take the address that it ends at.")


def is_public(address: str) -> bool:
    """Say whether an IP address belongs to the public internet, and not to a network of our own."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in _TRANSLATED:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if ip.teredo or ip.is_site_local:
            return False
        ip = inner or ip
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _checked(address: str) -> SplitResult:
    """Return the parts of an address that may be asked.

    Raises:
        InvalidInput: It is none.
    """
    text = address.strip()
    if text[:9].lower() == "webcal://":
        text = f"https://{text[9:]}"
    wrong = InvalidInput("A calendar's address begins with https:// and has no spaces. Copy it from the calendar.")
    if len(text) > _LONGEST_ADDRESS or not text.isascii() or not text.isprintable() or " " in text:
        raise wrong
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise wrong
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            "An address with a name or a password in it is not used. Take the calendar's secret address."
        )
    return parts


def _ask(target: SplitResult, allowed: Collection[str], patience: float) -> bytes | str:
    """Return what a server answers, or where it leads."""
    host = target.hostname or ""
    port = target.port or (443 if target.scheme == "https" else 80)
    ip = _resolved(host, port, allowed, patience)
    try:
        with _connected(target, ip, port, patience) as connected:
            # Each read may take its time, all of them together may not: what drips is cut off.
            is_late = threading.Event()
            clock = threading.Timer(patience, _cut, [connected, is_late])
            clock.daemon = True
            clock.start()
            try:
                found = _exchange(target, host, port, connected)
            finally:
                clock.cancel()
            if is_late.is_set():
                raise TimeoutError
            return found
    except ssl.SSLCertVerificationError:
        raise ExternalError("The calendar's server has no valid certificate, so it is not trusted.") from None
    except (OSError, HTTPException, ValueError):
        raise ExternalError("The calendar's server does not answer in time, or not as one should.") from None


def _exchange(target: SplitResult, host: str, port: int, connected: socket.socket) -> bytes | str:
    if isinstance(connected, ssl.SSLSocket):
        connected.do_handshake()
    connection = HTTPConnection(host, port)
    connection.sock = connected
    path = f"{target.path or '/'}{'?' + target.query if target.query else ''}"
    headers = {"Accept": "text/calendar", "Accept-Encoding": "identity", "User-Agent": "Avenrae", "Connection": "close"}
    connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", target.netloc)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    with connection.getresponse() as answer:
        if answer.status in _REDIRECTS and (leads_to := answer.getheader("Location")):
            return leads_to
        if answer.status != 200:
            raise ExternalError(f"The calendar's server answers with {answer.status}. {_advice(answer.status)}")
        return _read(answer)


def _read(answer: HTTPResponse) -> bytes:
    content = answer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ExternalError("The calendar is larger than 1 MB. Publish a part of it, such as the coming year.")
    if answer.length:
        raise ExternalError("The calendar came only in part. It is read again later.")
    return content


def _advice(status: int) -> str:
    if status in (401, 403):
        return "It wants a password: take the calendar's secret address."
    return "There is no calendar any more: copy its address anew." if status in (404, 410) else "Try again later."


def _resolved(host: str, port: int, allowed: Collection[str], patience: float) -> str:
    """Return the one address of a host to connect to, when all that it has are public.

    Raises:
        InvalidInput: One of them is not.
        ExternalError: It has none, or its name server does not answer in time.
    """
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        found = pool.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM).result(patience)
    except (OSError, UnicodeError, TooLateError):
        raise ExternalError("The calendar's server is not found. Check its address.") from None
    finally:
        pool.shutdown(wait=False)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(a in allowed or is_public(a) for a in addresses):
        raise InvalidInput("This address leads into a private network, where nothing is fetched from.")
    return addresses[0]


def _connected(target: SplitResult, ip: str, port: int, patience: float) -> socket.socket:
    """Return a connection to an address in the name of a host; it is not greeted yet."""
    plain = socket.create_connection((ip, port), patience)
    if target.scheme != "https":
        return plain
    secured = ssl.create_default_context()
    return secured.wrap_socket(plain, server_hostname=target.hostname, do_handshake_on_connect=False)


def _cut(connected: socket.socket, is_late: threading.Event) -> None:
    is_late.set()
    with suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
