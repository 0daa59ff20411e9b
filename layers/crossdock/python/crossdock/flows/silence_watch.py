"""Warehouses in which nothing moves although it usually would: on the exceptions list for as long as it lasts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crossdock.config import Warehouse
from crossdock.contracts.refusals import Refusal
from crossdock.exceptions.model import OPEN, fingerprint, occurrence_id
from crossdock.exceptions.store import ExceptionsStore
from crossdock.inventory.rhythm import Rhythm, Silence, silence, silence_notice
from crossdock.inventory.rhythm_store import RhythmStore
from crossdock.platform.clock import Clock
from crossdock.platform.logs import logger

_BY = "crossdock"

Check = Callable[[str], object]
"""Compares what a source counted with our balances."""


@dataclass(slots=True)
class Heard:
    """What a look at all warehouses found: who can be judged, who is silent, told of now, closed, and checked now."""

    judged: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    closed: int = 0
    checked: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SilenceWatch:
    """Tells of each silence once, after its source was reconciled, and closes it when it is over."""

    rhythms: RhythmStore
    exceptions: ExceptionsStore
    clock: Clock

    def look(self, warehouses: Mapping[str, Warehouse], check: Mapping[str, Check], correlation_id: str) -> Heard:
        """Looks at these warehouses; each costs 1 RCU and a query. `check` is by source, for those that count.

        Checking goes first: whoever dies meanwhile has told nothing yet, and checks and tells when it comes again.
        A check that fails is in `unchecked`, and keeps nothing from being told.
        """
        now, heard = int(self.clock().timestamp()), Heard()
        new: list[Refusal] = []
        for warehouse, rhythm in self.rhythms.rhythms(warehouses).items():
            known = warehouses[warehouse]
            found = silence(warehouse, known.source, rhythm, known.silent_after_seconds, now)
            if known.silent_after_seconds is not None or rhythm.usual is not None:
                heard.judged.append(warehouse)
            new += self._judge(known, rhythm, found, heard, correlation_id)
        for source in sorted({n.source for n in new} & check.keys()):
            _check(source, check[source], heard)
        if new:
            self.exceptions.refuse(new)
        return heard

    def _judge(
        self, warehouse: Warehouse, rhythm: Rhythm, found: Silence | None, heard: Heard, correlation_id: str
    ) -> list[Refusal]:
        """Closes what is over; gives back what is to be told, which is nothing when it was told before."""
        notice = None if found is None else silence_notice(found, correlation_id)
        any_notice = silence_notice(Silence(warehouse.id, warehouse.source, rhythm.last, 0, None), correlation_id)
        told = {o.id: o for o in self.exceptions.occurrences(fingerprint(any_notice))}
        present = None if notice is None else occurrence_id(notice)
        over = [o for id_, o in told.items() if id_ != present and o.state == OPEN]
        heard.closed += sum(self.exceptions.close(o, _BY, "movements came, or it may pause for longer") for o in over)
        if notice is None:
            return []
        heard.silent.append(warehouse.id)
        if present in told:
            return []
        heard.told.append(warehouse.id)
        return [notice]


def _check(source: str, check: Check, heard: Heard) -> None:
    try:
        check(source)
    except Exception:  # noqa: BLE001 - whatever broke the comparison, the silence is told of
        logger().exception("reconciliation of a silent source failed", source=source)
        heard.unchecked.append(source)
    else:
        heard.checked.append(source)
