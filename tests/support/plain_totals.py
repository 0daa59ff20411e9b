"""The rest of the plain way to find a price: discounts, guards, rounding and charges, on what `plain_prices` found."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from tests.support.plain_prices import GUARDS, Asking, Plain, specificity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.plain_prices import Document

EXPONENTS = {"JPY": 0, "KWD": 3}
_CENTS = 2


def plain_price(asking: Asking) -> Plain:
    """The whole answer for one line."""
    base = asking.base()
    if base is None:
        return Plain("NO_PRICE")
    level, price, rule = base
    used: set[str] = set()
    if rule.get("allow_discounts", True):
        price = discounted(asking, price, used)
    per = rule.get("unit", "EA")
    guard = guarded(asking)
    scale = unit_scale(asking)
    in_unit = asking.units(per)
    assert in_unit is not None
    rounded = to_scale(price * in_unit, scale, rounding(asking))
    if guard is not None and rounded < guard[0] * in_unit:
        if guard[1] == "block":
            return Plain("BLOCKED")
        rounded = to_scale(guard[0] * in_unit, scale, "up")
        price = None
    found = Plain("PRICED", level, rule["rule_id"], per, rounded, discounts=used)
    return finished(asking, found, rule, price, guard[0] if guard else None)


def finished(asking: Asking, found: Plain, rule: Document, exact: Fraction | None, lowest: Fraction | None) -> Plain:
    """Money of the line: the rounded price times the quantity, or the exact sum of the slices; then the charges."""
    per = asking.units(found.per)
    ordered = asking.units(asking.line.get("unit") or asking.item["unit"])
    assert per is not None
    assert ordered is not None
    assert found.price is not None
    units, mode = asking.ordered(asking.line) / per, rounding(asking)
    sliced = rule.get("tier_mode") == "graduated" and len(rule["tiers"]) > 1 and exact is not None
    money, scale = EXPONENTS.get(asking.context["currency"], _CENTS), unit_scale(asking)
    found.extended = to_scale(exact * per * units if sliced else found.price * units, money, mode)
    found.unit_price = to_scale((exact if sliced else found.price / per) * ordered, scale, mode)
    if lowest is not None:
        # A line of many units, or a case, must not slip below the guard by its own rounding.
        found.extended = max(found.extended, to_scale(lowest * per * units, money, "up"))
        found.unit_price = max(found.unit_price, to_scale(lowest * ordered, scale, "up"))
    found.total = found.extended + sum(charges(asking, found.extended, money), Fraction(0))
    return found


# -- discounts -------------------------------------------------------------------------------------------------


def discounted(asking: Asking, base: Fraction, used: set[str]) -> Fraction:
    """Bands from high to low; a lone one, or the best against all compounded ones; what always applies comes last."""
    rules = [r for r in asking.of_layer("discount") if asking.value(r) is not None]
    ordinary = [r for r in rules if concurrency(r) != "always"]
    left = base
    for _, group in groupby(sorted(ordinary, key=lambda r: -r.get("band", 0)), key=lambda r: r.get("band", 0)):
        after, names, alone = in_band(asking, list(group), base, left, first=not used)
        if after < left:
            left = after
            used |= names
            if alone or asking.settings.get("across_bands", "compound") == "stop":
                break
    for rule in in_order(r for r in rules if concurrency(r) == "always"):
        after = reduced(asking, rule, base, left)
        if after < left:
            left = after
            used.add(rule["rule_id"])
    return left


def in_band(
    asking: Asking, rules: list[Document], base: Fraction, left: Fraction, *, first: bool
) -> tuple[Fraction, set[str], bool]:
    """What a band leaves, which rules did it, and whether nothing may follow."""
    lone = [(reduced(asking, r, base, left), r["rule_id"]) for r in rules if concurrency(r) == "exclusive"]
    if first and lone and min(lone)[0] < left:
        after, name = min(lone)
        return after, {name}, True
    single = [(reduced(asking, r, base, left), r["rule_id"]) for r in rules if concurrency(r) == "best"]
    together, names = left, set()
    for rule in in_order(r for r in rules if concurrency(r) == "compound"):
        after = reduced(asking, rule, base, together)
        if after < together:
            together = after
            names.add(rule["rule_id"])
    if single and min(single)[0] <= together:
        after, name = min(single)
        return after, {name}, False
    return together, names, False


def reduced(asking: Asking, rule: Document, base: Fraction, left: Fraction) -> Fraction:
    """What a discount leaves of a price per base unit; never below 0, and a net price only if it is lower."""
    value, factor = asking.value(rule), asking.units(rule.get("unit", "EA"))
    assert value is not None
    assert factor is not None
    operation = rule.get("operation", "fixed")
    if operation == "percent":
        basis = rule.get("basis") or asking.settings.get("discount_basis", "running")
        return max(Fraction(0), left - (base if basis == "list" else left) * value / 100)
    if operation == "amount":
        return max(Fraction(0), left - value / factor)
    return min(left, value / factor)


def concurrency(rule: Document) -> str:
    return str(rule.get("concurrency", "best"))


def in_order(rules: Iterable[Document]) -> list[Document]:
    return sorted(rules, key=lambda r: (-r.get("band", 0), r["rule_id"]))


# -- guards, charges, rounding ---------------------------------------------------------------------------------


def guarded(asking: Asking) -> tuple[Fraction, str] | None:
    """The highest lowest price per base unit, and what happens below it. A waiver lowers the guard that it names."""
    waivers = asking.of_layer("waiver")
    found = []
    for rule in asking.of_layer(*GUARDS):
        lowest = asking.each(rule)
        if lowest is None:
            continue
        for waiver in waivers:
            honoured = asking.each(waiver)
            if waiver["waives"] == rule["rule_id"] and honoured is not None:
                lowest = min(lowest, honoured)
        found.append((lowest, rule.get("on_breach", "clamp"), rule["rule_id"]))
    if not found:
        return None
    highest = max(lowest for lowest, *_ in found)
    ways = {way for lowest, way, _ in found if lowest == highest}
    return highest, "block" if "block" in ways else "clamp"


def charges(asking: Asking, extended: Fraction, money: int) -> Iterable[Fraction]:
    """Every surcharge and the most specific freight (of equally specific ones the lowest), each rounded as money."""
    of_layer = {
        name: [(charge(asking, r, extended), r) for r in asking.of_layer(name)] for name in ("surcharge", "freight")
    }
    found = [amount for amount, _ in of_layer["surcharge"] if amount is not None]
    freight = [(specificity(rule), amount) for amount, rule in of_layer["freight"] if amount is not None]
    found += [min(freight)[1]] if freight else []
    return [to_scale(amount, money, rounding(asking)) for amount in found]


def charge(asking: Asking, rule: Document, extended: Fraction) -> Fraction | None:
    """What one rule puts on the line, exactly."""
    value, factor = asking.value(rule), asking.units(rule.get("unit", "EA"))
    if value is None:
        return None
    assert factor is not None
    if rule.get("operation") == "percent":
        return extended * value / 100
    return value if rule.get("per") == "line" else value * asking.ordered(asking.line) / factor


def unit_scale(asking: Asking) -> int:
    currency = asking.context["currency"]
    scales: dict[str, int] = asking.settings.get("unit_scales", {})
    return scales.get(currency, EXPONENTS.get(currency, _CENTS))


def rounding(asking: Asking) -> str:
    return str(asking.settings.get("rounding", "half_up"))


def to_scale(amount: Fraction, places: int, mode: str) -> Fraction:
    """Rounded to so many places; amounts are never below 0."""
    scaled = amount * 10**places
    below = floor(scaled)
    rest = scaled - below
    up: dict[str, Any] = {
        "up": ceil(scaled),
        "down": below,
        "half_up": below + (rest >= Fraction(1, 2)),
        "half_down": below + (rest > Fraction(1, 2)),
        "half_even": round(scaled),
    }
    return Fraction(up[mode], 10**places)
