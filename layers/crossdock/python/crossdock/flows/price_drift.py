"""What drifted prices come to in money: how far a channel's price for the first step of today is from ours."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crossdock.contracts.price_keys import read_key
from crossdock.exchange.drift import Found
from crossdock.pricing.cells import from_now


@dataclass(slots=True)
class Money:
    """The drift of a class in one currency: cells, the sum of what each is off per unit, and those that only one side
    has a price for, of which nothing can be summed."""

    price_class: str
    currency: str
    cells: int = 0
    amount: Decimal = Decimal(0)
    unpriced: int = 0

    def document(self) -> dict[str, Any]:
        return {
            "price_class": self.price_class,
            "currency": self.currency,
            "cells": self.cells,
            "amount": f"{self.amount:f}",
            "unpriced": self.unpriced,
        }


def in_money(found: Iterable[Found], now: str) -> list[Money]:
    """The drift by class and currency, as it is at `now`. Money is what one base unit of each item is off, added up."""
    sums: dict[tuple[str, str], Money] = {}
    for one in found:
        # Where the channel holds something else than it acknowledged, ours is what it acknowledged.
        ours, theirs = (one.acknowledged, one.other) if one.why != "told" else (one.other, one.acknowledged)
        right, wrong = (json.loads(text) if text else {} for text in (ours, theirs))
        currency = str(right.get("currency") or wrong.get("currency") or "")
        name = read_key(one.key)[0]
        money = sums.setdefault((name, currency), Money(name, currency))
        money.cells += 1
        prices = _price(right, now), _price(wrong, now)
        if prices[0] is None or prices[1] is None or wrong.get("currency") != right.get("currency"):
            money.unpriced += prices != (None, None)
        else:
            money.amount += abs(prices[0] - prices[1])
    return [sums[key] for key in sorted(sums)]


def _price(document: dict[str, Any], now: str) -> Decimal | None:
    """What the first unit costs now; None where there is no price, or what a channel says is none."""
    try:
        today = [w for w in from_now(document, now)["windows"] if w["from"] is None]
        price = today[0]["tiers"][0]["unit_price"] if today else None
        return Decimal(price) if price is not None else None
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
