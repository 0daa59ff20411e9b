"""`crossdock reconcile …`: compare what systems say, by hand; a schedule does the same."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.markup import escape

from crossdock_cli import completing
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.reconcile_customers import customers_command
from crossdock_cli.target import Target, connect

app = typer.Typer(help="Find and heal drift between systems.", no_args_is_help=True)
app.command("customers", epilog="Example: [bold]crossdock reconcile customers --system crm[/bold]")(customers_command)


def run_stock(target: Target, source: str) -> dict[str, Any]:
    """Invokes the deployed reconciliation and gives back its report. Raises CliError with the function's reason."""
    return _invoke(target, "reconcile_stock", {"source": source})


def run_channel(target: Target, channel: str, *, full: bool = False, kind: str | None = None) -> dict[str, Any]:
    """The same for what a channel holds; `full` looks at every item and not at a part of them, `kind` only at one."""
    return _invoke(target, "reconcile_channel", {"channel": channel, "full": full, "kind": kind})


def _invoke(target: Target, function: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = target.functions.invoke(FunctionName=target.callee(function), Payload=json.dumps(event).encode())
    document = json.loads(answer["Payload"].read() or b"{}")
    if answer.get("FunctionError"):
        raise CliError(f"the reconciliation failed: {document.get('errorMessage', document)}")
    if not isinstance(document, dict):
        raise CliError("the reconciliation gave no report")
    return document


@app.command("stock", epilog="Example: [bold]crossdock reconcile stock --source wms[/bold]")
def stock_command(
    ctx: typer.Context,
    source: Annotated[str, typer.Option(help="The source whose counts are compared.")],
    as_json: AsJson = False,
) -> None:
    """Compare a source's newest counts with our balances, each as of the count's position; heal what is certain."""
    _compare(ctx, source, as_json=as_json)


INVENTORY_EXAMPLE = "Example: [bold]crossdock inventory reconcile wms[/bold]"


def inventory_command(
    ctx: typer.Context,
    source: Annotated[
        str, typer.Argument(autocompletion=completing.sources, help="The source whose counts are compared.")
    ],
    as_json: AsJson = False,
) -> None:
    """The same as [bold]crossdock reconcile stock[/bold]: compare a source's newest counts with our balances."""
    _compare(ctx, source, as_json=as_json)


def _compare(ctx: typer.Context, source: str, *, as_json: bool) -> None:
    report = run_stock(connect(ctx.obj), source)
    if as_json:
        emit_json(report)
        return
    console.print(
        f"compared {report['compared']}, equal {report['equal']}, drifted {report['drifted']}, "
        f"healed {report['healed']}, too fresh to judge {report['settling']}"
    )
    if report["drifts"]:
        columns = ("sku", "warehouse", ">counted", ">balance", ">difference", ">seen", "done")
        names = ("sku", "warehouse", "counted", "balance", "difference", "seen", "action")
        console.print(table(columns, [[d[n] for n in names] for d in report["drifts"]]), markup=False)
    _print_observed(report["observed"]["disagreements"])
    if len(report["drifts"]) < report["drifted"]:
        console.print(f"[dim]… and {report['drifted'] - len(report['drifts'])} more[/dim]")
    if any(d["action"] == "seen" for d in report["drifts"]):
        console.print("[dim]a difference is healed when it is seen again: run it once more[/dim]")
    console.print(f"[dim]crossdock trace {escape(report['correlation_id'])}[/dim]")


def _print_observed(disagreements: list[dict[str, Any]]) -> None:
    if disagreements:
        names = ("sku", "warehouse", "observed", "balance", "owner_counted", "counted_at", "seen", "action")
        columns = ("sku", "warehouse", ">observed", ">balance", ">owner counted", "counted at", ">seen", "done")
        console.print(table(columns, [[d[n] for n in names] for d in disagreements]), markup=False)


@app.command("channel", epilog="Example: [bold]crossdock reconcile channel webshop[/bold]")
def channel_command(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=completing.channels, help="The channel, as in the stage's business configuration."
        ),
    ],
    full: Annotated[bool, typer.Option("--full", help="Look at every item, not at the part whose turn it is.")] = False,
    only: Annotated[str | None, typer.Option("--kind", help="Only availability, price or customer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare what a channel holds, acknowledged and should hold; tell it again what is certain to have drifted."""
    report = run_channel(connect(ctx.obj), name, full=full, kind=only)
    if as_json:
        emit_json(report)
        return
    for kind in report["kinds"]:
        _print_kind(kind)
    if any(d["action"] == "seen" for kind in report["kinds"] for d in kind["drifts"]):
        console.print("[dim]a difference is healed when it is seen again: run it once more[/dim]")
    console.print(
        f"[dim]{report['read_units']:g} read units · crossdock trace {escape(report['correlation_id'])}[/dim]"
    )


def _print_money(kind: dict[str, Any]) -> None:
    """What the drift of prices comes to, for one base unit of each item, and until when all is acknowledged."""
    if kind.get("money"):
        names = ("price_class", "cells", "amount", "currency", "unpriced")
        columns = ("price class", ">prices", ">off by", "", ">on one side only")
        console.print(table(columns, [[m[n] for n in names] for m in kind["money"]]), markup=False)
    for name, until in kind.get("acknowledged_until", {}).items():
        console.print(f"[dim]prices of {escape(name)}: acknowledged until {until or 'not known yet'}[/dim]")


def _print_kind(kind: dict[str, Any]) -> None:
    asked = f"leaves compared {kind['leaves_compared']}, differing {kind['leaves_differing']}, "
    if kind["no_digest"]:
        asked = f"[yellow]no digest: {escape(kind['no_digest'])}[/yellow], "
    elif not kind["leaves_compared"]:
        asked = ""
    console.print(
        f"{kind['kind']}: {asked}items looked at {kind['looked_at']}, drifted {kind['drifted']}, "
        f"healed {kind['healed']}, raised {kind['raised']}, too fresh to judge {kind['settling']}"
    )
    if kind["drifts"] and kind["kind"] == "customer":
        rows = [
            [d["key"], d["why"], ", ".join(d["differs"]), d["version"], d["seen"], d["action"]] for d in kind["drifts"]
        ]
        console.print(table(("customer", "why", "differs in", ">version", ">seen", "done"), rows), markup=False)
    elif kind["drifts"]:
        names = ("key", "why", "acknowledged", "other", "version", "seen", "action")
        columns = ("sku", "why", "acknowledged", "held or true", ">version", ">seen", "done")
        console.print(table(columns, [[d[n] for n in names] for d in kind["drifts"]]), markup=False)
    _print_money(kind)
