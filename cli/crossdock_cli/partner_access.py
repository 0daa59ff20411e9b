"""What letting partners in, shutting them out and changing their credentials does in AWS.

A credential is at two or three places, made in an order in which a death leaves nothing that lets somebody in and is on
no list: the gateway's key in the usage plan (or the pool's client beside it), then the rows that the authorizer reads.
"""

from __future__ import annotations

import secrets as random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from crossdock.identity.partners import Credential, PartnerAccess, Partners, hashed, usage_key
from crossdock.identity.tokens import RESOURCE_SERVER
from crossdock.platform.clock import from_text, to_text
from crossdock.platform.dynamo import Table
from crossdock_cli.errors import CliError
from crossdock_cli.partner_checks import check
from crossdock_cli.target import LOCAL, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

_KEY_BYTES: Final = 32
TOKEN_MINUTES: Final = 60
MOST_ACTIVE: Final = 2


@dataclass(frozen=True)
class Issued:
    """Credentials as they are shown, once; what was not asked for is None.

    `cut_off_at` is when a rotation began that died, and whose credentials were taken away.
    """

    api_key: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    token_url: str | None = None
    old_ends_at: str | None = None
    cut_off_at: str | None = None


@dataclass(frozen=True)
class Listed:
    """A partner as an operator sees it: everything but the secrets."""

    access: PartnerAccess
    credentials: list[Credential]


def store(target: Target) -> Partners:
    """The table of partners of a stage."""
    return Partners(Table(target.dynamodb, target.name("identity")))


def add(target: Target, access: PartnerAccess, now: datetime, *, key: bool = True, oauth: bool = False) -> Issued:
    """Lets a partner in. Raises CliError when the name is taken or a right unknown; nothing is made then."""
    check(target, access)
    _usage_plan(target)
    if oauth:
        pool_of(target)
    if not store(target).keep_new(access):
        raise CliError(
            f"partner '{access.partner}' exists", f"choose another name, or: crossdock partners remove {access.partner}"
        )
    return issue(target, access, now, key=key, oauth=oauth)


def issue(target: Target, access: PartnerAccess, now: datetime, *, key: bool, oauth: bool) -> Issued:
    """New credentials beside those that a partner has."""
    issued = Issued()
    if key:
        api_key = "ck_" + random.token_urlsafe(_KEY_BYTES)
        _admit(target, access.partner, "key", hashed(api_key), api_key, now)
        issued = replace(issued, api_key=api_key)
    if oauth:
        client, secret = _make_client(target, access)
        _admit(target, access.partner, "client", client, usage_key(client), now)
        issued = replace(issued, client_id=client, client_secret=secret, token_url=token_url(target))
    return issued


def rotate(target: Target, name: str, now: datetime, overlap: timedelta) -> Issued:
    """A new credential of each kind that the partner has; those it has end after the overlap.

    What has ended already is cleared away. A rotation that died before it stated an end is undone first: what it made
    it showed nobody. Raises CliError for an unknown partner, or one with two active of a kind.
    """
    access = _known(target, name)
    found = store(target).credentials(name)
    ended = [c for c in found if c.ends_at is not None and from_text(c.ends_at) <= now]
    unseen = _cut_off([c for c in found if c not in ended])
    active = [c for c in found if c not in ended and c not in unseen]
    for kind in ("key", "client"):
        of_kind = [c for c in active if c.kind == kind]
        if len(of_kind) >= MOST_ACTIVE:
            raise CliError(
                f"partner '{name}' has two active {kind}s already",
                f"the older one ends at {of_kind[0].ends_at}; rotate again then, or end it now: "
                f"crossdock partners end {name} {of_kind[0].id[:12]} (or the younger, if nobody was shown it: "
                f"crossdock partners end {name} {of_kind[-1].id[:12]})",
            )
    _take_away(target, name, [*ended, *unseen])
    kinds = {c.kind for c in active} or {"key"}
    issued = issue(target, access, now, key="key" in kinds, oauth="client" in kinds)
    ends_at = to_text(now + overlap)
    for old in active:
        # An end that was stated before stands: nobody is given more time than he was told.
        end = min(ends_at, old.ends_at) if old.ends_at else ends_at
        store(target).admit(name, replace(old, ends_at=end))
    ends = [min(ends_at, c.ends_at or ends_at) for c in active]
    return replace(issued, old_ends_at=max(ends, default=None), cut_off_at=unseen[0].made_at if unseen else None)


def _cut_off(active: Sequence[Credential]) -> list[Credential]:
    """What a rotation made that died before its end, and showed nobody: two of a kind without an end are its trace.

    It states the ends of what there was when it has made all that is new, all at one instant, and shows it then.
    """
    for kind in ("key", "client"):
        endless = [c for c in active if c.kind == kind and c.ends_at is None]
        if len(endless) >= MOST_ACTIVE:
            return [c for c in active if c.made_at == endless[-1].made_at and c.ends_at is None]
    return []


def end(target: Target, name: str, ident: str) -> Credential:
    """Takes one credential away now, by the beginning of its id. Raises CliError unless there is just one such."""
    _known(target, name)
    found = [c for c in store(target).credentials(name) if c.id.startswith(ident)]
    if len(found) != 1:
        raise CliError(f"{len(found)} credentials of '{name}' begin with '{ident}'", "see: crossdock partners list")
    _take_away(target, name, found)
    return found[0]


def switch(target: Target, name: str, *, active: bool) -> None:
    """Shuts a partner out with all its credentials, or lets it in again with them; within a minute."""
    store(target).keep(replace(_known(target, name), active=active))


def listing(target: Target) -> list[Listed]:
    """All partners of the stage, by name."""
    partners = store(target)
    return [Listed(access, partners.credentials(access.partner)) for access in partners.all()]


def remove(target: Target, name: str) -> bool:
    """Takes a partner away with everything it has, the rights first. False when there is no such partner."""
    if store(target).rights(name) is None:
        return False
    switch(target, name, active=False)
    _take_away(target, name, store(target).credentials(name))
    store(target).forget(name)
    return True


# -- AWS --------------------------------------------------------------------------------------------------------


def token_url(target: Target) -> str:
    """Where the pool gives out tokens."""
    if target.state is not None:
        return f"{target.state.endpoint}/oauth2/token"
    pool = _pools(target).describe_user_pool(UserPoolId=pool_of(target))["UserPool"]
    return f"https://{pool['Domain']}.auth.{target.session.region_name}.amazoncognito.com/oauth2/token"


def pool_of(target: Target) -> str:
    """The id of the stage's user pool. Raises CliError when it is not deployed."""
    wanted = target.name("partners")
    for page in _pools(target).get_paginator("list_user_pools").paginate(MaxResults=60):
        for pool in page["UserPools"]:
            if pool["Name"] == wanted:
                return str(pool["Id"])
    raise CliError(f"there is no user pool {wanted}", _deploy())


def _pools(target: Target) -> Any:
    return target.session.client("cognito-idp", **target.options)


def _make_client(target: Target, access: PartnerAccess) -> tuple[str, str]:
    """An app client that may ask for tokens by its secret, for these scopes, and do nothing else."""
    made = _pools(target).create_user_pool_client(
        UserPoolId=pool_of(target),
        ClientName=target.name(access.partner),
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=[f"{RESOURCE_SERVER}/{scope}" for scope in access.scopes],
        AccessTokenValidity=TOKEN_MINUTES,
        TokenValidityUnits={"AccessToken": "minutes"},
        EnableTokenRevocation=True,
    )["UserPoolClient"]
    return made["ClientId"], made["ClientSecret"]


def _admit(target: Target, name: str, kind: str, ident: str, value: str, now: datetime) -> None:
    made = target.apigateway.create_api_key(name=target.name(name), value=value, enabled=True)
    target.apigateway.create_usage_plan_key(usagePlanId=_usage_plan(target), keyId=made["id"], keyType="API_KEY")
    # Last, because only with the rows does the authorizer let anybody in.
    store(target).admit(name, Credential(kind, ident, made["id"], to_text(now)))


def _take_away(target: Target, name: str, credentials: Sequence[Credential]) -> None:
    """The rows first: from then on nobody is let in by it."""
    for one in credentials:
        store(target).withdraw(name, one)
        gateway = target.apigateway
        _quietly(gateway.delete_api_key, gateway.exceptions.NotFoundException, apiKey=one.gateway_key)
        if one.kind == "client":
            pools = _pools(target)
            missing = pools.exceptions.ResourceNotFoundException
            _quietly(pools.delete_user_pool_client, missing, UserPoolId=pool_of(target), ClientId=one.id)


def _quietly(delete: Any, missing: type[Exception], **which: str) -> None:
    """Deletes what may be gone already."""
    try:
        delete(**which)
    except missing:
        return


def _known(target: Target, name: str) -> PartnerAccess:
    access = store(target).rights(name)
    if access is None:
        raise CliError(f"there is no partner '{name}'", "see: crossdock partners list")
    return access


def _usage_plan(target: Target) -> str:
    wanted = target.name("partners")
    for page in target.apigateway.get_paginator("get_usage_plans").paginate():
        for plan in page["items"]:
            if plan.get("name") == wanted:
                return plan["id"]
    raise CliError(f"there is no usage plan {wanted}", _deploy())


def _deploy() -> str:
    return f"deploy the stage first: make {LOCAL}, or make deploy STAGE=<stage>"
