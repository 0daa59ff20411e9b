"""Work that dies before and after every outside call, and is delivered again: what it leaves must not differ.

arrange ─▶ work, undisturbed ─▶ the state that is expected
arrange ─▶ work, killed before or after call n ─▶ a fresh process is given the same work ─▶ the same state
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support import world as worlds
from tests.support.crashes import Killed, Moment, reach, reaper
from tests.support.endpoint import Endpoint

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
    """`work` is what dies and is delivered again; `state` is compared; `calls` is how many calls the work makes."""

    name: str
    calls: int
    arrange: Callable[[Stage], None]
    work: Callable[[Stage], None]
    state: Callable[[Stage], Any]


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
    calls, death = run(scenario, stage)
    expected = scenario.state(stage)
    assert (death, len(calls)) == ("", scenario.calls), calls

    moments: tuple[Moment, ...] = ("before", "after")
    for at in range(1, len(calls) + 1):
        for moment in moments:
            stage = on(scenario, target, folder, patch)
            _, death = run(scenario, stage, at, moment)
            assert death, f"nothing died {moment} call {at}"
            stage.world.forget_warm_state()
            scenario.work(stage)
            assert scenario.state(stage) == expected, death
