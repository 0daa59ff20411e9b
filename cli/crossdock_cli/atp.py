"""`crossdock inventory atp`: what can be promised of an item, and when.

Asked of the deployed function itself, as the API asks it: so the command knows the deployed configuration and gives the
same answer as a partner gets.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer
from rich.markup import escape

from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EXAMPLE: Final = "Example: [bold]crossdock inventory atp 85123A --quantity 50 --channel webshop[/bold]"
_DATES: Final = ("from", ">arriving", ">projected", ">can be promised")
_SUPPLY: Final = ("expected", ">quantity", "warehouse", "supply", "kind", "")
_ROUTE: Final = "/v1/items/{sku}/atp"


def command(
    ctx: typer.Context,
    sku: Annotated[str, typer.Argument(help="Our item code, as `crossdock xref find` gives it.")],
    quantity: Annotated[str | None, typer.Option(help="How many are wanted, in base units.")] = None,
    date: Annotated[str | None, typer.Option(help="For which business date, such as 2026-11-30.")] = None,
    channel: Annotated[str | None, typer.Option(help="For which channel; without one, over all of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what can be promised of an item by date, from which supply, and when a quantity can be had first."""
    found = ask(connect(ctx.obj), sku, quantity=quantity, date=date, channel=channel)
    if as_json:
        emit_json(found)
        return
    for line in sentences(found):
        console.print(escape(line))
    console.print(table(_DATES, [[s["date"], s["arriving"], s["projected"], s["promised"]] for s in found["dates"]]))
    if found["supply"]:
        console.print()
        console.print(table(_SUPPLY, [_part(part) for part in found["supply"]]), markup=False)


def ask(target: Target, sku: str, **asked: str | None) -> dict[str, Any]:
    """The function's answer. Raises CliError with its problem and remedy."""
    event = {
        "httpMethod": "GET",
        "resource": _ROUTE,
        "pathParameters": {"sku": quote(sku)},
        "queryStringParameters": {name: value for name, value in asked.items() if value is not None},
        "requestContext": {"authorizer": _operator(asked.get("channel"))},
    }
    answer = target.functions.invoke(
        FunctionName=target.callee("read_availability"), Payload=json.dumps(event).encode()
    )
    response = json.loads(answer["Payload"].read() or b"{}")
    if answer.get("FunctionError"):
        raise CliError(f"the question could not be answered: {response.get('errorMessage', response)}")
    document = json.loads(response["body"])
    if response["statusCode"] != 200:  # noqa: PLR2004 - the one status that is an answer
        remedies = [f"{e['field']}: {e['remedy']}" for e in document.get("errors", [])]
        raise CliError(document["detail"], "; ".join(remedies))
    return dict(document)


def _operator(channel: str | None) -> dict[str, str]:
    """Who is asking, as the authorizer would say it: an operator may ask for any channel."""
    return {"partner": "operator", "scopes": "inventory:read", "sources": "", "channels": channel or ""}


def sentences(found: Mapping[str, Any]) -> Iterable[str]:
    """The answer to what was asked, in words."""
    when = f"for {found['date']}" if "date" in found else "now"
    yield f"{found['sku']}: {found['promised']} can be promised {when}"
    if "quantity" in found:
        first = found["first_date"]
        yield (
            f"{found['quantity']} can be promised from {first} on"
            if first
            else f"{found['quantity']} cannot be promised for any date: what is known to come does not suffice"
        )
    for substitute in found.get("substitutes", []):
        yield f"instead: {substitute['sku']} has {substitute['available']} now"


def _part(part: Mapping[str, Any]) -> list[object]:
    remark = "overdue: not counted" if part["overdue"] else "confirmed" if part["confirmed"] else ""
    return [part["date"], part["quantity"], part["warehouse"], part["id"], part["kind"], remark]
