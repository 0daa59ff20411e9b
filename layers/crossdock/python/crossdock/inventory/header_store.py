"""The headers in their table: an item's stock in a warehouse, with all that is taken off it.

T#sku / A#warehouse                  header: on hand, its deductions, available  1 WCU per k records, 1/25 round trip
T#sku / D#warehouse#lot#bin#status   what of it lies where, in which status; only what was said of it
T#sku#Snn / A#warehouse              a shard of an item that many reserve at once (written elsewhere)
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from crossdock.inventory.availability import ItemStock, WarehouseStock
from crossdock.inventory.balances import NO_POSITION, NOTHING_COUNTED, Delta, DetailDelta, detail_deltas
from crossdock.inventory.header_rows import ALWAYS, new_header, stock_of
from crossdock.platform.clock import Clock, from_text, to_text
from crossdock.platform.dynamo import Item, Table, from_attribute
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Insert, Update, When, Write

_ROUNDS = 6
_ANY = -(10**30)
"""Below every quantity: comparing with it asks whether a number is there at all."""

_Change: TypeAlias = Delta | DetailDelta


class HeaderStore:
    """The headers of one distributor, and the details beside them."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def apply(self, changes: Sequence[Delta]) -> int:
        """Adds each delta to its header and to its details, exactly once; gives back how many headers were written.

        At most one write per header in the ordinary case. Raises StoreUnavailableError when some could not be applied:
        the same deltas may be applied again.
        """
        written = 0
        waiting: list[tuple[_Change, Write]] = [(d, self._first_try(d)) for d in changes]
        waiting += [(d, _count_detail(d)) for d in detail_deltas(changes)]
        for _ in range(_ROUNDS):
            outcomes = self._table.write([write for _, write in waiting])
            again: list[tuple[_Change, Write]] = []
            for (change, _), outcome in zip(waiting, outcomes, strict=True):
                if outcome.done:
                    written += isinstance(change, Delta)
                    continue
                again += self._next_try(change, outcome.existing)
            if not again:
                return written
            waiting = again
        raise StoreUnavailableError(f"{len(waiting)} balances kept changing under the projection")

    def _first_try(self, delta: Delta) -> Write:
        """The update for a header that is there, with everything in it that the delta adds to, at a lower position."""
        return self._count(delta, None)

    def _next_try(self, change: _Change, row: Item | None) -> list[tuple[_Change, Write]]:
        """What is still to be done for a change that its row did not take."""
        if row is None:
            return [(change, self._insert(change))]
        rest = change.after(row["seq"])
        if rest is None:
            return []
        return [(rest, self._count(rest, row) if isinstance(rest, Delta) else _count_detail(rest))]

    def _count(self, delta: Delta, header: Item | None) -> Write:
        """The one update that counts a delta; `header` is what is known of the row, if anything."""
        adds, puts = {**delta.adds, "ver": 1}, self._said(delta)
        when = [When("seq", "<", delta.first)]
        for name in [n for n in adds if n not in ALWAYS]:
            # A number that is not there cannot be added to, and no more can a later one be put in its place.
            if header is None or name in header:
                when.append(When(name, ">=", _ANY))
            else:
                puts[name] = adds.pop(name)
                when.append(When(name, "missing"))
        # The header's source position only grows; a late movement lies behind it and must not move it back.
        if delta.position > (NO_POSITION if header is None else header["pos"]):
            puts["pos"] = delta.position
            when.append(When("pos", "<", delta.position))
        return Update(delta.key, add=adds, put=puts, when=tuple(when))

    def _said(self, delta: Delta) -> dict[str, Any]:
        """What a header says of the newest row counted."""
        late = self._clock() - from_text(delta.as_of)
        return {
            "seq": delta.last,
            "at": delta.as_of,
            "lag": max(0, late // timedelta(milliseconds=1)),
            "cors": delta.correlation_ids,
        }

    def _insert(self, change: _Change) -> Insert:
        if isinstance(change, Delta):
            return Insert(
                new_header(change.key, {**change.adds, **self._said(change), "ver": 1, "pos": change.position})
            )
        pk, sk = change.key
        return Insert({"pk": pk, "sk": sk, "q": change.quantity, "seq": change.last})

    def ensure_headers(self, keys: Iterable[tuple[str, str]]) -> None:
        """Writes a header without stock for each (sku, warehouse) that has none: for whoever needs one to write to.

        1 WCU each, also for those that are there; 25 to a round trip.
        """
        nothing = {"seq": NOTHING_COUNTED, "at": to_text(self._clock()), "lag": 0, "cors": [], "pos": NO_POSITION}
        self._table.write(
            [Insert(new_header((f"T#{sku}", f"A#{wh}"), {**nothing, "ver": 1})) for sku, wh in dict.fromkeys(keys)]
        )

    def stock(self, sku: str) -> ItemStock | None:
        """One item over all warehouses, or None when nothing was ever recorded of it. One round trip."""
        found = [stock_of(row) for row in self._table.query(f"T#{sku}", prefix="A#")]
        return ItemStock(sku, tuple(found)) if found else None

    def headers(
        self, keys: Iterable[tuple[str, str]], *, consistent: bool = True
    ) -> dict[tuple[str, str], WarehouseStock]:
        """The headers that exist of (sku, warehouse) pairs, 100 to a round trip; half the cost if not `consistent`."""
        rows = self._table.get_many([(f"T#{sku}", f"A#{wh}") for sku, wh in keys], consistent=consistent)
        found = [stock_of(row) for row in rows.values()]
        return {(s.sku, s.warehouse): s for s in found}


def _count_detail(delta: DetailDelta) -> Update:
    return Update(delta.key, add={"q": delta.quantity}, put={"seq": delta.last}, when=(When("seq", "<", delta.first),))


def changed_header(stream_record: Mapping[str, Any]) -> tuple[str, str, list[str]] | None:
    """(sku, warehouse, correlation ids) of a header or a shard as the table's stream delivers it.

    None for what says nothing of what may be promised: details by lot, bin and status, and expected supply.
    """
    image = stream_record["dynamodb"]["NewImage"]
    if not image["sk"]["S"].startswith("A#"):
        return None
    _, sku, *_ = image["pk"]["S"].split("#")
    return sku, image["sk"]["S"].removeprefix("A#"), from_attribute(image["cors"]) if "cors" in image else []
