"""Values as a shop can hold them: whole units, and what one costs from which quantity on, now and without a date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crossdock.contracts.deliveries import Batch


class UntellableError(Exception):
    """The shop has no way to hold this value; the message says what it is and what would help."""


@dataclass(frozen=True, slots=True)
class Break:
    """From so many whole units on, one costs `text`: plain digits without needless zeros."""

    min_quantity: int
    text: str


def price_of_one(shop: str, fields: Mapping[str, Any], places: int) -> str:
    """What one unit costs now, as plain digits, whatever more units cost. Raises UntellableError as `breaks`."""
    tiers = _tiers(shop, fields)
    return _text(shop, _first(shop, tiers), places)


def breaks(shop: str, fields: Mapping[str, Any], places: int) -> list[Break]:
    """The breaks that hold now, the first of them from one unit on.

    Raises UntellableError where there is no price for one unit, for a price that moves with every unit, and for one
    with more decimals than the shop's `places`.
    """
    tiers = _tiers(shop, fields)
    above = [t for t in tiers if _from(t) > 1]
    return [
        Break(1, _text(shop, _first(shop, tiers), places)),
        *(Break(_whole(shop, t), _text(shop, t, places)) for t in above),
    ]


def shop_units(shop: str, batch: Batch, most: int, rejected: dict[str, str]) -> dict[str, int]:
    """By key, what a shop that counts whole units may sell: never more than there is.

    What is above the `most` that the shop can count is `rejected`, unless that key is already.
    """
    units: dict[str, int] = {}
    for value in batch.values:
        units[value.key] = int(Decimal(str(value.fields["available"])))
        if units[value.key] > most:
            there = f"{shop} counts to {most} units, and there are {units[value.key]}"
            rejected.setdefault(value.key, f"{there}: hold the rest back from it (buffer)")
    return units


def _tiers(shop: str, fields: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    windows = fields["windows"]
    if not windows:
        raise UntellableError(f"it has no price now, and {shop} cannot be told so: take it off sale there, or price it")
    tiers: Sequence[Mapping[str, Any]] = windows[0]["tiers"]
    return tiers


def _first(shop: str, tiers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    below = [t for t in tiers if _from(t) <= 1]
    if not below:
        raise UntellableError(
            f"it is sold from {_from(tiers[0])} units on, and {shop} sells one: give it a price for one unit"
        )
    return below[-1]


def _text(shop: str, tier: Mapping[str, Any], places: int) -> str:
    if tier["unit_price"] is None:
        raise UntellableError(f"a guard blocks its price from {_from(tier)} units on: see crossdock price explain")
    if tier.get("quote"):
        raise UntellableError(
            f"from {_from(tier)} units on only a quote says what it costs (graduated tiers), which {shop} cannot hold"
        )
    price = Decimal(tier["unit_price"]).normalize()
    if -int(price.as_tuple().exponent) > places:
        raise UntellableError(f"{price:f} has more than the {places} decimals that {shop} keeps: round it to them")
    return f"{price:f}"


def _whole(shop: str, tier: Mapping[str, Any]) -> int:
    quantity = _from(tier)
    if quantity != quantity.to_integral_value():
        raise UntellableError(f"a break is at {quantity} units, and {shop} counts whole ones: move the break")
    return int(quantity)


def _from(tier: Mapping[str, Any]) -> Decimal:
    return Decimal(str(tier["min_quantity"]))
