"""Which changes can move a published price at all (pricing rule 10), and which a more specific price shuts out.

A cell is sensitive to layers. Of base levels, those down to the weakest that any of its windows and steps had to come
to: a rule of a weaker one could not win before a change and cannot after it, whatever it says. Of the others, what was
consulted: discounts where a winner allows them, guards where there is a price, costs where something is reckoned from
them, and the levels that a multiple takes its source price from. Charges and rebates are no part of a unit price.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from crossdock.pricing.levels import GUARDS, LEVELS, RANKS
from crossdock.pricing.rules import Rule

COST: Final = "cost"
DISCOUNT: Final = "discount"
LAYERS: Final = (*LEVELS, DISCOUNT, *sorted(GUARDS), "waiver", COST)
"""Every layer that can move a unit price; their order is that of the bits in a stored mask, so it may only grow."""

EVERYTHING: Final = frozenset(LAYERS)

GIVES_A_PRICE: Final = frozenset((*LEVELS, COST))
"""What can give a price to an item that has none."""

_BITS: Final = MappingProxyType({layer: 1 << n for n, layer in enumerate(LAYERS)})
_GUARDING: Final = frozenset({*GUARDS, "waiver"})
_FROM_COST: Final = frozenset({"cost_plus", "margin"})
_LIST: Final = "list"


def to_mask(layers: Iterable[str]) -> int:
    """Layers as one number; those that move no unit price are left out."""
    return sum(_BITS[layer] for layer in set(layers) & EVERYTHING)


def from_mask(mask: int) -> frozenset[str]:
    """The layers of a number."""
    return frozenset(layer for layer, bit in _BITS.items() if mask & bit)


def sensitive(candidates: Iterable[Rule], winners: Iterable[Rule | None], *, every_level: bool) -> frozenset[str]:
    """The layers whose rules can move the prices that these winners make.

    `winners` are those of every window and step, None where nothing was found; `candidates` are all rules that may be
    of this buyer and item, now or later. With `every_level` the lowest price of all levels counts, so each matters.
    """
    won = list(winners)
    found = {w for w in won if w is not None}
    if every_level or len(won) == 0 or None in won:
        levels = set(LEVELS)
    else:
        weakest = max(RANKS[w.layer] for w in found)
        levels = set(LEVELS[: weakest + 1])
    others: set[str] = set()
    if found:
        others |= _GUARDING
    if any(w.allow_discounts for w in found):
        others.add(DISCOUNT)
    return frozenset(_with_sources(list(candidates), levels | others))


def _with_sources(candidates: list[Rule], layers: set[str]) -> set[str]:
    """The same and what its rules reckon from: a source may itself be a multiple of another."""
    while True:
        more = {source for rule in candidates if rule.layer in layers for source in _sources(rule)} - layers
        if not more:
            return layers
        layers |= more


def _sources(rule: Rule) -> tuple[str, ...]:
    if rule.operation in _FROM_COST:
        return (COST,)
    if rule.operation == "multiple":
        return ("base_list",) if rule.of == _LIST else (rule.of,)
    return ()
