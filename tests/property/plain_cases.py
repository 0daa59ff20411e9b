"""Random requests for a price: rules of every layer, few enough names that most of them meet.

Documents in the public, normalised form, which both ways to find a price read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.plain_prices import GUARDS, LEVELS, Asking, Document

if TYPE_CHECKING:
    from random import Random

AT: Final = "2026-01-05T00:00:00.000000Z"
KNOWN_AT: Final = "2026-01-06T00:00:00.000000Z"
ITEMS: Final = {
    "A": {"item": "A", "unit": "EA", "units": {"CS": "12"}, "families": ["f1"], "mix_groups": ["m1"]},
    "B": {"item": "B", "unit": "EA", "units": {"CS": "6", "PR": "0.5"}, "families": ["f1", "f2"], "mix_groups": ["m1"]},
    "C": {"item": "C", "unit": "EA", "families": [], "mix_groups": []},
}
_BASE: Final = (
    ("job", {"job": "j1"}),
    ("ship_to_item", {"customer": "c1", "ship_to": "s1", "item": "A"}),
    ("customer_item", {"customer": "c1", "item": "A"}),
    ("customer_item", {"customer": "c1", "item": "B"}),
    ("customer_family", {"customer": "c1", "family": "f1"}),
    ("customer_family", {"customer": "c1"}),
    ("parent_contract", {"parent": "p1", "item": "A"}),
    ("parent_contract", {"parent": "p1"}),
    ("parent_contract", {"parent": "p2"}),
    ("parent_contract", {"parent": "p2", "item": "A"}),
    ("segment_item", {"segment": "g1", "item": "A"}),
    ("segment_item", {"segment": "g2", "item": "B"}),
    ("segment_family", {"segment": "g1", "family": "f2"}),
    ("branch_list", {"branch": "b1", "item": "A"}),
    ("branch_list", {"region": "r1"}),
    ("channel_list", {"channels": ["edi", "web"], "item": "A"}),
    ("channel_list", {"channels": ["web"]}),
    ("base_list", {"item": "A"}),
    ("base_list", {"item": "A"}),
    ("base_list", {"item": "B"}),
    ("base_list", {"family": "f1"}),
    ("base_list", {}),
    ("cost_plus", {"item": "A"}),
    ("cost_plus", {}),
)
_OTHER_SCOPES: Final = ({}, {}, {"item": "A"}, {"item": "B"}, {"customer": "c1"}, {"segment": "g1"}, {"region": "r1"})
_FROM: Final = tuple(f"2026-01-{day:02}T00:00:00.000000Z" for day in (1, 1, 2, 4, 5, 5, 6))
_TO: Final = ("2026-01-05T00:00:00.000000Z", "2026-01-05T00:00:00.000001Z", "2026-02-01T00:00:00.000000Z")
_MONEY: Final = ("0", "0.05", "1.005", "2.5", "3.333", "7", "7", "9.99", "10", "12.345", "20")
_RATE: Final = ("0", "5", "10", "12.5", "33.3", "50", "100")


def some_case(random: Random) -> Asking:
    """A request of some lines, and the line that is asked about."""
    lines = [some_line(random, str(n)) for n in range(1, random.choice((1, 1, 2, 3)) + 1)]
    rules: list[Document] = []
    for number in range(random.choice((1, 3, 6, 12, 24))):
        rules += some_versions(random, number)
    random.shuffle(rules)
    return Asking(some_context(random), random.choice(lines), lines, ITEMS, rules, some_settings(random))


def some_line(random: Random, name: str) -> Document:
    item = random.choice("AAAAABBC")
    unit = random.choice([None, "EA", *ITEMS[item].get("units", {})])
    quantity: Any = random.choice((1, 1, 2, 3, 5, 11, 12, 24, 100, "0.5", "2.25"))
    return {"line": name, "item": item, "quantity": quantity} | ({"unit": unit} if unit else {})


def some_context(random: Random) -> Document:
    customer = random.choice(("c1", "c1", "c1", "c2", None))
    named = {
        "customer": customer,
        "ship_to": random.choice(("s1", "s1", None)) if customer else None,
        "branch": random.choice(("b1", "b1", None)),
        "region": random.choice(("r1", "r1", None)),
        "channel": random.choice(("web", "web", "edi", "shop", None)),
        "job": random.choice(("j1", None, None)),
        "freight_terms": random.choice(("FOB", None)),
        "known_at": random.choice((KNOWN_AT, None)),
        "parents": random.choice((["p1"], ["p2", "p1"], ["p1", "p2"], ["p2"], None)),
        "segments": random.choice((["g1"], ["g1", "g2"], ["g2"], None)),
        "basket": random.choice(({"A": 10}, {"B": "2.5", "C": 1}, None, None)),
    }
    currency = random.choice(("GBP",) * 8 + ("JPY", "KWD"))
    return {"at": AT, "currency": currency} | {k: v for k, v in named.items() if v is not None}


def some_settings(random: Random) -> Document:
    settings: Document = {
        "level_policy": random.choice(("FIRST", "LOWEST", "LOWEST", "HIGHEST", "NEWEST", "OLDEST")),
        "across_levels": random.choice(("first", "first", "lowest")),
        "discount_basis": random.choice(("list", "running")),
        "across_bands": random.choice(("compound", "stop")),
        "rounding": random.choice(("half_up", "half_even", "half_down", "up", "down")),
    }
    if random.random() < 0.3:
        settings["levels"] = {"base_list": "HIGHEST", "customer_item": "NEWEST"}
    if random.random() < 0.3:
        settings["unit_scales"] = {"GBP": 4, "JPY": 1}
    return settings


def some_versions(random: Random, number: int) -> list[Document]:
    """A rule, sometimes with an older or a newer version that differs in its values."""
    rule = some_rule(random, f"r{number}")
    versions = [rule]
    while random.random() < 0.2:
        versions.append({**rule, "version": len(versions) + 1, "tiers": _tiers(random, rule)})
    return [v | some_state(random) for v in versions]


def some_state(random: Random) -> Document:
    kind = random.random()
    if kind < 0.05:
        return {"withdrawn": True}
    if kind < 0.1:
        return {"status": "draft"}
    if kind < 0.2:
        return {"recorded_at": random.choice(("2026-01-03T00:00:00.000000Z", "2026-01-07T00:00:00.000000Z"))}
    if kind < 0.25:
        return {"approval": {"by": "ann", "at": "2026-01-06T00:00:00.000001Z"}}
    return {}


def some_window(random: Random) -> Document:
    begin, end = random.choice(_FROM), random.choice((None, None, None, *_TO))
    return {"valid_from": begin} | ({"valid_to": end} if end and end > begin else {})


def some_rule(random: Random, name: str) -> Document:
    kind = random.random()
    if kind < 0.55:
        layer, scope = random.choice(_BASE)
        rule = {"layer": layer, "scope": scope, **_base_operation(random, layer)}
        rule |= {"allow_discounts": False} if random.random() < 0.1 else {}
        rule |= {"sequence": random.randint(0, 2)} if random.random() < 0.5 else {}
    else:
        rule = _other(random)
        rule["scope"] = random.choice(_OTHER_SCOPES)
    if random.random() < 0.05:
        rule["scope"] = {**rule["scope"], "freight_terms": "FOB"}
    rule |= {"rule_id": name, "version": 1, **some_window(random)}
    if rule.get("operation", "fixed") in {"fixed", "amount"} or random.random() < 0.3:
        rule["currency"] = random.choice(("GBP",) * 8 + ("JPY", "KWD"))
    rule["unit"] = random.choice(("EA",) * 6 + ("CS", "PR"))
    return rule | _basis(random) | {"tiers": _tiers(random, rule)}


def _base_operation(random: Random, layer: str) -> Document:
    operation = random.choice(("fixed", "fixed", "fixed", "fixed", "cost_plus", "margin", "multiple"))
    if operation == "fixed":
        return {"operation": "fixed"} | ({"tier_mode": "graduated"} if random.random() < 0.25 else {})
    if operation == "multiple":
        of = random.choice(_sources(layer))
        return {"operation": operation} | ({"of": of} if of != "list" else {})
    return {"operation": operation}


def _sources(layer: str) -> list[str]:
    """What a multiple may be of: the cost, or a level weaker than its own, so that no two are made of each other."""
    weaker = LEVELS[LEVELS.index(layer) + 1 :]
    common = ["list", "list"] if "base_list" in weaker else []
    return ["cost", "cost", *common, *weaker]


def _other(random: Random) -> Document:
    layer = random.choice(("discount",) * 4 + ("surcharge", "freight", "cost", "cost", "waiver", *GUARDS))
    if layer == "discount":
        rule: Document = {
            "layer": layer,
            "operation": random.choice(("percent", "percent", "amount", "fixed")),
            "band": random.choice((0, 0, 10)),
            "concurrency": random.choice(("exclusive", "best", "compound", "compound", "always")),
        }
        return rule | ({"basis": random.choice(("list", "running"))} if random.random() < 0.3 else {})
    if layer in {"surcharge", "freight"}:
        operation = random.choice(("fixed", "amount", "percent"))
        return {"layer": layer, "operation": operation, "per": random.choice(("unit", "line"))}
    if layer == "floor":
        operation = random.choice(("fixed", "cost_plus", "margin"))
        return {"layer": layer, "operation": operation, "on_breach": random.choice(("clamp", "clamp", "block"))}
    if layer in GUARDS:
        return {"layer": layer, "operation": "fixed", "on_breach": random.choice(("clamp", "clamp", "block"))}
    return {"layer": layer, "operation": "fixed"} | (
        {"waives": f"r{random.randint(0, 8)}"} if layer == "waiver" else {}
    )


def _basis(random: Random) -> Document:
    kind = random.random()
    if kind < 0.1:
        return {"tier_basis": "item"}
    return {"tier_basis": "mix_group", "mix_group": "m1"} if kind < 0.2 else {}


def _tiers(random: Random, rule: Document) -> list[Document]:
    money = rule.get("operation", "fixed") in {"fixed", "amount"}
    values = _MONEY if money else ("0.5", "1", "1.25") if rule.get("operation") == "multiple" else _RATE
    if rule.get("operation") == "margin":
        values = _RATE[:-1]
    first = 1 if rule.get("tier_mode") == "graduated" else random.choice((0, 1, 1, 1, 2, 12))
    starts = sorted({first, *(first + random.choice((1, 5, 10)) for _ in range(random.choice((0, 0, 1, 2))))})
    return [{"min_quantity": start, "value": random.choice(values)} for start in starts]
