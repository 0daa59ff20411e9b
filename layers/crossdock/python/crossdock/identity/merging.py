"""Making two customers one, and taking that back.

Nothing that was said is moved: the records of the one that goes stay in its own partition, and the other is judged by
them too. So taking it back is exact, also when more was reported meanwhile: each record goes back to whom it was of.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from crossdock.identity.claims import Record
from crossdock.identity.comparing import Comparison
from crossdock.identity.customer_rows import KIND, MANY
from crossdock.identity.customer_store import CustomerStore, Kept, Next, writes
from crossdock.identity.customers import Customer, Judging, judged
from crossdock.identity.duplicates.index import changes as index_changes
from crossdock.identity.journal import Cause
from crossdock.identity.xref_rows import partition
from crossdock.identity.xref_writes import XrefError, merge_writes, unmerge_writes
from crossdock.platform.clock import from_text
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import AtomicWrite, Key

_ROUNDS: Final = 12
_PER_TRANSACTION: Final = 100


@dataclass(frozen=True, slots=True)
class Merged:
    """The two as they are now: the one that was merged, or set free, and the one that it is, or was, part of."""

    loser: Customer
    winner: Customer


class Merging:
    """Merges customers, on an operator's word."""

    def __init__(self, store: CustomerStore, comparison: Comparison, judging: Judging) -> None:
        self._store = store
        self._comparison = comparison
        self._judging = judging

    def merge(self, loser: str, winner: str, *, by: str, why: str, cause: Cause) -> Merged:
        """Makes `loser` a part of `winner`: its ids mean the winner from now on. One transaction.

        Raises XrefError (itself, unknown, merged, too_large) and StoreUnavailableError.
        """

        def plan(losing: Kept, winning: Kept) -> tuple[Merged, list[AtomicWrite]]:
            at = from_text(cause.at)
            moved = merge_writes(losing.ids, winning.ids, at=at, by=by, why=why)
            gone = self._judged(replace(losing.customer, into=winner), (), losing, cause)
            # That it may be the other one is decided now, and holds it up no longer.
            others = {other: s for other, s in winning.suspects.items() if other != loser}
            whole = replace(winning, suspects=others)
            stays = self._judged(winning.customer, (*winning.records, *losing.records), whole, cause)
            return Merged(gone, stays), [
                *moved,
                *self._writes(losing, gone, cause),
                # The other's records add up with its own from now on; what stood of them goes.
                *self._writes(replace(winning, rows={**winning.rows, **_records(losing)}), stays, cause),
            ]

        return self._carried_out(loser, winner, plan)

    def unmerge(self, loser: str, winner: str, *, cause: Cause) -> Merged:
        """Takes a merge back: what was reported of either meanwhile stays with whom it was reported of.

        Raises XrefError (not_merged, unknown, merged, too_large) and StoreUnavailableError.
        """

        def plan(losing: Kept, winning: Kept) -> tuple[Merged, list[AtomicWrite]]:
            moved = unmerge_writes(losing.ids, winning.ids)
            # By the winner's reading: its rows add up, and those of one that was merged are changed with it.
            own = {k[0] for k in losing.rows} | {partition(KIND, loser)}
            homes = {pk.removeprefix(partition(KIND, "")) for pk in own}
            records = tuple(r for r in winning.records if r.home in homes)
            stays = tuple(r for r in winning.records if r.home not in homes)
            losing = replace(losing, rows={k: n for k, n in winning.rows.items() if k[0] in own})
            winning = replace(winning, rows={k: n for k, n in winning.rows.items() if k[0] not in own})
            freed = self._judged(replace(losing.customer, into=None), records, losing, cause)
            left = self._judged(winning.customer, stays, winning, cause)
            return Merged(freed, left), [
                *moved,
                *self._writes(losing, freed, cause),
                *self._writes(winning, left, cause),
            ]

        return self._carried_out(loser, winner, plan)

    def _judged(self, before: Customer, records: tuple[Record, ...], kept: Kept, cause: Cause) -> Customer:
        """A customer with these records. Who is merged has none, and stands under no key of the index."""
        # An operator has just looked at it: it need not be compared before it is told of.
        after = judged(replace(before, compared=True), records, list(kept.suspects.values()), self._judging, cause.at)
        off = self._judging.terms.duplicates == "off"
        keys = () if after.into is not None or off else self._comparison.keys(after.id, after.values)
        return replace(after, keys=keys)

    def _writes(self, kept: Kept, after: Customer, cause: Cause) -> list[AtomicWrite]:
        return [*writes(kept, Next(after), cause), *index_changes(after.id, kept.customer.keys, after.keys)]

    def _carried_out(
        self, loser: str, winner: str, plan: Callable[[Kept, Kept], tuple[Merged, list[AtomicWrite]]]
    ) -> Merged:
        for _ in range(_ROUNDS):
            made, found = plan(self._store.load(loser), self._store.load(winner))
            if len(found) > _PER_TRANSACTION:
                raise XrefError(
                    "too_large",
                    f"{loser} and {winner} have more ids, contacts and ship-tos than can change at once",
                    "take contacts and ship-tos away that nobody needs, then merge",
                    (loser, winner),
                )
            if self._store.commit(found):
                return made
        raise StoreUnavailableError(f"{loser} or {winner} kept being changed by others")


def _records(kept: Kept) -> dict[Key, int]:
    """The revisions of the rows of records, without those of contacts and ship-tos that stand."""
    return {key: n for key, n in kept.rows.items() if not key[1].startswith(MANY)}
