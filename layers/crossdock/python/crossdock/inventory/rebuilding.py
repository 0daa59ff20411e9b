"""Is a balance what its journal adds up to? And what has to be added to it where it is not.

A balance lags behind its journal, so a difference alone says nothing. The header knows how many rows it has counted and
when the newest of them was recorded, and the stream gives the rows of a balance in one order, which is that of their
recording but for the time between a row's stamp and its write. So a row is

    passed   recorded well before the newest row counted, or longer ago than the stream keeps anything: it is in the
             balance, or it was lost and never will be
    near     recorded about then: counted or still to come
    ahead    recorded well after it: still to come, and the projection's business

A balance that is the fold of all rows passed and of some of the near ones, oldest first, is sound. One that is not is
set to that fold as soon as it is certain which rows it must hold: when nothing is near but the newest row counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from crossdock.inventory.balances import JournalRecord
from crossdock.inventory.effects import COMMITTED, CONSUMED, RECEIVED, SENT_OFF, Detail
from crossdock.platform.clock import from_text, to_text
from crossdock.quantities import Quantity, whole

SETTLED_AFTER = timedelta(minutes=2)
"""A row stands in the stream by then: its writer has half a minute, the rest is for clocks that disagree."""

STREAM_KEEPS = timedelta(hours=25)
"""The stream keeps a record for 24 hours (DynamoDB developer guide); what is older is never delivered again."""

_FOLDED = ("oh", "qc", "dmg", CONSUMED, RECEIVED)

Amounts = dict[str, Quantity]


class State(Enum):
    """What a balance turned out to be."""

    EQUAL = "equal"
    IN_FLIGHT = "in_flight"
    UNSETTLED = "unsettled"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in the table of one item and warehouse: the header and details as rows, the journal as records.

    The header was read before the journal, so the journal holds every row that the header has counted.
    """

    sku: str
    warehouse: str
    header: Mapping[str, Any] | None
    details: Mapping[Detail, Mapping[str, Any]]
    journal: Sequence[JournalRecord]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a balance is, and what must be added to it: header attribute → amount, detail → amount.

    `in_flight` counts rows that the projection has still to count, `lost` rows that nothing will count any more. `held`
    are the rows that the balance must hold, where that is certain.
    """

    state: State
    in_flight: int = 0
    lost: int = 0
    adds: Mapping[str, Quantity] = field(default_factory=dict)
    details: Mapping[Detail, Quantity] = field(default_factory=dict)
    held: Sequence[JournalRecord] = ()


def judge(found: Found, now: datetime, *, restored: bool = False) -> Verdict:
    """Compares a balance with its journal. Of a table that was `restored`, no row is still to come."""
    header = found.header or {}
    passed, near, ahead = _sorted_out(found, now, restored=restored)
    counted = header.get("n", 0)
    of_the_near = counted - len(passed)
    # Which rows the balance must hold may be known, whatever it holds.
    if counted == len(found.journal):
        return _compared(found, found.journal, 0, restored=restored)
    if _certain(near, header) and (of_the_near <= len(near) or not ahead):
        return _compared(found, [*passed, *near], len(ahead), restored=restored)
    if 0 <= of_the_near <= len(near):
        held = [*passed, *near[:of_the_near]]
        if not _header_differs(header, held):
            return Verdict(State.IN_FLIGHT, in_flight=len(found.journal) - counted)
    return Verdict(State.UNSETTLED, in_flight=len(near) + len(ahead), lost=max(0, -of_the_near))


def _sorted_out(found: Found, now: datetime, *, restored: bool) -> tuple[list[JournalRecord], ...]:
    """(passed, near, ahead), each by the time of recording."""
    passed: list[JournalRecord] = []
    near: list[JournalRecord] = []
    ahead: list[JournalRecord] = []
    gone = to_text(now - STREAM_KEEPS)
    at = found.header["at"] if found.header and found.header.get("n") else ""
    # Texts of one width sort as the instants do; before the first row is counted, everything lies ahead.
    before, after = (_shifted(at, -SETTLED_AFTER), _shifted(at, SETTLED_AFTER)) if at else ("", "")
    for record in sorted(found.journal, key=lambda r: r.recorded_at):
        if restored or record.recorded_at < before or record.recorded_at < gone:
            passed.append(record)
        elif record.recorded_at <= after:
            near.append(record)
        else:
            ahead.append(record)
    return passed, near, ahead


def _shifted(text: str, by: timedelta) -> str:
    return to_text(from_text(text) + by)


def _certain(near: Sequence[JournalRecord], header: Mapping[str, Any]) -> bool:
    """Whether the near rows are known to be counted: the one that the header's time is of is."""
    return not near or (len(near) == 1 and near[0].recorded_at == header.get("at"))


def _compared(found: Found, held: Sequence[JournalRecord], coming: int, *, restored: bool) -> Verdict:
    header = found.header or {}
    if header and not restored and any(row["seq"] > header["seq"] for row in found.details.values()):
        # A batch is being counted just now: its details are further than its header.
        return Verdict(State.UNSETTLED, max(1, coming))
    adds = _header_differs(header, held)
    details = _details_differ(found, held)
    lost = max(0, len(held) - header.get("n", 0))
    if adds or details:
        return Verdict(State.DIFFERENT, coming, lost, adds, details, held)
    return Verdict(State.IN_FLIGHT if coming else State.EQUAL, coming)


def _header_differs(header: Mapping[str, Any], held: Sequence[JournalRecord]) -> Amounts:
    """What must be added to a header to make it hold these rows; `av` and `pl` are made to fit their parts."""
    wanted = {"n": len(held), "oh": whole(sum(r.quantity for r in held)), **_summed(r.others for r in held if r.others)}
    names = {*wanted, *_FOLDED, *(name for name in header if name.startswith(SENT_OFF))} - {COMMITTED}
    adds: Amounts = {name: whole(wanted.get(name, 0) - header.get(name, 0)) for name in sorted(names)}
    adds[COMMITTED] = -adds[CONSUMED]
    stands = {name: header.get(name, 0) + adds.get(name, 0) for name in ("oh", "qc", "dmg", "cm", "ss", "rsv", "sh")}
    available = stands.pop("oh") - sum(stands.values())
    own = sum(value for name, value in header.items() if name.startswith("ac_"))
    adds["av"] = whole(available - header.get("av", 0))
    adds["pl"] = whole(available - own - header.get("pl", 0))
    return {name: amount for name, amount in adds.items() if amount}


def _details_differ(found: Found, held: Sequence[JournalRecord]) -> dict[Detail, Quantity]:
    wanted: dict[Detail, Quantity] = {}
    for record in held:
        for detail, quantity in record.details.items():
            wanted[detail] = wanted.get(detail, 0) + quantity
    missing = {d: wanted.get(d, 0) - found.details.get(d, {}).get("q", 0) for d in {*wanted, *found.details}}
    return {detail: whole(amount) for detail, amount in sorted(missing.items()) if amount}


def _summed(amounts: Iterable[Mapping[str, Quantity]]) -> Amounts:
    total: Amounts = {}
    for one in amounts:
        for name, amount in one.items():
            total[name] = whole(total.get(name, 0) + amount)
    return total
