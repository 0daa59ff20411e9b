"""What reserving costs, through the functions: one line, many lines, ends, refusals; and the common way beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from crossdock.inventory.holds import reservation_id
from crossdock.platform import clients
from tests.bench.common_holds import CommonHolds
from tests.bench.figures import Aim, Figure, Report, Scenario, beside
from tests.bench.meter import Count
from tests.bench.rig import CHANNELS, PARTNER, WAREHOUSES, Rig, api_event
from tests.bench.stock import stock_up
from tests.bench.streams import END, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Wanted = list[tuple[str, str, int]]
"""(sku, warehouse, quantity): the lines of an order."""
LINES: Final = 5
PLENTY: Final = 1_000_000
FUNCTIONS: Final = (
    "reserve_stock",
    "change_reservation",
    "apply_reservations",
    "expire_reservations",
    "announce_changes",
)
_ONE: Final = {"wcu": Aim(2), "round_trips": Aim(1)}
_MANY: Final = {"wcu": Aim(2 * (LINES + 1)), "round_trips": Aim(1)}
_TWICE: Final = 50  # so many refusals


def run(rig: Rig, count: int, step: Callable[[str], None]) -> Report:
    """`count` reservations of one line, a fifth as many of five lines."""
    report = Report()
    table = rig.new_table("inventory", "holds")
    for function in FUNCTIONS:
        rig.restart(function, INVENTORY_TABLE=table)
    common = CommonHolds(clients.dynamodb(), rig.new_table("exchange", "common-holds"))
    items = [f"H-{n:05d}" for n in range(count)]
    places = [(sku, warehouse) for sku in items for warehouse in WAREHOUSES]
    stock_up(rig.target.dynamodb, table, places, PLENTY)
    common.stock_up(places, PLENTY)
    step("reservations of one line")
    stream = Stream(rig.target, table, END)
    one: list[Wanted] = [[(sku, WAREHOUSES[0], 2)] for sku in items]
    held = _scenario(report, "reservation", _all_held(rig, "one", one), count)
    theirs = _measured(rig, (lambda n=n, w=w: common.hold(f"one-{n}", w) for n, w in enumerate(one)))
    usual = _scenario(report, "reservation_common", theirs, count, "common_way")
    report.figures |= beside("reservation", held, usual, "one line of an ordinary item: header and row", _ONE)
    _speed(report, held, usual)
    _watched(rig, stream, count, report)
    step("reservations of many lines")
    _several(rig, common, items, report)
    step("reservations: ends and refusals")
    _ends(rig, count, report)
    _refused(rig, items, report)
    _sourced(rig, items, report)
    return report


def hold(rig: Rig, number: str, lines: Iterable[tuple[str, str | None, int]], status: int = 201) -> Count:
    """One request to reserve, answered with this status."""
    body = json.dumps(request_body(number, lines)).encode()
    event = api_event(body, headers={"Idempotency-Key": f"order-{number}"}, route="POST /v1/reservations")
    return rig.call("reserve_stock", event, status)


def request_body(number: str, lines: Iterable[tuple[str, str | None, int]]) -> dict[str, Any]:
    """A request to reserve; a line that names no warehouse leaves it to the sourcing rule."""
    wanted = [
        {"line": str(n), "sku": sku, "quantity": quantity} | ({"warehouse": warehouse} if warehouse else {})
        for n, (sku, warehouse, quantity) in enumerate(lines, 1)
    ]
    return {"channel": CHANNELS[0], "lines": wanted, "reference": f"SO-{number}", "expires_in_seconds": 3600}


def end(rig: Rig, number: str, action: str) -> Count:
    """Confirms or releases what was reserved under this number."""
    route = "POST /v1/reservations/{id}/{action}"
    event = api_event(b"", route=route, id=reservation_id(PARTNER, f"order-{number}"), action=action)
    return rig.call("change_reservation", event, 200)


def _all_held(rig: Rig, kind: str, wanted: Sequence[Sequence[tuple[str, str | None, int]]]) -> Count:
    total = Count()
    for n, lines in enumerate(wanted):
        total.add(hold(rig, f"{kind}-{n}", lines))
    return total


def _measured(rig: Rig, work: Iterable[Callable[[], object]]) -> Count:
    todo = list(work)
    with rig.meter.measure() as count:
        for each in todo:
            each()
    return count


def _scenario(report: Report, name: str, count: Count, units: int, function: str = "reserve_stock") -> Scenario:
    report.counted[name] = scenario = Scenario("reservation", units, {function: count})
    return scenario


def _speed(report: Report, ours: Scenario, common: Scenario) -> None:
    mine, theirs = ours.total(), common.total()
    what = "one line, request to answer, one thread, this engine, this machine"
    report.figures |= {
        "holds_per_second": Figure(ours.units / mine.wall_s, "holds/s", what),
        "holds_per_second_baseline": Figure(common.units / theirs.wall_s, "holds/s", "the common way, without an API"),
        "holds_per_second_ratio": Figure(theirs.wall_s / mine.wall_s, "×", "ours to the common way"),
        "hold_cpu": Figure(mine.cpu_s / ours.units * 1e6, "µs", "our own CPU time per hold, SDK included"),
        "hold_cpu_baseline": Figure(theirs.cpu_s / common.units * 1e6, "µs", "the common way, without an API"),
        "hold_cpu_ratio": Figure(theirs.cpu_s / mine.cpu_s, "×", "own CPU time the common way needs for one of ours"),
    }


def _watched(rig: Rig, stream: Stream, count: int, report: Report) -> None:
    """What follows a hold by the stream: channels are told that something changed, and its end is watched for."""
    watched = rig.follow("announce_changes", stream.read(), 1000)
    _scenario(report, "reservation_watched", watched, count, "announce_changes")


def _several(rig: Rig, common: CommonHolds, items: list[str], report: Report) -> None:
    """Five lines over two warehouses."""
    wanted: list[Wanted] = [
        [(items[(start + n) % len(items)], WAREHOUSES[n % 2], 2) for n in range(LINES)]
        for start in range(0, len(items), LINES)
    ]
    ours = _all_held(rig, "several", wanted)
    theirs = _measured(rig, (lambda n=n, w=w: common.hold(f"several-{n}", w) for n, w in enumerate(wanted)))
    held = _scenario(report, f"reservation_lines_{LINES}", ours, len(wanted))
    usual = _scenario(report, f"reservation_lines_{LINES}_common", theirs, len(wanted), "common_way")
    report.figures |= beside("reservation_multi", held, usual, f"{LINES} lines over two warehouses, or none", _MANY)


def _ends(rig: Rig, count: int, report: Report) -> None:
    """Half of what was held is confirmed, half is released."""
    half = count // 2
    for action, numbers in (("confirm", range(half)), ("release", range(half, count))):
        total = Count()
        for n in numbers:
            total.add(end(rig, f"one-{n}", action))
        ended = _scenario(report, f"reservation_{action}", total, len(numbers), "change_reservation")
        what = f"{action} a reservation of one line"
        report.figures |= {
            f"{action}_wcu": Figure(ended.wru, "WCU", what),
            f"{action}_rcu": Figure(ended.rru, "RCU", what),
            f"{action}_round_trips": Figure(ended.round_trips, "round trips", what),
        }


def _refused(rig: Rig, items: list[str], report: Report) -> None:
    """More than there is: nothing is taken, and the answer is kept."""
    for name, what in (("refused", "sold out: the answer is kept"), ("repeated", "asked again after it was refused")):
        total = Count()
        for n, sku in enumerate(items[:_TWICE]):
            total.add(hold(rig, f"too-much-{n}", [(sku, WAREHOUSES[0], 2 * PLENTY)], 409))
        refused = _scenario(report, f"reservation_{name}", total, min(_TWICE, len(items)))
        report.figures[f"reservation_{name}_wcu"] = Figure(refused.wru, "WCU", what)
        report.figures[f"reservation_{name}_round_trips"] = Figure(refused.round_trips, "round trips", what)


def _sourced(rig: Rig, items: list[str], report: Report) -> None:
    """The warehouse is left to the sourcing rule, which has to look first."""
    some = items[:_TWICE]
    wanted: list[list[tuple[str, str | None, int]]] = [[(sku, None, 2)] for sku in some]
    found = _scenario(report, "reservation_sourced", _all_held(rig, "sourced", wanted), len(some))
    what = "one line, its warehouse found by the sourcing rule"
    report.figures |= {
        "reservation_sourced_wcu": Figure(found.wru, "WCU", what),
        "reservation_sourced_rcu": Figure(found.rru, "RCU", what),
        "reservation_sourced_round_trips": Figure(found.round_trips, "round trips", what),
    }
