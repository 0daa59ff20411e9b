"""Exact numbers and their texts: fractions inside, plain decimal texts outside, never a float."""

from decimal import Decimal
from fractions import Fraction

from crossdock.pricing.errors import StatementError

_POWERS = tuple(10**n for n in range(41))


def read_amount(value: object, field: str) -> Fraction:
    """The number that a document states: an int, a Decimal, a plain decimal text, or an exact fraction ("1/12").

    Raises StatementError for anything else; a float has lost digits on its way already.
    """
    if type(value) is str:
        head, point, tail = value.partition(".")
        whole = head.removeprefix("-") + tail
        if whole.isascii() and whole.isdigit() and head not in {"", "-"} and bool(point) == bool(tail):
            return Fraction(int(head + tail), _POWERS[len(tail)]) if len(whole) <= len(_POWERS) else _long(value)
        top, bar, bottom = value.partition("/")
        if bar and _digits(top) and _digits(bottom) and int(bottom):
            return Fraction(int(top), int(bottom))
    elif type(value) is int:
        return Fraction(value)
    elif isinstance(value, Fraction):
        return value
    elif isinstance(value, Decimal) and value.is_finite():
        return Fraction(value)
    raise StatementError(field, f"{value!r} is no exact number", 'send a plain decimal text, for example "2.55"')


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _long(value: str) -> Fraction:
    return Fraction(value)


def decimal_text(amount: Fraction | int) -> str:
    """The number as a text that `read_amount` gives back: a decimal without trailing zeros, else a fraction."""
    top, bottom = amount.as_integer_ratio()
    if bottom == 1:
        return str(top)
    rest, twos = bottom, (bottom & -bottom).bit_length() - 1
    rest >>= twos
    fives = 0
    while rest % 5 == 0:
        rest //= 5
        fives += 1
    if rest != 1:
        return f"{top}/{bottom}"
    places = max(twos, fives)
    text = f"{abs(top) * 10**places // bottom:0{places + 1}}"
    return f"{'-' if top < 0 else ''}{text[:-places]}.{text[-places:]}"
