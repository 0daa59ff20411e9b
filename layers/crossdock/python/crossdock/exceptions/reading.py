"""What is on the exceptions list: groups by state, their facts, their history.

EXC#id / HEAD           the group, with its counts; index by_state finds it by state and last sighting
EXC#id / OCC#fact       a refused fact, its payload, its state
EXC#id / PATCH#fact#n   a correction: what, by whom, why
EXC#id / TRY#fact#run   a replay and how it ended
"""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal

from crossdock.exceptions.model import CLOSED, OPEN, Ended, Group, Occurrence, Standing
from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Item, Table, from_item, to_item


class Reading:
    """Looks at the exceptions table; changes nothing but what a look shows to be over."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def groups(self, state: str = OPEN) -> Iterator[Group]:
        """The groups in a state, the latest seen first.

        A group whose last fact was settled by a function that died before it closed the group is closed here.
        """
        for group in map(_group, self._heads("gs = :state", {":state": state})):
            if state == OPEN and group.state == CLOSED:
                self._close_group(group.id)
            else:
                yield group

    def standing(self) -> Iterator[Standing]:
        """Every group that is not done with; changes nothing. 0.5 read units for 4 KB, some five groups."""
        rows = self._heads("gs = :state", {":state": OPEN})
        return (_standing(row) for row in rows if row["n_open"] > 0 or row["n_replaying"] > 0)

    def ended(self, since: str) -> Iterator[Ended]:
        """The groups that were done with at an instant or later, the latest first; costs as `standing` does.

        The last that happens to a group is that its last fact is settled or closed, and `gt` says when.
        """
        rows = self._heads("gs = :state AND gt >= :since", {":state": CLOSED, ":since": since})
        return (Ended(str(row.get("was") or row["first_seen"]), str(row["gt"])) for row in rows)

    def _heads(self, condition: str, values: Item) -> Iterator[Item]:
        pages = self._table.client.get_paginator("query").paginate(
            TableName=self._table.name,
            IndexName="by_state",
            KeyConditionExpression=condition,
            ExpressionAttributeValues=to_item(values),
            ScanIndexForward=False,
        )
        return (from_item(raw) for page in pages for raw in page["Items"])

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

    def occurrences_of(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Occurrence]:
        """The refused facts that exist of these, by (group, fact), 100 to a round trip."""
        rows = self._table.get_many([(f"EXC#{group}", f"OCC#{fact}") for group, fact in keys], consistent=True)
        return {(o.group, o.id): o for o in map(_occurrence, rows.values())}

    def history(self, group: str) -> list[Item]:
        """What was done about a group, in order of time: corrections, replays, assignments, looks at payloads."""
        rows = [row for kind in ("PATCH#", "TRY#", "NOTE#") for row in self._table.query(f"EXC#{group}", prefix=kind)]
        return sorted(rows, key=lambda r: str(r["at"]))

    def _close_group(self, group: str) -> None:
        """Marks a group closed when nothing in it is open or under way; harmless when something is."""
        client = self._table.client
        try:
            client.update_item(
                TableName=self._table.name,
                Key=to_item({"pk": f"EXC#{group}", "sk": "HEAD"}),
                UpdateExpression="SET gs = :closed, was = if_not_exists(opened, first_seen) REMOVE due, opened",
                ConditionExpression="gs <> :closed AND n_open = :zero AND n_replaying = :zero",
                ExpressionAttributeValues=to_item({":closed": CLOSED, ":zero": 0}),
            )
        except client.exceptions.ConditionalCheckFailedException:
            return


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
        failure=row["class"],
        owner=row.get("owner"),
        due=row.get("due"),
        order_facts=row["n_orders"],
        money=_money(row),
    )


def _standing(row: Item) -> Standing:
    return Standing(
        failure=row["class"],
        since=str(row.get("opened") or row["first_seen"]),
        due=row.get("due"),
        money=_money(row),
    )


def _money(row: Item) -> dict[str, Decimal]:
    return {name[2:]: Decimal(amount) for name, amount in sorted(row.items()) if name.startswith("m_") and amount}


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
        orders=tuple(row.get("orders", ())),
        money={currency: Decimal(amount) for currency, amount in row.get("money", {}).items()},
    )
