"""`make replay`: the whole real ledger through the functions' own code, and whether the balances are its fold.

Ctrl-C stops it after the step it is in; the next call goes on from there. The engine keeps everything in memory, so it
is left running in between (some 3 GB for the whole ledger); `--stop` ends it and forgets the replay.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from crossdock_cli.local.paths import Paths, checkout
from tests.replay import place
from tests.replay.check import check
from tests.replay.drive import Replay, State
from tests.replay.fold import fold
from tests.replay.report import document, lines
from tests.replay.traffic import hours, invocations

if TYPE_CHECKING:
    from types import FrameType

    from crossdock_cli.target import Target
    from tests.replay.check import Outcome
    from tests.replay.fold import Expected

ROOT: Final = checkout()
BESIDE: Final = ROOT.parent / "shared" / "data" / "online-retail.csv.gz"
HOME: Final = ROOT / ".build" / "replay"
UNEQUAL: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130
_errors = Console(stderr=True, highlight=False)


def main(
    ledger: Annotated[Path, typer.Option(help="the ledger to replay")] = BESIDE,
    month: Annotated[str, typer.Option(help="only this month of it, for example 2011-02")] = "",
    seed: Annotated[int, typer.Option(help="which lines come twice, and in which order")] = 1,
    json_file: Annotated[Path, typer.Option("--json", help="where the result is written")] = HOME / "result.json",
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="begin again instead of going on")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="only end the engine that a stopped replay left")] = False,
) -> None:
    """Exit code 0: everything agrees. 1: it does not. 2: wrong usage. 130: stopped, to be continued."""
    paths = Paths(ROOT, HOME)
    if stop:
        _forget(paths)
        return
    if not ledger.is_file():
        _errors.print(f"there is no ledger {ledger}; --ledger FILE names one (CSV, gzipped, in the UCI form)")
        raise typer.Exit(WRONG_USAGE)
    expected = fold(ledger, month)
    if not expected.lines:
        _errors.print(f"the ledger has no lines of the month {month}; a month is written like 2011-02")
        raise typer.Exit(WRONG_USAGE)
    run = _Run(paths, expected, fresh=fresh, wanted=State(seed, month))
    if not run.play(ledger):
        _errors.print(f"stopped after {run.state.lines:,} of {expected.lines:,} lines; the same command goes on")
        raise typer.Exit(INTERRUPTED)
    outcome = run.compare()
    result = document(run.state, outcome)
    json_file.parent.mkdir(parents=True, exist_ok=True)
    json_file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    for line in lines(result):
        sys.stdout.write(line + "\n")
    if outcome.problems:
        _errors.print("The engine is left running for looking into it; make replay ARGS=--stop ends it.")
        raise typer.Exit(UNEQUAL)
    _forget(paths)


def _forget(paths: Paths) -> None:
    place.stop(paths)
    _progress_file(paths).unlink(missing_ok=True)


def _progress_file(paths: Paths) -> Path:
    return paths.home / "progress.json"


class _Run:
    """One call of the command."""

    def __init__(self, paths: Paths, expected: Expected, wanted: State, *, fresh: bool) -> None:
        self._paths = paths
        self._expected = expected
        self._stopped = False
        before, target = State.load(_progress_file(paths)), place.running(paths)
        if fresh or before is None or target is None or (before.seed, before.month) != (wanted.seed, wanted.month):
            before, target = wanted, self._begin()
        self.state: State = before
        self.target: Target = target

    def _begin(self) -> Target:
        shutil.rmtree(self._paths.home / "engine", ignore_errors=True)
        _progress_file(self._paths).unlink(missing_ok=True)
        return place.begin(self._paths, self._expected.movements)

    def play(self, ledger: Path) -> bool:
        """Plays what is left; False when it was stopped."""
        replay = Replay(place.measured(self.target, self._paths), self.state)
        with _bar() as bar:
            task = bar.add_task("replaying, lines", total=self._expected.lines, completed=self.state.lines)
            begun = time.monotonic() - self.state.seconds

            def after_step(state: State) -> bool:
                state.seconds = time.monotonic() - begun
                state.save(_progress_file(self._paths))
                bar.update(task, completed=state.lines)
                return not self._stopped

            usual = signal.signal(signal.SIGINT, self._stop)
            try:
                return replay.run(invocations(hours(ledger, self.state.seed, self.state.month)), after_step)
            finally:
                signal.signal(signal.SIGINT, usual)

    def _stop(self, *_: int | FrameType | None) -> None:
        self._stopped = True

    def compare(self) -> Outcome:
        with _bar() as bar:
            task = bar.add_task("comparing, journal rows", total=self._expected.kept)
            return check(self.target.dynamodb, self._expected, lambda rows: bar.advance(task, rows))


def _bar() -> Progress:
    columns: tuple[Any, ...] = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=_errors, disable=not _errors.is_terminal)


if __name__ == "__main__":
    typer.run(main)
