"""A scene of the demo: many clients ask at once for the last units of one item, each of them twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crossdock_cli.demo.plan import WAREHOUSE
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from crossdock_cli.demo.senders import Entrance
    from crossdock_cli.target import Target

CHANNEL: Final = "webshop"
CLIENTS: Final = 60
MOST_HELD: Final = 12
"""So few that the item does not grow shards, which the demo's own look at the tables knows nothing of."""
_AT_ONCE: Final = 12
_HELD: Final = 201
_REFUSED: Final = 409


@dataclass(frozen=True)
class Contest:
    """What the clients were answered, and what was stored when all had been."""

    item: str = ""
    units: int = 0
    each: int = 0
    clients: int = 0
    held: int = 0
    refused: int = 0
    repeated_alike: int = 0
    stored_held: int = 0

    @property
    def oversold(self) -> int:
        """Units that were promised and are not there, by the answers or by what is stored."""
        return max(0, max(self.held * self.each, self.stored_held) - self.units)

    @property
    def fair(self) -> bool:
        """Whether everybody was answered, alike both times, and as many were served as there were units for."""
        return bool(
            self.clients == self.repeated_alike == self.held + self.refused > 0
            and self.held == min(self.clients, self.units // self.each)
            and self.stored_held == self.held * self.each
        )


def contend(target: Target, entrance: Entrance, item: str, units: int) -> Contest:
    """Lets the clients ask for an item of which so many units are left, looks, and releases what was held.

    Raises CliError when an answer is neither a hold nor a refusal, or a hold is not released.
    """
    each = -(-units // MOST_HELD)

    def client(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        key = f"demo-cart-{number}"
        return entrance.reserve(key, CHANNEL, item, each), entrance.reserve(key, CHANNEL, item, each)

    with ThreadPoolExecutor(_AT_ONCE) as clients:
        answers = list(clients.map(client, range(CLIENTS)))
    first = [answer for answer, _ in answers]
    if strange := [a for a in first if a["status"] not in {_HELD, _REFUSED}]:
        raise CliError(f"a reservation was answered with {strange[0]}", "crossdock local logs")
    held = [a["body"]["id"] for a in first if a["status"] == _HELD]
    found = Contest(
        item=item,
        units=units,
        each=each,
        clients=CLIENTS,
        held=len(held),
        refused=len(first) - len(held),
        repeated_alike=sum(one == again for one, again in answers),
        stored_held=_reserved(target, item),
    )
    for rid in held:
        entrance.release(rid)
    return found


def _reserved(target: Target, item: str) -> int:
    """The units that the table says are held, past the product."""
    key = {"pk": {"S": f"T#{item}"}, "sk": {"S": f"A#{WAREHOUSE}"}}
    row = target.dynamodb.get_item(TableName=target.name("inventory"), Key=key, ConsistentRead=True)["Item"]
    return int(row["rsv"]["N"])
