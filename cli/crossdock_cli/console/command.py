"""`crossdock console`: serves the page until Ctrl-C."""

from __future__ import annotations

import sys
import threading
import webbrowser
from typing import TYPE_CHECKING, Annotated, Final

import typer

from crossdock_cli.console.routes import Routes
from crossdock_cli.console.server import Server
from crossdock_cli.exceptions.common import OPERATOR
from crossdock_cli.output import console
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from rich.console import Console

EXAMPLE: Final = "Example: [bold]crossdock --stage prod console --no-browser[/bold]"


def command(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser of this machine.")] = True,
    by: Annotated[str, typer.Option(help="Who works with it; kept with all that is done.")] = OPERATOR,
) -> None:
    """Serve the operators' page: figures, the flow, exceptions with correct and replay, stories, deliveries.

    For this machine alone (127.0.0.1), with your own credentials; the link lets one browser in, once. Ctrl-C ends it.
    """
    target = connect(ctx.obj)
    routes = Routes(target, by)
    routes.ready()
    with Server(port, routes) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        link = server.guard.link()
        console.print(f"console of stage {target.stage}, as {by}:\n\n  {link}\n", markup=False)
        console.print("[dim]the link works once; Enter gives another, Ctrl-C ends[/dim]")
        if browser and sys.stdin.isatty():
            webbrowser.open(link)
        try:
            _wait(server, console, serving)
        except KeyboardInterrupt:
            for run in routes.mending.unfinished():
                console.print(f"run {run} was left where it is; go on: crossdock exceptions runs resume {run}")
        finally:
            server.shutdown()


def _wait(server: Server, out: Console, serving: threading.Thread) -> None:
    """Gives another link for each Enter, as long as somebody can press it."""
    if sys.stdin.isatty():
        for _ in sys.stdin:
            out.print(f"  {server.guard.link()}", markup=False)
    serving.join()
