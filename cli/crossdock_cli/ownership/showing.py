"""`crossdock ownership show`: the matrix, and which of its rules an attribute falls under."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.contracts.customer_attributes import AttributeNameError
from crossdock.contracts.ownership import UnownedError
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.machinery import business_of
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.contracts.ownership import Rule


def command(
    ctx: typer.Context,
    attribute: Annotated[str | None, typer.Argument(help="An attribute, as credit_limit@company:uk.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who owns what: each rule, or the one that an attribute falls under."""
    matrix = business_of(connect(ctx.obj)).ownership
    rules = list(matrix.rules)
    if attribute is not None:
        try:
            rules = [matrix.rule(attribute)]
        except AttributeNameError as exc:
            raise CliError(*_parted(str(exc))) from exc
        except UnownedError as exc:
            raise CliError(*_parted(str(exc))) from exc
    if as_json:
        found = {"version": matrix.version, "trust": dict(matrix.trust), "rules": [_document(r) for r in rules]}
        emit_json(found if attribute is None else {"attribute": attribute, **found})
        return
    if not rules:
        console.print("the configuration has no [ownership]: nobody owns anything")
        return
    columns = ("attribute", "for", "owner", "fallbacks", "who wins", "another's word", "written back to")
    console.print(table(columns, [_line(r) for r in rules]), markup=False)
    trust = ", ".join(f"{name} {n}" for name, n in sorted(matrix.trust.items(), key=lambda t: -t[1]))
    console.print(f"\nversion {matrix.version}" + (f"; trust: {trust}" if trust else ""), markup=False)


def _parted(text: str) -> tuple[str, str]:
    problem, _, remedy = text.partition("; ")
    return problem, remedy


def _document(rule: Rule) -> dict[str, Any]:
    return {
        "attribute": rule.attribute,
        "scope": rule.scope,
        "owner": rule.owner,
        "fallbacks": list(rule.owners[1:]),
        "survivorship": rule.survivorship,
        "foreign": rule.foreign,
        "written_back": list(rule.written_back),
    }


def _line(rule: Rule) -> tuple[object, ...]:
    fallbacks, written_back = ", ".join(rule.owners[1:]), ", ".join(rule.written_back)
    return rule.attribute, rule.scope, rule.owner, fallbacks, rule.survivorship, rule.foreign, written_back
