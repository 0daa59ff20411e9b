"""The demo's scene of a quote: another price than the channel's, and a token that proves too much, are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from crossdock_cli.demo.quoting import Quoting, ask
from crossdock_cli.demo.receiver import Held

if TYPE_CHECKING:
    from crossdock_cli.demo.senders import Entrance

pytestmark = pytest.mark.unit

PAST, FUTURE = "2020-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"


class Authority:
    """Quotes its prices, under one token; takes the order as it was quoted, or whatever comes when `careless`."""

    def __init__(self, prices: dict[str, str], *, careless: bool = False, forgets: bool = False) -> None:
        self.prices = prices
        self.careless = careless
        self.forgets = forgets
        self.asked: list[list[dict[str, Any]]] = []

    def quote(self, key: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        assert key == "demo-quote-1"
        self.asked.append(lines)
        token = f"token-{len(self.asked) if self.forgets else 1}-12345678"
        return {"quote_id": "q", "token": token, "lines": [self._priced(line) for line in lines]}

    def _priced(self, line: dict[str, Any]) -> dict[str, Any]:
        if line["item"] not in self.prices:
            return {**line, "unit": "EA", "status": "NO_PRICE"}
        price = self.prices[line["item"]]
        return {**line, "unit": "EA", "status": "PRICED", "unit_price": price, "extended_price": price}

    def proves(self, token: str, lines: list[dict[str, Any]]) -> bool:
        quoted = [line["unit_price"] for line in lines] == [self.prices[line["item"]] for line in lines]
        return self.careless or (quoted and token == "token-1-12345678")


def held(*windows: dict[str, Any]) -> Held:
    return Held(1, list(windows), 0.0)


def window(*tiers: tuple[int, str], begins: str | None = None, ends: str | None = None) -> dict[str, Any]:
    return {"from": begins, "to": ends, "tiers": [{"min_quantity": q, "unit_price": p} for q, p in tiers]}


PRICES = {
    "A": held(window((1, "2.55"), (24, "2.10"))),
    "B": held(window((1, "9.00"), ends=PAST), window((1, "1.00"), begins=PAST)),
    "C": held(window((1, "5.00"), begins=FUTURE)),
}


def played(authority: Authority) -> Quoting:
    return ask(cast("Entrance", authority), PRICES)


def test_each_item_with_a_price_today_is_asked_for_at_its_last_break() -> None:
    authority = Authority({"A": "2.10", "B": "1.00"})
    assert played(authority) == Quoting(2, 2, 2, repeated_alike=True, order_accepted=True)
    assert played(Authority({"A": "2.10", "B": "1.00"})).holds
    (first, again) = authority.asked
    assert first == again
    assert [(line["item"], line["quantity"]) for line in first] == [("A", "24"), ("B", "1")]


@pytest.mark.parametrize(
    ("authority", "seen"),
    [
        (Authority({"A": "2.11", "B": "1.00"}), {"as_the_channel_holds": 1}),
        (Authority({"A": "2.10"}), {"priced": 1, "as_the_channel_holds": 1}),
        (Authority({"A": "2.10", "B": "1.00"}, forgets=True), {"repeated_alike": False}),
        (
            Authority({"A": "2.10", "B": "1.00"}, careless=True),
            {"cheaper_order_accepted": True, "forged_token_accepted": True},
        ),
    ],
    ids=["another price", "no price", "another quote for a repetition", "any order taken"],
)
def test_what_must_not_be_is_seen(authority: Authority, seen: dict[str, Any]) -> None:
    found = played(authority)
    assert not found.holds
    assert {name: getattr(found, name) for name in seen} == seen
