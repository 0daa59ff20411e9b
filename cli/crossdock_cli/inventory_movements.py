"""`crossdock inventory movements …`: an item's journal, with the balance after each movement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import from_text, system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock.quantities import to_json, whole
from crossdock_cli.inventory import Sku, moved, plain, stock_or_refusal
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossdock.inventory.journal_store import Recorded

EXAMPLE: Final = (
    "Example: [bold]crossdock inventory movements 85123A --warehouse MAIN --since 2d --type pick --limit 20[/bold]"
)
_SHOWN: Final = 50
_SPANS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def command(
    ctx: typer.Context,
    sku: Sku,
    warehouse: Annotated[str | None, typer.Option(help="Of this warehouse only.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Occurred since: 2026-11-21, 2026-11-21T08:00:00Z, or 90m, 12h, 7d ago.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Of this type only: receipt, pick, shipment, …")] = None,
    source: Annotated[str | None, typer.Option(help="From this source only.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest of each warehouse, this many at most.")] = _SHOWN,
    as_json: AsJson = False,
) -> None:
    """List an item's movements by warehouse, oldest first, with the stock on hand after each of them.

    In the order in which they occurred, which need not be the one in which they came in: both times are shown. The
    running balance counts every movement, also those that the options leave out.
    """
    begin = "" if since is None else instant(since, system_clock())
    target = connect(ctx.obj)
    store = InventoryStore(Table(target.dynamodb, target.name("inventory")), system_clock)
    warehouses = [w.warehouse for w in stock_or_refusal(store, sku).warehouses if warehouse in {None, w.warehouse}]
    if warehouse is not None and not warehouses:
        warehouses = [warehouse]  # its journal may be ahead of its balance
    listed = {
        wh: [
            row
            for row in running(store.recorded(sku, wh))
            if row[0].entry.occurred_at >= begin
            and kind in {None, row[0].entry.type}
            and source in {None, row[0].entry.source}
        ][-limit:]
        for wh in warehouses
    }
    if as_json:
        emit_json([movement_document(recorded, balance) for rows in listed.values() for recorded, balance in rows])
        return
    for name, rows in listed.items():
        console.print(f"{name}: {len(rows) or 'no'} movement{'' if len(rows) == 1 else 's'}", markup=False)
        if rows:
            console.print(_table(rows), markup=False)


def instant(text: str, now: datetime) -> str:
    """What --since means, as stored times are written. Raises BadParameter when it is no time."""
    span = _SPANS.get(text[-1:])
    if span and text[:-1].isdigit():
        return to_text(now - int(text[:-1]) * span)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise typer.BadParameter(f"--since {text}: write 2026-11-21, 2026-11-21T08:00:00Z, 90m, 12h or 7d") from exc
    return to_text(found.replace(tzinfo=UTC) if found.tzinfo is None else from_text(text))


def running(recorded: Iterable[Recorded]) -> list[tuple[Recorded, Any]]:
    """Each movement with the stock on hand after it, in the order in which they occurred."""
    rows = sorted(recorded, key=lambda r: (r.entry.occurred_at, r.entry.position or 0, r.recorded_at, r.entry.id))
    return list(zip(rows, accumulate(r.entry.quantity for r in rows), strict=True))


def _table(rows: list[tuple[Recorded, Any]]) -> Any:
    columns = (
        "occurred", "recorded", "type", ">quantity", ">balance", "source", ">position", "movement", "lot", "bin",
        "status", "reference", "reason", "correlation id",
    )  # fmt: skip
    return table(columns, [_line(r, balance) for r, balance in rows])


def _line(recorded: Recorded, balance: Any) -> tuple[object, ...]:
    e = recorded.entry
    return (
        e.occurred_at, recorded.recorded_at, e.type, moved(e), to_json(whole(balance)), e.source, e.position, e.id,
        e.lot, _moved(e.bin, e.to_bin), _moved(e.status, e.to_status), e.reference, e.reason, e.correlation_id,
    )  # fmt: skip


def _moved(origin: str | None, goal: str | None) -> str | None:
    return f"{origin or ''} → {goal}" if goal else origin


def movement_document(recorded: Recorded, balance: Any) -> dict[str, Any]:
    e = recorded.entry
    said = {name: getattr(e, name) for name in e.__slots__}
    document: dict[str, Any] = plain({**said, "recorded_at": recorded.recorded_at, "balance": whole(balance)})
    return document
