"""What becomes of an exception: assigned, corrected, settled, closed. (Replays: `runs`.)

An occurrence changes its state and its group's counts in one transaction, so the counts are never off.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crossdock.exceptions.model import AT_STAKE, CLOSED, OPEN, REPLAYING, SETTLED, Occurrence, basis, payload
from crossdock.exceptions.reading import Reading
from crossdock.exceptions.stake import Stake
from crossdock.platform.clock import to_text
from crossdock.platform.dynamo import to_item
from crossdock.platform.sequences import chunks

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# An occurrence, its history and its group are three items, and a transaction takes a hundred, of 4 MB together.
_AT_ONCE = 30
_BYTES_AT_ONCE = 2_000_000


class Moving(Reading):
    """Moves what is on the list from state to state; of two who move it at once, one wins."""

    def settle(self, replays: Sequence[Mapping[str, str]]) -> None:
        """Replayed facts went through, by their marks. One that was refused again meanwhile, or is replayed in a newer
        run, or is settled already, stays as it is.
        """
        told = {(mark["exception"], mark["occurrence"], mark["run"]) for mark in replays}
        found = self.occurrences_of({(group, fact) for group, fact, _ in told})
        ready = [o for o in found.values() if o.state == REPLAYING and (o.group, o.id, o.run) in told]
        self._move_all(ready, SETTLED, {})
        for group in dict.fromkeys(mark["exception"] for mark in replays):
            self._close_group(group)

    def close(self, occurrence: Occurrence, by: str, why: str) -> bool:
        """Ends an occurrence without applying it; False when it is not open. Who and why is kept."""
        return self.close_all([occurrence], by, why) == 1

    def close_all(self, occurrences: Sequence[Occurrence], by: str, why: str) -> int:
        """Ends occurrences without applying them; how many of them were open."""
        closed = self._move_all([o for o in occurrences if o.state == OPEN], CLOSED, {"by": by, "why": why})
        for group in dict.fromkeys(o.group for o in occurrences):
            self._close_group(group)
        return closed

    def _move_all(self, occurrences: Sequence[Occurrence], to: str, details: Mapping[str, Any]) -> int:
        """Moves those that stand as they were read, 30 to a transaction; how many did."""
        moved = 0
        for part in chunks(occurrences, _AT_ONCE):
            waiting = list(part)
            while waiting:
                now = to_text(self._clock())
                writes = [write for o in waiting for write in self.move_writes(o, to, now, details)]
                groups = {o.group: [w for w in waiting if w.group == o.group] for o in waiting}
                counts = [self.count_writes(some, to, now) for some in groups.values()]
                failed = self._table.transact([*writes, *counts])
                if not failed:
                    moved += len(waiting)
                    break
                waiting = [o for n, o in enumerate(waiting) if 2 * n not in failed]
        return moved

    def correct(self, occurrence: Occurrence, corrected: Mapping[str, Any], patch: object, by: str, why: str) -> bool:
        """Keeps a corrected payload beside the original, and the patch with who and why; False when not open."""
        return bool(self.correct_all([(occurrence, corrected, patch)], by, why))

    def correct_all(
        self, corrections: Sequence[tuple[Occurrence, Mapping[str, Any], object]], by: str, why: str
    ) -> list[Occurrence]:
        """Keeps corrected payloads, up to 30 and 2 MB to a transaction; gives back those that were done.

        Each is judged against the payload that its patch was made for, whose hash is kept with it: two operators cannot
        correct over each other.
        """
        done: list[Occurrence] = []
        for part in _parts(corrections):
            waiting = list(part)
            while waiting:
                now = to_text(self._clock())
                writes = [w for correction in waiting for w in self._correction(*correction, now, by, why)]
                failed = self._table.transact(writes)
                if not failed:
                    done += [occurrence for occurrence, _, _ in waiting]
                    break
                waiting = [c for n, c in enumerate(waiting) if 2 * n not in failed]
        return done

    def _correction(
        self, occurrence: Occurrence, corrected: Mapping[str, Any], patch: object, now: str, by: str, why: str
    ) -> "list[TransactWriteItemTypeDef]":
        unchanged, values = _payload_as_read(occurrence)
        values |= {":open": OPEN, ":new": payload(corrected)}
        audit = {
            "pk": f"EXC#{occurrence.group}",
            "sk": f"PATCH#{occurrence.id}#{now}",
            "patch": json.dumps(patch),
            "basis": basis(occurrence.message),
            "result": basis(corrected),
            "by": by,
            "why": why,
            "at": now,
        }
        return [
            {
                "Update": {
                    "TableName": self._table.name,
                    "Key": to_item({"pk": f"EXC#{occurrence.group}", "sk": f"OCC#{occurrence.id}"}),
                    "UpdateExpression": "SET corrected = :new",
                    "ConditionExpression": f"#state = :open AND {unchanged}",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": to_item(values),
                }
            },
            {"Put": {"TableName": self._table.name, "Item": to_item(audit)}},
        ]

    def _move(self, occurrence: Occurrence, to: str, due: str | None = None, **details: Any) -> bool:
        """Compare-and-set of an occurrence's state together with its group's counts and a line of history.

        False when the occurrence stood in another state: somebody else moved it, and one of the two wins.
        """
        now = to_text(self._clock())
        return not self._table.transact(
            [*self.move_writes(occurrence, to, now, details), self.count_writes([occurrence], to, now, due)]
        )

    def assign(self, group: str, owner: str, due: datetime | None, by: str, why: str | None) -> bool:
        """Gives a group to somebody, with a new due time if there is one; False when there is no such group."""
        now = to_text(self._clock())
        said = {"owner": owner, "due": to_text(due) if due else None, "by": by, "why": why}
        values = {":owner": owner} | ({":due": to_text(due)} if due else {})
        return not self._table.transact(
            [
                {
                    "Update": {
                        "TableName": self._table.name,
                        "Key": to_item({"pk": f"EXC#{group}", "sk": "HEAD"}),
                        "UpdateExpression": "SET #owner = :owner" + (", due = :due" if due else ""),
                        "ConditionExpression": "attribute_exists(pk)",
                        "ExpressionAttributeNames": {"#owner": "owner"},
                        "ExpressionAttributeValues": to_item(values),
                    }
                },
                self._note(group, "assigned", now, said),
            ]
        )

    def looked(self, group: str, by: str, why: str) -> None:
        """Keeps that somebody looked at payloads uncovered, before they are shown."""
        note = self._note(group, "looked", to_text(self._clock()), {"by": by, "why": why})
        self._table.transact([note])

    def _note(self, group: str, done: str, now: str, said: Mapping[str, Any]) -> "TransactWriteItemTypeDef":
        # Two people in one millisecond are two notes.
        row = {"pk": f"EXC#{group}", "sk": f"NOTE#{now}#{uuid.uuid4().hex[:8]}", "did": done, "at": now, **said}
        return {"Put": {"TableName": self._table.name, "Item": to_item(row)}}

    def move_writes(
        self, occurrence: Occurrence, to: str, now: str, details: Mapping[str, Any]
    ) -> "list[TransactWriteItemTypeDef]":
        """What moves one occurrence: its row, under the condition that it stands as it was read, and its history."""
        run = details.get("run", occurrence.run)
        changes = {":to": to, ":from": occurrence.state, ":run": run or "-", ":was": occurrence.run or "-"}
        update = "SET #state = :to, run = :run"
        if "detail" in details:
            update, changes = update + ", detail = :detail", changes | {":detail": details["detail"]}
        condition = "#state = :from AND (attribute_not_exists(run) OR run = :was)"
        if to == REPLAYING:
            update += " ADD tries :one"
            # What is sent was made of the payload as it was read: a correction since then must not be passed by.
            unchanged, values = _payload_as_read(occurrence)
            condition, changes = f"{condition} AND {unchanged}", changes | values | {":one": 1}
        moved: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table.name,
                "Key": to_item({"pk": f"EXC#{occurrence.group}", "sk": f"OCC#{occurrence.id}"}),
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {"#state": "state"},
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
        return [moved, {"Put": {"TableName": self._table.name, "Item": to_item(history)}}]

    def count_writes(
        self, occurrences: Sequence[Occurrence], to: str, now: str, due: str | None = None
    ) -> "TransactWriteItemTypeDef":
        """What counts moves of one group's occurrences in the group's row; they may come from several states.

        `due` is until when it is to be mended if nothing says so yet.
        """
        counts, stake = Counter({to: len(occurrences)}), Stake()
        for occurrence in occurrences:
            counts[occurrence.state] -= 1
            held_up = (to in AT_STAKE) - (occurrence.state in AT_STAKE)
            stake.count(occurrence.orders, occurrence.money, held_up)
        values: dict[str, Any] = {":now": now}
        update = "SET gt = :now"
        if to in AT_STAKE:
            update += ", gs = :open, opened = if_not_exists(opened, :now)"
            values[":open"] = OPEN
        if due is not None:
            update += ", due = if_not_exists(due, :due)"
            values[":due"] = due
        values |= {f":n{state}": count for state, count in counts.items()}
        added = [f"n_{state} :n{state}" for state in counts] + stake.additions(values)
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": to_item({"pk": f"EXC#{occurrences[0].group}", "sk": "HEAD"}),
                "UpdateExpression": f"{update} ADD {', '.join(added)}",
                "ExpressionAttributeValues": to_item(values),
            }
        }


def _payload_as_read(occurrence: Occurrence) -> tuple[str, dict[str, Any]]:
    """The condition that nobody corrected an occurrence since it was read, with its value."""
    if occurrence.corrected is None:
        return "attribute_not_exists(corrected)", {}
    return "corrected = :read", {":read": payload(occurrence.corrected)}


def _parts(
    corrections: Sequence[tuple[Occurrence, Mapping[str, Any], object]],
) -> Iterator[list[tuple[Occurrence, Mapping[str, Any], object]]]:
    """The corrections in order, as many at a time as one transaction takes."""
    part: list[tuple[Occurrence, Mapping[str, Any], object]] = []
    size = 0
    for correction in corrections:
        length = 3 * len(payload(correction[1]).encode())  # what was, what is, and the patch
        if part and (len(part) == _AT_ONCE or size + length > _BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(correction)
        size += length
    if part:
        yield part
