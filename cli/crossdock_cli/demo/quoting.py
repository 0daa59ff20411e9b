"""A scene of the demo: a partner is quoted what the channel holds, orders by the quote, and tries to pay less."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossdock_cli.demo.receiver import Held
    from crossdock_cli.demo.senders import Entrance

CHANNEL: Final = "webshop"
LINES: Final = 50
_NAMES: Final = ("line", "item", "quantity", "unit", "unit_price", "extended_price")
_FIRST_OF_SEAL: Final = 8


@dataclass(frozen=True)
class Quoting:
    """What was quoted, and what became of orders by it."""

    lines: int = 0
    priced: int = 0
    as_the_channel_holds: int = 0
    repeated_alike: bool = False
    order_accepted: bool = False
    cheaper_order_accepted: bool = False
    forged_token_accepted: bool = False

    @property
    def holds(self) -> bool:
        """Whether each line costs what the channel was told, and only the order by the quote is taken."""
        return bool(
            self.lines == self.priced == self.as_the_channel_holds > 0
            and self.repeated_alike
            and self.order_accepted
            and not self.cheaper_order_accepted
            and not self.forged_token_accepted
        )


def ask(entrance: Entrance, prices: Mapping[str, Held]) -> Quoting:
    """Asks for up to 50 items at their last quantity break, and tries three orders by the answer."""
    offered = {sku: tiers for sku, held in sorted(prices.items()) if (tiers := _tiers_now(held.value))}
    expected = {sku: tiers[-1] for sku, tiers in list(offered.items())[:LINES]}
    lines = [
        {"line": str(number), "item": sku, "quantity": str(tier["min_quantity"])}
        for number, (sku, tier) in enumerate(expected.items(), 1)
    ]
    found = entrance.quote("demo-quote-1", lines)
    again = entrance.quote("demo-quote-1", lines)
    priced = [line for line in found["lines"] if line["status"] == "PRICED"]
    order = [{name: line[name] for name in _NAMES} for line in priced]
    cheaper = [{**order[0], "unit_price": _less(order[0]["unit_price"])}, *order[1:]]
    return Quoting(
        lines=len(lines),
        priced=len(priced),
        as_the_channel_holds=sum(
            Decimal(line["unit_price"]) == Decimal(str(expected[line["item"]]["unit_price"])) for line in priced
        ),
        repeated_alike=(again["quote_id"], again["token"]) == (found["quote_id"], found["token"]),
        order_accepted=entrance.proves(found["token"], order),
        cheaper_order_accepted=entrance.proves(found["token"], cheaper),
        forged_token_accepted=entrance.proves(_forged(found["token"]), order),
    )


def _tiers_now(windows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tiers of the window that holds now, or none. A window ends before its `to` (RFC 3339, UTC)."""
    now = datetime.now(UTC)
    for window in windows:
        begins, ends = window.get("from"), window.get("to")
        if (begins is None or datetime.fromisoformat(begins) <= now) and (
            ends is None or now < datetime.fromisoformat(ends)
        ):
            return list(window["tiers"])
    return []


def _less(price: str) -> str:
    """A hundredth off a price."""
    return str(Decimal(price) * Decimal("0.99"))


def _forged(token: str) -> str:
    """The token with one letter of its seal changed."""
    at = len(token) - _FIRST_OF_SEAL
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
