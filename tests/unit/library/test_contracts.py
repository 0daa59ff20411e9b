"""Contracts: what is taken, and for what is not, the field and the remedy that the sender is told."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from crossdock.connectors.generic_erp import translate as erp
from crossdock.connectors.generic_wms import translate as wms
from crossdock.contracts.counts import CountReport
from crossdock.contracts.fields import MAX_QUANTITY
from crossdock.contracts.inbound import Fact, Movements, UnknownEventError
from crossdock.contracts.movements import Movement, MovementBatch
from crossdock.contracts.prices import PriceRule
from crossdock.contracts.references import ItemList
from crossdock.platform.problems import MAX_ERRORS, FieldError, Problem, from_validation, path_text
from tests.support.world import movement, price

pytestmark = pytest.mark.unit

QUANTITY = 'send a whole number, or a fraction as a text with at most 6 places, for example "2.5"'


def refused(model: type[BaseModel], document: Any) -> Problem:
    text = document if isinstance(document, bytes) else json.dumps(document)
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(text)
    return from_validation(caught.value)


# -- movements -------------------------------------------------------------------------------------------------


def test_a_movement_is_read_as_it_is_sent() -> None:
    found = Movement.model_validate_json(json.dumps(movement("m1", 5, sequence=10**18, reference="", reason="é")))

    assert found.model_dump(mode="json", exclude_none=True) == {
        **movement("m1", 5),
        "sequence": 10**18,
        "reference": "",
        "reason": "é",
    }


def test_an_instant_is_kept_in_utc() -> None:
    found = Movement.model_validate_json(json.dumps(movement("m1", occurred_at="2026-11-21T09:30:00+02:30")))

    assert found.model_dump(mode="json")["occurred_at"] == "2026-11-21T07:00:00Z"


@pytest.mark.parametrize("quantity", [1, MAX_QUANTITY])
def test_quantities_up_to_the_limit_are_taken(quantity: int) -> None:
    assert Movement.model_validate_json(json.dumps(movement("m1", quantity))).signed_quantity == quantity


@pytest.mark.parametrize(
    ("change", "field", "remedy"),
    [
        ({"quantity": 0}, "quantity", "send a quantity other than 0, or leave the movement out"),
        ({"quantity": -1}, "quantity", "send the quantity without its sign, or an adjustment"),
        ({"quantity": 2.0}, "quantity", QUANTITY),
        ({"quantity": "two"}, "quantity", QUANTITY),
        ({"quantity": "1e3"}, "quantity", QUANTITY),
        ({"quantity": "0.1234567"}, "quantity", QUANTITY),
        ({"quantity": True}, "quantity", QUANTITY),
        ({"quantity": None}, "quantity", QUANTITY),
        ({"quantity": MAX_QUANTITY + 1}, "quantity", "send it in several movements, or correct it"),
        ({"quantity": "1000000000000.5"}, "quantity", "send it in several movements, or correct it"),
        ({"quantity": 10**4000}, "quantity", "send it in several movements, or correct it"),
        ({"type": "steal"}, "type", "send one of the values named"),
        ({"type": "adjustment", "quantity": 0}, "quantity", "send a quantity other than 0, or leave the movement out"),
        (
            {"occurred_at": "2026-11-21T07:00:00"},
            "occurred_at",
            "add the offset from UTC, for example 2026-11-21T08:00:00Z",
        ),
        ({"occurred_at": "yesterday"}, "occurred_at", "send a value that fits the contract"),
        ({"occurred_at": 1_700_000_000}, "occurred_at", "send a value that fits the contract"),
        ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "occurred_at", "send a value that fits the contract"),
        ({"id": ""}, "id", "leave out the characters that do not fit, or shorten it"),
        ({"id": "x" * 101}, "id", "leave out the characters that do not fit, or shorten it"),
        ({"id": " x"}, "id", "leave out the characters that do not fit, or shorten it"),
        ({"id": "a#b"}, "id", "leave out the characters that do not fit, or shorten it"),
        ({"id": 5}, "id", "send a text, in quotes"),
        ({"item": "a\u0000b"}, "item", "leave out the characters that do not fit, or shorten it"),
        ({"item": "a\u009b2J"}, "item", "leave out the characters that do not fit, or shorten it"),
        ({"reason": "\u009b2J"}, "reason", "leave out the characters that do not fit, or shorten it"),
        ({"item": "x" * 81}, "item", "leave out the characters that do not fit, or shorten it"),
        ({"warehouse": "MAIN#1"}, "warehouse", "leave out the characters that do not fit, or shorten it"),
        ({"sequence": -1}, "sequence", "send a value that fits the contract"),
        ({"sequence": 10**18 + 1}, "sequence", "send a value that fits the contract"),
        ({"reason": "x" * 121}, "reason", "shorten it"),
        ({"color": "red"}, "color", "leave this field out; it is not part of this version"),
    ],
)
def test_each_wrong_field_of_a_movement_is_named_with_its_remedy(
    change: dict[str, Any], field: str, remedy: str
) -> None:
    problem = refused(Movement, {**movement("m1"), **change})

    assert (problem.status, problem.name) == (422, "invalid-document")
    assert [(e.field, e.remedy) for e in problem.errors] == [(field, remedy)]
    assert problem.detail.startswith(f"{field}: ")
    assert problem.detail.endswith("Nothing was stored.")


LEAVE_OUT = "leave this field out, or send the type it belongs to"
ELSEWHERE = "send where it went, or leave the movement out"


@pytest.mark.parametrize(
    ("change", "field", "remedy"),
    [
        ({"to_bin": "A"}, "to_bin", LEAVE_OUT),
        ({"type": "pick", "to_warehouse": "NORTH"}, "to_warehouse", LEAVE_OUT),
        ({"from_status": "available"}, "from_status", LEAVE_OUT),
        ({"to_status": "damaged"}, "to_status", LEAVE_OUT),
        ({"reservation": "a" * 20}, "reservation", LEAVE_OUT),
        ({"type": "putaway"}, "to_bin", "send this field"),
        ({"type": "status_change", "from_status": "available"}, "to_status", "send this field"),
        ({"type": "status_change", "to_status": "available"}, "from_status", "send this field"),
        (
            {"type": "status_change", "from_status": "damaged", "to_status": "available", "status": "damaged"},
            "status",
            LEAVE_OUT,
        ),
        ({"type": "status_change", "from_status": "damaged", "to_status": "damaged"}, "to_status", ELSEWHERE),
        ({"type": "putaway", "bin": "A", "to_bin": "A"}, "to_bin", ELSEWHERE),
        ({"type": "transfer_out", "to_warehouse": "MAIN"}, "to_warehouse", ELSEWHERE),
        (
            {"type": "pick", "reservation": "a" * 20, "status": "damaged"},
            "status",
            "leave the status out, or the reservation",
        ),
        ({"status": "lost"}, "status", "send one of the values named"),
        ({"lot": "a#b"}, "lot", "leave out the characters that do not fit, or shorten it"),
        ({"lot": "x" * 41}, "lot", "leave out the characters that do not fit, or shorten it"),
        ({"bin": "x" * 31}, "bin", "leave out the characters that do not fit, or shorten it"),
        ({"unit": "a b"}, "unit", "leave out the characters that do not fit, or shorten it"),
        (
            {"type": "pick", "reservation": "A" * 20},
            "reservation",
            "leave out the characters that do not fit, or shorten it",
        ),
    ],
)
def test_a_field_that_does_not_fit_the_type_is_named_with_its_remedy(
    change: dict[str, Any], field: str, remedy: str
) -> None:
    problem = refused(Movement, {**movement("m1"), **change})

    assert [(e.field, e.remedy) for e in problem.errors] == [(field, remedy)]


def test_every_fault_of_a_movement_in_a_batch_is_told_where_it_stands() -> None:
    bad = movement("m2", -1, type="pick", to_bin="A", to_status="damaged")

    problem = refused(MovementBatch, {"movements": [movement("m1"), bad]})

    fields = ["movements[1].quantity", "movements[1].to_bin", "movements[1].to_status"]
    assert [e.field for e in problem.errors] == fields


@pytest.mark.parametrize(
    ("text", "quantity"), [("2.5", Decimal("2.5")), ("2.0", 2), ("-0.000001", Decimal("-0.000001"))]
)
def test_a_fraction_is_a_text_and_goes_on_as_one(text: str, quantity: Any) -> None:
    found = Movement.model_validate_json(json.dumps(movement("m1", 1, type="adjustment") | {"quantity": text}))

    assert found.quantity == quantity
    assert found.model_dump(mode="json")["quantity"] == (text if quantity != 2 else 2)


# -- profiles --------------------------------------------------------------------------------------------------


def declared(**profile: Any) -> dict[str, Any]:
    codes = [{"system": "wms", "code": "A1"}]
    return {"items": [{"sku": "S", "codes": codes, "profile": {"version": 1, "unit": "piece", **profile}}]}


def test_a_profile_is_read_exactly() -> None:
    found = ItemList.model_validate_json(json.dumps(declared(units={"case": 12, "half": "1/2", "long": "2.5"})))

    profile = found.items[0].profile
    assert profile is not None
    assert profile.units == {"case": 12, "half": Fraction(1, 2), "long": Fraction(5, 2)}
    assert profile.model_dump(mode="json")["units"] == {"case": "12", "half": "1/2", "long": "5/2"}


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        ({"version": 0}, "items[0].profile.version"),
        ({"units": {"case": 0}}, "items[0].profile.units.case"),
        ({"units": {"case": "1/0"}}, "items[0].profile.units.case"),
        ({"units": {"case": 2.5}}, "items[0].profile.units.case"),
        ({"units": {"case": "-2"}}, "items[0].profile.units.case"),
        ({"units": {"piece": 2}}, "items[0].profile"),
        ({"places": 7}, "items[0].profile.places"),
        ({"lot_policy": "declared"}, "items[0].profile"),
        ({"lots": ["L1"]}, "items[0].profile"),
        ({"lot_policy": "declared", "lots": ["L1", "L1"]}, "items[0].profile"),
        ({"substitutes": ["S"]}, "items[0]"),
        ({"substitutes": [f"T{n}" for n in range(11)]}, "items[0].profile.substitutes"),
        ({"families": ["*"]}, "items[0].profile.families[0]"),
        ({"families": ["a#b"]}, "items[0].profile.families[0]"),
        ({"families": ["drills", "drills"]}, "items[0].profile"),
        ({"families": [f"F{n}" for n in range(21)]}, "items[0].profile.families"),
        ({"mix_groups": [" "]}, "items[0].profile.mix_groups[0]"),
        ({"mix_groups": "tools"}, "items[0].profile.mix_groups"),
        ({"color": "red"}, "items[0].profile.color"),
    ],
)
def test_each_fault_of_a_profile_is_named(profile: dict[str, Any], field: str) -> None:
    problem = refused(ItemList, declared(**profile))

    assert [e.field.replace(".[key]", "") for e in problem.errors] == [field]
    assert all(e.problem and e.remedy for e in problem.errors)


@pytest.mark.parametrize("field", ["id", "item", "warehouse", "type", "quantity", "occurred_at"])
def test_each_missing_field_is_named(field: str) -> None:
    problem = refused(Movement, {k: v for k, v in movement("m1").items() if k != field})

    assert problem.errors == (FieldError(field, "Field required", "send this field"),)


def test_our_own_messages_do_not_say_that_they_are_value_errors() -> None:
    (error,) = refused(Movement, movement("m1", -1)).errors

    assert error.problem == ("must be positive for receipt: the type says the direction; only an adjustment is signed")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":}', b'"\\ud800"'])
def test_what_is_no_json_is_400(body: bytes) -> None:
    problem = refused(MovementBatch, body)

    assert (problem.status, problem.name) == (400, "malformed-json")
    assert problem.errors[0].remedy == "send one valid JSON document in UTF-8"


def test_only_the_first_twenty_errors_are_listed_and_the_others_counted() -> None:
    problem = refused(MovementBatch, {"movements": [movement(str(n), 0) for n in range(30)]})

    document = problem.document("cd-12345678")
    assert len(document["errors"]) == MAX_ERRORS
    assert document["errors"][19]["field"] == "movements[19].quantity"
    assert document["errors_not_listed"] == 10
    assert document["correlation_id"] == "cd-12345678"


def test_a_batch_has_one_to_a_thousand() -> None:
    assert refused(MovementBatch, {"movements": []}).errors[0].remedy == "send at least one"
    too_many = refused(MovementBatch, {"movements": [movement(str(n)) for n in range(1001)]})
    assert too_many.errors[0].remedy == "send fewer in one request, and the rest in further ones"
    full = {"movements": [movement(str(n)) for n in range(1000)]}
    assert len(MovementBatch.model_validate_json(json.dumps(full)).movements) == 1000


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (("a", "x" * 1000), "a." + "x" * 60),
        ((), ""),
        (("a",), "a"),
        (("a", 3, "b"), "a[3].b"),
        ((0,), "[0]"),
        (("a", 0, 1), "a[0][1]"),
    ],
)
def test_a_location_is_written_as_a_path(location: tuple[int | str, ...], text: str) -> None:
    assert path_text(location) == text


# -- prices ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["0", "2.55", "000.5", "999999999999.999999"])
def test_an_amount_keeps_its_digits(amount: str) -> None:
    (tier,) = PriceRule.model_validate_json(json.dumps(price("r", 1, amount))).tiers

    assert tier.value == Decimal(amount)
    assert "E" not in str(tier.value)


@pytest.mark.parametrize(
    "amount",
    [
        2.55,
        2,
        None,
        "",
        " 2",
        "2 ",
        "-1",
        "+1",
        "1e2",
        "1E+2",
        "1_000",
        "1,000",
        "1.",
        ".5",
        "NaN",
        "Infinity",
        "٢",
        "2.1234567",
        "9" * 41,
    ],
)
def test_an_amount_that_is_no_plain_text_of_digits_is_refused(amount: Any) -> None:
    problem = refused(PriceRule, price("r", 1, amount))

    assert [e.field for e in problem.errors] == ["tiers[0].unit_price"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"version": 0}, "version"),
        ({"currency": "gbp"}, "currency"),
        ({"unit": "a case"}, "unit"),
        ({"valid_to": "2026-01-01T00:00:00Z"}, "valid_to"),
        ({"valid_from": "2026-02-30"}, "valid_from"),
        ({"tiers": []}, "tiers"),
        ({"tiers": [{"min_quantity": 1, "unit_price": "1"}] * 2}, "tiers[1].min_quantity"),
        ({"tiers": [{"min_quantity": -1, "unit_price": "1"}]}, "tiers[0].min_quantity"),
        ({"withdrawn": "no"}, "withdrawn"),
    ],
)
def test_each_wrong_field_of_a_price_is_named(change: dict[str, Any], field: str) -> None:
    assert field in [e.field for e in refused(PriceRule, {**price("r", 1), **change}).errors]


# -- counts and references -------------------------------------------------------------------------------------

COUNT = {
    "warehouse": "MAIN",
    "position": 0,
    "counted_at": "2026-11-21T07:00:00Z",
    "counts": [{"item": "A1", "quantity": -3}],
}


def test_a_count_may_be_below_nothing() -> None:
    assert CountReport.model_validate_json(json.dumps(COUNT)).counts[0].quantity == -3


@pytest.mark.parametrize("change", [{"position": None}, {"position": -1}, {"position": "5"}])
def test_a_count_without_a_position_is_refused(change: dict[str, Any]) -> None:
    assert [e.field for e in refused(CountReport, {**COUNT, **change}).errors] == ["position"]


def test_a_count_that_names_an_item_twice_is_refused() -> None:
    problem = refused(CountReport, {**COUNT, "counts": [*COUNT["counts"], {"item": "A1", "quantity": 1}]})  # type: ignore[misc]

    assert problem.errors[0].field == "counts"
    assert "'A1'" in problem.errors[0].problem


@pytest.mark.parametrize("sku", ["", "a#b", "é", "x" * 65])
def test_a_sku_has_no_characters_that_keys_or_addresses_use(sku: str) -> None:
    problem = refused(ItemList, {"items": [{"sku": sku, "codes": [{"system": "wms", "code": "1"}]}]})

    assert problem.errors[0].field == "items[0].sku"


# -- connectors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("translate", "known"), [(wms, "stock.moved"), (erp, "items.declared")])
def test_a_connector_names_what_it_knows(translate: Any, known: str) -> None:
    with pytest.raises(UnknownEventError) as caught:
        translate("any", b'{"type":"stock.stolen"}')

    assert known in caught.value.known


@pytest.mark.parametrize("translate", [wms, erp])
@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"type":5}', b"null"])
def test_a_body_without_a_type_is_invalid(translate: Any, body: bytes) -> None:
    with pytest.raises(ValidationError):
        translate("any", body)


# -- what connectors make of it --------------------------------------------------------------------------------


def test_a_warehouse_system_sends_every_field_and_none_is_added() -> None:
    said = movement("m1", "2.5", type="putaway", unit="case", lot="L 1", bin="IN", to_bin="A-01", sequence=3)
    body = {"type": "stock.moved", "timestamp": "2026-11-21T08:00:00Z", "data": {"movements": [said]}}

    found = wms("wms", json.dumps(body).encode())

    assert isinstance(found, Movements)
    assert found.movements == [said]


def test_an_erp_declares_items_with_and_without_profiles() -> None:
    profile = {"version": 2, "unit": "piece", "units": {"case": "1/4"}, "substitutes": ["T"]}
    items = [
        {"sku": "S", "codes": [{"system": "wms", "code": "A1"}], "profile": profile},
        {"sku": "T", "codes": [{"system": "wms", "code": "A2"}]},
    ]
    body = {"type": "items.declared", "timestamp": "2026-11-21T08:00:00Z", "data": {"items": items}}

    found = erp("erp", json.dumps(body).encode())

    assert isinstance(found, Fact)
    assert found.data["items"] == [
        {
            **items[0],
            "profile": {**profile, "places": 0, "lot_policy": "free", "lots": [], "families": [], "mix_groups": []},
        },
        items[1],
    ]
