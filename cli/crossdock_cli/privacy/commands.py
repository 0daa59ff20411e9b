"""The commands of the group."""

from __future__ import annotations

import typer

from crossdock_cli.privacy import erasing, exporting, looking

app = typer.Typer(help="Personal data: who looked, what is kept of a person, erasure.", no_args_is_help=True)


def _example(text: str) -> str:
    return f"Example: [bold]crossdock privacy {text}[/bold]"


app.command("accesses", epilog=_example("accesses --customer CUAAAAAAAAAAAAAAAA --days 30"))(looking.command)
app.command("export", epilog=_example("export ada@acme.example --out ada.json --why 'request 12'"))(exporting.command)
app.command("erase", epilog=_example("erase crm:0039 --why 'request 12' --dry-run"))(erasing.command)
