"""`crossdock quotes …`: the keys that quotes are sealed with, and their rotation.

The first deployment makes a key, so nothing has to be done by hand. Rotation without a gap:
  1. rotate             new quotes are sealed with a new key; tokens under the old one stand until they end
  2. rotate --drop-old  once the last of them has ended, only the new key is left
"""

from __future__ import annotations

import secrets as random
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer

from crossdock.platform.clock import from_text, system_clock, to_text
from crossdock.pricing.quote_keys import SINCE, sealer_of, with_new_key, without_old_keys
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json
from crossdock_cli.target import Target, connect

app = typer.Typer(help="Quotes: the keys they are sealed with.", no_args_is_help=True)

KIND: Final = "quotes"
NAME: Final = "key"
_KEY_BYTES: Final = 48
# A quote lasts a day at most (config), and a running function knows the old key for another minute.
OLD_TOKENS_END: Final = timedelta(hours=24, minutes=1)


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
