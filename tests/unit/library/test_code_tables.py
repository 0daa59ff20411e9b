"""Code tables: judged when they are compiled, looked up without guessing."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from crossdock.config.compile import ConfigError, compile_document
from crossdock.config.model import from_document
from crossdock.contracts.codes import STATUSES, UNITS, WAREHOUSES, Codes, CodeTable, UnmappedCodeError

pytestmark = pytest.mark.unit

DOCUMENT: dict[str, Any] = {
    "distributor": {"name": "D", "time_zone": "Europe/London", "currency": "GBP"},
    "warehouses": {"MAIN": {"source": "wms"}},
    "sources": {"wms": {"connector": "generic_wms"}, "shop": {"connector": "shopify"}},
    "codes": {
        "shop": {
            "warehouses": {"owner": "warehouse office", "values": {"71": "MAIN"}},
            "statuses": {"owner": "sales office", "values": {"paid": "released"}},
        }
    },
}


def problems(path: str, value: Any) -> list[str]:
    """What the compiler says of the document with something changed."""
    document = copy.deepcopy(DOCUMENT)
    *parents, last = path.split(".")
    at = document
    for parent in parents:
        at = at[parent]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    with pytest.raises(ConfigError) as caught:
        compile_document(document, "x.toml")
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_tables_are_at_hand_when_the_configuration_is_loaded() -> None:
    business = from_document(compile_document(DOCUMENT, "x.toml"))

    codes = business.codes_of("shop")
    assert codes.canonical(WAREHOUSES, "71", "location_id") == "MAIN"
    assert codes.canonical(STATUSES, "paid", "financial_status") == "released"
    assert codes.tables[STATUSES].owner == "sales office"
    assert business.codes_of("wms") == Codes("wms")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "codes.shop.warehouses.values",
            {"71": "NOWHERE"},
            "codes.shop.warehouses.values.71: 'NOWHERE' is not among [warehouses.*]; add it or name another",
        ),
        (
            "codes.shop.statuses.values",
            {"paid": "payed"},
            "codes.shop.statuses.values.paid: 'payed' is no state of an order; write one of incomplete, held",
        ),
        (
            "codes.shop.units",
            {"owner": "x", "values": {"EA": "1 piece"}},
            "codes.shop.units.values.EA: '1 piece' is no unit: a letter, then letters, digits, _ . -, at most 20",
        ),
        ("codes.shop.warehouses.owner", ..., "codes.shop.warehouses.owner: Field required"),
        ("codes.shop.warehouses.values", {}, "codes.shop.warehouses.values: Dictionary should have at least 1 item"),
        ("codes.shop.colours", {"owner": "x", "values": {"a": "b"}}, "codes.shop.colours.[key]: Input should be"),
        ("codes.gone", {}, "codes.gone: 'gone' is not among [sources.*]; add it or name another"),
        (
            "sources.wms.connector",
            "generic_wmz",
            "sources.wms.connector: there is no connector 'generic_wmz' in crossdock.connectors",
        ),
        (
            "sources.wms.connector",
            "signed_webhook",
            "sources.wms.connector: signed_webhook is told values and sends no facts; name another",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_named_with_the_remedy(path: str, value: Any, expected: str) -> None:
    (found,) = problems(path, value)

    assert found.startswith(expected)


def test_a_code_without_a_meaning_names_the_table_and_its_owner() -> None:
    codes = Codes("wms", {UNITS: CodeTable("stores office", {"EA": "piece"})})

    with pytest.raises(UnmappedCodeError) as caught:
        codes.canonical_if_any(UNITS, "PAL", "unit")

    assert caught.value.refused.kind == "unmapped_code"
    assert caught.value.refused.subject == "code/units/PAL"
    assert caught.value.refused.owner == "stores office"
    assert (
        caught.value.refused.detail
        == "unit is 'PAL', which the code table [codes.wms.units] of stores office does not have"
    )


def test_a_missing_table_is_named_too_and_means_nothing_where_ours_are_used() -> None:
    with pytest.raises(UnmappedCodeError) as caught:
        Codes("shop").canonical(WAREHOUSES, "71", "location_id")

    assert caught.value.refused.detail == (
        "location_id is '71', and there is no code table [codes.shop.warehouses] to say what that means"
    )
    assert Codes("shop").canonical_if_any(WAREHOUSES, "MAIN", "warehouse") == "MAIN"
