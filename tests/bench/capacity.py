"""What one call of DynamoDB is billed, from what was asked and answered. The rules are those of `sizes.py`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.bench.sizes import item_size, read_units, write_units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

At = tuple[str, str, str]
"""Table, partition key, sort key."""
_INSERTED = re.compile(r"'([^']+)': \?")
_CHANGED = re.compile(r'(?:UPDATE|DELETE FROM) "([^"]+)"')


class Updates:
    """Updates by PartiQL, whose answers say nothing of sizes.

    An update is billed for the larger of the item before and after it. What it was before is known at each of them;
    what it is after the last one is looked at in the end.
    """

    def __init__(self) -> None:
        self._before: dict[At, list[int]] = {}

    @property
    def places(self) -> Iterable[At]:
        """The items that were changed."""
        return self._before.keys()

    def note(self, at: At, size: int) -> None:
        """One more update of an item that had this size before."""
        self._before.setdefault(at, []).append(size)

    def units(self, now: Mapping[At, int]) -> float:
        """Write units of all updates; `now` are the sizes of the items, without those that are gone."""
        found = [[*before, now.get(at, 0)] for at, before in self._before.items()]
        return sum(write_units(max(pair)) for sizes in found for pair in pairwise(sizes))


def changed_item(statement: Mapping[str, Any]) -> At | None:
    """The item that an UPDATE or DELETE names, which it does by its key first; None for an INSERT."""
    text, values = statement["Statement"], statement["Parameters"]
    table = _CHANGED.match(text)
    if table is None:
        return None
    at = text.split(" WHERE ")[0].count("?")
    return table.group(1), values[at]["S"], values[at + 1]["S"]


def statement_units(
    params: Mapping[str, Any], parsed: Mapping[str, Any], sizes: Mapping[At, int], updates: Updates
) -> float:
    """Write units of a batch of statements, but for the updates that were carried out: these are noted.

    `sizes` are those of the items before the call, for those that were there.
    """
    units = 0.0
    for statement, answer in zip(params["Statements"], parsed.get("Responses", []), strict=True):
        at = changed_item(statement)
        if "Error" in answer:
            # Refused by the item that stands there; an update of nothing costs as much as one of a small item.
            found = item_size(answer["Error"].get("Item", {}))
            units += write_units(sizes.get(at, found) if at else found)
        elif at:
            updates.note(at, sizes.get(at, 0))
        else:
            names = _INSERTED.findall(statement["Statement"])
            units += write_units(item_size(dict(zip(names, statement["Parameters"], strict=True))))
    return units


def units_read(operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> float:
    """Read units of GetItem, Query or BatchGetItem. A key that is not there costs as much as a small item."""
    if operation == "GetItem":
        return read_units(item_size(parsed.get("Item", {})), consistent=params.get("ConsistentRead", False))
    if operation == "Query":
        total = sum(item_size(i) for i in parsed.get("Items", []))
        return read_units(total, consistent=params.get("ConsistentRead", False))
    units = 0.0
    for table, request in params["RequestItems"].items():
        consistent = request.get("ConsistentRead", False)
        found = parsed.get("Responses", {}).get(table, [])
        units += sum(read_units(item_size(i), consistent=consistent) for i in found)
        units += (len(request["Keys"]) - len(found)) * read_units(0, consistent=consistent)
    return units


def units_written(operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> float:
    """Write units of a call that says what it consumed, or was refused."""
    if "Error" in parsed and operation == "TransactWriteItems":
        # A transaction that is refused was prepared; it is counted as if it had been carried out, of small items.
        return 2.0 * len(params["TransactItems"])
    if "Error" in parsed:
        return write_units(item_size(parsed.get("Item", {})))
    consumed = parsed.get("ConsumedCapacity", [])
    listed = consumed if isinstance(consumed, list) else [consumed]
    return sum(float(c.get("CapacityUnits", 0)) for c in listed)
