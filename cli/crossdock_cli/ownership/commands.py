"""The commands of the group."""

from __future__ import annotations

import typer

from crossdock_cli.ownership import applying, checking, explaining, showing

app = typer.Typer(help="Who is believed about what of a customer, and why.", no_args_is_help=True)
explain = typer.Typer(help="Why each value stands.", no_args_is_help=True)


def _example(text: str) -> str:
    return f"Example: [bold]crossdock ownership {text}[/bold]"


explain.command("customer", epilog=_example("explain customer crm:0031 --all"))(explaining.command)
app.add_typer(explain, name="explain")
app.command("show", epilog=_example("show credit_limit@company:uk"))(showing.command)
app.command("check", epilog=_example("check config/distributor.toml"))(checking.command)
app.command("apply", epilog=_example("apply --dry-run"))(applying.command)
