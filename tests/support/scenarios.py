"""Work that dies before and after every outside call, and is delivered again: what it leaves must not differ.

arrange ─▶ work, undisturbed ─▶ the state that is expected
arrange ─▶ work, killed before or after call n ─▶ a fresh process is given the same work ─▶ the same state
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossdock_cli.demo.erp import Erp
from tests.support import world as worlds
from tests.support.crashes import Killed, Moment, reach, reaper
from tests.support.endpoint import Endpoint
from tests.support.engine import keep, rewind
from tests.support.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from crossdock_cli.target import Target
    from tests.support.world import World


@dataclass
class Stage:
    """A world, the channel's endpoint, and what a scenario's arrangement leaves for its work."""

    world: World
    endpoint: Endpoint = field(default_factory=Endpoint)
    kept: Any = None


@dataclass(frozen=True)
class Scenario:
    """`work` is what dies and is delivered again; `state` is compared; `calls` is how many calls the work makes.

    It is arranged once and rewound to, unless what is arranged is not all on the emulator (`rewinds`).
    """

    name: str
    calls: int
    arrange: Callable[[Stage], None]
    work: Callable[[Stage], None]
    state: Callable[[Stage], Any]
    rewinds: bool = True


def on(scenario: Scenario, target: Target, folder: Path, patch: pytest.MonkeyPatch) -> Stage:
    """The scenario's stage, arranged anew."""
    stage = Stage(worlds.build(target, folder, patch))
    reach(stage.endpoint, patch)
    scenario.arrange(stage)
    stage.world.forget_warm_state()
    return stage


def run(scenario: Scenario, stage: Stage, at: int = 0, moment: Moment = "before") -> tuple[list[str], str]:
    """The work under a reaper: the calls it made, and where it was killed."""
    with reaper(at, moment) as found:
        reach(stage.endpoint, stage.world.patch, found)
        try:
            scenario.work(stage)
        except Killed as death:
            return found.calls, str(death)
        finally:
            reach(stage.endpoint, stage.world.patch)
    return found.calls, ""


def dies_everywhere(scenario: Scenario, target: Target, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Asserts how many calls the work makes, and that a death at any of them changes nothing in the end."""
    stage = on(scenario, target, folder, patch)
    again = _rewinding(scenario, stage) or (lambda: on(scenario, target, folder, patch))
    calls, death = run(scenario, stage)
    expected = scenario.state(stage)
    assert (death, len(calls)) == ("", scenario.calls), calls

    moments: tuple[Moment, ...] = ("before", "after")
    for at in range(1, len(calls) + 1):
        for moment in moments:
            stage = again()
            _, death = run(scenario, stage, at, moment)
            assert death, f"nothing died {moment} call {at}"
            stage.world.forget_warm_state()
            scenario.work(stage)
            assert scenario.state(stage) == expected, death


def _rewinding(scenario: Scenario, stage: Stage) -> Callable[[], Stage] | None:
    """What brings the stage back to its arrangement, in a tenth of the time; None where there is more than values."""
    known = _plain(stage.kept) or isinstance(stage.kept, Lane | Erp)
    if not scenario.rewinds or not known or vars(stage.endpoint).keys() != vars(Endpoint()).keys():
        return None
    kept = stage.kept
    values, endpoint, now = copy.deepcopy((_values(kept), vars(stage.endpoint), stage.world.now))
    keep(stage.world.target, "scenario")

    def again() -> Stage:
        rewind(stage.world.target, "scenario")
        if isinstance(kept, Lane | Erp):  # others hold on to it
            vars(kept).update(copy.deepcopy(values))
        else:
            stage.kept = copy.deepcopy(values)
        vars(stage.endpoint).update(copy.deepcopy(endpoint))
        stage.world.back_to(now)
        reach(stage.endpoint, stage.world.patch)
        return stage

    return again


def _values(kept: Any) -> Any:
    """What of it can be brought back."""
    if not isinstance(kept, Lane | Erp):
        return kept
    return {name: value for name, value in vars(kept).items() if name not in {"world", "_lock"}}


def _plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_plain, value))
    return value is None or isinstance(value, str | int | float | bool | bytes | datetime | Decimal)
