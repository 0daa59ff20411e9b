"""`crossdock price explain`: how a price that was told came about, for whoever has to answer for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from crossdock_cli import price_explain_showing as showing
from crossdock_cli.output import AsJson, console, emit_json
from crossdock_cli.price_files import importing
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE: Final = "Example: [bold]crossdock price explain mfzwizltoq2gk3tumvzq --today[/bold]"
FUNCTION: Final = "explain_prices"
EXIT_NO_PRICE: Final = 1
_QUOTE: Final = re.compile(r"[a-z2-7]{20}")


def command(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="QUOTE", help="The quote_id of a quote.")],
    line: Annotated[str | None, typer.Option(help="Only this line of the quote.")] = None,
    today: Annotated[
        bool, typer.Option("--today", help="Show what would be quoted now as well, and the difference.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say how a quote came about: steps, rules with who approved them, rejected candidates, and that it adds up.

    Everything is computed again from the trace that was kept with the quote, so later changes of rules do not matter.
    Ends with 0 when every line has a price and comes out again as it was told, 1 otherwise, 2 for wrong usage.
    """
    if not _QUOTE.fullmatch(what):
        problem = f"'{what}' is no quote's id: those are 20 small letters and digits, quote_id in the answer"
        raise typer.BadParameter(problem, param_hint="QUOTE")
    event: dict[str, Any] = {"action": "quote", "quote": what, "today": today}
    document = importing.invoke(connect(ctx.obj), event | ({"line": line} if line else {}), FUNCTION)
    if as_json:
        emit_json(document)
    else:
        showing.quote(console, document)
    if not all(_stands(said) for said in document["lines"]):
        raise typer.Exit(EXIT_NO_PRICE)


def _stands(line: Mapping[str, Any]) -> bool:
    return bool(line["status"] == "PRICED" and line["recomputed"]["equal"])
