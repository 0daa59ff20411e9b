"""Every function dies before and after each of its outside calls, gets its work again, and ends where it should.

A scenario arranges the world, runs one piece of work under a reaper, and says what must hold in the end. First the work
runs undisturbed; its calls are what is to be survived, and the number of them stands here, so that a scenario that
calls nothing cannot pass. Then, for each call and moment: the world is made anew, the work dies there, is delivered
again, and must end exactly as the undisturbed one did.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.exceptions.correction import assignments_to_patch, corrected_message
from crossdock.exceptions.model import OPEN
from crossdock.exceptions.runs import Options, RunState, Selection, new_id
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.inbox import Delivery, Inbox
from crossdock.exchange.shadow import LEASE_S
from crossdock.inventory.gaps import from_text, joined
from crossdock.platform import clients
from crossdock.platform.dynamo import Table
from crossdock.pricing import sheet
from crossdock.pricing.cell_store import CellStore, Stored
from crossdock.pricing.cells import Cell, Step, Window
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import ItemStated
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.store import Approved, PricingStore
from tests.support import replays
from tests.support import world as worlds
from tests.support.payloads import FOLDER
from tests.support.scenarios import Scenario, Stage, dies_everywhere, on, run
from tests.support.tables import table_name
from tests.support.world import (
    CORRELATION,
    Context,
    api_event,
    bus_event,
    counts_event,
    dirty_message,
    later,
    moved,
    movement,
    movements_message,
    price,
    prices_event,
    references_event,
    webhook_event,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossdock.inventory.journal import JournalEntry
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration


def everything(stage: Stage) -> Any:
    """All that is stored, but for the stream's sequence numbers: each emulator run counts from its own time on.

    Of a source's sequence only what has arrived is compared: what a worker that died had journaled is set aside.
    """
    rows = stage.world.dump()
    for row in rows["inventory"]:
        row.pop("seq", None)
        if row["pk"].startswith("SEQ#"):
            arrived = joined(from_text(row.pop("r")), from_text(row.pop("x")), 0)
            row.update(n=0, by="", arrived=[(s.first, s.last) for s in arrived])
    return rows


def nothing(_: Stage) -> None:
    return None


def consumes(function: str, queue: str, *messages: Any) -> Callable[[Stage], None]:
    """The work of handling a queue's batch, which is not done while a record is to come again."""

    def work(stage: Stage) -> None:
        answer = stage.world.call(function, stage.world.queue_event(queue, messages), Context())
        assert answer == {"batchItemFailures": []}

    return work


def references(stage: Stage) -> None:
    stage.world.knows(("wms", "A1", "SKU-1"), ("wms", "A2", "SKU-2"), ("erp", "E1", "SKU-1"))


def stocked(stage: Stage) -> None:
    references(stage)
    consumes("apply_movements", "movements", movements_message(movement("m1"), movement("m2", 3, item="A2")))(stage)
    stage.world.project()


def unique(messages: list[Any]) -> list[Any]:
    """Messages that may have been sent twice, each once; an event's time is that of its sending."""
    texts = {json.dumps(m, sort_keys=True) for m in messages}
    return [json.loads(t) for t in sorted(texts)]


# -- the way in ------------------------------------------------------------------------------------------------


def _post_movements(stage: Stage) -> None:
    batch = {"movements": [movement(f"m{n}", 1, reason="x" * 100) for n in range(1000)]}
    answer = stage.world.call("receive_movements", api_event(batch), Context())
    assert answer["statusCode"] == 202


def _post_webhook(body: dict[str, Any], source: str) -> Callable[[Stage], None]:
    def work(stage: Stage) -> None:
        stage.world.forget_warm_state()  # so that the secret is read each time
        answer = stage.world.call("receive_webhook", webhook_event(body, source=source), Context())
        assert answer["statusCode"] == 202

    return work


def _inbox_and(queue: str) -> Callable[[Stage], Any]:
    return lambda stage: (stage.world.dump(), unique(stage.world.take(queue)))


def _relayed(stage: Stage) -> Any:
    """The inbox, but for the correlation id and instant of whoever came first."""
    rows = [{k: v for k, v in r.items() if k not in {"cor", "at"}} for r in stage.world.rows("exchange")]
    return rows, stage.world.rows("exceptions")


PRICES = {"type": "prices.changed", "timestamp": "2026-11-21T08:00:00Z", "data": {"prices": [price("r1", 1)]}}

LARGE = moved(*(movement(f"m{n:04d}" + "x" * 90) for n in range(1000)))
KEPT = {"v": 1, "kind": "webhook", "source": "wms", "delivery": "msg_1", "correlation_id": CORRELATION}


def _kept(body: dict[str, Any]) -> Callable[[Stage], None]:
    """A delivery that lies in the inbox."""

    def arrange(stage: Stage) -> None:
        inbox = Inbox(stage.world.table("exchange"), stage.world.clock)
        inbox.accept(Delivery("wms", "msg_1", json.dumps(body).encode(), CORRELATION), lambda _: None)

    return arrange


THIN = {**KEPT, "source": "store"}


def _thin(stage: Stage) -> None:
    """A delivery that says only which product changed, and a store that says one of its two variants has no SKU."""
    folder = Path(os.environ["CROSSDOCK_CONFIG"]).parent
    source = {"connector": "bigcommerce", "scheme": "bigcommerce", "counts": False}
    worlds.configuration(folder, sources={"store": source})
    api = {"url": "http://store.invalid", "token": "t"}
    worlds.set_secret(stage.world, "sources/store", {"signing_secrets": [worlds.SECRET], "api": api})
    product = {"data": {"id": 20, "variants": [{"id": 63, "sku": "A1"}, {"id": 64, "sku": ""}]}}
    stage.endpoint.get_answer = HttpAnswer(200, json.dumps(product).encode())
    notice = {"scope": "store/product/updated", "data": {"type": "product", "id": 20}, "created_at": 1795248000}
    inbox = Inbox(stage.world.table("exchange"), stage.world.clock)
    inbox.accept(Delivery("store", "msg_1", json.dumps(notice).encode(), CORRELATION), lambda _: None)


def _fetch(stage: Stage) -> None:
    stage.world.forget_warm_state()  # so that the secret is read each time
    event = stage.world.queue_event("webhooks", [THIN])
    assert stage.world.call("map_webhooks", event, Context()) == {"batchItemFailures": []}


CHANGED = json.loads((FOLDER / "salesforce" / "change-update.json").read_text(encoding="utf-8"))
RELAYED = {"v": 1, "kind": "relayed", "source": "crm", "id": CHANGED["id"], "detail": CHANGED["detail"]}


def _by_bus(stage: Stage) -> None:
    """A source whose partner bus is relayed to us."""
    crm = {"connector": "salesforce", "scheme": "salesforce-outbound", "counts": False}
    folder = Path(os.environ["CROSSDOCK_CONFIG"]).parent
    worlds.configuration(folder, sources={"crm": {**crm, "event_source": "aws.partner/salesforce.com/00D1/0YL1"}})


PRICE_CUSTOMERS = bus_event(
    "pricing.customers.changed.v1",
    {
        "source": "erp",
        "customers": [
            {"customer": "C1", "version": 1, "segments": ["retail"], "parents": ["HOLDING"]},
            {"customer": "HOLDING", "version": 1},
            {"customer": "C2", "version": 1, "parents": ["C3"]},
            {"customer": "C3", "version": 1, "parents": ["C4"]},
        ],
    },
    "erp",
)


def _with_profiles() -> dict[str, Any]:
    event = references_event({"SKU-5": [("wms", "A5")], "SKU-6": [("wms", "A6")]})
    for item in event["data"]["items"]:
        item["profile"] = {"version": 1, "unit": "EA", "units": {"CS": 12}, "families": ["drills"]}
    return event


PROPOSED = {"rules": [price("r1", 1), price("r2", 1)]}
_DESK: dict[str, Any] = {"sources": "erp", "scopes": "prices:write prices:approve"}


def _propose(stage: Stage) -> None:
    stage.world.forget_warm_state()
    event = api_event(PROPOSED, route="POST /v1/price-rules", partner="mara", **_DESK)
    assert stage.world.call("change_price_rules", event, Context())["statusCode"] == 201


def _proposed(stage: Stage) -> None:
    references(stage)
    _propose(stage)


def _approve_both(stage: Stage) -> None:
    body = {"approvals": [{"rule_id": rule, "version": 1} for rule in ("r1", "r2")]}
    event = api_event(body, route="POST /v1/price-rules/approvals", partner="noor", **_DESK)
    assert stage.world.call("change_price_rules", event, Context())["statusCode"] == 200


def _import(stage: Stage) -> None:
    stage.world.forget_warm_state()
    rules = [price("r1", 1), price("r2", 1, status="draft")]
    event = {"action": "keep", "source": "erp", "by": "mara", "correlation_id": CORRELATION, "rules": rules}
    assert len(stage.world.call("import_price_rules", event, Context())["verdicts"]) == len(rules)


# -- the domains -----------------------------------------------------------------------------------------------

MOVEMENTS = movements_message(
    *(movement(f"m{n:02}", n + 1, sequence=n) for n in range(30)),
    movement("bad", item="NEW"),
    movement("bad2", item="NEW"),
    movement("worse", warehouse="MOON"),
    movement("m00", 99),
)


def _journaled(stage: Stage) -> None:
    references(stage)
    for part in range(2):
        lots = [movement(f"{part}-{n}", 1, item=f"A{n % 2 + 1}") for n in range(6)]
        consumes("apply_movements", "movements", movements_message(*lots))(stage)
        if part == 0:
            stage.world.project()
    stage.kept = stage.world.stream("inventory")


def _project(stage: Stage) -> None:
    stage.world.call("project_balances", {"Records": stage.kept}, Context())


def _streams(stage: Stage) -> None:
    stocked(stage)
    consumes("apply_price_changes", "prices", prices_event(price("r1", 1)))(stage)
    stage.kept = stage.world.stream("inventory") + stage.world.stream("pricing")


def _announce(stage: Stage) -> None:
    stage.world.call("announce_changes", {"Records": stage.kept}, Context())


def _marks(stage: Stage) -> Any:
    return {c: unique(stage.world.take(f"channel-{c}")) for c in ("webshop", "marketplace")}


# More rules than fit into one call: new ones, new and old versions, a contradiction, another's rule, an unknown item.
PRICED = prices_event(
    *(price(f"n{n:02}", 1, item=f"P{n:02}") for n in range(28)),
    price("r1", 3, "2.00"),
    price("r1", 1, "3.00"),
    price("r1", 2, "9.00"),
    price("r2", 1),
    price("r1", 4, item="P01"),
    price("r3", 1, item="NEW"),
)


def _priced(stage: Stage) -> None:
    references(stage)
    stage.world.knows(*(("erp", f"P{n:02}", f"SKU-P{n:02}") for n in range(28)))
    consumes("apply_price_changes", "prices", prices_event(price("r1", 2), price("old", 1, item="P00")))(stage)


# A row that gives its segments away under this event, after it had some of them.
SEGMENTS = [price(f"s{n}", 1, scope={"segment": f"seg-{n}"}) for n in range(6)]


def _nearly_full(stage: Stage) -> None:
    references(stage)
    stage.world.patch.setattr(sheet, "ROOM", 150)
    stage.world.patch.setattr(sheet, "_WORTH_IT", 30)
    consumes("apply_price_changes", "prices", prices_event(*SEGMENTS[:3]))(stage)


def _pricing_store(stage: Stage) -> PricingStore:
    return PricingStore(Table(clients.dynamodb(), table_name("pricing")), stage.world.clock)


def _drafted(stage: Stage) -> None:
    references(stage)
    consumes("apply_price_changes", "prices", prices_event(price("r1", 1), price("r1", 2, status="draft")))(stage)


def _approve(stage: Stage) -> None:
    assert _pricing_store(stage).approve("erp:r1", 2, "ann") in {Approved.APPROVED, Approved.ALREADY}


def _finish_approvals(stage: Stage) -> None:
    """Approved by somebody who is not asked again: whoever looks at the drafts next goes on."""
    store = _pricing_store(stage)
    if store.ledger.get("erp:r1", 2).status == "draft":  # type: ignore[union-attr]
        _approve(stage)
    assert store.drafts() == []


def _in_a_family(stage: Stage) -> None:
    _state_items(stage, 1, "F", "G")


def _state_items(stage: Stage, version: int, *families: str) -> None:
    facts = [ItemStated(ItemFacts(sku, families=families), version, "erp") for sku in ("SKU-1", "SKU-2")]
    Profiles(Table(clients.dynamodb(), table_name("pricing"))).keep_items(facts, CORRELATION)


# -- telling ---------------------------------------------------------------------------------------------------

TOLD = dirty_message("webshop", ("availability", "SKU-1"), ("availability", "SKU-2"), ("price", "SKU-1"))


def _to_tell(stage: Stage) -> None:
    stocked(stage)
    cell = Cell("GBP", "EA", (Window(None, None, (Step(1, Decimal("2.55")),), ("erp:r1@1",)),), frozenset())
    row = Stored(1, cell.document(), cell.price_hash, 0, since=worlds.NOW_TEXT)
    CellStore(stage.world.table("pricing")).write("list", {"SKU-1": (None, row)})
    stage.endpoint.answer = HttpAnswer(200, b'{"rejected":[{"sku":"SKU-2","reason":"no such listing"}]}')


def _tell(stage: Stage) -> None:
    stage.world.forget_warm_state()
    stage.world.now = later((stage.world.now - worlds.NOW).total_seconds() + 31)  # a dead worker's lease is over
    consumes("deliver_to_channel", "channel-webshop", TOLD)(stage)


def _told(stage: Stage) -> Any:
    rows = everything(stage)
    for row in [r for table in ("exchange", "exceptions") for r in rows[table]]:
        for instant in ("at", "acked", "first_seen", "gt", "due", "opened"):
            row.pop(instant, None)
    return rows, stage.endpoint.held


def _acknowledged(stage: Stage) -> None:
    """Both items told and acknowledged, nothing in the digests yet."""
    stocked(stage)
    told = dirty_message("webshop", ("availability", "SKU-1"), ("availability", "SKU-2"))
    consumes("deliver_to_channel", "channel-webshop", told)(stage)
    stage.kept = stage.world.stream("exchange")


def _digest(stage: Stage) -> None:
    stage.world.call("digest_shadows", {"Records": stage.kept}, Context())


def _digests(stage: Stage) -> Any:
    rows = [r for r in stage.world.rows("exchange") if r["pk"].startswith("DG#")]
    return [{n: v for n, v in r.items() if n != "seq"} for r in rows]


def _lost_at_the_channel(stage: Stage) -> None:
    _acknowledged(stage)
    _digest(stage)
    del stage.endpoint.held["availability", "SKU-1"]


def _reconcile_channel(stage: Stage) -> None:
    """Two runs and what they caused; after a crash the first of them comes again."""
    for _ in range(2):
        stage.world.call("reconcile_channel", {"channel": "webshop", "correlation_id": CORRELATION}, Context())
    if messages := stage.world.take("channel-webshop"):
        consumes("deliver_to_channel", "channel-webshop", *messages)(stage)


def _held_again(stage: Stage) -> Any:
    # A delivery that died keeps its item leased, and its message is gone with it here: the next run comes later.
    stage.world.now += timedelta(seconds=2 * LEASE_S)
    _reconcile_channel(stage)  # nothing more may happen now
    held = {key: fields for key, (_, fields) in stage.endpoint.held.items()}
    seen = stage.world.row("exchange", "DRIFT#webshop", "availability")
    return held, seen, stage.world.rows("exceptions")


# -- exceptions ------------------------------------------------------------------------------------------------


def _exceptions() -> ExceptionsStore:
    """A store over the handlers' own client, which the reaper watches."""
    return ExceptionsStore(Table(clients.dynamodb(), table_name("exceptions")), lambda: worlds.NOW)


def _refused(stage: Stage) -> None:
    consumes("apply_movements", "movements", movements_message(movement("m1", item="NEW")))(stage)


def _corrected(stage: Stage) -> None:
    _refused(stage)
    references(stage)
    _correct(stage)


def _only() -> Any:
    store = _exceptions()
    (group,) = [*store.groups(), *store.groups("closed")]
    (occurrence,) = store.occurrences(group.id)
    return store, occurrence


def _correct(_: Stage) -> None:
    store, occurrence = _only()
    if occurrence.corrected is None:
        patch = assignments_to_patch(occurrence, {"item": "A1"})
        assert store.correct(occurrence, corrected_message(occurrence, patch), patch, "ann", "typo")


def _close(_: Stage) -> None:
    store, occurrence = _only()
    store.close(occurrence, "ann", "a test item")
    assert list(store.groups()) == []


def _replay(stage: Stage) -> None:
    """Replays what is open; a run whose worker died is gone on with, as `runs resume` does; then it is applied."""
    found = replays.replayer(Table(clients.dynamodb(), table_name("exceptions")), lambda: worlds.NOW, _sender(stage))
    run = next((r for r in found.runs.runs() if r.state in {RunState.RUNNING, RunState.PREVIEWED}), None)
    if run is None and _only()[1].state == OPEN:
        run = found.draft(Selection(kind="unknown_item"), Options(), "ann")
        list(found.preview(run))
    if run is not None:
        worker = new_id()
        assert found.runs.begin(run.id, worker, "ann")
        found.work(run, worker, "ann")
    # What a worker that died had taken comes again.
    stage.kept = [*(stage.kept or []), *stage.world.take("movements")]
    consumes("apply_movements", "movements", *stage.kept)(stage)


def _sender(stage: Stage) -> Callable[[Any], None]:
    def send(messages: Any) -> None:
        for route, message in messages:
            clients.sqs().send_message(QueueUrl=stage.world.urls[route], MessageBody=json.dumps(message))

    return send


def _settled(stage: Stage) -> Any:
    _, occurrence = _only()
    (group,) = _exceptions().groups("closed")
    counts = (group.open, group.replaying, group.settled, group.closed)
    return occurrence.state, counts, stage.world.rows("inventory")


# -- reconciliation --------------------------------------------------------------------------------------------


def _counted(stage: Stage) -> None:
    stocked(stage)
    consumes("apply_counts", "counts", counts_event({"A1": 4, "A2": 3}))(stage)


def _reconcile(stage: Stage) -> None:
    """Two runs and what they caused; after a crash the first of them comes again."""
    for _ in range(2):
        stage.world.call("reconcile_stock", {"source": "wms", "correlation_id": CORRELATION}, Context())
    consumes("apply_movements", "movements", *stage.world.take("movements"))(stage)
    stage.world.project()


def _healed(stage: Stage) -> Any:
    _reconcile(stage)  # nothing more may happen now
    journal: list[JournalEntry] = list(stage.world.inventory.entries("SKU-1", "MAIN"))
    ours = [(e.id, e.quantity) for e in journal if e.source == "crossdock"]
    drift = [r for r in stage.world.rows("inventory") if r["pk"].startswith("DRIFT#")]
    return stage.world.balance("SKU-1"), stage.world.balance("SKU-2"), ours, drift, stage.world.rows("exceptions")


# -- supply ----------------------------------------------------------------------------------------------------

ORDER = {
    "id": "PO-1/10",
    "kind": "order",
    "item": "E1",
    "warehouse": "MAIN",
    "version": 1,
    "quantity": 5,
    "expected_on": "2026-11-25",
}
CONFIRMED = {"kind": "confirmation", "parts": [{"quantity": 4, "expected_on": "2026-11-26"}]}
SUPPLY = bus_event(
    "inventory.supply.reported.v1",
    {
        "source": "erp",
        "supply": [
            ORDER,
            {"id": "PO-1/10", "item": "E1", "warehouse": "MAIN", "version": 1, **CONFIRMED},
            {"id": "PO-2/10", "item": "E1", "warehouse": "MAIN", "version": 1, **CONFIRMED},
            {**ORDER, "item": "NEW"},
        ],
    },
    "erp",
)


def _post_supply(stage: Stage) -> None:
    answer = stage.world.call("receive_supply", api_event({"source": "wms", "supply": [ORDER]}), Context())
    assert answer["statusCode"] == 202


# -- dead letters ----------------------------------------------------------------------------------------------

LOST_CALL = {
    "version": "1.0",
    "requestContext": {
        "requestId": "r-1",
        "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:crossdock-local-reconcile-stock:$LATEST",
        "condition": "RetriesExhausted",
    },
    "requestPayload": {"source": "wms"},
}

SCENARIOS = [
    Scenario("receive movements", 1, nothing, _post_movements, lambda s: unique(s.world.take("movements"))),
    Scenario(
        "receive a webhook of movements",
        3,
        nothing,
        _post_webhook(moved(movement("m1"), movement("m2")), "wms"),
        _inbox_and("movements"),
    ),
    Scenario("receive a webhook too large for a row", 4, nothing, _post_webhook(LARGE, "wms"), _inbox_and("webhooks")),
    Scenario(
        "map a kept webhook",
        2,
        _kept(moved(movement("m1"))),
        consumes("map_webhooks", "webhooks", KEPT),
        _inbox_and("movements"),
    ),
    Scenario(
        "map a kept webhook that cannot be mapped",
        2,
        _kept({"type": "stock.stolen"}),
        consumes("map_webhooks", "webhooks", KEPT),
        _inbox_and("movements"),
    ),
    Scenario(
        "keep and map what a partner's bus relays",
        3,
        _by_bus,
        consumes("map_webhooks", "webhooks", RELAYED),
        _relayed,
    ),
    Scenario("fetch what a thin webhook names", 5, _thin, _fetch, _inbox_and("references")),
    Scenario("receive a webhook of prices", 3, nothing, _post_webhook(PRICES, "erp"), _inbox_and("prices")),
    Scenario(
        "apply movements, some refused", 8, references, consumes("apply_movements", "movements", MOVEMENTS), everything
    ),
    Scenario("project balances", 2, _journaled, _project, everything),
    Scenario("announce changes", 2, _streams, _announce, _marks),
    Scenario("apply price changes", 12, _priced, consumes("apply_price_changes", "prices", PRICED), everything),
    Scenario(
        "apply price changes to a full row",
        10,
        _nearly_full,
        consumes("apply_price_changes", "prices", prices_event(price("r1", 1), *SEGMENTS[2:])),
        everything,
    ),
    Scenario("approve a draft", 8, _drafted, _approve, everything),
    Scenario("approve a draft and look at the drafts", 10, _drafted, _finish_approvals, everything),
    Scenario("keep facts of items", 4, _in_a_family, lambda s: _state_items(s, 2, "G", "H"), everything),
    Scenario(
        "apply references",
        4,
        references,
        consumes(
            "apply_references",
            "references",
            references_event({"SKU-5": [("wms", "A5"), ("erp", "E5")], "SKU-6": [("wms", "A1")]}),
        ),
        everything,
    ),
    Scenario(
        "apply references with profiles",
        12,
        references,
        consumes("apply_references", "references", _with_profiles()),
        everything,
    ),
    Scenario(
        "apply price customers",
        3,
        nothing,
        consumes("apply_price_customers", "price-customers", PRICE_CUSTOMERS),
        everything,
    ),
    Scenario("propose price rules", 7, references, _propose, everything),
    Scenario("approve price rules", 19, _proposed, _approve_both, everything),
    Scenario("import price rules", 12, references, _import, everything),
    Scenario(
        "apply counts",
        5,
        references,
        consumes("apply_counts", "counts", counts_event({"A1": 5, "A2": 6, "NEW": 7})),
        everything,
    ),
    Scenario("receive supply", 1, nothing, _post_supply, lambda s: unique(s.world.take("supply"))),
    Scenario(
        "apply supply",
        6,
        references,
        consumes("apply_supply", "supply", SUPPLY),
        everything,
    ),
    Scenario("deliver to a channel", 16, _to_tell, _tell, _told),
    Scenario("digest shadows", 3, _acknowledged, _digest, _digests),
    Scenario("reconcile a channel", 49, _lost_at_the_channel, _reconcile_channel, _held_again),
    Scenario(
        "collect dead letters",
        1,
        nothing,
        consumes(
            "collect_dead_letters", "movements-dlq", movements_message(movement("m1")), LOST_CALL, "no json at all"
        ),
        everything,
    ),
    Scenario("reconcile", 16, _counted, _reconcile, _healed),
    Scenario("correct an exception", 4, _refused, _correct, everything),
    Scenario("close an exception", 6, _refused, _close, everything),
    Scenario("replay and settle an exception", 27, _corrected, _replay, _settled),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_a_death_anywhere_loses_nothing_and_doubles_nothing(
    scenario: Scenario, engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_everywhere(scenario, engine, tmp_path, monkeypatch)


def test_the_reaper_strikes_before_and_after_and_is_gone_afterwards(
    engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = SCENARIOS[0]
    for moment, sent in (("before", 0), ("after", 4)):
        stage = on(scenario, engine, tmp_path, monkeypatch)
        calls, death = run(scenario, stage, 1, moment)
        assert (calls, death) == (["sqs.SendMessageBatch"], f"{moment} call 1: sqs.SendMessageBatch")
        assert len(stage.world.take("movements")) == sent
    stage = on(scenario, engine, tmp_path, monkeypatch)
    scenario.work(stage)
    assert len(stage.world.take("movements")) == 4
