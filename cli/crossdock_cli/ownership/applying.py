"""`crossdock ownership apply`: customers that another version of the matrix judged, judged by today's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from crossdock.identity.customer_rows import HEAD, KIND
from crossdock.identity.xref_rows import partition
from crossdock_cli.customers.common import OPERATOR, By, Desk, cell, desk_of, shown, told
from crossdock_cli.exceptions.common import now_text
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock.identity.rejudging import Rejudged


def command(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Those that this version judged too: after a change that raised none.")
    ] = False,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Judge customers anew whom another version of the matrix judged; channels hear of each that changes.

    Reads the whole table to find them. It may be stopped at any moment and run again: who was judged is passed over.
    """
    desk = desk_of(connect(ctx.obj))
    judged = 0
    changed: list[Rejudged] = []
    pairs = 0
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} customers"))
    with (
        told(),
        Progress(*columns, TimeElapsedColumn(), console=errors, transient=True, disable=not errors.is_terminal) as bar,
    ):
        task = bar.add_task("judging", total=None)
        for customer in _customers(desk, everything=everything):
            found = _judge(desk, customer, by, dry_run=dry_run)
            if found is None:
                continue
            judged += 1
            if found.seen:
                changed.append(found)
            if not dry_run and not found.after.compared:
                pairs += len(desk.uses.suspecting.compare(customer, desk.cause(by)))
            bar.advance(task)
    if as_json:
        emit_json(
            {
                "matrix": desk.business.ownership.version,
                "dry_run": dry_run,
                "judged": judged,
                "changed": [_document(found) for found in changed],
                "possible_duplicates": pairs,
            }
        )
        return
    _print(changed, judged, pairs, dry_run=dry_run)


def _customers(desk: Desk, *, everything: bool) -> Iterator[str]:
    """Those that are to be judged, from the whole table, each as it was when its page was read."""
    version, prefix = desk.business.ownership.version, partition(KIND, "")
    for rows, _ in desk.table.pages(None, attributes=("pk", "sk", "mv", "into")):
        for row in rows:
            if row["sk"] != HEAD or not row["pk"].startswith(prefix) or "into" in row:
                continue
            if everything or row["mv"] != version:
                yield row["pk"].removeprefix(prefix)


def _judge(desk: Desk, customer: str, by: str, *, dry_run: bool) -> Rejudged | None:
    if dry_run:
        return desk.uses.rejudging.foresee(customer, now_text())
    return desk.uses.rejudging.apply(customer, desk.cause(by))


def _document(found: Rejudged) -> dict[str, Any]:
    values = {
        name: {
            "old": shown(name, change.old.value if change.old else None, unmask=False),
            "new": shown(name, change.new.value if change.new else None, unmask=False),
        }
        for name, change in found.changed.items()
    }
    return {
        "customer": found.after.id,
        "version": found.after.version,
        "state": {"old": found.before.state, "new": found.after.state},
        "values": values,
    }


def _print(changed: list[Rejudged], judged: int, pairs: int, *, dry_run: bool) -> None:
    rows: list[tuple[object, ...]] = []
    for found in changed:
        values = _document(found)["values"]
        rows += [(found.after.id, name, cell(v["old"]), cell(v["new"])) for name, v in values.items()]
        if found.before.state != found.after.state:
            rows.append((found.after.id, "(state)", found.before.state, found.after.state))
        elif not values:
            rows.append((found.after.id, "(who says it)", "", ""))
    if rows:
        console.print(table(("customer", "attribute", "was", "will be" if dry_run else "is"), rows), markup=False)
    would = "would change" if dry_run else "changed"
    console.print(f"{judged:,} judged, {len(changed):,} {would}")
    if pairs:
        console.print(f"{pairs:,} pairs may be one: crossdock customers duplicates --scan")
