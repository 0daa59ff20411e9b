"""Goods that leave use up the commitment that was waiting for them, once per movement.

    RSV#id / U#sku#warehouse    used 3, m_<movement> 2, m_<movement> 1

How much a movement consumes is decided here, before it is journaled, and kept with the movement's name: a repetition
gets the same answer. The amount then stands in the journal row, and the balance is again nothing but a fold.
"""

import hashlib

from crossdock.inventory.ending import Ender
from crossdock.inventory.hold_store import HoldStore, used_key
from crossdock.inventory.holds import Ending, State
from crossdock.platform.dynamo import Item
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Insert, Update, When
from crossdock.quantities import Quantity

_ROUNDS = 12


class Consumer:
    """Keeps account of what was consumed of confirmed reservations."""

    def __init__(self, store: HoldStore, ender: Ender) -> None:
        self._store = store
        self._ender = ender

    def consume(self, rid: str, sku: str, warehouse: str, movement: str, quantity: Quantity) -> Quantity:
        """How much of the reservation's commitment a movement of `quantity` (positive, base units) uses up.

        At most what is left of it there; 0 when there is no such reservation, or it has ended without a confirmation.
        Goods that leave for a hold that still stands confirm it. 3 round trips, 1 write unit. Raises
        StoreUnavailableError.
        """
        seen = self._store.read(rid)
        if seen is not None and seen.state not in {State.CONFIRMED, State.CANCELLED}:
            ended = self._ender.end(rid, State.CONFIRMED)
            seen = ended.reservation if ended.ending is Ending.DONE else None
        if seen is None:
            return 0
        promised = sum(p.quantity for p in seen.places if (p.sku, p.warehouse) == (sku, warehouse))
        name = _name(movement)
        for _ in range(_ROUNDS):
            account = self._store.used(rid, [(sku, warehouse)]).get((sku, warehouse))
            if account and name in account:
                return _number(account[name])
            part = min(quantity, promised - (account["used"] if account else 0))
            if part <= 0 or (account and account.get("closed")) or seen.state is State.CANCELLED:
                return 0
            if self._book(rid, sku, warehouse, account, name, part):
                return part
        raise StoreUnavailableError(f"the account of reservation {rid} kept changing")

    def _book(self, rid: str, sku: str, warehouse: str, account: Item | None, name: str, part: Quantity) -> bool:
        pk, sk = used_key(rid, sku, warehouse)
        if account is None:
            (done,) = self._store.write([Insert({"pk": pk, "sk": sk, "used": part, name: part})])
        else:
            when = (When("used", "=", account["used"]), When("closed", "missing"))
            (done,) = self._store.write([Update((pk, sk), {"used": part}, {name: part}, when=when)])
        return done.done


def _name(movement: str) -> str:
    return "m_" + hashlib.sha256(movement.encode()).hexdigest()[:20]


def _number(value: object) -> Quantity:
    return value if isinstance(value, Quantity) else 0
