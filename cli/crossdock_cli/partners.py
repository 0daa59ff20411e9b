"""`crossdock partners …`: who may call the API, with which rights and for which sources.

A partner is two things that belong together: a key in API Gateway's usage plan (rate and
quota) and a row in the identity table that the authorizer reads (scopes, sources, channels and customers).
The row holds the SHA-256 of the key; the key itself is shown once, here.
"""

from __future__ import annotations

import re
import secrets as random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from crossdock.contracts.names import CUSTOMER
from crossdock.identity.partners import ANY_CUSTOMER, SCOPES, PartnerAccess, Partners, hashed
from crossdock.platform.dynamo import Table
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_apigateway.type_defs import ApiKeyTypeDef

app = typer.Typer(help="Partners: who may call the API, and for what.", no_args_is_help=True)

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_KEY_BYTES: Final = 32
# API Gateway takes some 8 KB of an authorizer in all.
_CUSTOMERS_LENGTH: Final = 5_000


@dataclass(frozen=True)
class Partner:
    """A key as an operator sees it: everything but the key."""

    name: str
    active: bool
    scopes: list[str]
    sources: list[str]
    channels: list[str]
    customers: list[str]
    key_hash: str
    key_id: str


@app.command(
    "add",
    epilog="Example: [bold]crossdock partners add acme --scope inventory:read --source wms[/bold]",
)
def add_command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and dashes.")],
    scope: Annotated[list[str], typer.Option(help=f"A right: {' or '.join(SCOPES)}; give it several times.")],
    source: Annotated[list[str] | None, typer.Option(help="A source it may send facts for; several times.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="A channel of its own; several times.")] = None,
    customer: Annotated[
        list[str] | None, typer.Option(help="A customer it may ask prices for, or '*' for all; several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a partner in: create its API key and print it, once."""
    target = connect(ctx.obj)
    rights = PartnerAccess(name, tuple(scope), tuple(source or ()), tuple(channel or ()), tuple(customer or ()))
    key = add(target, rights)
    if as_json:
        named = ("scopes", "sources", "channels", "customers")
        emit_json({"name": name, "api_key": key, **{what: list(getattr(rights, what)) for what in named}})
        return
    console.print(f"partner {escape(name)} may call {target.api_url}")
    console.print(f"X-Api-Key: {key}", markup=False)
    console.print("[dim]The key is not stored and cannot be shown again.[/dim]")


@app.command("list", epilog="Example: [bold]crossdock --stage dev partners list[/bold]")
def list_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the partners with their rights."""
    found = listing(connect(ctx.obj))
    if as_json:
        emit_json([asdict(partner) for partner in found])
        return
    rows = (
        (
            p.name,
            "yes" if p.active else "no",
            *(" ".join(r) for r in (p.scopes, p.sources, p.channels, p.customers)),
            p.key_hash[:12],
        )
        for p in found
    )
    console.print(table(("partner", "active", "scopes", "sources", "channels", "customers", "key (sha256)"), rows))


@app.command("remove", epilog="Example: [bold]crossdock partners remove acme[/bold]")
def remove_command(ctx: typer.Context, name: Annotated[str, typer.Argument()]) -> None:
    """Shut a partner out: its key stops working within the authorizer's cache time (5 minutes)."""
    if not remove(connect(ctx.obj), name):
        raise CliError(f"there is no partner '{name}'", "see: crossdock partners list")
    console.print(f"partner {escape(name)} is shut out")


def add(target: Target, rights: PartnerAccess) -> str:
    """Creates the key and its rights; returns the key. Raises CliError when the name is taken or a right unknown."""
    name = rights.partner
    _check(target, name, rights.scopes, rights.sources)
    _check_known(target, "channels", rights.channels)
    _check_customers(rights.customers)
    plan = _usage_plan(target)
    key = "ck_" + random.token_urlsafe(_KEY_BYTES)
    created = target.apigateway.create_api_key(name=target.name(name), value=key, enabled=True)
    target.apigateway.create_usage_plan_key(usagePlanId=plan, keyId=created["id"], keyType="API_KEY")
    # Last, because only with the row does the authorizer let the key in.
    _granted(target).grant(key, rights)
    return key


def listing(target: Target) -> list[Partner]:
    """All partners of the stage, by name."""
    keys = list(_keys(target))
    rows = _granted(target).accesses([hashed(key["value"]) for key in keys])
    prefix = target.name("")
    return sorted(
        (_partner(key, rows, prefix) for key in keys),
        key=lambda partner: partner.name,
    )


def remove(target: Target, name: str) -> bool:
    """Takes a partner's rights and key away, the rights first. False when there is no such partner."""
    partner = next((p for p in listing(target) if p.name == name), None)
    if partner is None:
        return False
    _granted(target).withdraw(partner.key_hash)
    target.apigateway.delete_api_key(apiKey=partner.key_id)
    return True


def _granted(target: Target) -> Partners:
    return Partners(Table(target.dynamodb, target.name("identity")))


def _check(target: Target, name: str, scopes: Sequence[str], sources: Sequence[str]) -> None:
    if not _NAME.fullmatch(name):
        raise CliError(f"'{name}' cannot be a partner's name", "use lower-case letters, digits and dashes")
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise CliError(f"unknown scope {', '.join(unknown)}", f"the scopes are {', '.join(SCOPES)}")
    _check_known(target, "sources", sources)
    if any(partner.name == name for partner in listing(target)):
        raise CliError(f"partner '{name}' exists", f"choose another name, or: crossdock partners remove {name}")


def _check_known(target: Target, kind: str, names: Sequence[str]) -> None:
    if not names:
        return
    known = target.secret_names(kind)
    if strange := sorted(set(names) - set(known)):
        singular = kind.removesuffix("s")
        raise CliError(f"unknown {singular} {', '.join(strange)}", f"this stage has: {', '.join(known) or 'none'}")


def _check_customers(customers: Sequence[str]) -> None:
    """Customers are the ERP's, and need not be known yet; but the authorizer tells them to the functions."""
    for customer in customers:
        if customer != ANY_CUSTOMER and not re.fullmatch(CUSTOMER, customer):
            raise CliError(
                f"'{customer}' cannot be a customer", "name it as the ERP does: printable ASCII without #; or '*'"
            )
    if sum(len(c) + 1 for c in customers) > _CUSTOMERS_LENGTH:
        raise CliError(
            f"{len(customers)} customers are more than an answer of the authorizer holds",
            "give the key '*', or split the customers over several partners",
        )


def _usage_plan(target: Target) -> str:
    wanted = target.name("partners")
    for page in target.apigateway.get_paginator("get_usage_plans").paginate():
        for plan in page["items"]:
            if plan.get("name") == wanted:
                return plan["id"]
    raise CliError(
        f"there is no usage plan {wanted}", "deploy the stage first: make local, or make deploy STAGE=<stage>"
    )


def _keys(target: Target) -> Iterator[ApiKeyTypeDef]:
    prefix = target.name("")
    pages = target.apigateway.get_paginator("get_api_keys").paginate(nameQuery=prefix, includeValues=True)
    for page in pages:
        yield from (key for key in page["items"] if key.get("name", "").startswith(prefix))


def _partner(key: ApiKeyTypeDef, accesses: dict[str, PartnerAccess], prefix: str) -> Partner:
    key_hash = hashed(key["value"])
    access = accesses.get(key_hash)
    return Partner(
        name=key["name"].removeprefix(prefix),
        active=access is not None and bool(key.get("enabled")),
        scopes=list(access.scopes) if access else [],
        sources=list(access.sources) if access else [],
        channels=list(access.channels) if access else [],
        customers=list(access.customers) if access else [],
        key_hash=key_hash,
        key_id=key["id"],
    )
