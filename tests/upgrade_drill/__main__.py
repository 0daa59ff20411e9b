"""`make upgrade-drill`: an upgrade and a rollback under load, on the deployed app; nothing may be lost or doubled.

    version n ── canary of the workers ── canary of the API ── version n + 1 ── crossdock rollback --all ── version n

Version n + 1 is this tree with next.patch: a second version of the supply event, with a field that has another name and
one that is new, a row with an attribute that version n does not know, a queue message with one.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console

from crossdock_cli.demo.receiver import Receiver
from crossdock_cli.errors import CliError
from crossdock_cli.local.paths import Paths, checkout
from crossdock_cli.local.process import free_port
from crossdock_cli.local.progress import Steps
from crossdock_cli.local.up import Options, down, up
from crossdock_cli.output import table
from crossdock_cli.releases.aliases import deployed
from crossdock_cli.secrets import signing_secrets
from crossdock_cli.target import local_target
from tests.support.system import CHANNELS, System
from tests.upgrade_drill import shifting
from tests.upgrade_drill.counting import Count, count, projected
from tests.upgrade_drill.load import Load, prepare
from tests.upgrade_drill.subscribers import NEW, OLD, Subscriber
from tests.upgrade_drill.trees import TreeError, next_tree, synthesise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crossdock_cli.local.state import LocalState
    from tests.upgrade_drill.load import Accepted

FAILED: Final = 1
INTERRUPTED: Final = 130
_PATIENCE_S: Final = 600.0
_console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass
class Phase:
    """How long one state of the aliases lasted, and what was accepted and published in it."""

    name: str
    seconds: float
    accepted: int
    in_version_2: int


@dataclass
class Result:
    phases: list[Phase] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    sent_again: dict[int, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    rollback_seconds: float = 0
    both: int = 0

    @property
    def sound(self) -> bool:
        return all(c.sound for c in self.counts) and not self.refused and self.both > 0

    def document(self) -> dict[str, Any]:
        return {
            "sound": self.sound,
            "phases": [vars(p) for p in self.phases],
            "counts": [c.document() for c in self.counts],
            "sent_again": self.sent_again,
            "refused": self.refused,
            "rollback_seconds": round(self.rollback_seconds, 2),
            "supply_rows_with_the_attribute_of_next": self.both,
        }


def main(
    seconds: Annotated[float, typer.Option(min=1, help="how long each of the six phases lasts")] = 20,
    json_file: Annotated[Path | None, typer.Option("--json", help="where the result is written")] = None,
) -> None:
    """Exit code 0: all that was accepted is there once. 1: it is not, or the drill could not be done. 130: stopped."""
    with tempfile.TemporaryDirectory(prefix="crossdock-upgrade-") as folder:
        try:
            result = drill(Path(folder), seconds)
        except (CliError, TreeError, AssertionError) as failure:
            _errors.print(f"the drill could not be done: {failure}", markup=False)
            raise typer.Exit(FAILED) from failure
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
    if json_file:
        json_file.write_text(json.dumps(result.document(), indent=1) + "\n", encoding="utf-8")
    _print(result)
    if not result.sound:
        raise typer.Exit(FAILED)


def drill(folder: Path, seconds: float) -> Result:
    """The whole of it on an engine of its own, which is taken down again."""
    paths = Paths(checkout(), folder / "engine")
    # Beside the checkout's own build, where its layers can be linked from.
    build = checkout() / ".build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="next-", dir=build) as beside:
        tree = next_tree(Path(beside) / "tree")
        _say("version n is deployed")
        state = up(paths, Options(port=free_port(), fast=True, aliases=True), Steps(silent=True))
        try:
            assembly = synthesise(tree, paths, state)
            with _system(paths, state) as system:
                return _upgrade_and_back(system, state, assembly, seconds)
        finally:
            down(paths)


@contextmanager
def _system(paths: Paths, state: LocalState) -> Iterator[System]:
    target = local_target(state)
    with Receiver(state.receiver_port) as receiver:
        channels = {
            name: receiver.add_channel(name, signing_secrets(target.secret_document("channels", name)))
            for name in (*CHANNELS, "crm")
        }
        system = System(target, paths.home, {n: channels[n] for n in CHANNELS}, channels["crm"])
        yield system
        system.http.close()


def _upgrade_and_back(system: System, state: LocalState, assembly: Path, seconds: float) -> Result:
    target, result = system.target, Result()
    old, new = Subscriber(target, OLD), Subscriber(target, NEW)
    old.begin()
    new.begin()
    prepare(system)
    functions = {
        stack: [f.name for f in deployed(target) if f.stack == stack] for stack in ("sync", "api", "operations")
    }
    load = Load(system)
    with load.running() as accepted:

        def phase(name: str, change: Callable[[], None] | None = None) -> None:
            _say(name)
            begun, before, published = time.monotonic(), accepted.total, sum(new.seen.values())
            if change:
                change()
            time.sleep(max(0.0, seconds - (time.monotonic() - begun)))  # the load runs meanwhile
            new.drain()
            taken = Phase(
                name, round(time.monotonic() - begun, 1), accepted.total - before, sum(new.seen.values()) - published
            )
            result.phases.append(taken)

        phase("version n")
        versions: dict[str, tuple[int, int]] = {}
        phase("n + 1 published, not called", lambda: versions.update(shifting.publish(state, target, assembly)))
        phase("workers: a tenth to n + 1", lambda: shifting.canary(target, functions["sync"], versions))
        shifting.complete(target, functions["sync"], versions)
        phase("workers n + 1; API: a tenth", lambda: shifting.canary(target, functions["api"], versions))
        for stack in ("api", "operations"):
            shifting.complete(target, functions[stack], versions)
        phase("version n + 1")
        begun = time.monotonic()
        said = system.crossdock("rollback", "--all", "--json")
        result.rollback_seconds = time.monotonic() - begun
        assert said.code == 0, said.err
        assert {f.name: f.live for f in deployed(target)} == {name: pair[0] for name, pair in versions.items()}
        phase("rolled back to version n")
    _say("waiting until nothing is under way")
    _settled(system, accepted, old, new)
    result.counts = count(system, accepted, old, new)
    result.sent_again, result.refused = dict(accepted.sent_again), accepted.refused
    result.both = sum("sv" in r for r in system.rows("inventory") if r["sk"].startswith("P#MAIN#PO-UPG/"))
    return result


def _settled(system: System, accepted: Accepted, old: Subscriber, new: Subscriber) -> None:
    """Until queues are empty, all movements are in the balances, and what is stored no longer changes."""
    found: list[dict[str, Any]] = []

    def still() -> bool:
        drained = old.drain() + new.drain()
        found.append(system.dump())
        rests = len(found) > 1 and found[-1] == found[-2] and not any(found[-1]["queues"].values())
        return rests and not drained and projected(found[-1]["inventory"])

    system.until("the system is at rest", still, _PATIENCE_S)


def _print(result: Result) -> None:
    rows = [(p.name, p.seconds, p.accepted, p.in_version_2) for p in result.phases]
    _console.print(table(("phase", ">seconds", ">accepted", ">supply events in version 2"), rows))
    _console.print()
    counted = [(c.what, c.accepted, c.found, c.lost, c.wrong, "yes" if c.sound else "NO") for c in result.counts]
    _console.print(table(("what", ">accepted", ">found", ">lost", ">wrong", "sound"), counted))
    for said in (example for c in result.counts for example in c.examples):
        _console.print(said, markup=False)
    again = ", ".join(f"{n} after {status or 'no answer'}" for status, n in sorted(result.sent_again.items())) or "none"
    _console.print(f"\nrequests sent again: {again}; refused: {len(result.refused)}")
    for line in result.refused[:5]:
        _console.print(f"  {line}", markup=False)
    _console.print(
        f"lines of supply with the attribute of n + 1: {result.both}; the rollback took {result.rollback_seconds:.1f} s"
    )
    _console.print("nothing was lost or doubled" if result.sound else "NOT everything is there once", style="bold")


def _say(line: str) -> None:
    if sys.stderr.isatty():
        _errors.print(line)


if __name__ == "__main__":
    typer.run(main)
