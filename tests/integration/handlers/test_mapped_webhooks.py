"""Webhooks of vendors through the functions: facts on the bus, states fetched, exceptions, and replays by new codes."""

from __future__ import annotations

import base64
import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.exchange.schemes import Incoming
from crossdock.exchange.schemes.signing import signed
from tests.support.payloads import FOLDER
from tests.support.replays import replay
from tests.support.world import CORRELATION, NOW, Context, World, configuration, moved, movement, set_secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.integration

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ORDERS = ["orders.order.placed.v1", "orders.order.changed.v1", "orders.order.cancelled.v1"]
API = "http://api.invalid/stores/s"


def expected(path: str) -> Any:
    return json.loads((FOLDER / f"{path}.expected.json").read_text(encoding="utf-8"))


def codes(vendor: str, **changes: Mapping[str, str]) -> dict[str, Any]:
    tables = json.loads((FOLDER / vendor / "codes.json").read_text(encoding="utf-8"))
    for kind, values in changes.items():
        tables[kind]["values"] = tables[kind]["values"] | values
    # the demo has one warehouse
    tables["warehouses"]["values"] = dict.fromkeys(tables["warehouses"]["values"], "MAIN")
    return tables


def with_source(world: World, folder: Path, name: str, connector: str, tables: Mapping[str, Any]) -> None:
    source = {"connector": connector, "scheme": connector, "counts": False}
    path = configuration(folder, sources={name: source}, codes={name: tables})
    world.patch.setenv("CROSSDOCK_CONFIG", str(path))
    set_secret(world, f"sources/{name}", {"signing_secrets": [SECRET], "api": {"url": API, "token": "token"}})
    world.forget_warm_state()


def listen(world: World) -> None:
    """A queue of the test's own for the events that nobody applies yet."""
    if "heard" in world.urls:
        return
    world.urls["heard"] = world.target.sqs.create_queue(QueueName="crossdock-local-heard")["QueueUrl"]
    types = [*ORDERS, "inventory.levels.reported.v1", "customers.accounts.reported.v1"]
    events, bus = world.target.events, "crossdock-local"
    events.put_rule(Name="heard", EventBusName=bus, EventPattern=json.dumps({"detail-type": types}))
    arn = "arn:aws:sqs:us-east-1:000000000000:crossdock-local-heard"
    events.put_targets(Rule="heard", EventBusName=bus, Targets=[{"Id": "q", "Arn": arn, "InputPath": "$.detail"}])


def send(world: World, source: str, scheme: str, path: str, **headers: str) -> int:
    """Delivers a recorded payload, signed; the status of the answer."""
    body = (FOLDER / f"{path}.json").read_bytes()
    url = f"https://api.example/live/webhooks/{source}"
    made = signed(scheme, SECRET, Incoming.of("POST", url, [("Host", "api.example")], body), NOW, None)
    several = {n: list(v) for n, v in made.headers.items()} | {n.replace("_", "-"): [v] for n, v in headers.items()}
    several["X-Correlation-Id"] = [CORRELATION]
    answer = world.call(
        "receive_webhook",
        {
            "httpMethod": "POST",
            "resource": "/webhooks/{source}",
            "pathParameters": {"source": source},
            "headers": {n: v[-1] for n, v in several.items()},
            "multiValueHeaders": several,
            "requestContext": {"path": f"/live/webhooks/{source}", "domainName": "api.example"},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        },
        Context(),
    )
    return int(answer["statusCode"])


class Store:
    """A source's API without a network; while it is `down` it answers 503."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers
        self.down = False
        self.asked: list[str] = []

    def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        assert headers["X-Auth-Token"] == "token"
        self.asked.append(url.removeprefix(f"{API}/"))
        return HttpAnswer(503) if self.down else HttpAnswer(200, json.dumps(self.answers[self.asked[-1]]).encode())


def with_store(world: World, answers: Mapping[str, Any]) -> Store:
    store = Store(answers)
    module = importlib.import_module("functions.map_webhooks.handler")
    world.patch.setattr(module, "Http", lambda **_: store)
    return store


def mapped(world: World, messages: list[Any] | None = None, received: int = 1) -> list[str]:
    """Lets the deferred deliveries be mapped; the ids of messages that are to come again."""
    taken = world.take("webhooks") if messages is None else messages
    answer = world.call("map_webhooks", world.queue_event("webhooks", taken, received), Context())
    return [f["itemIdentifier"] for f in answer["batchItemFailures"]]


def heads(world: World) -> list[dict[str, Any]]:
    return [r for r in world.rows("exceptions") if r["sk"] == "HEAD"]


def test_an_order_of_a_shop_is_on_the_bus_with_its_mapping_and_in_the_inbox_with_its_topic(
    world: World, tmp_path: Path
) -> None:
    with_source(world, tmp_path, "shop", "shopify", codes("shopify"))
    listen(world)

    status = send(
        world, "shop", "shopify", "shopify/orders-create", x_shopify_topic="orders/create", x_shopify_shop_domain="x"
    )

    (event,) = world.take("heard")
    (row,) = world.rows("exchange")
    assert status == 200
    assert [(event["type"], event["subject"], event["data"])] == [
        (f["type"], f["subject"], f["data"]) for f in expected("shopify/orders-create")["expected"]
    ]
    assert event["mappingversion"] == "shopify/1"
    assert event["correlationid"] == CORRELATION
    assert row["hd"] == {"x-shopify-topic": "orders/create"}
    assert (world.take("webhooks"), heads(world)) == ([], [])


def test_a_code_without_a_meaning_is_an_exception_until_its_owner_said_what_it_means(
    world: World, tmp_path: Path
) -> None:
    with_source(world, tmp_path, "shop", "shopify", codes("shopify"))
    listen(world)
    assert send(world, "shop", "shopify", "shopify/orders-unknown-status", x_shopify_topic="orders/updated") == 200
    messages = world.take("webhooks")
    assert mapped(world, messages) == []

    (head,) = heads(world)
    assert (head["kind"], head["source"], head["subject"]) == ("unmapped_code", "shop", "code/statuses/expired")
    assert head["detail"] == (
        "shop: financial_status is 'expired', which the code table [codes.shop.statuses] of sales office does not have"
    )
    assert head["remedy"].startswith("have sales office say what it means")
    assert world.take("heard") == []

    with_source(world, tmp_path, "shop", "shopify", codes("shopify", statuses={"expired": "held"}))
    assert mapped(world, messages) == []

    (event,) = world.take("heard")
    assert (event["type"], event["data"]["order"]["status"]) == ("orders.order.changed.v1", "held")


def test_what_is_good_of_a_delivery_goes_on_and_the_rest_is_an_exception(world: World, tmp_path: Path) -> None:
    with_source(world, tmp_path, "shop", "shopify", codes("shopify"))

    send(world, "shop", "shopify", "shopify/products-update", x_shopify_topic="products/update")
    assert world.take("references") == []
    mapped(world)

    (event,) = world.take("references")
    assert [i["sku"] for i in event["data"]["items"]] == ["85123A", "85123R"]
    (head,) = heads(world)
    assert (head["kind"], head["subject"]) == ("unknown_sku", "item/shop/variant/42000000000014")
    _is_replayed_under_its_id_and_mended_under_another(world, event)
    world.call("apply_references", world.queue_event("references", [event]), Context())
    assert world.row("identity", "X#item#shop#inventory_item/44000000000011", "ID") is not None


def _is_replayed_under_its_id_and_mended_under_another(world: World, event: Mapping[str, Any]) -> None:
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert list(occurrence.message["sent"].values()) == [event["id"]]
    ((_, message),) = replay(world.table("exceptions"), world.clock, [occurrence])
    mapped(world, [message])
    (again,) = world.take("references")
    assert (again["id"], again["data"]) == (event["id"], event["data"])
    mended = json.loads(json.dumps(message))
    mended["body"]["variants"][0]["sku"] = "85123X"
    mapped(world, [mended])
    (other,) = world.take("references")
    assert [i["sku"] for i in other["data"]["items"]] == ["85123X", "85123R"]
    assert other["id"].startswith(f"{event['id']}:")
    assert other["dedupekey"] == other["id"]


def test_a_thin_webhook_costs_one_put_and_one_message_and_its_order_is_fetched_behind_the_answer(
    world: World, tmp_path: Path
) -> None:
    with_source(world, tmp_path, "store", "bigcommerce", codes("bigcommerce"))
    listen(world)
    said = expected("bigcommerce/order-created")
    store = with_store(world, said["answers"])

    assert send(world, "store", "bigcommerce", "bigcommerce/order-created") == 200
    assert (store.asked, len(world.rows("exchange")), world.take("heard")) == ([], 1, [])
    messages = world.take("webhooks")
    assert len(messages) == 1
    assert mapped(world, messages) == []

    (event,) = world.take("heard")
    assert (event["type"], event["data"]) == ("orders.order.placed.v1", said["expected"][0]["data"])
    assert event["mappingversion"] == "bigcommerce/1"
    assert event["id"] == f"store:{messages[0]['delivery']}"
    assert store.asked == list(said["answers"])


def test_while_a_source_does_not_answer_its_message_waits_and_nothing_is_lost(world: World, tmp_path: Path) -> None:
    with_source(world, tmp_path, "store", "bigcommerce", codes("bigcommerce"))
    listen(world)
    store = with_store(world, expected("bigcommerce/order-created")["answers"])
    store.down = True
    send(world, "store", "bigcommerce", "bigcommerce/order-created")
    messages = world.take("webhooks")
    before = world.dump()

    assert mapped(world, messages, received=1) == ["message-0"]
    assert mapped(world, messages, received=40) == ["message-0"]
    assert (world.dump(), world.take("heard")) == (before, [])

    store.down = False
    assert mapped(world, messages) == []
    assert [e["type"] for e in world.take("heard")] == ["orders.order.placed.v1"]


def test_a_source_whose_api_nobody_named_waits_too_and_others_go_on(world: World, tmp_path: Path) -> None:
    with_source(world, tmp_path, "store", "bigcommerce", codes("bigcommerce"))
    with_store(world, {})
    send(world, "store", "bigcommerce", "bigcommerce/order-created")
    set_secret(world, "sources/store", {"signing_secrets": [SECRET]})
    world.forget_warm_state()
    gone = {"v": 1, "kind": "webhook", "source": "wms", "delivery": "gone", "correlation_id": CORRELATION}

    assert mapped(world, [*world.take("webhooks"), gone]) == ["message-0"]

    assert [h["kind"] for h in heads(world)] == ["delivery_gone"]


def test_movements_carry_their_mapping_and_those_in_an_unknown_unit_wait(world: World, tmp_path: Path) -> None:
    tables = json.loads((FOLDER / "generic_wms" / "codes.json").read_text(encoding="utf-8"))
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, codes={"wms": tables})))
    world.forget_warm_state()
    body = moved(movement("m1", 2, unit="CS"), movement("m2", 1, unit="PAL"))
    made = signed(
        "standard-webhooks",
        SECRET,
        Incoming.of(
            "POST", "https://api.example/live/webhooks/wms", [("Host", "api.example")], json.dumps(body).encode()
        ),
        NOW,
        None,
    )
    headers = {n: v[-1] for n, v in made.headers.items()} | {"X-Correlation-Id": CORRELATION}
    world.call(
        "receive_webhook",
        {
            "httpMethod": "POST",
            "pathParameters": {"source": "wms"},
            "headers": headers,
            "requestContext": {},
            "body": base64.b64encode(json.dumps(body).encode()).decode(),
            "isBase64Encoded": True,
        },
        Context(),
    )
    mapped(world)

    (message,) = world.take("movements")
    assert message["mapping"] == "generic_wms/1"
    assert message["movements"] == [movement("m1", 2, unit="case")]
    (head,) = heads(world)
    assert head["subject"] == "code/units/PAL"


# -- by a partner's bus --------------------------------------------------------------------------------------------


def by_bus(world: World, folder: Path) -> None:
    crm = {"connector": "salesforce", "scheme": "salesforce-outbound", "counts": False}
    path = configuration(folder, sources={"crm": {**crm, "event_source": "aws.partner/salesforce.com/00D1/0YL1"}})
    world.patch.setenv("CROSSDOCK_CONFIG", str(path))
    world.forget_warm_state()
    listen(world)


def relay(world: World, name: str, source: str = "crm") -> dict[str, Any]:
    """What the rule on the partner's bus makes of a recorded event: the answer of the function behind its queue."""
    event = json.loads((FOLDER / "salesforce" / f"{name}.json").read_text(encoding="utf-8"))
    message = {"v": 1, "kind": "relayed", "source": source, "id": event["id"], "detail": event["detail"]}
    answer: dict[str, Any] = world.call("map_webhooks", world.queue_event("webhooks", [message]), Context())
    return answer


def test_an_event_of_a_partners_bus_is_kept_and_mapped_and_its_repetition_makes_the_same_event(
    world: World, tmp_path: Path
) -> None:
    by_bus(world, tmp_path)

    assert [relay(world, "change-update") for _ in range(2)] == [{"batchItemFailures": []}] * 2

    first, again = world.take("heard")
    [wanted] = expected("salesforce/change-update")["expected"]
    assert {name: first[name] for name in wanted} == wanted
    delivery = json.loads((FOLDER / "salesforce" / "change-update.json").read_text(encoding="utf-8"))["id"]
    assert (first["id"], first["delivery"], first["mappingversion"]) == (f"crm:{delivery}", delivery, "salesforce/1")
    assert (again["id"], again["correlationid"]) == (first["id"], first["correlationid"])
    assert [r["pk"] for r in world.rows("exchange")] == [f"IN#crm#{delivery}"]
    assert world.rows("exceptions") == []


def test_a_gap_that_a_partners_bus_tells_of_is_an_exception_once(world: World, tmp_path: Path) -> None:
    by_bus(world, tmp_path)

    for _ in range(2):
        relay(world, "change-gap")

    (group,) = world.exceptions.groups()
    assert (group.kind, group.source, group.open) == ("changes_lost", "crm", 1)
    assert world.take("heard") == []


def test_what_no_source_of_ours_sent_over_a_bus_is_an_exception_and_keeps_nothing(world: World, tmp_path: Path) -> None:
    by_bus(world, tmp_path)

    relay(world, "change-update", source="stranger")

    assert world.rows("exchange") == []
    (group,) = world.exceptions.groups()
    assert group.kind == "unreadable_message"
