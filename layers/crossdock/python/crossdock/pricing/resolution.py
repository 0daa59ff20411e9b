"""From the rules of an item to what a channel should hold: the winning price of each window, now and to come.

Windows that begin later are published with their dates, so that a channel switches on time by itself and nothing
depends on our being awake at that instant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from crossdock.pricing.base_rules import Rule


@dataclass(frozen=True, slots=True)
class Window:
    """The rule that wins in `[start, end)`; no end is for ever."""

    start: str
    end: str | None
    rule: Rule


def winner(rules: Sequence[Rule], instant: str) -> Rule | None:
    """The rule whose price holds at an instant: the lowest first-tier price, or None when no rule holds.

    Policy LOWEST over the base level (pricing rule 3). A tie ends in a total order: the newest window, then the
    rule's id, so that the same rules give the same winner in whatever order they are read.
    """
    eligible = [r for r in rules if r.holds_at(instant)]
    if not eligible:
        return None
    best = min(r.tiers[0].unit_price for r in eligible)
    cheapest = [r for r in eligible if r.tiers[0].unit_price == best]
    newest = max(r.valid_from for r in cheapest)
    return min((r for r in cheapest if r.valid_from == newest), key=lambda r: r.rule_id)


def windows(rules: Sequence[Rule], currency: str, since: str) -> list[Window]:
    """The windows of a currency that end after `since`, in order, neighbours with the same winner joined.

    `since` is an instant in the past or present; what lay before it is nobody's business any more.
    """
    ours = [r for r in rules if r.currency == currency and not r.withdrawn]
    edges = sorted({r.valid_from for r in ours} | {r.valid_to for r in ours if r.valid_to is not None})
    if not edges:
        return []
    found: list[Window] = []
    for start, end in pairwise([*edges, None]):
        rule = winner(ours, start) if start is not None else None
        if rule is None or start is None:
            continue
        if found and found[-1].rule == rule and found[-1].end == start:
            found[-1] = Window(found[-1].start, end, rule)
        else:
            found.append(Window(start, end, rule))
    return [w for w in found if w.end is None or w.end > since]


def to_value(found: Sequence[Window], currency: str) -> dict[str, Any]:
    """What a channel is told of an item's prices. No window means that there is no price, which is never 0."""
    return {
        "currency": currency,
        "unit": found[0].rule.unit if found else None,
        "windows": [
            {
                "from": w.start,
                "to": w.end,
                "rule": f"{w.rule.rule_id}@{w.rule.version}",
                "tiers": [{"min_quantity": t.min_quantity, "unit_price": str(t.unit_price)} for t in w.rule.tiers],
            }
            for w in found
        ],
    }
