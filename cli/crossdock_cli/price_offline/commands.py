"""`crossdock price quote` and `crossdock price diff`: how a pricing team tries rules before anybody approves them.

Both read files only: no AWS, no credentials, and the same resolver as the deployed system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from crossdock.flows.price_models import quote_document
from crossdock.platform.clock import system_clock
from crossdock.platform.problems import FieldError
from crossdock.pricing.errors import StatementError
from crossdock_cli.output import AsJson, console, emit_json, errors
from crossdock_cli.price_offline import showing
from crossdock_cli.price_offline.diffing import compare
from crossdock_cli.price_offline.documents import InputError, file_name, read_contexts, read_model, refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crossdock.contracts.price_models import PriceContext
    from crossdock.flows.price_models import PriceBook, Priced

EXIT_NO_PRICE: Final = 1
QUOTE_EXAMPLE: Final = (
    "Example: [bold]crossdock price quote --rules docs/examples/price-model.json "
    "--context docs/examples/price-contexts.json[/bold]"
)
DIFF_EXAMPLE: Final = (
    "Example: [bold]crossdock price diff --rules docs/examples/price-model.json "
    "--rules docs/examples/price-model-new.json --contexts docs/examples/price-contexts.json[/bold]"
)

Rules = Annotated[
    str,
    typer.Option(
        "--rules",
        metavar="FILE",
        help="The price model, JSON (docs/schemas/price-model.json): rules, items, customers, settings; or a list of "
        "rules alone. - for standard input.",
    ),
]
Contexts = Annotated[
    str,
    typer.Option(
        "--context",
        "--contexts",
        metavar="FILE",
        help="Who asks for what, JSON (docs/schemas/price-context.json): one object or a list. - for standard input.",
    ),
]
Show = Annotated[
    bool, typer.Option("--show-margin", help="Show rebates, cost and margin too: what customers may not see.")
]
_SHOWN: Final = ("rebates", "cost", "margin")


def quote_command(
    rules: Rules,
    context: Contexts,
    as_json: AsJson = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Say how each price came about, and why other rules did not count (with --json: the traces).",
        ),
    ] = False,
    show_margin: Show = False,
) -> None:
    """Price contexts from a file of rules, offline: the same answer as the deployed system gives.

    Ends with 0 when every line has a price, 1 when one has none (NO_PRICE or BLOCKED), 2 when a file cannot be used.
    """
    book, (contexts, several) = _inputs(rules, context)
    answers = _prices(book, contexts, context, several=several)
    _say_notes(answers)
    show = _SHOWN if show_margin else ()
    if as_json:
        told = (*show, "trace") if explain else show
        documents = [quote_document(answer, told) for answer in answers]
        emit_json(documents if several else documents[0])
    else:
        for place, answer in enumerate(answers, start=1):
            showing.quote(console, answer, place if several else None, explain=explain, show=show)
    _end(answers)


def diff_command(
    rules: Annotated[
        list[str],
        typer.Option("--rules", metavar="FILE", help="Given twice: the price model as it is, then as it would be."),
    ],
    contexts: Contexts,
    as_json: AsJson = False,
    changed_only: Annotated[bool, typer.Option("--changed", help="Show the lines that change, and no others.")] = False,
) -> None:
    """Show what a change of rules would do to the prices of some contexts, offline.

    Ends with 0 when every line has a price under the new rules, 1 when one has none, 2 when a file cannot be used.
    """
    if len(rules) != 2:  # noqa: PLR2004 - before and after
        times = "once" if len(rules) == 1 else f"{len(rules)} times"
        raise InputError(f"--rules is given {times}", "give it twice: --rules OLD --rules NEW")
    if [*rules, contexts].count("-") > 1:
        raise InputError("standard input can be one of the files only", "name the others")
    old, new = read_model(rules[0]), read_model(rules[1])
    asked, several = read_contexts(contexts)
    now = system_clock()
    before = _prices(old, asked, contexts, several=several, now=now, model=rules[0])
    after = _prices(new, asked, contexts, several=several, now=now, model=rules[1])
    _say_notes([*before, *after])
    found = compare(before, after)
    if as_json:
        emit_json(found.document(changed_only=changed_only))
    else:
        showing.difference(console, found, several=several, changed_only=changed_only)
    _end(after)


def _inputs(rules: str, context: str) -> tuple[PriceBook, tuple[list[PriceContext], bool]]:
    if rules == context == "-":
        raise InputError("standard input can be one of the two files only", "name a file for --rules or --context")
    return read_model(rules), read_contexts(context)


def _prices(
    book: PriceBook,
    contexts: Sequence[PriceContext],
    path: str,
    *,
    several: bool,
    now: datetime | None = None,
    model: str | None = None,
) -> list[Priced]:
    """The answers. `model` names the file of rules in what is refused, where there are two."""
    at = now or system_clock()
    answers = []
    for place, asked in enumerate(contexts):
        try:
            answers.append(book.price(asked, at))
        except StatementError as exc:
            error = FieldError(exc.field, exc.problem, exc.remedy)
            by = "" if model is None else f" (priced by {file_name(model)})"
            raise refused(file_name(path) + by, [error], f"[{place}]" if several else "") from exc
    return answers


def _say_notes(answers: Sequence[Priced]) -> None:
    for note in dict.fromkeys(note for answer in answers for note in answer.notes):
        errors.print(f"note: {note}", markup=False)


def _end(answers: Sequence[Priced]) -> None:
    if any(line.unit_price is None for answer in answers for line in answer.lines):
        raise typer.Exit(EXIT_NO_PRICE)
