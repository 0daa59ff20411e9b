"""`crossdock inventory …`: why an item's stock is what it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.inventory.availability import ItemStock
    from crossdock.inventory.journal import JournalEntry
    from crossdock.quantities import Quantity

app = typer.Typer(help="Stock: balances, and the movements they come from.", no_args_is_help=True)

_SHOWN: Final = 10

Sku = Annotated[str, typer.Argument(help="Our item code, as `crossdock xref find` gives it.")]


@dataclass(frozen=True)
class Account:
    """One item in one warehouse: its journal, oldest first, and what that adds up to beside the balance kept."""

    warehouse: str
    on_hand: Quantity
    folded: Quantity
    entries: list[JournalEntry]

    @property
    def agrees(self) -> bool:
        return self.on_hand == self.folded

    def last(self, count: int) -> list[JournalEntry]:
        """The newest movements, oldest of them first."""
        return self.entries[max(0, len(self.entries) - count) :]


@app.command("show", epilog="Example: [bold]crossdock inventory show 85123A[/bold]")
def show_command(
    ctx: typer.Context,
    sku: Sku,
    last: Annotated[int, typer.Option(min=0, help="How many of the last movements of each warehouse.")] = _SHOWN,
    as_json: AsJson = False,
) -> None:
    """Show an item's stock by warehouse, the movements behind it, and whether they add up to it.

    A balance may lag behind its journal for the seconds that a movement takes from one to the other.
    """
    target = connect(ctx.obj)
    store = InventoryStore(Table(target.dynamodb, target.name("inventory")), system_clock)
    stock = _stock(store, sku)
    accounts = [account(store, stock, w.warehouse) for w in stock.warehouses]
    if as_json:
        emit_json([_document(stock, a, last) for a in accounts])
        return
    columns = ("warehouse", ">on hand", ">safety", ">quality hold", ">damaged", ">reserved", ">available", "as of")
    rows = [
        (w.warehouse, w.on_hand, w.safety_stock, w.quality_hold, w.damaged, w.reserved, w.available, w.as_of)
        for w in stock.warehouses
    ]
    console.print(table(columns, rows), markup=False)
    for found in accounts:
        _print_account(found, last)


def account(store: InventoryStore, stock: ItemStock, warehouse: str) -> Account:
    """The journal of an item in a warehouse beside its balance."""
    entries = sorted(store.entries(stock.sku, warehouse), key=lambda e: (e.occurred_at, e.position or 0, e.id))
    on_hand = next(w.on_hand for w in stock.warehouses if w.warehouse == warehouse)
    return Account(warehouse, on_hand, sum(e.quantity for e in entries), entries)


def _stock(store: InventoryStore, sku: str) -> ItemStock:
    stock = store.stock(sku)
    if stock is None:
        raise CliError(
            f"nothing was ever recorded of an item '{sku}'", "find what a system means: crossdock xref find SYSTEM CODE"
        )
    return stock


def _print_account(found: Account, last: int) -> None:
    verdict = "[green]which is the balance[/green]"
    if not found.agrees:
        verdict = f"[bold red]but the balance says {found.on_hand}[/bold red]: wait a moment and look again"
    console.print(f"\n{escape(found.warehouse)}: {len(found.entries)} movements add up to {found.folded}, {verdict}")
    columns = ("occurred", "type", ">quantity", "source", "movement", "reference", "reason", "correlation id")
    rows = [
        (e.occurred_at, e.type, f"{e.quantity:+}", e.source, e.id, e.reference, e.reason, e.correlation_id)
        for e in found.last(last)
    ]
    if rows:
        console.print(table(columns, rows), markup=False)


def _document(stock: ItemStock, found: Account, last: int) -> dict[str, Any]:
    kept = next(w for w in stock.warehouses if w.warehouse == found.warehouse)
    return {
        **asdict(kept),
        "movements": len(found.entries),
        "folded": found.folded,
        "agrees": found.agrees,
        "last": [asdict(e) for e in found.last(last)],
    }
