"""The commands of the group."""

from __future__ import annotations

import typer

from crossdock_cli.privacy import looking

app = typer.Typer(help="Personal data: who looked, what is kept of a person, erasure.", no_args_is_help=True)


def _example(text: str) -> str:
    return f"Example: [bold]crossdock privacy {text}[/bold]"


app.command("accesses", epilog=_example("accesses --customer CUAAAAAAAAAAAAAAAA --days 30"))(looking.command)
