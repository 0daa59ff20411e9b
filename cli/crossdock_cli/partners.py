"""`crossdock partners …`: who may call the API, with which rights, by which keys and clients.

Credentials are shown once, here. docs/partners.md tells operators and partners how they are used.
"""

from __future__ import annotations

import secrets as random
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from crossdock.identity.partners import BURST, RATE, SCOPES, PartnerAccess
from crossdock.platform.clock import system_clock, to_text
from crossdock_cli import completing, partner_access
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.partner_checks import SANDBOX_SCOPES, idle
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.identity.partners import Credential
    from crossdock_cli.partner_access import Issued, Listed
    from crossdock_cli.target import Target

app = typer.Typer(help="Partners: who may call the API, and for what.", no_args_is_help=True)

_OVERLAP_HOURS: Final = 168
_CURSOR_KEY_BYTES: Final = 48

Name = Annotated[str, typer.Argument(help="The partner: lower-case letters, digits and dashes.")]


@app.command(
    "add",
    epilog="Example: [bold]crossdock partners add acme --scope inventory:read --source wms[/bold]",
)
def add_command(
    ctx: typer.Context,
    name: Name,
    scope: Annotated[
        list[str] | None,
        typer.Option(autocompletion=completing.scopes, help=f"A right: {' or '.join(SCOPES)}; give it several times."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(autocompletion=completing.sources, help="A source it may send facts for; several times."),
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option(autocompletion=completing.channels, help="A channel of its own; several times.")
    ] = None,
    customer: Annotated[
        list[str] | None, typer.Option(help="A customer it may ask prices for, or '*' for all; several times.")
    ] = None,
    rate: Annotated[int, typer.Option(help="Requests a second in the long run.")] = RATE,
    burst: Annotated[int, typer.Option(help="Requests at once.")] = BURST,
    oauth: Annotated[bool, typer.Option("--oauth", help="An OAuth client instead of an API key.")] = False,
    both: Annotated[bool, typer.Option("--both", help="An API key and an OAuth client.")] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="For trying things out: only sources and channels of the sandbox.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let a partner in: create its API key, its OAuth client or both, and print them, once."""
    if not scope and not sandbox:
        raise typer.BadParameter(f"Missing option '--scope': {' or '.join(SCOPES)}")
    target = connect(ctx.obj)
    access = PartnerAccess(
        name,
        tuple(scope or SANDBOX_SCOPES),
        tuple(source or ()),
        tuple(channel or ()),
        tuple(customer or ()),
        rate=rate,
        burst=burst,
        sandbox=sandbox,
    )
    issued = partner_access.add(target, access, system_clock(), key=both or not oauth, oauth=both or oauth)
    if nothing_yet := idle(access):
        errors.print(f"note: without a --source, {', '.join(nothing_yet)} opens nothing")
    if as_json:
        emit_json({"name": name, **_credentials(issued), **_rights(access)})
        return
    console.print(f"partner {escape(name)} may call {target.api_url}")
    _show(issued)


@app.command("rotate", epilog="Example: [bold]crossdock partners rotate acme --overlap-hours 48[/bold]")
def rotate_command(
    ctx: typer.Context,
    name: Name,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=8760, help="How long the old credentials go on beside the new ones.")
    ] = _OVERLAP_HOURS,
    as_json: AsJson = False,
) -> None:
    """Give a partner new credentials; those it has end after the overlap, and the end is stated."""
    issued = partner_access.rotate(connect(ctx.obj), name, system_clock(), timedelta(hours=overlap_hours))
    if as_json:
        emit_json(
            {"name": name, **_credentials(issued), "old_ends_at": issued.old_ends_at, "cut_off_at": issued.cut_off_at}
        )
        return
    if issued.cut_off_at:
        console.print(
            f"the rotation of {issued.cut_off_at} was cut off: what it made, it showed nobody, and it is gone"
        )
    _show(issued)
    if issued.old_ends_at:
        console.print(f"what partner {escape(name)} had ends at {issued.old_ends_at}")


@app.command("list", epilog="Example: [bold]crossdock --stage dev partners list[/bold]")
def list_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the partners with their rights, limits and credentials."""
    found = listing(connect(ctx.obj))
    if as_json:
        emit_json([_document(one) for one in found])
        return
    console.print(
        table(("partner", "active", "scopes", "sources", "channels", "customers", "limit", "credentials"), _rows(found))
    )


@app.command("disable", epilog="Example: [bold]crossdock partners disable acme[/bold]")
def disable_command(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Shut a partner out with all its credentials, within a minute; `enable` lets it in again with them."""
    _switch(connect(ctx.obj), name, active=False, as_json=as_json)


@app.command("enable", epilog="Example: [bold]crossdock partners enable acme[/bold]")
def enable_command(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Let a partner in again that was shut out."""
    _switch(connect(ctx.obj), name, active=True, as_json=as_json)


@app.command("end", epilog="Example: [bold]crossdock partners end acme 3f2a9c41d07b[/bold]")
def end_command(
    ctx: typer.Context,
    name: Name,
    credential: Annotated[str, typer.Argument(help="The beginning of its id, as the list shows it.")],
    as_json: AsJson = False,
) -> None:
    """End one key or client now, within a minute: one that got into wrong hands."""
    ended = partner_access.end(connect(ctx.obj), name, credential)
    if as_json:
        emit_json({"name": name, "ended": {"kind": ended.kind, "id": ended.id}})
        return
    console.print(f"the {ended.kind} {ended.id[:12]} of partner {escape(name)} is ended")


@app.command("remove", epilog="Example: [bold]crossdock partners remove acme[/bold]")
def remove_command(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Take a partner away with its keys and clients: they stop working within a minute."""
    if not remove(connect(ctx.obj), name):
        raise CliError(f"there is no partner '{name}'", "see: crossdock partners list")
    if as_json:
        emit_json({"name": name, "removed": True})
        return
    console.print(f"partner {escape(name)} is shut out")


@app.command("renew-cursors", epilog="Example: [bold]crossdock partners renew-cursors[/bold]")
def renew_cursors_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Sign the cursors of pages with a new key: listings that are under way begin again, within a minute."""
    connect(ctx.obj).write_secret_document("cursors", "key", {"k1": random.token_urlsafe(_CURSOR_KEY_BYTES)})
    if as_json:
        emit_json({"renewed": True})
        return
    console.print("cursors have a new key: whoever is amid a listing is told to begin again")


def add(target: Target, rights: PartnerAccess) -> str:
    """Lets a partner in by a key; returns the key. Raises CliError when the name is taken or a right unknown."""
    return partner_access.add(target, rights, system_clock()).api_key or ""


listing = partner_access.listing
remove = partner_access.remove


def _switch(target: Target, name: str, *, active: bool, as_json: bool) -> None:
    partner_access.switch(target, name, active=active)
    if as_json:
        emit_json({"name": name, "active": active})
        return
    console.print(f"partner {escape(name)} is {'let in' if active else 'shut out'}, within a minute")


# -- showing ------------------------------------------------------------------------------------


def _show(issued: Issued) -> None:
    if issued.api_key:
        console.print(f"X-Api-Key: {issued.api_key}", markup=False)
    if issued.client_id:
        console.print(f"token address: {issued.token_url}", markup=False)
        console.print(f"client_id: {issued.client_id}", markup=False)
        console.print(f"client_secret: {issued.client_secret}", markup=False)
    console.print("[dim]No key or secret is stored here, and none can be shown again.[/dim]")


def _credentials(issued: Issued) -> dict[str, Any]:
    shown = asdict(issued)
    shown.pop("old_ends_at")
    return shown


def _rights(access: PartnerAccess) -> dict[str, Any]:
    lists = {what: list(getattr(access, what)) for what in ("scopes", "sources", "channels", "customers")}
    return {**lists, "rate": access.rate, "burst": access.burst, "sandbox": access.sandbox}


def _document(one: Listed) -> dict[str, Any]:
    credentials = [{n: v for n, v in asdict(c).items() if n != "gateway_key"} for c in one.credentials]
    return {
        "name": one.access.partner,
        "active": one.access.active,
        **_rights(one.access),
        "credentials": [{**c, "active": _active(k)} for c, k in zip(credentials, one.credentials, strict=True)],
    }


def _rows(found: list[Listed]) -> list[tuple[str, ...]]:
    return [
        (
            one.access.partner + (" (sandbox)" if one.access.sandbox else ""),
            "yes" if one.access.active else "no",
            *(" ".join(r) for r in (one.access.scopes, one.access.sources, one.access.channels, one.access.customers)),
            f"{one.access.rate}/s, {one.access.burst} at once",
            "\n".join(_credential(c) for c in one.credentials),
        )
        for one in found
    ]


def _credential(credential: Credential) -> str:
    until = f" until {credential.ends_at}" if credential.ends_at else ""
    return f"{credential.kind} {credential.id[:12]}{until if _active(credential) else ' ended'}"


def _active(credential: Credential) -> bool:
    return credential.ends_at is None or credential.ends_at > to_text(system_clock())
