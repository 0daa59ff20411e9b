"""Quantities: whole base units, or exact decimals where an item says so; never a float.

In JSON a whole quantity is a number and a fraction a text ("2.5"): a JSON number with a point has been a binary float
in one of the programs on its way.
"""

import re
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

Quantity: TypeAlias = int | Decimal
"""Base units of an item. An int unless the item allows fractions; then a Decimal with at most MAX_PLACES places."""

MAX_PLACES = 6
"""Decimal places an item may ask for: with 10^12 units in one fact, a sum of a million of them keeps every digit."""

# A minus stands before something: "-0" would be one amount with two looks.
_PLAIN = re.compile(r"(-(?=[0-9.]*[1-9]))?[0-9]{1,13}(\.[0-9]{1,6})?")


def whole(quantity: Quantity) -> Quantity:
    """The same amount, as an int where it is one: equal quantities look equal."""
    if isinstance(quantity, Decimal) and quantity == quantity.to_integral_value():
        return int(quantity)
    return quantity


def to_json(quantity: Quantity) -> int | str:
    """The amount as JSON carries it: an int as it is, a fraction as a plain text without trailing zeros."""
    amount = whole(quantity)
    return amount if isinstance(amount, int) else f"{amount.normalize():f}"


def parse(value: object) -> Quantity:
    """The amount that a JSON value states. Raises ValueError for what is neither a whole number nor a plain text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return whole(Decimal(value))
    raise ValueError('send a whole number, or a fraction as a text with at most 6 places, for example "2.5"')


def places(quantity: Quantity) -> int:
    """How many decimal places the amount needs."""
    amount = whole(quantity)
    return 0 if isinstance(amount, int) else max(0, -int(amount.normalize().as_tuple().exponent))


def convert(quantity: Quantity, factor: Fraction, allowed_places: int) -> Quantity:
    """A quantity of another unit in base units, exactly: `factor` is base units per unit.

    Raises ValueError when the result is no quantity of the item: a third of a piece is refused, never rounded.
    """
    scaled = Fraction(quantity) * factor * 10**allowed_places
    if scaled.denominator != 1:
        raise ValueError(f"{to_json(quantity)} × {factor} is not a multiple of the item's smallest quantity")
    return whole(Decimal(scaled.numerator).scaleb(-allowed_places))
