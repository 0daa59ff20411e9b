"""One row for each channel that ever failed, is limited or was paused: how it is, as `breaker.py` has it.

CH#channel / health        0.5 read units a look, 1 write unit a change; a channel that is well and not limited changes
                           nothing
"""

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Final

from crossdock.exchange.breaker import NEVER_CALLED, Health
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Insert, Key, Update, When

_ROUNDS: Final = 16
_FIELDS: Final = tuple(f.name for f in fields(Health))


class HealthStore:
    """Reads and changes."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, channel: str, *, consistent: bool = False) -> Health:
        """How a channel is. Raises the client's error."""
        row = self._table.get(_key(channel), consistent=consistent)
        return NEVER_CALLED if row is None else Health(**{name: row[name] for name in _FIELDS if name in row})

    def change(self, channel: str, known: Health, change: Callable[[Health], Health]) -> Health:
        """Applies a change to the row as it stands, `known` being how it was seen last; gives back what stands then.

        A change that changes nothing of what is known is not written, and the row not read. Raises
        StoreUnavailableError when others kept changing it.
        """
        for _ in range(_ROUNDS):
            wanted = change(known)
            if wanted == known:
                return known
            saved = {**asdict(wanted), "rev": known.rev + 1}
            if self._save(channel, known.rev, saved):
                return Health(**saved)
            known = self.read(channel, consistent=True)
        raise StoreUnavailableError(f"{self._table.name}: the health of {channel} kept being changed by others")

    def _save(self, channel: str, seen: int, values: dict[str, object]) -> bool:
        key = _key(channel)
        if seen == 0:
            write: Insert | Update = Insert({"pk": key[0], "sk": key[1], **values})
        else:
            write = Update(key, put=values, when=(When("rev", "=", seen),))
        return self._table.write([write])[0].done


def _key(channel: str) -> Key:
    return f"CH#{channel}", "health"
