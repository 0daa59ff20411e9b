"""Which versions are stored of what refused facts are about: what their version gates compare with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.flows.version_gate import Stored
from crossdock.inventory.supply_store import SupplyStore
from crossdock.pricing.ledger import Ledger

ResolveItems = Callable[[Iterable[tuple[str, str]]], Mapping[tuple[str, str], str]]


@dataclass(frozen=True, slots=True)
class StoredVersions:
    """Price rules by their ledger, lines of supply by their rows; each look costs a query."""

    ledger: Ledger
    supply: SupplyStore
    resolve: ResolveItems

    @property
    def by_route(self) -> Mapping[str, Stored]:
        """Readers by the queue that such facts come through."""
        return {"prices": self._price, "supply": self._supply}

    def _price(self, message: Mapping[str, Any], fact: Mapping[str, Any]) -> int | None:
        """The newest version of the rule that is not a draft; rules are named `source:rule_id`."""
        source, rule = _source(message), fact.get("rule_id")
        found = [v.rule.version for v in self.ledger.versions(f"{source}:{rule}") if v.status != "draft"]
        return max(found, default=None)

    def _supply(self, message: Mapping[str, Any], fact: Mapping[str, Any]) -> int | None:
        """The version of the line's order, or of its confirmation, whichever the fact states."""
        code = (_source(message), str(fact.get("item")))
        sku = self.resolve({code}).get(code)
        for line in self.supply.expected(sku) if sku else ():
            if (line.id, line.warehouse) == (fact.get("id"), fact.get("warehouse")):
                said = line.confirmation if fact.get("kind") == "confirmation" else line.order
                return said.version if said else None
        return None


def _source(message: Mapping[str, Any]) -> str:
    data = message.get("data")
    return str(data.get("source")) if isinstance(data, Mapping) else ""
