"""A replay run survives whoever works it off: it dies before and after every call, is resumed, counts each fact once.

What a death leaves between sending a fact and counting it is sent twice, under one mark: that is told apart here from
what is counted, and it makes no difference to what is stored.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given

from crossdock.exceptions.model import OPEN
from crossdock.exceptions.replaying import BATCH, Replayer
from crossdock.exceptions.run_store import RunStoppedError
from crossdock.exceptions.runs import FactState, Options, Run, RunState, Selection, new_id
from crossdock.platform import clients
from crossdock.platform.dynamo import Table
from tests.property import properties as p
from tests.support import world as worlds
from tests.support.crashes import Killed, Moment, reaper
from tests.support.examples import examples
from tests.support.replays import replayer, run_through
from tests.support.tables import table_name
from tests.support.world import Context, World, movement, movements_message

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

FACTS: Final = 13
CALLS: Final = 25
EVERYTHING: Final = Selection(source="wms")


def sender(world: World) -> Any:
    def send(messages: Any) -> None:
        entries = [{"Id": str(n), "MessageBody": json.dumps(message)} for n, (_, message) in enumerate(messages)]
        if entries:
            clients.sqs().send_message_batch(QueueUrl=world.urls["movements"], Entries=entries)

    return send


def worker_of(world: World) -> Replayer:
    """An operator's process, over the clients that the reaper watches."""
    return replayer(Table(clients.dynamodb(), table_name("exceptions")), world.clock, sender(world))


def refused(world: World) -> None:
    """Facts of two groups, whose items are known by now."""
    movements = [movement(f"m{n}", item="NEW" if n % 3 else "OTHER") for n in range(FACTS)]
    world.call("apply_movements", world.queue_event("movements", [movements_message(*movements)]), Context())
    world.knows(("wms", "NEW", "SKU-1"), ("wms", "OTHER", "SKU-2"))
    world.forget_warm_state()


def operate(world: World) -> None:
    """What an operator does: replay what is refused; go on with a run that was left, if there is one."""
    found = worker_of(world)
    left = {RunState.PREVIEWED, RunState.RUNNING, RunState.PAUSED}
    run = next((r for r in found.runs.runs() if r.state in left), None)
    if run is None:
        if any(r.state is RunState.DONE for r in found.runs.runs()):
            return
        run_through(found, EVERYTHING)
        return
    worker = new_id()
    assert found.runs.begin(run.id, worker, "bob")
    found.work(run, worker, "bob")


@dataclass(frozen=True)
class Ended:
    """The run that was worked off, the messages it sent by fact, and what is stored of the movements."""

    run: Run
    facts: Counter[FactState]
    sent: Counter[str]
    journal: list[str]


def ended(world: World) -> Ended:
    """Applies what was sent, and looks."""
    runs = worker_of(world).runs
    (run,) = (r for r in runs.runs() if r.state is not RunState.DRAFT)
    messages = world.take("movements")
    assert {m["replay"]["run"] for m in messages} == {run.id}
    world.call("apply_movements", world.queue_event("movements", messages), Context())
    facts = Counter(fact.state for fact in runs.facts(run.id))
    journal = sorted(r["sk"] for r in world.rows("inventory") if r["pk"].startswith("M#"))
    return Ended(run, facts, Counter(m["replay"]["occurrence"] for m in messages), journal)


def check(world: World, note: str, twice: int) -> None:
    """Every fact of the run is counted as sent once, was sent at least once, and is applied once and settled."""
    found = ended(world)
    assert (found.run.state, found.run.facts) == (RunState.DONE, FACTS), note
    assert (found.run.sent, found.run.passed_over, found.run.left) == (FACTS, 0, 0), note
    assert found.facts == {FactState.SENT: FACTS}, note
    assert len(found.sent) == FACTS, note
    assert sum(found.sent.values()) <= FACTS + twice, note
    assert found.journal == sorted(f"wms#m{n}" for n in range(FACTS)), note
    assert list(world.exceptions.groups()) == [], note
    groups = list(world.exceptions.groups("closed"))
    assert sum(g.settled for g in groups) == FACTS, note
    assert {(g.open, g.replaying, g.closed) for g in groups} == {(0, 0, 0)}, note


def on(engine: Target, folder: Path, patch: pytest.MonkeyPatch) -> World:
    world = worlds.build(engine, folder, patch)
    refused(world)
    return world


def test_a_run_counts_every_fact_once(engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = on(engine, tmp_path, monkeypatch)
    with reaper() as found:
        operate(world)
    assert len(found.calls) == CALLS, found.calls
    check(world, "undisturbed", twice=0)


# One call comes after another: who dies after one and who dies before the next leave the same behind.
@pytest.mark.parametrize("part", range(4))
def test_a_run_that_dies_anywhere_and_is_resumed_counts_every_fact_once(
    engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    deaths: list[tuple[int, Moment]] = [*((at, "before") for at in range(1, CALLS + 1)), (CALLS, "after")]
    for at, moment in deaths[part::4]:
        world = on(engine, tmp_path, monkeypatch)
        with reaper(at, moment), pytest.raises(Killed) as death:
            operate(world)
        operate(world)
        check(world, str(death.value), twice=BATCH)


def disturb(world: World, random: Random) -> None:
    """Deaths, pauses and takeovers in any order; in the end somebody resumes."""
    for _ in range(random.randrange(1, 5)):
        match random.randrange(3):
            case 0:
                with reaper(random.randrange(1, CALLS), random.choice(["before", "after"])):
                    _until_it_dies(world)
            case 1:
                _pause(world)
            case 2:
                _race(world)
    operate(world)


def _until_it_dies(world: World) -> None:
    with contextlib.suppress(Killed, RunStoppedError):
        operate(world)


def _pause(world: World) -> None:
    runs = worker_of(world).runs
    for run in runs.runs():
        runs.pause(run.id, "eve")


def _race(world: World) -> None:
    """Three operators resume the same run at once."""
    threads = [threading.Thread(target=_until_it_dies, args=(world,)) for _ in range(3)]
    if not any(r.state is not RunState.DRAFT for r in worker_of(world).runs.runs()):
        found = worker_of(world)
        list(found.preview(found.draft(EVERYTHING, Options(), "ann")))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check_disturbed(engine: Target, folder: Path, patch: pytest.MonkeyPatch, random: Random) -> None:
    world = on(engine, folder, patch)
    disturb(world, random)
    check(world, "disturbed", twice=100)


@given(p.SEEDS)
@examples(12)
def test_deaths_pauses_and_takeovers_in_any_order_count_every_fact_once(
    engine: Target, tmp_path_factory: pytest.TempPathFactory, random: Random
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        check_disturbed(engine, tmp_path_factory.mktemp("world"), patch, random)


def test_a_fact_that_another_run_took_over_is_not_sent_by_the_first(world: World) -> None:
    refused(world)
    first = worker_of(world)
    run = first.draft(EVERYTHING, Options(), "ann")
    list(first.preview(run))
    assert first.runs.begin(run.id, "w1", "ann")
    pairs = [(f, world.exceptions.occurrence(*f.key)) for f in first.runs.facts(run.id)][:3]
    assert first.runs.mark(run, "w1", "ann", [(f, o) for f, o in pairs if o]) == pairs  # and dies before it sends
    second = run_through(worker_of(world), Selection(source="wms", states=(OPEN, "replaying")))

    assert first.runs.begin(run.id, "w2", "bob")
    done = first.work(run, "w2", "bob")

    assert (second.sent, done.sent, done.passed_over) == (FACTS, 0, FACTS)
    assert {m["replay"]["run"] for m in world.take("movements")} == {second.id}
    whys = Counter(f.why for f in first.runs.facts(run.id))
    assert whys == {"another run took it over": 3, "somebody else replayed, corrected or closed it meanwhile": 10}
