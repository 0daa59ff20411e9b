"""Replay runs in the exceptions table.

    RUN#id / HEAD           what, how, by whom; state, worker, counts; index by_state lists runs (gs = run)
    RUN#id / F#group#fact   a fact of it, and where it stands
    RUN#id / LOG#at         who previewed, started, paused, resumed it

A fact is marked (its occurrence is being replayed in this run, the group's counts, its row here) in one transaction
that also asks whether the run still runs and who works it off. Then it is sent, then it is counted as sent:

    worker A   mark f1 ── send f1 ── dies
    worker B                              takes over ── f1 is marked: sends it again, counts it ── mark f2 …

So a pause or a takeover stops the other worker before its next batch, every fact is counted once, and one that a death
left between sending and counting is sent twice under one mark, which whoever applies it recognises.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from crossdock.exceptions.model import OPEN, REPLAYING, Occurrence, line
from crossdock.exceptions.run_rows import LISTED, fact_key, fact_of, fact_row, head_row, run_of
from crossdock.exceptions.runs import FactState, Run, RunFact, RunState
from crossdock.exceptions.store import ExceptionsStore
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import STATEMENTS_PER_CALL, Item, Table, from_item, to_attribute, to_item
from crossdock.platform.errors import CrossdockError
from crossdock.platform.sequences import chunks

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_COUNTED_AT_ONCE: Final = 90
_WAITING: Final = (RunState.PREVIEWED, RunState.PAUSED, RunState.RUNNING)


class RunStoppedError(CrossdockError):
    """The run was paused, or somebody else works it off now; nothing more is sent from here."""


class RunStore:
    """Keeps runs and moves their facts on."""

    def __init__(self, table: Table, clock: Clock, exceptions: ExceptionsStore) -> None:
        self._table = table
        self._clock = clock
        self._exceptions = exceptions

    # -- drafting ----------------------------------------------------------------------------------------------

    def draft(self, run: Run, facts: Iterable[RunFact]) -> Run:
        """Writes a run's facts, then the run: one whose drafting died is never seen."""
        count = 0
        for part in chunks(list(facts), STATEMENTS_PER_CALL):
            self._table.run([self._table.insert(fact_row(run.id, fact)) for fact in part])
            count += len(part)
        row = head_row(run, count)
        self._table.put_new(row)
        return run_of(row)

    def previewed(self, run: Run, facts: Sequence[RunFact], verdicts: dict[str, int]) -> bool:
        """Keeps what a preview found of each fact; False when the run was started, or previewed again, meanwhile.

        What a start sends is what one whole preview found: the run is a draft while it is kept, which cannot be
        started, and each write asks whether this is still the preview being kept.
        """
        token = uuid.uuid4().hex
        if not self._reopen(run.id, token):
            return False
        for part in chunks(facts, _COUNTED_AT_ONCE):
            waiting = list(part)
            while waiting:
                writes = [self._found(run.id, fact) for fact in waiting]
                failed = self._table.transact([self._being_kept(run.id, token), *writes])
                if not failed:
                    break
                if 0 in failed:
                    return False
                waiting = [fact for n, fact in enumerate(waiting, 1) if n not in failed]
        found = json.dumps(verdicts)
        return self._turn(run.id, (RunState.DRAFT,), RunState.PREVIEWED, kept=token, verdicts=found)

    def _reopen(self, run: str, token: str) -> bool:
        """Makes a run a draft whose preview is being kept; False when it was started."""
        values = {":draft": RunState.DRAFT.value, ":previewed": RunState.PREVIEWED.value, ":token": token}
        return not self._table.transact(
            [
                {
                    "Update": {
                        "TableName": self._table.name,
                        "Key": to_item({"pk": f"RUN#{run}", "sk": "HEAD"}),
                        "UpdateExpression": "SET #state = :draft, preview = :token",
                        "ConditionExpression": "#state IN (:draft, :previewed)",
                        "ExpressionAttributeNames": {"#state": "state"},
                        "ExpressionAttributeValues": to_item(values),
                    }
                }
            ]
        )

    def _found(self, run: str, fact: RunFact) -> "TransactWriteItemTypeDef":
        pk, sk = fact_key(run, fact)
        values = {":basis": fact.basis, ":why": fact.why, ":planned": FactState.PLANNED.value}
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": to_item({"pk": pk, "sk": sk}),
                "UpdateExpression": "SET basis = :basis, why = :why",
                "ConditionExpression": "#state = :planned",
                "ExpressionAttributeNames": {"#state": "state"},
                # What is not known is kept as such: a fact that was sendable before may not be now.
                "ExpressionAttributeValues": {name: to_attribute(value) for name, value in values.items()},
            }
        }

    def _being_kept(self, run: str, token: str) -> "TransactWriteItemTypeDef":
        return {
            "ConditionCheck": {
                "TableName": self._table.name,
                "Key": to_item({"pk": f"RUN#{run}", "sk": "HEAD"}),
                "ConditionExpression": "#state = :draft AND preview = :token",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": to_item({":draft": RunState.DRAFT.value, ":token": token}),
            }
        }

    # -- reading -----------------------------------------------------------------------------------------------

    def run(self, run: str) -> Run | None:
        """A run, or None."""
        row = self._table.get((f"RUN#{run}", "HEAD"), consistent=True)
        return run_of(row) if row else None

    def runs(self) -> Iterator[Run]:
        """All runs, the latest first."""
        pages = self._table.client.get_paginator("query").paginate(
            TableName=self._table.name,
            IndexName="by_state",
            KeyConditionExpression="gs = :run",
            ExpressionAttributeValues=to_item({":run": LISTED}),
            ScanIndexForward=False,
        )
        return (run_of(from_item(raw)) for page in pages for raw in page["Items"])

    def facts(self, run: str, *states: FactState) -> Iterator[RunFact]:
        """The facts of a run that stand in one of these states; all, if none is named."""
        found = (fact_of(row) for row in self._table.query(f"RUN#{run}", prefix="F#", consistent=True))
        return (fact for fact in found if not states or fact.state in states)

    def log(self, run: str) -> list[Item]:
        """What was done with a run, in order of time."""
        return list(self._table.query(f"RUN#{run}", prefix="LOG#"))

    # -- working -----------------------------------------------------------------------------------------------

    def begin(self, run: str, worker: str, by: str, rate: int | None = None) -> bool:
        """Makes a worker the one that works a run off, whoever did before; False when there is nothing to work off."""
        changes: dict[str, Any] = {"worker": worker} | ({"rate": rate} if rate is not None else {})
        return self._turn(run, _WAITING, RunState.RUNNING, by=by, **changes)

    def pause(self, run: str, by: str) -> bool:
        """Stops a run before its next batch; False when it is not running."""
        return self._turn(run, (RunState.RUNNING,), RunState.PAUSED, by=by)

    def finish(self, run: str, worker: str) -> bool:
        """Ends a run of which nothing is left; False when it is not this worker's any more."""
        return self._turn(run, (RunState.RUNNING,), RunState.DONE, mine=worker)

    def mark(
        self, run: Run, worker: str, by: str, facts: Sequence[tuple[RunFact, Occurrence]]
    ) -> list[tuple[RunFact, Occurrence]]:
        """Marks facts as being replayed; gives back those that were still as they had been read.

        Up to ten in one transaction. Raises RunStoppedError when the run is not this worker's, or not running.
        """
        waiting = list(facts)
        while waiting:
            now = to_text(self._clock())
            writes: list[TransactWriteItemTypeDef] = [self._still_mine(run.id, worker)]
            for fact, occurrence in waiting:
                writes += self._exceptions.move_writes(occurrence, REPLAYING, now, {"run": run.id, "by": by})
                writes.append(self._step(run.id, fact, FactState.PLANNED, FactState.SENDING))
            groups = {occurrence.group for _, occurrence in waiting}
            for group in sorted(groups):
                writes.append(
                    self._exceptions.count_writes([o for _, o in waiting if o.group == group], REPLAYING, now)
                )
            failed = self._table.transact(writes)
            if not failed:
                return waiting
            if 0 in failed:
                raise RunStoppedError(f"run {run.id} was paused, or is worked off by somebody else")
            moved = {(n - 1) // 3 for n in failed}
            waiting = [pair for n, pair in enumerate(waiting) if n not in moved]
        return []

    def sent(self, run: str, facts: Sequence[RunFact]) -> int:
        """Counts marked facts as sent; those that were counted already are left out. How many were counted."""
        return self._count(run, facts, FactState.SENDING, FactState.SENT, "n_sent")

    def pass_over(self, run: str, facts: Sequence[RunFact], why: str) -> int:
        """Counts planned facts as passed over, with the reason."""
        return self._count(run, facts, FactState.PLANNED, FactState.PASSED, "n_passed", why)

    def lost(self, run: str, facts: Sequence[RunFact], why: str) -> int:
        """Counts marked facts that another run took over as passed over."""
        return self._count(run, facts, FactState.SENDING, FactState.PASSED, "n_passed", why)

    def give_back(self, run: Run, fact: RunFact, occurrence: Occurrence, why: str) -> bool:
        """Opens a marked fact again that cannot be sent any more as it was previewed."""
        now = to_text(self._clock())
        return not self._table.transact(
            [
                *self._exceptions.move_writes(occurrence, OPEN, now, {"why": why}),
                self._exceptions.count_writes([occurrence], OPEN, now),
                self._step(run.id, fact, FactState.SENDING, FactState.PASSED, why),
                self._add(run.id, "n_passed", 1),
            ]
        )

    # -- writes ------------------------------------------------------------------------------------------------

    def _count(
        self, run: str, facts: Sequence[RunFact], before: FactState, after: FactState, counter: str, why: str = ""
    ) -> int:
        counted = 0
        for part in chunks(facts, _COUNTED_AT_ONCE):
            waiting = list(part)
            while waiting:
                writes = [self._step(run, fact, before, after, why) for fact in waiting]
                failed = self._table.transact([*writes, self._add(run, counter, len(waiting))])
                if not failed:
                    counted += len(waiting)
                    break
                waiting = [fact for n, fact in enumerate(waiting) if n not in failed]
        return counted

    def _step(
        self, run: str, fact: RunFact, before: FactState, after: FactState, why: str = ""
    ) -> "TransactWriteItemTypeDef":
        pk, sk = fact_key(run, fact)
        values = {":before": before.value, ":after": after.value} | ({":why": line(why)} if why else {})
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": to_item({"pk": pk, "sk": sk}),
                "UpdateExpression": "SET #state = :after" + (", why = :why" if why else ""),
                "ConditionExpression": "#state = :before",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": to_item(values),
            }
        }

    def _add(self, run: str, counter: str, count: int) -> "TransactWriteItemTypeDef":
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": to_item({"pk": f"RUN#{run}", "sk": "HEAD"}),
                "UpdateExpression": f"ADD {counter} :count",
                "ExpressionAttributeValues": to_item({":count": count}),
            }
        }

    def _still_mine(self, run: str, worker: str) -> "TransactWriteItemTypeDef":
        return {
            "ConditionCheck": {
                "TableName": self._table.name,
                "Key": to_item({"pk": f"RUN#{run}", "sk": "HEAD"}),
                "ConditionExpression": "#state = :running AND worker = :worker",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": to_item({":running": RunState.RUNNING.value, ":worker": worker}),
            }
        }

    def _turn(
        self,
        run: str,
        before: Sequence[RunState],
        after: RunState,
        mine: str | None = None,
        by: str = "",
        kept: str | None = None,
        **put: Any,
    ) -> bool:
        """Moves a run on, and keeps who did it in its log; False when it does not stand where it must.

        `mine` and `kept`: nor when another worker has it, or another preview is being kept.
        """
        now = to_text(self._clock())
        known = {f":b{n}": state.value for n, state in enumerate(before)}
        names = {"#state": "state"} | {f"#{name}": name for name in put}
        values = {**known, ":after": after.value} | {f":{name}": value for name, value in put.items()}
        condition = f"#state IN ({', '.join(known)})"
        if mine is not None:
            condition, values[":mine"] = f"{condition} AND worker = :mine", mine
        if kept is not None:
            condition, values[":kept"] = f"{condition} AND preview = :kept", kept
        log = {"pk": f"RUN#{run}", "sk": f"LOG#{now}#{uuid.uuid4().hex[:8]}", "to": after.value, "by": by, "at": now}
        return not self._table.transact(
            [
                {
                    "Update": {
                        "TableName": self._table.name,
                        "Key": to_item({"pk": f"RUN#{run}", "sk": "HEAD"}),
                        "UpdateExpression": ", ".join(["SET #state = :after", *(f"#{n} = :{n}" for n in put)]),
                        "ConditionExpression": condition,
                        "ExpressionAttributeNames": names,
                        "ExpressionAttributeValues": to_item(values),
                    }
                },
                {"Put": {"TableName": self._table.name, "Item": to_item({**log, "rate": put.get("rate")})}},
            ]
        )
