"""A base price rule as a value, and the text of a version that the ledger keeps."""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Tier:
    """From `min_quantity` units on, each costs `unit_price` in the rule's currency."""

    min_quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a base price. Instants are RFC 3339 UTC; the window `[valid_from, valid_to)` is half-open."""

    rule_id: str
    version: int
    sku: str
    currency: str
    unit: str
    tiers: tuple[Tier, ...]
    valid_from: str
    valid_to: str | None
    withdrawn: bool

    def holds_at(self, instant: str) -> bool:
        """Whether the rule states a price at an instant."""
        return not self.withdrawn and self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)

    def document(self) -> dict[str, Any]:
        """The rule as it is kept: prices as texts, so that no digit is lost or gained."""
        return {
            "rule_id": self.rule_id,
            "version": self.version,
            "sku": self.sku,
            "currency": self.currency,
            "unit": self.unit,
            "tiers": [[t.min_quantity, str(t.unit_price)] for t in self.tiers],
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "withdrawn": self.withdrawn,
        }

    def text(self) -> str:
        """The one text of a rule version: equal rules have equal texts."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":"))

    @property
    def content_hash(self) -> str:
        return hashlib.sha256(self.text().encode()).hexdigest()[:24]
