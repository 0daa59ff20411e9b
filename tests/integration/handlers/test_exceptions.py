"""The exceptions list: dead letters come onto it, operators correct, replay and close, and the counts are never off."""

from __future__ import annotations

import json
import shlex
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.exceptions.correction import assignments_to_patch, corrected_message
from crossdock.exceptions.model import payload
from crossdock.exceptions.runs import Options, RunFact, Selection, marked
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.inbox import Inbox
from crossdock.platform.dynamo import Table
from tests.support.payloads import FOLDER as PAYLOADS
from tests.support.replays import as_corrected, replay, replayer, run_through
from tests.support.world import (
    CORRELATION,
    NOW_TEXT,
    Context,
    World,
    configuration,
    dirty_message,
    later,
    movement,
    movements_message,
    price,
    prices_event,
)

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock.exceptions.model import Occurrence
    from crossdock.exceptions.replaying import Prepared

pytestmark = pytest.mark.integration


def collect(world: World, queue: str, *messages: Any) -> None:
    answer = world.call("collect_dead_letters", world.queue_event(queue, messages), Context())
    assert answer == {"batchItemFailures": []}


def refuse(world: World, *ids: str) -> list[Occurrence]:
    message = movements_message(*(movement(i, item="NEW") for i in ids))
    world.call("apply_movements", world.queue_event("movements", [message]))
    (group,) = world.exceptions.groups()
    return list(world.exceptions.occurrences(group.id))


def correct(world: World, occurrence: Occurrence, fields: dict[str, str]) -> None:
    if fields:
        patch = assignments_to_patch(occurrence, fields)
        assert world.exceptions.correct(occurrence, corrected_message(occurrence, patch), patch, "bob", "typo")


def counts(world: World, group: str) -> tuple[int, int, int, int]:
    found = world.exceptions.group(group)
    assert found is not None
    return found.open, found.replaying, found.settled, found.closed


# -- what is stored --------------------------------------------------------------------------------------------


def test_a_refusal_is_a_group_and_an_occurrence(world: World) -> None:
    (occurrence,) = refuse(world, "m1")

    head, fact = world.rows("exceptions")
    assert head == {
        "pk": f"EXC#{occurrence.group}",
        "sk": "HEAD",
        "kind": "unknown_item",
        "class": "permanent",
        "source": "wms",
        "subject": "item/NEW",
        "detail": "wms calls an item 'NEW' and no cross-reference says which item that is",
        "remedy": "crossdock xref add wms 'NEW' <SKU>, then replay; or correct the item code and replay",
        "first_seen": NOW_TEXT,
        "opened": NOW_TEXT,
        "gs": "open",
        "gt": NOW_TEXT,
        "n_open": 1,
        "n_replaying": 0,
        "n_settled": 0,
        "n_closed": 0,
        "n_orders": 0,
        "owner": "master data",
        "due": "2026-11-21T12:00:00.000Z",
    }
    assert (fact["sk"], fact["state"], fact["tries"], fact["cor"]) == (f"OCC#{occurrence.id}", "open", 0, CORRELATION)
    assert occurrence.original == movements_message(movement("m1", item="NEW"))


# -- dead letters ----------------------------------------------------------------------------------------------


def test_many_refusals_take_few_transactions_and_every_one_is_counted_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []
    transact = Table.transact
    monkeypatch.setattr(Table, "transact", lambda self, writes: (ran.append(len(writes)), transact(self, writes))[1])
    moves = [movement(f"m{n}", item=f"NEW-{n % 60}") for n in range(120)]
    event = world.queue_event("movements", [movements_message(*moves[:7]), movements_message(*moves[:7], *moves[7:])])

    assert world.call("apply_movements", event, Context()) == {"batchItemFailures": []}
    assert (len(ran), max(ran)) == (3, 100)
    assert world.call("apply_movements", event, Context()) == {"batchItemFailures": []}  # the same again

    groups = list(world.exceptions.groups())
    assert (len(groups), {g.open for g in groups}) == (60, {2})
    assert sum(len(list(world.exceptions.occurrences(g.id))) for g in groups) == 120


def test_refusals_that_are_partly_known_add_only_the_others(world: World) -> None:
    refuse(world, "m1", "m3")
    refuse(world, "m1", "m2", "m3", "m4")

    (group,) = world.exceptions.groups()
    assert (counts(world, group.id), len(list(world.exceptions.occurrences(group.id)))) == ((4, 0, 0, 0), 4)


def test_a_remedy_can_be_pasted_whatever_an_item_is_called(world: World) -> None:
    item = "x'; touch /tmp/oops; '"
    world.call("apply_movements", world.queue_event("movements", [movements_message(movement("m1", item=item))]))

    (group,) = world.exceptions.groups()
    words = shlex.split(group.remedy.partition(" <SKU>")[0])
    assert words == ["crossdock", "xref", "add", "wms", item]


def test_nothing_on_the_list_steers_the_terminal_of_who_reads_it(world: World) -> None:
    letter = {"source": "\x1b]0;owned\x07\u202e\ud800", "correlation_id": "\x9b2J"}
    collect(world, "prices-dlq", letter)

    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (group.source, occurrence.correlation_id) == ("\ufffd]0;owned\ufffd\ufffd\ufffd", "\ufffd2J")
    assert occurrence.original == letter


def test_a_dead_letter_is_an_exception_that_is_replayed_to_its_own_queue(world: World) -> None:
    message = movements_message(movement("m1"))

    collect(world, "movements-dlq", message)

    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (group.kind, group.source, group.subject) == ("dead_letter", "wms", "queue/movements")
    assert (occurrence.route, occurrence.correlation_id) == ("movements", CORRELATION)
    assert occurrence.message == {k: v for k, v in message.items() if k != "replay"}
    world.knows(("wms", "A1", "SKU-1"))
    ((route, again),) = replay(world.table("exceptions"), world.clock, [occurrence])
    world.call("apply_movements", world.queue_event(route, [again]))
    assert counts(world, group.id) == (0, 0, 1, 0)
    assert [r["sk"] for r in world.rows("inventory")] == ["wms#m1"]


def test_the_same_dead_letter_again_is_one_fact_and_one_that_recurs_after_it_was_settled_is_open(world: World) -> None:
    message = dirty_message("webshop", ("price", "SKU-1"))
    collect(world, "channel-webshop-dlq", message, message)
    collect(world, "channel-webshop-dlq", message)
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (group.source, group.subject, group.open) == ("webshop", "queue/channel-webshop", 1)
    assert occurrence.correlation_id == CORRELATION
    world.exceptions.close(occurrence, "ann", "tried enough")

    collect(world, "channel-webshop-dlq", message)

    assert counts(world, group.id) == (1, 0, 0, 0)


def test_a_replay_that_died_in_the_queue_is_open_once_more_and_not_a_second_exception(world: World) -> None:
    (occurrence,) = refuse(world, "m1")
    assert world.exceptions.begin_replay(occurrence, "run-1", "ann")
    mark = {"exception": occurrence.group, "occurrence": occurrence.id, "run": "run-1"}

    collect(world, "movements-dlq", {**occurrence.message, "replay": mark})

    assert [g.id for g in world.exceptions.groups()] == [occurrence.group]
    assert counts(world, occurrence.group) == (1, 0, 0, 0)


def test_a_replay_that_the_bus_could_not_hand_over_is_open_once_more_and_not_a_second_exception(world: World) -> None:
    collect(world, "prices-dlq", prices_event(price("R1", 1)))
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert world.exceptions.begin_replay(occurrence, "run-1", "ann")
    mark = {"exception": occurrence.group, "occurrence": occurrence.id, "run": "run-1"}
    detail = {**occurrence.message, "replay": mark}

    collect(world, "failures", {"version": "0", "detail-type": detail["type"], "detail": detail})

    assert [g.id for g in world.exceptions.groups()] == [group.id]
    assert counts(world, group.id) == (1, 0, 0, 0)
    (again,) = world.exceptions.occurrences(group.id)
    assert again.message == occurrence.message


def test_an_event_that_a_partners_bus_gave_up_is_replayed_to_the_queue_it_was_meant_for(
    world: World, tmp_path: Path
) -> None:
    """EventBridge leaves the event as it came, which its sender cannot send again."""
    event_source = "aws.partner/salesforce.com/00D1/0YL1"
    crm = {"connector": "salesforce", "scheme": "salesforce-outbound", "counts": False, "event_source": event_source}
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, sources={"crm": crm})))
    world.forget_warm_state()
    event = {**json.loads((PAYLOADS / "salesforce" / "change-update.json").read_text("utf-8")), "source": event_source}

    collect(world, "failures", event)

    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (group.kind, group.source, group.subject) == ("dead_letter", "crm", "queue/webhooks")
    assert occurrence.route == "webhooks"
    assert occurrence.message == {
        "v": 1,
        "kind": "relayed",
        "source": "crm",
        "id": event["id"],
        "detail": event["detail"],
    }
    ((route, again),) = replay(world.table("exceptions"), world.clock, [occurrence])
    assert world.call("map_webhooks", world.queue_event(route, [again]), Context()) == {"batchItemFailures": []}
    assert counts(world, group.id) == (0, 0, 1, 0)
    assert Inbox(world.table("exchange"), world.clock).find("crm", event["id"]) is not None


def test_an_event_of_a_bus_that_is_nobodys_is_listed_as_it_came(world: World) -> None:
    event = {"id": "e1", "source": "aws.partner/strange", "detail-type": "X", "detail": {"a": 1}}

    collect(world, "failures", event)

    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (group.subject, occurrence.route, occurrence.message) == ("queue/failures", "", event)


@pytest.mark.parametrize(
    ("extra", "kind"),
    [({"DDBStreamBatchInfo": {"shardId": "s", "startSequenceNumber": "1"}}, "lost_batch"), ({}, "failed_invocation")],
)
def test_what_lambda_gave_up_is_an_exception_that_names_the_function(
    world: World, extra: dict[str, Any], kind: str
) -> None:
    description = {
        "version": "1.0",
        "requestContext": {
            "requestId": "r-1",
            "functionArn": "arn:aws:lambda:eu-west-2:000000000000:function:crossdock-local-project-balances:live",
            "condition": "RetryAttemptsExhausted",
        },
        **extra,
    }

    collect(world, "failures", description)

    (group,) = world.exceptions.groups()
    assert (group.kind, group.subject) == (kind, "function/crossdock-local-project-balances")
    assert group.detail == "crossdock-local-project-balances gave up: RetryAttemptsExhausted"


@pytest.mark.parametrize(
    "letter",
    [
        "no json",
        "[" * 100_000,
        {"keys": ["abc"]},
        {"keys": [{"correlation_ids": 5}]},
        {"replay": {"exception": 1}},
        {"replay": {"exception": "none", "occurrence": "none", "run": "r"}},
        {"requestContext": "text"},
        {"source": {"nested": 1}},
    ],
)
def test_no_dead_letter_is_too_strange_to_be_kept(world: World, letter: Any) -> None:
    collect(world, "prices-dlq", letter)

    assert [(g.kind, g.subject, g.open) for g in world.exceptions.groups()] == [("dead_letter", "queue/prices", 1)]


@pytest.mark.parametrize("letter", ["д" * 130_000, {"source": "wms", "item": "д" * 130_000}])
def test_the_largest_dead_letter_in_any_script_is_kept_and_fits_the_queue_again(world: World, letter: Any) -> None:
    collect(world, "prices-dlq", letter)

    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert "д" * 130_000 in occurrence.message.values()
    assert (
        len(payload(marked(occurrence.message, RunFact(occurrence.group, occurrence.id), "0123456789ab")).encode())
        < 262_144
    )


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", '"\\', "😀"])
def test_a_payload_is_what_it_was_even_with_half_a_letter(text: str) -> None:
    assert json.loads(payload({"item": text}).encode()) == {"item": text}


# -- operators -------------------------------------------------------------------------------------------------


def test_a_correction_is_kept_beside_the_original_with_who_and_why(world: World) -> None:
    (occurrence,) = refuse(world, "m1")
    patch = assignments_to_patch(occurrence, {"item": "A1"})

    assert world.exceptions.correct(occurrence, corrected_message(occurrence, patch), patch, "ann", "typo")

    after = world.exceptions.occurrence(occurrence.group, occurrence.id)
    assert after is not None
    assert after.message["movements"][0]["item"] == "A1"
    assert after.original == occurrence.original
    (line,) = world.exceptions.history(occurrence.group)
    assert (line["by"], line["why"], line["patch"]) == (
        "ann",
        "typo",
        '[{"op": "add", "path": "/movements/0/item", "value": "A1"}]',
    )


def test_two_operators_cannot_correct_over_each_other(world: World) -> None:
    (occurrence,) = refuse(world, "m1")
    start, done = threading.Barrier(8), []

    def work(n: int) -> None:
        patch = assignments_to_patch(occurrence, {"item": f"A{n}"})
        start.wait()
        done.append(world.exceptions.correct(occurrence, corrected_message(occurrence, patch), patch, f"op{n}", "w"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == [False] * 7 + [True]
    assert len(world.exceptions.history(occurrence.group)) == 1


def test_a_second_preview_changes_nothing_of_a_run_that_was_started_before_it_was_kept(world: World) -> None:
    """What it found is another basis for every fact; the run sends what was previewed, and not one is passed over."""
    refuse(world, *(f"m{n}" for n in range(120)))
    sent: list[Any] = []
    found = replayer(world.table("exceptions"), world.clock, sent.extend)
    run = found.draft(Selection(), Options(), "ann")
    list(found.preview(run))
    others = [replace(fact, basis={"another": 1}) for fact in found.runs.facts(run.id)]
    before = list(found.runs.facts(run.id))
    assert found.runs.begin(run.id, "w1", "bob")

    assert found.runs.previewed(run, others, {}) is False

    assert list(found.runs.facts(run.id)) == before
    done = found.work(run, "w1", "bob")
    assert (done.sent, done.passed_over, len(sent)) == (120, 0, 120)


def test_a_run_cannot_be_started_while_a_preview_is_being_kept(world: World) -> None:
    """Neither by halves: a start or another preview between two of its writes is seen by one of the two."""
    refuse(world, *(f"m{n}" for n in range(120)))
    found = replayer(world.table("exceptions"), world.clock, lambda _: None)
    run = found.draft(Selection(), Options(), "ann")
    list(found.preview(run))
    facts = list(found.runs.facts(run.id))
    transact, began, again = Table.transact, [], []

    def between(table: Table, writes: Any) -> Any:
        done = transact(table, writes)
        if "ConditionCheck" in writes[0] and not began:
            began.append(found.runs.begin(run.id, "w1", "bob"))
            again.append(found.runs.previewed(run, facts, {"mine": 120}))
        return done

    world.patch.setattr(Table, "transact", between)
    kept = found.runs.previewed(run, [replace(fact, basis={"another": 1}) for fact in facts], {"other": 120})

    now = found.runs.run(run.id)
    assert now is not None
    assert (began, again, kept, now.state.value, dict(now.verdicts)) == (
        [False],
        [True],
        False,
        "previewed",
        {"mine": 120},
    )
    assert list(found.runs.facts(run.id)) == facts


def test_two_replays_at_once_send_a_fact_once(world: World) -> None:
    occurrences = refuse(world, *(f"m{n}" for n in range(10)))
    start, runs, sent = threading.Barrier(4), [], []
    found = replayer(world.table("exceptions"), world.clock, sent.extend)

    def work() -> None:
        start.wait()
        runs.append(run_through(found, Selection((occurrences[0].group,))))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(m["replay"]["occurrence"] for _, m in sent) == sorted(o.id for o in occurrences)
    assert (sum(r.sent for r in runs), [r.left for r in runs]) == (10, [0] * 4)
    assert counts(world, occurrences[0].group) == (0, 10, 0, 0)


@pytest.mark.parametrize("before", [{}, {"item": "A0"}])
def test_a_correction_between_the_look_and_the_mark_is_not_passed_by(world: World, before: dict[str, str]) -> None:
    (read,) = refuse(world, "m1")
    correct(world, read, before)
    sent: list[Any] = []

    def prepare(occurrence: Occurrence, options: Options) -> Prepared:
        prepared = as_corrected(occurrence, options)
        if working:  # the other operator is done after this process has read, and before it marks
            correct(world, occurrence, {"item": "A1"})
        return prepared

    found = replayer(world.table("exceptions"), world.clock, sent.extend, prepare)
    working: list[str] = []
    run = found.draft(Selection((read.group,)), Options(), "ann")
    list(found.preview(run))
    assert found.runs.begin(run.id, "worker", "ann")
    working.append(run.id)
    done = found.work(run, "worker", "ann")

    assert (sent, done.sent, done.passed_over) == ([], 0, 1)
    assert counts(world, read.group) == (1, 0, 0, 0)
    after = world.exceptions.occurrence(read.group, read.id)
    assert after is not None
    assert (after.message["movements"][0]["item"], after.tries) == ("A1", 0)


def test_what_is_not_open_is_neither_closed_nor_corrected_nor_replayed(world: World) -> None:
    first, second, third = refuse(world, "m1", "m2", "m3")
    store = world.exceptions
    assert store.begin_replay(first, "run-1", "ann")
    assert store.begin_replay(second, "run-1", "ann")
    store.settle([{"exception": second.group, "occurrence": second.id, "run": "run-1"}])
    assert store.close(third, "ann", "why")
    group = first.group
    before = world.dump()

    for stale in (first, second, third):
        current = store.occurrence(group, stale.id)
        assert current is not None
        for seen in (stale, current):
            assert not store.close(seen, "bob", "too late")
            assert not store.begin_replay(seen, "run-2", "bob")
            assert not store.correct(seen, {"v": 2}, [], "bob", "too late")

    assert world.dump() == before
    assert counts(world, group) == (0, 1, 1, 1)


def test_an_older_run_neither_settles_nor_reopens_what_a_newer_one_replays(world: World) -> None:
    (occurrence,) = refuse(world, "m1")
    store = world.exceptions
    old = {"exception": occurrence.group, "occurrence": occurrence.id, "run": "run-1"}
    store.begin_replay(occurrence, "run-1", "ann")
    failed = movements_message(movement("m1", item="NEW"), replay=old)
    world.call("apply_movements", world.queue_event("movements", [failed]))
    again = store.occurrence(occurrence.group, occurrence.id)
    assert again is not None
    world.now = later(5)
    assert store.begin_replay(again, "run-2", "ann")

    store.settle([old])
    world.call("apply_movements", world.queue_event("movements", [failed]))

    assert counts(world, occurrence.group) == (0, 1, 0, 0)
    store.settle([{**old, "run": "run-2"}])
    assert counts(world, occurrence.group) == (0, 0, 1, 0)


def test_a_group_that_was_closed_and_is_open_again_is_due_again(world: World) -> None:
    message = dirty_message("webshop", ("price", "SKU-1"))
    collect(world, "channel-webshop-dlq", message)
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    world.exceptions.close(occurrence, "ann", "tried enough")
    closed = world.exceptions.group(group.id)
    assert closed is not None
    assert (group.due, closed.due) == ("2026-11-22T08:00:00.000Z", None)
    world.now = later(60)

    collect(world, "channel-webshop-dlq", message)

    (again,) = world.exceptions.groups()
    assert (again.id, again.due) == (group.id, "2026-11-22T08:01:00.000Z")


def test_a_refusal_is_not_lost_when_another_attempt_settles_the_fact_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (occurrence,) = refuse(world, "m1")
    store = world.exceptions
    assert store.begin_replay(occurrence, "run-1", "ann")
    mark = {"exception": occurrence.group, "occurrence": occurrence.id, "run": "run-1"}
    look, looks = type(store).occurrence, []

    def interrupted(self: Any, group: str, fact: str) -> Occurrence | None:
        found = look(self, group, fact)
        looks.append(found)
        if len(looks) == 1:  # another delivery of the same message went through, and is done after this look
            store.settle([mark])
        return found

    monkeypatch.setattr(ExceptionsStore, "occurrence", interrupted)
    failed = movements_message(movement("m1", item="NEW"), replay=mark)
    world.call("apply_movements", world.queue_event("movements", [failed]))

    assert len(looks) == 2
    assert counts(world, occurrence.group) == (1, 0, 0, 0)


def test_a_group_that_was_left_with_nothing_open_is_closed_by_the_next_look_at_the_list(world: World) -> None:
    (occurrence,) = refuse(world, "m1")
    world.patch.setattr(type(world.exceptions), "_close_group", lambda *_: None)
    assert world.exceptions.close(occurrence, "ann", "why")  # as if it had died before its last write
    world.patch.undo()

    assert list(world.exceptions.groups()) == []
    assert [g.id for g in world.exceptions.groups("closed")] == [occurrence.group]


def test_the_list_shows_the_latest_first(world: World) -> None:
    for n in range(3):
        world.now = later(n)
        message = movements_message(movement(f"m{n}", item=f"NEW{n}"))
        world.call("apply_movements", world.queue_event("movements", [message]))

    assert [g.subject for g in world.exceptions.groups()] == ["item/NEW2", "item/NEW1", "item/NEW0"]
