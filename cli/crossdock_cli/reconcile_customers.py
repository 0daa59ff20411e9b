"""`crossdock reconcile customers`: what the last list of each system came to; systems send them, nobody has to ask."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

from crossdock.exchange.listing_store import ListingStore, Run
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.machinery import business_of
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

_COUNTED = ("listed", "equal", "taken", "told_again", "raised", "dangling")


def customers_command(
    ctx: typer.Context,
    system: Annotated[str | None, typer.Option(help="Only this system, and what differs there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how the last whole list of accounts of each system agreed with what is believed of the customers."""
    target = connect(ctx.obj)
    known = sorted(business_of(target).sources)
    if system is not None and system not in known:
        raise CliError(f"--system: {system!r} is none; there are: {', '.join(known)}")
    lists = ListingStore(Table(target.dynamodb, target.name("exchange")), system_clock)
    found = [_of(lists, one, with_drift=system is not None) for one in known if system in {None, one}]
    if as_json:
        emit_json({"systems": found})
        return
    _print(found)


def _of(lists: ListingStore, system: str, *, with_drift: bool) -> dict[str, Any]:
    last = lists.last(system)
    document: dict[str, Any] = {
        "system": system,
        "last": None
        if last is None
        else {"listing": last["listing"], "at": last["at"], "finished": last["finished"], **last["came"]},
        "under_way": [_under_way(run) for run in lists.runs(system)],
    }
    if with_drift:
        document["differs"] = [
            {"what": thing, "attribute": name, "seen": seen[0], "since_list": seen[2], "done": seen[4] or None}
            for thing, of in sorted(lists.all_seen(system).items())
            for name, seen in sorted(of.items())
        ]
    return document


def _under_way(run: Run) -> dict[str, Any]:
    return {"listing": run.listing, "at": run.at, "pages": run.pages, "of_pages": run.last, "parts": run.parts}


def _print(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["system"], one["last"]["listing"], one["last"]["at"], *(one["last"].get(n, 0) for n in _COUNTED)]
        for one in found
        if one["last"]
    ]
    if rows:
        columns = ("system", "list", "made", *(f">{name.replace('_', ' ')}" for name in _COUNTED))
        console.print(table(columns, rows), markup=False)
    for one in found:
        if one["last"] is None and not one["under_way"]:
            console.print(f"[dim]{escape(one['system'])} has listed no accounts yet (customers.listed)[/dim]")
        if one["last"] and not one["last"]["whole"]:
            console.print(f"[yellow]{escape(one['system'])}: its list lacked too many accounts to be whole[/yellow]")
        for run in one["under_way"]:
            pages = f"{run['pages']} of {run['of_pages'] or '?'} pages"
            console.print(f"[dim]{escape(one['system'])}: list {escape(run['listing'])} is under way, {pages}[/dim]")
        if one.get("differs"):
            names = ("what", "attribute", "seen", "since_list", "done")
            columns = ("customer#account", "attribute", ">seen", "last list", "done")
            console.print(table(columns, [[d[n] or "" for n in names] for d in one["differs"]]), markup=False)
