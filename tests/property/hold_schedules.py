"""Random schedules of everything that can happen to reservations, checked after every step.

Several clients hold, confirm, release, extend, change, cancel and ask again; sweepers expire and clear up; goods come
and go. Each worker may be interrupted before and after each call to the table, killed there, throttled in the middle of
a call, or have its call carried out twice (an SDK repeats a call whose answer was lost). Clocks of the workers differ
by up to five minutes.

After every step:      av equals its parts, pl is av less all own allocations, rsv is what the markers say,
                       nothing is promised that is not there, every hold that stands has its units
At the end:            no answer was contradicted, each hold ended once, what is free is what nobody holds
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import uuid4

from crossdock.inventory.hold_store import reservation_of
from crossdock.inventory.holding import ABANDONED_AFTER_S
from crossdock.inventory.holds import (
    HEADER,
    Answer,
    Ending,
    HoldRequest,
    Line,
    Place,
    Reservation,
    State,
    markers,
)
from crossdock.inventory.hot import shard_keys
from crossdock.inventory.reserving import Reservations
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Update, When
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from crossdock.platform.dynamo import Item, Outcome, Statement
    from crossdock.platform.writes import Key, Write
    from crossdock_cli.target import Target

    Work = Callable[["Stage", Random, int], None]
Result = TypeVar("Result")

ITEMS: Final = ("A", "B", "C")
IDS: Final = tuple(f"x{n}" for n in range(6))
CHANNELS: Final = ("shop", "edi")
PARTS: Final = ("ss", "qc", "dmg", "rsv", "cm", "sh")
HOT_AT_FIRST: Final = 0.7
KNOWN_AT_FIRST: Final = 0.7
MOST: Final = 4
_SKEW_S: Final = 300
THROTTLED: Final = 0.08
"""How many of the calls are given up for throttling, in two schedules of seven."""


@dataclass
class Stage:
    """The table, its time, and what everybody was told."""

    random: Random
    table: MemoryTable | BoundedTable
    mark: str = ""  # makes the names of a schedule its own, where many share one table
    seconds: int = 0
    told: dict[str, set[Answer]] = field(default_factory=dict)
    ended: dict[str, set[State]] = field(default_factory=dict)
    written_at: dict[str, int] = field(default_factory=dict)
    picked: set[tuple[str, str, str]] = field(default_factory=set)
    gone: Counter[tuple[str, str]] = field(default_factory=Counter)
    nonces: int = 0
    known: list[Item] = field(default_factory=list)  # headers as a process may have seen them, now out of date

    def reservations(self, skew: int = 0) -> Reservations:
        found = Reservations(self.table, lambda: self.clock(skew), self.nonce, lambda: float(self.seconds))
        found.hot.see(self.known)
        return found

    def clock(self, skew: int = 0) -> datetime:
        return NOW + timedelta(seconds=self.seconds + skew)

    def now(self, skew: int = 0) -> int:
        return int(self.clock(skew).timestamp())

    def nonce(self) -> str:
        self.nonces += 1
        return f"n{self.nonces}"

    @property
    def items(self) -> list[str]:
        return [self.mark + item for item in ITEMS]

    @property
    def ids(self) -> list[str]:
        return [self.mark + rid for rid in IDS]

    def look(self) -> Mapping[Key, Item]:
        """All that is stored now, without anybody being interrupted by our looking."""
        if isinstance(self.table, MemoryTable):
            return self.table.rows
        keys = [(f"T#{sku}", "A#MAIN") for sku in self.items]
        keys += [key for sku in self.items for key in (("HOT", f"{sku}#MAIN"), *shard_keys(sku, "MAIN", MOST))]
        for rid in self.ids:
            keys += [(f"RSV#{rid}", "R"), *((f"RSV#{rid}", f"U#{sku}#MAIN") for sku in self.items)]
        return self.table.quietly(lambda table: table.get_many(keys, consistent=True))

    def rows(self) -> list[Reservation]:
        return [reservation_of(r) for (pk, sk), r in self.look().items() if pk.startswith("RSV#") and sk == "R"]

    def givers(self) -> list[Item]:
        return [r for (pk, _), r in self.look().items() if pk.startswith("T#")]


class BoundedTable(Table):
    """The engine's table, with a boundary before and after each call, as the one in memory has it."""

    def __init__(self, client: Any, name: str) -> None:
        super().__init__(client, name)
        self.boundary: Callable[[], None] = lambda: None
        self.again: Callable[[], bool] = lambda: False

    def quietly(self, act: Callable[[Table], Any]) -> Any:
        return act(Table(self.client, self.name))

    def run(self, statements: Sequence[Statement]) -> list[Outcome]:
        def twice() -> list[Outcome]:
            outcomes = super(BoundedTable, self).run(statements)
            return super(BoundedTable, self).run(statements) if self.again() else outcomes

        return self._between(twice)

    def atomically(self, writes: Sequence[Write]) -> list[Outcome]:
        return self._between(lambda: Table(self.client, self.name).atomically(writes))

    def get_many(
        self, keys: Iterable[Key], *, consistent: bool = False, attributes: Sequence[str] = ()
    ) -> dict[Key, Item]:
        wanted = list(keys)
        return self._between(lambda: super(BoundedTable, self).get_many(wanted, consistent=consistent))

    def _between(self, act: Callable[[], Result]) -> Result:
        self.boundary()
        result = act()
        self.boundary()
        return result


def header(sku: str, on_hand: int, own: int, staged: int = 0) -> Item:
    """A header with stock, of which both channels have an allocation of their own if one has."""
    zeros = dict.fromkeys((*PARTS, "n", "lag"), 0)
    row = {"pk": f"T#{sku}", "sk": "A#MAIN", "oh": on_hand, **zeros, "av": on_hand, "pl": on_hand - 2 * own, "ver": 1}
    row |= {"seq": "0" * 40, "pos": -1, "at": "", "cors": []}
    if own:
        for channel in CHANNELS:
            row |= {f"ac_{channel}": own, f"al_{channel}": own + staged, f"as_{channel}": staged}
    return row


# -- what must hold after every step -----------------------------------------------------------------------------


def check_step(stage: Stage) -> None:
    """Raises AssertionError when anything is wrong with what is stored now."""
    stored = stage.look()
    givers = {key: row for key, row in stored.items() if key[0].startswith("T#")}
    granted: Counter[str] = Counter()
    for giver in givers.values():
        assert giver["rsv"] == sum(m.quantity for m in markers(giver).values()), (
            f"rsv is not what markers hold: {giver}"
        )
        assert giver["av"] >= 0, f"oversold: {giver}"
        if "g" in giver:
            assert giver["g"] == giver["av"] + giver["rsv"] + giver["cm"], f"a shard is not its parts: {giver}"
            assert giver["cm"] >= 0, f"drained twice: {giver}"
            granted[sku_of(giver)] += giver["g"]
            continue
        shares = [v for name, v in giver.items() if name.startswith("ac_")]
        assert giver["av"] == giver["oh"] - sum(giver[p] for p in PARTS), f"av is not its parts: {giver}"
        assert giver["pl"] == giver["av"] - sum(shares), f"pl is not av less own allocations: {giver}"
        assert all(share >= 0 for share in shares), f"an allocation was overdrawn: {giver}"
        assert giver["pl"] >= -giver["dmg"], f"one channel took what is another's: {giver}"
    headers = {sku_of(giver): giver for giver in givers.values() if "oh" in giver}
    for sku, giver in headers.items():
        assert giver["sh"] == granted[sku], f"shards have {granted[sku]} of what was granted: {giver}"
        assert "hot" not in giver or ("HOT", f"{sku}#MAIN") in stored, f"hot, and not on the list: {giver}"
    promised: Counter[str] = Counter()
    for row in [reservation_of(r) for (pk, sk), r in stored.items() if pk.startswith("RSV#") and sk == "R"]:
        stage.written_at.setdefault(row.id, stage.seconds)
        standing = [p for p in row.places if _marked(givers.get(p.key), row)]
        if row.state is State.HELD or (row.by_marker and standing):
            assert len(standing) == len(row.places), f"a hold lost its units: {row}"
            promised.update({p.sku: p.quantity for p in row.places})
        if row.state is State.CONFIRMED:
            promised.update({p.sku: p.quantity - stage.gone[row.id, p.sku] for p in row.places})
    for sku, quantity in promised.items():
        assert quantity <= headers[sku]["oh"], f"promised {quantity} of {headers[sku]}"


def sku_of(giver: Item) -> str:
    """The item that a header or a shard is about."""
    return str(giver["pk"]).split("#")[1]


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
    committed: Counter[str] = Counter()
    for row in stage.rows():
        assert row.state not in {State.OPEN, State.HELD}, f"never ended: {row}"
        if row.state is State.CONFIRMED:
            committed.update({p.sku: p.quantity - stage.gone[row.id, p.sku] for p in row.places})
    for giver in stage.givers():
        assert not markers(giver), f"a marker was left: {giver}"
        assert giver["cm"] == committed[sku_of(giver)], f"not what was confirmed: {giver}"


# -- what happens ------------------------------------------------------------------------------------------------


def run_schedule(seed: int) -> None:
    """One schedule over the table in memory, looked at after every step. Raises AssertionError when it is wrong."""
    random = Random(seed)  # noqa: S311 - a schedule, not a secret
    table = MemoryTable()
    if seed % 7 in {4, 5}:
        throttles = Random(-seed - 1)  # noqa: S311 - as above
        table.throttled = lambda many: throttles.randint(0, many) if throttles.random() < THROTTLED else None
    play(Stage(random, table), look_every=1)


def run_schedule_on_engine(target: Target, seed: int) -> None:
    """The same over the engine, looked at after every eighth step: looking costs more than the step."""
    random = Random(seed)  # noqa: S311 - as above
    table = BoundedTable(target.dynamodb, target.name("inventory"))
    play(Stage(random, table, mark=f"{seed}-{uuid4().hex[:8]}-"), look_every=8)


def play(stage: Stage, look_every: int, workers: Sequence[Work] | None = None, *, hot: bool = False) -> None:
    """Lets some of the workers do their work at once, and then everything come to its end."""
    random = stage.random
    for sku in stage.items:
        own = random.choice([0, 0, 1, 2])
        # Shards have units of their own only where there are two for each.
        stock = random.randrange(5, 16) if hot else random.randrange(4, 9)
        row = header(sku, stock, own, random.choice([0, 1]) if own else 0)
        _put(stage, row)
        if hot and random.random() < HOT_AT_FIRST:
            stage.reservations().balancer.promote(sku, "MAIN", random.choice([2, 3]))
    if hot and random.random() < KNOWN_AT_FIRST:
        stage.known = [dict(giver) for giver in stage.givers()]
    choices = [random.randrange(8) * (-1 if random.random() < 0.06 else 1) for _ in range(400)]
    schedule = Schedule(choices)
    again = random.choice([0.0, 0.0, 0.1])
    steps = count()

    def boundary() -> None:
        if next(steps) % look_every == 0:
            check_step(stage)
        schedule.boundary()

    stage.table.boundary = boundary
    stage.table.again = lambda: random.random() < again
    if isinstance(stage.table, MemoryTable) and random.random() < 0.5:
        stage.table.scattered = lambda many: random.sample(range(many), many)
    schedule.run([_worker(stage, random.choice(workers or WORKERS)) for _ in range(random.randint(3, 7))])
    stage.table.boundary = lambda: None
    stage.table.again = lambda: False
    if isinstance(stage.table, MemoryTable):
        stage.table.scattered = lambda _: None
        stage.table.throttled = lambda _: None
    sweep_all(stage)
    check_step(stage)
    check_end(stage)


def _put(stage: Stage, row: Item) -> None:
    if isinstance(stage.table, MemoryTable):
        stage.table.rows[row["pk"], row["sk"]] = row
    else:
        stage.table.put(row)


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
        shard = giver["pk"].partition("#S")[2]
        found.reclaim(Place(sku_of(giver), "MAIN", 1, shard=int(shard) if shard else HEADER))
    for entry in found.hot.registered():
        found.balancer.demote(entry.sku, entry.warehouse)


def _worker(stage: Stage, work: Callable[[Stage, Random, int], None]) -> Callable[[], object]:
    random = Random(stage.random.random())  # noqa: S311 - as above

    def run() -> None:
        skew = random.choice([0, 0, -_SKEW_S, _SKEW_S])
        with suppress(StoreUnavailableError):  # it may be tried again, and whoever asked will
            work(stage, random, skew)

    return run


def _request(stage: Stage, random: Random, rid: str, now: int) -> HoldRequest:
    """The request of an id is always the same, but for its instant: ids repeat, and then they are repetitions."""
    same = Random(rid)  # noqa: S311 - a schedule, not a secret
    skus = same.sample(stage.items, same.choice([1, 1, 1, 2]))
    places = tuple(Place(sku, "MAIN", same.randint(1, 4)) for sku in skus)
    lines = tuple(Line(str(n), p.sku, p.warehouse, p.quantity) for n, p in enumerate(places))
    expires = now + random.choice([30, 100, 400, 1000])
    return HoldRequest(rid, "partner", same.choice(CHANNELS), "payload", expires, lines, places, "cd-1")


def client(stage: Stage, random: Random, skew: int) -> None:
    """Asks for a hold or two, perhaps again, and perhaps ends them."""
    found = stage.reservations(skew)
    for _ in range(random.choice([1, 1, 2])):
        rid = random.choice(stage.ids)
        decision = found.create(_request(stage, random, rid, stage.now(skew)))
        stage.told.setdefault(rid, set()).add(decision.answer)
        if decision.answer is Answer.HELD:
            for _ in range(random.randrange(3)):
                _end(stage, found, rid, random)


def queue(stage: Stage, random: Random, skew: int) -> None:
    """Asks for several holds at once, as a queue brings them; an id may be among them twice."""
    found = stage.reservations(skew)
    rids = [random.choice(stage.ids) for _ in range(random.randint(2, 5))]
    requests = [_request(stage, random, rid, stage.now(skew)) for rid in rids]
    for rid, decision in zip(rids, found.create_many(requests), strict=True):
        stage.told.setdefault(rid, set()).add(decision.answer)


def ender(stage: Stage, random: Random, skew: int) -> None:
    """Confirms, releases, cancels, changes or extends whatever there is."""
    found = stage.reservations(skew)
    for _ in range(2):
        _end(stage, found, random.choice(stage.ids), random)


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
        places = [Place(sku, "MAIN", random.randint(1, 4)) for sku in random.sample(stage.items, random.choice([1, 2]))]
        found.change(rid, tuple(Line(str(n), p.sku, "MAIN", p.quantity) for n, p in enumerate(places)), places)
    elif act == "consume":
        _ship(stage, found, rid, random)


def _ship(stage: Stage, found: Reservations, rid: str, random: Random) -> None:
    """A pick that names the reservation: its part of the commitment is decided, then journaled and projected."""
    found.consume(rid, random.choice(stage.items), "MAIN", f"pick{random.randrange(3)}", random.randint(1, 3))
    project(stage)


def project(stage: Stage) -> None:
    """Counts each pick once: what has left is no longer on hand, and no longer waited for."""
    for (pk, sk), row in list(stage.look().items()):
        for name in [n for n in row if n.startswith("m_") and (pk, sk, n) not in stage.picked]:
            stage.picked.add((pk, sk, name))
            key = (f"T#{sk.split('#')[1]}", "A#MAIN")
            stage.gone[pk.removeprefix("RSV#"), sk.split("#")[1]] += row[name]
            picked = Update(key, {"oh": -row[name], "cm": -row[name], "ver": 1})
            if isinstance(stage.table, MemoryTable):
                stage.table.rows[key] |= {n: stage.table.rows[key][n] + v for n, v in picked.add.items()}
            else:
                stage.table.quietly(lambda table, write=picked: table.write([write]))


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
        sku, quantity = random.choice(stage.items), random.randint(1, 3)
        stage.table.write([Update((f"T#{sku}", "A#MAIN"), {"oh": quantity, "av": quantity, "pl": quantity, "ver": 1})])


def spoilage(stage: Stage, random: Random, _: int) -> None:
    """Goods turn out to be damaged, as far as nobody was promised them; own allocations do not shrink by themselves."""
    sku, quantity = random.choice(stage.items), random.randint(1, 3)
    moved = {"dmg": quantity, "av": -quantity, "pl": -quantity, "ver": 1}
    stage.table.write([Update((f"T#{sku}", "A#MAIN"), moved, when=(When("av", ">=", quantity),))])


WORKERS: Final[Sequence[Work]] = (
    client,
    client,
    client,
    client,
    ender,
    sweeper,
    sweeper,
    time_passes,
    goods,
    spoilage,
)
