"""An item's sheet: the current version of each of its rules, all that resolving its prices needs.

A write is paid by the KB of the whole sheet, so a rule stands there in about half the bytes it has in the ledger: what
the sheet's key and the rule's name say already is left out, and so is what is not the case.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from crossdock.pricing.base_rules import Rule, Tier


def rule_name(source: str, rule_id: str) -> str:
    """A rule among all sources' rules; a source's name has no colon."""
    return f"{source}:{rule_id}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rules of one item as texts, by name. `version` counts the changes; 0 is a sheet that was never written."""

    sku: str
    version: int
    entries: Mapping[str, str]

    def rules(self) -> list[Rule]:
        """The item's rules as values."""
        return [self._rule(name, json.loads(text)) for name, text in self.entries.items()]

    def version_of(self, name: str) -> int:
        """The version of a rule that stands here; 0 when none does."""
        text = self.entries.get(name)
        return 0 if text is None else int(json.loads(text)["v"])

    def taking(self, offered: Mapping[str, Rule]) -> "Sheet | None":
        """The next sheet, with each rule that is newer than what stands here; None when there is none such."""
        newer = {name: _text(rule) for name, rule in offered.items() if rule.version > self.version_of(name)}
        return replace(self, version=self.version + 1, entries={**self.entries, **newer}) if newer else None

    def _rule(self, name: str, entry: Mapping[str, Any]) -> Rule:
        return Rule(
            rule_id=name.partition(":")[2],
            version=entry["v"],
            sku=self.sku,
            currency=entry["c"],
            unit=entry["u"],
            tiers=tuple(Tier(quantity, Decimal(price)) for quantity, price in entry["t"]),
            valid_from=entry["f"],
            valid_to=entry.get("e"),
            withdrawn="w" in entry,
        )


def _text(rule: Rule) -> str:
    entry = {
        "v": rule.version,
        "c": rule.currency,
        "u": rule.unit,
        "t": [[t.min_quantity, str(t.unit_price)] for t in rule.tiers],
        "f": rule.valid_from,
        "e": rule.valid_to,
        "w": rule.withdrawn or None,
    }
    return json.dumps({k: v for k, v in entry.items() if v is not None}, separators=(",", ":"))
