"""`crossdock reservations …`: what is held of an item, for whom and until when; and ending a hold by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from crossdock.inventory.hold_documents import instant, to_document
from crossdock.inventory.holds import Ended, Ending, Place, State
from crossdock.inventory.reserving import Reservations
from crossdock.inventory.standing_store import StandingStore
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.quantities import to_json
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from datetime import datetime

    from crossdock.inventory.holds import Reservation
    from crossdock.inventory.markers import Marker
    from crossdock.inventory.standing import WarehouseStanding
    from crossdock.quantities import Quantity
    from crossdock_cli.target import Target

app = typer.Typer(help="Reservations: what is held, and ending a hold by hand.", no_args_is_help=True)

_ID: Final = re.compile(r"[a-z2-7]{20}")
_WHY_NOT: Final = {
    Ending.NOT_YET: ("its time is not over", "release it instead: crossdock reservations release"),
    Ending.IN_PROGRESS: ("it is being decided", "wait a moment and try again"),
    Ending.EXPIRED: ("its time was over, and it has ended", ""),
    Ending.OTHERWISE: ("it has ended in another way", "see: crossdock reservations show"),
}

Id = Annotated[str, typer.Argument(help="The reservation's id, 20 small letters and digits.")]

Sku = Annotated[str, typer.Argument(help="Our item code.")]


@dataclass(frozen=True)
class Held:
    """A hold as a header or shard carries it; shard -1 is the header."""

    id: str
    warehouse: str
    shard: int
    quantity: Quantity
    expires_at: str
    expired: bool

    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "warehouse": self.warehouse,
            "shard": None if self.shard < 0 else self.shard,
            "quantity": to_json(self.quantity),
            "expires_at": self.expires_at,
            "expired": self.expired,
        }


@app.command("show", epilog="Example: [bold]crossdock reservations show 5jmdh6p3kwerzjfez7un[/bold]")
def show_command(ctx: typer.Context, reservation: Id, as_json: AsJson = False) -> None:
    """Show a reservation: who made it, what it holds and where, and how it ended."""
    _print(_found(_reservations(connect(ctx.obj)), reservation), as_json=as_json)


@app.command("list", epilog="Example: [bold]crossdock reservations list 85123A --warehouse MAIN[/bold]")
def list_command(
    ctx: typer.Context,
    sku: Sku,
    warehouse: Annotated[str | None, typer.Option(help="Only this warehouse.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the live holds on an item, those that end first at the top. An expired one is free and not yet ended."""
    found = holds_of(connect(ctx.obj), sku, warehouse)
    if as_json:
        emit_json([h.document() for h in found])
        return
    columns = ("reservation", "warehouse", ">quantity", "until", "")
    rows = [
        (h.id, h.warehouse, to_json(h.quantity), h.expires_at, "expired: counts as free" if h.expired else "")
        for h in found
    ]
    console.print(table(columns, rows) if rows else f"nothing of {sku} is held", markup=False)


@app.command("release", epilog="Example: [bold]crossdock reservations release 5jmdh6p3kwerzjfez7un[/bold]")
def release_command(ctx: typer.Context, reservation: Id, as_json: AsJson = False) -> None:
    """End a hold for its partner: its units are free again at once."""
    reservations = _reservations(connect(ctx.obj))
    _found(reservations, reservation)
    _print(_done(reservations.release(reservation), "released"), as_json=as_json)


@app.command("expire", epilog="Example: [bold]crossdock reservations expire 5jmdh6p3kwerzjfez7un[/bold]")
def expire_command(ctx: typer.Context, reservation: Id, as_json: AsJson = False) -> None:
    """End a hold whose time is over, as the queue of expiries would have; for one whose message was lost."""
    reservations = _reservations(connect(ctx.obj))
    _found(reservations, reservation)
    _print(_done(reservations.expire(reservation), "expired"), as_json=as_json)


@app.command("sweep", epilog="Example: [bold]crossdock reservations sweep 85123A[/bold]")
def sweep_command(ctx: typer.Context, sku: Sku, as_json: AsJson = False) -> None:
    """End all holds on an item whose time is over, also those that have lost their row or their message."""
    target = connect(ctx.obj)
    reservations = _reservations(target)
    over = [h for h in holds_of(target, sku, None) if h.expired]
    for warehouse, shard in sorted({(h.warehouse, h.shard) for h in over}):
        reservations.reclaim(Place(sku, warehouse, 0, shard=shard))
    if as_json:
        emit_json([h.document() for h in over])
        return
    console.print(f"{len(over)} holds on {sku} were over and have ended", markup=False)


def holds_of(target: Target, sku: str, warehouse: str | None) -> list[Held]:
    """The holds on an item, those that end first at the top."""
    standing = StandingStore(Table(target.dynamodb, target.name("inventory"))).item(sku, _warehouses(target, sku))
    if standing is None:
        raise CliError(f"nothing was ever recorded of an item '{sku}'", "crossdock xref find SYSTEM CODE says its code")
    now = system_clock()
    found = [h for w in standing.warehouses if warehouse in {None, w.header.warehouse} for h in holds(w, now)]
    return sorted(found, key=lambda h: (h.expires_at, h.id))


def holds(standing: WarehouseStanding, now: datetime) -> list[Held]:
    """The holds that a header and its shards carry."""
    places = [(-1, standing.header.holds), *((n, shard.holds) for n, shard in enumerate(standing.shards))]
    return [_held(standing.header.warehouse, number, marker, now) for number, some in places for marker in some]


def _held(warehouse: str, shard: int, marker: Marker, now: datetime) -> Held:
    expired = marker.expired(now.timestamp())
    return Held(marker.reservation, warehouse, shard, marker.quantity, instant(marker.expires), expired)


def _warehouses(target: Target, sku: str) -> list[str]:
    rows = Table(target.dynamodb, target.name("inventory")).query(f"T#{sku}", prefix="A#")
    return [row["sk"].removeprefix("A#") for row in rows]


def _reservations(target: Target) -> Reservations:
    return Reservations(Table(target.dynamodb, target.name("inventory")), system_clock)


def _found(reservations: Reservations, rid: str) -> Reservation:
    found = reservations.get(rid) if _ID.fullmatch(rid) else None
    if found is None:
        raise CliError(f"there is no reservation '{rid}'", "the live ones of an item: crossdock reservations list SKU")
    return found


def _done(ended: Ended, wanted: str) -> Reservation:
    if ended.ending is not Ending.DONE or ended.reservation is None:
        why, remedy = _WHY_NOT.get(ended.ending, ("it is not there any more", ""))
        raise CliError(f"it was not {wanted}: {why}", remedy)
    return ended.reservation


def _print(found: Reservation, *, as_json: bool) -> None:
    now = int(system_clock().timestamp())
    document = to_document(found, held=found.state is not State.OPEN, now=now)
    document |= {"partner": found.partner, "correlation_id": found.correlation_id, "version": found.version}
    if as_json:
        emit_json(document)
        return
    until = f"until {document['expires_at']}" if "ended_at" not in document else f"since {document['ended_at']}"
    console.print(f"{found.id}: {document['status']} {until}, {found.partner} for {found.channel}", markup=False)
    columns = ("line", "item", "warehouse", ">quantity", ">of that from supply", "promised on")
    rows = [
        (x["line"], x["sku"], x["warehouse"], x["quantity"], x.get("backordered", ""), x.get("promised_on", ""))
        for x in document["lines"]
    ]
    console.print(table(columns, rows), markup=False)
    for short in document.get("shortages", []):
        console.print(
            f"short: {short['asked']} of {short['sku']} asked of {short['warehouse']}, {short['available']} available",
            markup=False,
        )
    console.print(f"[dim]crossdock trace {escape(found.correlation_id)}[/dim]")
