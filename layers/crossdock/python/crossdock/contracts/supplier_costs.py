"""What items cost to buy (`costs.changed`): each dated cost is a price rule of the layer `cost`.

The one cost that prices and floors are made of is told: that of the supplier one buys from. A new cost leaves the old
one as it is and takes its place on its own day, so tomorrow's cost may be told today.
"""

import hashlib
from typing import Self
from urllib.parse import quote

from pydantic import Field, model_validator

from crossdock.contracts.fields import Contract
from crossdock.contracts.price_fields import BusinessDate, Currency, Item, Moment, Name, PriceUnit, Value
from crossdock.contracts.prices import MAX_RULES, PriceRule, Scope, Tier

_ITEM_ROOM = 50
_PLAIN = " !$&'()*+,-./:;=@_~"


class SupplierCost(Contract):
    """What one unit of an item costs from a day on, in one currency; a higher `version` corrects it.

    It holds until its own end, and while no newer one of the item in that currency does.
    """

    item: Item
    cost: Value
    currency: Currency
    unit: PriceUnit | None = Field(default=None, description="What the cost is of. Absent: the item's base unit.")
    version: int = Field(ge=1, le=10**9, description="Grows with each correction of this cost.")
    valid_from: Moment
    valid_to: Moment | None = None
    valid_through: BusinessDate | None = None
    supplier: Name | None = Field(default=None, description="Who sells it; stands in explanations.")
    withdrawn: bool = Field(default=False, description="Ends this cost, as if it had never been told.")

    @model_validator(mode="after")
    def _is_a_rule(self) -> Self:
        self.rule()
        return self

    def rule(self) -> PriceRule:
        """The rule that says it. Raises pydantic.ValidationError naming a field of the window that is wrong."""
        return PriceRule(
            rule_id=self.rule_id,
            version=self.version,
            layer="cost",
            currency=self.currency,
            unit=self.unit,
            scope=Scope(item=self.item),
            tiers=[Tier(value=self.cost)],
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            valid_through=self.valid_through,
            reason=f"supplier {self.supplier}" if self.supplier else None,
            withdrawn=self.withdrawn,
        )

    @property
    def rule_id(self) -> str:
        """`cost/E1/GBP/2026-03-01`: one rule for each item, currency and beginning.

        What a rule's id cannot hold of an item's code is written as in an address; a long one is cut, with a hash.
        """
        begins = str(self.model_dump(mode="json", include={"valid_from"})["valid_from"])
        item = quote(self.item, safe=_PLAIN)
        if len(item) > _ITEM_ROOM:
            item = f"{item[:_ITEM_ROOM]}~{hashlib.sha256(self.item.encode()).hexdigest()[:8]}"
        return f"cost/{item}/{self.currency}/{begins}"


class SupplierCostList(Contract):
    """The data of a `costs.changed` webhook."""

    costs: list[SupplierCost] = Field(min_length=1, max_length=MAX_RULES)
