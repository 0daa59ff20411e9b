"""`crossdock local …`: the engine on this machine."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from crossdock_cli import logs
from crossdock_cli.errors import CliError
from crossdock_cli.local import engine
from crossdock_cli.local.paths import Paths
from crossdock_cli.local.progress import Steps
from crossdock_cli.local.state import READY, LocalState
from crossdock_cli.local.up import Options
from crossdock_cli.local.up import down as take_down
from crossdock_cli.local.up import up as bring_up
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import LOCAL, connect, local_target

if TYPE_CHECKING:
    from collections.abc import Iterator

app = typer.Typer(help="The local engine: the real app, deployed on this machine.", no_args_is_help=True)


@app.command(epilog="Example: [bold]crossdock local up[/bold]")
def up(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Listen here (default: a free port).")] = None,
    keep_on_failure: Annotated[
        bool, typer.Option("--keep-on-failure", help="Leave the engine up when the deployment fails.")
    ] = False,
    fast: Annotated[
        bool, typer.Option("--fast", help="Deploy without the CDK command line (what the tests do).")
    ] = False,
    with_aliases: Annotated[
        bool,
        typer.Option("--aliases", help="Let callers reach published versions, as in the cloud, to try a rollback."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start the engine, deploy the current code into it, print how to use it."""
    steps = Steps(silent=as_json)
    state = bring_up(Paths.default(), Options(port, keep_on_failure, fast, with_aliases), steps)
    if as_json:
        emit_json(_document(state))
    else:
        _print_guide(state, steps.seconds)


@app.command(epilog="Example: [bold]crossdock local down[/bold]")
def down(
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing when there is nothing to stop.")] = False,
) -> None:
    """Stop the engine and everything it started; its data is gone, the logs stay."""
    stopped = take_down(Paths.default())
    if stopped:
        console.print("the local engine is down")
    elif not quiet:
        console.print("nothing to stop: the local engine is not up")


@app.command(epilog="Example: [bold]crossdock local status --json[/bold]")
def status(as_json: AsJson = False) -> None:
    """Say whether the engine is up, where it listens and what is deployed in it."""
    paths = Paths.default()
    state = LocalState.load(paths)
    up_now = state is not None and state.running() and engine.is_ready(state, paths)
    if state is None or not up_now:
        if as_json:
            emit_json({"up": False})
            raise typer.Exit(1)
        raise CliError("the local engine is not up", "start it: make local (or crossdock local up)")
    stacks = _stacks(state)
    if as_json:
        emit_json({"up": True, **_document(state), "stacks": stacks})
        return
    console.print(f"up on {state.endpoint} (process {state.process.pid}), {state.phase}")
    if state.phase == READY:
        console.print(f"API {state.api_url}")
    console.print(table(("stack", "status"), stacks.items()))


@app.command("logs", epilog="Example: [bold]crossdock local logs --function apply_movements --follow[/bold]")
def show_logs(
    function: Annotated[str, typer.Option(help="Only this function, such as apply_movements.")] = "",
    since: Annotated[int, typer.Option(min=1, help="How many minutes back.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing until Ctrl-C.")] = False,
    of_engine: Annotated[bool, typer.Option("--engine", help="The emulator's own log.")] = False,
    of_deployment: Annotated[bool, typer.Option("--deploy", help="What the last deployment said.")] = False,
) -> None:
    """Print what the functions log (or the emulator, or the last deployment)."""
    paths = Paths.default()
    if of_engine or of_deployment:
        file = paths.engine_log if of_engine else paths.deploy_log
        console.print(engine.tail(file, 200), markup=False)
        return
    target = connect(LOCAL, paths)
    if function and not logs.log_groups(target, function):
        known = [group.rpartition("/")[2].removeprefix(target.name("")) for group in logs.log_groups(target)]
        raise CliError(f"there is no function '{function}'", f"there are: {', '.join(known)}")
    start = int((time.time() - since * 60) * 1000)
    found = logs.follow(target, function, start) if follow else logs.events(target, function, start)
    with suppress(KeyboardInterrupt):  # how one stops following
        for event in found:
            console.print(logs.line(event), markup=False)


def _stacks(state: LocalState) -> dict[str, str]:
    described = local_target(state).cloudformation.describe_stacks()["Stacks"]
    return {s["StackName"]: s["StackStatus"] for s in described if s["StackName"].startswith("crossdock-")}


def _document(state: LocalState) -> dict[str, object]:
    return {
        "endpoint": state.endpoint,
        "region": state.region,
        "pid": state.process.pid,
        "phase": state.phase,
        "api_url": state.api_url,
        "partner": {"name": state.partner, "api_key": state.partner_key},
        "receiver_url": state.receiver_url,
        "credentials": {"access_key_id": state.access_key_id, "secret_access_key": state.secret_access_key},
    }


def _print_guide(state: LocalState, seconds: float) -> None:
    me = "crossdock" if shutil.which("crossdock") else ".venv/bin/crossdock"
    console.print(f"\n[bold green]crossdock is up[/bold green] after {seconds:.1f} s\n")
    console.print(f"  API       {state.api_url}")
    console.print(f"  partner   {state.partner}, header X-Api-Key: {state.partner_key}")
    console.print(f"  engine    {state.endpoint} (credentials {state.access_key_id} / {state.secret_access_key})\n")
    console.print("[bold]send a movement[/bold] (again: it still counts once)")
    console.print(_curl_movement(state), markup=False)
    console.print("\n[bold]look inside[/bold]")
    for command, why in _looks(me):
        console.print(f"  {command:<44} [dim]{why}[/dim]")


def _looks(me: str) -> Iterator[tuple[str, str]]:
    yield f"{me} exceptions list", "what was refused: the item above is not known yet"
    yield f"{me} trace <correlation_id>", "the way of one event, station by station"
    yield f"{me} local logs --follow", "what the functions say"
    yield f"{me} local down", "stop it"


def _curl_movement(state: LocalState) -> str:
    now = datetime.now(UTC)
    movement = {
        "id": f"first-{now:%H%M%S}",  # an id names one fact for ever: the next `up` must print another
        "item": "WIDGET-1",
        "warehouse": "MAIN",
        "type": "receipt",
        "quantity": 10,
        "occurred_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
    body = json.dumps({"movements": [movement]})
    return "\n".join(
        (
            f"  curl -sS {shlex.quote(state.api_url + '/v1/inventory/movements')} \\",
            f"    -H {shlex.quote('X-Api-Key: ' + state.partner_key)} -H 'Content-Type: application/json' \\",
            f"    -d {shlex.quote(body)}",
        )
    )
