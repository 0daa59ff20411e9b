"""Capacity units from item sizes, by the examples and rules of the DynamoDB developer guide."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.sizes import item_size, read_units, value_size, write_units

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("attribute", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "é"}, 2),
        ({"B": b"abcd"}, 4),
        ({"N": "0"}, 1),
        ({"N": "27"}, 2),
        ({"N": "-27"}, 3),
        ({"N": "461"}, 3),
        ({"N": "461000"}, 3),
        ({"N": "0.0001"}, 2),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"N": "1"}]}, 3 + (1 + 2) + (1 + 2)),
        ({"M": {"id": {"S": "ab"}}}, 3 + 1 + 2 + 2),
    ],
)
def test_value_size(attribute: dict[str, Any], size: int) -> None:
    assert value_size(attribute) == size


def test_an_item_is_its_names_and_its_values() -> None:
    assert item_size({"pk": {"S": "M#1"}, "q": {"N": "-6"}}) == (2 + 3) + (1 + 3)


def test_a_type_that_is_not_stored_is_refused() -> None:
    with pytest.raises(ValueError, match="SS"):
        value_size({"SS": ["a"]})


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (3 * 1024, 3)])
def test_write_units(size: int, units: int) -> None:
    assert write_units(size) == units


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(0, False, 0.5), (4096, True, 1), (4097, True, 2), (8192, False, 1), (8192, True, 2)],
)
def test_read_units(size: int, consistent: bool, units: float) -> None:  # noqa: FBT001 - a column of the table
    assert read_units(size, consistent=consistent) == units
