"""Price rules as the ERP sends them (`prices.changed`, `pricing.rules.changed.v1`)."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from crossdock.contracts.fields import Amount, Contract, CurrencyCode, FactId, Instant, ItemCode, SystemName

Unit = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,10}$")]


class Tier(Contract):
    """From `min_quantity` units on, each costs `unit_price` (in the rule's currency; an explicit 0 is a price)."""

    min_quantity: int = Field(ge=1, le=10**9)
    unit_price: Amount = Field(ge=0, max_digits=18, decimal_places=6)


class PriceRule(Contract):
    """One version of a base price of one item, immutable; `[valid_from, valid_to)` is half-open, no end is for ever.

    `withdrawn` ends the rule as a whole: a rule that was a mistake has no window at all.
    """

    rule_id: FactId
    version: int = Field(ge=1, le=10**9)
    item: ItemCode
    currency: CurrencyCode
    unit: Unit = "EA"
    tiers: list[Tier] = Field(min_length=1, max_length=20)
    valid_from: Instant
    valid_to: Instant | None = None
    withdrawn: bool = False

    @field_validator("valid_to")
    @classmethod
    def _after_its_beginning(cls, valid_to: datetime | None, others: ValidationInfo) -> datetime | None:
        begins = others.data.get("valid_from")
        if valid_to is not None and begins is not None and valid_to <= begins:
            raise ValueError("must lie after valid_from: the window is half-open, from ≤ t < to")
        return valid_to

    @field_validator("tiers")
    @classmethod
    def _in_order(cls, tiers: list[Tier]) -> list[Tier]:
        steps = [t.min_quantity for t in tiers]
        if steps != sorted(set(steps)):
            raise ValueError("tiers must rise by min_quantity, each once")
        return tiers


class PriceList(Contract):
    """The data of a `prices.changed` webhook."""

    prices: list[PriceRule] = Field(min_length=1, max_length=500)


class PriceRulesChanged(Contract):
    """The data of the event `pricing.rules.changed.v1`."""

    source: SystemName
    prices: list[PriceRule] = Field(min_length=1, max_length=500)
