"""Resolving the prices of lines from their candidates (pricing rules 1–6)."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from crossdock.pricing.basket import Basket
from crossdock.pricing.context import ONE, Context, ItemFacts, Line, exact
from crossdock.pricing.outcomes import Asked
from crossdock.pricing.results import Resolution
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings
from crossdock.pricing.situation import unknown_unit
from crossdock.pricing.solving import solve

__all__ = ["Resolution", "quote", "resolve"]


def resolve(
    context: Context,
    line: Line,
    item: ItemFacts,
    candidates: Sequence[Rule],
    settings: Settings,
    basket: Basket | None = None,
    beside: Sequence[Rule] = (),
) -> Resolution:
    """The price of one line, or why there is none.

    `candidates` may hold any rules: those that do not match never matter, and their order never does. `basket` is what
    the whole request buys, this line included; None is this line and what the context's basket has of its item.
    `beside` are rules that bound the price's validity and nothing else (`Asked.beside`).
    Raises StatementError naming `unit` when the item has no such unit.
    """
    asked = Asked(context, line, item, tuple(candidates), settings, basket, tuple(beside))
    return Resolution(asked, solve(asked))


def quote(
    context: Context,
    lines: Sequence[Line],
    items: Mapping[str, ItemFacts],
    candidates: Mapping[str, Sequence[Rule]],
    settings: Settings,
) -> list[Resolution]:
    """The price of each line, in their order; tiers over an item or a mix group count all lines and the basket.

    An item that `items` does not know is counted in pieces (EA), and is of no family or mix group. A line that is sent
    in place of another (`substitute_for`) is priced as the settings say, where the ordered item and its candidates are
    given too. Raises StatementError naming `unit` when an item has no such unit.
    """
    basket = _basket(context, lines, items)
    return [_line(context, line, items, candidates, settings, basket) for line in lines]


def _line(
    context: Context,
    line: Line,
    items: Mapping[str, ItemFacts],
    candidates: Mapping[str, Sequence[Rule]],
    settings: Settings,
    basket: Basket,
) -> Resolution:
    own = resolve(context, line, _facts(items, line.item), candidates.get(line.item, ()), settings, basket)
    ordered = items.get(line.substitute_for) if line.substitute_for is not None else None
    if ordered is None or settings.substitutes == "own" or ordered.factor(line.unit) is None:
        return own
    as_ordered = basket.with_more(ordered, _base_quantity(line, ordered))
    original = resolve(context, line, ordered, candidates.get(ordered.sku, ()), settings, as_ordered)
    if original.unit_price is None:
        return _beside(own, original)
    if settings.substitutes == "original":
        return original
    if own.unit_price is not None and own.unit_price <= original.unit_price:
        return _beside(own, original)
    return _beside(original, own)


def _beside(chosen: Resolution, other: Resolution) -> Resolution:
    """The price chosen of two, which holds only until the other one's rules change."""
    return Resolution(chosen.asked._replace(beside=other.outcome.looked_at), chosen.outcome)


def _basket(context: Context, lines: Sequence[Line], items: Mapping[str, ItemFacts]) -> Basket:
    ordered = ((line, _facts(items, line.item)) for line in lines)
    bought = [(item, _base_quantity(line, item)) for line, item in ordered]
    bought += [(_facts(items, sku), exact(quantity)) for sku, quantity in context.basket.items()]
    return Basket.of(bought)


def _facts(items: Mapping[str, ItemFacts], sku: str) -> ItemFacts:
    return items.get(sku) or ItemFacts(sku)


def _base_quantity(line: Line, item: ItemFacts) -> Fraction:
    factor = item.factor(line.unit)
    if factor is None:
        raise unknown_unit(item, line.unit)
    quantity = exact(line.quantity)
    return quantity if factor is ONE else quantity * factor
