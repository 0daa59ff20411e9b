"""How a distributor resolves prices: the choices that the pricing rules leave open, as they are configured."""

from typing import Annotated, Any, Literal

from pydantic import Field

from crossdock.contracts.fields import Contract
from crossdock.contracts.price_fields import Currency
from crossdock.contracts.prices import BaseLevel

Policy = Literal["FIRST", "LOWEST", "HIGHEST", "NEWEST", "OLDEST"]
"""FIRST: lowest `sequence`. LOWEST, HIGHEST: unit price at the quantity asked. NEWEST, OLDEST: `valid_from`."""

UnitScale = Annotated[int, Field(ge=0, le=8)]


class PriceSettings(Contract):
    """Each choice with its default."""

    level_policy: Policy = Field(
        default="LOWEST",
        description="Which of several rules of one level wins: FIRST (lowest sequence), LOWEST or HIGHEST (unit price "
        "at the quantity asked), NEWEST or OLDEST (valid_from).",
    )
    levels: dict[BaseLevel, Policy] = Field(default_factory=dict, description="Levels with a policy of their own.")
    across_levels: Literal["first", "lowest"] = Field(
        default="first", description="The first level with an eligible rule wins, or the lowest price of all levels."
    )
    discount_basis: Literal["list", "running"] = Field(
        default="running",
        description="What a percentage off is of, where its rule does not say: the base price, or what is left of it.",
    )
    across_bands: Literal["compound", "stop"] = Field(
        default="compound", description="Discounts of lower bands go on, or the first band with an effect ends it."
    )
    unit_scales: dict[Currency, UnitScale] = Field(
        default_factory=dict,
        description="Decimals of a unit price, by currency. Absent: as many as the currency has (JPY 0, GBP 2, KWD 3).",
    )
    rounding: Literal["half_up", "half_even", "half_down", "up", "down"] = Field(
        default="half_up", description="How unit prices and line amounts are rounded."
    )
    substitutes: Literal["own", "original", "lowest"] = Field(
        default="own",
        description="What an item sent instead of another costs: its own price, the ordered item's, or the lower one.",
    )

    def form(self) -> dict[str, Any]:
        """What differs from the defaults: the document that `Settings.read` takes."""
        return self.model_dump(mode="json", exclude_defaults=True)
