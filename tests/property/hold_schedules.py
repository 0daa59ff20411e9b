"""Random schedules of everything that can happen to reservations, checked after every step.

Several clients hold, confirm, release, extend, change, cancel and ask again; sweepers expire and clear up; goods come
and go. Each worker may be interrupted before and after each call to the table, killed there, or have its call carried
out twice (an SDK repeats a call whose answer was lost). Clocks of the workers differ by up to five minutes.

After every step:      av equals its parts, pl is av less all own allocations, rsv is what the markers say,
                       nothing is promised that is not there, every hold that stands has its units
At the end:            no answer was contradicted, each hold ended once, what is free is what nobody holds
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from crossdock.inventory.hold_store import reservation_of
from crossdock.inventory.holding import ABANDONED_AFTER_S
from crossdock.inventory.holds import (
    Answer,
    Ending,
    HoldRequest,
    Line,
    Place,
    Reservation,
    State,
    markers,
)
from crossdock.inventory.reserving import Reservations
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Update
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from crossdock.platform.dynamo import Item

ITEMS: Final = ("A", "B", "C")
CHANNEL: Final = "shop"
PARTS: Final = ("ss", "qc", "dmg", "rsv", "cm", "sh")
_SKEW_S: Final = 300


@dataclass
class Stage:
    """The table, its time, and what everybody was told."""

    random: Random
    table: MemoryTable = field(default_factory=MemoryTable)
    seconds: int = 0
    told: dict[str, set[Answer]] = field(default_factory=dict)
    ended: dict[str, set[State]] = field(default_factory=dict)
    written_at: dict[str, int] = field(default_factory=dict)
    picked: set[tuple[str, str, str]] = field(default_factory=set)
    gone: Counter[tuple[str, tuple[str, str]]] = field(default_factory=Counter)
    nonces: int = 0

    def reservations(self, skew: int = 0) -> Reservations:
        return Reservations(self.table, lambda: self.clock(skew), self.nonce, lambda: float(self.seconds))

    def clock(self, skew: int = 0) -> datetime:
        return NOW + timedelta(seconds=self.seconds + skew)

    def now(self, skew: int = 0) -> int:
        return int(self.clock(skew).timestamp())

    def nonce(self) -> str:
        self.nonces += 1
        return f"n{self.nonces}"

    def rows(self) -> list[Reservation]:
        return [reservation_of(r) for (pk, sk), r in self.table.rows.items() if pk.startswith("RSV#") and sk == "R"]

    def givers(self) -> list[Item]:
        return [r for (pk, _), r in self.table.rows.items() if pk.startswith("T#")]


def header(sku: str, on_hand: int, own: int, staged: int = 0) -> Item:
    """A header with stock, of which the channel has an allocation of its own."""
    zeros = dict.fromkeys((*PARTS, "n", "lag"), 0)
    row = {"pk": f"T#{sku}", "sk": "A#MAIN", "oh": on_hand, **zeros, "av": on_hand, "pl": on_hand - own, "ver": 1}
    row |= {"seq": "0" * 40, "pos": -1, "at": "", "cors": []}
    if own:
        row |= {f"ac_{CHANNEL}": own, f"al_{CHANNEL}": own + staged, f"as_{CHANNEL}": staged}
    return row


# -- what must hold after every step -----------------------------------------------------------------------------


def check_step(stage: Stage) -> None:
    """Raises AssertionError when anything is wrong with what is stored now."""
    for giver in stage.givers():
        own = sum(v for name, v in giver.items() if name.startswith("ac_"))
        held = markers(giver)
        assert giver["av"] == giver["oh"] - sum(giver[p] for p in PARTS), f"av is not its parts: {giver}"
        assert giver["pl"] == giver["av"] - own, f"pl is not av less own allocations: {giver}"
        assert own >= 0, f"an allocation was overdrawn: {giver}"
        assert giver["rsv"] == sum(m.quantity for m in held.values()), f"rsv is not what markers hold: {giver}"
        assert giver["av"] >= 0, f"oversold: {giver}"
    givers = {(g["pk"], g["sk"]): g for g in stage.givers()}
    promised: Counter[tuple[str, str]] = Counter()
    for row in stage.rows():
        stage.written_at.setdefault(row.id, stage.seconds)
        standing = [p for p in row.places if _marked(givers.get(p.key), row)]
        if row.state is State.HELD or (row.by_marker and standing):
            assert len(standing) == len(row.places), f"a hold lost its units: {row}"
            promised.update({p.key: p.quantity for p in row.places})
        if row.state is State.CONFIRMED:
            promised.update({p.key: p.quantity - stage.gone[row.id, p.key] for p in row.places})
    for key, quantity in promised.items():
        assert quantity <= givers[key]["oh"], f"promised {quantity} of {givers[key]}"


def _marked(giver: Item | None, row: Reservation) -> bool:
    marker = markers(giver or {}).get(row.id)
    return marker is not None and marker.nonce == row.nonce


def check_told(stage: Stage) -> None:
    """No answer contradicts another one, and none contradicts what is stored."""
    rows = {r.id: r for r in stage.rows()}
    for rid, answers in stage.told.items():
        assert not answers >= {Answer.HELD, Answer.REFUSED}, f"{rid} was held and refused"
        if Answer.HELD in answers:
            assert rows[rid].state is not State.REFUSED, f"{rid} was held, and then refused"
        if Answer.REFUSED in answers:
            assert rows[rid].state is State.REFUSED, f"{rid} was refused, and then {rows[rid].state}"
    for rid, ends in stage.ended.items():
        once = {State.CONFIRMED if end is State.CANCELLED else end for end in ends}
        assert len(once) == 1, f"{rid} ended as {ends}"
        assert rows[rid].state in ends | ({State.CANCELLED} if State.CONFIRMED in ends else set()), f"{rid}: {ends}"


def check_end(stage: Stage) -> None:
    """When all is quiet and swept: each hold has ended, and what is free is what nobody has."""
    check_told(stage)
    committed: Counter[tuple[str, str]] = Counter()
    for row in stage.rows():
        assert row.state not in {State.OPEN, State.HELD}, f"never ended: {row}"
        if row.state is State.CONFIRMED:
            committed.update({p.key: p.quantity - stage.gone[row.id, p.key] for p in row.places})
    for giver in stage.givers():
        assert not markers(giver), f"a marker was left: {giver}"
        assert giver["cm"] == committed[giver["pk"], giver["sk"]], f"not what was confirmed: {giver}"


# -- what happens ------------------------------------------------------------------------------------------------


def run_schedule(seed: int) -> None:
    """One schedule over the table in memory. Raises AssertionError when anything is wrong."""
    random = Random(seed)  # noqa: S311 - as above
    stage = Stage(random)
    for sku in ITEMS:
        own = random.choice([0, 0, 2])
        row = header(sku, random.randrange(3, 9), own, random.choice([0, 1]) if own else 0)
        stage.table.rows[row["pk"], row["sk"]] = row
    choices = [random.randrange(8) * (-1 if random.random() < 0.06 else 1) for _ in range(400)]
    schedule = Schedule(choices)
    again = random.choice([0.0, 0.0, 0.1])

    def boundary() -> None:
        check_step(stage)
        schedule.boundary()

    stage.table.boundary = boundary
    stage.table.again = lambda: random.random() < again
    schedule.run([_worker(stage, random.choice(WORKERS), n) for n in range(random.randint(3, 7))])
    stage.table.boundary = lambda: check_step(stage)
    stage.table.again = lambda: False
    sweep_all(stage)
    check_end(stage)


def sweep_all(stage: Stage) -> None:
    """Long after: everything that has an end has come to it."""
    stage.seconds += 10_000
    project(stage)
    found = stage.reservations()
    for row in stage.rows():
        found.expire(row.id, abandoned=True)
        if row.state is State.CANCELLED:
            found.cancel(row.id)
    for giver in stage.givers():
        found.reclaim(Place(giver["pk"].removeprefix("T#"), "MAIN", 1))


def _worker(stage: Stage, work: Callable[[Stage, Random, int], None], number: int) -> Callable[[], object]:
    random = Random(stage.random.random())  # noqa: S311 - as above

    def run() -> None:
        skew = random.choice([0, 0, -_SKEW_S, _SKEW_S])
        with suppress(StoreUnavailableError):  # it may be tried again, and whoever asked will
            work(stage, random, skew)

    return run


def _request(random: Random, rid: str, now: int) -> HoldRequest:
    """The request of an id is always the same, but for its instant: ids repeat, and then they are repetitions."""
    same = Random(rid)  # noqa: S311 - a schedule, not a secret
    skus = same.sample(ITEMS, same.choice([1, 1, 1, 2]))
    places = tuple(Place(sku, "MAIN", same.randint(1, 4)) for sku in skus)
    lines = tuple(Line(str(n), p.sku, p.warehouse, p.quantity) for n, p in enumerate(places))
    expires = now + random.choice([30, 100, 400, 1000])
    return HoldRequest(rid, "partner", CHANNEL, "payload", expires, lines, places, "cd-1")


def _some_id(random: Random) -> str:
    return f"x{random.randrange(6)}"


def client(stage: Stage, random: Random, skew: int) -> None:
    """Asks for a hold, perhaps again, and perhaps ends it."""
    found = stage.reservations(skew)
    rid = _some_id(random)
    decision = found.create(_request(random, rid, stage.now(skew)))
    stage.told.setdefault(rid, set()).add(decision.answer)
    if decision.answer is Answer.HELD:
        for _ in range(random.randrange(3)):
            _end(stage, found, rid, random)


def ender(stage: Stage, random: Random, skew: int) -> None:
    """Confirms, releases, cancels, changes or extends whatever there is."""
    found = stage.reservations(skew)
    for _ in range(2):
        _end(stage, found, _some_id(random), random)


def _end(stage: Stage, found: Reservations, rid: str, random: Random) -> None:
    act = random.choice(["confirm", "confirm", "release", "cancel", "extend", "change", "consume"])
    if act == "confirm" and found.confirm(rid).ending is Ending.DONE:
        stage.ended.setdefault(rid, set()).add(State.CONFIRMED)
    elif act == "release" and found.release(rid).ending is Ending.DONE:
        stage.ended.setdefault(rid, set()).add(State.RELEASED)
    elif act == "cancel" and found.cancel(rid).ending is Ending.DONE:
        stage.ended.setdefault(rid, set()).add(State.CANCELLED)
    elif act == "extend":
        found.extend(rid, stage.now() + random.choice([50, 500]))
    elif act == "change":
        places = [Place(sku, "MAIN", random.randint(1, 4)) for sku in random.sample(ITEMS, random.choice([1, 2]))]
        found.change(rid, tuple(Line(str(n), p.sku, "MAIN", p.quantity) for n, p in enumerate(places)), places)
    elif act == "consume":
        _ship(stage, found, rid, random)


def _ship(stage: Stage, found: Reservations, rid: str, random: Random) -> None:
    """A pick that names the reservation: its part of the commitment is decided, then journaled and projected."""
    found.consume(rid, random.choice(ITEMS), "MAIN", f"pick{random.randrange(3)}", random.randint(1, 3))
    project(stage)


def project(stage: Stage) -> None:
    """Counts each pick once: what has left is no longer on hand, and no longer waited for."""
    for (pk, sk), row in list(stage.table.rows.items()):
        for name in [n for n in row if n.startswith("m_") and (pk, sk, n) not in stage.picked]:
            stage.picked.add((pk, sk, name))
            key = (f"T#{sk.split('#')[1]}", "A#MAIN")
            stage.table.rows[key]["oh"] -= row[name]
            stage.table.rows[key]["cm"] -= row[name]
            stage.gone[pk.removeprefix("RSV#"), key] += row[name]


def sweeper(stage: Stage, random: Random, skew: int) -> None:
    """Expires what is due, refuses what was abandoned, and clears expired holds from the givers."""
    found = stage.reservations(skew)
    for row in stage.rows():
        gone = stage.seconds - stage.written_at.get(row.id, stage.seconds) >= ABANDONED_AFTER_S
        ended = found.expire(row.id, abandoned=gone)
        if ended.ending is Ending.DONE and ended.reservation and ended.reservation.state is State.EXPIRED:
            stage.ended.setdefault(row.id, set()).add(State.EXPIRED)


def time_passes(stage: Stage, random: Random, _: int) -> None:
    for _ in range(3):
        stage.seconds += random.choice([5, 40, 90])
        stage.table.boundary()


def goods(stage: Stage, random: Random, _: int) -> None:
    """Goods come in: the projector's one update."""
    for _ in range(2):
        sku, quantity = random.choice(ITEMS), random.randint(1, 3)
        stage.table.write([Update((f"T#{sku}", "A#MAIN"), {"oh": quantity, "av": quantity, "pl": quantity, "ver": 1})])


WORKERS: Final[Sequence[Callable[[Stage, Random, int], None]]] = (
    client,
    client,
    client,
    client,
    ender,
    sweeper,
    sweeper,
    time_passes,
    goods,
)
