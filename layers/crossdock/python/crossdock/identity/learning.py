"""Learning what a system calls a customer that it was told of: its id there is a part of what everybody is told."""

from dataclasses import replace
from typing import Final

from crossdock.contracts.xrefs import CrossReference
from crossdock.identity.customer_rows import KIND
from crossdock.identity.customer_store import CustomerStore, Next, writes
from crossdock.identity.journal import Cause
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.errors import StoreUnavailableError

_ROUNDS: Final = 12


class Learning:
    """Keeps ids that systems tell us in their answers."""

    def __init__(self, store: CustomerStore, xrefs: CrossReferences) -> None:
        self._store = store
        self._xrefs = xrefs

    def learn(self, customer: str, system: str, external: str, cause: Cause) -> bool:
        """Keeps it in one transaction with a new version of the golden record; False when it was known.

        Raises XrefError (another_meaning, unknown) and StoreUnavailableError.
        """
        for _ in range(_ROUNDS):
            root = self._xrefs.current(KIND, customer)
            attaching = self._xrefs.plan_attach([CrossReference(KIND, system, external, root)])
            if not attaching.writes:
                return False
            kept = self._store.load(root)
            after = replace(kept.customer, version=kept.customer.version + 1, changed_at=cause.at)
            if self._store.commit([*writes(kept, Next(after), cause), *attaching.writes]):
                return True
        raise StoreUnavailableError(f"{customer} kept being changed by others")
