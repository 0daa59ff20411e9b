"""Rounding once, in whole numbers: a unit price to its scale, a line to its currency's exponent (pricing rule 6)."""

from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

MODES: Final = ("half_up", "half_even", "half_down", "up", "down")
"""`up` is away from zero and `down` towards it; halves go up, to the even digit, or down."""

EXPONENTS: Final = MappingProxyType(
    dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"], 0)
    | dict.fromkeys(["VND", "VUV", "XAF", "XOF", "XPF"], 0)
    | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)
    | dict.fromkeys(["CLF", "UYW"], 4)
)
"""Decimals of the currencies that do not have two (ISO 4217)."""


POWERS: Final = tuple(10**n for n in range(13))


def exponent(currency: str) -> int:
    """Decimals of an amount in a currency."""
    return EXPONENTS.get(currency, 2)


def whole(top: int, bottom: int, mode: str) -> int:
    """The quotient `top / bottom` (bottom above 0) as a whole number."""
    found, rest = divmod(abs(top), bottom)
    if rest:
        halves = {"half_up": 1, "half_even": found % 2, "half_down": 0}
        beyond = 2 * rest - bottom
        if mode == "up" or (mode != "down" and (beyond > 0 or (beyond == 0 and halves[mode]))):
            found += 1
    return -found if top < 0 else found


def scaled(amount: Fraction, scale: int, mode: str) -> int:
    """The amount in whole numbers of its last of `scale` decimals."""
    return whole(amount.numerator * POWERS[scale], amount.denominator, mode)


def money(amount: int, scale: int) -> Decimal:
    """An amount in whole numbers of its last decimal, with exactly so many decimals."""
    return Decimal(amount).scaleb(-scale)
