"""What a reservation may ask for, and what the sender is told when it asks for something else."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from crossdock.contracts.fields import MAX_QUANTITY
from crossdock.contracts.reservations import Extension, ReservationChange, ReservationRequest
from crossdock.platform.problems import FieldError, from_validation

pytestmark = pytest.mark.unit


def line(id_: str = "1", quantity: Any = 5, /, **fields: Any) -> dict[str, Any]:
    return {"line": id_, "sku": "A1", "quantity": quantity} | fields


def asked(*lines: Any, **fields: Any) -> dict[str, Any]:
    return {"channel": "webshop", "lines": list(lines or [line()]), **fields}


def refused(document: Any, model: type[BaseModel] = ReservationRequest) -> FieldError:
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(json.dumps(document))
    (error,) = from_validation(caught.value).errors
    return error


def test_the_shortest_request_refuses_on_shortage_and_takes_warehouses_by_priority() -> None:
    found = ReservationRequest.model_validate_json(json.dumps(asked()))

    assert (found.on_shortage, found.sourcing, found.expires_in_seconds, found.reference) == (
        "refuse",
        "priority",
        None,
        None,
    )
    assert (found.lines[0].quantity, found.lines[0].warehouse) == (5, None)


def test_a_whole_request_is_read_and_written_as_it_was_sent() -> None:
    document = asked(
        line("1", "2.5", warehouse="NORTH"),
        line("2", 500),
        on_shortage="backorder",
        sourcing="nearest",
        ship_to={"latitude": 51.5, "longitude": -0.1},
        expires_in_seconds=86_400,
        reference="cart 7",
    )

    found = ReservationRequest.model_validate_json(json.dumps(document))

    assert found.lines[0].quantity == Decimal("2.5")
    assert json.loads(found.model_dump_json(exclude_none=True)) == document


def test_five_hundred_lines_are_taken() -> None:
    lines = [line(str(n)) for n in range(500)]
    assert len(ReservationRequest.model_validate_json(json.dumps(asked(*lines))).lines) == 500


@pytest.mark.parametrize(
    ("document", "field", "says"),
    [
        (asked(line("1", 0)), "lines[0].quantity", "above 0"),
        (asked(line("1", -1)), "lines[0].quantity", "above 0"),
        (asked(line("1", MAX_QUANTITY + 1)), "lines[0].quantity", "at most 1000000000000"),
        (asked(line("1", 10**40)), "lines[0].quantity", "at most 1000000000000"),
        (asked(line("1", 2.5)), "lines[0].quantity", "as a text"),
        (asked(line("1", "0.0000001")), "lines[0].quantity", "at most 6 places"),
        (asked(line("1", "1e3")), "lines[0].quantity", "whole number"),
        (asked(line(quantity=True)), "lines[0].quantity", "whole number"),
        (asked(line(), line("2"), line()), "lines", "'1' stands in it more often"),
        (asked(*(line(str(n)) for n in range(501))), "lines", "at most 500"),
        ({"channel": "webshop", "lines": []}, "lines", "at least 1"),
        (asked(line("a b")), "lines[0].line", "pattern"),
        (asked(line("x" * 41)), "lines[0].line", "pattern"),
        (asked(line(sku="a/b")), "lines[0].sku", "pattern"),
        (asked(line(sku="x" * 65)), "lines[0].sku", "pattern"),
        (asked(line(warehouse="a b")), "lines[0].warehouse", "pattern"),
        (asked(line(lot="L1")), "lines[0].lot", "not permitted"),
        (asked(channel="Web Shop"), "channel", "pattern"),
        (asked(on_shortage="maybe"), "on_shortage", "'refuse', 'partial' or 'backorder'"),
        (asked(sourcing="cheapest"), "sourcing", "'priority', 'nearest' or 'fewest_splits'"),
        (asked(sourcing="nearest"), "ship_to", "missing"),
        (asked(ship_to={"latitude": 90.1, "longitude": 0}), "ship_to.latitude", "less than or equal to 90"),
        (asked(ship_to={"latitude": 0, "longitude": -181}), "ship_to.longitude", "greater than or equal to -180"),
        (asked(ship_to={"latitude": "51", "longitude": 0}), "ship_to.latitude", "valid number"),
        (asked(expires_in_seconds=29), "expires_in_seconds", "greater than or equal to 30"),
        (asked(expires_in_seconds=86_401), "expires_in_seconds", "less than or equal to 86400"),
        (asked(expires_in_seconds="60"), "expires_in_seconds", "valid integer"),
        (asked(reference="x" * 121), "reference", "at most 120"),
        (asked(reference="a\nb"), "reference", "pattern"),
        (asked(partner="other"), "partner", "not permitted"),
    ],
)
def test_what_does_not_fit_is_refused_by_field_and_with_a_remedy(document: Any, field: str, says: str) -> None:
    error = refused(document)

    assert error.field == field
    assert says in error.problem
    assert error.remedy


def test_a_change_takes_a_line_out_by_quantity_0_or_moves_it() -> None:
    lines = [{"line": "1", "quantity": 0}, {"line": "2", "warehouse": "SOUTH"}, {"line": "3", "quantity": "1.5"}]
    found = ReservationChange.model_validate_json(json.dumps({"lines": lines}))

    assert [(x.quantity, x.warehouse) for x in found.lines] == [(0, None), (None, "SOUTH"), (Decimal("1.5"), None)]


@pytest.mark.parametrize(
    ("document", "field", "says"),
    [
        ({"lines": [{"line": "1", "quantity": -1}]}, "lines[0].quantity", "above 0"),
        ({"lines": [{"line": "1", "quantity": False}]}, "lines[0].quantity", "whole number"),
        ({"lines": [{"line": "1"}]}, "lines[0]", "a new quantity, a new warehouse, or both"),
        ({"lines": []}, "lines", "at least 1"),
        ({"lines": [{"line": "1", "quantity": 1}] * 2}, "lines", "more often"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(document: Any, field: str, says: str) -> None:
    error = refused(document, ReservationChange)

    assert error.field == field
    assert says in error.problem


def test_an_extension_says_for_how_long() -> None:
    assert refused({}, Extension).field == "expires_in_seconds"
    assert refused({"expires_in_seconds": 10**9}, Extension).field == "expires_in_seconds"
