"""Judging customers anew when the ownership matrix changed: what they say stays, what is believed of it may change."""

from dataclasses import dataclass, replace
from typing import Final

from crossdock.identity.comparing import Comparison
from crossdock.identity.customer_store import CustomerStore, Kept, Next, writes
from crossdock.identity.customers import Change, Customer, Judging, changes, judged
from crossdock.identity.duplicates.index import changes as index_changes
from crossdock.identity.journal import Cause
from crossdock.platform.errors import StoreUnavailableError

_ROUNDS: Final = 12


@dataclass(frozen=True, slots=True)
class Rejudged:
    """A customer before and after, and the attributes whose value is another one now."""

    before: Customer
    after: Customer
    changed: dict[str, Change]

    @property
    def seen(self) -> bool:
        """Whether anybody is told of it: a value, who says it, or the state is another one."""
        return self.after.version != self.before.version


class Rejudging:
    """Judges by today's matrix and terms."""

    def __init__(self, store: CustomerStore, comparison: Comparison, judging: Judging) -> None:
        self._store = store
        self._comparison = comparison
        self._judging = judging

    def foresee(self, customer: str, at: str) -> Rejudged | None:
        """What judging it anew would come to; None for one that does not exist or was merged. Nothing is written."""
        kept = self._store.load(customer)
        return self._judge(kept, at) if _judgeable(kept) else None

    def apply(self, customer: str, cause: Cause) -> Rejudged | None:
        """Judges a customer anew, in one transaction; again, it changes nothing. None as above.

        Raises StoreUnavailableError when other writers keep standing in the way.
        """
        for _ in range(_ROUNDS):
            kept = self._store.load(customer)
            if not _judgeable(kept):
                return None
            found = self._judge(kept, cause.at)
            if not found.seen and found.after.matrix == found.before.matrix:
                return found
            made = [
                *writes(kept, Next(found.after), cause),
                *index_changes(customer, kept.customer.keys, found.after.keys),
            ]
            if self._store.commit(made):
                return found
        raise StoreUnavailableError(f"{customer} kept being changed by others")

    def _judge(self, kept: Kept, at: str) -> Rejudged:
        before = kept.customer
        after = judged(before, kept.records, list(kept.suspects.values()), self._judging, at)
        if not after.compared and self._judging.terms.duplicates != "off":
            after = replace(after, keys=self._comparison.keys(after.id, after.values))
        return Rejudged(before, after, changes(before.everything, after.everything))


def _judgeable(kept: Kept) -> bool:
    return kept.exists and kept.customer.into is None
