"""Reservations in the inventory table: their rows, and the writes that take units from a header or give them back.

RSV#id / R                 the reservation: state, nonce, lines, places                         1 WCU
RSV#id / U#sku#warehouse   what movements have consumed of a confirmed one                      1 WCU per movement
T#sku[#Snn] / A#warehouse  the giver: r_id = "quantity|expires|nonce[|own|channel]"             1 WCU per change

Each write of a giver changes `av` and its parts by the same amounts, and `ver` by one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crossdock.inventory.holds import (
    HEADER,
    HoldRequest,
    Line,
    Offer,
    Place,
    Reservation,
    Shortage,
    State,
)
from crossdock.inventory.markers import Marker
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Item, Outcome, Table
from crossdock.platform.writes import Insert, Key, Update, When, Write
from crossdock.quantities import Quantity

ROW = "R"
_NEVER_COUNTED = "0" * 40


class HoldStore:
    """Reads and writes of reservations; the rules of when to write what stand in the modules that use it.

    `see` is shown every header and shard that is read: many holds on one are noticed there without a read of its own.
    """

    def __init__(self, table: Table, clock: Clock, see: Callable[[Iterable[Item]], object] | None = None) -> None:
        self._table = table
        self._clock = clock
        self._see = see

    def now(self) -> int:
        """Whole seconds since 1970, UTC."""
        return int(self._clock().timestamp())

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """Carries writes out, each failing alone, 25 to a round trip."""
        return self._table.write(writes)

    def atomically(self, writes: Sequence[Write]) -> list[Outcome]:
        """Carries up to 100 writes out, all or none."""
        return self._table.atomically(writes)

    def take_once(self, row: Reservation, place: Place) -> Outcome:
        """Takes a place for a row that stands already; once, also if the SDK repeats the call for a lost answer.

        Where the marker alone decides, the hold may be confirmed by then, and nothing is left of the marker: so it is a
        transaction, which DynamoDB knows again by its token for ten minutes. 2 write units; for a place of many 1.
        """
        taking = take(place, row.marker(place), row.channel)
        (taken,) = self.atomically([taking]) if row.by_marker else self.write([taking])
        return taken

    # -- reading -----------------------------------------------------------------------------------------------

    def read(self, rid: str) -> Reservation | None:
        """The reservation's row as it is now."""
        return self.read_all([rid]).get(rid)

    def read_all(self, rids: Iterable[str]) -> dict[str, Reservation]:
        """The rows that exist, by reservation id, 100 to a round trip."""
        rows = self._table.get_many([row_key(rid) for rid in rids], consistent=True)
        return {r.id: r for r in map(reservation_of, rows.values())}

    def givers(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The headers and shards that exist of these keys, as they are now."""
        found = self._table.get_many(list(keys), consistent=True)
        if self._see:
            self._see(found.values())
        return found

    def used(self, rid: str, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Item]:
        """What was consumed of a confirmed reservation, by (sku, warehouse), where anything was."""
        rows = self._table.get_many([used_key(rid, *key) for key in keys], consistent=True)
        return {(row["sk"].split("#")[1], row["sk"].split("#")[2]): row for row in rows.values()}

    # -- the row -----------------------------------------------------------------------------------------------

    def new(self, request: HoldRequest, nonce: str, state: State, places: Sequence[Place]) -> Reservation:
        """The row of a request, not written yet."""
        now = to_text(self._clock())
        return Reservation(
            id=request.id,
            state=state,
            nonce=nonce,
            partner=request.partner,
            channel=request.channel,
            payload=request.payload,
            expires=request.expires,
            lines=request.lines,
            places=tuple(places),
            version=1,
            created_at=now,
            changed_at=now,
            correlation_id=request.correlation_id,
            reference=request.reference,
        )

    def tombstone(self, rid: str) -> Insert:
        """A refused row of a reservation that nobody has a row of: from now on it can never be held."""
        now = to_text(self._clock())
        return row_insert(Reservation(rid, State.REFUSED, "", "", "", "", 0, (), (), 1, now, now, ""))

    def row_change(self, seen: Reservation, state: State, **changed: Any) -> Update:
        """The row's next version, if it still is the one that was seen: one of several that end it wins."""
        put = {"st": state.value, "upd": to_text(self._clock()), **changed}
        return Update(row_key(seen.id), {"ver": 1}, put, when=(When("ver", "=", seen.version),))


def row_key(rid: str) -> Key:
    """Where a reservation's row lies."""
    return f"RSV#{rid}", ROW


def used_key(rid: str, sku: str, warehouse: str) -> Key:
    """Where it is kept what was consumed of a reservation in a warehouse."""
    return f"RSV#{rid}", f"U#{sku}#{warehouse}"


# -- writes of givers ------------------------------------------------------------------------------------------


def take(place: Place, marker: Marker, channel: str, *, unless_hot: bool = False) -> Update:
    """Takes a place's units and leaves the marker, if they are there and no marker of this id is (domain rule 4).

    `unless_hot` lets the header of a hot item refuse: so whoever did not know learns that there are shards.
    """
    name = marker.attribute
    when = [When("av", ">=", place.needed), When(name, "missing")]
    when += [When("hot", "missing")] if unless_hot else []
    if place.shard == HEADER:
        when += _shares(place, f"ac_{channel}")
    return Update(place.key, _moved(place, channel, -1), {name: marker.text}, when=tuple(when))


def take_together(rows: Sequence[Reservation], channel: str) -> Update:
    """Takes the units of several rows from the one place that they share, all or none, each with its own marker."""
    places = [row.places[0] for row in rows]
    taken = sum((p.quantity for p in places), start=0)
    whole = replace(places[0], quantity=taken, keep=max(p.keep for p in places))
    marked = [row.marker(place) for row, place in zip(rows, places, strict=True)]
    when = [When("av", ">=", whole.needed), *(When(m.attribute, "missing") for m in marked)]
    if whole.shard == HEADER:
        when += _shares(whole, f"ac_{channel}")
    return Update(whole.key, _moved(whole, channel, -1), {m.attribute: m.text for m in marked}, when=tuple(when))


def _shares(place: Place, allocation: str) -> list[When]:
    """The channel's own allocation is used up before the pool is touched."""
    if place.own == 0:
        own = When(allocation, "=", 0) if place.allocated else When(allocation, "missing")
    elif place.pooled == 0:
        own = When(allocation, ">=", place.own)
    else:
        own = When(allocation, "=", place.own)
    pooled = [When("pl", ">=", place.pooled)] if place.pooled and place.floor is None else []
    return [own, *pooled]


def _moved(place: Place, channel: str, sign: int) -> dict[str, Quantity]:
    """What taking (-1) or giving back (+1) changes on a giver."""
    moved: dict[str, Quantity] = {"av": sign * place.quantity, "rsv": -sign * place.quantity, "ver": 1}
    if place.shard == HEADER:
        moved["pl"] = sign * place.pooled
        if place.own:
            moved[f"ac_{channel}"] = sign * place.own
    return moved


def refund(place: Place, marker: Marker, staged: Quantity | None = None) -> Update:
    """Gives back what a marker took, and removes it, if it is still that marker.

    `staged` is what a lowered allocation of the channel still has to take back, None if the header has no such number:
    that part goes to the pool instead.
    """
    name, channel = marker.attribute, marker.channel
    given = Place(place.sku, place.warehouse, marker.quantity, marker.from_own, place.shard)
    moved = _moved(given, channel, +1)
    when = [When(name, "=", marker.text)]
    if marker.from_own:
        own, unchanged = returned(channel, marker.from_own, staged)
        moved |= own | {"pl": marker.quantity - own[f"ac_{channel}"]}
        when += unchanged
    return Update(place.key, moved, remove=(name,), when=tuple(when))


def returned(channel: str, own: Quantity, staged: Quantity | None) -> tuple[dict[str, Quantity], tuple[When, ...]]:
    """What `own` units coming back change of a channel's allocation, and the condition: a staged lowering goes first.

    What `ac_` does not get of them is the pool's. `staged` is None when the header has no such number.
    """
    to_pool = min(own, staged or 0)
    moved: dict[str, Quantity] = {f"ac_{channel}": own - to_pool}
    if to_pool:
        moved |= {f"al_{channel}": -to_pool, f"as_{channel}": -to_pool}
    return moved, (When(f"as_{channel}", "missing") if staged is None else When(f"as_{channel}", "=", staged),)


def commit(place: Place, marker: Marker) -> Update:
    """Turns what a marker holds into a commitment that waits for its goods to leave."""
    name = marker.attribute
    moved: dict[str, Quantity] = {"rsv": -marker.quantity, "cm": marker.quantity, "ver": 1}
    return Update(place.key, moved, remove=(name,), when=(When(name, "=", marker.text),))


def remark(place: Place, old: Marker, new: Marker, channel: str) -> Update:
    """Changes what a marker says and holds, by the difference, if it is still the old one."""
    name = old.attribute
    more = new.quantity - old.quantity
    own = new.from_own - old.from_own
    delta = replace(place, quantity=more, own=own)
    when = [When(name, "=", old.text)]
    if more > 0:
        when.append(When("av", ">=", delta.needed))
        if place.shard == HEADER:
            when += _shares(delta, f"ac_{channel}")
    return Update(place.key, _moved(delta, channel, -1), {name: new.text}, when=tuple(when))


def remarked(old: Marker, place: Place, expires: int, found: Offer, channel: str) -> Marker:
    """The marker for another quantity: more comes from the channel's own first, less goes back to the pool first."""
    more = place.quantity - old.quantity
    own = min(old.from_own, place.quantity)
    if more > 0:
        own = old.from_own + found.fit(replace(place, quantity=more)).own
    return replace(old, quantity=place.quantity, expires=expires, from_own=own, channel=channel if own else "")


def empty_header(place: Place) -> Insert:
    """A header of an item that nothing was ever counted of, so that a backorder has somewhere to stand."""
    numbers = dict.fromkeys(("oh", "ss", "qc", "dmg", "rsv", "cm", "sh", "av", "pl", "n", "lag"), 0)
    pk, sk = place.key
    return Insert({"pk": pk, "sk": sk, **numbers, "ver": 1, "seq": _NEVER_COUNTED, "pos": -1, "at": "", "cors": []})


# -- rows and values -------------------------------------------------------------------------------------------


def row_insert(reservation: Reservation) -> Insert:
    """The row as it is written first."""
    pk, sk = row_key(reservation.id)
    return Insert(
        {
            "pk": pk,
            "sk": sk,
            "st": reservation.state.value,
            "n": reservation.nonce,
            "p": reservation.partner,
            "ch": reservation.channel,
            "ph": reservation.payload,
            "exp": reservation.expires,
            "lines": line_rows(reservation.lines),
            "places": place_rows(reservation.places),
            "ver": reservation.version,
            "at": reservation.created_at,
            "upd": reservation.changed_at,
            "cor": reservation.correlation_id,
            "ref": reservation.reference,
            "short": short_rows(reservation.short) or None,
        }
    )


def line_rows(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Lines as they are stored."""
    rows = []
    for line in lines:
        row = {"l": line.line, "sku": line.sku, "wh": line.warehouse, "q": line.quantity}
        rows.append(row | ({"bo": line.backordered, "pr": line.promised or ""} if line.backordered else {}))
    return rows


def place_rows(places: Iterable[Place]) -> list[dict[str, Any]]:
    """Places as they are stored: not the conditions under which they were taken."""
    rows = []
    for place in places:
        row: dict[str, Any] = {"sku": place.sku, "wh": place.warehouse, "q": place.quantity}
        row |= {"x": place.own} if place.own else {}
        rows.append(row | ({"s": place.shard} if place.shard != HEADER else {}))
    return rows


def short_rows(short: Iterable[Shortage]) -> list[dict[str, Any]]:
    """Shortages as they are stored."""
    return [{"sku": s.sku, "wh": s.warehouse, "q": s.asked, "av": s.available} for s in short]


def reservation_of(row: Mapping[str, Any]) -> Reservation:
    """A reservation from its row."""
    return Reservation(
        id=row["pk"].removeprefix("RSV#"),
        state=State(row["st"]),
        nonce=row["n"],
        partner=row["p"],
        channel=row["ch"],
        payload=row["ph"],
        expires=row["exp"],
        lines=tuple(Line(x["l"], x["sku"], x["wh"], x["q"], x.get("bo", 0), x.get("pr") or None) for x in row["lines"]),
        places=tuple(Place(x["sku"], x["wh"], x["q"], x.get("x", 0), x.get("s", HEADER)) for x in row["places"]),
        version=row["ver"],
        created_at=row["at"],
        changed_at=row["upd"],
        correlation_id=row["cor"],
        reference=row.get("ref"),
        short=tuple(Shortage(x["sku"], x["wh"], x["q"], x["av"]) for x in row.get("short", [])),
    )
