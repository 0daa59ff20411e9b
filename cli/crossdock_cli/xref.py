"""`crossdock xref …`: what other systems call our items."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape

from crossdock.contracts.references import ItemDeclaration
from crossdock.contracts.refusals import quoted
from crossdock.identity.items import Items
from crossdock.identity.references import Reference, References
from crossdock.platform.dynamo import Table
from crossdock.platform.problems import from_validation
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.target import Target, connect

app = typer.Typer(help="Cross-references: what other systems call our items.", no_args_is_help=True)


def references_of(target: Target) -> References:
    """The stage's cross-references, with the operator's own credentials."""
    return References(Table(target.dynamodb, target.name("identity")))


def check(system: str, code: str, sku: str) -> None:
    """Raises CliError when these cannot be parts of a reference: the same rules as for what the ERP declares."""
    try:
        ItemDeclaration.model_validate({"sku": sku, "codes": [{"system": system, "code": code}]})
    except ValidationError as exc:
        first = from_validation(exc).errors[0]
        name = first.field.rpartition(".")[2]
        raise CliError(f"{name}: {first.problem}", first.remedy) from exc


@app.command("add", epilog="Example: [bold]crossdock xref add wms 'OLD-CODE 7' 85123A[/bold]")
def add_command(
    ctx: typer.Context,
    system: Annotated[str, typer.Argument(help="The system whose code it is, such as wms.")],
    code: Annotated[str, typer.Argument(help="That system's code.")],
    sku: Annotated[str, typer.Argument(help="Our item.")],
    as_json: AsJson = False,
) -> None:
    """Say which of our items a system means by a code. A code that means another item already is refused."""
    check(system, code, sku)
    target = connect(ctx.obj)
    new, conflicts = references_of(target).declare([Reference(system, code, sku)])
    Items(Table(target.dynamodb, target.name("identity"))).mark([sku])
    if conflicts:
        raise CliError(
            f"{system} {code!r} means {conflicts[0].kept_sku} already", "a code keeps its meaning; use another code"
        )
    if as_json:
        emit_json({"system": system, "code": code, "sku": sku, "new": bool(new)})
        return
    console.print(f"{escape(system)} {escape(repr(code))} is {escape(sku)}" + ("" if new else " (it was before)"))
    known = sorted({*target.secret_names("sources"), *target.secret_names("channels")})
    if system not in known:
        errors.print(f"[yellow]note:[/yellow] this stage has no {escape(system)}; it has {', '.join(known)}")


@app.command("show", epilog="Example: [bold]crossdock xref show 85123A[/bold]")
def show_command(ctx: typer.Context, sku: Annotated[str, typer.Argument()], as_json: AsJson = False) -> None:
    """Show every code an item is known by."""
    found = references_of(connect(ctx.obj)).of(sku)
    if as_json:
        emit_json([asdict(r) for r in found])
        return
    if not found:
        raise CliError(f"no system knows an item '{sku}'", "declare it: crossdock xref add SYSTEM CODE SKU")
    console.print(table(("system", "code"), [(r.system, r.code) for r in found]), markup=False)


@app.command("find", epilog="Example: [bold]crossdock xref find wms 85123A[/bold]")
def find_command(
    ctx: typer.Context,
    system: Annotated[str, typer.Argument()],
    code: Annotated[str, typer.Argument()],
    as_json: AsJson = False,
) -> None:
    """Find the item that a system means by a code."""
    sku = references_of(connect(ctx.obj)).skus([(system, code)]).get((system, code))
    if sku is None:
        raise CliError(f"{system} {code!r} is not known", f"crossdock xref add {system} {quoted(code)} SKU")
    if as_json:
        emit_json({"system": system, "code": code, "sku": sku})
        return
    console.print(sku, markup=False)
