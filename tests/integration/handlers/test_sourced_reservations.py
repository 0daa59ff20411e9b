"""Holds whose warehouses are found by a rule, what waits for supply, and what is decided from the queue."""

from __future__ import annotations

import json
import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from crossdock import config
from crossdock.contracts.reservations import ReservationRequest
from crossdock.flows import booking, free_stock
from crossdock.flows.reserving import wish_of
from crossdock.inventory.reserving import Reservations
from crossdock.inventory.standing_store import StandingStore
from crossdock.inventory.supply import Order, SupplyLine
from crossdock.inventory.supply_store import SupplyStore
from tests.support import figures
from tests.support.reserving import act, body, header, line, post, stocked
from tests.support.world import CORRELATION, Context, configuration, movement, movements_message

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.world import World

pytestmark = pytest.mark.integration

PARIS, LYON = {"latitude": 48.86, "longitude": 2.35}, {"latitude": 45.76, "longitude": 4.84}
MARSEILLE = {"latitude": 43.3, "longitude": 5.37}


@pytest.fixture
def shop(world: World, tmp_path: Path) -> World:
    """The webshop sells from MAIN, then NORTH (Paris), then SOUTH (Lyon)."""
    document = json.loads(configuration(tmp_path).read_text())
    main, webshop = document["warehouses"]["MAIN"], document["channels"]["webshop"]
    path = configuration(
        tmp_path,
        warehouses={"NORTH": {**main, **PARIS}, "SOUTH": {**main, **LYON}},
        channels={"webshop": {**webshop, "warehouses": ["MAIN", "NORTH", "SOUTH"]}},
    )
    world.patch.setenv("CROSSDOCK_CONFIG", str(path))
    world.forget_warm_state()
    return world


def places(document: Any) -> list[tuple[str, str, int]]:
    return [(p["sku"], p["warehouse"], p["quantity"]) for p in document["places"]]


def expects(world: World, quantity: int, on: str, warehouse: str = "NORTH", order: str = "PO-1") -> None:
    """So much of A1 is to come, as the ERP said."""
    said = SupplyLine("A1", warehouse, f"{order}/10", Order(quantity, date.fromisoformat(on), 1))
    SupplyStore(world.table("inventory"), world.clock).keep([said], CORRELATION)


# -- rules -----------------------------------------------------------------------------------------------------


def test_by_priority_the_first_warehouse_gives_what_it_has(shop: World) -> None:
    stocked(shop, A1=4, A1_NORTH=10)

    status, document = post(shop, body(line(quantity=6)))

    assert status == 201
    assert places(document) == [("A1", "MAIN", 4), ("A1", "NORTH", 2)]
    assert [(x["line"], x["warehouse"], x["quantity"]) for x in document["lines"]] == [
        ("1", "MAIN", 4),
        ("1", "NORTH", 2),
    ]


def test_the_nearest_warehouse_comes_first(shop: World) -> None:
    stocked(shop, A1=9, A1_NORTH=9, A1_SOUTH=4)

    _, document = post(shop, body(line(quantity=6), sourcing="nearest", ship_to=MARSEILLE))

    assert places(document) == [("A1", "NORTH", 2), ("A1", "SOUTH", 4)]


def test_the_one_warehouse_that_has_everything_is_preferred_where_splits_are_dear(shop: World) -> None:
    stocked(shop, A1=9, A2_NORTH=9, A1_SOUTH=3, A2_SOUTH=3)

    _, document = post(shop, body(line("1", quantity=3), line("2", "A2", 3), sourcing="fewest_splits"))

    assert places(document) == [("A1", "SOUTH", 3), ("A2", "SOUTH", 3)]


def test_what_no_warehouse_has_left_is_refused_with_what_is_missing(shop: World) -> None:
    stocked(shop, A1=4, A1_NORTH=3)

    status, problem = post(shop, body(line(quantity=9)))

    assert status == 409
    assert problem["shortages"] == [{"sku": "A1", "warehouse": "MAIN", "asked": 6, "available": 4}]
    assert header(shop)["rsv"] == header(shop, warehouse="NORTH")["rsv"] == 0


def test_a_named_warehouse_is_kept_to(shop: World) -> None:
    stocked(shop, A1=9, A1_NORTH=2)

    assert post(shop, body(line(warehouse="NORTH", quantity=3)))[0] == 409
    _, document = post(shop, body(line(warehouse="NORTH", quantity=3), on_shortage="partial"), "some")
    assert places(document) == [("A1", "NORTH", 2)]


def test_a_plan_that_somebody_else_was_faster_than_is_made_anew(shop: World) -> None:
    stocked(shop, A1=5, A1_NORTH=5, A1_SOUTH=5)
    reader, raced = free_stock.reader, []

    def racing(*args: Any) -> Any:
        read = reader(*args)

        def read_and_be_late(*wanted: Any) -> Any:
            found = read(*wanted)
            if len(raced) < 2:
                raced.append(("MAIN", "NORTH")[len(raced)])
                rival = body(line(quantity=5, warehouse=raced[-1]), channel="webshop")
                assert post(shop, rival, f"rival-{len(raced)}", channels="webshop")[0] == 201
            return found

        return read_and_be_late

    shop.patch.setattr(free_stock, "reader", racing)
    shop.forget_warm_state()

    status, document = post(shop, body(line(quantity=5)))

    assert status == 201
    assert places(document) == [("A1", "SOUTH", 5)]
    assert [header(shop, warehouse=w)["rsv"] for w in ("MAIN", "NORTH", "SOUTH")] == [5, 5, 5]
    assert act(shop, document["id"], "confirm")[0] == 200
    assert [header(shop, warehouse=w)["cm"] for w in ("MAIN", "NORTH", "SOUTH")] == [0, 0, 5]


def test_a_line_is_moved_to_another_warehouse_in_one_step(shop: World) -> None:
    stocked(shop, A1=5, A1_NORTH=5)
    _, held = post(shop, body(line(warehouse="MAIN")))

    status, document = act(shop, held["id"], "change", {"lines": [{"line": "1", "warehouse": "NORTH"}]})

    assert status == 200
    assert places(document) == [("A1", "NORTH", 5)]
    assert (header(shop)["rsv"], header(shop, warehouse="NORTH")["rsv"]) == (0, 5)


# -- supply ----------------------------------------------------------------------------------------------------


def test_the_rest_is_promised_from_the_supply_that_comes_first(shop: World) -> None:
    stocked(shop, A1=4)
    expects(shop, 50, "2026-12-10", "MAIN", "PO-1")
    expects(shop, 50, "2026-12-01", "NORTH", "PO-2")

    status, document = post(shop, body(line(quantity=10), on_shortage="backorder"))

    assert status == 201
    assert document["lines"] == [
        {"line": "1", "sku": "A1", "warehouse": "MAIN", "quantity": 4},
        {
            "line": "1",
            "sku": "A1",
            "warehouse": "NORTH",
            "quantity": 6,
            "backordered": 6,
            "promised_on": "2026-12-01",
        },
    ]
    assert header(shop, warehouse="NORTH") == {"oh": 0, "av": -6, "rsv": 6, "cm": 0}
    assert post(shop, body(line(quantity=10), on_shortage="backorder")) == (status, document)


def test_supply_is_promised_once(shop: World) -> None:
    stocked(shop, A1=1)
    expects(shop, 10, "2026-12-01", "MAIN")

    assert post(shop, body(line(quantity=8), on_shortage="backorder"), "first")[0] == 201
    status, problem = post(shop, body(line(quantity=4), on_shortage="backorder"), "second")
    assert (status, problem["type"]) == (409, "urn:crossdock:problem:not-available")
    assert post(shop, body(line(quantity=3), on_shortage="backorder"), "third")[0] == 201
    assert header(shop) == {"oh": 1, "av": -10, "rsv": 11, "cm": 0}


def test_what_is_promised_from_supply_is_no_oversell(shop: World, capsys: pytest.CaptureFixture[str]) -> None:
    stocked(shop, A1=1)
    expects(shop, 10, "2026-12-01", "MAIN")
    for key, quantity in (("first", 8), ("second", 3)):
        assert post(shop, body(line(quantity=quantity), on_shortage="backorder"), key)[0] == 201
    assert header(shop) == {"oh": 1, "av": -10, "rsv": 11, "cm": 0}
    capsys.readouterr()

    shop.call("announce_changes", {"Records": shop.stream("inventory")}, Context())

    assert figures.measured(capsys) == []


def test_arriving_supply_serves_what_was_promised_from_it_first(shop: World) -> None:
    stocked(shop, A1=1)
    expects(shop, 10, "2026-12-01", "MAIN")
    _, held = post(shop, body(line(quantity=8), on_shortage="backorder"))
    shop.call("apply_movements", shop.queue_event("movements", [movements_message(movement("po-1", 10))]), Context())
    shop.project()

    assert header(shop) == {"oh": 11, "av": 3, "rsv": 8, "cm": 0}
    assert act(shop, held["id"], "confirm")[0] == 200


# -- the queue -------------------------------------------------------------------------------------------------


def queued(world: World, *requests: tuple[str, dict[str, Any]]) -> list[Any]:
    """The messages of requests whose senders do not wait."""
    for key, document in requests:
        assert post(world, document, key, {"Prefer": "respond-async"})[0] == 202
    return world.take("reservations")


def decide(world: World, messages: list[Any]) -> Any:
    return world.call("apply_reservations", world.queue_event("reservations", messages), Context())


def listen(world: World) -> None:
    """Lets the bus put what is decided on a queue."""
    created = world.target.sqs.create_queue(QueueName="crossdock-local-decided")
    world.urls["decided"] = created["QueueUrl"]
    pattern = json.dumps({"detail-type": ["inventory.reservation.decided.v1"]})
    world.target.events.put_rule(Name="decided", EventBusName="crossdock-local", EventPattern=pattern)
    arn = "arn:aws:sqs:us-east-1:000000000000:crossdock-local-decided"
    targets: Any = [{"Id": "q", "Arn": arn, "InputPath": "$.detail"}]
    world.target.events.put_targets(Rule="decided", EventBusName="crossdock-local", Targets=targets)


def test_what_is_queued_is_decided_and_told_to_everybody(shop: World) -> None:
    stocked(shop, A1=10)
    listen(shop)
    messages = queued(shop, ("a", body(line(quantity=6))), ("b", body(line(quantity=6))), ("c", body(line(quantity=4))))

    assert decide(shop, messages) == {"batchItemFailures": []}

    assert header(shop) == {"oh": 10, "av": 0, "rsv": 10, "cm": 0}
    events = shop.take("decided")
    told = {e["data"]["reservation"]: e["data"]["outcome"] for e in events}
    assert [told[m["id"]] for m in messages] == ["held", "refused", "held"]
    assert {e["correlationid"] for e in events} == {CORRELATION}
    assert act(shop, messages[0]["id"], "read")[1]["status"] == "held"
    assert act(shop, messages[1]["id"], "read")[1]["status"] == "refused"
    assert act(shop, messages[2]["id"], "read")[1]["status"] == "held"

    before = shop.dump()
    assert decide(shop, messages) == {"batchItemFailures": []}, "delivered again"
    assert shop.dump() == before
    again = {e["data"]["reservation"]: e["data"]["outcome"] for e in shop.take("decided")}
    assert again == told


def test_a_key_that_is_used_for_two_queued_requests_belongs_to_the_first(shop: World) -> None:
    stocked(shop, A1=10)
    listen(shop)
    messages = queued(shop, ("a", body(line(quantity=6))), ("a", body(line(quantity=1))))

    decide(shop, messages)

    assert header(shop)["rsv"] == 6
    assert sorted(e["data"]["outcome"] for e in shop.take("decided")) == ["held", "key_reused"]


def test_what_is_no_request_is_an_exception_and_the_others_go_on(shop: World) -> None:
    stocked(shop, A1=10)
    (message,) = queued(shop, ("a", body(line(quantity=6))))
    gone = {**message, "request": {**message["request"], "channel": "gone"}}

    assert decide(shop, ["no json", {"kind": "reserve"}, gone, message]) == {"batchItemFailures": []}

    assert header(shop)["rsv"] == 6
    (group,) = shop.exceptions.groups()
    assert (group.kind, group.subject, group.open) == ("unreadable_message", "queue/reservations", 3)


# -- many at once ----------------------------------------------------------------------------------------------


def fight(shop: World, warehouses: tuple[str | None, ...]) -> list[str]:
    """The answers to 64 clients that each ask three times for a unit of A1: of these warehouses, None for any."""
    business = config.load()
    start, answers = threading.Barrier(64), []

    def client(number: int) -> None:
        table = shop.table("inventory")
        reservations, supply = Reservations(table, shop.clock), SupplyStore(table, shop.clock)
        booker = booking.over(reservations, StandingStore(table), supply, business, shop.clock)
        start.wait()
        for attempt in range(3):
            warehouse = warehouses[(number + attempt) % len(warehouses)]
            document = body(line(quantity=1, **({"warehouse": warehouse} if warehouse else {})))
            asked = ReservationRequest.model_validate_json(json.dumps(document))
            wish = wish_of(asked, "acme", f"{number}-{attempt}", business, shop.clock(), CORRELATION)
            answers.append(booker.book(wish).answer.value)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 192
    return answers


def test_sixty_four_clients_fight_for_the_last_hundred_units_of_one_warehouse(shop: World) -> None:
    """Real threads on the engine, through the whole use case: exactly a hundred units are held."""
    stocked(shop, A1=100)

    assert fight(shop, ("MAIN",)).count("held") == 100
    assert header(shop) == {"oh": 100, "av": 0, "rsv": 100, "cm": 0}


def test_sixty_four_clients_fight_for_the_last_hundred_units_of_a_hot_item(shop: World) -> None:
    stocked(shop, A1=100)
    Reservations(shop.table("inventory"), shop.clock).balancer.promote("A1", "MAIN", 4)

    assert fight(shop, ("MAIN",)).count("held") == 100
    givers = [r for r in shop.rows("inventory") if r["pk"].startswith("T#A1")]
    assert (sum(r["av"] for r in givers), sum(r["rsv"] for r in givers)) == (0, 100)


def test_sixty_four_clients_fight_for_the_last_hundred_units_of_three_warehouses(shop: World) -> None:
    """Some name a warehouse, some let it be found: whoever is told that there is nothing had looked everywhere."""
    stocked(shop, A1=40, A1_NORTH=35, A1_SOUTH=25)

    assert fight(shop, (None, "MAIN", None, "NORTH", None, "SOUTH")).count("held") == 100
    found = [header(shop, warehouse=w) for w in ("MAIN", "NORTH", "SOUTH")]
    assert [(h["av"], h["rsv"]) for h in found] == [(0, 40), (0, 35), (0, 25)]
