"""HTTP to the outside: short timeouts, no redirects, bounded answers, and an answer in every case."""

import time
from collections.abc import Mapping

import urllib3

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.platform import deadline

_CONNECT_S = 2.0
_READ_S = 8.0
# The read timeout is for each piece of an answer. One that comes drop by drop is given up when a piece ends after this.
_WHOLE_S = 10.0
_MAX_ANSWER = 65_536


# A digest has 4,096 hashes of 16 digits, and a leaf of ten million items has 2,500 of them.
_MAX_ASKED = 4_194_304


class Http:
    """Talks to channels' endpoints over kept connections."""

    def __init__(self, *, allow_plain: bool) -> None:
        """`allow_plain` permits http:// (the local stage); everywhere else only https:// is spoken."""
        self._pool = urllib3.PoolManager(num_pools=8, maxsize=4, retries=False)
        self._allow_plain = allow_plain

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """One POST. Status 0 says that no answer came, and why; retrying is the caller's business."""
        return self._request("POST", url, headers, body, _MAX_ANSWER)

    def put(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """One PUT, as `post`."""
        return self._request("PUT", url, headers, body, _MAX_ANSWER)

    def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        """One GET, whose answer may have 4 MB; otherwise as `post`."""
        return self._request("GET", url, headers, None, _MAX_ASKED)

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, largest: int
    ) -> HttpAnswer:
        if not url.startswith("https://") and not (self._allow_plain and url.startswith("http://")):
            return HttpAnswer(0, detail="the channel's URL must begin with https://")
        timeout = urllib3.Timeout(
            connect=deadline.remaining_seconds(_CONNECT_S), read=deadline.remaining_seconds(_READ_S)
        )
        until = time.monotonic() + _WHOLE_S
        try:
            response = self._pool.request(
                method, url, body=body, headers=dict(headers), timeout=timeout, redirect=False, preload_content=False
            )
            answer = _bounded(response, until, largest)
        except urllib3.exceptions.HTTPError as exc:
            return HttpAnswer(0, detail=f"{type(exc).__name__}: {exc}"[:300])
        if answer is None:
            return HttpAnswer(0, detail=f"HTTP {response.status}, but its answer had no end after {_WHOLE_S:.0f} s")
        return HttpAnswer(response.status, answer, headers={k.lower(): v for k, v in response.headers.items()})


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
