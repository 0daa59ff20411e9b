"""Values that nobody may ever read in a log are put into every place of every request, and looked for in all that is
logged: credentials, secrets, personal data, prices, whole texts of others.

What is logged of a request is what it is about (a route, counts, correlation ids, codes of ours), never what it says.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.platform.logs import logger
from tests.support.api_examples import Operation, Stage, call, operations, request, staged
from tests.support.world import SECRET, Context, World, movement, movements_message, prices_event, webhook_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

TEXT = "canary7f3atext"
PRICE = "7313.77"
NUMBER = 73137713
KEY = "ck_canary7f3akey"
TOKEN = "eyJcanary7f3atoken"
SECRETS = (SECRET, SECRET.removeprefix("whsec_"), "erp-token-of-a-demo", "a key of cursors", "a key of quotes")
CANARIES = (TEXT, PRICE, str(NUMBER), KEY, TOKEN, *SECRETS)
KEYED = [pytest.param(o, id=o.route) for o in operations() if o.keyed]
# What names a thing of ours may be logged: it is how a fact is found again.
NAMES = frozenset({"source", "channel", "warehouse", "currency", "type", "unit", "system", "kind", "connector"})


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every line that any logger writes anywhere; after the test none of them has a canary."""
    lines: list[str] = []
    emit = logging.StreamHandler.emit

    def noting(handler: logging.StreamHandler[Any], record: logging.LogRecord) -> None:
        lines.append(handler.format(record))
        emit(handler, record)

    monkeypatch.setattr(logging.StreamHandler, "emit", noting)
    yield lines
    assert [(canary, line[:400]) for canary in CANARIES for line in lines if canary in line] == [], "this was logged"


@pytest.fixture(scope="module")
def stage(engine: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(engine, tmp_path_factory.mktemp("canaries")) as both:
        yield both


def poisoned(document: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """The document with this value in one place."""
    made = json.loads(json.dumps(document))
    at = made
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    return made


def places(document: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a text or number in a document, but for names of ours."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name not in NAMES:
                yield from places(value, (*way, name))
    elif isinstance(document, list):
        for n, value in enumerate(document):
            yield from places(value, (*way, n))
    elif way:
        yield way


def test_a_line_with_a_canary_is_noticed(logged: list[str]) -> None:
    logger().warning("somebody forgot", extra={"said": {"name": TEXT}})
    assert [line for line in logged if TEXT in line] != []
    logged.clear()


@pytest.mark.parametrize("operation", KEYED)
def test_no_call_of_the_api_logs_what_it_was_sent(stage: Stage, operation: Operation, logged: list[str]) -> None:
    made = request(operation, stage.owner, "canary-test")
    made.headers |= {"X-Api-Key": KEY, "Authorization": f"Bearer {TOKEN}", "Cookie": f"a={TOKEN}"}
    call(stage.world, operation, made.event(stage.owner))
    body = made.body
    for place in places(body):
        for value in (TEXT, PRICE, NUMBER, {TEXT: TEXT}):
            made.body = poisoned(body, place, value)
            call(stage.world, operation, made.event(stage.owner))
    made.body = body
    for name in made.query:
        made.query = {**made.query, name: TEXT}
    call(stage.world, operation, made.event(stage.owner))
    made.body = f"{TEXT} is no json".encode()
    call(stage.world, operation, made.event(stage.owner))
    assert logged, "a station is logged for each call"


def test_no_webhook_logs_its_body_or_its_signature(world: World, logged: list[str]) -> None:
    note = {"note": TEXT, "reference": TEXT}
    bodies: list[Any] = [
        {
            "type": "stock.moved",
            "timestamp": "2026-11-21T07:59:00Z",
            "data": {"movements": [movement("c1", 1, **note)]},
        },
        {"type": TEXT, "timestamp": TEXT, "data": {TEXT: TEXT}},
        {"type": "prices.changed", "data": {"prices": [{"rule_id": "R1", "tiers": [{"value": PRICE}]}]}},
        {"type": "customers.reported", "data": {"accounts": [{"account": "1", "attributes": {"name": TEXT}}]}},
        f"{TEXT} is no json".encode(),
    ]
    for n, body in enumerate(bodies):
        for source in ("wms", "erp"):
            event = webhook_event(body, source=source, delivery=f"msg_{n}{source}")
            world.call("receive_webhook", event, Context())
    forged = webhook_event(bodies[0], webhook_signature=f"v1,{TEXT}")
    assert world.call("receive_webhook", forged, Context())["statusCode"] == 401
    assert logged


def test_no_worker_logs_what_a_message_holds(world: World, logged: list[str]) -> None:
    world.knows(("wms", "A1", "A1"), ("erp", "E1", "A1"))
    good = movement("c1", 5, note=TEXT)
    for message in (
        movements_message(good),
        movements_message({**good, "id": "c2", "quantity": NUMBER, "type": TEXT}),
        movements_message({**good, "id": "c3", "quantity": {TEXT: TEXT}}),
        {"v": 1, "kind": TEXT, TEXT: TEXT},
        f"{TEXT} is no json",
    ):
        world.call("apply_movements", world.queue_event("movements", [message]), Context())
    tiers = [{"min_quantity": 1, "unit_price": PRICE}]
    rule = {"rule_id": "R1", "version": 1, "item": "E1", "currency": "GBP", "tiers": tiers}
    for fields in ({"valid_from": "2026-01-01T00:00:00Z"}, {"valid_from": PRICE}, {"scope": {"customer": TEXT}}):
        event = prices_event({**rule, **fields})
        world.call("apply_price_changes", world.queue_event("prices", [event]), Context())
    world.call("project_balances", {"Records": world.stream("inventory")}, Context())
    world.call("announce_changes", {"Records": world.stream("inventory")}, Context())
    world.call("spread_price_changes", {"Records": world.stream("pricing")}, Context())
    assert logged


def test_a_delivery_that_fails_logs_neither_the_secret_nor_the_value(world: World, logged: list[str]) -> None:
    from tests.support.world import dirty_message

    world.knows(("wms", "A1", "A1"))
    world.call(
        "apply_movements", world.queue_event("movements", [movements_message(movement("c9", NUMBER))]), Context()
    )
    world.project()
    message = dirty_message("webshop", ("availability", "A1"))
    world.call("deliver_to_channel", world.queue_event("channel-webshop", [message]), Context())
    assert logged
