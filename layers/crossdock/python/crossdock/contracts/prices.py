"""Price rules as systems send them: the rule document of events, bulk files, the API and the offline price model.

A rule is one immutable version of one statement about prices (pricing rule 1). `PriceRule` reads what a sender may
write; `price_form.normalised` gives the one form in which rules are kept, compared and resolved.
"""

from typing import Any, Literal, Self

from pydantic import AliasChoices, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from crossdock.contracts import price_checks
from crossdock.contracts.fields import Contract, SystemName
from crossdock.contracts.price_fields import (
    BusinessDate,
    Channel,
    Currency,
    Family,
    Item,
    Moment,
    Name,
    PriceInstant,
    PriceUnit,
    Text,
    TierQuantity,
    Value,
)
from crossdock.contracts.price_words import BASE_LEVELS, derived_layer

MAX_TIERS = 100
MAX_RULES = 500

BaseLevel = Literal[
    "job",
    "ship_to_item",
    "customer_item",
    "customer_family",
    "parent_contract",
    "segment_item",
    "segment_family",
    "branch_list",
    "channel_list",
    "base_list",
    "cost_plus",
]
OtherLayer = Literal[
    "discount",
    "surcharge",
    "freight",
    "floor",
    "advertised_minimum",
    "contract_minimum",
    "waiver",
    "rebate",
    "cost",
]
Layer = Literal[BaseLevel, OtherLayer]

_TIER_SCHEMA: dict[str, Any] = {
    "properties": {
        "unit_price": {
            "type": "string",
            "pattern": r"^[0-9]{1,13}(\.[0-9]{1,6})?$",
            "description": "Another name of `value`. One of the two is given.",
        }
    },
    "oneOf": [{"required": ["value"]}, {"required": ["unit_price"]}],
}


def _tier_schema(schema: dict[str, Any]) -> None:
    """Adds the other name of `value`, which the model takes and pydantic's schema does not show."""
    schema["properties"].update(_TIER_SCHEMA["properties"])
    schema["oneOf"] = _TIER_SCHEMA["oneOf"]
    schema.pop("required", None)


class Tier(Contract, json_schema_extra=_tier_schema):
    """From a quantity on, a value. The first tier may begin above 1; then the rule says nothing about less."""

    min_quantity: TierQuantity = Field(
        default=0,
        description="The tier holds from this quantity on, in the rule's unit. Only the first tier may leave it out: "
        "it then holds for any quantity.",
    )
    value: Value = Field(
        validation_alias=AliasChoices("value", "unit_price"),
        serialization_alias="value",
        description="What it means is said by the rule's operation: money per unit, a percentage or a factor. An "
        'explicit "0" is a price, not a missing one.',
    )


class Scope(Contract):
    """Who, what and where a rule is about. All that is named must match; what is not named is open to all."""

    job: Name | None = Field(default=None, description="A job or project that the quote or order names.")
    customer: Name | None = Field(default=None, description="One customer.")
    ship_to: Name | None = Field(default=None, description="One delivery address of the customer; needs `customer`.")
    parent: Name | None = Field(
        default=None, description="A customer above the one who buys: its contract holds below."
    )
    segment: Name | None = Field(default=None, description="A group of customers.")
    item: Item | None = Field(default=None, description="One item.")
    family: Family | None = Field(default=None, description="A family of items. Neither item nor family: all items.")
    branch: Name | None = Field(default=None, description="The branch that sells.")
    region: Name | None = Field(default=None, description="The region the sale belongs to.")
    channels: list[Channel] | None = Field(
        default=None, min_length=1, max_length=50, description="Any of these channels."
    )
    freight_terms: Name | None = Field(default=None, description="The terms of freight agreed, such as FOB or CIP.")

    def named(self) -> dict[str, Any]:
        """What the scope names; a list of channels in one order, each once."""
        said = {name: value for name, value in self if value is not None}
        if self.channels is not None:
            said["channels"] = sorted(set(self.channels))
        return said


class Approval(Contract):
    """Who approved a rule."""

    by: Name = Field(description="Who approved it.")
    at: PriceInstant = Field(description="When.")
    reference: Text | None = Field(default=None, description="Where that is recorded: a ticket, a document.")


class PriceRule(Contract):
    """One version of one rule about prices, immutable once it was sent. A correction is a new version.

    The window `[valid_from, valid_to)` is half-open: the rule holds at `valid_from` and no longer at `valid_to`.
    """

    rule_id: Name = Field(description="The rule's id at its source. A rule is about one target for ever.")
    version: int = Field(ge=1, le=10**9, description="Grows with each change of the rule; the newest one counts.")
    layer: Layer | None = Field(
        default=None,
        description="What kind of statement it is. May be left out for a base price: the scope says it then.",
    )
    operation: Literal["fixed", "percent", "amount", "cost_plus", "margin", "multiple"] = Field(
        default="fixed",
        description="What the values mean. fixed: money per unit. cost_plus: cost × (1 + value/100). margin: "
        "cost ÷ (1 − value/100). multiple: a source price × value. percent: of the price, off for a discount. "
        "amount: money off per unit, or added as a charge.",
    )
    of: Literal["list", "cost", BaseLevel] = Field(
        default="list", description="For `multiple`: of which price. list is the level base_list."
    )
    currency: Currency | None = Field(
        default=None, description="Needed where the values are money. Absent: holds in every currency."
    )
    unit: PriceUnit | None = Field(
        default=None,
        description="The unit of the tiers' quantities and of prices per unit. Absent: the priced item's base unit.",
    )
    item: Item | None = Field(default=None, description="Short for scope.item.")
    scope: Scope = Field(default_factory=Scope, description="Who, what and where. Left out: all customers and items.")
    tiers: list[Tier] = Field(min_length=1, max_length=MAX_TIERS, description="Rising by min_quantity.")
    tier_mode: Literal["all_units", "graduated"] = Field(
        default="all_units",
        description="all_units: the tier reached holds for the whole quantity. graduated: each slice at its own value.",
    )
    tier_basis: Literal["line", "item", "mix_group"] = Field(
        default="line",
        description="Which quantity finds the tier: the line's, that of the item over all lines, or that of all items "
        "of the mix group over all lines.",
    )
    mix_group: Name | None = Field(default=None, description="For the basis mix_group: which one.")
    per: Literal["unit", "line"] = Field(
        default="unit", description="For surcharge and freight: the money is per unit, or once per line."
    )
    band: int = Field(default=0, ge=0, le=1000, description="For discounts: higher bands are applied first.")
    concurrency: Literal["exclusive", "best", "compound", "always"] = Field(
        default="best", description="For discounts: how it goes together with others of its band."
    )
    basis: Literal["list", "running"] | None = Field(
        default=None,
        description="For percent discounts: of the base price, or of what earlier discounts left. Absent: as the "
        "settings say.",
    )
    allow_discounts: bool = Field(default=True, description="For base prices: false keeps every discount away.")
    on_breach: Literal["clamp", "block"] = Field(
        default="clamp", description="For guards: a price below is raised to it, or is not given at all."
    )
    waives: Name | None = Field(default=None, description="For a waiver: the rule_id of the guard it suspends.")
    valid_from: Moment = Field(
        description="The rule holds from here on. A date means its midnight in the distributor's time zone."
    )
    valid_to: Moment | None = Field(
        default=None, description="The rule holds until just before this. Absent: for ever. A date means its midnight."
    )
    valid_through: BusinessDate | None = Field(
        default=None, description="Instead of valid_to: the last day on which the rule holds, to its end."
    )
    sequence: int | None = Field(
        default=None, ge=0, le=10**9, description="For the policy FIRST: the lowest of a level wins."
    )
    contract: Name | None = Field(default=None, description="The contract or agreement it comes from.")
    reason: Text | None = Field(default=None, description="Why it exists, for people; stands in explanations.")
    status: Literal["approved", "draft"] = Field(default="approved", description="A draft counts for nothing yet.")
    approval: Approval | None = Field(default=None, description="Who approved it and when.")
    withdrawn: bool = Field(default=False, description="Ends the rule as a whole, as if it had never been made.")
    recorded_at: PriceInstant | None = Field(
        default=None,
        description="Since when it is known, for questions as of then. Set by us for what is sent in; given offline.",
    )

    @model_validator(mode="after")
    def _fields_fit_each_other(self) -> Self:
        found = list(price_checks.faults(self))
        if found:
            raise ValidationError.from_exception_data(
                "PriceRule", [InitErrorDetails(type=problem, loc=where, input=None) for where, problem in found]
            )
        return self

    @property
    def named_item(self) -> str | None:
        """The item that the rule is about, whichever way it was written; None for a family or all items."""
        return self.item if self.item is not None else self.scope.item

    def named_scope(self) -> dict[str, Any]:
        """What the rule names, with `item` in its place."""
        named = self.scope.named()
        return named if self.item is None else {**named, "item": self.item}

    @property
    def level(self) -> str:
        """The rule's layer, derived from the scope where a base price leaves it out."""
        return self.layer or derived_layer(self.named_scope(), self.operation)

    @property
    def is_base(self) -> bool:
        """Whether it states a base price."""
        return self.layer is None or self.layer in BASE_LEVELS


class PriceList(Contract):
    """The data of a `prices.changed` webhook."""

    prices: list[PriceRule] = Field(min_length=1, max_length=MAX_RULES)


class PriceRulesChanged(Contract):
    """The data of the event `pricing.rules.changed.v1`."""

    source: SystemName
    prices: list[PriceRule] = Field(min_length=1, max_length=MAX_RULES)
