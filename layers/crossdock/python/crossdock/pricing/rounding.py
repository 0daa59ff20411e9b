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


def exponent(currency: str) -> int:
    """Decimals of an amount in a currency."""
    return EXPONENTS.get(currency, 2)


def rounded(amount: Fraction, scale: int, mode: str) -> Fraction:
    """The amount with at most `scale` decimals."""
    scaled = abs(amount.numerator) * 10**scale
    whole, rest = divmod(scaled, amount.denominator)
    if rest:
        halves = {"half_up": 1, "half_even": whole % 2, "half_down": 0}
        beyond = 2 * rest - amount.denominator
        if mode == "up" or (mode != "down" and (beyond > 0 or (beyond == 0 and halves[mode]))):
            whole += 1
    return Fraction(-whole if amount < 0 else whole, 10**scale)


def money(amount: Fraction, scale: int) -> Decimal:
    """An amount that has at most `scale` decimals, with exactly so many."""
    return Decimal(amount.numerator * 10**scale // amount.denominator).scaleb(-scale)
