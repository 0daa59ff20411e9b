"""`crossdock demo`: a wholesaler's days through the deployed system, with everything that goes wrong."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path  # noqa: TC003 - Typer reads the annotation when it runs
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from crossdock_cli.demo import report
from crossdock_cli.demo.ledger import SAMPLE, read_days
from crossdock_cli.demo.onboarding import CRM
from crossdock_cli.demo.plan import make_plan
from crossdock_cli.demo.receiver import Receiver
from crossdock_cli.demo.senders import Entrance
from crossdock_cli.demo.story import Story
from crossdock_cli.errors import CliError
from crossdock_cli.local.paths import Paths
from crossdock_cli.local.progress import Steps
from crossdock_cli.local.up import Options, down, up
from crossdock_cli.output import console
from crossdock_cli.secrets import signing_secrets
from crossdock_cli.target import Target, local_target

if TYPE_CHECKING:
    from crossdock_cli.demo.plan import Plan
    from crossdock_cli.local.state import LocalState

EXAMPLE: Final = "Example: [bold]crossdock demo --days 1[/bold]"
CHANNELS: Final = ("webshop", "marketplace")


def command(
    ledger: Annotated[
        Path | None,
        typer.Option(
            help="Invoice lines as CSV, plain or .gz, without a header: InvoiceNo, StockCode, Description, Quantity, "
            "InvoiceDate, UnitPrice, CustomerID, Country. Default: a small sample of our own."
        ),
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How many of the ledger's days (default: 3).")] = None,
    batch: Annotated[int, typer.Option(min=1, max=500, help="Movements to a request.")] = 100,
    seed: Annotated[int, typer.Option(help="Which batches are repeated and shuffled, and what drifts.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file as well.")] = None,
    take_down: Annotated[
        bool, typer.Option("--down", help="Stop the engine at the end; default: leave it up.")
    ] = False,
) -> None:
    """Replay business days through the deployed app, break what can break, mend it, and check every figure."""
    if json_file:
        _check_writable(json_file)
    plan = make_plan(read_days(ledger or SAMPLE, days or 3))
    paths = Paths.default()
    steps = Steps()
    if down(paths):
        steps.note("an engine was up: it is started anew, so that every figure begins at zero")
    state = up(paths, Options(), steps)
    try:
        found = play(state, plan, batch, seed)
    finally:
        if take_down:
            down(paths)
    report.show(found)
    if json_file:
        json_file.write_text(json.dumps(found, indent=2) + "\n")
    if not report.succeeded(found):
        raise CliError("the demo did not show what it claims", "see: crossdock local logs, crossdock exceptions list")
    if not take_down:
        _say_what_next(state, plan.items[0])


def _check_writable(file: Path) -> None:
    """Raises CliError now, and not after minutes, when the figures could not be written there."""
    if file.is_dir() or not file.parent.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise CliError(f"--json {file} cannot be written", "name a file in a folder that exists")


def play(state: LocalState, plan: Plan, batch: int, seed: int) -> dict[str, Any]:
    """Runs the story over an engine that is up and new; gives back the figures."""
    target = local_target(state)
    entrance = Entrance(target, state.partner_key)
    began = time.monotonic()
    try:
        with Receiver(state.receiver_port) as receiver:
            channels = {name: receiver.add_channel(name, _secrets(target, name)) for name in CHANNELS}
            crm = receiver.add_channel(CRM, _secrets(target, CRM))
            story = Story(target, entrance, plan, channels, batch, seed, crm=crm)
            stored = story.run()
            return report.figures(story, plan, stored, channels, entrance.sent, time.monotonic() - began)
    finally:
        entrance.close()


def _secrets(target: Target, channel: str) -> list[str]:
    return signing_secrets(target.secret_document("channels", channel))


def _say_what_next(state: LocalState, sku: str) -> None:
    console.print("\nthe system is still up; look around:")
    for line in (
        f"curl -sS {state.api_url}/v1/items/{sku}/availability -H 'X-Api-Key: {state.partner_key}'",
        ".venv/bin/crossdock exceptions list --state closed",
        ".venv/bin/crossdock reconcile stock --source wms",
        ".venv/bin/crossdock local down",
    ):
        console.print(f"  {escape(line)}")
