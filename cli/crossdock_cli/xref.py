"""`crossdock xref …`: what other systems call our things, customers and items and all other kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.markup import escape

from crossdock.contracts.references import ItemDeclaration
from crossdock.contracts.refusals import quoted
from crossdock.contracts.xrefs import MINTED, CrossReference, Kind
from crossdock.identity.items import Items
from crossdock.identity.references import References
from crossdock.identity.xref_checks import checked
from crossdock.identity.xref_writes import Attaching, XrefError
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import from_text, system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock.platform.problems import from_validation
from crossdock_cli import xref_export, xref_import
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.target import Target, connect
from crossdock_cli.xref_words import ITEM, KindOption, document, instant, kind_of, said

if TYPE_CHECKING:
    from datetime import datetime

app = typer.Typer(help="Cross-references: what other systems call our things.", no_args_is_help=True)
app.command("import", epilog=xref_import.EXAMPLE)(xref_import.command)
app.command("export", epilog=xref_export.EXAMPLE)(xref_export.command)


def references_of(target: Target) -> References:
    """The stage's cross-references of items, with the operator's own credentials."""
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
    canonical: Annotated[str, typer.Argument(help="Our item, customer, …; none: a new customer.")] = "",
    kind: KindOption = ITEM,
    role: Annotated[str | None, typer.Option(help="What it is there: sold_to, bill_to, ship_to, buyer, …")] = None,
    valid_from: Annotated[str | None, typer.Option("--from", help="From when on, with its UTC offset.")] = None,
    valid_to: Annotated[str | None, typer.Option("--to", help="Until before when, with its UTC offset.")] = None,
    own_numbers: Annotated[
        bool, typer.Option("--own-numbers", help="The system numbers its kinds each for itself.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a system means by a code. A code that means another thing already is refused."""
    of_kind = kind_of(kind)
    start, end = instant(valid_from, "--from"), instant(valid_to, "--to")
    wanted = CrossReference(of_kind, system, code, canonical, role, start, end)
    if of_kind == ITEM:
        check(system, code, canonical)
    with said():
        if canonical or of_kind not in MINTED:
            checked(wanted)
        target = connect(ctx.obj)
        done = _added(target, wanted, strict=not own_numbers)
    new = bool(done.new)
    kept = (*done.new, *done.changed, *_as_it_was(wanted, done))[0]
    if as_json:
        emit_json(document(kept) | {"new": new})
        return
    how = "" if new else " (it was before)" if not done.changed else " (it was before, with another role or validity)"
    console.print(f"{escape(system)} {escape(repr(code))} is {escape(kept.canonical)}{how}")
    known = sorted({*target.secret_names("sources"), *target.secret_names("channels")})
    if system not in known:
        errors.print(f"[yellow]note:[/yellow] this stage has no {escape(system)}; it has {', '.join(known)}")


def _added(target: Target, wanted: CrossReference, *, strict: bool) -> Attaching:
    stored = Table(target.dynamodb, target.name("identity"))
    xrefs = CrossReferences(stored)
    if not wanted.canonical:
        if wanted.valid_from or wanted.valid_to:
            raise CliError("--from and --to are for what there is already", "add the code first, then say how long")
        if strict:
            xrefs.refuse_other_kinds([wanted])
        return xrefs.mint(wanted.kind, [wanted.id], roles={wanted.id: wanted.role} if wanted.role else None)
    done = xrefs.attach([wanted], strict=strict)
    if wanted.kind == ITEM:
        Items(stored).mark([wanted.canonical])
    return done


def _as_it_was(wanted: CrossReference, done: Attaching) -> tuple[CrossReference, ...]:
    return (CrossReference(wanted.kind, *wanted.id, done.canonical, wanted.role, wanted.valid_from, wanted.valid_to),)


@app.command("show", epilog="Example: [bold]crossdock xref show 85123A[/bold]")
def show_command(
    ctx: typer.Context,
    canonical: Annotated[str, typer.Argument(help="Our item, customer, …")],
    kind: KindOption = ITEM,
    as_json: AsJson = False,
) -> None:
    """Show every code that a thing is or was known by."""
    of_kind = kind_of(kind)
    xrefs = _xrefs(ctx)
    found = xrefs.externals(of_kind, canonical, every=True)
    current = xrefs.current(of_kind, canonical) if not found and of_kind in MINTED else canonical
    if current != canonical:
        raise CliError(f"{canonical} was merged into {current}", f"crossdock xref show {current} --kind {of_kind}")
    if as_json:
        emit_json([document(r) for r in found])
        return
    if not found:
        article = "an" if of_kind in {"item", "order"} else "a"
        raise CliError(f"no system knows {article} {of_kind} '{canonical}'", _declare(of_kind))
    now = system_clock()
    rows = [(r.system, r.external, r.role, _shown(r.valid_from), _shown(r.valid_to), _standing(r, now)) for r in found]
    console.print(_narrow(("system", "code", "role", "from", "to", ""), rows), markup=False)


@app.command("find", epilog="Example: [bold]crossdock xref find wms 85123A[/bold]")
def find_command(
    ctx: typer.Context,
    system: Annotated[str, typer.Argument()],
    code: Annotated[str, typer.Argument()],
    kind: KindOption = ITEM,
    at: Annotated[str | None, typer.Option(help="As it is at this instant, with its UTC offset; else now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find the thing that a system means by a code."""
    of_kind = kind_of(kind)
    xrefs = _xrefs(ctx)
    try:
        found = xrefs.resolve(of_kind, (system, code), at=instant(at, "--at"))
    except XrefError as exc:
        if exc.why == "unknown":
            named = f"crossdock xref add {system} {quoted(code)} "
            remedy = named + ("SKU" if of_kind == ITEM else f"CANONICAL --kind {of_kind}")
            raise CliError(f"{system} {code!r} is not known", remedy) from exc
        raise CliError(exc.message, exc.remedy) from exc
    if as_json:
        emit_json(document(found))
        return
    console.print(found.canonical, markup=False)


@app.command("end", epilog="Example: [bold]crossdock xref end wms 'OLD-CODE 7' --at 2026-12-31T23:00:00Z[/bold]")
def end_command(
    ctx: typer.Context,
    system: Annotated[str, typer.Argument()],
    code: Annotated[str, typer.Argument()],
    kind: KindOption = ITEM,
    at: Annotated[str | None, typer.Option(help="The first instant at which it counts no more; else now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let a code count no longer. What it meant stays known, so that it never means another thing unseen."""
    with said():
        until = instant(at, "--at") or from_text(to_text(system_clock()))
        ended, changed = _xrefs(ctx).end(kind_of(kind), (system, code), until)
    if as_json:
        emit_json(document(ended) | {"changed": changed})
        return
    was = "" if changed else " (it had ended before)"
    console.print(f"{escape(system)} {escape(repr(code))} counts until {_shown(ended.valid_to)}{was}")


def _xrefs(ctx: typer.Context) -> CrossReferences:
    target = connect(ctx.obj)
    return CrossReferences(Table(target.dynamodb, target.name("identity")))


def _declare(kind: Kind) -> str:
    return "declare it: crossdock xref add SYSTEM CODE " + ("SKU" if kind == ITEM else f"CANONICAL --kind {kind}")


def _shown(instant_: datetime | None) -> str:
    return to_text(instant_) if instant_ else ""


def _standing(reference: CrossReference, now: datetime) -> str:
    return {"in_force": "", "not_yet": "not yet in force", "ended": "ended"}[reference.standing(now)]


def _narrow(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Any:
    """The table without the columns in which nothing stands."""
    shown = [n for n in range(len(columns)) if any(row[n] for row in rows)]
    return table([columns[n] for n in shown], [[row[n] for n in shown] for row in rows])
