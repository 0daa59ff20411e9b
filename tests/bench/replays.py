"""What a replay asks for: its run's rows, marks, counts, and what settles it; and how many facts a second go out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from crossdock.config import ExceptionTerms
from crossdock.contracts.refusals import Refusal
from crossdock.exceptions.runs import Options, Selection, new_id
from crossdock.exceptions.store import ExceptionsStore
from crossdock.platform import clients
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from tests.bench.figures import Figure, Report
from tests.support.replays import replayer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.bench.rig import Rig

FACTS: Final = 500
_PER_SETTLING: Final = 10  # messages to an invocation


def run(rig: Rig, step: Callable[[str], None]) -> Report:
    """One group of equal failures, replayed in one run; the queue itself is left out."""
    step("replays of refused facts")
    report = Report()
    table = Table(clients.dynamodb(), rig.new_table("exceptions", "replays"))
    store = ExceptionsStore(table, system_clock, ExceptionTerms())
    with rig.meter.measure() as opened:
        store.refuse([_refusal(n) for n in range(FACTS)])
    sent: list[tuple[str, Mapping[str, Any]]] = []
    found = replayer(table, system_clock, sent.extend)
    with rig.meter.measure() as prepared:
        made = found.draft(Selection(kind="unknown_item"), Options(), "bench")
        list(found.preview(made))
    worker = new_id()
    found.runs.begin(made.id, worker, "bench")
    began = time.perf_counter()
    with rig.meter.measure() as worked:
        found.work(made, worker, "bench")
    took = time.perf_counter() - began
    marks = [message["replay"] for _, message in sent]
    with rig.meter.measure() as settled:
        for start in range(0, FACTS, _PER_SETTLING):
            store.settle(marks[start : start + _PER_SETTLING])
    counts = {"opened": opened, "prepared": prepared, "sent": worked, "settled": settled}
    report.figures |= {
        f"replay_{name}_wcu": Figure(count.wru / FACTS, "WCU", f"one refused fact, {name}")
        for name, count in counts.items()
    }
    trips = sum(count.round_trips for count in (prepared, worked, settled)) / FACTS
    report.figures["replay_round_trips"] = Figure(trips, "round trips", "one fact replayed, from draft to settled")
    report.figures["replay_rate"] = Figure(FACTS / took, "facts/s", "marked, sent and counted, one worker, here")
    return report


def _refusal(number: int) -> Refusal:
    return Refusal(
        kind="unknown_item",
        source="wms",
        subject="item/NEW",
        fact=f"m{number}",
        detail="wms calls an item 'NEW' and no cross-reference says which item that is",
        remedy="crossdock xref add wms 'NEW' <SKU>, then replay",
        route="movements",
        message={"v": 1, "kind": "movements", "source": "wms", "movements": [{"id": f"m{number}", "item": "NEW"}]},
        pointer="/movements/0",
        correlation_id="cd-bench",
    )
