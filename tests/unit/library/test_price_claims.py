"""Prices that a channel computed: equal, a moment late, within its manifest, or refused with the reason."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crossdock.pricing.claims import Authority, Claim, Judgement, Past, at_once, by_discount, by_past
from crossdock.pricing.manifests import Allowed, manifest

pytestmark = pytest.mark.unit

NOTHING = Allowed("webshop", "GBP", (), "half_up", None, "0", 30)
OURS = Authority("PRICED", Decimal("2.55"), Decimal("61.20"))


def taken(code: str, reason: str) -> Judgement:
    return Judgement(accepted=True, code=code, reason=reason)


def refused(code: str, reason: str) -> Judgement:
    return Judgement(accepted=False, code=code, reason=reason)


def allowed(*operations: str, **more: Any) -> Allowed:
    return dataclasses.replace(NOTHING, operations=operations, **more)


def claim(price: str, line: str | None = None, *operations: str, quantity: int = 24) -> Claim:
    return Claim("1", quantity, Decimal(price), Decimal(line) if line else None, operations)


def now(asked: Claim, ours: Authority = OURS, rights: Allowed = NOTHING, currency: str = "GBP") -> tuple[bool, str]:
    found = at_once(asked, ours, rights, currency)
    assert found is not None
    return found.accepted, found.code


def test_a_price_equal_to_ours_is_taken_whatever_the_channel_may_compute() -> None:
    assert now(claim("2.55")) == (True, "equal")
    assert now(claim("2.550", "61.2", "tiers")) == (True, "equal")


def test_a_line_that_does_not_follow_is_refused_unless_the_channel_may_multiply() -> None:
    graduated = dataclasses.replace(OURS, extended=Decimal("61.13"))
    assert now(claim("2.55", "61.20"), graduated) == (False, "wrong_extended_price")
    assert now(claim("2.55", "61.20"), graduated, allowed("extend")) == (True, "extended")
    assert now(claim("2.55", "61.21"), graduated, allowed("extend")) == (False, "wrong_extended_price")


@pytest.mark.parametrize(
    ("mode", "price", "fits"),
    [("half_up", "2.56", True), ("half_even", "2.56", True), ("down", "2.55", True), ("down", "2.56", False)],
)
def test_a_rounding_of_the_manifest_is_taken_and_no_other(mode: str, price: str, *, fits: bool) -> None:
    finer = Authority("PRICED", Decimal("2.5550"), Decimal("61.32"))
    found = at_once(claim(price), finer, allowed("round", rounding=mode, scale=2), "GBP")
    assert (found is not None and found.code == "rounded") is fits


def test_without_a_price_of_ours_every_price_is_refused_zero_too() -> None:
    without = Authority("NO_PRICE", None, None)
    assert now(claim("0"), without) == (False, "no_price")
    assert now(claim("1.00"), Authority("BLOCKED", None, None)) == (False, "blocked")


def test_another_currency_is_named() -> None:
    without = Authority("NO_PRICE", None, None)
    found = at_once(claim("2.55"), without, NOTHING, "EUR")
    assert found == refused("wrong_currency", "there is no price in EUR; this channel sells in GBP")


@pytest.mark.parametrize(
    ("seconds", "accepted", "code"),
    [(0.1, True, "window_just_closed"), (30, True, "window_just_closed"), (30.1, False, "stale")],
)
def test_a_price_whose_window_has_just_closed_is_taken_for_the_grace(
    seconds: float, code: str, *, accepted: bool
) -> None:
    before = Past(OURS, "2026-11-21T08:00:00.000000Z", seconds)
    found = by_past(claim("2.55"), before, NOTHING, "GBP")
    assert found is not None
    assert (found.accepted, found.code) == (accepted, code)
    assert by_past(claim("2.54"), before, NOTHING, "GBP") is None


def discounted(price: str, lowest: str | None = "2.43", *operations: str, rights: Allowed | None = None) -> Judgement:
    floor = Authority("PRICED", Decimal(lowest), Decimal(0)) if lowest else Authority("BLOCKED", None, None)
    rights = rights or allowed("discount", max_discount_percent="5")
    return by_discount(claim(price, None, *operations), OURS, floor, rights, "GBP")


def test_a_discount_of_its_own_is_taken_down_to_the_lowest_price() -> None:
    assert discounted("2.43") == taken(
        "discounted",
        "2.43 is 0.12 below our price of 2.55, and 2.43 is the lowest that the manifest allows",
    )
    assert discounted("2.42") == refused(
        "below_lowest",
        "2.42 is 0.13 below our price of 2.55; with 5 % off and every floor kept, nothing below 2.43 is taken",
    )
    assert discounted("2.50", None).code == "below_lowest", "where a guard blocks, there is no lower price"


def test_a_price_above_ours_is_no_discount() -> None:
    assert discounted("2.56").code == "outside_manifest"


def test_an_operation_that_the_manifest_does_not_name_is_refused_by_its_name() -> None:
    found = discounted("2.50", "2.43", "round", "discount")
    assert found.code == "outside_manifest"
    assert found.reason.startswith("it was computed by round, which the manifest of webshop does not allow")


def test_what_nothing_explains_is_outside_of_the_manifest() -> None:
    found = discounted("2.50", rights=allowed("tiers", "extend"))
    assert found == refused(
        "outside_manifest",
        "2.50 is 0.05 below our price of 2.55; the manifest allows webshop to compute tiers, extend, which gives no "
        "such price",
    )


def test_the_answer_tells_what_we_would_charge_and_nothing_where_there_is_no_price() -> None:
    judgement = refused("x", "y")
    assert judgement.document("7", OURS) == {
        "line": "7",
        "accepted": False,
        "code": "x",
        "reason": "y",
        "expected": {"unit_price": "2.55", "extended_price": "61.20"},
    }
    assert "expected" not in judgement.document("7", Authority("NO_PRICE", None, None))


# -- the manifest --------------------------------------------------------------------------------------------------

AT = datetime(2026, 11, 21, 8, 59, 59, tzinfo=UTC)


def test_a_manifest_names_what_may_be_computed_and_for_how_long() -> None:
    rights = allowed("round", "discount", rounding="down", scale=2, max_discount_percent="5")
    found = manifest(rights, "Demo", 24, AT)
    assert (found["valid_from"], found["valid_to"]) == ("2026-11-21T08:00:00Z", "2026-11-22T08:00:00Z")
    assert [{k: v for k, v in o.items() if k != "meaning"} for o in found["may_compute"]] == [
        {"operation": "round", "rounding": "down", "scale": 2},
        {"operation": "discount", "max_percent": "5"},
    ]
    assert manifest(NOTHING, "Demo", 24, AT)["may_compute"] == []


def test_its_version_changes_with_what_it_allows_and_with_nothing_else() -> None:
    first, later = manifest(NOTHING, "Demo", 24, AT), manifest(NOTHING, "Demo", 24, AT + timedelta(days=1))
    assert first["version"] == later["version"]
    assert manifest(NOTHING, "Demo", 24, AT.replace(minute=0)) == first, "the same to the byte within an hour"
    assert manifest(allowed("tiers"), "Demo", 24, AT)["version"] != first["version"]
