"""Reads what is kept of customers (`facts.py` says how their rows look)."""

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.platform.dynamo import Table
from crossdock.pricing.facts import CustomerFacts, customer_facts, profile


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer with the version of its facts and the source that stated them."""

    facts: CustomerFacts
    version: int
    source: str


class CustomerRows:
    """Customers by name."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def known(self, names: Iterable[str]) -> dict[str, KnownCustomer]:
        """Those that there are, read consistently: 1 RCU per 4 KB each, 100 to a round trip."""
        rows = self._table.get_many([profile(name) for name in names], consistent=True)
        found = ((str(row["pk"]).removeprefix("C#"), row) for row in rows.values())
        return {name: KnownCustomer(customer_facts(name, row), row["ver"], row["src"]) for name, row in found}
