"""A movement's way, measured: accepted, journaled, projected, announced; and the common way beside it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from crossdock.identity.references import Reference, References
from crossdock.platform import clients
from crossdock.platform.dynamo import Table
from tests.bench.common import apply_one_by_one, check_by_hand
from tests.bench.figures import Aim, Figure, Report, Scenario
from tests.bench.meter import Count
from tests.bench.rig import Rig, api_event
from tests.bench.sizes import item_size, write_units
from tests.bench.streams import is_journaled
from tests.support.tables import table_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.ledger import Ledger

STREAM_BATCH: Final = 10_000
"""Records a stream invocation gets at most, as infra/constructs/stream.py deploys it (a test compares the two).

Lambda gives fewer when they do not fit into its 6 MB; then that is what is measured as deployed.
"""
REQUEST: Final = 1_000
"""Movements in one request of a partner that sends in bulk."""
_BATCHES: Final = (100, 1_000, 5_000)
_BATCHES_MEASURED: Final = 20
_LARGEST_BATCH: Final = 10_000
_PAYLOAD_BYTES: Final = 6 * 1024 * 1024
_STREAM_ARN: Final = (
    "arn:aws:dynamodb:us-east-1:123456789012:table/crossdock-prod-inventory/stream/2026-11-21T08:00:00.000"
)
_REPEATS: Final = 7


def run(rig: Rig, ledger: Ledger, *, common: int, step: Callable[[str], None]) -> Report:
    """Measures everything about movements. `common` movements are applied the common way as well."""
    report = Report()
    declared = _declare(rig, ledger, report)
    step("accepting and journaling")
    accepted, applied = _accept(rig, ledger.movements, REQUEST), Count()
    applied.add(rig.consume("apply_movements", "movements", accepted.bodies))
    report.figures["reference_wcu"] = Figure(declared.wru, "WCU", "one cross-reference declared, both directions")
    _sizes(rig, report)
    journal = _journal(accepted, applied, len(ledger.movements), report)
    projected = _project(rig, report, step)
    deployed = min(STREAM_BATCH, max(projected))
    _totals(journal, projected, deployed, report)
    step("the common way")
    _common(rig, ledger, common, report)
    _speed(journal, projected[deployed], report)
    step("accepting, in CPU time")
    _accept_throughput(rig, ledger, report)
    step("small requests")
    for size, requests in ((1, 50), (100, 10)):
        _small(rig, ledger, report, size, requests)
    return report


def _declare(rig: Rig, ledger: Ledger, report: Report) -> Scenario:
    references = [Reference(system, item, item) for item in ledger.items for system in ("wms", "erp")]
    with rig.meter.measure() as count:
        References(Table(clients.dynamodb(), table_name("identity"))).declare(references)
    report.counted["references"] = scenario = Scenario("reference", len(references), {"apply_references": count})
    return scenario


def _accept(rig: Rig, movements: Sequence[dict[str, Any]], size: int) -> Count:
    total = Count()
    for start in range(0, len(movements), size):
        body = json.dumps({"movements": movements[start : start + size]}).encode()
        total.add(rig.call("receive_movements", api_event(body), 202))
    return total


def _sizes(rig: Rig, report: Report) -> None:
    records = _journaled(rig)
    rows = [item_size(r["dynamodb"]["NewImage"]) for r in records]
    record_bytes = sum(len(_shipped(r)) for r in records) / len(records)
    report.sizes["journal_row_bytes"] = sum(rows) / len(rows)
    report.sizes["journal_row_units"] = sum(map(write_units, rows))
    report.sizes["stream_record_bytes"] = record_bytes
    report.sizes["stream_full_batch"] = _full_batch(record_bytes)
    report.figures["journal_row_bytes"] = Figure(max(rows), "bytes", "the largest journal row; up to 1,024 is 1 WCU")


def _journaled(rig: Rig) -> list[dict[str, Any]]:
    """The journal's stream, as the event source filters it."""
    return [r for r in rig.stream(table_name("inventory")) if is_journaled(r)]


def _shipped(record: dict[str, Any]) -> str:
    """A stream record as Lambda gets it: id, time and number have other lengths there, and it names its stream."""
    change = {**record["dynamodb"], "ApproximateCreationDateTime": 1_795_000_000, "SequenceNumber": "4" * 25}
    shipped = {**record, "eventID": "0" * 32, "dynamodb": {**change, "SizeBytes": 300}, "eventSourceARN": _STREAM_ARN}
    return json.dumps(shipped, separators=(",", ":"))


def _full_batch(record_bytes: float) -> int:
    """Journal records, in hundreds, that fit into the 6 MB of one invocation; Lambda gives 10,000 at most."""
    return min(_LARGEST_BATCH, int(_PAYLOAD_BYTES / record_bytes) // 100 * 100)


def _journal(accepted: Count, applied: Count, units: int, report: Report) -> Scenario:
    journal = Scenario("movement", units, {"receive_movements": accepted, "apply_movements": applied})
    report.counted[f"movements.request_{REQUEST}"] = journal
    requests = applied.requests
    parts = {
        "round_trips.send": (accepted.round_trips, "accept → queue"),
        "round_trips.references": (requests["dynamodb.BatchGetItem"], "item codes looked up, memory cold at the start"),
        "round_trips.journal": (requests["dynamodb.BatchExecuteStatement"], "rows written, 25 to a call"),
    }
    for name, (count, meaning) in parts.items():
        report.figures[name] = Figure(count / units, "per movement", meaning)
    report.figures["coalescing.send"] = Figure(
        units / accepted.round_trips, "movements", f"in one SQS call, from requests of {REQUEST:,}"
    )
    rows = report.sizes["journal_row_units"]
    report.figures["journal_wcu"] = Figure(rows / units, "WCU", "one movement kept for ever", Aim(1))
    report.figures["sequence_wcu"] = Figure(
        (applied.wru - rows) / applied.invocations, "WCU", "per invocation: which of the source's positions have come"
    )
    report.figures["reference_rcu"] = Figure(applied.rru / units, "RCU", "item codes looked up, per movement")
    return journal


def _project(rig: Rig, report: Report, step: Callable[[str], None]) -> dict[int, Scenario]:
    """Projects the same records in batches of several sizes, each into headers of its own that exist already."""
    journal = _journaled(rig)
    found: dict[int, Scenario] = {}
    deployed, full = _deployed(journal, report), int(report.sizes["stream_full_batch"])
    for batch in sorted(b for b in {*_BATCHES, deployed, full} if b <= len(journal)):
        # Whole batches only, and not more than it takes to know.
        records = journal[: min(_BATCHES_MEASURED, len(journal) // batch) * batch]
        step(f"balances, {batch:,} records to a batch")
        table = rig.new_table("inventory", f"stream-{batch}")
        rig.restart("project_balances", INVENTORY_TABLE=table)
        first = {r["dynamodb"]["NewImage"]["pk"]["S"]: _earlier(r) for r in reversed(records)}
        opening = rig.follow("project_balances", list(first.values()), batch)
        projected = rig.follow("project_balances", records, batch)
        headers = rig.stream(table)[len(first) :]
        announced = rig.follow("announce_changes", headers, deployed)
        functions = {"project_balances": projected, "announce_changes": announced}
        found[batch] = report.counted[f"movements.stream_{batch}"] = Scenario("movement", len(records), functions)
        report.figures[f"coalescing.stream_{batch}"] = Figure(
            len(records) / len(headers), "movements", f"in one header write, {batch:,} records to a batch"
        )
        if batch == deployed:
            sizes = [item_size(h["dynamodb"]["NewImage"]) for h in headers]
            report.figures["header_bytes"] = Figure(max(sizes), "bytes", "the largest header; up to 1,024 is 1 WCU")
            report.figures["first_movement_wcu"] = Figure(
                opening.wru / len(first), "WCU", "the header of an item that never moved: a refused update, then it"
            )
            report.figures["announce_messages"] = Figure(
                announced.requests["sqs.SendMessageBatch"] / len(headers),
                "SQS calls",
                "per changed header, two channels",
            )
    return found


def _deployed(journal: Sequence[object], report: Report) -> int:
    """The batch size in the cloud: as deployed, as fits, and as there are records to measure with."""
    return min(STREAM_BATCH, int(report.sizes["stream_full_batch"]), len(journal))


def _earlier(record: dict[str, Any]) -> dict[str, Any]:
    """The same record as if it came before everything else, without a source position."""
    change = record["dynamodb"]
    image = {k: v for k, v in change["NewImage"].items() if k != "pos"}
    number = change["SequenceNumber"]
    return {**record, "dynamodb": {**change, "NewImage": image, "SequenceNumber": number[-12:]}}


def _totals(journal: Scenario, projected: dict[int, Scenario], deployed: int, report: Report) -> None:
    for batch, scenario in projected.items():
        count = scenario.functions["project_balances"]
        report.figures[f"round_trips.headers.stream_{batch}"] = Figure(
            count.round_trips / scenario.units, "per movement", f"header updates, 25 to a call, {batch:,} to a batch"
        )
        report.figures[f"movement_wcu.stream_{batch}"] = Figure(
            journal.wru + count.wru / scenario.units, "WCU", f"kept and counted, {batch:,} stream records to a batch"
        )
    headers = projected[deployed].functions["project_balances"].round_trips / projected[deployed].units
    queue = journal.functions["apply_movements"].round_trips / journal.units + headers
    report.figures |= {
        "movement_wcu": Figure(
            report.figures[f"movement_wcu.stream_{deployed}"].value,
            "WCU",
            f"accepted, kept and counted in a balance, {deployed:,} stream records to a batch as deployed",
            Aim(1.2),
        ),
        "movement_round_trips": Figure(
            journal.round_trips + headers, "per movement", "everything from the request to the header", Aim(0.1)
        ),
        "movement_round_trips_from_queue": Figure(queue, "per movement", "from the queue on", Aim(0.1)),
    }


def _common(rig: Rig, ledger: Ledger, count: int, report: Report) -> None:
    table = rig.new_table("exchange", "common")
    with rig.meter.measure() as found:
        apply_one_by_one(table, ledger.movements[:count])
    report.counted["common_way"] = common = Scenario("movement", count, {"common_way": found})
    wcu, trips = report.figures["movement_wcu"].value, report.figures["movement_round_trips_from_queue"].value
    report.figures |= {
        "movement_wcu_baseline": Figure(common.wru, "WCU", "the common way: idempotency record and transaction"),
        "movement_round_trips_baseline": Figure(common.round_trips, "per movement", "the common way, without a lookup"),
        "movement_wcu_ratio": Figure(common.wru / wcu, "×", "write units the common way needs for one of ours"),
        "movement_round_trips_ratio": Figure(common.round_trips / trips, "×", "round trips, from the queue on"),
    }


def _speed(journal: Scenario, projected: Scenario, report: Report) -> None:
    common = report.counted["common_way"]
    before, after, theirs = journal.total(), projected.functions["project_balances"], common.total()
    wall = before.wall_s / journal.units + after.wall_s / projected.units
    cpu = before.cpu_s / journal.units + after.cpu_s / projected.units
    common_wall, common_cpu = theirs.wall_s / common.units, theirs.cpu_s / common.units
    report.figures |= {
        "movements_per_second": Figure(
            1 / wall, "movements/s", "request to header, one thread, this engine, this machine"
        ),
        "movements_per_second_baseline": Figure(
            1 / common_wall, "movements/s", "the common way, the same engine and thread"
        ),
        "movements_per_second_ratio": Figure(common_wall / wall, "×", "ours to the common way"),
        "movement_cpu": Figure(cpu * 1e6, "µs", "our own CPU time per movement, SDK included"),
        "movement_cpu_baseline": Figure(common_cpu * 1e6, "µs", "the common way, SDK included"),
        "movement_cpu_ratio": Figure(common_cpu / cpu, "×", "own CPU time the common way needs for one of ours"),
    }


def _accept_throughput(rig: Rig, ledger: Ledger, report: Report) -> None:
    """CPU time only, best of several: other programs of this machine must not count."""
    movements = ledger.movements[:REQUEST]
    body = json.dumps({"movements": movements}).encode()
    ours = min(rig.call("receive_movements", api_event(body), 202).cpu_s for _ in range(_REPEATS))
    parse, naive = _cpu(lambda: json.loads(body)), _cpu(lambda: check_by_hand(body))
    rate = len(movements) / ours
    report.figures |= {
        "accept_throughput": Figure(
            rate, "movements/s", "checked and sent to the queue, CPU of one core, 1,000 a request"
        ),
        "accept_throughput_to_naive": Figure(naive / ours, "×", "to parsing and a loop that checks a few fields"),
        "accept_throughput_to_parsing": Figure(parse / ours, "×", "to parsing the JSON and nothing else"),
    }


def _cpu(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.thread_time()
        work()
        best = min(best, time.thread_time() - start)
    return best


def _small(rig: Rig, ledger: Ledger, report: Report, size: int, requests: int) -> None:
    """Requests of few movements: what the edge and the queue cost then."""
    movements = [{**m, "id": f"{m['id']}-{size}"} for m in ledger.movements[: size * requests]]
    accepted = _accept(rig, movements, size)
    applied = rig.consume("apply_movements", "movements", accepted.bodies)
    functions = {"receive_movements": accepted, "apply_movements": applied}
    report.counted[f"movements.request_{size}"] = Scenario("movement", len(movements), functions)
