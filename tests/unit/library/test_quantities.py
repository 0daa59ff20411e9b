"""Quantities are exact, and look the same when they are."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.quantities import MAX_PLACES, convert, parse, places, to_json, whole
from tests.support.examples import examples


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (-3, -3),
        ("2.5", Decimal("2.5")),
        ("2.50", Decimal("2.5")),
        ("7", 7),
        ("7.000", 7),
        ("-0.5", Decimal("-0.5")),
    ],
)
def test_a_stated_quantity_is_read_exactly(value: object, expected: object) -> None:
    assert parse(value) == expected
    assert type(parse(value)) is type(expected)


@pytest.mark.parametrize("value", [2.5, True, None, "", "1e3", " 2", "1_000", "٣", "2.", ".5", "0.1234567", "NaN", [1]])
def test_what_is_no_plain_quantity_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        parse(value)


@examples(100)
@given(st.decimals(min_value=-(10**12), max_value=10**12, places=MAX_PLACES))
def test_what_is_written_reads_the_same(amount: Decimal) -> None:
    assert parse(to_json(amount)) == amount
    assert places(amount) <= MAX_PLACES


def test_units_convert_exactly_or_not_at_all() -> None:
    assert convert(3, Fraction(12), 0) == 36
    assert convert(Decimal("0.5"), Fraction(12), 0) == 6
    assert convert(1, Fraction(1, 4), 2) == Decimal("0.25")
    assert whole(Decimal("36.0")) == 36
    with pytest.raises(ValueError, match="not a multiple"):
        convert(1, Fraction(1, 3), 6)
    with pytest.raises(ValueError, match="not a multiple"):
        convert(Decimal("0.5"), Fraction(1), 0)
