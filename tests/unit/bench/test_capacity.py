"""What a call is billed, by examples of calls and answers."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.platform.writes import Insert, Update, When, partiql
from tests.bench.capacity import Updates, changed_item, statement_units, units_read, units_written

pytestmark = pytest.mark.unit

AT = ("inventory", "T#A1", "A#MAIN")
UPDATE = Update(("T#A1", "A#MAIN"), {"av": -2}, {"r_x": "2|3|n"}, when=(When("av", ">=", 2),))


def statement(write: Insert | Update) -> dict[str, Any]:
    text, values = partiql("inventory", write)
    return {"Statement": text, "Parameters": [{"N": str(v)} if isinstance(v, int) else {"S": v} for v in values]}


def billed(statements: list[dict[str, Any]], answers: list[dict[str, Any]], sizes: dict[Any, int], last: int) -> float:
    updates = Updates()
    units = statement_units({"Statements": statements}, {"Responses": answers}, sizes, updates)
    return units + updates.units({AT: last})


def test_the_item_of_an_update_is_found_by_its_key() -> None:
    assert changed_item(statement(UPDATE)) == AT
    assert changed_item(statement(Insert({"pk": "a", "sk": "b"}))) is None
    deletion = {"Statement": 'DELETE FROM "t" WHERE pk = ? AND sk = ?', "Parameters": [{"S": "a"}, {"S": "b"}]}
    assert changed_item(deletion) == ("t", "a", "b")


@pytest.mark.parametrize(("before", "after", "units"), [(300, 300, 1), (1000, 1100, 2), (2100, 1000, 3)])
def test_an_update_costs_the_larger_of_before_and_after(before: int, after: int, units: int) -> None:
    assert billed([statement(UPDATE)], [{}], {AT: before}, after) == units


def test_several_updates_of_one_item_each_cost_what_it_was_then() -> None:
    updates = Updates()
    for size in (1000, 1030, 1060):  # grew with the first one, and stayed above 1 KB
        updates.note(AT, size)

    assert updates.units({AT: 1000}) == 6
    assert list(updates.places) == [AT]


def test_an_insert_costs_its_size_and_a_refused_one_what_stands_there() -> None:
    small, large = (Insert({"pk": "a", "sk": "b", "text": "x" * n}) for n in (10, 1100))
    refusal = {"Error": {"Code": "DuplicateItem", "Item": {"text": {"S": "x" * 3000}}}}

    assert billed([statement(small), statement(large)], [{}, {}], {}, 0) == 3
    assert billed([statement(small)], [refusal], {}, 0) == 3


@pytest.mark.parametrize(("sizes", "units"), [({AT: 2000}, 2), ({}, 1)])
def test_a_refused_update_costs_the_item_that_refused_it(sizes: dict[Any, int], units: int) -> None:
    assert billed([statement(UPDATE)], [{"Error": {"Code": "ConditionalCheckFailed"}}], sizes, 0) == units


def test_a_refused_transaction_costs_as_one_that_is_carried_out() -> None:
    asked = {"TransactItems": [{}, {}, {}]}

    assert units_written("TransactWriteItems", asked, {"Error": {}}) == 6
    assert units_written("TransactWriteItems", asked, {"ConsumedCapacity": [{"CapacityUnits": 6.0}]}) == 6
    assert units_written("PutItem", {}, {"Error": {}}) == 1
    assert units_written("PutItem", {}, {"ConsumedCapacity": {"CapacityUnits": 2.0}}) == 2


def test_reads_are_billed_by_what_they_find_and_by_what_is_not_there() -> None:
    item = {"text": {"S": "x" * 5000}}

    assert units_read("GetItem", {}, {}) == 0.5
    assert units_read("GetItem", {"ConsistentRead": True}, {"Item": item}) == 2
    assert units_read("Query", {}, {"Items": [item, item]}) == 1.5
    many = {"RequestItems": {"t": {"Keys": [{}, {}, {}]}}}
    assert units_read("BatchGetItem", many, {"Responses": {"t": [item]}}) == 1 + 2 * 0.5
