"""What reserving costs: one line, many lines, ends, refusals, a crowded header; and the common way beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crossdock.inventory.header_store import HeaderStore
from crossdock.inventory.holds import Answer, Decision, Ended, Ending
from crossdock.inventory.reserving import Reservations
from crossdock.platform import clients
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from tests.bench.common_holds import CommonHolds
from tests.bench.figures import Aim, Figure, Report, Scenario, beside
from tests.bench.stock import movement, order, stock_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.bench.meter import Count
    from tests.bench.rig import Rig

    Wanted = list[tuple[str, str, int]]

WAREHOUSES: Final = ("MAIN", "NORTH")
_PLENTY: Final = 1_000_000
LINES: Final = 5
_LIVE: Final = (0, 10, 50, 100)
_AIMS: Final = {"wcu": Aim(2), "round_trips": Aim(1)}


def run(rig: Rig, count: int, step: Callable[[str], None]) -> Report:
    """`count` reservations of each kind."""
    report = Report()
    step("reservations")
    table = rig.new_table("inventory", "holds")
    found = Reservations(Table(clients.dynamodb(), table), system_clock)
    common = CommonHolds(clients.dynamodb(), rig.new_table("exchange", "common-holds"))
    items = [f"H-{n:05d}" for n in range(count)]
    places = [(sku, warehouse) for sku in items for warehouse in WAREHOUSES]
    stock_up(rig.target.dynamodb, table, places, _PLENTY)
    common.stock_up(places, _PLENTY)
    one: list[Wanted] = [[(sku, "MAIN", 2)] for sku in items]
    several: list[Wanted] = [_spread(items, n) for n in range(0, count, LINES)]
    ours = _hold(rig, found, "one", one)
    theirs = _measured(rig, (lambda n=n, w=w: common.hold(f"one-{n}", w) for n, w in enumerate(one)))
    _say_one(report, ours, theirs, count)
    _say_several(
        report,
        _hold(rig, found, "several", several),
        _measured(rig, (lambda n=n, w=w: common.hold(f"several-{n}", w) for n, w in enumerate(several))),
        len(several),
    )
    step("reservations: ends and refusals")
    _ends(rig, found, items, report)
    _refused(rig, found, items, report)
    step("reservations: many live holds on a header")
    _crowded(rig, found, table, report)
    return report


def _spread(items: list[str], start: int) -> Wanted:
    """Five lines over two warehouses."""
    return [(items[(start + n) % len(items)], WAREHOUSES[n % len(WAREHOUSES)], 2) for n in range(LINES)]


def _measured(rig: Rig, work: Iterable[Callable[[], object]]) -> Count:
    todo = list(work)
    with rig.meter.measure() as count:
        for each in todo:
            each()
    return count


def _hold(rig: Rig, found: Reservations, kind: str, wanted: list[Wanted]) -> Count:
    """Holds everything. Raises RuntimeError when something that must be held is not."""
    requests = [order(f"{kind}-{n}", lines) for n, lines in enumerate(wanted)]
    answers: list[Decision] = []
    with rig.meter.measure() as count:
        answers += [found.create(request) for request in requests]
    _expect(all(d.answer is Answer.HELD for d in answers), f"{kind}: not everything was held")
    return count


def _expect(condition: object, what: str) -> None:
    if not condition:
        raise RuntimeError(f"the benchmark measured something else than it says: {what}")


def _say_one(report: Report, ours: Count, theirs: Count, count: int) -> None:
    report.counted["reservation"] = one = Scenario("reservation", count, {"reserve": ours})
    report.counted["reservation_common"] = common = Scenario("reservation", count, {"common_way": theirs})
    report.figures |= beside("reservation", one, common, "one line, ordinary item: header and row", _AIMS)
    report.figures |= {
        "holds_per_second": Figure(count / ours.wall_s, "holds/s", "one line, one thread, this engine, this machine"),
        "holds_per_second_baseline": Figure(
            count / theirs.wall_s, "holds/s", "the common way, the same engine and thread"
        ),
        "holds_per_second_ratio": Figure(theirs.wall_s / ours.wall_s, "×", "ours to the common way"),
        "hold_cpu": Figure(ours.cpu_s / count * 1e6, "µs", "our own CPU time per hold, SDK included"),
        "hold_cpu_baseline": Figure(theirs.cpu_s / count * 1e6, "µs", "the common way, SDK included"),
        "hold_cpu_ratio": Figure(theirs.cpu_s / ours.cpu_s, "×", "own CPU time the common way needs for one of ours"),
    }


def _say_several(report: Report, ours: Count, theirs: Count, count: int) -> None:
    report.counted[f"reservation_lines_{LINES}"] = many = Scenario("reservation", count, {"reserve": ours})
    report.counted[f"reservation_lines_{LINES}_common"] = common = Scenario(
        "reservation", count, {"common_way": theirs}
    )
    what = f"{LINES} lines over two warehouses, all or nothing"
    aims = {"wcu": Aim(2 * (LINES + 1)), "round_trips": Aim(1)}
    report.figures |= beside("reservation_multi", many, common, what, aims)


def _ends(rig: Rig, found: Reservations, items: list[str], report: Report) -> None:
    """Confirming and releasing what `run` has held."""
    half = len(items) // 2
    for name, work, numbers in (
        ("confirm", found.confirm, range(half)),
        ("release", found.release, range(half, len(items))),
    ):
        ids = [order(f"one-{n}", []).id for n in numbers]
        ended: list[Ended] = []
        with rig.meter.measure() as count:
            ended += [work(rid) for rid in ids]
        _expect(all(e.ending is Ending.DONE for e in ended), f"{name}: not everything was ended")
        report.counted[f"reservation_{name}"] = one = Scenario("reservation", len(ids), {"reserve": count})
        said: dict[str, tuple[float, str]] = {"wcu": (one.wru, "WCU"), "rcu": (one.rru, "RCU")}
        said["round_trips"] = (one.round_trips, "round trips")
        for kind, (value, unit) in said.items():
            report.figures[f"{name}_{kind}"] = Figure(value, unit, f"{name} a reservation of one line")


def _refused(rig: Rig, found: Reservations, items: list[str], report: Report) -> None:
    """More than there is: nothing is taken, and the answer is kept."""
    requests = [order(f"too-much-{n}", [(sku, "MAIN", 2 * _PLENTY)]) for n, sku in enumerate(items[:50])]
    for name, what in (("refused", "sold out: the answer is kept"), ("repeated", "asked again after it was refused")):
        answers: list[Decision] = []
        with rig.meter.measure() as count:
            answers += [found.create(request) for request in requests]
        _expect(all(d.answer is Answer.REFUSED for d in answers), f"{name}: something was held")
        one = Scenario("reservation", len(requests), {"reserve": count})
        report.figures[f"reservation_{name}_wcu"] = Figure(one.wru, "WCU", what)
        report.figures[f"reservation_{name}_round_trips"] = Figure(one.round_trips, "round trips", what)


def _crowded(rig: Rig, found: Reservations, table: str, report: Report) -> None:
    """Every live hold stands in its header, which is read and written as a whole."""
    store = HeaderStore(Table(clients.dynamodb(), table), system_clock)
    for live in _LIVE:
        sku = f"CROWDED-{live}"
        stock_up(rig.target.dynamodb, table, [(sku, "MAIN")], _PLENTY)
        for n in range(live):
            found.create(order(f"crowd-{live}-{n}", [(sku, "MAIN", 1)]))
        taken = _hold(rig, found, f"last-{live}", [[(sku, "MAIN", 1)]])
        with rig.meter.measure() as given:
            found.release(order(f"last-{live}-0", []).id)
        with rig.meter.measure() as counted:
            store.apply([movement(sku, "MAIN", live)])
        with rig.meter.measure() as read:
            store.stock(sku)
        holds = f"{live} live holds on the header"
        report.figures |= {
            f"reservation_wcu.live_{live}": Figure(taken.wru, "WCU", f"one more hold, {holds}"),
            f"release_wcu.live_{live}": Figure(given.wru, "WCU", f"its release, {holds}"),
            f"header_wcu.live_{live}": Figure(counted.wru, "WCU", f"a stream batch counted, {holds}"),
            f"availability_rcu.live_{live}": Figure(read.rru, "RCU", f"the item read, {holds}"),
        }
