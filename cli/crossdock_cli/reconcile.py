"""`crossdock reconcile …`: compare what systems say, by hand; a schedule does the same."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.markup import escape

from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import Target, connect

app = typer.Typer(help="Find and heal drift between systems.", no_args_is_help=True)


def run_stock(target: Target, source: str) -> dict[str, Any]:
    """Invokes the deployed reconciliation and gives back its report. Raises CliError with the function's reason."""
    answer = target.functions.invoke(
        FunctionName=target.function_name("reconcile_stock"), Payload=json.dumps({"source": source}).encode()
    )
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
    if len(report["drifts"]) < report["drifted"]:
        console.print(f"[dim]… and {report['drifted'] - len(report['drifts'])} more[/dim]")
    if any(d["action"] == "seen" for d in report["drifts"]):
        console.print("[dim]a difference is healed when it is seen again: run it once more[/dim]")
    console.print(f"[dim]crossdock trace {escape(report['correlation_id'])}[/dim]")
