"""Cursors of pages: signed, and good for one partner and one question only.

    base64url( HMAC-SHA-256 over (partner, question, place), 16 bytes ‖ place as JSON )

The question is the path and every parameter but the cursor, so a listing cannot be gone on with under another filter. A
cursor lets nobody read anything: rights are looked at anew with each page. The signature keeps what partners depend on
to what we gave them, and one partner from going on with another's listing.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from crossdock.platform.http import Request
from crossdock.platform.problems import FieldError, Problem
from crossdock.platform.secrets import Secrets

_NAME: Final = "key"
_KEY: Final = "k1"
_REMEDY: Final = "deploy the stage, which makes one"
_MAC_BYTES: Final = 16
_LONGEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Cursors:
    """Makes and reads cursors with the stage's key, which is read once a minute at most."""

    secrets: Secrets

    def place(self, request: Request, path: str) -> Any:
        """Where the asked page begins: what `following` was given; None without a cursor.

        Raises a 422 problem for one that is not ours, another's, or another question's: the same in all three cases.
        """
        given = request.query.get("cursor")
        if given is None:
            return None
        raw = _decoded(given)
        seal, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(seal, self._seal(request, path, text)):
            raise Problem(
                422,
                "cursor-unusable",
                "cursor: is none that we gave for this question. Nothing was read.",
                [
                    FieldError(
                        "cursor",
                        "is none of ours, or of another listing",
                        "use the address in `next` as it is, or begin without one",
                    )
                ],
            )
        return json.loads(text)

    def following(self, request: Request, path: str, place: Any) -> str | None:
        """The address of the next page from the API's own, or None when there is no place to go on from."""
        if place is None:
            return None
        text = json.dumps(place, separators=(",", ":")).encode()
        cursor = _encoded(self._seal(request, path, text) + text)
        return f"{path}?{urlencode({**_question(request.query), 'cursor': cursor})}"

    def _seal(self, request: Request, path: str, text: bytes) -> bytes:
        key = str(self.secrets.get(_NAME, _REMEDY, needs=_KEY)[_KEY]).encode()
        about = json.dumps([request.caller().name, path, sorted(_question(request.query).items())]).encode()
        return hmac.new(key, about + b"\n" + text, hashlib.sha256).digest()[:_MAC_BYTES]


def _question(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name != "cursor"}


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(given: str) -> bytes:
    """The bytes of a cursor; none of what is not written as we write it, to the last bit."""
    if len(given) > _LONGEST:
        return b""
    try:
        raw = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
    except ValueError:
        return b""
    return raw if _encoded(raw) == given else b""
