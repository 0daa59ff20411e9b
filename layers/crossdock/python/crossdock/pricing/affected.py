"""From a changed row to the cells it may have moved: whose prices, of which items, by rules of which layers.

The old version of a rule counts as much as the new one: a rule that leaves a channel changes the price there. What
neither version can move is left out here already: rules that ended, that are withdrawn on both sides, that differ only
in what they say of themselves, and layers that are no part of a unit price. What a more specific price shuts out is
left out later, where the cell is read anyway (`sensitivity.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from crossdock.pricing.cells import may_be_of
from crossdock.pricing.context import Context
from crossdock.pricing.rules import Rule
from crossdock.pricing.sensitivity import EVERYTHING

ALL_ITEMS: Final = "*"
_SAYS_NOTHING: Final = frozenset({"version", "contract", "reason", "approval", "recorded_at", "status"})


@dataclass(frozen=True, slots=True)
class ChangedRule:
    """A rule before and after; `old` is None where it did not stand before."""

    old: Rule | None
    new: Rule

    def versions(self, now: str) -> list[Rule]:
        """The versions that can move a price from `now` on, none of them when the change is no change of prices."""
        if self.old is not None and _effect(self.old) == _effect(self.new):
            return []
        both = [self.new] if self.old is None else [self.old, self.new]
        return [r for r in both if not r.withdrawn and r.closes > now and r.layer in EVERYTHING]


def _effect(rule: Rule) -> Mapping[str, object]:
    return {k: v for k, v in rule.document().items() if k not in _SAYS_NOTHING}


@dataclass(slots=True)
class Affected:
    """Cells by class: of single items, and of all items of a family (`*`: all items), with the layers that moved."""

    items: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    families: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def item(self, price_class: str, sku: str, layers: frozenset[str] = EVERYTHING) -> None:
        """Adds an item of a class."""
        key = (price_class, sku)
        self.items[key] = self.items.get(key, frozenset()) | layers

    def family(self, price_class: str, family: str, layers: frozenset[str] = EVERYTHING) -> None:
        """Adds all items of a family."""
        key = (price_class, family)
        self.families[key] = self.families.get(key, frozenset()) | layers

    def rules(self, changed: Iterable[ChangedRule], buyers: Mapping[str, Context], now: str) -> None:
        """Adds what changed rules can move for the buyers, by class."""
        for change in changed:
            for version in change.versions(now):
                for price_class, buyer in buyers.items():
                    if may_be_of(version, buyer):
                        self._rule(price_class, version)

    def _rule(self, price_class: str, rule: Rule) -> None:
        layers = frozenset({rule.layer})
        if rule.scope.item is not None:
            self.item(price_class, rule.scope.item, layers)
        else:
            self.family(price_class, rule.scope.family or ALL_ITEMS, layers)
