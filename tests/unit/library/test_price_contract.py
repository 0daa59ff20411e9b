"""The rule document: what fields must have to do with each other, and the form in which rules are kept."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest
from pydantic import ValidationError

from crossdock.contracts.price_form import normalised
from crossdock.contracts.price_words import BASE_LEVELS, CHARGES, GUARDS, LAYERS, OPERATIONS, needed
from crossdock.contracts.prices import PriceRule, PriceRulesChanged
from crossdock.platform.problems import FieldError, from_validation
from crossdock.pricing.levels import LEVELS
from crossdock.pricing.levels import OPERATIONS as RESOLVED
from crossdock.pricing.rules import Rule

pytestmark = pytest.mark.unit

RULE: dict[str, Any] = {
    "rule_id": "r",
    "version": 1,
    "currency": "GBP",
    "tiers": [{"min_quantity": 1, "value": "2.50"}],
    "valid_from": "2026-01-01",
}
SCOPES: dict[str, dict[str, Any]] = {
    "job": {"job": "J"},
    "ship_to_item": {"customer": "C", "ship_to": "S", "item": "A"},
    "customer_item": {"customer": "C", "item": "A"},
    "customer_family": {"customer": "C", "family": "F"},
    "parent_contract": {"parent": "P"},
    "segment_item": {"segment": "G", "item": "A"},
    "segment_family": {"segment": "G"},
    "branch_list": {"region": "R", "item": "A"},
    "channel_list": {"channels": ["shop"], "family": "F"},
    "base_list": {},
}


def rule(**fields: Any) -> PriceRule:
    return PriceRule.model_validate_json(json.dumps({**RULE, **fields}))


def form(zone: str = "Europe/London", **fields: Any) -> dict[str, Any]:
    return normalised(rule(**fields), zone)


def faults(**fields: Any) -> list[FieldError]:
    with pytest.raises(ValidationError) as caught:
        rule(**fields)
    return list(from_validation(caught.value).errors)


# -- levels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "scope"), SCOPES.items())
def test_a_base_price_without_a_layer_is_of_the_level_of_its_scope(level: str, scope: dict[str, Any]) -> None:
    assert form(scope=scope)["layer"] == level
    assert form(scope=scope, layer=level) == form(scope=scope)
    assert form(scope={**scope, "freight_terms": "FOB"})["layer"] == level


@pytest.mark.parametrize("operation", ["cost_plus", "margin"])
def test_a_price_made_of_the_cost_for_everybody_is_of_the_last_level(operation: str) -> None:
    assert form(operation=operation)["layer"] == "cost_plus"
    assert form(operation=operation, layer="base_list")["layer"] == "base_list"
    assert form(operation=operation, scope={"branch": "B"})["layer"] == "branch_list"


@pytest.mark.parametrize(("layer", "of"), [(a, b) for a in SCOPES for b in SCOPES if a != b], ids=str)
def test_a_layer_that_contradicts_the_scope_is_told_what_the_scope_would_have_to_name(layer: str, of: str) -> None:
    (error,) = faults(layer=layer, scope=SCOPES[of])

    assert (error.field, error.problem) == ("layer", f"is {layer}, and the scope is one of {of}")
    assert error.remedy == f"leave the layer out, or send {of}; a {layer} rule names {needed(layer)}"


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_takes_its_operations_and_no_others(layer: str) -> None:
    scope = {"scope": {**SCOPES.get(layer, {}), **({"item": "A"} if layer == "cost" else {})}}
    extra = {"waives": "f"} if layer == "waiver" else {"of": "cost"}
    for operation in ("fixed", "percent", "amount", "cost_plus", "margin", "multiple"):
        more = extra if operation == "multiple" or layer == "waiver" else {}
        document = {"layer": layer, "operation": operation, **scope, **more}
        if operation in OPERATIONS[layer]:
            assert Rule.read(form(**document)).layer == layer
        else:
            assert "operation" in [e.field for e in faults(**document)]


def test_the_words_of_the_contract_are_those_of_the_resolver() -> None:
    assert BASE_LEVELS == LEVELS
    assert set(LAYERS) == set(RESOLVED)
    assert all(set(OPERATIONS[layer]) <= set(RESOLVED[layer]) for layer in LAYERS)
    assert set(GUARDS) | set(CHARGES) < set(LAYERS)


# -- what belongs to what --------------------------------------------------------------------------------------

DISCOUNT = {"layer": "discount", "operation": "percent", "currency": None}
FIELDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "band": (3, DISCOUNT),
    "concurrency": ("always", DISCOUNT),
    "basis": ("list", DISCOUNT),
    "allow_discounts": (False, {}),
    "on_breach": ("block", {"layer": "floor"}),
    "per": ("line", {"layer": "surcharge"}),
    "waives": ("f", {"layer": "waiver"}),
}
KINDS = {
    "base price": {},
    "discount": DISCOUNT,
    "floor": {"layer": "floor"},
    "surcharge": {"layer": "surcharge"},
    "waiver": {"layer": "waiver", "waives": "f"},
    "rebate": {"layer": "rebate", "operation": "percent"},
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_field_of_one_kind_of_rule_is_refused_on_others(field: str, kind: str) -> None:
    value, own = FIELDS[field]
    document = {**KINDS[kind], field: value}

    if KINDS[kind].get("layer") == own.get("layer"):
        assert form(**document)[field] == value
    else:
        (error,) = faults(**document)
        assert (error.field, error.remedy) == (field, "leave it out")


@pytest.mark.parametrize(
    ("fields", "field", "remedy"),
    [
        ({"item": "A", "scope": {"item": "B"}}, "item", "name the item once"),
        ({"scope": {"item": "A", "family": "F"}}, "scope.family", "the item or the family"),
        ({"scope": {"parent": "C", "customer": "C"}}, "scope.parent", "leave it out"),
        ({"scope": {"customer": "C", "ship_to": "S"}}, "scope.item", "name the item"),
        ({"layer": "surcharge", "scope": {"ship_to": "S"}}, "scope.customer", "name the customer"),
        ({"layer": "cost"}, "scope.item", "name the item"),
        ({"operation": "percent"}, "layer", "send the layer"),
        ({"operation": "multiple"}, "of", "send cost or cost_plus"),
        ({"operation": "multiple", "of": "segment_item", "scope": {"segment": "G"}}, "of", "send cost, branch_list"),
        ({"of": "cost"}, "of", "operation multiple"),
        ({"currency": None}, "currency", "ISO 4217"),
        ({"layer": "discount", "operation": "amount", "currency": None}, "currency", "ISO 4217"),
        ({**DISCOUNT, "tiers": [{"value": "100.5"}]}, "tiers[0].value", "at most 100"),
        ({"operation": "margin", "tiers": [{"value": "100"}]}, "tiers[0].value", "less than 100"),
        ({"operation": "multiple", "of": "cost", "tiers": [{"value": "0"}]}, "tiers[0].value", "fixed price of 0"),
        ({**DISCOUNT, "tier_mode": "graduated"}, "tier_mode", "all_units"),
        ({"tier_basis": "mix_group"}, "mix_group", "name the mix group"),
        ({"mix_group": "paint"}, "mix_group", "tier_basis mix_group"),
        ({"layer": "discount", "basis": "list"}, "basis", "leave it out"),
        ({"layer": "freight", "operation": "percent", "per": "line"}, "per", "leave it out"),
        ({"layer": "waiver"}, "waives", "rule_id of the guard"),
        ({"status": "draft", "approval": {"by": "me", "at": "2026-01-01T00:00:00Z"}}, "approval", "leave it out"),
        ({"valid_to": "2026-01-01"}, "valid_to", "later"),
        ({"valid_through": "2025-12-31"}, "valid_through", "last day"),
        ({"valid_to": "2026-02-01", "valid_through": "2026-02-01"}, "valid_through", "one of them"),
        ({"tiers": [{"min_quantity": 5, "value": "1"}, {"value": "2"}]}, "tiers[1].min_quantity", "rise"),
        ({"tiers": [{"min_quantity": 1, "value": "1", "unit_price": "1"}]}, "tiers[0].unit_price", "leave this field"),
    ],
)
def test_what_contradicts_is_named_with_what_to_send(fields: dict[str, Any], field: str, remedy: str) -> None:
    (error,) = faults(**fields)

    assert error.field == field
    assert remedy in error.remedy


def test_all_contradictions_are_named_at_once() -> None:
    found = faults(band=1, per="line", valid_to="2025-01-01", mix_group="x")

    assert [e.field for e in found] == ["mix_group", "band", "per", "valid_to"]


@pytest.mark.parametrize("family", ["*", "", " A", "A#B", "x" * 101, "é"])
def test_a_family_has_a_name_that_rows_can_be_kept_under(family: str) -> None:
    assert [e.field for e in faults(scope={"family": family})] == ["scope.family"]


# -- the form --------------------------------------------------------------------------------------------------


def test_the_shortest_rule_has_the_shortest_form() -> None:
    assert form() == {
        "rule_id": "r",
        "version": 1,
        "layer": "base_list",
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "value": "2.5"}],
        "valid_from": "2026-01-01T00:00:00.000000Z",
    }


EVERYTHING: dict[str, Any] = {
    "rule_id": "r",
    "version": 7,
    "layer": "discount",
    "operation": "percent",
    "currency": "JPY",
    "unit": "CS",
    "scope": {
        "job": "J",
        "customer": "C",
        "ship_to": "S",
        "parent": "P",
        "segment": "G",
        "item": "A",
        "branch": "B",
        "region": "R",
        "freight_terms": "FOB",
        "channels": ["edi", "shop"],
    },
    "tiers": [{"min_quantity": 0, "value": "0"}, {"min_quantity": "2.5", "value": "12.125"}],
    "tier_basis": "mix_group",
    "mix_group": "paint",
    "band": 10,
    "concurrency": "compound",
    "basis": "list",
    "sequence": 0,
    "contract": "K-1",
    "reason": "spring",
    "valid_from": "2026-03-01T00:00:00.000001Z",
    "valid_to": "2026-04-01T00:00:00.000000Z",
    "approval": {"by": "me", "at": "2026-02-01T00:00:00.000000Z", "reference": "T-1"},
    "withdrawn": True,
    "recorded_at": "2026-02-01T00:00:00.000000Z",
}


@pytest.mark.parametrize(
    "document",
    [
        EVERYTHING,
        {**RULE, "operation": "multiple", "of": "cost", "scope": {"segment": "G"}, "tier_mode": "graduated"},
        {**RULE, "layer": "floor", "on_breach": "block", "status": "draft"},
        {**RULE, "layer": "waiver", "waives": "f"},
        {**RULE, "layer": "freight", "per": "line"},
        {**RULE, "allow_discounts": False, "valid_through": "2026-12-31"},
    ],
)
def test_the_form_is_what_the_resolver_reads_and_writes_and_is_a_document_itself(document: dict[str, Any]) -> None:
    found = normalised(PriceRule.model_validate_json(json.dumps(document)), "Europe/London")

    assert Rule.read(found).document() == found
    assert normalised(PriceRule.model_validate_json(json.dumps(found)), "Asia/Tokyo") == found


def test_a_rule_that_says_everything_keeps_everything() -> None:
    assert form(**EVERYTHING) == EVERYTHING


def test_one_rule_written_in_many_ways_has_one_form() -> None:
    written = [
        {"item": "A", "tiers": [{"min_quantity": 1, "unit_price": "2.50"}], "valid_from": "2026-06-01"},
        {"scope": {"item": "A"}, "tiers": [{"min_quantity": "1.0", "value": "02.5"}], "valid_from": "2026-06-01"},
        {"item": "A", "layer": "base_list", "operation": "fixed", "valid_from": "2026-05-31T23:00:00Z"},
        {"item": "A", "valid_from": "2026-06-01T01:00:00.000+02:00", "tier_basis": "line", "band": 0, "unit": None},
    ]

    assert [form(**fields) == form(**written[0]) for fields in written] == [True] * 4


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends"),
    [
        ("Europe/London", "2026-03-29", "2026-03-29T00:00:00", "2026-03-29T23:00:00"),
        ("Europe/London", "2026-10-25", "2026-10-24T23:00:00", "2026-10-26T00:00:00"),
        ("America/New_York", "2026-07-01", "2026-07-01T04:00:00", "2026-07-02T04:00:00"),
        ("Pacific/Auckland", "2026-07-01", "2026-06-30T12:00:00", "2026-07-01T12:00:00"),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00", "2026-09-07T03:00:00"),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00", "2026-11-02T05:00:00"),
        ("UTC", "2028-02-29", "2028-02-29T00:00:00", "2028-03-01T00:00:00"),
    ],
)
def test_a_business_day_is_what_the_distributors_clocks_say(zone: str, day: str, begins: str, ends: str) -> None:
    found = form(zone, valid_from=day, valid_through=day)

    assert (found["valid_from"], found["valid_to"]) == (f"{begins}.000000Z", f"{ends}.000000Z")


def test_a_window_that_is_empty_in_the_zone_alone_is_refused_when_it_is_known() -> None:
    read = rule(valid_from="2026-06-01T02:00:00Z", valid_to="2026-06-01")

    assert normalised(read, "America/New_York")["valid_to"] == "2026-06-01T04:00:00.000000Z"
    with pytest.raises(ValidationError) as caught:
        normalised(read, "Asia/Tokyo")
    assert [e.field for e in from_validation(caught.value).errors] == ["valid_to"]


def test_a_zone_that_there_is_none_of_is_the_callers_fault() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        form("Mars/Olympus")


def test_an_event_carries_rules_as_they_were_sent() -> None:
    sent = [rule(**EVERYTHING), rule(item="A", valid_through="2026-12-31"), rule(layer="surcharge", per="line")]
    data = {"source": "erp", "prices": [r.model_dump(mode="json", exclude_defaults=True) for r in sent]}

    read = PriceRulesChanged.model_validate_json(json.dumps(data)).prices

    assert [normalised(r, "Europe/London") for r in read] == [normalised(r, "Europe/London") for r in sent]
