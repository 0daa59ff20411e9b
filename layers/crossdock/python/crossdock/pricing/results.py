"""What became of a line: a price, or why there is none, with the steps that led to it (pricing rule 8)."""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from crossdock.pricing.basket import Basket
from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings

PRICED = "PRICED"
NO_PRICE = "NO_PRICE"
BLOCKED = "BLOCKED"


@dataclass(frozen=True, slots=True)
class Asked:
    """All that a price depends on: the same question has the same answer, for ever."""

    context: Context
    line: Line
    item: ItemFacts
    candidates: tuple[Rule, ...]
    settings: Settings
    basket: Basket


@dataclass(frozen=True, slots=True)
class Component:
    """One step of a price. `input`, `output` are exact, in the currency per price unit; for a charge, of the line.

    `kind` is base, discount, guard, surcharge or freight; `value` what the rule says, `amount` what the step changed.
    """

    kind: str
    rule: Rule
    input: Fraction
    value: Fraction
    output: Fraction

    @property
    def amount(self) -> Fraction:
        """What the step added (or took off), exactly."""
        return self.output - self.input


@dataclass(frozen=True, slots=True)
class Statistic:
    """A rebate or cost: shown to whom may see it, never part of the price (pricing rule 7)."""

    rule: Rule
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer for a line. Without a price (`status` NO_PRICE or BLOCKED) there is no amount at all, never 0.

    `unit_price` is per ordered unit, `price` per `price_unit` (the winning rule's unit); both at the currency's unit
    scale. `extended` is of the line and `total` adds its surcharges and freight; both at the currency's exponent.
    """

    asked: Asked
    status: str
    components: tuple[Component, ...] = ()
    rejected: tuple[tuple[Rule, str], ...] = ()
    unit_price: Decimal | None = None
    price: Decimal | None = None
    price_unit: str | None = None
    extended: Decimal | None = None
    total: Decimal | None = None
    list_price: Decimal | None = None
    looked_at: tuple[Rule, ...] = field(default=(), repr=False)

    @property
    def winner(self) -> Rule | None:
        """The rule of the base price."""
        return self.components[0].rule if self.components else None
