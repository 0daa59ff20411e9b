"""The secrets webhooks are signed with, `crossdock sources restart-sequence`, and `crossdock channels …`.

What else there is of `crossdock sources` stands in sources.py.
"""

from __future__ import annotations

import base64
import secrets as random
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from crossdock.inventory.sequence_store import SequenceStore
from crossdock.inventory.sequences import SequenceName
from crossdock.platform.addresses import (
    AddressRefusedError,
    check_url,
    checked_addresses,
    port_of,
    system_resolve,
)
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock_cli import completing
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import LOCAL, Target, connect

if TYPE_CHECKING:
    from collections.abc import Mapping

sources = typer.Typer(help="Sources: the systems that send us webhooks.", no_args_is_help=True)
channels = typer.Typer(help="Channels: where we publish to.", no_args_is_help=True)

_SECRET_BYTES: Final = 32  # Standard Webhooks asks for 24 to 64
_SIGNING: Final = "signing_secrets"
_PLACEHOLDER: Final = frozenset({"status", "placeholder"})  # what a deployment writes before anybody else does
_TOKEN: Final = "token"  # noqa: S105 - the field's name


def new_signing_secret() -> str:
    """A secret as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(random.token_bytes(_SECRET_BYTES)).decode()


def signing_secrets(document: Mapping[str, Any]) -> list[str]:
    """The secrets of a source or channel, newest first; none while the deployment's placeholder stands."""
    return [str(secret) for secret in document.get(_SIGNING, ())]


# -- sources ------------------------------------------------------------------------------------


def rotate_source(target: Target, name: str, secret: str = "") -> tuple[str, bool]:
    """Puts a new secret (made here, as Standard Webhooks writes it, unless it is given) first and keeps the newest of
    the others. Returns it, and whether one was kept.
    """
    secret = secret or new_signing_secret()
    document = target.secret_document("sources", name)
    kept = [one for one in signing_secrets(document) if one != secret][:1]
    # What else stands in it (the source's API) stays; the deployment's placeholder has had its day.
    others = {field: value for field, value in document.items() if field not in _PLACEHOLDER}
    target.write_secret_document("sources", name, {**others, _SIGNING: [secret, *kept]})
    return secret, bool(kept)


def drop_old_secrets(target: Target, name: str) -> int:
    """Keeps only the newest secret; returns how many went."""
    document = target.secret_document("sources", name)
    current = signing_secrets(document)
    if not current:
        raise CliError(f"source '{name}' has no signing secret yet", f"make one: crossdock sources rotate {name}")
    if len(current) > 1:
        target.write_secret_document("sources", name, {**document, _SIGNING: current[:1]})
    return len(current) - 1


@sources.command(
    "restart-sequence", epilog="Example: [bold]crossdock sources restart-sequence wms --warehouse MAIN[/bold]"
)
def restart_sequence(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(autocompletion=completing.sources, help="The source, as in the stage's business configuration."),
    ],
    warehouse: Annotated[
        str | None, typer.Option(help="The warehouse, where the source numbers each warehouse's movements apart.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say that a source numbers its movements from the beginning again: what came until now is not compared with.

    Gaps that were reported of the old sequence close with the next reconciliation.
    """
    target = connect(ctx.obj)
    restart(SequenceStore(Table(target.dynamodb, target.name("inventory")), system_clock), name, warehouse)
    if as_json:
        emit_json({"source": name, "warehouse": warehouse, "restarted": True})
        return
    where = f" in {escape(warehouse)}" if warehouse else ""
    console.print(f"the sequence of {escape(name)}{where} begins with its next movement")


def restart(sequences: SequenceStore, name: str, warehouse: str | None) -> None:
    """Raises CliError when nothing is kept of such a sequence."""
    if not sequences.restart(SequenceName(name, warehouse)):
        where = f" in {warehouse}" if warehouse else ""
        raise CliError(
            f"no sequence of source '{name}'{where} is kept",
            "name the source, and its --warehouse unless [sources.*] sequence says that it numbers all it sends",
        )


# -- channels -----------------------------------------------------------------------------------


@channels.command("list", epilog="Example: [bold]crossdock channels list --json[/bold]")
def list_channels(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the channels and where they are delivered to."""
    target = connect(ctx.obj)
    found = [
        {
            "name": name,
            "url": document.get("url", ""),
            "signing_secrets": len(signing_secrets(document)),
            "token": bool(document.get(_TOKEN)),
        }
        for name in target.secret_names("channels")
        for document in (target.secret_document("channels", name),)
    ]
    if as_json:
        emit_json(found)
        return
    rows = ((c["name"], c["url"] or "not set", c["signing_secrets"], "set" if c["token"] else "") for c in found)
    console.print(table(("channel", "url", ">secrets", "token"), rows))


@channels.command(
    "set",
    epilog="Examples: [bold]crossdock channels set webshop --url https://shop.example/hooks[/bold] (signed webhooks) · "
    "[bold]crossdock channels set shop --url https://example.myshopify.com --token shpat_…[/bold] (Shopify) · "
    "[bold]crossdock channels set store --url https://api.bigcommerce.com/stores/abc123 --token …[/bold] (BigCommerce)",
)
def set_command(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=completing.channels, help="The channel, as in the stage's business configuration."
        ),
    ],
    url: Annotated[
        str, typer.Option(help="Where deliveries are POSTed to, or where the vendor's API begins; left out: as it is.")
    ] = "",
    token: Annotated[
        str,
        typer.Option(
            help="What proves us to a vendor's API: for channels of the kinds shopify, bigcommerce and generic_erp."
        ),
    ] = "",
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Sign with a new secret from now on, and with the old one too.")
    ] = False,
    drop_old_secret: Annotated[
        bool, typer.Option("--drop-old-secret", help="Sign with the newest secret alone: the receiver has it by now.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say where a channel listens, and how we prove ourselves to it.

    A vendor's API takes the token that it made for us. Everybody else gets signed deliveries: the signing secret is
    made the first time, and printed when it is new. Channels of the kind csv_drop need none of this.
    """
    target = connect(ctx.obj)
    secret = set_channel(target, name, url, token=token, new_secret=new_secret, drop_old=drop_old_secret)
    address = str(target.secret_document("channels", name)["url"])
    if as_json:
        emit_json({"name": name, "url": address, "signing_secret": secret, "token": bool(token)})
        return
    console.print(f"channel {escape(name)} is delivered to {escape(address)}")
    if token:
        console.print("it is told with the new token, at the latest in a minute")
    if secret:
        console.print("deliveries are signed with (give it to the receiver):")
        console.print(secret, markup=False)


def set_channel(
    target: Target, name: str, url: str = "", *, token: str = "", new_secret: bool = False, drop_old: bool = False
) -> str | None:
    """Writes a channel's document; returns the signing secret if a new one was made.

    What is not given stays as it is. One with a token is not signed for, unless somebody asks for a secret. With
    `drop_old` only the newest secret is left.
    """
    if url:
        _check_url(target, url)
    document = target.secret_document("channels", name)
    address, proof = url or str(document.get("url", "")), token.strip() or str(document.get(_TOKEN, ""))
    if not address:
        raise CliError(f"channel '{name}' has no address yet", "give it with --url")
    current = signing_secrets(document)
    secret = new_signing_secret() if new_secret or not (current or proof) else None
    chosen = [secret, *current[:1]] if secret else current
    if drop_old:
        chosen = chosen[:1]
    written: dict[str, Any] = {"url": address}
    written |= {_SIGNING: chosen} if chosen else {}
    written |= {_TOKEN: proof} if proof else {}
    target.write_secret_document("channels", name, written)
    return secret


def ensure_channel(target: Target, name: str, url: str) -> None:
    """Gives a channel its first address and secret if it has none."""
    document = target.secret_document("channels", name)
    if not document.get("url") or not (signing_secrets(document) or document.get(_TOKEN)):
        set_channel(target, name, str(document.get("url") or url))


def _check_url(target: Target, url: str) -> None:
    """Raises CliError for what deliveries would not go to. A host that is not found from here may be found later."""
    local = target.stage == LOCAL
    try:
        parts = check_url(url, local=local)
        with suppress(OSError):
            checked_addresses(parts.hostname or "", port_of(parts), system_resolve, local=local)
    except AddressRefusedError as refused:
        raise CliError(
            f"'{url}' is not an address deliveries can go to: {refused}",
            f"give a full {'http or https' if local else 'https'} URL of a host on the open internet",
        ) from refused
