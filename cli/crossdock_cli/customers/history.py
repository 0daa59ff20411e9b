"""`crossdock customers history`: what was believed of a customer, version by version, and the proof of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.contracts.customer_attributes import AttributeNameError, named
from crossdock.exceptions.model import line
from crossdock.identity.journal import faults
from crossdock_cli.customers.common import OPERATOR, By, Customer, MaybeWhy, Unmask, cell, desk_of, shown
from crossdock_cli.errors import EXIT_FAILED, CliError
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ERASED = "(erased)"


def command(
    ctx: typer.Context,
    customer: Customer,
    attribute: Annotated[str | None, typer.Argument(help="Of this attribute only, as credit_limit.")] = None,
    unmask: Unmask = False,
    why: MaybeWhy = None,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Show what was believed of a customer, oldest first, and prove the chain of its versions.

    Exit code 1: a row was changed, taken away or added. What was erased is no fault.
    """
    _check_name(attribute)
    desk = desk_of(connect(ctx.obj))
    kept = desk.kept(customer)
    desk.look("history", [kept.customer.id], by, why, unmask=unmask)
    rows = list(desk.uses.store.history(kept.customer.id))
    found = faults(rows, kept.customer.seal)
    if found:  # whoever wrote between the two reads is no fault
        kept = desk.kept(customer)
        rows = list(desk.uses.store.history(kept.customer.id))
        found = faults(rows, kept.customer.seal)
    steps = [step for row in rows for step in _steps(row, attribute, unmask=unmask)]
    if as_json:
        emit_json({"customer": kept.customer.id, "steps": steps, "proven": not found, "faults": found})
    else:
        columns = (">version", "at", "by", "attribute", "value", "says", "why")
        cells = [
            (s["version"], s["at"], s["by"], s["attribute"], line(cell(s["value"])), s["system"], s["why"])
            for s in steps
        ]
        console.print(table(columns, cells), markup=False)
        console.print(f"\n{len(rows)} versions, the chain holds" if not found else "")
        for fault in found:
            errors.print(f"[red]{fault}[/red]", markup=True)
    if found:
        raise typer.Exit(EXIT_FAILED)


def _check_name(attribute: str | None) -> None:
    try:
        if attribute is not None:
            named(attribute)
    except AttributeNameError as exc:
        problem, _, remedy = str(exc).partition("; ")
        raise CliError(problem, remedy) from exc


def _steps(row: Mapping[str, Any], attribute: str | None, *, unmask: bool) -> Iterator[dict[str, Any]]:
    for name, change in row["ch"].items():
        if attribute not in {None, name}:
            continue
        gone = change["c"] == "gone"
        erased = not gone and "v" not in change
        value = None if gone else ERASED if erased else shown(name, json.loads(change["v"]), unmask=unmask)
        yield {
            "version": int(row["sk"]),
            "at": row["at"],
            "by": row["by"],
            "cause": row["cause"],
            "attribute": name,
            "value": value,
            "erased": erased,
            "system": change.get("s"),
            "record": change.get("x"),
            "why": change.get("w"),
        }
