"""The answer to a context: what `crossdock price quote --json` prints (the schema `price-quote`).

Money is a text in the line's currency; an exact number that no decimal ends is a fraction ("10/3").
"""

from typing import Any, Literal

from pydantic import Field

from crossdock.contracts.fields import Contract

Money = str


class PricePer(Contract):
    """The rounded price per price unit: times the exact quantity it is the line (EN 16931)."""

    value: Money
    per: str = Field(description="The unit of the rule that states the base price.")


class NextBreakAnswer(Contract):
    """The next quantity at which a unit costs less."""

    quantity: int | str
    unit: str
    unit_price: Money
    saves_per_unit: Money
    saves: Money = Field(description="What that quantity costs less than at today's unit price.")


class ComponentAnswer(Contract):
    """One step of a price: base price, discount, guard, surcharge or freight, with the rule it comes from."""

    kind: Literal["base", "discount", "guard", "surcharge", "freight"]
    rule: str = Field(description="rule_id@version")
    level: str | None = None
    band: int | None = None
    guard: str | None = None
    contract: str | None = None
    operation: str
    input: str | None = Field(default=None, description="What the step begins with, exact.")
    value: str = Field(description="What the rule states.")
    output: str
    amount: str = Field(description="What the step adds.")


class LineAnswer(Contract):
    """One line. Without a price (NO_PRICE, BLOCKED) it has no amounts at all, never 0."""

    line: str
    item: str
    quantity: int | str
    unit: str
    status: Literal["PRICED", "NO_PRICE", "BLOCKED"]
    currency: str
    unit_price: Money | None = Field(default=None, description="Per ordered unit, at the unit scale.")
    price: PricePer | None = None
    extended_price: Money | None = Field(default=None, description="The line without surcharges and freight.")
    total: Money | None = Field(default=None, description="The line with surcharges and freight.")
    list_price: Money | None = None
    next_break: NextBreakAnswer | None = None
    components: list[ComponentAnswer]
    reason: str = Field(description="Why the price is what it is, in plain words.")
    valid_from: str | None = None
    valid_to: str | None = None
    substitute_for: str | None = None
    priced_as: str | None = None
    rebates: list[dict[str, Any]] | None = Field(default=None, description="On request only, as cost and margin.")
    cost: dict[str, Any] | None = None
    margin: dict[str, Any] | None = None
    trace: dict[str, Any] | None = None
    hash: str


class TotalsAnswer(Contract):
    """Sums over the lines; null when a line has no price."""

    extended: Money | None
    surcharges: Money | None
    freight: Money | None
    total: Money | None


class PriceAnswer(Contract):
    """The prices of one context."""

    status: Literal["PRICED", "INCOMPLETE"]
    at: str
    known_at: str | None = None
    currency: str
    context: dict[str, Any]
    lines: list[LineAnswer]
    totals: TotalsAnswer
