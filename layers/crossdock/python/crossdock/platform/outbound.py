"""HTTP to the outside: only to checked addresses, short timeouts, no redirects, bounded answers, one in every case."""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.platform import deadline
from crossdock.platform.addresses import AddressRefusedError, Resolve, check_url, checked_addresses, system_resolve

_CONNECT_S = 2.0
_READ_S = 8.0
# The read timeout is for each piece of an answer. One that comes drop by drop is cut off after this, its head and its
# body each: so a request takes 2 + 10 + 8 s at the very most, which a delivery's lease (exchange/shadow.py) covers.
_WHOLE_S = 10.0
_MAX_ANSWER = 65_536


# A digest has 4,096 hashes of 16 digits, and a leaf of ten million items has 2,500 of them.
_MAX_ASKED = 4_194_304
# Whatever is asked for beyond this is looked at again after it.
_LONGEST_WAIT_S: Final = 86_400


class Http:
    """Talks to channels' endpoints over kept connections."""

    def __init__(self, *, allow_plain: bool, resolve: Resolve = system_resolve, whole_s: float = _WHOLE_S) -> None:
        """`allow_plain` is for the local stage: it permits http:// and addresses of this machine and its network.

        Everywhere else only https:// is spoken, and only to addresses of the open internet (`addresses.py`).
        `whole_s` is how many seconds the head of an answer may take, and all of its body.
        """
        self._local = allow_plain
        self._resolve = resolve
        self._whole_s = whole_s
        self._pool = urllib3.PoolManager(num_pools=8, maxsize=4, retries=False)
        self._pool.pool_classes_by_scheme = {
            "http": _pool_class(urllib3.HTTPConnectionPool, HTTPConnection, self._connect, whole_s),
            "https": _pool_class(urllib3.HTTPSConnectionPool, HTTPSConnection, self._connect, whole_s),
        }

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """One POST. Status 0 says that no answer came, and why; retrying is the caller's business."""
        return self._request("POST", url, headers, body, _MAX_ANSWER)

    def put(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """One PUT, as `post`."""
        return self._request("PUT", url, headers, body, _MAX_ANSWER)

    def patch(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """One PATCH, as `post`."""
        return self._request("PATCH", url, headers, body, _MAX_ANSWER)

    def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        """One GET, whose answer may have 4 MB; otherwise as `post`."""
        return self._request("GET", url, headers, None, _MAX_ASKED)

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, largest: int
    ) -> HttpAnswer:
        try:
            check_url(url, local=self._local)
        except AddressRefusedError as exc:
            return HttpAnswer(0, detail=f"the channel's URL is not called: {exc}"[:300])
        timeout = urllib3.Timeout(
            connect=deadline.remaining_seconds(_CONNECT_S),
            read=deadline.remaining_seconds(min(_READ_S, self._whole_s)),
        )
        try:
            response = self._pool.request(
                method, url, body=body, headers=dict(headers), timeout=timeout, redirect=False, preload_content=False
            )
            answer = _bounded(response, time.monotonic() + self._whole_s, largest)
        except AddressRefusedError as exc:
            return HttpAnswer(0, detail=f"the channel's URL is not called: {exc}"[:300])
        except urllib3.exceptions.HTTPError as exc:
            return HttpAnswer(0, detail=f"{type(exc).__name__}: {exc}"[:300])
        if answer is None:
            detail = f"HTTP {response.status}, but its answer had no end after {self._whole_s:.0f} s"
            return HttpAnswer(0, detail=detail)
        wait = retry_after_s(response.headers.get("Retry-After", ""), datetime.now(UTC))
        named = {k.lower(): v for k, v in response.headers.items()}
        return HttpAnswer(response.status, answer, retry_after_s=wait, headers=named)

    def _connect(self, connection: HTTPConnection) -> socket.socket:
        """A socket to an address of the connection's host that was checked: the name is not looked up once more."""
        timeout = connection.timeout if isinstance(connection.timeout, int | float) else _CONNECT_S
        try:
            found = checked_addresses(connection.host.strip("[]"), connection.port, self._resolve, local=self._local)
        except socket.gaierror as exc:
            raise NameResolutionError(connection.host, connection, exc) from exc
        except OSError as exc:
            raise NewConnectionError(connection, f"no address: {exc}") from exc
        until = time.monotonic() + timeout
        last: OSError = OSError("the host has no address")
        for address in found:
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                made = socket.create_connection((address, connection.port), timeout=left)
            except OSError as exc:
                last = exc
                continue
            for option in connection.socket_options or ():
                made.setsockopt(*option)
            return made
        if isinstance(last, TimeoutError):
            raise urllib3.exceptions.ConnectTimeoutError(connection, f"no connection within {timeout:.1f} s") from last
        raise NewConnectionError(connection, f"no connection: {last}") from last


def _pool_class(
    pool: type[urllib3.HTTPConnectionPool],
    connection: type[HTTPConnection],
    connect: Callable[[HTTPConnection], socket.socket],
    whole_s: float,
) -> type[urllib3.HTTPConnectionPool]:
    """A pool whose connections go where `connect` takes them, and whose answers have a head within `whole_s`."""
    endless = f"the answer's head had no end after {whole_s:.0f} s"

    class Checked(connection):  # type: ignore[valid-type,misc]  # the class is a parameter
        def _new_conn(self) -> socket.socket:
            return connect(self)

        def getresponse(self) -> Any:
            cut = threading.Event()
            timer = threading.Timer(whole_s, _cut, (self.sock, cut))
            timer.daemon = True
            timer.start()
            try:
                response = super().getresponse()
            except (OSError, urllib3.exceptions.HTTPError, ValueError) as exc:
                if not cut.is_set():
                    raise
                raise Urllib3TimeoutError(endless) from exc
            finally:
                timer.cancel()
            if cut.is_set():  # a head that ends with the connection is taken for a whole one
                raise Urllib3TimeoutError(endless)
            return response

    return type(f"Checked{pool.__name__}", (pool,), {"ConnectionCls": Checked})


def _cut(sock: socket.socket | None, cut: threading.Event) -> None:
    """Ends a connection under whoever reads from it: a head that comes letter by letter never times out by itself."""
    cut.set()
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def retry_after_s(text: str, now: datetime) -> int | None:
    """The seconds that a Retry-After header asks for, a day at most; None when it says nothing (RFC 9110, 10.2.3)."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return min(int(text[:9]), _LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # OverflowError: a year, an hour or an offset without end
        return None
    if until.tzinfo is None:  # "-0000": a time in UTC that says nothing of its place
        until = until.replace(tzinfo=UTC)
    return min(max(0, round((until - now).total_seconds())), _LONGEST_WAIT_S)


def _bounded(response: urllib3.BaseHTTPResponse, until: float, largest: int) -> bytes | None:
    """The answer's first `largest` bytes, or None when it took too long: nobody makes us read on for ever.

    The connection is kept only when that was all.
    """
    body = b""
    while len(body) <= largest:
        if time.monotonic() > until:
            response.close()
            return None
        piece = response.read1(largest + 1 - len(body))
        if not piece:
            response.release_conn()
            return body
        body += piece
    response.close()
    return body[:largest]
