"""`crossdock inventory …`: why an item's stock is what it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from crossdock.inventory.availability import in_transit
from crossdock.inventory.rebuild_store import RebuildStore
from crossdock.inventory.rebuilding import State, judge
from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.quantities import to_json, whole
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossdock.inventory.availability import ItemStock, WarehouseStock
    from crossdock.inventory.journal import JournalEntry
    from crossdock.inventory.rebuilding import Found, Verdict
    from crossdock.quantities import Quantity

app = typer.Typer(help="Stock: balances, and the movements they come from.", no_args_is_help=True)

_SHOWN: Final = 10
_NONE: Final = "–"

Sku = Annotated[str, typer.Argument(help="Our item code, as `crossdock xref find` gives it.")]


@dataclass(frozen=True)
class Account:
    """One item in one warehouse: its balance, its journal, oldest first, and what that says of the balance."""

    stock: WarehouseStock
    found: Found
    verdict: Verdict
    folded: Quantity
    entries: list[JournalEntry]

    @property
    def agrees(self) -> bool:
        return self.verdict.state is State.EQUAL

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
    """Show an item's stock by warehouse and status, the movements behind it, and whether they add up to it.

    A balance may lag behind its journal for the seconds that a movement takes from one to the other. What is said of
    single lots, bins and statuses follows; stock that nothing was said of is in the warehouse's line only.
    """
    target = connect(ctx.obj)
    inventory = Table(target.dynamodb, target.name("inventory"))
    stock = stock_or_refusal(InventoryStore(inventory, system_clock), sku)
    under_way = in_transit(stock)
    accounts = [account(inventory, w) for w in stock.warehouses]
    if as_json:
        emit_json([account_document(a, under_way, last) for a in accounts])
        return
    _print_stock(stock, under_way)
    for found in accounts:
        _print_account(found, last)


def account(inventory: Table, stock: WarehouseStock) -> Account:
    """The journal of an item in a warehouse beside its balance."""
    found = RebuildStore(inventory, system_clock).read(stock.sku, stock.warehouse)
    entries = list(InventoryStore(inventory, system_clock).entries(stock.sku, stock.warehouse))
    entries.sort(key=lambda e: (e.occurred_at, e.position or 0, e.id))
    return Account(stock, found, judge(found, system_clock()), whole(sum(e.quantity for e in entries)), entries)


def stock_or_refusal(store: InventoryStore, sku: str) -> ItemStock:
    """The item's stock. Raises CliError when nothing was ever recorded of it."""
    stock = store.stock(sku)
    if stock is None:
        raise CliError(
            f"nothing was ever recorded of an item '{sku}'", "find what a system means: crossdock xref find SYSTEM CODE"
        )
    return stock


def _print_stock(stock: ItemStock, under_way: Mapping[str, Quantity]) -> None:
    columns = (
        "warehouse", ">on hand", ">safety", ">quality hold", ">damaged", ">held", ">committed", ">in shards",
        ">available", ">shared pool", ">coming in", "shards", "own allocations", "as of", ">lag",
    )  # fmt: skip
    now = system_clock()
    rows = [
        (
            w.warehouse, *map(to_json, (w.on_hand, w.safety_stock, w.quality_hold, w.damaged, w.reserved_at(now))),
            *map(to_json, (w.committed, w.shard_grants, w.available_at(now), w.pool_at(now))),
            to_json(under_way.get(w.warehouse, 0)), w.hot or _NONE, _own(w), w.as_of, f"{w.lag_ms / 1000:.1f} s",
        )
        for w in stock.warehouses
    ]  # fmt: skip
    console.print(table(columns, rows), markup=False)
    elsewhere = {goal: q for goal, q in under_way.items() if goal not in {w.warehouse for w in stock.warehouses}}
    for goal, quantity in elsewhere.items():
        console.print(f"in transit to {goal or 'a warehouse that was not said'}: {to_json(quantity)}", markup=False)


def _own(stock: WarehouseStock) -> str:
    """Each channel's own units: what is left of them, of how many."""
    parts = [f"{c}: {to_json(stock.own.get(c, 0))} of {to_json(q)}" for c, q in sorted(stock.allocated.items())]
    return ", ".join(parts) or _NONE


def _print_account(found: Account, last: int) -> None:
    name = found.stock.warehouse
    account = f"\n{escape(name)}: {counted(len(found.entries))} up to {to_json(found.folded)}, "
    console.print(account + _verdict(found))
    details = [
        (d.lot or _NONE, d.bin or _NONE, d.status, to_json(row["q"]))
        for d, row in sorted(found.found.details.items())
        if row["q"]
    ]
    if details:
        console.print(table(("lot", "bin", "status", ">on hand"), details), markup=False)
    columns = ("occurred", "type", ">quantity", "source", "movement", "reference", "reason", "correlation id")
    rows = [
        (e.occurred_at, e.type, moved(e), e.source, e.id, e.reference, e.reason, e.correlation_id)
        for e in found.last(last)
    ]
    if rows:
        console.print(table(columns, rows), markup=False)


def _verdict(found: Account) -> str:
    if found.agrees:
        return "[green]which is the balance[/green]"
    balance = to_json(found.stock.on_hand)
    if found.verdict.state is State.DIFFERENT:
        remedy = f"crossdock inventory rebuild '{found.stock.sku}' {found.stock.warehouse}"
        return f"[bold red]but the balance says {balance}[/bold red]: {escape(remedy)}"
    return f"[yellow]and {found.verdict.in_flight} of them are being counted (the balance says {balance})[/yellow]"


def counted(movements: int) -> str:
    """How many movements add; the rest of the sentence says up to what."""
    return "1 movement adds" if movements == 1 else f"{movements} movements add"


def moved(entry: JournalEntry) -> str:
    """What a movement did to the stock on hand; in brackets what it moved without a change of it."""
    if entry.quantity or entry.magnitude is None:
        return signed(entry.quantity)
    return f"({to_json(entry.magnitude)})"


def signed(quantity: Quantity) -> str:
    """A quantity with its sign."""
    return f"+{to_json(quantity)}" if quantity >= 0 else str(to_json(quantity))


def account_document(found: Account, under_way: Mapping[str, Quantity], last: int) -> dict[str, Any]:
    now, stock = system_clock(), found.stock
    details = [{**asdict(d), "on_hand": row["q"]} for d, row in sorted(found.found.details.items()) if row["q"]]
    document: dict[str, Any] = plain(
        {
            **asdict(stock),
            "reserved_now": stock.reserved_at(now),
            "available_now": stock.available_at(now),
            "pool_now": stock.pool_at(now),
            "coming_in": under_way.get(stock.warehouse, 0),
            "details": details,
            "movements": len(found.entries),
            "folded": found.folded,
            "agrees": found.agrees,
            "state": found.verdict.state.value,
            "in_flight": found.verdict.in_flight,
            "last": [asdict(e) for e in found.last(last)],
        }
    )
    return document


def plain(value: Any) -> Any:
    """A document with its quantities as JSON carries them: fractions as texts without trailing zeros."""
    if isinstance(value, dict):
        return {name: plain(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value if value is None or isinstance(value, str | bool | int) else to_json(value)
