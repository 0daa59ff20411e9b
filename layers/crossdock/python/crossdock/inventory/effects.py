"""What one journal row does to the balance of its item and warehouse, and to the details kept beside it.

oh + q · status quality hold or damaged: the part of q that is in it moves qc or dmg · transfer out: ox_<goal> + |q| ·
transfer in: ix + q · units of a confirmed hold that it used up: cm − cmq, cu + cmq

What may be promised follows: av and pl change by Δoh − Δqc − Δdmg − Δcm.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from crossdock.inventory.journal import AVAILABLE, DAMAGED, QUALITY_HOLD, JournalEntry
from crossdock.quantities import Quantity, whole

Amounts = Mapping[str, Quantity]
"""Header attribute → amount, in base units."""

ON_HAND, AVAILABLE_TO_PROMISE, POOL = "oh", "av", "pl"
COMMITTED, CONSUMED = "cm", "cu"
SENT_OFF, RECEIVED = "ox_", "ix"
_HELD_BACK = {QUALITY_HOLD: "qc", DAMAGED: "dmg"}


@dataclass(frozen=True, slots=True, order=True)
class Detail:
    """Where in a warehouse stock lies and in which status; "" is a lot or a bin that was not said."""

    lot: str
    bin: str
    status: str

    @property
    def named(self) -> bool:
        """Whether it says more than that the stock is there."""
        return bool(self.lot or self.bin) or self.status != AVAILABLE


def beyond_on_hand(entry: JournalEntry) -> Amounts:
    """What a movement changes besides the stock on hand; nothing for an ordinary one."""
    found: dict[str, Quantity] = {}
    for status, quantity in _by_status(entry):
        if name := _HELD_BACK.get(status):
            found[name] = found.get(name, 0) + quantity
    if entry.type == "transfer_out":
        found[SENT_OFF + (entry.destination or "")] = -entry.quantity
    if entry.type == "transfer_in":
        found[RECEIVED] = entry.quantity
    if entry.consumed:
        found |= {COMMITTED: -entry.consumed, CONSUMED: entry.consumed}
    return {name: amount for name, amount in found.items() if amount}


def total(on_hand: Quantity, others: Iterable[Amounts]) -> dict[str, Quantity]:
    """All that a header's update adds, for so much on hand and these amounts beside it."""
    added: dict[str, Quantity] = {ON_HAND: on_hand}
    for amounts in others:
        for name, amount in amounts.items():
            added[name] = added.get(name, 0) + amount
    promised = on_hand - sum(added.get(name, 0) for name in (*_HELD_BACK.values(), COMMITTED))
    added |= {AVAILABLE_TO_PROMISE: promised, POOL: promised}
    return {name: whole(amount) for name, amount in added.items()}


def details(entry: JournalEntry) -> dict[Detail, Quantity]:
    """What a movement changes where it names a lot, a bin or a status; the rest of the stock on hand is unspecified."""
    moved: dict[Detail, Quantity] = {}
    for place, quantity in _places(entry):
        if place.named:
            moved[place] = moved.get(place, 0) + quantity
    return {place: quantity for place, quantity in moved.items() if quantity}


def _by_status(entry: JournalEntry) -> Iterator[tuple[str, Quantity]]:
    if entry.type == "status_change":
        moved = _moved(entry)
        yield entry.status or AVAILABLE, -moved
        yield entry.to_status or AVAILABLE, moved
    elif entry.quantity:
        yield entry.status or AVAILABLE, entry.quantity


def _places(entry: JournalEntry) -> Iterator[tuple[Detail, Quantity]]:
    lot, bin_, status = entry.lot or "", entry.bin or "", entry.status or AVAILABLE
    if entry.quantity:
        # What comes in may be told its bin as the goal.
        yield Detail(lot, bin_ or (entry.to_bin or "" if entry.quantity > 0 else ""), status), entry.quantity
    elif goal := _goal(entry):
        yield Detail(lot, bin_, status), -_moved(entry)
        yield goal, _moved(entry)


def _goal(entry: JournalEntry) -> Detail | None:
    """Where stock lies after a movement that leaves it on hand; None for one that does not move it."""
    lot, status = entry.lot or "", entry.status or AVAILABLE
    if entry.type == "status_change":
        return Detail(lot, entry.to_bin or entry.bin or "", entry.to_status or AVAILABLE)
    if entry.type in {"putaway", "pick"}:
        # A pick that leaves with the shipment takes its units out of the bin; they stay the lot's until then.
        return Detail(lot, entry.to_bin or "", status)
    return None


def _moved(entry: JournalEntry) -> Quantity:
    if entry.magnitude is not None:
        return entry.magnitude
    return entry.quantity if entry.quantity >= 0 else -entry.quantity
