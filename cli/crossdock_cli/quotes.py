"""`crossdock quotes …`: whether a quote stands for an order; the keys that quotes are sealed with, and their rotation.

The first deployment makes a key, so nothing has to be done by hand. Rotation without a gap:
  1. rotate             new quotes are sealed with a new key; tokens under the old one stand until they end
  2. rotate --drop-old  once the last of them has ended, only the new key is left
"""

from __future__ import annotations

import secrets as random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from pydantic import ValidationError

from crossdock.contracts.quotes import QuoteVerification
from crossdock.flows.order_checks import OrderChecks
from crossdock.platform.clock import from_text, system_clock, to_text
from crossdock.platform.problems import from_validation
from crossdock.pricing.quote_keys import SINCE, sealer_of, with_new_key, without_old_keys
from crossdock_cli.errors import EXIT_FAILED, CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.price_offline.documents import file_name, read_json, refused, validated
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from crossdock.pricing.tokens import Promise

app = typer.Typer(
    help="Quotes: whether one stands for an order, and the keys they are sealed with.", no_args_is_help=True
)

KIND: Final = "quotes"
NAME: Final = "key"
_KEY_BYTES: Final = 48
# A quote lasts a day at most (config), and a running function knows the old key for another minute.
OLD_TOKENS_END: Final = timedelta(hours=24, minutes=1)


@app.command("verify", epilog="Example: [bold]crossdock quotes verify order.json[/bold]")
def verify_command(
    ctx: typer.Context,
    order: Annotated[
        str,
        typer.Argument(
            help="The quote's token and the ordered lines, JSON as POST /v1/quotes/verify takes it; - for standard "
            "input."
        ),
    ],
    at: Annotated[
        str | None, typer.Option("--at", help="When the order came in, such as 2026-11-21T08:00:00Z; absent: now.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Whether a quote stands for an order's lines, by its token alone; ends with 1 and the reasons if it does not."""
    instant = None if at is None else _instant(at)
    asked = _read(order)
    sealer = sealer_of(connect(ctx.obj).secret_document(KIND, NAME))
    verdict = OrderChecks(lambda _: sealer.keys, system_clock).check(asked, partner=None, at=instant)
    if as_json:
        emit_json(verdict.document())
    elif verdict.promise and verdict.stands:
        lines = "1 line" if len(asked.lines) == 1 else f"{len(asked.lines)} lines"
        console.print(f"accepted: quote {verdict.promise.quote} stands for {lines}, until {_text(verdict.promise)}")
    else:
        rows = [(m.field, m.code, m.reason, m.remedy) for m in verdict.mismatches]
        console.print("refused: the quote does not stand for this order")
        console.print(table(("field", "code", "reason", "remedy"), rows))
    if not verdict.stands:
        raise typer.Exit(EXIT_FAILED)


def _read(path: str) -> QuoteVerification:
    """Raises InputError naming the file, the field and the remedy."""
    try:
        return validated(QuoteVerification, read_json(path))
    except ValidationError as exc:
        raise refused(file_name(path), from_validation(exc).errors) from exc


def _instant(text: str) -> datetime:
    try:
        return from_text(text)
    except ValueError as exc:
        raise CliError(
            f"--at {text!r} is no instant", "send one with its offset, such as 2026-11-21T08:00:00Z"
        ) from exc


def _text(promise: Promise) -> str:
    return f"{to_text(promise.expires)} ({promise.currency}, partner {promise.partner})"


@app.command("keys", epilog="Example: [bold]crossdock quotes keys[/bold]")
def keys_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Which keys are active, and which one seals new quotes; never the keys themselves."""
    document = connect(ctx.obj).secret_document(KIND, NAME)
    sealer = sealer_of(document)
    if as_json:
        emit_json({"seals_with": sealer.seals_with, "active": sorted(sealer.keys), "since": document.get(SINCE)})
        return
    since = f" since {document[SINCE]}" if SINCE in document else ""
    console.print(f"quotes are sealed with {sealer.seals_with}{since}; active: {', '.join(sorted(sealer.keys))}")


@app.command("rotate", epilog="Example: [bold]crossdock --stage dev quotes rotate[/bold]")
def rotate_command(
    ctx: typer.Context,
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Finish a rotation: keep only the newest key.")] = False,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="With --drop-old: although quotes under the old key still stand.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Seal new quotes with a new key; those that were given go on standing until they end."""
    target, now = connect(ctx.obj), system_clock()
    document = drop_old_keys(target, now, at_once=at_once) if drop_old else rotate(target, now)
    sealer = sealer_of(document)
    if as_json:
        emit_json({"seals_with": sealer.seals_with, "active": sorted(sealer.keys)})
        return
    console.print(f"quotes are sealed with {sealer.seals_with}; active: {', '.join(sorted(sealer.keys))}")
    if not drop_old:
        console.print("[dim]In a day and a minute: crossdock quotes rotate --drop-old[/dim]")


def rotate(target: Target, now: datetime) -> dict[str, Any]:
    """Adds a key that seals from now on, and keeps those that are active."""
    changed = with_new_key(target.secret_document(KIND, NAME), random.token_urlsafe(_KEY_BYTES), to_text(now))
    target.write_secret_document(KIND, NAME, changed)
    return changed


def drop_old_keys(target: Target, now: datetime, *, at_once: bool = False) -> dict[str, Any]:
    """Keeps only the sealing key. Raises CliError while quotes under an older one may still stand."""
    document = target.secret_document(KIND, NAME)
    since = document.get(SINCE)
    if since and not at_once and now < from_text(str(since)) + OLD_TOKENS_END:
        over = to_text(from_text(str(since)) + OLD_TOKENS_END)
        raise CliError(
            f"quotes under the old key may stand until {over}",
            "wait until then; or end them now: crossdock quotes rotate --drop-old --at-once",
        )
    kept = without_old_keys(document)
    target.write_secret_document(KIND, NAME, kept)
    return kept
