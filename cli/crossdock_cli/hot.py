"""`crossdock inventory hot …`: items that so many reserve at once that their stock is split over shards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crossdock.inventory.balancing import Balancer, NotHotError
from crossdock.inventory.hot import DEFAULT_SHARDS, FEWEST_SHARDS, MOST_SHARDS
from crossdock.inventory.reserving import Reservations
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.quantities import to_json
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crossdock.inventory.balancing import Balanced

app = typer.Typer(help="Items that many reserve at once: stock split over shards.", no_args_is_help=True)

Sku = Annotated[str, typer.Argument(help="Our item code, as `crossdock xref find` gives it.")]
Warehouse = Annotated[str, typer.Argument(help="The warehouse, as in the stage's business configuration.")]


@app.command("list", epilog="Example: [bold]crossdock inventory hot list[/bold]")
def list_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show every hot item, and those that are on their way to it or back."""
    _print(_balancer(ctx).listing(), as_json)


@app.command("promote", epilog="Example: [bold]crossdock inventory hot promote 85123A MAIN --shards 32[/bold]")
def promote_command(
    ctx: typer.Context,
    sku: Sku,
    warehouse: Warehouse,
    shards: Annotated[
        int, typer.Option(min=FEWEST_SHARDS, max=MOST_SHARDS, help="Each takes some 600 holds a second.")
    ] = DEFAULT_SHARDS,
    as_json: AsJson = False,
) -> None:
    """Split an item's stock over shards, while it is being sold. It stays hot until it is demoted."""
    balancer = _balancer(ctx)
    _print([_done(lambda: balancer.promote(sku, warehouse, shards))], as_json)


@app.command("demote", epilog="Example: [bold]crossdock inventory hot demote 85123A MAIN[/bold]")
def demote_command(ctx: typer.Context, sku: Sku, warehouse: Warehouse, as_json: AsJson = False) -> None:
    """Bring an item's stock back together, while it is being sold. What is held on shards follows as the holds end."""
    balancer = _balancer(ctx)
    _print([_done(lambda: balancer.demote(sku, warehouse))], as_json)


@app.command("rebalance", epilog="Example: [bold]crossdock inventory hot rebalance 85123A MAIN[/bold]")
def rebalance_command(ctx: typer.Context, sku: Sku, warehouse: Warehouse, as_json: AsJson = False) -> None:
    """Level an item's shards now; a schedule does it every minute."""
    balancer = _balancer(ctx)
    _print([_done(lambda: balancer.rebalance(sku, warehouse))], as_json)


def _balancer(ctx: typer.Context) -> Balancer:
    target = connect(ctx.obj)
    return Reservations(Table(target.dynamodb, target.name("inventory")), system_clock).balancer


def _done(act: Callable[[], Balanced]) -> Balanced:
    try:
        return act()
    except NotHotError as error:
        raise CliError(str(error), "which are: crossdock inventory hot list") from error
    except StoreUnavailableError as error:
        raise CliError(str(error), "run the same command again") from error


def _print(found: Sequence[Balanced], as_json: bool) -> None:
    if as_json:
        emit_json([b.document() for b in found])
        return
    if not found:
        console.print("no item is hot")
        return
    columns = ("sku", "warehouse", "state", "by", ">shards", ">in the pool", ">in shards", ">holds")
    rows = [
        (
            b.sku,
            b.warehouse,
            b.state,
            "an operator" if b.pinned else "",
            b.shards,
            to_json(b.pool),
            to_json(b.free_in_shards),
            b.holds,
        )
        for b in found
    ]
    console.print(table(columns, rows), markup=False)
