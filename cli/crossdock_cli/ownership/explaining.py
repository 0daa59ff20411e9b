"""`crossdock ownership explain customer`: each attribute, whose word it is, and why it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from crossdock.exceptions.model import line
from crossdock.identity.golden import choices
from crossdock_cli.customers.common import (
    OPERATOR,
    By,
    Customer,
    MaybeWhy,
    Unmask,
    cell,
    desk_of,
    shown,
)
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.identity.claims import Claim
    from crossdock.identity.ownership import Choice


def command(
    ctx: typer.Context,
    customer: Customer,
    everything: Annotated[
        bool, typer.Option("--all", help="What was said besides, and why it does not stand.")
    ] = False,
    unmask: Unmask = False,
    why: MaybeWhy = None,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Explain each value of a customer by today's matrix: who said it, since when, and why it won."""
    desk = desk_of(connect(ctx.obj))
    kept = desk.kept(customer)
    desk.look("explain", [kept.customer.id], by, why, unmask=unmask)
    records = () if kept.customer.into else kept.records
    judging = desk.uses.judging
    chosen = choices(judging.matrix, records, judging.enrichments)
    stale = kept.customer.matrix != judging.matrix.version and kept.customer.into is None
    if as_json:
        emit_json(
            {
                "customer": kept.customer.id,
                "version": kept.customer.version,
                "merged_into": kept.customer.into,
                "matrix": judging.matrix.version,
                "judged_by": kept.customer.matrix,
                "attributes": [_document(c, everything=everything, unmask=unmask) for c in chosen.values()],
            }
        )
        return
    columns = ("attribute", "value", "says", "record", "since", "version", "why", "rule")
    rows = [row for choice in chosen.values() for row in _rows(choice, everything=everything, unmask=unmask)]
    console.print(table(columns, rows), markup=False)
    if kept.customer.into:
        console.print(f"\nit was merged into {kept.customer.into}: explain that one")
    if stale:
        console.print(
            f"\n[yellow]it was judged by version {kept.customer.matrix} of the matrix last[/yellow], this is by "
            f"{judging.matrix.version}: {escape('crossdock ownership apply')}"
        )


def _document(choice: Choice, *, everything: bool, unmask: bool) -> dict[str, Any]:
    won = _claim(choice.attribute, choice.winner, choice.why, unmask=unmask) if choice.winner else {"why": choice.why}
    found = {"attribute": choice.attribute, "owner": choice.rule.owner, **won}
    if everything:
        found["others"] = [_claim(choice.attribute, c, lost, unmask=unmask) for c, lost in choice.others]
    return found


def _claim(attribute: str, claim: Claim, why: str, *, unmask: bool) -> dict[str, Any]:
    return {
        "value": shown(attribute, claim.said.value, unmask=unmask),
        "system": claim.system,
        "record": claim.external,
        "at": claim.said.at,
        "version": claim.said.version,
        "why": why,
    }


def _rows(choice: Choice, *, everything: bool, unmask: bool) -> list[tuple[object, ...]]:
    rule = f"{choice.rule.attribute}{'@' + choice.rule.scope if choice.rule.scope else ''}: {choice.rule.survivorship}"
    if choice.winner is None:
        rows: list[tuple[object, ...]] = [(choice.attribute, "", "", "", "", "", choice.why, rule)]
    else:
        rows = [(choice.attribute, *_cells(choice.attribute, choice.winner, unmask=unmask), choice.why, rule)]
    if everything:
        rows += [("", *_cells(choice.attribute, c, unmask=unmask), f"not: {lost}", "") for c, lost in choice.others]
    return rows


def _cells(attribute: str, claim: Claim, *, unmask: bool) -> tuple[object, ...]:
    value = line(cell(shown(attribute, claim.said.value, unmask=unmask)))
    return value, claim.system, claim.external, claim.said.at, claim.said.version
