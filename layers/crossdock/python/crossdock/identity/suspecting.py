"""Finding customers that may be one, and keeping what was decided of each pair.

A customer is compared after its keys are in the index, and before anybody else is told of it. So of two that come at
the same moment at least one finds the other: whoever looks second.

    one:    keys written ──── looks ────▶
    other:        keys written ──── looks ──▶ finds one
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from crossdock.identity import complaints
from crossdock.identity.comparing import Comparison
from crossdock.identity.complaints import Complaint
from crossdock.identity.customer_rows import suspect_row
from crossdock.identity.customer_store import CustomerStore, Kept, Next, writes
from crossdock.identity.customers import Judging, Suspect, judged
from crossdock.identity.journal import Cause
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Replace

_ROUNDS: Final = 12
_MOST: Final = 20
"""So many suspects of one customer are kept: who has more is a chain, or a test."""


class UnknownPairError(ValueError):
    """Two customers that nobody suspected to be one."""


class Suspecting:
    """Compares customers, and keeps what operators decide."""

    def __init__(self, store: CustomerStore, comparison: Comparison, judging: Judging) -> None:
        self._store = store
        self._comparison = comparison
        self._judging = judging

    def compare(self, customer: str, cause: Cause) -> list[Complaint]:
        """Compares a customer that was not since it changed; gives back what somebody has to decide.

        Raises StoreUnavailableError when other writers keep standing in the way.
        """
        if self._judging.terms.duplicates == "off":
            return []
        for _ in range(_ROUNDS):
            kept = self._store.load(customer)
            if not kept.exists or kept.customer.compared or kept.customer.into is not None:
                return _open(kept.customer.id, list(kept.suspects.values()))
            suspects = {**self._suspects(kept, cause.at), **kept.suspects}
            after = judged(
                replace(kept.customer, compared=True), kept.records, list(suspects.values()), self._judging, cause.at
            )
            new = [s for other, s in suspects.items() if other not in kept.suspects]
            made = writes(kept, Next(after, (), new), cause)
            # The other one knows of it too; that it was ready already stays as it is.
            made += [Replace(suspect_row(s.other, replace(s, other=customer))) for s in new]
            if self._store.commit(made):
                return _open(customer, list(suspects.values()))
        raise StoreUnavailableError(f"{customer} kept being changed by others")

    def _suspects(self, kept: Kept, at: str) -> dict[str, Suspect]:
        """Those that look like it, most alike first."""
        customer = kept.customer
        others = self._store.heads(self._comparison.candidates(customer.id, customer.values))
        standing = [o for o in others.values() if o.into is None and o.state != "gone" and o.id != customer.id]
        found = [s for o in standing if (s := self._comparison.alike(customer, o, at)) is not None]
        found.sort(key=lambda s: (s.score, s.other), reverse=True)
        return {s.other: s for s in found[:_MOST]}

    def distinct(self, one: str, other: str, *, by: str, cause: Cause) -> None:
        """Keeps that two are not one; both are judged anew. Raises UnknownPairError, StoreUnavailableError."""
        for customer, against in ((one, other), (other, one)):
            self._decide(customer, against, by, cause)

    def _decide(self, customer: str, against: str, by: str, cause: Cause) -> None:
        for _ in range(_ROUNDS):
            kept = self._store.load(customer)
            suspect = kept.suspects.get(against)
            if suspect is None:
                raise UnknownPairError(f"{customer} was never taken for {against}")
            if suspect.state == "distinct":
                return
            decided = replace(suspect, state="distinct", at=cause.at, by=by)
            suspects = {**kept.suspects, against: decided}
            after = judged(kept.customer, kept.records, list(suspects.values()), self._judging, cause.at)
            if self._store.commit(writes(kept, Next(after, (), [decided]), cause)):
                return
        raise StoreUnavailableError(f"{customer} kept being changed by others")


def _open(customer: str, suspects: Sequence[Suspect]) -> list[Complaint]:
    return [complaints.duplicate(customer, s) for s in suspects if s.state == "open"]
