"""A second, deliberately plain way to find a price, written from the pricing rules and from nothing of the product.

It is slow and short, works on rule documents in their normalised form, and knows no store, trace or candidates. Where
it and the resolver differ, one of them is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Document = dict[str, Any]
LEVELS = [
    "job",
    "ship_to_item",
    "customer_item",
    "customer_family",
    "parent_contract",
    "segment_item",
    "segment_family",
    "branch_list",
    "channel_list",
    "base_list",
    "cost_plus",
]
GUARDS = ("floor", "advertised_minimum", "contract_minimum")


@dataclass
class Plain:
    """What was found. Prices are exact: per price unit (the winner's) and per ordered unit, the line's money."""

    status: str
    level: str = ""
    rule: str = ""
    per: str = ""
    price: Fraction | None = None
    unit_price: Fraction | None = None
    extended: Fraction | None = None
    total: Fraction | None = None
    discounts: set[str] = field(default_factory=set)


@dataclass
class Asking:
    """One line of a request, with all that its price depends on."""

    context: Document
    line: Document
    lines: list[Document]
    items: dict[str, Document]
    rules: list[Document]
    settings: Document

    # -- which rules count -------------------------------------------------------------------------------------

    @property
    def item(self) -> Document:
        return self.items[self.line["item"]]

    def of_layer(self, *layers: str) -> list[Document]:
        return [r for r in self.rules if r["layer"] in layers and self.counts(r)]

    def counts(self, rule: Document) -> bool:
        """Newest version known and approved by then, its window holds, its scope matches, its unit is the item's."""
        at, known_at = self.context["at"], self.context.get("known_at", "9999")
        known = [
            r
            for r in self.rules
            if r["rule_id"] == rule["rule_id"]
            and r.get("recorded_at", "") <= known_at
            and r.get("status", "approved") == "approved"
            and r.get("approval", {}).get("at", "") <= known_at
        ]
        if not known or max(known, key=lambda r: r["version"]) is not rule or rule.get("withdrawn"):
            return False
        if not (rule["valid_from"] <= at < rule.get("valid_to", "9999")):
            return False
        if rule.get("currency", self.context["currency"]) != self.context["currency"]:
            return False
        return self.units(rule.get("unit", "EA")) is not None and self.matches(rule.get("scope", {}))

    def matches(self, scope: Document) -> bool:
        for name, wanted in scope.items():
            if name == "channels":
                fits = self.context.get("channel") in wanted
            elif name in {"parent", "segment"}:
                fits = wanted in self.context.get(name + "s", [])
            elif name == "item":
                fits = wanted == self.item["item"]
            elif name == "family":
                fits = wanted in self.item.get("families", [])
            else:
                fits = self.context.get(name) == wanted
            if not fits:
                return False
        return True

    # -- units, quantities, tiers ------------------------------------------------------------------------------

    def units(self, unit: str, item: Document | None = None) -> Fraction | None:
        """Base units in one of this unit; None where the item has no such unit."""
        item = item or self.item
        if unit == item["unit"]:
            return Fraction(1)
        return Fraction(str(item["units"][unit])) if unit in item.get("units", {}) else None

    def ordered(self, line: Document) -> Fraction:
        """What a line orders, in base units of its item."""
        item = self.items[line["item"]]
        factor = self.units(line.get("unit") or item["unit"], item)
        assert factor is not None
        return Fraction(str(line["quantity"])) * factor

    def quantity(self, rule: Document) -> Fraction:
        """The quantity that finds the rule's tier, in the rule's unit."""
        basis, unit = rule.get("tier_basis", "line"), rule.get("unit", "EA")
        if basis == "line":
            return self.ordered(self.line) / self.units(unit)
        bought = [(line["item"], self.ordered(line)) for line in self.lines]
        bought += [(item, Fraction(str(more))) for item, more in self.context.get("basket", {}).items()]
        # Items of a mix group may have cases of different sizes: each is counted in its own.
        mine = [(item, q) for item, q in bought if item in self.items and self.adds(item, rule)]
        sizes = [(self.units(unit, self.items[item]), q) for item, q in mine]
        return sum((q / size for size, q in sizes if size is not None), Fraction(0))

    def adds(self, item: str, rule: Document) -> bool:
        if rule["tier_basis"] == "item":
            return item == self.line["item"]
        group = rule["mix_group"]
        return group in self.items[item]["mix_groups"]

    def value(self, rule: Document) -> Fraction | None:
        """The value of the tier reached; None below the first one, and for an item outside the rule's mix group."""
        if rule.get("tier_basis") == "mix_group" and rule["mix_group"] not in self.item["mix_groups"]:
            return None
        found = None
        for tier in rule["tiers"]:
            if self.quantity(rule) >= Fraction(str(tier["min_quantity"])):
                found = Fraction(tier["value"])
        return found

    # -- base prices, all per base unit of the item ------------------------------------------------------------

    def cost(self) -> Fraction | None:
        """Of the cost rules the one that names the most specific thing, then the most things, then the newest."""
        costs = [r for r in self.of_layer("cost") if self.value(r) is not None]
        if not costs:
            return None
        best = min(costs, key=lambda r: (specificity(r), _backwards(r["valid_from"]), r["rule_id"]))
        return self.each(best)

    def each(self, rule: Document) -> Fraction | None:
        """What a rule makes of its source: money per base unit, None where it is not eligible."""
        value = self.value(rule)
        if value is None:
            return None
        operation, factor = rule.get("operation", "fixed"), self.units(rule.get("unit", "EA"))
        if operation == "fixed":
            return (self.graduated(rule) if rule.get("tier_mode") == "graduated" else value) / factor
        of = rule.get("of", "list")
        if operation == "multiple" and of != "cost":
            source = self.at_level("base_list" if of == "list" else of)
            return source[0] * value if source else None
        cost = self.cost()
        if cost is None:
            return None
        if operation == "multiple":
            return cost * value
        return cost * (1 + value / 100) if operation == "cost_plus" else cost / (1 - value / 100)

    def graduated(self, rule: Document) -> Fraction:
        """The mean price of all slices: each quantity at the value of its own tier."""
        quantity = self.quantity(rule)
        starts = [Fraction(0), *(Fraction(str(t["min_quantity"])) - 1 for t in rule["tiers"][1:])]
        ends = [*starts[1:], quantity]
        total = Fraction(0)
        for tier, start, end in zip(rule["tiers"], starts, ends, strict=True):
            total += max(Fraction(0), min(end, quantity) - start) * Fraction(tier["value"])
        return total / quantity

    def chosen(self, priced: list[tuple[Fraction, Document]], policy: str) -> tuple[Fraction, Document]:
        """The winner of one level under its policy."""

        def order(entry: tuple[Fraction, Document]) -> Any:
            price, rule = entry
            first = {
                "FIRST": rule.get("sequence", 10**12),
                "LOWEST": price,
                "HIGHEST": -price,
                "NEWEST": _backwards(rule["valid_from"]),
                "OLDEST": rule["valid_from"],
            }[policy]
            return first, price, _backwards(rule["valid_from"]), rule["rule_id"], rule["version"]

        return min(priced, key=order)

    def at_level(self, level: str) -> tuple[Fraction, Document] | None:
        rules = self.of_layer(level)
        if level == "parent_contract":
            # The nearest parent with an eligible rule speaks for all of them.
            for parent in self.context.get("parents", []):
                found = [(self.each(r), r) for r in rules if r["scope"]["parent"] == parent]
                found = [f for f in found if f[0] is not None]
                if found:
                    return self.chosen(found, self.policy(level))
            return None
        found = [(price, r) for r in rules if (price := self.each(r)) is not None]
        return self.chosen(found, self.policy(level)) if found else None

    def policy(self, level: str) -> str:
        policies = self.settings.get("levels", {})
        return policies.get(level, self.settings.get("level_policy", "LOWEST"))

    def base(self) -> tuple[str, Fraction, Document] | None:
        found = [(level, *best) for level in LEVELS if (best := self.at_level(level))]
        if not found:
            return None
        if self.settings.get("across_levels") == "lowest":
            return min(found, key=lambda f: (f[1], LEVELS.index(f[0])))
        return found[0]


def specificity(rule: Document) -> tuple[int, int]:
    """Smaller is more specific: the strongest of what it names, then how much it names."""
    scope = rule["scope"]
    names = (("job",), ("ship_to",), ("customer",), ("parent",), ("segment",), ("branch", "region"), ("channels",))
    who = next((n for n, alike in enumerate(names) if any(name in scope for name in alike)), len(names))
    by_item = names[who:][:1] in [(("customer",),), (("segment",),)]  # two levels each: item, and all that is wider
    return 2 * who + (by_item and "item" not in scope), -len(scope)


def _backwards(text: str) -> list[int]:
    """For sorting texts the other way round."""
    return [-ord(c) for c in text]
