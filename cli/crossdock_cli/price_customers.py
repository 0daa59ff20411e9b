"""`crossdock price customers show`: what prices depend on of a customer."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.platform.dynamo import Table
from crossdock.pricing.customer_rows import CustomerRows
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.pricing.customer_rows import KnownCustomer

app = typer.Typer(help="Customers as prices see them.", no_args_is_help=True)


@app.command("show", epilog="Example: [bold]crossdock price customers show C-1042[/bold]")
def show_command(
    ctx: typer.Context, customer: Annotated[str, typer.Argument(help="The customer.")], as_json: AsJson = False
) -> None:
    """Show a customer's segments, parents, ship-tos, branch, region, currency and terms, and who said so."""
    target = connect(ctx.obj)
    known = CustomerRows(Table(target.dynamodb, target.name("pricing"))).known([customer]).get(customer)
    if known is None:
        raise CliError(
            f"nothing is known of the customer '{customer}': it pays the prices of everybody",
            "its source says what it is: customers.priced",
        )
    if as_json:
        emit_json(document(known))
        return
    for name, value in document(known).items():
        console.print(f"{name:14} {_text(value) or '-'}", markup=False)


def document(known: KnownCustomer) -> dict[str, Any]:
    """The customer as `customers.priced` carries it, with its source."""
    said = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(known.facts).items()}
    return {**said, "version": known.version, "source": known.source}


def _text(value: object) -> str:
    if isinstance(value, dict):
        places = ((name, ", ".join(f"{k} {v}" for k, v in place.items() if v)) for name, place in value.items())
        return "; ".join(f"{name} ({place})" if place else name for name, place in places)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else "yes" if value is True else "no" if value is False else str(value)
