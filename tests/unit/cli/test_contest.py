"""The demo's scene of many clients and few units: an oversale, an unlike repetition and an unsold unit are seen."""

from __future__ import annotations

from itertools import count
from threading import Lock
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from crossdock_cli.demo.contest import Contest, contend
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from crossdock_cli.demo.senders import Entrance
    from crossdock_cli.target import Target

pytestmark = pytest.mark.unit


class Shop:
    """Holds while there are units; `forgets` the keys it has seen, or sells whatever is asked when `careless`."""

    def __init__(self, units: int, *, careless: bool = False, forgets: bool = False) -> None:
        self.free = units
        self.careless = careless
        self.forgets = forgets
        self.answers: dict[str, dict[str, Any]] = {}
        self.held: dict[str, int] = {}
        self._ids = count()
        self._lock = Lock()
        self.dynamodb = SimpleNamespace(get_item=lambda **_: {"Item": {"rsv": {"N": str(sum(self.held.values()))}}})

    def name(self, table: str) -> str:
        return table

    def reserve(self, key: str, channel: str, sku: str, quantity: int) -> dict[str, Any]:
        assert (channel, sku) == ("webshop", "A")
        with self._lock:
            if key not in self.answers or self.forgets:
                self.answers[key] = self._decide(f"r{next(self._ids)}", quantity)
            return self.answers[key]

    def _decide(self, rid: str, quantity: int) -> dict[str, Any]:
        if quantity > self.free and not self.careless:
            return {"status": 409, "body": {"reservation": rid}}
        self.free -= quantity
        self.held[rid] = quantity
        return {"status": 201, "body": {"id": rid}}

    def release(self, rid: str) -> None:
        self.free += self.held.pop(rid)


def played(shop: Shop, units: int) -> Contest:
    return contend(cast("Target", shop), cast("Entrance", shop), "A", units)


def test_as_many_are_served_as_there_are_units_for_and_all_of_it_is_released() -> None:
    shop = Shop(17)

    found = played(shop, 17)

    assert found == Contest("A", 17, each=2, clients=60, held=8, refused=52, repeated_alike=60, stored_held=16)
    assert (found.oversold, found.fair, shop.free) == (0, True, 17)


def test_units_that_are_sold_twice_are_an_oversale() -> None:
    found = played(Shop(12, careless=True), 12)

    assert (found.each, found.held, found.oversold, found.fair) == (1, 60, 48, False)


def test_a_repetition_that_holds_again_is_seen_even_where_nothing_is_oversold() -> None:
    found = played(Shop(12, forgets=True), 12)

    assert (found.oversold, found.fair) == (0, False)
    assert found.repeated_alike < found.clients


def test_units_that_nobody_gets_although_many_ask_are_seen() -> None:
    found = played(Shop(10), 12)

    assert (found.held, found.oversold, found.fair) == (10, 0, False)


def test_an_answer_that_is_neither_is_an_error() -> None:
    shop = Shop(12)
    shop.answers["demo-cart-3"] = {"status": 503, "body": {}}

    with pytest.raises(CliError, match="503"):
        played(shop, 12)


def test_nothing_played_shows_nothing() -> None:
    assert (Contest().oversold, Contest().fair) == (0, False)
