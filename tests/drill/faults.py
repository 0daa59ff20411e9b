"""The six faults. Each takes the deployed system as it is and leaves it as it was."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack, contextmanager
from itertools import count as numbers
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.drill.running import Drill, Ledger, moves
from tests.support.operators import channel_state, count, replaying
from tests.support.system import movement, wms_code
from tests.support.throttling import throttled
from tests.support.world import configuration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.system import System

_SILENT_S: Final = 900
_UNMAPPED: Final = "unmapped_code"
_FORGED: Final = "whsec_" + "Zm9yZ2VkLWZvcmdlZC1mb3JnZWQ="


def drills(system: System, ledger: Ledger) -> list[Drill]:
    """All of them, in the order in which they are run."""
    return [make(system, ledger) for make in (_channel, _source, _mapping, _table, _duplicates, _forgery)]


def invoke(system: System, function: str, event: dict[str, Any]) -> dict[str, Any]:
    """What a schedule would do within some minutes, done now."""
    answer = system.target.functions.invoke(
        FunctionName=system.target.callee(function), Payload=json.dumps(event).encode()
    )
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise RuntimeError(f"{function} failed: {document}")
    return document


def _stocked(system: System, ledger: Ledger, sku: str, quantity: int = 100) -> None:
    """An item that both channels know of."""
    system.knows(sku)
    ledger.send(movement(f"{sku}-first", sku, quantity))
    system.until("both channels are told", lambda: system.told(sku, quantity, quantity - 2))


@contextmanager
def _with_stock(system: System, ledger: Ledger, sku: str) -> Iterator[None]:
    """All that has to be there; the fault comes from outside."""
    _stocked(system, ledger, sku)
    yield


# -- a channel is killed ---------------------------------------------------------------------------------------


def _channel(system: System, ledger: Ledger) -> Drill:
    sku, number = "DRL-CHANNEL", numbers()
    marketplace = system.channels["marketplace"]

    @contextmanager
    def killed() -> Iterator[None]:
        _stocked(system, ledger, sku)
        marketplace.fail_for(3600)
        try:
            yield
        finally:
            marketplace.recover()

    def change() -> None:
        ledger.send(*moves("drl-channel", sku, next(number), 1))
        invoke(system, "watch_channels", {})

    def sold() -> bool:
        available = int(system.availability(sku)["available"])
        return system.told(sku, available, available - 2)

    return Drill(
        name="channel",
        title="a channel is killed",
        figure=("DeliveryFailed", {"channel": "marketplace"}),
        alarm="channel-marketplace-down",
        fault=killed,
        provoke=change,
        values={"CHANNEL": "marketplace"},
        before={"channels resume": marketplace.recover},
        check=lambda: invoke(system, "watch_channels", {}),
        proof=lambda: sold() and channel_state(system, "marketplace")["state"] == "closed",
    )


# -- a source stops --------------------------------------------------------------------------------------------


def _source(system: System, ledger: Ledger) -> Drill:
    sku = "DRL-SOURCE"

    @contextmanager
    def stopped() -> Iterator[None]:
        """Silence takes a quarter of an hour at least: the warehouse's mark is set back, nothing is waited for."""
        _stocked(system, ledger, sku)
        with tempfile.TemporaryDirectory() as folder:
            impatient = configuration(Path(folder), warehouses={"MAIN": {"silent_after_seconds": _SILENT_S}})
            with _environment(system, "reconcile_stock", CROSSDOCK_CONFIG=str(impatient)):
                _set_back(system, 4 * _SILENT_S)
                yield
                # It moves again before anybody is impatient.
                _heard(system)

    def hear() -> None:
        invoke(system, "reconcile_stock", {"check": "silence"})

    def speak() -> None:
        """It is back, and three units left while it was cut off, of which it will never tell: it counts."""
        with _environment(system, "apply_movements", DRILL="heard anew"):
            ledger.send(movement("drl-source-back", sku, 5, sequence=80_001))
            system.until("it is applied", lambda: system.on_hand(sku) == 105)
        count(system, 80_002, sku, 102)

    return Drill(
        name="source",
        title="a source stops",
        figure=("WarehouseSilent", {"warehouse": "MAIN"}),
        alarm="warehouse-MAIN-silent",
        fault=stopped,
        provoke=hear,
        values={"SOURCE": "wms", "ITEM": sku},
        before={"reconcile stock": speak},
        check=hear,
        proof=lambda: system.told(sku, 102, 100),
    )


def _set_back(system: System, seconds: int) -> None:
    key: Any = {"pk": {"S": "RHYTHM#MAIN"}, "sk": {"S": "R"}}
    system.target.dynamodb.update_item(
        TableName=system.target.name("inventory"),
        Key=key,
        UpdateExpression="SET t = t - :s, s = s - :s",
        ExpressionAttributeValues={":s": {"N": str(seconds)}},
    )


def _heard(system: System) -> None:
    invoke(system, "reconcile_stock", {"check": "silence"})


@contextmanager
def _environment(system: System, function: str, **more: str) -> Iterator[None]:
    """Inside, the function begins anew with these variables."""
    functions, name = system.target.functions, system.target.function_name(function)
    kept = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {**kept, **more}})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": kept})


# -- a mapping breaks ------------------------------------------------------------------------------------------


def _mapping(system: System, ledger: Ledger) -> Drill:
    """A deployment took the warehouse's code out of the source's table: what it sends means nothing any more."""
    sku, number = "DRL-MAPPING", numbers(step=5)
    inside: list[ExitStack] = []

    @contextmanager
    def broken() -> Iterator[None]:
        _stocked(system, ledger, sku)
        other = {"warehouses": {"owner": "warehouse office", "values": {"ANNEX": "MAIN"}}}
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            wrong = configuration(Path(folder), codes={"wms": other})
            for function in ("receive_webhook", "map_webhooks"):
                stack.enter_context(_environment(system, function, CROSSDOCK_CONFIG=str(wrong)))
            inside.append(stack)
            yield

    def send() -> None:
        first = next(number)
        ledger.deliver(*moves("drl-mapping", sku, first, 5), delivery=f"drl-mapping-{first}")
        system.until("it is listed", unmapped)

    def unmapped() -> str:
        groups = system.crossdock("exceptions", "list", "--source", "wms", "--json").document
        return next((str(g["id"]) for g in groups if g["kind"] == _UNMAPPED), "")

    def all_applied() -> bool:
        return system.on_hand(sku) == 100 + len([i for i in ledger.accepted if i.startswith("drl-mapping")])

    return Drill(
        name="mapping",
        title="a mapping breaks",
        figure=("MappingFailed", {"source": "wms"}),
        alarm="source-wms-unmapped",
        fault=broken,
        provoke=send,
        values={"GROUP": unmapped, "SYSTEM": "wms", "CODE": wms_code("DRL-MAPPING-2"), "ITEM": sku},
        # The table is put right and deployed; then what was kept is mapped anew.
        before={"exceptions replay": lambda: inside.pop().close()},
        proof=all_applied,
    )


# -- a table throttles -----------------------------------------------------------------------------------------


def _table(system: System, ledger: Ledger) -> Drill:
    """What our workers ask a table for is refused, while an operator replays: accepted facts wait, and none is lost."""
    sku, slow, number = "DRL-TABLE", "DRL-TABLE-SLOW", numbers()
    run: list[str] = []

    @contextmanager
    def refusing() -> Iterator[None]:
        _stocked(system, ledger, sku)
        run.append(_previewed(system, ledger, slow, sku))
        with ExitStack() as stack:
            stack.enter_context(throttled(system.target, "apply_movements", "identity"))
            inside.append(stack)
            yield

    inside: list[ExitStack] = []

    def replay() -> None:
        inside[0].enter_context(replaying(system, run[0]))

    def all_applied() -> bool:
        mine = [i for i in ledger.accepted if i.lower().startswith("drl-table")]
        return system.on_hand(sku) == 99 + len(mine)  # the first brought a hundred

    return Drill(
        name="table",
        title="a table throttles",
        figure=("FactLag", {"domain": "movements"}),
        alarm="identity-reads-throttled",
        fault=refusing,
        provoke=lambda: ledger.send(*moves("drl-table", sku, next(number), 1)),
        values={"SOURCE": "wms", "RUN": lambda: run[0]},
        meanwhile=replay,
        before={"exceptions runs resume": lambda: inside.pop().close()},
        proof=all_applied,
    )


def _previewed(system: System, ledger: Ledger, unknown: str, sku: str) -> str:
    """A replay of thirty facts, ready to be started."""
    ledger.send(*moves("drl-table-slow", unknown, 0, 30))
    group = system.exception("unknown_item", f"item/{wms_code(unknown)}")
    system.until("all are listed", lambda: system.shown(group)["open"] == 30)
    system.crossdock("xref", "add", "wms", wms_code(unknown), sku)
    return str(system.crossdock("exceptions", "replay", group["id"], "--dry-run", "--json").document["run"])


# -- a flood of duplicates -------------------------------------------------------------------------------------


def _duplicates(system: System, ledger: Ledger) -> Drill:
    """A source that does not hear our answers sends the same hundred facts again and again."""
    sku = "DRL-DUPLICATES"
    batch = moves("drl-duplicates", sku, 0, 100)
    return Drill(
        name="duplicates",
        title="a flood of duplicates",
        figure=("DuplicatesSuppressed", {"domain": "movements"}),
        alarm="facts-movements-repeated",
        fault=lambda: _with_stock(system, ledger, sku),
        provoke=lambda: ledger.send(*batch, times=3),
        values={"SOURCE": "wms", "ITEM": sku},
        proof=lambda: system.told(sku, 200, 198),
    )


# -- forged webhooks -------------------------------------------------------------------------------------------


def _forgery(system: System, ledger: Ledger) -> Drill:
    """Somebody who does not know the secret sends what looks like stock; the real source goes on meanwhile."""
    sku, number = "DRL-FORGERY", numbers()

    def forge() -> None:
        n = next(number)
        status = ledger.deliver(movement(f"drl-forged-{n}", sku, 1_000), secret=_FORGED, delivery=f"drl-forged-{n}")
        if status != 401:
            raise AssertionError(f"a forged webhook was answered {status}")
        ledger.deliver(movement(f"drl-real-{n}", sku, 1), delivery=f"drl-real-{n}")

    def nothing_forged() -> bool:
        kept = [r["pk"] for r in system.rows("exchange") if "drl-forged" in r["pk"]]
        real = len([i for i in ledger.accepted if i.startswith("drl-real-")])
        return not kept and system.on_hand(sku) == 100 + real

    return Drill(
        name="forgery",
        title="forged webhooks",
        figure=("WebhookRefused", {"source": "wms"}),
        alarm="source-wms-refused",
        fault=lambda: _with_stock(system, ledger, sku),
        provoke=forge,
        values={"SOURCE": "wms", "ITEM": sku},
        proof=nothing_forged,
    )
