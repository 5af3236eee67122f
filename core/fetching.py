"""Pages of the public web, fetched for whoever names their address.

They must reach nothing that this host alone reaches. So a name is looked up once, each address that it has must be a
public one, and the connection goes to just that address; each redirect is checked as the first address was. Proxies of
the environment are not used. Time, bytes (as unpacked) and the kind of page have limits.

Pages are slow: at most a quarter of the threads that answer requests fetch or read one at once (half may wait for a
bucket, see core/s3.py), so that the others answer all that needs no page.
"""

import http.client
import io
import logging
import socket
import ssl
import time
import zlib
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Lock, Thread
from typing import Any, NoReturn
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import certifi
from django.conf import settings

from core.errors import Unavailable, Unprocessable

log = logging.getLogger(__name__)

# For all of it: looking the name up, redirects, the body.
SECONDS = 10.0
# For one of several addresses of a name, so that the next one has its turn.
CONNECT_SECONDS = 3.0
BYTES_MAX = 2 * 1024 * 1024
REDIRECTS_MAX = 3
URL_MAX = 2_000
# Look-ups that run, those included for which nobody waits any more.
LOOKUPS_MAX = 32
PORTS = {"http": 80, "https": 443}

_REDIRECTS = {301, 302, 303, 307, 308}
_ADDRESSES_MAX = 4
_BLOCK = 64 * 1024
# IPv4 behind IPv6, for networks that have no IPv4 of their own (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")

_lookups = BoundedSemaphore(LOOKUPS_MAX)
_lock = Lock()
_fetching = 0


@dataclass(frozen=True, slots=True)
class Page:
    """What an address answered. `url` is the last of its redirects, `charset` what the header says, if it does."""

    url: str
    media_type: str
    charset: str | None
    body: bytes


def fetch(url: str, *, types: Collection[str]) -> Page:
    """The page at URL, of one of the media TYPES. Waits up to SECONDS: call it outside of any transaction.

    Raises Unprocessable (`url_refused`, `fetch_failed`, `wrong_type`, `too_large`) and Unavailable (`overloaded`). What
    it says is the same for all that is not public, whether it is there or not.
    """
    deadline = time.monotonic() + SECONDS
    with place():
        for _ in range(REDIRECTS_MAX + 1):
            try:
                found = _answer_of(url, types, deadline)
            except (OSError, http.client.HTTPException, zlib.error) as error:
                log.info("page_not_fetched error=%s", type(error).__name__)
                _fail("The page could not be fetched: its server does not answer as it should, or not in time.")
            if isinstance(found, Page):
                return found
            url = found
    _fail("The page could not be fetched: it redirects too often.")


def is_allowed(address: str, port: int) -> bool:
    """Whether a connection may go there: a public address, at the port of a web server."""
    return port in PORTS.values() and is_public(ip_address(address))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether ADDRESS is one of the internet's, for one host; an IPv4 address within an IPv6 one is what counts."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if within is None and address in _NAT64:
            within = IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return is_public(within)
        if address.is_site_local or address.teredo:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


@contextmanager
def place() -> Iterator[None]:
    """One of the threads that may wait for a page, to come or to be read. Unavailable when there is none."""
    global _fetching
    most = max(1, settings.WEB_THREADS // 4)
    with _lock:
        if _fetching >= most:
            log.warning("fetching_busy pages=%s", _fetching)
            raise Unavailable("Too many pages are being fetched or read: try again shortly.", code="overloaded")
        _fetching += 1
    try:
        yield
    finally:
        with _lock:
            _fetching -= 1


def _answer_of(url: str, types: Collection[str], deadline: float) -> Page | str:
    """The page, or the address that it redirects to."""
    parts, host, port = _target(url)
    with closing(_connection(_looked_up(host, port, deadline), deadline)) as sock:
        if parts.scheme == "https":
            context = _tls()
            sock.settimeout(_left(deadline))
            secure: socket.socket = context.wrap_socket(sock, server_hostname=host)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, context=context)
        else:
            secure = sock
            connection = http.client.HTTPConnection(host, port)
        with closing(secure), closing(connection):
            wire: Any = _Wire(secure, deadline)
            connection.sock = wire
            target = quote(parts.path or "/", safe="/%:=&?~+!$,;'@()*[]")
            if parts.query:
                target += "?" + quote(parts.query, safe="/%:=&?~+!$,;'@()*[]")
            headers = {
                "User-Agent": "Simmer (reads recipes that its users name)",
                "Accept": ", ".join(types),
                "Accept-Encoding": "gzip",
                "Connection": "close",
            }
            connection.request("GET", target, headers=headers)
            response = connection.getresponse()
            with closing(response):
                if response.status in _REDIRECTS and (location := response.headers.get("Location")):
                    return urljoin(url, location)
                return _page(url, response, types)


def _target(url: str) -> tuple[SplitResult, str, int]:
    """The parts of URL, its host in ASCII, and its port."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
    except ValueError:
        _refuse()
    if len(url) > URL_MAX or parts.scheme not in PORTS or not host or "@" in parts.netloc:
        _refuse()
    return parts, host, port


def _looked_up(host: str, port: int, deadline: float) -> list[Any]:
    """What getaddrinfo says of HOST, all of which may be connected to."""
    found = _lookup(host, port, _left(deadline))
    if not found or not all(is_allowed(*address[4][:2]) for address in found):
        log.info("page_refused addresses=%s", len(found))
        _refuse()
    return found


def _lookup(host: str, port: int, seconds: float) -> list[Any]:
    """getaddrinfo, which has no time limit: in a thread that is left to itself when it takes too long.

    It reads numbers as C does: 2130706433, 0x7f000001 and 0177.1 are 127.0.0.1 to it, and are checked as that.
    """
    if not _lookups.acquire(blocking=False):
        raise Unavailable("Too many names are being looked up: try again shortly.", code="overloaded")
    answers: SimpleQueue[list[Any]] = SimpleQueue()

    def look() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):  # no such name, or none that could be one
            answers.put([])
        finally:
            _lookups.release()

    Thread(target=look, name="lookup", daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError("the name is not looked up in time") from None


def _connection(addresses: list[Any], deadline: float) -> socket.socket:
    """A connection to the first of these addresses that takes one: to the very numbers that were checked."""
    failed: OSError | None = None
    for family, kind, protocol, _, address in addresses[:_ADDRESSES_MAX]:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(min(CONNECT_SECONDS, _left(deadline)))
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            failed = error
    raise failed or OSError("no address")


def _tls() -> ssl.SSLContext:
    """Trusts what this host does and what browsers do: small images have no list of their own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class _Wire:
    """What http.client needs of a socket, each call of which ends at the deadline, however slowly bytes drip in."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(_left(self._deadline))
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Received(self._sock, self._deadline), _BLOCK)

    def close(self) -> None:
        """Whoever opened the socket closes it: http.client does before a body that ends with the connection is read."""


class _Received(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(_left(self._deadline))
        return self._sock.recv_into(buffer)


def _page(url: str, response: http.client.HTTPResponse, types: Collection[str]) -> Page:
    if response.status != 200:
        _fail(f"The page could not be fetched: its server answered {response.status}.")
    media_type = response.headers.get_content_type()
    if media_type not in types:
        raise Unprocessable("There is no web page at this address.", code="wrong_type")
    return Page(url, media_type, response.headers.get_content_charset(), _body(response))


def _body(response: http.client.HTTPResponse) -> bytes:
    encoding = (response.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        _fail("The page could not be fetched: it is packed in a way that was not asked for.")
    # Of the sizes of a window, the one that takes both gzip and zlib.
    unpacking = None if encoding == "identity" else zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    body = bytearray()
    while block := response.read1(_BLOCK):
        room = BYTES_MAX + 1 - len(body)
        body += block if unpacking is None else unpacking.decompress(block, room)
        if len(body) > BYTES_MAX:
            raise Unprocessable(f"The page is larger than {BYTES_MAX} bytes.", code="too_large")
    if response.length or (unpacking is not None and not unpacking.eof):
        _fail("The page could not be fetched: it ended before it was complete.")
    return bytes(body)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the page takes too long")
    return left


def _refuse() -> NoReturn:
    detail = "Only public web pages are fetched: an address with http or https, no user, and no port of its own."
    raise Unprocessable(detail, code="url_refused")


def _fail(detail: str) -> NoReturn:
    raise Unprocessable(detail, code="fetch_failed")
