"""`crossdock customers duplicates`: pairs that may be one and that nobody decided yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from crossdock.identity.customer_rows import KIND, SUSPECT, suspects_of
from crossdock.identity.xref_rows import partition
from crossdock_cli.customers.common import OPERATOR, By, Desk, MaybeWhy, desk_of
from crossdock_cli.exceptions.common import store_of
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crossdock.identity.customers import Suspect

POSSIBLE: Final = "possible_duplicate"
_SUBJECT: Final = "customer/"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two that may be one, and how one of them sees the other."""

    one: str
    suspect: Suspect


def command(
    ctx: typer.Context,
    customer: Annotated[str | None, typer.Argument(help="Of this customer only; our id, or SYSTEM:ID.")] = None,
    scan: Annotated[
        bool, typer.Option("--scan", help="Read the whole table instead of the exceptions list: finds every pair.")
    ] = False,
    why: MaybeWhy = None,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """List pairs of customers that may be one, most alike first, with what speaks for it.

    Of all customers, those that stand on the exceptions list: a small query for each.
    """
    desk = desk_of(connect(ctx.obj))
    found = _pairs(desk, customer, scan=scan)
    desk.look("duplicates", sorted({c for p in found for c in (p.one, p.suspect.other)})[:100], by, why)
    names = _names(desk, found)
    documents = [_document(p, names) for p in found]
    if as_json:
        emit_json(documents)
        return
    if not documents:
        console.print("no pair waits to be decided")
        return
    columns = (">score", "one", "its name", "other", "its name", "because")
    rows = [(d["score"], d["one"], d["one_name"], d["other"], d["other_name"], "; ".join(d["why"])) for d in documents]
    console.print(table(columns, rows), markup=False)
    console.print("\nnext: crossdock customers merge ONE OTHER --why …, or distinct ONE OTHER --why …")


def _pairs(desk: Desk, customer: str | None, *, scan: bool) -> list[Pair]:
    if customer is not None:
        kept = desk.kept(customer)
        listed = [Pair(kept.customer.id, s) for s in kept.suspects.values()]
    elif scan:
        listed = list(_scanned(desk))
    else:
        listed = list(_on_the_list(desk))
    found: dict[tuple[str, str], Pair] = {}
    for pair in listed:
        if pair.suspect.state == "open":
            first, second = sorted((pair.one, pair.suspect.other))
            found.setdefault((first, second), pair)
    merged = {c for c, head in desk.uses.store.heads({c for key in found for c in key}).items() if head.into}
    standing = [p for key, p in found.items() if not merged & set(key)]
    return sorted(standing, key=lambda p: (p.suspect.score, p.one, p.suspect.other), reverse=True)


def _on_the_list(desk: Desk) -> Iterator[Pair]:
    """The pairs of customers of whom the exceptions list says that they may be another one."""
    subjects = {g.subject for g in store_of(desk.target).groups() if g.kind == POSSIBLE}
    for customer in sorted(s.removeprefix(_SUBJECT) for s in subjects if s.startswith(_SUBJECT)):
        rows = desk.table.query(partition(KIND, customer), prefix=SUSPECT)
        yield from (Pair(customer, suspect) for suspect in suspects_of(rows).values())


def _scanned(desk: Desk) -> Iterator[Pair]:
    prefix, attributes = partition(KIND, ""), ("pk", "sk", "p", "w", "st", "at", "by")
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} rows"))
    with Progress(*columns, TimeElapsedColumn(), console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("reading the whole table", total=None)
        for rows, _ in desk.table.pages(None, attributes=attributes):
            bar.advance(task, len(rows))
            for row in rows:
                if row["pk"].startswith(prefix) and row["sk"].startswith(SUSPECT):
                    (suspect,) = suspects_of([row]).values()
                    yield Pair(row["pk"].removeprefix(prefix), suspect)


def _names(desk: Desk, pairs: Iterable[Pair]) -> dict[str, Any]:
    heads = desk.uses.store.heads({c for p in pairs for c in (p.one, p.suspect.other)})
    return {customer: head.values.get("name") for customer, head in heads.items()}


def _document(pair: Pair, names: dict[str, Any]) -> dict[str, Any]:
    return {
        "one": pair.one,
        "one_name": names.get(pair.one),
        "other": pair.suspect.other,
        "other_name": names.get(pair.suspect.other),
        "score": pair.suspect.score,
        "why": list(pair.suspect.why),
        "at": pair.suspect.at,
    }
