"""`crossdock items …`: how our items are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from crossdock.identity.items import Items
from crossdock.platform.dynamo import Table
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.contracts.items import ItemProfile

app = typer.Typer(help="Items: units, decimal places, lots and substitutes.", no_args_is_help=True)


@app.command("show", epilog="Example: [bold]crossdock items show 85123A[/bold]")
def show_command(
    ctx: typer.Context, sku: Annotated[str, typer.Argument(help="Our item code.")], as_json: AsJson = False
) -> None:
    """Show an item's profile: its units, the places its quantities may have, its lots and substitutes."""
    target = connect(ctx.obj)
    profile = Items(Table(target.dynamodb, target.name("identity"))).profiles([sku]).get(sku)
    if profile is None:
        raise CliError(
            f"the item '{sku}' has no profile: it is counted in whole base units, and any lot may be named",
            "a profile is declared with the item's codes: items.declared, field profile",
        )
    if as_json:
        emit_json(document(profile))
        return
    for name, value in document(profile).items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        if isinstance(value, dict):
            shown = ", ".join(f"{unit} = {factor} {profile.unit}" for unit, factor in value.items())
        console.print(f"{name:12} {escape(str(shown)) or '-'}")


def document(profile: ItemProfile) -> dict[str, Any]:
    """The profile as `items.declared` carries it, with the item's code."""
    return {
        "sku": profile.sku,
        "version": profile.version,
        "unit": profile.unit,
        "units": {name: str(factor) for name, factor in sorted(profile.units.items())},
        "places": profile.places,
        "lot_policy": profile.lot_policy,
        "lots": list(profile.lots),
        "substitutes": list(profile.substitutes),
        "families": list(profile.families),
        "mix_groups": list(profile.mix_groups),
    }
