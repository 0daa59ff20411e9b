"""What was asked for under an Idempotency-Key, so that asking again says the same thing and nothing new.

ASKED#<digest of partner and key> / ASKED     asked: a hash of the request; n: the version it says it under; at
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from crossdock.platform.dynamo import Table

_ROW: Final = "ASKED"


@dataclass(frozen=True, slots=True)
class Intent:
    """A request: a hash over what it says, and the version and instant (RFC 3339 UTC) under which it says it."""

    asked: str
    version: int
    at: str


class Intents:
    """Keeps them, 200 bytes each, for ever."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, partner: str, key: str) -> Intent | None:
        """What the partner asked for under a key before; 1 RCU."""
        found = self._table.get((_pk(partner, key), _ROW), consistent=True)
        return _intent(found) if found else None

    def keep(self, partner: str, key: str, intent: Intent) -> Intent:
        """Keeps a request, and gives back the one that stands: an earlier one, if there is any."""
        existing = self._table.put_new(_row(partner, key, intent))
        return _intent(existing) if existing else intent

    def put_off(self, partner: str, key: str, intent: Intent) -> None:
        """Gives a request that was not carried out another version."""
        self._table.put(_row(partner, key, intent))


def hashed(text: str) -> str:
    """128 bits over a request."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _pk(partner: str, key: str) -> str:
    return "ASKED#" + hashlib.sha256(f"{partner}\0{key}".encode()).hexdigest()[:40]


def _row(partner: str, key: str, intent: Intent) -> dict[str, Any]:
    return {"pk": _pk(partner, key), "sk": _ROW, "asked": intent.asked, "n": intent.version, "at": intent.at}


def _intent(row: dict[str, Any]) -> Intent:
    return Intent(row["asked"], row["n"], row["at"])
