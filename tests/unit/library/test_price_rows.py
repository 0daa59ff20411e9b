"""Where rules stand, by worked examples: the row, the text, what a full row gives away, what a change means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crossdock.platform.dynamo import to_item
from crossdock.pricing.changes import Change, changed
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.entries import from_entry, to_entry
from crossdock.pricing.facts import CustomerFacts, ShipTo, customer_attributes, item_attributes
from crossdock.pricing.rules import Rule
from crossdock.pricing.scopes import Scope
from crossdock.pricing.sheet import GRACE, Sheet, newest, taking
from crossdock.pricing.slots import below, home, implied, is_rule_row, target
from tests.support.world import NOW

pytestmark = pytest.mark.unit

ITEM = ("I#S", "SHEET")


def rule(rule_id: str = "r1", version: int = 1, value: str = "2.55", /, **fields: Any) -> Rule:
    document = {
        "rule_id": rule_id,
        "version": version,
        "source": "erp",
        "scope": {"item": "S"},
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "value": value}],
        "valid_from": "2026-01-01T00:00:00Z",
        **fields,
    }
    return Rule.read({k: v for k, v in document.items() if v is not None})


@pytest.mark.parametrize(
    ("scope", "row"),
    [
        ({"job": "J", "customer": "C", "item": "S"}, ("J#J", "SHEET")),
        ({"customer": "C", "ship_to": "Y", "item": "S"}, ("K#C", "SHEET")),
        ({"customer": "C"}, ("K#C", "SHEET")),
        ({"parent": "P", "item": "S"}, ("K#P", "SHEET")),
        ({"customer": "C", "parent": "P"}, ("K#C", "SHEET")),
        ({"item": "S", "segment": "gold"}, ("I#S", "SHEET")),
        ({"item": "S", "family": "F"}, ("I#S", "SHEET")),
        ({"family": "F", "region": "east"}, ("F#F", "SHEET")),
        ({"segment": "gold"}, ("F#*", "SHEET")),
        ({}, ("F#*", "SHEET")),
    ],
)
def test_a_rule_stands_where_its_scope_says(scope: dict[str, str], row: tuple[str, str]) -> None:
    assert home(Scope.read(scope)) == row


def test_channels_and_freight_terms_may_change_and_everything_else_is_what_a_rule_is_about() -> None:
    scope = {"customer": "C", "ship_to": "Y", "item": "S", "branch": "B", "region": "R", "segment": "G"}

    assert target(Scope.read({**scope, "channels": ["shop"], "freight_terms": "CIP"})) == scope


def test_rows_below_rows_say_in_their_keys_what_they_are_about() -> None:
    assert below(("K#C", "SHEET"), "I", "S-1") == ("K#C", "I#S-1")
    assert below(("K#C", "I#S-1"), "T", "yard 2") == ("K#C", "I#S-1#T#yard 2")
    assert implied(("K#C", "I#S-1#T#yard 2")) == {"customer": "C", "item": "S-1", "ship_to": "yard 2"}
    rows = [("I#S", "S#gold"), ("F#*", "SHEET"), ("R#erp:a", "SLOT"), ("C#c", "PROFILE"), ("K#c", "X"), ("X#F#00", "S")]
    assert [is_rule_row(r) for r in rows] == [True, True, False, False, False, False]


# -- entries ---------------------------------------------------------------------------------------------------

ENTRIES: list[tuple[Rule, tuple[str, str], str]] = [
    (rule(), ITEM, "1|GBP|2.55|t85s00"),
    (
        rule("r1", 3, tiers=[{"min_quantity": 1, "value": "2.55"}, {"min_quantity": 24, "value": "2.1"}]),
        ITEM,
        "3|GBP|2.55,24:2.1|t85s00",
    ),
    (
        rule(valid_from=None, valid_to="2026-01-01T00:00:00.000001Z", currency=None, operation="multiple", of="cost"),
        ITEM,
        '1||2.55||t85s00.000001|{"o":"multiple","f":"cost"}',
    ),
    (rule(valid_from="1969-12-31T23:59:59.5Z"), ITEM, "1|GBP|2.55|-1.5"),
    (rule(scope={"item": "S", "segment": "gold"}), ITEM, '1|GBP|2.55|t85s00||{"s":{"s":"gold"}}'),
    (rule(scope={"item": "S", "segment": "gold"}), ("I#S", "S#gold"), "1|GBP|2.55|t85s00"),
    (rule(scope={"customer": "C", "item": "S"}), ("K#C", "SHEET"), '1|GBP|2.55|t85s00||{"s":{"i":"S"}}'),
    (rule(scope={"customer": "C", "item": "S"}), ("K#C", "I#S"), "1|GBP|2.55|t85s00"),
    (rule(scope={"parent": "C", "item": "S"}), ("K#C", "I#S"), '1|GBP|2.55|t85s00||{"P":1}'),
    (rule(scope={"customer": "C", "parent": "P"}), ("K#C", "SHEET"), '1|GBP|2.55|t85s00||{"s":{"p":"P"}}'),
    (rule(scope={"job": "J", "customer": "C", "item": "S"}), ("J#J", "I#S"), '1|GBP|2.55|t85s00||{"s":{"c":"C"}}'),
    (
        rule(scope={}, layer="floor", operation="margin"),
        ("F#*", "SHEET"),
        '1|GBP|2.55|t85s00||{"o":"margin","l":"floor"}',
    ),
    (rule(operation="margin", currency=None), ITEM, '1||2.55|t85s00||{"o":"margin"}'),
    (rule(layer="cost_plus"), ITEM, '1|GBP|2.55|t85s00||{"l":"cost_plus"}'),
    (
        rule(layer="discount", operation="percent", band=10, concurrency="exclusive", reason="a|b — c", withdrawn=True),
        ITEM,
        '1|GBP|2.55|t85s00||{"b":10,"c":"exclusive","o":"percent","e":"a|b — c","w":true,"l":"discount"}',
    ),
    (
        rule(unit="CS", tiers=[{"min_quantity": 0, "value": "9"}, {"min_quantity": "2.5", "value": "0"}]),
        ITEM,
        '1|GBP|0:9,2.5:0|t85s00||{"u":"CS"}',
    ),
]


@pytest.mark.parametrize(("given", "place", "text"), ENTRIES, ids=[t for _, _, t in ENTRIES])
def test_an_entry_says_what_its_row_and_name_do_not(given: Rule, place: tuple[str, str], text: str) -> None:
    entry = to_entry(given, place)

    assert (sorted(entry), len(entry.encode())) == (sorted(text), len(text.encode()))  # JSON's order is the document's
    assert from_entry("erp:r1", entry, place) == given


def test_bytes_of_typical_entries() -> None:
    """What the docs of entries.py state: name and text."""
    price = rule("LIST-1", 3, tiers=[{"min_quantity": 1, "value": "2.55"}, {"min_quantity": 24, "value": "2.1"}])
    segment = rule("SEG-7", 1, "2.4", valid_to="2027-01-01T00:00:00Z", scope={"item": "S", "segment": "gold"})
    sizes = [len(r.name) + len(to_entry(r, ITEM)) for r in (price, segment)]

    assert sizes == [34, 51]
    assert [len(r.text()) for r in (price, segment)] == [226, 251]


# -- sheets ----------------------------------------------------------------------------------------------------


def full(segments: int, *, at: Any = NOW) -> tuple[Sheet, dict[Any, Any]]:
    offered = {r.name: r for r in [rule("base"), *(_of(n) for n in range(segments))]}
    step = taking(Sheet(ITEM), offered, at)
    assert step.sheet is not None
    return step.sheet, dict(step.below)


def _of(number: int, version: int = 1) -> Rule:
    return rule(f"seg-{number}", version, scope={"item": "S", "segment": f"s{number}"})


def test_a_sheet_takes_only_what_is_newer_than_what_it_holds() -> None:
    held = taking(Sheet(ITEM, 3), {r.name: r for r in (rule("a", 2, "2"), rule("b", 2, "3"))}, NOW).sheet
    assert held is not None

    assert taking(held, {r.name: r for r in (rule("a", 2, "9"), rule("b", 1, "9"))}, NOW).sheet is None
    mixed = taking(held, {r.name: r for r in (rule("a", 1, "9"), rule("b", 3, "9"))}, NOW).sheet

    assert mixed is not None
    assert (mixed.version, mixed.rules()) == (5, {"erp:a": rule("a", 2, "2"), "erp:b": rule("b", 3, "9")})
    assert [mixed.version_of(f"erp:{r}") for r in "abc"] == [2, 3, 0]


def test_a_sheet_that_has_room_gives_nothing_away() -> None:
    sheet, rows = full(30)

    assert (sheet.given, rows, len(sheet.entries)) == ("", {}, 31)


def test_a_sheet_without_room_gives_its_largest_dimension_away() -> None:
    """What is new goes below at once; what stood there is left for a while, so that no reader misses it."""
    sheet, rows = full(400)

    assert (sheet.given, list(sheet.entries)) == ("S", ["erp:base"])
    assert rows == {("I#S", f"S#s{n}"): {f"erp:seg-{n}": _of(n)} for n in range(400)}


def test_what_was_given_away_is_left_for_a_minute() -> None:
    held, _ = full(60)
    offered = {r.name: r for r in (_of(n) for n in range(60, 120))}
    split = taking(held, offered, NOW)

    assert split.sheet is not None
    assert (split.sheet.given, split.sheet.since, len(split.sheet.entries)) == ("S", "2026-11-21T08:00:00.000000Z", 61)
    assert len(split.below) == 120
    soon = taking(split.sheet, {"erp:base": rule("base", 2)}, NOW + GRACE - timedelta(microseconds=1)).sheet
    later = taking(split.sheet, {"erp:base": rule("base", 2)}, NOW + GRACE).sheet
    assert soon is not None
    assert later is not None
    assert (len(soon.entries), list(later.entries)) == (61, ["erp:base"])


def test_a_row_below_that_is_full_gives_the_next_dimension_away() -> None:
    branches = [rule(f"b{n}", scope={"item": "S", "segment": "gold", "branch": f"b{n}"}) for n in range(200)]
    step = taking(Sheet(("I#S", "S#gold")), {r.name: r for r in branches}, NOW)

    assert step.sheet is not None
    assert step.sheet.given == "B"
    assert step.below == {("I#S", f"S#gold#B#b{n}"): {f"erp:b{n}": branches[n]} for n in range(200)}


def test_a_dimension_that_would_hardly_help_is_kept() -> None:
    lists = [rule(f"l{n}") for n in range(200)]
    step = taking(Sheet(ITEM), {r.name: r for r in [*lists, _of(1)]}, NOW)

    assert step.sheet is not None
    assert (step.sheet.given, step.below, len(step.sheet.entries)) == ("", {}, 201)


def test_of_a_rule_in_two_rows_the_newer_version_counts() -> None:
    assert newest([{"erp:a": rule("a", 2)}, {"erp:a": rule("a", 1), "erp:b": rule("b")}]) == {
        "erp:a": rule("a", 2),
        "erp:b": rule("b"),
    }


# -- changes ---------------------------------------------------------------------------------------------------


def record(old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    row = new or old or {}
    images = {"OldImage": old, "NewImage": new}
    keys = to_item({"pk": row["pk"], "sk": row["sk"]})
    return {"dynamodb": {"Keys": keys} | {name: to_item(image) for name, image in images.items() if image}}


def sheet_row(entries: dict[str, Rule], version: int, place: tuple[str, str] = ITEM, **more: Any) -> dict[str, Any]:
    texts = {name: to_entry(r, place) for name, r in entries.items()}
    return {"pk": place[0], "sk": place[1], "rules": texts, "ver": version, "cors": ["cd-1"], **more}


def test_a_change_names_the_rules_that_changed_with_both_versions() -> None:
    old = sheet_row({"erp:a": rule("a"), "erp:b": rule("b"), "erp:c": rule("c")}, 4)
    new = sheet_row({"erp:a": rule("a"), "erp:b": rule("b", 2), "erp:c": rule("c"), "erp:d": rule("d")}, 5)

    assert changed(record(old, new)) == Change(
        "item",
        "S",
        before={"erp:b": rule("b")},
        after={"erp:b": rule("b", 2), "erp:d": rule("d")},
        version=5,
        correlation_ids=("cd-1",),
    )


def test_a_change_of_facts_shows_both() -> None:
    was, now = ItemFacts("S", families=("F",)), ItemFacts("S", families=("G",))
    old, new = (sheet_row({}, v, **_present(item_attributes(f, v, "erp"))) for v, f in ((1, was), (2, now)))

    found = changed(record(old, new))

    assert found is not None
    assert (found.facts_changed, found.facts_before, found.facts_after, found.after) == (True, was, now, {})
    assert changed(record(None, new)).facts_before is None  # type: ignore[union-attr]


def test_a_customer_that_changed() -> None:
    was = CustomerFacts("C", segments=("gold",), ship_tos={"Y": ShipTo("north")})
    now = CustomerFacts("C", segments=("gold", "trade"), strategic=True)
    rows = [{"pk": "C#C", "sk": "PROFILE", **_present(customer_attributes(f, 1, "erp"))} for f in (was, now)]

    found = changed(record(*rows))

    assert found == Change("customer", "C", facts_before=was, facts_after=now, version=1)


def test_leftovers_that_go_are_no_change() -> None:
    gold = rule("g", scope={"item": "S", "segment": "gold"})
    old = sheet_row({"erp:a": rule("a"), "erp:g": gold}, 4, sp="S", spt="2026-11-21T08:00:00.000000Z")
    new = sheet_row({"erp:a": rule("a")}, 5, sp="S", spt="2026-11-21T08:00:00.000000Z")

    found = changed(record(old, new))

    assert found is not None
    assert found.is_empty


@pytest.mark.parametrize("key", [("R#erp:a", "V#0000000001"), ("Q#1", "Q"), ("X#F#00", "S"), ("P#c#00", "S")])
def test_rows_that_no_price_depends_on_are_no_changes(key: tuple[str, str]) -> None:
    assert changed(record(None, {"pk": key[0], "sk": key[1]})) is None


def _present(attributes: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in attributes.items() if v is not None}
