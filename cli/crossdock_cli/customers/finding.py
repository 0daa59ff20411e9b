"""`crossdock customers find`: customers by what is believed of them, by one small query each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from crossdock.identity.customer_rows import KIND
from crossdock.identity.findable import CRITERIA, Findable, find_key
from crossdock_cli.customers.common import OPERATOR, Desk, MaybeWhy, Unmask, cell, desk_of, shown
from crossdock_cli.errors import EXIT_FAILED
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST: Final = 50
_SHOWN: Final = ("name", "billing_city", "billing_country", "tax_id", "email", "phone")


class Criterion(StrEnum):
    """By what is looked for."""

    id = "id"
    email = "email"
    phone = "phone"
    tax_id = "tax_id"
    name = "name"


def command(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="SYSTEM:ID, a mail address, telephone number, tax id or name.")],
    by_: Annotated[Criterion | None, typer.Option("--by", help="By this alone; else by all that it can be.")] = None,
    unmask: Unmask = False,
    why: MaybeWhy = None,
    operator: Annotated[str, typer.Option("--operator", help="Who looks; kept.")] = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Find customers by an id, or by what is believed of them now: at most 50 of each. Exit code 1: none is found."""
    desk = desk_of(connect(ctx.obj))
    found = _found(desk, text, [by_] if by_ else list(Criterion))
    desk.look("find by " + (by_ or "any"), list(found), operator, why, unmask=unmask)
    heads = desk.uses.store.heads(found)
    documents = [
        {
            "customer": customer,
            "by": sorted(criteria),
            "state": head.state,
            "merged_into": head.into,
            **{name: shown(name, head.values.get(name), unmask=unmask) for name in _SHOWN},
        }
        for customer, criteria in found.items()
        if (head := heads.get(customer)) is not None
    ]
    if as_json:
        emit_json(documents)
    elif not documents:
        console.print("no customer is found by that; what contacts and ship-tos have is not searched")
    else:
        columns = ("customer", "found by", "state", *_SHOWN)
        rows = [(d["customer"], cell(d["by"]), d["state"], *(cell(d[n]) for n in _SHOWN)) for d in documents]
        console.print(table(columns, rows), markup=False)
    if not documents:
        raise typer.Exit(EXIT_FAILED)


def _found(desk: Desk, text: str, criteria: list[Criterion]) -> Mapping[str, set[str]]:
    """The customers, each with that by which it is found."""
    found: dict[str, set[str]] = {}
    system, _, external = text.partition(":")
    if Criterion.id in criteria and external:
        known = desk.uses.xrefs.canonicals(KIND, [(system, external)])
        for customer in known.values():
            found.setdefault(customer, set()).add("id")
    findable = Findable(desk.table)
    for criterion in (c for c in CRITERIA if Criterion(c) in criteria):
        # A name of which only digits are left is no number, and an address is no name.
        key = find_key(criterion, text)
        if key is not None and (len(criteria) == 1 or ("@" in text) == (criterion == "email")):
            for customer in findable.under(key, None, _MOST):
                found.setdefault(customer, set()).add(criterion)
    return found
