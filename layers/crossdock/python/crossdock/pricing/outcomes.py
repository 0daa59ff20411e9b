"""What is asked, and the bare outcome: numbers and steps, of which answers and traces are made when they are wanted.

Named tuples, since every line makes ten of them: a frozen dataclass takes three times as long to make.
"""

from fractions import Fraction
from typing import NamedTuple

from crossdock.pricing.basket import Basket
from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings

PRICED = "PRICED"
NO_PRICE = "NO_PRICE"
BLOCKED = "BLOCKED"

Rejection = tuple[Rule, str]
"""A candidate that does not apply, and why (a word of `wording.REASONS`)."""


class Asked(NamedTuple):
    """All that a price depends on: the same question has the same answer, for ever."""

    context: Context
    line: Line
    item: ItemFacts
    candidates: tuple[Rule, ...]
    settings: Settings
    basket: Basket | None
    """None: what the line buys, and the context's basket has of its item."""
    beside: tuple[Rule, ...] = ()
    """Of the other item of a substitution: rules whose beginnings and ends can make its price the one that counts."""


class Step(NamedTuple):
    """What a rule did to the price per base unit of the item; for a charge, what it puts on the line.

    `kind` is base, discount, guard, surcharge or freight. `rate` as in `Tier`. `input` None: it started from nothing.
    """

    kind: str
    rule: Rule
    input: Fraction | None
    rate: Fraction
    output: Fraction


class Amounts(NamedTuple):
    """The amounts of a line in whole numbers of their smallest digit."""

    price: int
    """Per price unit, at the unit scale."""
    unit_price: int
    """Per ordered unit, at the unit scale."""
    extended: int
    """Of the line, at the currency's exponent."""
    charges: tuple[int, ...] = ()
    """Of each step that is a charge, at the currency's exponent."""


class Outcome(NamedTuple):
    """What became of a line. `amounts` None: there is no price. `factor`: base units per price unit."""

    status: str
    steps: tuple[Step, ...]
    rejected: tuple[Rejection, ...]
    looked_at: tuple[Rule, ...]
    amounts: Amounts | None = None
    factor: Fraction | None = None
