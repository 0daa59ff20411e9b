"""The exceptions table: the only place in this domain that knows DynamoDB.

    EXC#id / HEAD           the group, with its counts; index by_state finds it by state and last sighting
    EXC#id / OCC#fact       a refused fact, its payload, its state
    EXC#id / PATCH#fact#n   a correction: what, by whom, why
    EXC#id / TRY#fact#run   a replay and how it ended

An occurrence changes its state and its group's counts in one transaction, so the counts are never off.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossdock.contracts.refusals import Refusal
from crossdock.exceptions.model import (
    CLOSED,
    OPEN,
    REPLAYING,
    SETTLED,
    Group,
    Occurrence,
    fingerprint,
    line,
    occurrence_id,
    payload,
)
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Item, Table, from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


# A fact is an item and its group another, and a transaction takes a hundred, of 4 MB together.
_FACTS_PER_TRANSACTION = 50
_BYTES_PER_TRANSACTION = 2_000_000
_Fact = tuple[str, str]  # the ids of its group and of the occurrence


class ExceptionsStore:
    """Opens, replays, settles and closes exceptions."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    # -- opening -----------------------------------------------------------------------------------------------

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        """Puts refused facts on the list. The same fact delivered again changes nothing, whatever became of it since.

        One that was replayed and is refused again is open once more, with the new reason; so is one that recurs.
        A replay of an exception that does not exist is a fact of its own, so that no mark can make one disappear.
        """
        new: dict[_Fact, Refusal] = {}
        for refusal in refusals:
            mark = refusal.replay
            if not (mark and self._reopen(mark["exception"], mark["occurrence"], refusal)):
                new.setdefault((fingerprint(refusal), occurrence_id(refusal)), refusal)
        for part in _transactions(new):
            for known in self._open(part):
                if part[known].recurs:
                    self._reopen(*known, part[known])

    def _open(self, refusals: Mapping[_Fact, Refusal]) -> list[_Fact]:
        """Writes new occurrences and counts them, in one transaction; gives back those that were there before."""
        now = to_text(self._clock())
        known: list[_Fact] = []
        waiting = dict(refusals)
        while waiting:
            facts = list(waiting)
            groups: dict[str, list[Refusal]] = {}
            for (group, _), refusal in waiting.items():
                groups.setdefault(group, []).append(refusal)
            writes = [self._new(fact, waiting[fact], now) for fact in facts]
            writes += [self._count_opened(some[-1], group, len(some), now) for group, some in groups.items()]
            failed = self._table.transact(writes)
            if not failed:
                break
            known += [facts[n] for n in sorted(failed)]
            waiting = {fact: waiting[fact] for n, fact in enumerate(facts) if n not in failed}
        return known

    def _new(self, fact: _Fact, refusal: Refusal, now: str) -> "TransactWriteItemTypeDef":
        occurrence = {
            "pk": f"EXC#{fact[0]}",
            "sk": f"OCC#{fact[1]}",
            "state": OPEN,
            "detail": line(refusal.detail),
            "route": refusal.route,
            "pointer": refusal.pointer,
            "message": payload(refusal.message),
            "cor": line(refusal.correlation_id),
            "at": now,
            "tries": 0,
        }
        return {
            "Put": {
                "TableName": self._table.name,
                "Item": to_item(occurrence),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _count_opened(self, refusal: Refusal, group: str, count: int, now: str) -> "TransactWriteItemTypeDef":
        values = {
            ":count": count,
            ":zero": 0,
            ":kind": refusal.kind,
            ":source": line(refusal.source),
            ":subject": line(refusal.subject),
            ":detail": line(refusal.detail),
            ":remedy": line(refusal.remedy),
            ":now": now,
            ":open": OPEN,
        }
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": to_item({"pk": f"EXC#{group}", "sk": "HEAD"}),
                "UpdateExpression": (
                    "SET kind = :kind, #source = :source, subject = :subject, detail = :detail, remedy = :remedy, "
                    "first_seen = if_not_exists(first_seen, :now), gs = :open, gt = :now, "
                    "n_replaying = if_not_exists(n_replaying, :zero), n_settled = if_not_exists(n_settled, :zero), "
                    "n_closed = if_not_exists(n_closed, :zero) ADD n_open :count"
                ),
                "ExpressionAttributeNames": {"#source": "source"},
                "ExpressionAttributeValues": to_item(values),
            }
        }

    def _reopen(self, group: str, fact: str, refusal: Refusal) -> bool:
        """A fact that was being replayed, or was thought settled, is refused again; False when it is not there."""
        current = self.occurrence(group, fact)
        if current is None:
            return False
        run = refusal.replay["run"] if refusal.replay else current.run
        # The outcome of an older replay does not count: a newer one is under way.
        if current.state != OPEN and current.run == run:
            self._move(current, OPEN, detail=line(refusal.detail))
        return True

    # -- replaying ---------------------------------------------------------------------------------------------

    def begin_replay(self, occurrence: Occurrence, run: str, by: str) -> bool:
        """Marks an open occurrence as being replayed in a run; False when it is not open any more."""
        return occurrence.state == OPEN and self._move(occurrence, REPLAYING, run=run, by=by)

    def settle(self, replay: Mapping[str, str]) -> None:
        """A replayed fact went through. Nothing happens when it was refused again meanwhile, or settled already."""
        current = self.occurrence(replay["exception"], replay["occurrence"])
        if current is not None and current.state == REPLAYING and current.run == replay["run"]:
            self._move(current, SETTLED)
        self._close_group(replay["exception"])

    def close(self, occurrence: Occurrence, by: str, why: str) -> bool:
        """Ends an occurrence without applying it; False when it is not open. Who and why is kept."""
        done = occurrence.state == OPEN and self._move(occurrence, CLOSED, by=by, why=why)
        self._close_group(occurrence.group)
        return done

    def correct(self, occurrence: Occurrence, corrected: Mapping[str, Any], patch: object, by: str, why: str) -> bool:
        """Keeps a corrected payload beside the original, and the patch with who and why; False when not open.

        Judged against the number of tries and the payload seen, so two operators cannot correct over each other.
        """
        now = to_text(self._clock())
        before = None if occurrence.corrected is None else payload(occurrence.corrected)
        condition, values = "#state = :open AND ", {":open": OPEN, ":new": payload(corrected)}
        condition += "attribute_not_exists(corrected)" if before is None else "corrected = :before"
        if before is not None:
            values[":before"] = before
        audit = {
            "pk": f"EXC#{occurrence.group}",
            "sk": f"PATCH#{occurrence.id}#{now}",
            "patch": json.dumps(patch),
            "by": by,
            "why": why,
            "at": now,
        }
        return not self._table.transact(
            [
                {
                    "Update": {
                        "TableName": self._table.name,
                        "Key": to_item({"pk": f"EXC#{occurrence.group}", "sk": f"OCC#{occurrence.id}"}),
                        "UpdateExpression": "SET corrected = :new",
                        "ConditionExpression": condition,
                        "ExpressionAttributeNames": {"#state": "state"},
                        "ExpressionAttributeValues": to_item(values),
                    }
                },
                {"Put": {"TableName": self._table.name, "Item": to_item(audit)}},
            ]
        )

    # -- reading -----------------------------------------------------------------------------------------------

    def groups(self, state: str = OPEN) -> Iterator[Group]:
        """The groups in a state, the latest seen first.

        A group whose last fact was settled by a function that died before it closed the group is closed here.
        """
        pages = self._table.client.get_paginator("query").paginate(
            TableName=self._table.name,
            IndexName="by_state",
            KeyConditionExpression="gs = :state",
            ExpressionAttributeValues=to_item({":state": state}),
            ScanIndexForward=False,
        )
        for page in pages:
            for group in (_group(from_item(raw)) for raw in page["Items"]):
                if state == OPEN and group.state == CLOSED:
                    self._close_group(group.id)
                else:
                    yield group

    def group(self, group: str) -> Group | None:
        """One group, or None."""
        row = self._table.get((f"EXC#{group}", "HEAD"), consistent=True)
        return _group(row) if row else None

    def occurrences(self, group: str) -> Iterator[Occurrence]:
        """The refused facts of a group."""
        return (_occurrence(row) for row in self._table.query(f"EXC#{group}", prefix="OCC#", consistent=True))

    def occurrence(self, group: str, fact: str) -> Occurrence | None:
        """One refused fact, or None."""
        row = self._table.get((f"EXC#{group}", f"OCC#{fact}"), consistent=True)
        return _occurrence(row) if row else None

    def history(self, group: str) -> list[Item]:
        """Corrections and replays of a group, in order of time."""
        rows = [*self._table.query(f"EXC#{group}", prefix="PATCH#"), *self._table.query(f"EXC#{group}", prefix="TRY#")]
        return sorted(rows, key=lambda r: str(r["at"]))

    # -- moving ------------------------------------------------------------------------------------------------

    def _move(self, occurrence: Occurrence, to: str, **details: Any) -> bool:
        """Compare-and-set of an occurrence's state together with its group's counts and a line of history.

        False when the occurrence stood in another state: somebody else moved it, and one of the two wins.
        """
        now = to_text(self._clock())
        run = details.get("run", occurrence.run)
        changes = {":to": to, ":from": occurrence.state, ":run": run or "-", ":was": occurrence.run or "-"}
        update = "SET #state = :to, run = :run"
        if "detail" in details:
            update, changes = update + ", detail = :detail", changes | {":detail": details["detail"]}
        if to == REPLAYING:
            update += " ADD tries :one"
            changes |= {":one": 1}
        names = {"#state": "state"}
        moved: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table.name,
                "Key": to_item({"pk": f"EXC#{occurrence.group}", "sk": f"OCC#{occurrence.id}"}),
                "UpdateExpression": update,
                "ConditionExpression": "#state = :from AND (attribute_not_exists(run) OR run = :was)",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": to_item(changes),
            }
        }
        history = {
            "pk": f"EXC#{occurrence.group}",
            "sk": f"TRY#{occurrence.id}#{run or '-'}#{now}#{to}",
            "from": occurrence.state,
            "to": to,
            "at": now,
            **details,
        }
        return not self._table.transact(
            [
                moved,
                self._count_moved(occurrence, to, now),
                {"Put": {"TableName": self._table.name, "Item": to_item(history)}},
            ]
        )

    def _count_moved(self, occurrence: Occurrence, to: str, now: str) -> "TransactWriteItemTypeDef":
        values: dict[str, Any] = {":less": -1, ":more": 1, ":now": now}
        names = {"#from": f"n_{occurrence.state}", "#to": f"n_{to}"}
        update = "SET gt = :now"
        if to == OPEN:
            update += ", gs = :open"
            values[":open"] = OPEN
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": to_item({"pk": f"EXC#{occurrence.group}", "sk": "HEAD"}),
                "UpdateExpression": update + " ADD #from :less, #to :more",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": to_item(values),
            }
        }

    def _close_group(self, group: str) -> None:
        """Marks a group closed when nothing in it is open or under way; harmless when something is."""
        client = self._table.client
        try:
            client.update_item(
                TableName=self._table.name,
                Key=to_item({"pk": f"EXC#{group}", "sk": "HEAD"}),
                UpdateExpression="SET gs = :closed",
                ConditionExpression="n_open = :zero AND n_replaying = :zero",
                ExpressionAttributeValues=to_item({":closed": CLOSED, ":zero": 0}),
            )
        except client.exceptions.ConditionalCheckFailedException:
            return


def _transactions(refusals: Mapping[_Fact, Refusal]) -> Iterator[dict[_Fact, Refusal]]:
    """The refusals in order, as many at a time as one transaction takes."""
    part: dict[_Fact, Refusal] = {}
    size = 0
    for fact, refusal in refusals.items():
        length = len(payload(refusal.message).encode())
        if part and (len(part) == _FACTS_PER_TRANSACTION or size + length > _BYTES_PER_TRANSACTION):
            yield part
            part, size = {}, 0
        part[fact] = refusal
        size += length
    if part:
        yield part


def _group(row: Item) -> Group:
    return Group(
        id=row["pk"].removeprefix("EXC#"),
        kind=row["kind"],
        source=row["source"],
        subject=row["subject"],
        detail=row["detail"],
        remedy=row["remedy"],
        open=row["n_open"],
        replaying=row["n_replaying"],
        settled=row["n_settled"],
        closed=row["n_closed"],
        first_seen=row["first_seen"],
        last_seen=row["gt"],
    )


def _occurrence(row: Item) -> Occurrence:
    return Occurrence(
        group=row["pk"].removeprefix("EXC#"),
        id=row["sk"].removeprefix("OCC#"),
        state=row["state"],
        detail=row["detail"],
        route=row["route"],
        pointer=row["pointer"],
        original=json.loads(row["message"]),
        corrected=json.loads(row["corrected"]) if "corrected" in row else None,
        correlation_id=row["cor"],
        seen_at=row["at"],
        tries=row["tries"],
        run=None if row.get("run") in {None, "-"} else row["run"],
    )
