"""The answer to a price question, as the quote API and the offline command give it: what readers may rely on.

The functions build these documents themselves, without a validation library; a test holds them to this contract.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from crossdock.contracts.fields import Contract
from crossdock.contracts.prices import BaseLevel

_MONEY = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["12.50"]}
_EXACT = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+|/[0-9]+)?$", "examples": ["9.5", "25/3"]}
_INSTANT = {"type": "string", "format": "date-time", "examples": ["2026-03-01T00:00:00.000000Z"]}

Money = Annotated[str, WithJsonSchema(_MONEY)]
"""An amount with as many decimals as it is stated in."""

Exact = Annotated[str, WithJsonSchema(_EXACT)]
"""An exact number: a decimal, or a fraction where it is none."""

At = Annotated[str, WithJsonSchema(_INSTANT)]
AnsweredQuantity = Annotated[int | str, Field(description="A whole number, or a fraction as a text.")]


class AnsweredComponent(Contract):
    """One step of a price, in order; of a charge what it puts on the line.

    Who may not see costs is not told `input`, `value` and `amount` of a price that is made of one.
    """

    kind: Literal["base", "discount", "guard", "surcharge", "freight"]
    rule: str = Field(description="The rule and its version: rule@version.")
    level: BaseLevel | None = Field(default=None, description="Of a base price: its level.")
    band: int | None = Field(default=None, description="Of a discount: its band.")
    guard: str | None = Field(
        default=None, description="Of a guard: floor, advertised_minimum, contract_minimum, waiver."
    )
    contract: str | None = Field(default=None, description="The contract that the rule comes from.")
    operation: str
    input: Exact | None = Field(default=None, description="The price before, per price unit.")
    value: Exact | None = Field(
        default=None, description="What the rule says at this quantity: money, percent or factor."
    )
    output: Exact = Field(description="The price after, per price unit; of a charge the exact charge.")
    amount: Exact | None = Field(
        default=None, description="What the step changed; of a charge what the line bears, rounded."
    )


class PerUnit(Contract):
    """A price and the unit it is of."""

    value: Money
    per: str


class AnsweredBreak(Contract):
    """The next quantity at which a unit costs less."""

    quantity: AnsweredQuantity
    unit: str
    unit_price: Money
    saves_per_unit: Money
    saves: Money = Field(description="What that quantity costs less than at the present unit price.")


class AnsweredLine(Contract):
    """One line. A line without a price has no amounts at all; they are never 0 for want of one."""

    line: str
    item: str
    quantity: AnsweredQuantity
    unit: str = Field(description="The ordered unit, which unit_price is of.")
    status: Literal["PRICED", "NO_PRICE", "BLOCKED"] = Field(
        description="NO_PRICE: no rule states a base price. BLOCKED: a guard forbids the price."
    )
    currency: str
    unit_price: Money | None = Field(default=None, description="Per ordered unit.")
    price: PerUnit | None = Field(
        default=None, description="Per unit of the winning rule: times the exact quantity it is the extended price."
    )
    extended_price: Money | None = Field(default=None, description="The line without surcharges and freight.")
    total: Money | None = Field(default=None, description="The line with surcharges and freight.")
    list_price: Money | None = Field(default=None, description="What the base list says, per ordered unit.")
    next_break: AnsweredBreak | None = None
    components: list[AnsweredComponent]
    reason: str = Field(description="Why the price is what it is, in plain words.")
    valid_from: At | None = Field(description="Since when nothing that could apply began or ended.")
    valid_to: At | None = Field(description="Until when nothing that could apply begins or ends.")
    hash: str = Field(description="Over context and result.")
    substitute_for: str | None = Field(default=None, description="The item that was ordered.")
    priced_as: str | None = Field(default=None, description="The item whose price it is.")
    rebates: list[dict[str, Any]] | None = Field(default=None, description="On request, to whom may see them.")
    cost: dict[str, Any] | None = Field(default=None, description="On request, to whom may see it.")
    margin: dict[str, Any] | None = Field(default=None, description="On request, to whom may see it.")
    trace: dict[str, Any] | None = Field(
        default=None, description="On request: from which the same price follows again, with the rejected candidates."
    )


class AnsweredTotals(Contract):
    """The sums over the lines that have a price; `unpriced` says which have none."""

    extended: Money
    surcharges: Money
    freight: Money
    total: Money


class PriceAnswer(Contract):
    """The prices of one context. A quote that was stored has an id, and a token while it is a promise."""

    quote_id: str | None = None
    status: Literal["open", "expired", "informative"] = Field(
        description="open: a promise until expires_at. informative: never a promise, as every offline answer."
    )
    customer: str | None = None
    ship_to: str | None = None
    branch: str | None = None
    region: str | None = None
    channel: str | None = None
    job: str | None = None
    freight_terms: str | None = None
    segments: list[str] | None = Field(default=None, description="The segments that counted; offline only.")
    parents: list[str] | None = Field(
        default=None, description="The parents that counted, nearest first; offline only."
    )
    at: At = Field(description="The instant that the prices are for.")
    known_at: At | None = Field(default=None, description="As of when what was known; absent: all that is known.")
    currency: str
    lines: list[AnsweredLine]
    totals: AnsweredTotals
    unpriced: list[str] = Field(description="The lines that have no price.")
    notes: list[str] | None = Field(default=None, description="What looks like a slip in the question.")
    made_at: At | None = None
    expires_at: At | None = Field(default=None, description="When the promise ends.")
    token: str | None = Field(default=None, description="What an order sends along to be held to these prices.")
    correlation_id: str | None = Field(default=None, description="Of the request, for whoever asks us about it.")
