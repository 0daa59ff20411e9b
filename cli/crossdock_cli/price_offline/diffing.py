"""What a change of rules does to the prices of some contexts, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossdock.flows.price_models import line_documents, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crossdock.flows.price_models import Priced

_COMPARED = ("status", "unit_price", "extended_price", "total")


@dataclass(frozen=True, slots=True)
class Change:
    """One line before and after. `context` counts contexts from 1; amounts are in `currency`."""

    context: int
    customer: str | None
    currency: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]

    @property
    def changed(self) -> bool:
        """Whether the line's status or one of its amounts differs."""
        return any(self.old.get(name) != self.new.get(name) for name in _COMPARED)

    def difference(self, amount: str) -> str | None:
        """New less old of an amount; None where one of the two has none."""
        if amount not in self.old or amount not in self.new:
            return None
        return f"{Decimal(self.new[amount]) - Decimal(self.old[amount]):f}"

    def percent(self) -> str | None:
        """By how much the extended price rises or falls, to a tenth of a percent; None from nothing or 0."""
        if self.difference("extended_price") is None or not Decimal(self.old["extended_price"]):
            return None
        old, new = Decimal(self.old["extended_price"]), Decimal(self.new["extended_price"])
        return f"{((new - old) / old * 100).quantize(Decimal('0.1')):f}"

    def document(self) -> dict[str, Any]:
        """The line for programs."""
        return {
            "context": self.context,
            "customer": self.customer,
            **{name: self.new.get(name) for name in ("line", "item", "quantity", "unit")},
            "currency": self.currency,
            "old": _side(self.old),
            "new": _side(self.new),
            "difference": self.difference("extended_price"),
            "difference_percent": self.percent(),
            "total_difference": self.difference("total"),
            "changed": self.changed,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """All lines of all contexts."""

    changes: tuple[Change, ...]

    def shown(self, *, changed_only: bool) -> list[Change]:
        """The lines that are shown."""
        return [c for c in self.changes if c.changed or not changed_only]

    def summary(self) -> dict[str, Any]:
        """How many lines change, and by how much in each currency over those that have a price on both sides."""
        sums: dict[str, dict[str, Decimal]] = {}
        for change in self.changes:
            if change.difference("total") is not None:
                entry = sums.setdefault(change.currency, {"old": Decimal(0), "new": Decimal(0)})
                entry["old"] += Decimal(change.old["total"])
                entry["new"] += Decimal(change.new["total"])
        return {
            "lines": len(self.changes),
            "changed": sum(c.changed for c in self.changes),
            "without_price": sum("unit_price" not in c.new for c in self.changes),
            "compared": sum(c.difference("total") is not None for c in self.changes),
            "totals": {
                currency: {"old": f"{s['old']:f}", "new": f"{s['new']:f}", "difference": f"{s['new'] - s['old']:f}"}
                for currency, s in sorted(sums.items())
            },
        }

    def document(self, *, changed_only: bool) -> dict[str, Any]:
        """The comparison for programs."""
        return {"lines": [c.document() for c in self.shown(changed_only=changed_only)], "summary": self.summary()}


def compare(before: Sequence[Priced], after: Sequence[Priced]) -> Comparison:
    """The prices of the same contexts under two price models."""
    return Comparison(tuple(_changes(before, after)))


def _changes(before: Sequence[Priced], after: Sequence[Priced]) -> Iterator[Change]:
    for place, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        for was, is_now in zip(line_documents(old), line_documents(new), strict=True):
            yield Change(place, new.context.customer, new.context.currency, was, is_now)


def _side(line: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: line[name] for name in _COMPARED if name in line}
    return {**kept, "rules": rules_of(line), "reason": line.get("reason")}
