"""What is expected: orders, transfers and confirmations come in by webhook and API; the newest of each kind holds."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.items import ItemProfile
from crossdock.identity.items import Items
from crossdock.inventory.supply_store import SupplyStore
from tests.support.world import CORRELATION, NOW_TEXT, Context, World, api_event, bus_event, webhook_event

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.integration

KNOWN = (("erp", "E1", "SKU-1"), ("erp", "E2", "SKU-2"), ("wms", "A1", "SKU-1"))


def order(quantity: object = 100, /, **fields: Any) -> dict[str, Any]:
    return {
        "id": "PO-1/10",
        "kind": "order",
        "item": "E1",
        "warehouse": "MAIN",
        "version": 1,
        "quantity": quantity,
        "expected_on": "2026-11-25",
        **fields,
    }


def confirmation(*parts: tuple[int, str], **fields: Any) -> dict[str, Any]:
    return {
        "id": "PO-1/10",
        "kind": "confirmation",
        "item": "E1",
        "warehouse": "MAIN",
        "version": 1,
        "parts": [{"quantity": q, "expected_on": on} for q, on in parts],
        **fields,
    }


def supply_event(*supply: Mapping[str, Any], source: str = "erp", **fields: Any) -> dict[str, Any]:
    return bus_event("inventory.supply.reported.v1", {"source": source, "supply": list(supply)}, source, **fields)


def apply(world: World, *supply: Mapping[str, Any], source: str = "erp") -> None:
    event = world.queue_event("supply", [supply_event(*supply, source=source)])
    assert world.call("apply_supply", event, Context()) == {"batchItemFailures": []}


def expected(world: World, sku: str = "SKU-1") -> list[tuple[str, object, str, bool]]:
    lines = SupplyStore(world.table("inventory"), world.clock).expected(sku)
    return [(e.id, e.quantity, e.on.isoformat(), e.confirmed) for line in lines for e in line.expected()]


@pytest.fixture
def known(world: World) -> World:
    world.knows(*KNOWN)
    return world


# -- the way in ------------------------------------------------------------------------------------------------


def test_what_a_partner_says_is_one_event_on_the_bus(world: World) -> None:
    said = [order(), confirmation((60, "2026-11-28"), partial=True)]
    body = {"source": "erp", "supply": said}

    answer = world.call("receive_supply", api_event(body, sources="wms erp"), Context())

    assert answer["statusCode"] == 202
    assert json.loads(answer["body"]) == {"accepted": 2, "correlation_id": CORRELATION}
    (event,) = world.take("supply")
    assert (event["type"], event["id"], event["subject"]) == (
        "inventory.supply.reported.v1",
        f"erp:{CORRELATION}",
        "supply/erp",
    )
    assert event["data"] == {"source": "erp", "supply": [{**order(), "partial": False}, said[1]]}


def test_a_webhook_of_the_erp_is_the_same_event(world: World) -> None:
    body = {"type": "supply.expected", "timestamp": NOW_TEXT, "data": {"supply": [order("2.5")]}}

    assert world.call("receive_webhook", webhook_event(body, source="erp"), Context())["statusCode"] == 202

    (event,) = world.take("supply")
    assert (event["type"], event["id"]) == ("inventory.supply.reported.v1", "erp:msg_1")
    assert event["data"] == {"source": "erp", "supply": [{**order("2.5"), "partial": False}]}


@pytest.mark.parametrize(
    ("said", "field", "says"),
    [
        (order(-1), "supply[0].quantity", "must be at least 0"),
        (order(1.5), "supply[0].quantity", "send a whole number, or a fraction as a text"),
        (order(10**12 + 1), "supply[0].quantity", "at most"),
        (order(None), "supply[0].quantity", "missing; send it with every order"),
        ({k: v for k, v in order().items() if k != "quantity"}, "supply[0].quantity", "missing; send it with every"),
        (order(expected_on="2026-11-31"), "supply[0].expected_on", "date"),
        (order(expected_on=None), "supply[0].expected_on", "missing; send it with every order"),
        (order(kind="wish"), "supply[0].kind", "Input should be"),
        (order(version=-1), "supply[0].version", "greater than or equal to 0"),
        (order(id="a#b"), "supply[0].id", "match pattern"),
        (order(colour="red"), "supply[0].colour", "not permitted"),
        (order(partial=True), "supply[0].partial", "only a confirmation is partial"),
        (order(parts=[{"quantity": 1, "expected_on": "2026-11-25"}]), "supply[0].parts", "leave it out"),
        (confirmation(), "supply[0].parts", "at least 1 item"),
        (confirmation((1, "2026-11-25"), quantity=5), "supply[0].quantity", "leave it out"),
        (confirmation(*[(1, "2026-11-25")] * 21), "supply[0].parts", "at most 20"),
        (confirmation((-1, "2026-11-25")), "supply[0].parts[0].quantity", "must be at least 0"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_nothing_is_sent(
    world: World, said: dict[str, Any], field: str, says: str
) -> None:
    before = world.dump()

    answer = world.call("receive_supply", api_event({"supply": [said]}), Context())

    problem = json.loads(answer["body"])
    assert answer["statusCode"] == 422
    assert [(e["field"], says in e["problem"]) for e in problem["errors"]] == [(field, True)], problem["errors"]
    assert (world.dump(), world.take("supply")) == (before, [])


def test_too_many_a_line_said_twice_and_another_ones_source_are_refused(world: World) -> None:
    many = [order(id=f"PO-{n}") for n in range(501)]
    for said, field in ((many, "supply"), ([order(), order(version=2)], "supply"), ([], "supply")):
        answer = world.call("receive_supply", api_event({"supply": said}), Context())
        assert (answer["statusCode"], json.loads(answer["body"])["errors"][0]["field"]) == (422, field)
    answer = world.call("receive_supply", api_event({"supply": [order()], "source": "erp"}), Context())
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (403, "urn:crossdock:problem:source-not-yours")
    reader = api_event({"supply": [order()]}, scopes="inventory:read")
    assert world.call("receive_supply", reader, Context())["statusCode"] == 403
    assert world.take("supply") == []


# -- what is kept ----------------------------------------------------------------------------------------------


def test_an_order_and_its_confirmation_are_one_row(known: World) -> None:
    apply(known, order(), confirmation((60, "2026-11-28"), partial=True))

    assert known.rows("inventory") == [
        {
            "pk": "T#SKU-1",
            "sk": "P#MAIN#PO-1/10",
            "oq": 100,
            "od": "2026-11-25",
            "ov": 1,
            "ot": False,
            "cp": [[60, "2026-11-28"]],
            "cv": 1,
            "cx": True,
            "at": NOW_TEXT,
            "cor": CORRELATION,
        }
    ]
    assert expected(known) == [("PO-1/10", 40, "2026-11-25", False), ("PO-1/10", 60, "2026-11-28", True)]


def test_in_whatever_order_they_come_the_newest_of_each_kind_holds(known: World) -> None:
    apply(known, confirmation((80, "2026-11-28"), version=3))
    apply(known, order(70, version=5), confirmation((50, "2026-11-26"), version=2))
    apply(known, order(100, version=4), confirmation((90, "2026-11-30"), version=4))

    assert expected(known) == [("PO-1/10", 70, "2026-11-30", True)]


def test_a_closed_line_stays_closed_whatever_comes_late(known: World) -> None:
    apply(known, order(100))
    apply(known, order(0, version=3))
    apply(known, order(100, version=2), confirmation((100, "2026-11-28")))

    assert expected(known) == []


def test_the_same_again_changes_nothing(known: World) -> None:
    apply(known, order(), confirmation((60, "2026-11-28")))
    before = known.dump()

    apply(known, order(), confirmation((60, "2026-11-28")))

    assert known.dump() == before


def test_what_is_to_come_changes_nothing_that_a_channel_is_shown(known: World) -> None:
    apply(known, order(), confirmation((60, "2026-11-28")))
    records = known.stream("inventory")

    known.call("announce_changes", {"Records": records}, Context())

    assert [r["eventName"] for r in records] == ["INSERT", "MODIFY"]
    assert [known.take(f"channel-{c}") for c in ("webshop", "marketplace")] == [[], []]


def test_a_fraction_is_for_items_that_may_have_one(known: World) -> None:
    Items(known.table("identity")).declare([ItemProfile("SKU-2", 1, "m", places=1)])

    apply(known, order("1.5", item="E2"), order("1.5"), order("1.25", item="E2", id="PO-2"))

    assert [str(q) for _, q, _, _ in expected(known, "SKU-2")] == ["1.5"]
    assert expected(known) == []
    heads = sorted((r["kind"], r["subject"]) for r in known.rows("exceptions") if r["sk"] == "HEAD")
    assert heads == [("fraction_not_allowed", "item/E1"), ("fraction_not_allowed", "item/E2")]


def test_lines_and_warehouses_are_told_apart(known: World) -> None:
    apply(known, order(5), order(6, id="PO-1/20"), order(7, item="E2"), order(8, id="T-1", kind="transfer"))

    assert [(i, str(q)) for i, q, _, _ in expected(known)] == [("PO-1/10", "5"), ("PO-1/20", "6"), ("T-1", "8")]
    assert [q for _, q, _, _ in expected(known, "SKU-2")] == [7]
    assert SupplyStore(known.table("inventory"), known.clock).expected("SKU-2")[0].order is not None


# -- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "source", "kind", "subject", "remedy"),
    [
        (order(item="NEW"), "erp", "unknown_item", "item/NEW", "crossdock xref add erp 'NEW' <SKU>, then replay"),
        (
            order(warehouse="MOON"),
            "erp",
            "unknown_warehouse",
            "warehouse/MOON",
            "add it under [warehouses.*] and deploy, or correct the warehouse, then replay",
        ),
    ],
)
def test_a_refused_statement_is_an_exception_with_its_remedy_and_the_rest_goes_on(
    known: World, said: dict[str, Any], source: str, kind: str, subject: str, remedy: str
) -> None:
    apply(known, said, order(7, item="E2"), source=source)

    (head,) = [r for r in known.rows("exceptions") if r["sk"] == "HEAD"]
    assert (head["kind"], head["subject"], head["remedy"]) == (kind, subject, remedy)
    assert expected(known) == []
    assert [q for _, q, _, _ in expected(known, "SKU-2")] == [7]


def test_the_owner_of_a_warehouse_may_say_what_is_coming_to_it(known: World) -> None:
    apply(known, order(item="A1"), source="wms")

    assert [q for _, q, _, _ in expected(known)] == [100]
    assert known.rows("exceptions") == []


def test_who_neither_owns_it_nor_is_configured_to_is_refused(
    known: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from tests.support.world import configuration

    plain = {"connector": "generic_erp", "scheme": "standard-webhooks", "counts": False, "supply": False}
    monkeypatch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, sources={"erp": plain})))
    known.forget_warm_state()

    apply(known, order())

    (head,) = [r for r in known.rows("exceptions") if r["sk"] == "HEAD"]
    assert (head["kind"], head["detail"]) == ("not_the_owner", "erp may not report supply for MAIN: it belongs to wms")
    assert head["remedy"] == ("send it through wms, or set supply = true in [sources.erp] and deploy, then replay")
    assert known.rows("inventory") == []


def test_one_version_with_two_contents_is_raised_and_the_first_stands(known: World) -> None:
    apply(known, order(100), confirmation((60, "2026-11-28")))
    apply(known, order(90), confirmation((61, "2026-11-28")))

    (head,) = [r for r in known.rows("exceptions") if r["sk"] == "HEAD"]
    assert (head["kind"], head["subject"]) == ("conflicting_supply", "supply/PO-1/10")
    assert expected(known) == [("PO-1/10", 60, "2026-11-28", True)]


def test_what_is_no_supply_at_all_is_an_exception(known: World) -> None:
    event = known.queue_event("supply", [supply_event({"id": "x"}), "nonsense", supply_event(order())])

    assert known.call("apply_supply", event, Context()) == {"batchItemFailures": []}

    heads = [r for r in known.rows("exceptions") if r["sk"] == "HEAD"]
    assert len(heads) == 2
    assert expected(known) == [("PO-1/10", 100, date(2026, 11, 25).isoformat(), False)]
