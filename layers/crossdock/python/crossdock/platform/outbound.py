"""HTTP to the outside: short timeouts, no redirects, bounded answers, and an answer in every case."""

from collections.abc import Mapping

import urllib3

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.platform import deadline

_CONNECT_S = 2.0
_READ_S = 8.0
_MAX_ANSWER = 65_536


class Http:
    """Posts to channels' endpoints over kept connections."""

    def __init__(self, *, allow_plain: bool) -> None:
        """`allow_plain` permits http:// (the local stage); everywhere else only https:// is spoken."""
        self._pool = urllib3.PoolManager(num_pools=8, maxsize=4, retries=False)
        self._allow_plain = allow_plain

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """One POST. Status 0 says that no answer came, and why; retrying is the caller's business."""
        if not url.startswith("https://") and not (self._allow_plain and url.startswith("http://")):
            return HttpAnswer(0, detail="the channel's URL must begin with https://")
        timeout = urllib3.Timeout(
            connect=deadline.remaining_seconds(_CONNECT_S), read=deadline.remaining_seconds(_READ_S)
        )
        try:
            response = self._pool.request(
                "POST", url, body=body, headers=dict(headers), timeout=timeout, redirect=False, preload_content=False
            )
            return HttpAnswer(response.status, _bounded(response))
        except urllib3.exceptions.HTTPError as exc:
            return HttpAnswer(0, detail=f"{type(exc).__name__}: {exc}"[:300])


def _bounded(response: urllib3.BaseHTTPResponse) -> bytes:
    """The answer's first 64 KB. The connection is kept only when that was all: nobody makes us read on for ever."""
    body = response.read(_MAX_ANSWER + 1)
    if len(body) > _MAX_ANSWER:
        response.close()
    response.release_conn()
    return body[:_MAX_ANSWER]
