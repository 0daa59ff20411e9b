"""`crossdock customers show`: the golden record, its ids, what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer  # noqa: TC002 - Typer reads the annotation when it runs

from crossdock.exceptions.model import line
from crossdock_cli.customers.common import OPERATOR, By, Customer, MaybeWhy, Unmask, cell, desk_of, shown
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.identity.customer_store import Kept


def command(
    ctx: typer.Context,
    customer: Customer,
    unmask: Unmask = False,
    why: MaybeWhy = None,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Show a customer: attributes, contacts and ship-tos, ids, what keeps it from being complete. The look is kept."""
    desk = desk_of(connect(ctx.obj))
    kept = desk.kept(customer)
    desk.look("show", [kept.customer.id], by, why, unmask=unmask)
    if as_json:
        emit_json(document(kept, unmask=unmask))
        return
    _print(kept, unmask=unmask)


def document(kept: Kept, *, unmask: bool) -> dict[str, Any]:
    """A customer for programs."""
    customer = kept.customer
    return {
        "customer": customer.id,
        "version": customer.version,
        "state": customer.state,
        "merged_into": customer.into,
        "merged_from": sorted(kept.ids.merges),
        "created_at": customer.created_at,
        "changed_at": customer.changed_at,
        "judged_by": customer.matrix,
        "attributes": {
            name: {
                "value": shown(name, golden.value, unmask=unmask),
                "system": golden.system,
                "record": golden.external,
                "at": golden.at,
            }
            for name, golden in sorted(customer.everything.items())
        },
        "ids": [
            {"system": r.system, "external": r.external, "role": r.role}
            for r in sorted(kept.ids.references, key=lambda r: r.id)
        ],
        "problems": [{"attribute": p.attribute, "problem": p.problem, "remedy": p.remedy} for p in customer.problems],
        "possible_duplicates": sorted(s.other for s in kept.suspects.values() if s.state == "open"),
    }


def _print(kept: Kept, *, unmask: bool) -> None:
    customer = kept.customer
    console.print(f"[bold]{customer.id}[/bold]  version {customer.version}  {customer.state}", highlight=False)
    if customer.into:
        console.print(f"merged into {customer.into}")
    if kept.ids.merges:
        console.print(f"merged into it: {', '.join(sorted(kept.ids.merges))}", highlight=False)
    rows = [
        (name, line(cell(shown(name, golden.value, unmask=unmask))), golden.system, golden.at)
        for name, golden in sorted(customer.everything.items())
    ]
    console.print(table(("attribute", "value", "says", "since"), rows), markup=False)
    ids = ", ".join(f"{r.system}:{r.external}" for r in sorted(kept.ids.references, key=lambda r: r.id))
    console.print(f"\nids: {ids}", markup=False)
    for problem in customer.problems:
        console.print(f"{problem.attribute} {problem.problem}; {problem.remedy}", markup=False)
    for suspect in kept.suspects.values():
        if suspect.state == "open":
            console.print(f"it may be {suspect.other} ({suspect.score}): {'; '.join(suspect.why)}", markup=False)
