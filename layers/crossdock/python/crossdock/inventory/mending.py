"""Rebuilding balances: compare with the journal, wait for what is still to come, mend what differs and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crossdock.inventory.rebuild_store import RebuildStore
from crossdock.inventory.rebuilding import SETTLED_AFTER, Found, State, Verdict, judge
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.errors import StoreUnavailableError
from crossdock.quantities import to_json

_STEP_S = 2.0
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What became of one balance: how it was found, from how many journal rows, and whether it was mended."""

    sku: str
    warehouse: str
    rows: int
    verdict: Verdict
    mended: bool = False

    @property
    def sound(self) -> bool:
        """Whether the balance is, or is on its way to be, what its journal adds up to."""
        return self.mended or self.verdict.state in {State.EQUAL, State.IN_FLIGHT}

    def document(self) -> dict[str, Any]:
        """The outcome for people and programs."""
        details = {f"{d.lot}/{d.bin}/{d.status}": to_json(q) for d, q in self.verdict.details.items()}
        return {
            "sku": self.sku,
            "warehouse": self.warehouse,
            "state": "mended" if self.mended else self.verdict.state.value,
            "movements": self.rows,
            "in_flight": self.verdict.in_flight,
            "lost": self.verdict.lost,
            "differences": {name: to_json(amount) for name, amount in self.verdict.adds.items()},
            "details": details,
        }


class Rebuilder:
    """Folds balances anew from their journals."""

    def __init__(self, store: RebuildStore, clock: Clock, wait: Callable[[float], None]) -> None:
        """`wait` lets so many seconds go by, in which the projection may count what is still to come."""
        self._store = store
        self._clock = clock
        self._wait = wait

    def rebuild(
        self, sku: str, warehouse: str, *, mend: bool, restored: bool = False, patience_s: float = 20.0
    ) -> Rebuilt:
        """Compares a balance with its journal and mends it by compare-and-set, while movements keep coming.

        Writes nothing where they agree. Rows that are still to come are waited for, `patience_s` at most, and then left
        to the projection; where it is not certain what the balance must hold, nothing is mended. Raises
        StoreUnavailableError when the balance kept changing under the mend.
        """
        waited, nudged = 0.0, False
        for _ in range(_TRIES + round(patience_s / _STEP_S)):
            found = self._store.read(sku, warehouse)
            verdict = judge(found, self._clock(), restored=restored)
            outcome = Rebuilt(sku, warehouse, len(found.journal), verdict)
            if verdict.state is State.EQUAL or (verdict.state is State.DIFFERENT and not mend):
                if not (restored and mend) or self._store.mend(found, verdict, restored=True):
                    return outcome
            elif verdict.state is State.DIFFERENT:
                if self._store.mend(found, verdict, restored=restored):
                    return Rebuilt(sku, warehouse, len(found.journal), verdict, mended=True)
            elif waited >= patience_s:
                return outcome
            else:
                if mend and not nudged and self._at_rest(found):
                    self._store.nudge(sku, warehouse, "cd-rebuild")
                    nudged = True
                self._wait(_STEP_S)
                waited += _STEP_S
        raise StoreUnavailableError(f"the balance of {sku} in {warehouse} kept changing while it was rebuilt")

    def _at_rest(self, found: Found) -> bool:
        """Whether nothing came in for so long that all of it should have been counted by now."""
        newest = max((r.recorded_at for r in found.journal), default="")
        return newest < to_text(self._clock() - SETTLED_AFTER)
