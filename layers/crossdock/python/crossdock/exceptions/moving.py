"""What becomes of an exception: replayed, settled, closed, corrected.

An occurrence changes its state and its group's counts in one transaction, so the counts are never off.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crossdock.exceptions.model import CLOSED, OPEN, REPLAYING, SETTLED, Occurrence, payload
from crossdock.exceptions.reading import Reading
from crossdock.platform.clock import to_text
from crossdock.platform.dynamo import to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class Moving(Reading):
    """Moves what is on the list from state to state; of two who move it at once, one wins."""

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
