"""`crossdock privacy accesses`: who looked at which customer, when and what for."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from crossdock.exceptions.masking import covered_text
from crossdock.identity.accesses import Access, Accesses, days_until
from crossdock.identity.persons import Persons
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.target import connect


def command(
    ctx: typer.Context,
    customer: Annotated[str | None, typer.Option(help="Looks at this customer only (our id).")] = None,
    day: Annotated[str | None, typer.Option(help="The last day, as 2026-11-21 (UTC); today.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="So many days up to it: a query each.")] = 1,
    as_json: AsJson = False,
) -> None:
    """List the looks that operators took at customers, oldest first."""
    try:
        last = date.fromisoformat(day) if day else system_clock().date()
    except ValueError as exc:
        raise CliError(f"--day {day}: no day", "for example --day 2026-11-21") from exc
    target = connect(ctx.obj)
    identity = Table(target.dynamodb, target.name("identity"))
    found = list(Accesses(identity).of(days_until(last, days), customer))
    if waiting := Persons(identity, CrossReferences(identity)).unfinished():
        errors.print(f"[yellow]{waiting} erasures have begun and not ended[/yellow]: run each again for its person")
    if as_json:
        emit_json([asdict(access) for access in found])
        return
    if not found:
        console.print("nobody looked")
        return
    columns = ("at", "who", "as", "did", "customers", "uncovered", "why")
    console.print(table(columns, [_line(access) for access in found]), markup=False)


def _line(access: Access) -> tuple[object, ...]:
    uncovered = "yes" if access.uncovered else ""
    customers = ", ".join(access.customers)
    return access.at, access.by, access.caller, access.did, customers, uncovered, covered_text(access.why)
