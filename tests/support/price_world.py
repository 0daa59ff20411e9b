"""Prices in a world: rules, items and customers by the interface of the stores, and the calls of partners."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crossdock.pricing.facts import CustomerStated, ItemStated
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.rules import Rule
from crossdock.pricing.store import Kept, PricingStore
from tests.support.world import CORRELATION, api_event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crossdock.pricing.context import ItemFacts
    from crossdock.pricing.facts import CustomerFacts
    from tests.support.world import World

BEGAN = "2026-01-01T00:00:00.000000Z"


def rule(rule_id: str, value: str, /, *more_tiers: tuple[int, str], **fields: Any) -> Rule:
    """A base price of LAMP in GBP from 2026 on, unless told otherwise; further tiers as (quantity, value)."""
    tiers = [{"min_quantity": 1, "value": value}, *({"min_quantity": q, "value": v} for q, v in more_tiers)]
    return Rule.read(
        {
            "rule_id": rule_id,
            "version": 1,
            "layer": "base_list",
            "currency": "GBP",
            "scope": {"item": "LAMP"},
            "tiers": tiers,
            "valid_from": BEGAN,
            **fields,
        },
        "erp",
    )


def given(
    world: World, rules: Sequence[Rule], items: Sequence[ItemFacts] = (), customers: Sequence[CustomerFacts] = ()
) -> None:
    """Keeps these rules and facts and no others, whatever was kept before; quotes stay as they are."""
    table = world.table("pricing")
    for row in world.rows("pricing"):
        if not row["pk"].startswith("Q#"):
            table.delete((row["pk"], row["sk"]))
    world.forget_warm_state()
    profiles = Profiles(table)
    profiles.keep_items([ItemStated(facts, 1, "erp") for facts in items], CORRELATION)
    profiles.keep_customers([CustomerStated(facts, 1, "erp") for facts in customers], CORRELATION)
    kept = PricingStore(table, world.clock).keep(rules, "erp", CORRELATION)
    assert kept == [Kept.CURRENT] * len(rules)


def asked(world: World, route: str, body: Any = None, **event: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    """(status, document without its correlation id, headers) of a partner's call."""
    function = "check_prices" if "price-" in route else "quote_prices"
    event = {"scopes": "prices:read", "channels": "webshop", "customers": "C1#C2", **event}
    answer = world.call(function, api_event(body, route=route, **event))
    document = json.loads(answer["body"]) if answer["body"] else {}
    document.pop("correlation_id", None)
    return answer["statusCode"], document, answer["headers"]


def order(found: Mapping[str, Any], *, only: int | None = None, **changes: Any) -> dict[str, Any]:
    """An order of a quote's lines; `changes` are made in the first."""
    names = ("line", "item", "quantity", "unit", "unit_price", "extended_price")
    lines = [{name: x[name] for name in names} for x in found["lines"] if x["status"] == "PRICED"]
    lines = lines if only is None else [lines[only]]
    lines[0] |= changes
    body = {"token": found["token"], "currency": found["currency"], "lines": lines}
    return body | ({"customer": found["customer"]} if "customer" in found else {})
