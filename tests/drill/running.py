"""One drill: a fault is made, an alarm is waited for, its runbook is followed, and the trouble has to be over.

Whatever was accepted meanwhile is held in a ledger, and at the end every fact of it is applied, once, or on the list of
exceptions. Times are seconds on a monotonic clock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tests.support.runbooks import Follower, runbook
from tests.support.system import movement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from tests.support.alarms import Alarms, Ringing
    from tests.support.system import System

PATIENCE_S: Final = 120.0


@dataclass
class Ledger:
    """What was accepted: movement id → item. Every id is used once for a fact, however often it is sent."""

    system: System
    accepted: dict[str, str] = field(default_factory=dict)

    def send(self, *movements: dict[str, Any], times: int = 1) -> None:
        """Sends a batch over the API, as often as asked; what is answered 202 is accepted."""
        for _ in range(times):
            self.system.send(*movements)
        self._noted(movements)

    def deliver(self, *movements: dict[str, Any], **changes: Any) -> int:
        """Sends a batch as a webhook of the warehouse; its answer's status."""
        answer = self.system.webhook("wms", "stock.moved", {"movements": movements}, **changes)
        if answer.status_code == 202:
            self._noted(movements)
        return answer.status_code

    def _noted(self, movements: tuple[dict[str, Any], ...]) -> None:
        self.accepted |= {str(m["id"]): str(m["item"]) for m in movements}

    def applied(self) -> set[str]:
        """The accepted ids that are in the journal; it has each once, by its key."""
        rows = (r for r in self.system.rows("inventory") if r["pk"].startswith("M#"))
        return {r["sk"].split("#", 1)[1] for r in rows} & set(self.accepted)

    def visible(self) -> set[str]:
        """The accepted ids that are on the list of what is open."""
        groups = self.system.crossdock("exceptions", "list", "--json").document
        facts = [fact for group in groups for fact in self.system.shown(group)["occurrences"]]
        ids = {m["id"] for f in facts if f["state"] != "closed" for m in (f["message"] or {}).get("movements", [])}
        return ids & set(self.accepted)


@dataclass(frozen=True, kw_only=True)
class Drill:
    """One fault.

    `figure` is (metric, its dimensions) that moves. `fault` is a context: inside it is wrong. `provoke` is done again
    and again until the alarm rings; `meanwhile` once, before the runbook is followed with `values` and `before` (see
    `Follower`). `check` is done again and again until the alarm is over. `proof` looks whether the business is well.
    """

    name: str
    title: str
    figure: tuple[str, Mapping[str, str]]
    alarm: str
    fault: Callable[[], AbstractContextManager[object]]
    provoke: Callable[[], object]
    values: Mapping[str, str | Callable[[], str]]
    before: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    meanwhile: Callable[[], object] = lambda: None
    check: Callable[[], object] = lambda: None
    proof: Callable[[], bool] = lambda: True


@dataclass
class Result:
    """What was seen. Seconds are since the fault began."""

    drill: str
    title: str
    metric: str = ""
    before: float = 0.0
    after: float = 0.0
    alarm: str = ""
    priority: str = ""
    runbook: str = ""
    commands: int = 0
    to_alarm_s: float = 0.0
    to_recovery_s: float = 0.0
    accepted: int = 0
    applied: int = 0
    visible: int = 0
    also_rang: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def lost(self) -> int:
        return self.accepted - self.applied - self.visible

    @property
    def good(self) -> bool:
        return not self.problem and self.lost == 0


def run(drill: Drill, system: System, alarms: Alarms, ledger: Ledger, tell: Callable[[str], object]) -> Result:
    """Does it all; whatever goes wrong is said by the result, and the fault is ended all the same."""
    name, dimensions = drill.figure
    shown = ", ".join(dimensions.values())
    result = Result(drill.name, drill.title, metric=f"{name} ({shown})" if shown else name, alarm=drill.alarm)
    before = set(ledger.accepted)
    try:
        _run(drill, system, alarms, result, tell)
    except (AssertionError, KeyError, RuntimeError) as problem:
        result.problem = str(problem)[:500] or type(problem).__name__
    tell("counting")
    _count(result, ledger, before)
    return result


def _run(drill: Drill, system: System, alarms: Alarms, result: Result, tell: Callable[[str], object]) -> None:
    metric, dimensions = drill.figure
    baseline = datetime.now(UTC)
    began = time.monotonic()
    with drill.fault():
        fault_at = datetime.now(UTC)
        tell(f"waiting for {drill.alarm}")
        ringing = _until_it_rings(drill, alarms, fault_at)
        result.to_alarm_s = time.monotonic() - began
        result.priority, result.runbook = ringing.told.priority, ringing.told.runbook
        result.before = alarms.metric(metric, dimensions, baseline, fault_at)
        result.after = alarms.metric(metric, dimensions, fault_at)
        result.also_rang = [a.name for a in alarms.all_ringing(fault_at) if a.name != drill.alarm]
        tell(f"following {result.runbook}")
        drill.meanwhile()
        said = Follower(runbook(result.runbook), system.crossdock, drill.values, drill.before).follow()
        result.commands = len(said)
    mended_at = datetime.now(UTC)
    tell("waiting until it is over")

    def over() -> bool:
        drill.check()
        return alarms.ringing(drill.alarm, mended_at) is None and drill.proof()

    system.until(f"{drill.alarm} is quiet and all is well", over, PATIENCE_S)
    result.after = alarms.metric(metric, dimensions, fault_at)
    result.to_recovery_s = time.monotonic() - began


def _until_it_rings(drill: Drill, alarms: Alarms, fault_at: datetime) -> Ringing:
    give_up = time.monotonic() + PATIENCE_S
    while True:
        drill.provoke()
        if ringing := alarms.ringing(drill.alarm, fault_at):
            return ringing
        if time.monotonic() > give_up:
            raise AssertionError(f"{drill.alarm} did not ring within {PATIENCE_S:.0f} s")


def _count(result: Result, ledger: Ledger, before: set[str]) -> None:
    """Of what this drill sent: applied, or visible; it may take until the last message is worked off."""
    mine = set(ledger.accepted) - before
    give_up = time.monotonic() + PATIENCE_S
    while True:
        applied = ledger.applied() & mine
        visible = (ledger.visible() & mine) - applied
        result.accepted, result.applied, result.visible = len(mine), len(applied), len(visible)
        if result.lost == 0 or time.monotonic() > give_up:
            return


def moves(drill: str, sku: str, first: int, number: int, quantity: int = 1) -> list[dict[str, Any]]:
    """Movements with ids of their own."""
    return [movement(f"{drill}-{n}", sku, quantity) for n in range(first, first + number)]
