"""`crossdock customers set`: what our own people say of a customer, as the word of the system `operator`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from crossdock.contracts.accounts import AccountReport, AccountsReported
from crossdock.contracts.customer_attributes import AttributeNameError, checked, named
from crossdock.contracts.events import ACCOUNTS_REPORTED
from crossdock.contracts.ownership import OPERATOR as OPERATORS
from crossdock.contracts.ownership import UnownedError
from crossdock.exceptions.store import ExceptionsStore
from crossdock.flows.account_reports import take_accounts
from crossdock.identity.ownership import may_write
from crossdock.platform.clock import from_text
from crossdock_cli.customers.common import OPERATOR, By, Customer, Desk, Why, cell, desk_of, shown, told
from crossdock_cli.customers.pairs import POSSIBLE
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import table_of
from crossdock_cli.output import AsJson, console, emit_json, errors
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossdock.contracts.refusals import Refusal
    from crossdock.identity.customer_store import Kept
    from crossdock.identity.journal import Cause


def command(
    ctx: typer.Context,
    customer: Customer,
    assignments: Annotated[
        list[str], typer.Argument(help="ATTRIBUTE=VALUE; a value that is JSON is read as JSON, null empties it.")
    ],
    why: Why,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Say something of a customer where the matrix lets the operator speak; all of it is kept, or nothing."""
    desk = desk_of(connect(ctx.obj))
    says = dict(_assignment(text) for text in assignments)
    for name in says:
        _allowed(desk, name)
    kept = desk.kept(customer)
    if kept.customer.into:
        raise CliError(f"{kept.customer.id} was merged into {kept.customer.into}", "say it of that one")
    desk.look("set " + ", ".join(sorted(says)), [kept.customer.id], by, why)
    cause = desk.cause(by)
    report = _report(kept, says, cause.at)
    refused: list[Refusal] = []
    with told():
        changed = _take(desk, report, cause, refused)
    after = desk.uses.store.load(kept.customer.id).customer
    if as_json:
        emit_json(
            {
                "customer": after.id,
                "version": after.version,
                "changed": changed,
                "stands": {n: shown(n, after.values.get(n), unmask=False) for n in says},
                "complaints": [{"kind": r.kind, "detail": r.detail, "remedy": r.remedy} for r in refused],
            }
        )
    else:
        _print(after.id, after.version, {n: shown(n, after.values.get(n), unmask=False) for n in says})
    for refusal in refused:
        if refusal.kind != POSSIBLE:
            raise CliError(refusal.detail, refusal.remedy)
        errors.print(f"{refusal.detail}; {refusal.remedy}", markup=False)


def _take(desk: Desk, report: AccountReport, cause: Cause, refused: list[Refusal]) -> bool:
    """Takes the report in as the function takes those of systems; whether anything anybody sees changed.

    That it may be another customer now waits on the exceptions list; of the rest the operator hears at once.
    """
    table = table_of(desk.target)
    store = ExceptionsStore(table, lambda: from_text(cause.at), desk.business.exceptions)

    def refuse(found: Sequence[Refusal]) -> None:
        refused.extend(found)
        store.refuse([refusal for refusal in found if refusal.kind == POSSIBLE])

    data = AccountsReported(source=OPERATORS, accounts=[report])
    event = {
        "id": cause.correlation_id,
        "type": ACCOUNTS_REPORTED,
        "source": OPERATORS,
        "subject": f"account/{report.account}",
        "correlationid": cause.correlation_id,
        "data": data.model_dump(mode="json", exclude_defaults=True),
    }
    return bool(take_accounts(desk.uses.reporting, refuse, _nobody, data, event, cause.at, by=cause.by).changed)


def _nobody(*_: str) -> None:
    """Operators are told by what the command prints."""


def _assignment(text: str) -> tuple[str, Any]:
    name, separator, raw = text.partition("=")
    if not separator or not name:
        raise CliError(f"'{text}' is no ATTRIBUTE=VALUE", "for example price_group=trade, or tax_exempt=true")
    try:
        value = json.loads(raw)
    except ValueError:
        value = raw
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = raw  # an amount is a text
    try:
        if named(name).one is not None:
            raise CliError(f"{name}: contacts and ship-tos are said by the systems that keep them", "correct it there")
        return name, checked(name, value)
    except AttributeNameError as exc:
        problem, _, remedy = str(exc).partition("; ")
        raise CliError(problem, remedy) from exc
    except ValueError as exc:
        problem, _, remedy = str(exc).partition("; ")
        raise CliError(f"{name} {problem}", remedy) from exc


def _allowed(desk: Desk, name: str) -> None:
    """Raises CliError where what an operator says could never stand."""
    matrix = desk.uses.judging.matrix
    try:
        rule = matrix.rule(name)
    except UnownedError as exc:
        problem, _, remedy = str(exc).partition("; ")
        raise CliError(problem, remedy) from exc
    if not may_write(matrix, name, OPERATORS):
        raise CliError(
            f"{name} is {rule.owner}'s; what an operator says of it would never stand. Nothing was stored",
            f"correct it in {rule.owner}, or give operators a say: fallbacks = ['{OPERATORS}'] or survivorship = "
            "'manual' in its [[ownership.rules]]",
        )


def _report(kept: Kept, says: dict[str, Any], at: str) -> AccountReport:
    """What is said, under a version above all that operators said of this customer before."""
    before = next((r for r in kept.records if r.id == (OPERATORS, kept.customer.id)), None)
    said = {
        "account": kept.customer.id,
        "customer": kept.customer.id,
        "version": (before.newest if before else 0) + 1,
        "changed_at": at,
        "attributes": says,
    }
    try:
        return AccountReport.model_validate(said)
    except ValidationError as exc:
        raise CliError(exc.errors()[0]["msg"]) from exc


def _print(customer: str, version: int, stands: dict[str, Any]) -> None:
    console.print(f"{customer} is at version {version}")
    for name, value in stands.items():
        console.print(f"  {name}: {cell(value) or '-'}", markup=False)
