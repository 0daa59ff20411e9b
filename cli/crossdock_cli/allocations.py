"""`crossdock inventory allocate …`: which units belong to a channel alone, and which to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from crossdock.inventory.allocating import RefusedAllocation, Standing, Wish, to_document
from crossdock.inventory.allocation_store import AllocationStore, NothingRecordedError
from crossdock.inventory.reserving import Reservations
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.quantities import Quantity, parse
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Sku = Annotated[str, typer.Argument(help="Our item code, as `crossdock xref find` gives it.")]
Warehouse = Annotated[str, typer.Argument(help="The warehouse, as in the stage's business configuration.")]


def _quantity(value: str) -> Quantity:
    try:
        amount = parse(value)
    except ValueError as exc:
        raise typer.BadParameter(f"'{value}' is no quantity: write 12, or 2.5 for an item with fractions") from exc
    if amount < 0:
        raise typer.BadParameter(f"{value} is below 0: write 0 or more")
    return amount


def _some(value: str) -> Quantity:
    amount = _quantity(value)
    if amount == 0:
        raise typer.BadParameter("0 moves nothing: write more than 0")
    return amount


def add_to(app: typer.Typer) -> None:
    """Registers the commands in the group of inventory commands."""
    app.command(
        "allocate", epilog="Example: [bold]crossdock inventory allocate 85123A MAIN --channel webshop -q 40[/bold]"
    )(allocate_command)
    app.command("allocations", epilog="Example: [bold]crossdock inventory allocations 85123A[/bold]")(show_command)
    app.command(
        "reallocate",
        epilog="Example: [bold]crossdock inventory reallocate 85123A MAIN --from webshop --to marketplace -q 5[/bold]",
    )(reallocate_command)
    app.command("safety-stock", epilog="Example: [bold]crossdock inventory safety-stock 85123A MAIN 12[/bold]")(
        safety_command
    )


def allocate_command(
    ctx: typer.Context,
    sku: Sku,
    warehouse: Warehouse,
    channel: Annotated[str, typer.Option(help="The channel that the units shall belong to.")],
    quantity: Annotated[str, typer.Option("--quantity", "-q", metavar="N", help="Base units in all; 0 for none.")],
    staged: Annotated[
        bool, typer.Option("--staged", help="Below what its holds have taken: take the rest as they end.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Set how many units of a warehouse belong to a channel alone; the shared pool gives or takes the difference."""
    wishes = {channel: Wish(_quantity(quantity), staged)}
    target = connect(ctx.obj)
    _check_channels(target, channel)
    _print([_changed(lambda: _store(target).set(sku, warehouse, wishes))], as_json)


def reallocate_command(
    ctx: typer.Context,
    sku: Sku,
    warehouse: Warehouse,
    source: Annotated[str, typer.Option("--from", help="The channel that gives.")],
    to: Annotated[str, typer.Option("--to", help="The channel that takes.")],
    quantity: Annotated[str, typer.Option("--quantity", "-q", metavar="N", help="Unconsumed base units to move.")],
    as_json: AsJson = False,
) -> None:
    """Move units that one channel has not consumed to another, in one step; the shared pool is not touched."""
    amount = _some(quantity)
    target = connect(ctx.obj)
    _check_channels(target, source, to)
    _print([_changed(lambda: _store(target).reallocate(sku, warehouse, source, to, amount))], as_json)


def safety_command(
    ctx: typer.Context,
    sku: Sku,
    warehouse: Warehouse,
    quantity: Annotated[str, typer.Argument(metavar="N", help="Base units nobody is promised.")],
    as_json: AsJson = False,
) -> None:
    """Set how many units of a warehouse are promised to nobody."""
    amount = _quantity(quantity)
    target = connect(ctx.obj)
    _print([_changed(lambda: _store(target).set(sku, warehouse, {}, safety_stock=amount))], as_json)


def show_command(ctx: typer.Context, sku: Sku, as_json: AsJson = False) -> None:
    """Show what belongs to each channel alone, how much of it is consumed, and what all of them share."""
    found = _store(connect(ctx.obj)).standings(sku)
    if not found:
        raise _unknown(f"nothing was ever recorded of an item '{sku}'")
    _print(found, as_json)


def _store(target: Target) -> AllocationStore:
    stock = Table(target.dynamodb, target.name("inventory"))
    return AllocationStore(stock, Reservations(stock, system_clock).make_room)


def _check_channels(target: Target, *names: str) -> None:
    """A misspelt channel would keep the units from everybody."""
    known = target.secret_names("channels")
    for name in names:
        if name not in known:
            raise CliError(
                f"stage {target.stage} has no channel '{name}'",
                f"known here: {', '.join(known) or 'none'}; new ones are added in the stage's file under config/",
            )


def _changed(change: Callable[[], Standing]) -> Standing:
    try:
        return change()
    except NothingRecordedError as error:
        raise _unknown(str(error)) from error
    except RefusedAllocation as error:
        remedy = error.remedy.replace("staged: true", "--staged").replace("send ", "ask for ")
        raise CliError(error.problem, remedy.replace("in the same request", "first")) from error
    except StoreUnavailableError as error:
        raise CliError(str(error), "run the same command again") from error


def _unknown(message: str) -> CliError:
    return CliError(message, "find what a system means: crossdock xref find SYSTEM CODE")


def _print(found: Sequence[Standing], as_json: bool) -> None:
    documents: list[dict[str, Any]] = [to_document(s) for s in found]
    if as_json:
        emit_json(documents)
        return
    for document in documents:
        console.print(
            f"{escape(document['warehouse'])}: available {document['available']}, shared pool {document['pool']}, "
            f"safety stock {document['safety_stock']}"
        )
        shares: dict[str, dict[str, Any]] = document["allocations"]
        rows = [(c, s["quantity"], s["consumed"], s["unconsumed"], s["staged"]) for c, s in shares.items()]
        if rows:
            columns = ("channel", ">allocated", ">consumed", ">unconsumed", ">to be taken back")
            console.print(table(columns, rows), markup=False)
