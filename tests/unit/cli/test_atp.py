"""What an operator is told about the dates for which an item can be promised."""

from __future__ import annotations

import pytest

from crossdock_cli.atp import sentences

pytestmark = pytest.mark.unit


def test_without_a_question_it_is_what_can_be_promised_now() -> None:
    assert list(sentences({"sku": "S", "promised": 3})) == ["S: 3 can be promised now"]


def test_a_quantity_has_a_first_date_or_none_and_something_instead() -> None:
    found = {"sku": "S", "promised": "2.5", "date": "2026-11-30", "quantity": 9, "first_date": "2026-12-04"}

    assert list(sentences(found)) == [
        "S: 2.5 can be promised for 2026-11-30",
        "9 can be promised from 2026-12-04 on",
    ]
    assert list(sentences({**found, "first_date": None, "substitutes": [{"sku": "T", "available": 12}]}))[1:] == [
        "9 cannot be promised for any date: what is known to come does not suffice",
        "instead: T has 12 now",
    ]
