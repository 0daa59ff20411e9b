"""Resolving the price of a line from its candidates (pricing rules 3–6)."""

from collections.abc import Mapping, Sequence

from crossdock.pricing.basket import Basket
from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.results import Resolution
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings


def resolve(
    context: Context,
    line: Line,
    item: ItemFacts,
    candidates: Sequence[Rule],
    settings: Settings,
    basket: Basket | None = None,
) -> Resolution:
    """The price of one line, or why there is none. `basket` None is the line itself and the context's basket."""
    raise NotImplementedError


def quote(
    context: Context,
    lines: Sequence[Line],
    items: Mapping[str, ItemFacts],
    candidates: Mapping[str, Sequence[Rule]],
    settings: Settings,
) -> list[Resolution]:
    """The price of each line, in their order; tiers over an item or a mix group count all lines and the basket."""
    raise NotImplementedError
