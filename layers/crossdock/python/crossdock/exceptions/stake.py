"""What a group has at stake, as additions to the numbers in its row: changed with its counts, in the same write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(slots=True)
class Stake:
    """Facts that name an order, and money by currency, to be added to a group's row (or taken off it)."""

    order_facts: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)

    def count(self, orders: Sequence[str], money: Mapping[str, Decimal], times: int = 1) -> None:
        """Adds one fact's impact; `times` -1 takes it off."""
        self.order_facts += times if orders else 0
        for currency, amount in money.items():
            self.money[currency] = self.money.get(currency, Decimal(0)) + times * amount

    def additions(self, values: dict[str, Any]) -> list[str]:
        """Clauses of an ADD; what they refer to is put into `values`. The number of facts is always there."""
        values[":orders"] = self.order_facts
        found = ["n_orders :orders"]
        for currency, amount in self.money.items():
            if amount:
                values[f":m{currency}"] = amount
                found.append(f"m_{currency} :m{currency}")
        return found
