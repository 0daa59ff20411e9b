"""Expected supply in the inventory table.

T#sku / P#warehouse#id          one line of supply: its order, its confirmation      1 WCU a statement, 1/25 round trip

oq, od, ov, ot   the order: quantity open, date, version, whether it is a transfer
cp, cv, cx       the confirmation: parts as [quantity, date], version, whether it is partial
A closed line stays, so that an older statement that comes late opens nothing. Versions are -1 until something is said.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import Enum
from typing import Any

from crossdock.inventory.supply import UNSAID, Confirmation, Order, Part, SupplyLine
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Item, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Insert, Key, Update, When, Write

_ROUNDS = 6


class Kept(Enum):
    """What became of a statement: the current one of its kind, older, said before, or said before otherwise."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


class SupplyStore:
    """The expected supply of one distributor."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def expected(self, sku: str) -> list[SupplyLine]:
        """Every line of an item's supply, by warehouse and id, closed ones too. One round trip, 0.5 RCU per 4 KB."""
        return [_line(row) for row in self._table.query(f"T#{sku}", prefix="P#")]

    def keep(self, lines: Sequence[SupplyLine], correlation_id: str) -> list[Kept]:
        """Keeps each statement (a line with its order or its confirmation) that is newer than its kind's last one.

        Raises StoreUnavailableError when rows kept changing; then all of them may be kept again.
        """
        outcomes: dict[int, Kept] = {}
        for wave in _waves(lines):
            self._keep_wave(wave, lines, correlation_id, outcomes)
        return [outcomes[i] for i in range(len(lines))]

    def _keep_wave(
        self, wave: Sequence[int], lines: Sequence[SupplyLine], correlation_id: str, outcomes: dict[int, Kept]
    ) -> None:
        """Statements about different rows. An order is tried as new first, a confirmation as one of a known order."""
        said = {"at": to_text(self._clock()), "cor": correlation_id}

        def insert(i: int) -> Write:
            return Insert({**_row(lines[i]), **said})

        def update(i: int) -> Write:
            fields, version = _fields(lines[i])
            return Update(_key(lines[i]), put={**fields, **said}, when=(When(version, "<", fields[version]),))

        waiting = [(i, insert(i) if lines[i].order else update(i)) for i in wave]
        for _ in range(_ROUNDS):
            again: list[tuple[int, Write]] = []
            for (i, _), outcome in zip(waiting, self._table.write([w for _, w in waiting]), strict=True):
                if outcome.done:
                    outcomes[i] = Kept.CURRENT
                elif outcome.existing is None:
                    again.append((i, insert(i)))
                elif (judged := _judge(lines[i], _line(outcome.existing))) is not None:
                    outcomes[i] = judged
                else:
                    again.append((i, update(i)))
            if not again:
                return
            waiting = again
        raise StoreUnavailableError(f"{len(waiting)} lines of supply kept changing while they were written")


def _waves(lines: Sequence[SupplyLine]) -> Iterator[list[int]]:
    """The lines' numbers in runs in which each row stands once, in their order."""
    left = list(range(len(lines)))
    while left:
        wave = list({_key(lines[i]): i for i in reversed(left)}.values())[::-1]
        yield wave
        left = [i for i in left if i not in set(wave)]


def _judge(said: SupplyLine, kept: SupplyLine) -> Kept | None:
    """What an existing row makes of a statement; None when the statement is the newer one."""
    before, now = (kept.order, said.order) if said.order else (kept.confirmation, said.confirmation)
    if before is None or now is None or now.version > before.version:
        return None
    if now.version < before.version:
        return Kept.SUPERSEDED
    return Kept.DUPLICATE if now == before else Kept.CONFLICT


def _key(line: SupplyLine) -> Key:
    return f"T#{line.sku}", f"P#{line.warehouse}#{line.id}"


def _fields(line: SupplyLine) -> tuple[dict[str, Any], str]:
    """What a statement says, and which of it is its version."""
    return (_order_fields(line.order), "ov") if line.order else (_confirmation_fields(line.confirmation), "cv")


def _row(line: SupplyLine) -> dict[str, Any]:
    pk, sk = _key(line)
    return {"pk": pk, "sk": sk, **_order_fields(line.order), **_confirmation_fields(line.confirmation)}


def _order_fields(order: Order | None) -> dict[str, Any]:
    if order is None:
        return {"ov": UNSAID}
    return {"oq": order.quantity, "od": order.on.isoformat(), "ov": order.version, "ot": order.transfer}


def _confirmation_fields(confirmation: Confirmation | None) -> dict[str, Any]:
    if confirmation is None:
        return {"cv": UNSAID}
    parts = [[p.quantity, p.on.isoformat()] for p in confirmation.parts]
    return {"cp": parts, "cv": confirmation.version, "cx": confirmation.partial}


def _line(row: Item) -> SupplyLine:
    warehouse, id_ = row["sk"].removeprefix("P#").split("#", 1)
    order = confirmation = None
    if row["ov"] != UNSAID:
        order = Order(row["oq"], date.fromisoformat(row["od"]), row["ov"], row["ot"])
    if row["cv"] != UNSAID:
        confirmation = Confirmation(tuple(_parts(row["cp"])), row["cv"], row["cx"])
    return SupplyLine(row["pk"].removeprefix("T#"), warehouse, id_, order, confirmation)


def _parts(stored: Iterable[tuple[Any, str]]) -> Iterator[Part]:
    for quantity, on in stored:
        yield Part(quantity, date.fromisoformat(on))
