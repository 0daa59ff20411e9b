"""A price rule as a value (pricing rule 1): immutable, versioned, dated, with its numbers read once and kept exact."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.pricing.rule_documents import read_fields, write_fields
from crossdock.pricing.rule_parts import Approval, Tier
from crossdock.pricing.scopes import Scope

__all__ = ["ALWAYS", "FOREVER", "Approval", "Rule", "Scope", "Tier"]

ALWAYS = ""
"""Before every instant's text: where a window that has always been open begins, and what was always known."""
EVERYWHERE = Scope()
FOREVER = "~"
"""After every instant's text: where a window without an end ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One version of a statement about prices. Instants are UTC texts with microseconds; `[valid_from, valid_to)`.

    `unit` None is the base unit of the item that is priced; `currency` None is any; `sequence` None comes last.
    `source` is the system that stated it: rules of two systems may have one id. The other fields are as in the
    rule document (docs/pricing.md). Two rules are equal when their documents are.
    """

    rule_id: str
    version: int
    layer: str
    operation: str
    tiers: tuple[Tier, ...]
    scope: Scope = EVERYWHERE
    source: str | None = None
    of: str = "list"
    currency: str | None = None
    unit: str | None = None
    tier_mode: str = "all_units"
    tier_basis: str = "line"
    mix_group: str | None = None
    per: str = "unit"
    band: int = 0
    concurrency: str = "best"
    basis: str | None = None
    allow_discounts: bool = True
    on_breach: str = "clamp"
    waives: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    sequence: int | None = None
    contract: str | None = None
    reason: str | None = None
    status: str = "approved"
    approval: Approval | None = None
    withdrawn: bool = False
    recorded_at: str | None = None

    name: str = field(init=False, compare=False)
    """The rule among all sources' rules: "source:rule_id", or its id alone where no source said it."""
    opens: str = field(init=False, compare=False, repr=False)
    closes: str = field(init=False, compare=False, repr=False)
    known_from: str = field(init=False, compare=False, repr=False)
    needs: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Works out what resolving asks of every candidate."""
        put = object.__setattr__
        put(self, "name", f"{self.source}:{self.rule_id}" if self.source else self.rule_id)
        put(self, "opens", self.valid_from or ALWAYS)
        put(self, "closes", self.valid_to or FOREVER)
        approved = self.approval.at if self.approval else None
        put(self, "known_from", max(self.recorded_at or ALWAYS, approved or ALWAYS))
        put(self, "needs", self.scope.tokens)

    @classmethod
    def read(cls, document: Mapping[str, Any], source: str | None = None) -> "Rule":
        """The rule of a normalised document; `source` where the document names none.

        Raises StatementError, which names the field and the remedy: for a layer that contradicts the scope, an
        operation that the layer does not have, tiers that do not rise, and numbers that are none.
        """
        return cls(**read_fields(document, source))

    def document(self) -> dict[str, Any]:
        """The normalised document, from which `read` makes an equal rule: amounts as texts, defaults left out."""
        return write_fields(self)

    def text(self) -> str:
        """The one text of a rule version: equal rules have equal texts."""
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def content_hash(self) -> str:
        """What the version says, in 24 hexadecimal digits; who recorded and approved it, and when, is left out."""
        said = {k: v for k, v in self.document().items() if k not in {"recorded_at", "status", "approval"}}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def holds_at(self, instant: str) -> bool:
        """Whether the rule says something at an instant: its window is half-open."""
        return not self.withdrawn and self.opens <= instant < self.closes
