"""`python -m tests.drill`, run by `make drill`: six faults on an app deployed for them, in a table or as --json.

Exit code 0: every fault was seen, told, ended by its runbook, and nothing was lost. 1: not so. 2: wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from crossdock_cli.demo.receiver import Receiver
from crossdock_cli.secrets import signing_secrets
from tests.drill.faults import drills
from tests.drill.running import Drill, Ledger, Result, run
from tests.support.alarms import Alarms
from tests.support.engine import deployed_engine
from tests.support.system import CHANNELS, System

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Of a table that goes into a file.
_WIDE: Final = 200
NAMES: Final = ("channel", "source", "mapping", "table", "duplicates", "forgery")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the drills that are asked for; all without arguments."""
    asked = _parser().parse_args(arguments)
    errors = Console(stderr=True, highlight=False)
    began = time.monotonic()
    results = []
    with (
        tempfile.TemporaryDirectory(prefix="crossdock-drill-") as home,
        errors.status("deploying") as status,
        deployed(Path(home)) as system,
    ):
        alarms, ledger = Alarms(system.target), Ledger(system)
        for drill in drills(system, ledger):
            if not asked.only or drill.name in asked.only:
                results.append(_one(drill, system, alarms, ledger, status))
                errors.print(said(results[-1]))
        status.update("stopping the engine")
    seconds = time.monotonic() - began
    if asked.json:
        print(json.dumps(document(results, seconds), indent=2))  # noqa: T201 - what was asked for
    else:
        out = Console(highlight=False)
        out = out if out.is_terminal else Console(highlight=False, width=_WIDE)
        out.print(table(results))
        out.print(summary(results, seconds))
    return 0 if all(r.good for r in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print what was seen for programs")
    parser.add_argument("--only", choices=NAMES, action="append", help="this drill only; may be said several times")
    return parser


def _one(drill: Drill, system: System, alarms: Alarms, ledger: Ledger, status: Any) -> Result:
    return run(drill, system, alarms, ledger, lambda what: status.update(f"{drill.title}: {what}"))


@contextmanager
def deployed(home: Path) -> Iterator[System]:
    """The app in an engine of its own, with its channels listening."""
    with deployed_engine(home, fast=True) as target:
        assert target.state is not None
        with Receiver(target.state.receiver_port) as receiver:

            def listening(name: str) -> Any:
                return receiver.add_channel(name, signing_secrets(target.secret_document("channels", name)))

            system = System(target, home, {name: listening(name) for name in CHANNELS}, listening("crm"))
            yield system
            system.http.close()


# -- what was seen ---------------------------------------------------------------------------------------------


def said(result: Result) -> str:
    """One line for a drill that is over."""
    if result.good:
        return f"{result.title}: over after {result.to_recovery_s:.0f} s"
    return f"{result.title}: FAILED, {result.problem or f'{result.lost} lost'}"


def table(results: Sequence[Result]) -> Table:
    """A row for each drill."""
    made = Table("fault", "figure", "before → after", "alarm", "after", "runbook", "over after", "accepted", "lost")
    for r in results:
        made.add_row(
            r.title,
            r.metric,
            f"{r.before:,.0f} → {r.after:,.0f}",
            f"{r.priority} {r.alarm}",
            f"{r.to_alarm_s:.1f} s",
            f"{r.runbook} ({r.commands} commands)",
            f"{r.to_recovery_s:.1f} s" if r.good else "FAILED",
            f"{r.accepted} = {r.applied} applied + {r.visible} listed",
            str(r.lost),
        )
    return made


def summary(results: Sequence[Result], seconds: float) -> str:
    good, lost = sum(r.good for r in results), sum(r.lost for r in results)
    accepted = sum(r.accepted for r in results)
    return (
        f"{good} of {len(results)} drills went well, {lost} of {accepted:,} accepted facts lost, {seconds:.0f} s in all"
    )


def document(results: Sequence[Result], seconds: float) -> dict[str, Any]:
    """The same for programs."""
    listed = [{**asdict(r), "lost": r.lost, "good": r.good} for r in results]
    return {"seconds": round(seconds, 1), "good": all(r.good for r in results), "drills": listed}


if __name__ == "__main__":
    sys.exit(main())
