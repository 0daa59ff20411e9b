"""The commands of the group, in the order in which an operator needs them."""

from __future__ import annotations

from typing import Final

import typer

from crossdock_cli.exceptions import listing, mending, replaying, runs, showing

app = typer.Typer(help="Refused and lost facts: look, correct, assign, replay, close.", no_args_is_help=True)

_GROUP: Final = "3f9c1a20be77"


def _example(text: str) -> str:
    return f"Example: [bold]crossdock exceptions {text}[/bold]"


app.command("list", epilog=_example("list --overdue --sort money"))(listing.command)
app.command("show", epilog=_example(f"show {_GROUP}"))(showing.command)
app.command("correct", epilog=_example(f"correct {_GROUP} --set item=85123A --why typo"))(mending.correct_command)
app.command("assign", epilog=_example(f"assign {_GROUP} 'pricing desk' --due 4h"))(mending.assign_command)
app.command("replay", epilog=_example(f"replay {_GROUP} --rate 50"))(replaying.command)
app.command("close", epilog=_example(f"close {_GROUP} --why 'counted twice'"))(mending.close_command)
app.add_typer(runs.app, name="runs")
