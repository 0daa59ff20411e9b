"""The engine of a replay: it outlives the command, because all that it stores lies in its memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crossdock.identity.references import Reference, References
from crossdock.platform.dynamo import Table
from crossdock_cli.local import engine as local_engine
from crossdock_cli.local.process import free_port
from crossdock_cli.local.state import LocalState
from crossdock_cli.target import Target, local_target
from tests.bench.rig import Rig, attached
from tests.bench.streams import Stream
from tests.replay.drive import SOURCE
from tests.support.engine import start_afresh
from tests.support.tables import table_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossdock_cli.local.paths import Paths


@dataclass(frozen=True, slots=True)
class MeasuredPlace:
    """The handlers of this process, what they use counted."""

    rig: Rig

    def invoke(self, function: str, event: dict[str, Any]) -> tuple[Any, dict[str, float]]:
        answer, count = self.rig.invoke(function, event)
        used = {
            "invocations": count.invocations,
            "wcu": count.wru,
            "rcu": count.rru,
            "round_trips": count.round_trips,
            "cpu_s": count.cpu_s,
            "wall_s": count.wall_s,
        }
        return answer, used

    def inventory_stream(self, begin: str) -> Stream:
        return Stream(self.rig.target, table_name("inventory"), begin)


def running(paths: Paths) -> Target | None:
    """The engine that an earlier run left, or None."""
    state = LocalState.load(paths)
    return local_target(state) if state and state.running() else None


def begin(paths: Paths, items: Iterable[str]) -> Target:
    """Starts an engine with empty tables that knows the items."""
    stop(paths)
    state = local_engine.start(paths, free_port())
    local_engine.wait_ready(state, paths)
    target = local_target(state)
    start_afresh(target)
    declare(target, items)
    return target


def declare(target: Target, items: Iterable[str]) -> None:
    """Cross-references for the items, as their own codes."""
    References(Table(target.dynamodb, table_name("identity"))).declare([Reference(SOURCE, i, i) for i in items])


def measured(target: Target, paths: Paths) -> MeasuredPlace:
    return MeasuredPlace(attached(target, paths.home))


def stop(paths: Paths) -> None:
    """Ends the engine of a replay, if it runs."""
    if state := LocalState.load(paths):
        local_engine.stop(state, paths)
