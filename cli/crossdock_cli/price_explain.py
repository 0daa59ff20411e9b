"""`crossdock price explain`: how a price that was told came about, for whoever has to answer for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from crossdock_cli import price_explain_cells as showing_cells
from crossdock_cli import price_explain_showing as showing
from crossdock_cli.output import AsJson, console, emit_json
from crossdock_cli.price_files import importing
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossdock_cli.target import Target

EXAMPLE: Final = "Example: [bold]crossdock price explain mfzwizltoq2gk3tumvzq --today[/bold]"
FUNCTION: Final = "explain_prices"
EXIT_NO_PRICE: Final = 1
_QUOTE: Final = re.compile(r"[a-z2-7]{20}")


def command(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="QUOTE | CHANNEL:ITEM",
            help="The quote_id of a quote, or a channel's item: webshop:SKU-1, webshop:SKU-1@gold for a price class.",
        ),
    ],
    line: Annotated[str | None, typer.Option(help="Only this line of the quote.")] = None,
    today: Annotated[
        bool, typer.Option("--today", help="Show what would be quoted now as well, and the difference.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say how a price came about: steps, rules with who approved them, rejected candidates, and that it adds up.

    A quote is computed again from the trace that was kept with it, so later changes of rules do not matter. Of a
    channel's item: what was published, delivered and acknowledged. Ends with 0 when there is a price and it comes out
    again as it was told (and the channel holds it), 1 otherwise, 2 for wrong usage.
    """
    target, channel = connect(ctx.obj), what.partition(":")[0] if ":" in what else None
    if channel is None:
        document = importing.invoke(target, _quote(what, line, today=today), FUNCTION)
    elif line is not None or today:
        raise typer.BadParameter("a channel's item has neither lines nor a yesterday", param_hint="--line, --today")
    else:
        document = item_explained(target, channel, what.partition(":")[2])
    if as_json:
        emit_json(document)
    elif channel is None:
        showing.quote(console, document)
    else:
        showing_cells.item(console, document)
    if not (_quote_stands(document) if channel is None else _item_stands(document)):
        raise typer.Exit(EXIT_NO_PRICE)


def item_explained(target: Target, channel: str, key: str) -> dict[str, Any]:
    """What a channel holds of an item's price, and why. Raises CliError with what the function says against it."""
    return importing.invoke(target, {"action": "item", "channel": channel, "key": key}, FUNCTION)


def _quote(what: str, line: str | None, *, today: bool) -> dict[str, Any]:
    if not _QUOTE.fullmatch(what):
        problem = (
            f"'{what}' is neither a quote's id (20 small letters and digits, quote_id in the answer) "
            "nor a channel's item such as webshop:SKU-1"
        )
        raise typer.BadParameter(problem, param_hint="QUOTE | CHANNEL:ITEM")
    return {"action": "quote", "quote": what, "today": today} | ({"line": line} if line else {})


def _quote_stands(document: Mapping[str, Any]) -> bool:
    return all(said["status"] == "PRICED" and said["recomputed"]["equal"] for said in document["lines"])


def _item_stands(document: Mapping[str, Any]) -> bool:
    priced = document["price"]["status"] == "PRICED"
    return bool(priced and document["recomputed"]["equal"] and document["delivery"]["state"] == "acknowledged")
