"""From what a movement says to base units and its effect, without a store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.contracts.fields import MAX_QUANTITY
from crossdock.contracts.items import ItemProfile, KnownItem
from crossdock.contracts.movements import Movement
from crossdock.inventory.entries import UnfitError, in_base_units, needs_profile
from crossdock.inventory.journal import JournalEntry
from crossdock.inventory.journal_rows import from_row, to_row
from crossdock.platform.dynamo import from_item, to_item
from crossdock.quantities import places, to_json
from tests.support.examples import examples
from tests.support.world import movement

pytestmark = [pytest.mark.unit, pytest.mark.property]


def read(**fields: Any) -> Movement:
    return Movement.model_validate_json(json.dumps({**movement("m1"), **fields}))


QUANTITIES = st.decimals(min_value="0.000001", max_value=10**6, places=6).map(lambda q: f"{q:f}")
FACTORS = st.fractions(min_value="1/1000", max_value=10_000, max_denominator=1000)


@examples(100)
@given(QUANTITIES, FACTORS, st.integers(0, 6))
def test_a_conversion_is_exact_or_refused_never_rounded(text: str, factor: Fraction, allowed: int) -> None:
    profile = ItemProfile("S", 1, "piece", {"case": factor}, allowed)
    exact = Fraction(text) * factor

    fits = (exact * 10**allowed).denominator == 1
    if fits and exact <= MAX_QUANTITY:
        base = in_base_units(read(quantity=text, unit="case"), "S", profile)
        assert Fraction(base) == exact
        assert places(base) <= allowed
        assert isinstance(base, int) == (exact.denominator == 1)
        return
    with pytest.raises(UnfitError) as refused:
        in_base_units(read(quantity=text, unit="case"), "S", profile)
    assert refused.value.kind == ("quantity_overflow" if fits else "fraction_not_allowed")
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("said", "policy", "needed"),
    [
        ({}, "free", False),
        ({"lot": "L"}, "free", False),
        ({"lot": "L"}, "required", False),
        ({}, "required", True),
        ({}, "declared", True),
        ({"lot": "L"}, "declared", True),
        ({"unit": "case"}, "free", True),
        ({"quantity": "2.5"}, "free", True),
        ({"quantity": "2.0"}, "free", False),
    ],
)
def test_only_what_can_go_wrong_asks_for_a_profile(said: dict[str, Any], policy: str, needed: bool) -> None:  # noqa: FBT001
    assert needs_profile(read(**said), KnownItem("S", policy)) == needed


FULL = JournalEntry(
    sku="S",
    warehouse="MAIN",
    source="wms",
    id="m1",
    type="pick",
    quantity=0,
    occurred_at="2026-11-21T07:00:00.000Z",
    position=7,
    correlation_id="cd-1",
    reference="PO 1",
    reason="why",
    magnitude=Decimal("2.5"),
    lot="L1",
    bin="B1",
    to_bin="B2",
    status="damaged",
    to_status="available",
    destination="NORTH",
    reservation="a" * 20,
    consumed=2,
    unit="case",
    unit_quantity=5,
)


def test_a_row_gives_its_entry_back() -> None:
    assert from_row(from_item(to_item(to_row(FULL, "2026-11-21T08:00:00.000Z")))) == FULL


@pytest.mark.parametrize(
    "name",
    ["lot", "bin", "to_bin", "status", "to_status", "destination", "reservation", "unit", "unit_quantity", "position"],
)
def test_each_thing_said_is_part_of_the_content(name: str) -> None:
    other: Any = 99 if name in {"position", "unit_quantity"} else "other"
    assert replace(FULL, **{name: other}).content_hash != FULL.content_hash
    assert replace(FULL, **{name: None}).content_hash != FULL.content_hash


def test_what_we_made_of_it_is_no_part_of_the_content() -> None:
    ours = {"consumed": None, "correlation_id": "cd-2", "quantity": -30, "magnitude": None}
    for name, value in ours.items():
        assert replace(FULL, **{name: value}).content_hash == FULL.content_hash, name


def test_the_hash_of_a_movement_of_the_first_version_is_what_it_was() -> None:
    entry = JournalEntry("S", "MAIN", "wms", "m1", "receipt", 5, "2026-01-01T00:00:00.000Z", 7, "cd-1", "PO 1", "r")

    said = ("receipt", "5", "2026-01-01T00:00:00.000Z", "7", "PO 1", "r")
    assert entry.content_hash == hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:24]
    assert to_json(entry.stated) == 5
