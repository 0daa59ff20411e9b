"""`crossdock price drafts`, `approve`, `reject` and `show`: what waits, who decides, and what was said when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from crossdock.flows.price_rule_answers import version_document
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.pricing.store import PricingStore
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.price_files import importing
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossdock.pricing.ledger import Version

DRAFTS_EXAMPLE: Final = "Example: [bold]crossdock price drafts --source erp[/bold]"
APPROVE_EXAMPLE: Final = "Example: [bold]crossdock price approve erp:SPRING-1 2 --by noor --reference T-118[/bold]"
REJECT_EXAMPLE: Final = "Example: [bold]crossdock price reject erp:SPRING-1 3 --by noor --reference 'too low'[/bold]"
SHOW_EXAMPLE: Final = "Example: [bold]crossdock price show erp:SPRING-1[/bold]"

Rule = Annotated[str, typer.Argument(help="source:rule_id, such as erp:SPRING-1.")]
Versions = Annotated[list[int], typer.Argument(min=1, help="One version or several.")]
By = Annotated[str, typer.Option(help="Who decides.")]
Reference = Annotated[str | None, typer.Option(help="Where the decision is recorded: a ticket, a document.")]


def drafts_command(
    ctx: typer.Context,
    source: Annotated[str | None, typer.Option(help="Of this source only.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the drafts that nobody has approved yet."""
    found = [v for v in _store(connect(ctx.obj)).drafts() if source in {None, v.rule.source}]
    if as_json:
        emit_json([version_document(v) for v in found])
        return
    console.print(f"{len(found) or 'no'} draft{'' if len(found) == 1 else 's'}", markup=False)
    if found:
        columns = ("rule", ">version", "level", "about", "value", "from", "to", "by", "sent")
        console.print(table(columns, [_line(v) for v in found]), markup=False)


def approve_command(
    ctx: typer.Context, rule: Rule, versions: Versions, by: By, reference: Reference = None, as_json: AsJson = False
) -> None:
    """Put drafts in force: from now on they count, within their windows."""
    _decide(connect(ctx.obj), "approve", rule, versions, by, reference, as_json=as_json)


def reject_command(
    ctx: typer.Context, rule: Rule, versions: Versions, by: By, reference: Reference = None, as_json: AsJson = False
) -> None:
    """Let drafts never count. What was approved ends by a new version, withdrawn."""
    _decide(connect(ctx.obj), "reject", rule, versions, by, reference, as_json=as_json)


def _decide(
    target: Target, action: str, rule: str, versions: list[int], by: str, reference: str | None, *, as_json: bool
) -> None:
    source, rule_id = named(rule)
    approvals = [{"rule_id": rule_id, "version": v} for v in dict.fromkeys(versions)]
    event = {"action": action, "source": source, "by": by, "approvals": approvals}
    done = importing.invoke(target, {**event, **({"reference": reference} if reference else {})})["versions"]
    if as_json:
        emit_json(done)
        return
    for version in done:
        who = version["approved_by"] or by
        console.print(
            f"{rule} version {version['version']} is {version['status']} by {who}, {version['approved_at'] or ''}",
            markup=False,
        )


def show_command(ctx: typer.Context, rule: Rule, as_json: AsJson = False) -> None:
    """Show every version of a rule: what it says, its window, who sent it, who approved it and when."""
    named(rule)
    found = _store(connect(ctx.obj)).ledger.versions(rule)
    if not found:
        raise CliError(f"there is no rule '{rule}'", "name it with its source, such as erp:SPRING-1")
    if as_json:
        emit_json([version_document(v) for v in found])
        return
    newest = max((v.rule.version for v in found if v.status == "approved"), default=0)
    console.print(f"{rule}: {_about(found[0])}", markup=False)
    columns = (
        ">version",
        "status",
        "level",
        "value",
        "from",
        "to",
        "sent",
        "by",
        "counts from",
        "approved by",
        "reference",
    )
    rows = [_version_line(v, counts=v.rule.version == newest) for v in found]
    console.print(table(columns, rows), markup=False)


def _store(target: Target) -> PricingStore:
    return PricingStore(Table(target.dynamodb, target.name("pricing")), system_clock)


def named(rule: str) -> tuple[str, str]:
    """A rule's source and id. Raises BadParameter where the source is not named."""
    source, colon, rule_id = rule.partition(":")
    if not (colon and source and rule_id):
        raise typer.BadParameter(f"{rule}: name the rule with its source, such as erp:{rule}")
    return source, rule_id


def _line(version: Version) -> tuple[object, ...]:
    rule = version.rule
    return (
        rule.name, rule.version, rule.layer, _about(version), value_text(version), rule.valid_from, rule.valid_to,
        version.by, version.recorded_at,
    )  # fmt: skip


def _version_line(version: Version, *, counts: bool) -> tuple[object, ...]:
    rule = version.rule
    approval = version.rule.approval
    approved_by = version.approved_by or (approval.by if approval else None)
    status = "withdrawn" if rule.withdrawn and version.status == "approved" else version.status
    return (
        rule.version, f"{status}, counts" if counts else status, rule.layer, value_text(version), rule.valid_from,
        rule.valid_to, version.recorded_at, version.by, version.counts_from, approved_by,
        version.reference or (approval.reference if approval else None),
    )  # fmt: skip


def _about(version: Version) -> str:
    scope = version.rule.document().get("scope", {})
    return ", ".join(f"{name} {_plain(value)}" for name, value in scope.items()) or "all customers and items"


def value_text(version: Version) -> str:
    """`fixed 2.55 GBP; from 24: 2.1`: what a version says, short."""
    return document_value(version.rule.document())


def document_value(document: Mapping[str, Any]) -> str:
    """The same of a rule's document."""
    operation = document.get("operation", "fixed")
    first, *rest = document["tiers"]
    unit = "%" if operation in {"percent", "cost_plus", "margin"} else document.get("currency", "")
    begins = f"from {first['min_quantity']}: " if str(first["min_quantity"]) not in {"0", "1"} else ""
    further = "".join(f"; from {t['min_quantity']}: {t['value']}" for t in rest)
    return f"{operation} {begins}{first['value']} {unit}".rstrip() + further


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
