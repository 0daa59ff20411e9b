"""The same properties on the emulator, fewer times; and the table in memory held against it, statement by statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from crossdock.config import ExceptionTerms
from crossdock.contracts.refusals import Refusal
from crossdock.exceptions.model import CLOSED, OPEN, REPLAYING, SETTLED, fingerprint
from crossdock.exceptions.store import ExceptionsStore
from crossdock.inventory.balances import deltas
from crossdock.inventory.store import record_of
from crossdock.platform.dynamo import Table, from_item
from tests.property import balances
from tests.property import properties as p
from tests.property.price_rows import check_kept
from tests.support.engine import start_afresh
from tests.support.examples import examples, unshrunk
from tests.support.memory import MemoryTable
from tests.support.replays import Exceptions
from tests.support.tables import table_name
from tests.support.world import later

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration


def table(target: Target, name: str) -> Table:
    return Table(target.dynamodb, table_name(name))


# -- the table in memory ---------------------------------------------------------------------------------------


@given(p.SEEDS)
@examples(40)
def test_the_table_in_memory_does_what_the_emulator_does(engine: Target, random: Random) -> None:
    start_afresh(engine)
    real, fake = table(engine, "inventory"), MemoryTable()
    for _ in range(12):
        batch, keys = [], set()
        for _ in range(random.randint(1, 5)):
            key = (random.choice("ab"), random.choice("xy"))
            if key in keys:
                continue
            keys.add(key)
            batch.append((random.random() < 0.4, key, random.randrange(4), random.randrange(4)))
        outcomes = [
            t.run(
                [
                    t.insert({"pk": k[0], "sk": k[1], "n": n, "at": str(m), "none": None, "list": ["x"]})
                    if new
                    else t.update(k, [("n = n + ?", n), ('"at" = ?', str(m))], [("n < ?", m + 3), ("list = ?", ["x"])])
                    for new, k, n, m in batch
                ]
            )
            for t in (real, fake)
        ]
        assert outcomes[0] == outcomes[1]
    keys = [(a, b) for a in "ab" for b in "xy"]
    assert real.get_many(keys, consistent=True) == fake.get_many(keys, consistent=True)
    assert list(real.query("a", prefix="x")) == list(fake.query("a", prefix="x"))


# -- journal → stream → header ---------------------------------------------------------------------------------


@given(p.SEEDS)
@examples(25)
def test_a_balance_is_the_fold_of_its_journal(engine: Target, random: Random) -> None:
    """With the emulator's own stream; batches overlap and come again, and some are handled halfway."""
    from tests.support.world import World

    start_afresh(engine)
    world = World(engine, pytest.MonkeyPatch())
    store = world.inventory
    model = p.check_journal(table(engine, "inventory"), p.chopped(p.some_entries(random), p.some_cuts(random)))
    records = [r for r in world.stream("inventory") if r["dynamodb"]["Keys"]["pk"]["S"].startswith("M#")]
    assert len(records) == len(model)
    done = 0
    for batch in p.chopped(records, p.some_cuts(random)):
        done += len(batch)
        again = records[max(0, done - len(batch) - random.randrange(3)) : done]
        changes = deltas(record_of(r) for r in again)
        store.apply(random.sample(changes, random.randint(0, len(changes))))
        store.apply(changes)
    p.check_headers(store, model, p.last_sequences(records))


@dataclass
class _Seen:
    """What the engine holds, as the checks of tests/property/balances.py ask for it."""

    rows: dict[tuple[str, str], Any]
    records: list[dict[str, Any]]


@given(p.SEEDS)
@examples(25)
def test_every_kind_of_movement_is_counted_once_on_the_engine(engine: Target, random: Random) -> None:
    """Names with dashes and dots, fractions, first and later transfers; batches overlap and some stop halfway."""
    from tests.support.world import World

    start_afresh(engine)
    world = World(engine, pytest.MonkeyPatch())
    for batch in p.chopped(balances.some_movements(random), p.some_cuts(random)):
        world.inventory.journal(batch)
    records = [r for r in world.stream("inventory") if r["dynamodb"]["Keys"]["pk"]["S"].startswith("M#")]
    done = 0
    for batch in p.chopped(records, p.some_cuts(random)):
        done += len(batch)
        changes = deltas(record_of(r) for r in records[max(0, done - len(batch) - random.randrange(3)) : done])
        world.inventory.apply(random.sample(changes, random.randint(0, len(changes))))
        world.inventory.apply(changes)
    seen = _Seen(
        {(r["pk"], r["sk"]): r for r in world.rows("inventory")},
        [{"row": from_item(r["dynamodb"]["NewImage"]), "sequence": r["dynamodb"]["SequenceNumber"]} for r in records],
    )
    balances.check_what_is_counted(seen)
    balances.check_all_counted(seen)


# -- prices ----------------------------------------------------------------------------------------------------


@given(p.SEEDS)
@examples(25)
def test_the_ledger_keeps_first_contents_and_sheets_the_newest_versions(engine: Target, random: Random) -> None:
    start_afresh(engine)
    check_kept(table(engine, "pricing"), random)


# -- exceptions ------------------------------------------------------------------------------------------------


def refusal(fact: str, *, recurs: bool, replay: dict[str, str] | None = None) -> Refusal:
    return Refusal(
        kind="unknown_item",
        source="wms",
        subject="item/NEW",
        fact=fact,
        detail="d",
        remedy="r",
        route="movements",
        message={"fact": fact},
        pointer="",
        correlation_id="cd-1",
        replay=replay,
        recurs=recurs,
    )


def check_exceptions(engine: Target, random: Random) -> None:
    """Random refusals, replays, outcomes (old ones too), closings from stale views: the counts are the facts'."""
    start_afresh(engine)
    ticks = iter(range(10_000))
    store = Exceptions(table(engine, "exceptions"), lambda: later(next(ticks)), ExceptionTerms())
    group = fingerprint(refusal("f0", recurs=False))
    marks: list[dict[str, str]] = []
    seen: list[Any] = []
    for _ in range(30):
        seen = seen if seen and random.random() < 0.3 else list(store.occurrences(group))  # a view may be stale
        chosen = random.choice(seen) if seen else None
        match random.randrange(6):
            case 0 | 1:
                store.refuse([refusal(f"f{random.randrange(4)}", recurs=random.random() < 0.5)])
            case 2 if chosen:
                run = f"run-{len(marks)}"
                if store.begin_replay(chosen, run, "ann"):
                    marks.append({"exception": group, "occurrence": chosen.id, "run": run})
            case 3 if marks:
                store.settle(random.choices(marks, k=random.randrange(1, 4)))
            case 4 if marks:
                store.refuse([refusal("f0", recurs=False, replay=random.choice(marks))])
            case 5 if chosen:
                store.close(chosen, "ann", "why")
        check_counts(store, group)


def check_counts(store: ExceptionsStore, group: str) -> None:
    states = [o.state for o in store.occurrences(group)]
    head = store.group(group)
    if head is None:
        assert states == []
        return
    counted = {OPEN: head.open, REPLAYING: head.replaying, SETTLED: head.settled, CLOSED: head.closed}
    assert counted == {s: states.count(s) for s in (OPEN, REPLAYING, SETTLED, CLOSED)}
    left = bool(head.open or head.replaying)
    assert [g.id for g in store.groups(OPEN)] == ([group] if left else [])
    assert [g.id for g in store.groups(CLOSED)] == ([] if left else [group])


@given(p.SEEDS)
@examples(30)
def test_a_groups_counts_are_always_those_of_its_facts(engine: Target, random: Random) -> None:
    check_exceptions(engine, random)


def unconditional_moves(patch: pytest.MonkeyPatch) -> None:
    """Moves a fact from whatever state it is in."""
    transact = Table.transact

    def lenient(self: Table, writes: Any) -> Any:
        for write in writes:
            update = write.get("Update", {})
            if update.get("ConditionExpression", "").startswith("#state = :from"):
                del update["ConditionExpression"]
                del update["ExpressionAttributeValues"][":from"]
                del update["ExpressionAttributeValues"][":was"]
        return transact(self, writes)

    patch.setattr(Table, "transact", lenient)


def groups_stay_open(patch: pytest.MonkeyPatch) -> None:
    """Leaves a group open although nothing in it is."""
    patch.setattr(ExceptionsStore, "_close_group", lambda *_: None)


@pytest.mark.parametrize("mutation", [unconditional_moves, groups_stay_open])
def test_a_mutant_of_the_exceptions_is_seen(
    engine: Target, monkeypatch: pytest.MonkeyPatch, mutation: Callable[[pytest.MonkeyPatch], None]
) -> None:
    mutation(monkeypatch)

    with pytest.raises(AssertionError):
        given(random=p.SEEDS)(unshrunk(30)(lambda random: check_exceptions(engine, random)))()
