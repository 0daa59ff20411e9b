"""Partners' credentials from the first to the last, against the engine's API Gateway, Cognito and DynamoDB."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock.identity.callers import Callers, RefusedError
from crossdock.identity.partners import SCOPES, Credential, PartnerAccess, Partners, hashed, usage_key
from crossdock.identity.tokens import RESOURCE_SERVER, PublishedKeys, Tokens
from crossdock.platform.outbound import Http
from crossdock_cli import partner_access, partners
from crossdock_cli.errors import CliError
from crossdock_cli.partner_checks import SANDBOX_SCOPES
from infra.constructs import partner_pool
from tests.support.crashes import Killed

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

ACME = PartnerAccess("acme", ("inventory:read", "prices:read"), ("wms",), ("webshop",), ("C1",))
BETA = PartnerAccess("beta", ("inventory:read",), ("erp",))
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def stage(fresh: Target) -> Target:
    """As the deployment leaves it: a usage plan, a user pool with our scopes, secrets of sources and channels."""
    fresh.apigateway.create_usage_plan(name="crossdock-local-partners")
    pools = fresh.session.client("cognito-idp", **fresh.options)
    pool = pools.create_user_pool(PoolName="crossdock-local-partners")["UserPool"]["Id"]
    pools.create_resource_server(
        UserPoolId=pool,
        Identifier=RESOURCE_SERVER,
        Name="Partner API",
        Scopes=[{"ScopeName": s, "ScopeDescription": s} for s in SCOPES],
    )
    for name in ("sources/wms", "sources/erp", "sources/sandbox", "channels/webshop", "channels/sandbox"):
        fresh.secrets.create_secret(Name=f"crossdock/local/{name}", SecretString="{}")
    return fresh


def callers(stage: Target, at: datetime = AT) -> Callers:
    """The authorizer's own code over the engine's pool and table."""
    assert stage.state is not None
    pool = partner_access.pool_of(stage)
    keys = PublishedKeys(f"{stage.state.endpoint}/{pool}/.well-known/jwks.json", Http(allow_plain=True).get)
    issuer = f"https://cognito-idp.{stage.state.region}.amazonaws.com/{pool}"
    return Callers(Partners(partner_access.store(stage)._table), Tokens(issuer, keys), lambda: at)


def token(issued: partner_access.Issued, scope: str | None = None) -> str:
    """What the pool's token endpoint gives for a client's credentials (RFC 6749, 4.4)."""
    assert issued.token_url is not None
    basic = base64.b64encode(f"{issued.client_id}:{issued.client_secret}".encode()).decode()
    form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
    request = urllib.request.Request(  # noqa: S310 - the engine's own address
        issued.token_url,
        urllib.parse.urlencode(form).encode(),
        {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request) as answer:
        document: dict[str, Any] = json.loads(answer.read())
    assert document["token_type"] == "Bearer"
    return str(document["access_token"])


def refused(found: Callers, *headers: str) -> str:
    with pytest.raises(RefusedError) as exc:
        found.find(*headers)
    return exc.value.why


def rows(stage: Target) -> list[str]:
    items = stage.dynamodb.scan(TableName="crossdock-local-identity")["Items"]
    return sorted(f"{r['pk']['S']} {r['sk']['S']}" for r in items)


# -- OAuth ---------------------------------------------------------------------------------------------------------


def test_a_clients_token_is_its_partners_and_carries_no_more_than_both_allow(stage: Target) -> None:
    issued = partner_access.add(stage, ACME, AT, key=False, oauth=True)
    found = callers(stage).find("", "Bearer " + token(issued))

    assert issued.api_key is None
    assert issued.client_id is not None
    assert (found.access, found.by, found.usage_key) == (ACME, "client", usage_key(issued.client_id))
    assert set(found.scopes) == {"inventory:read", "prices:read"}
    one = token(issued, f"{RESOURCE_SERVER}/prices:read")
    assert callers(stage).find("", "bearer " + one).scopes == ("prices:read",)
    partner_access.store(stage).keep(PartnerAccess("acme", ("inventory:read",), ("wms",)))
    assert callers(stage).find("", "Bearer " + one).scopes == (), "the right was taken away after the token was given"
    keys = stage.apigateway.get_api_keys(includeValues=True)["items"]
    assert [k["value"] for k in keys] == [usage_key(issued.client_id)]


def test_tokens_of_others_let_nobody_in(stage: Target) -> None:
    acme = partner_access.add(stage, ACME, AT, key=False, oauth=True)
    beta = partner_access.add(stage, BETA, AT, key=False, oauth=True)
    assert callers(stage).find("", "Bearer " + token(beta)).access.partner == "beta"
    mine = token(acme)

    # A client that the pool knows and no partner has.
    pools = stage.session.client("cognito-idp", **stage.options)
    stranger = pools.create_user_pool_client(
        UserPoolId=partner_access.pool_of(stage),
        ClientName="stranger",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=[f"{RESOURCE_SERVER}/inventory:read"],
    )["UserPoolClient"]
    theirs = partner_access.Issued(None, stranger["ClientId"], stranger["ClientSecret"], acme.token_url)
    assert refused(callers(stage), "", "Bearer " + token(theirs)) == "client-unknown"
    # Another pool of the same engine, with its own keys.
    other = callers(stage)
    other.tokens = Tokens(other.tokens.issuer + "x", other.tokens.keys)
    assert refused(other, "", "Bearer " + mine) == "token-issuer"
    head, body, _ = mine.split(".")
    assert refused(callers(stage), "", f"Bearer {head}.{body}.{token(beta).split('.')[2]}") == "token-signature"
    partner_access.switch(stage, "acme", active=False)
    assert refused(callers(stage), "", "Bearer " + mine) == "client-unknown"


# -- rotation ------------------------------------------------------------------------------------------------------


def test_rotation_leaves_no_gap_and_the_old_key_ends_when_it_was_said(stage: Target) -> None:
    old = partner_access.add(stage, ACME, AT).api_key
    issued = partner_access.rotate(stage, "acme", AT, WEEK)
    new = issued.api_key
    assert old
    assert new
    assert old != new
    assert issued.old_ends_at == "2026-11-28T08:00:00.000Z"

    for key in (old, new):
        assert callers(stage, AT + WEEK - timedelta(seconds=1)).find(key, "").access == ACME
    assert refused(callers(stage, AT + WEEK), old, "") == "key-ended"
    assert callers(stage, AT + WEEK).find(new, "").access == ACME

    with pytest.raises(CliError, match="has two active keys already") as problem:
        partner_access.rotate(stage, "acme", AT, WEEK)
    assert "2026-11-28T08:00:00.000Z" in problem.value.remedy
    third = partner_access.rotate(stage, "acme", AT + WEEK, timedelta(0)).api_key
    assert third
    (listed,) = partner_access.listing(stage)
    assert {c.id for c in listed.credentials} == {hashed(new), hashed(third)}, "what had ended is cleared away"
    assert {k["value"] for k in stage.apigateway.get_api_keys(includeValues=True)["items"]} == {new, third}
    assert refused(callers(stage, AT + WEEK), new, "") == "key-ended", "no overlap was asked for"


@pytest.mark.parametrize("written", [1, 2, 3, 4])
def test_a_rotation_that_died_is_finished_by_the_next(
    stage: Target, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """It dies behind one of its rows: the key's, the client's, and the ends of the two old ones."""
    old = partner_access.add(stage, ACME, AT, oauth=True)
    admit, rows = Partners.admit, []

    def dies(partners: Partners, name: str, credential: Credential) -> None:
        admit(partners, name, credential)
        rows.append(credential)
        if len(rows) == written:
            raise Killed

    monkeypatch.setattr(Partners, "admit", dies)
    with pytest.raises(Killed):
        partner_access.rotate(stage, "acme", AT + timedelta(hours=1), WEEK)
    monkeypatch.setattr(Partners, "admit", admit)

    later = AT + timedelta(hours=2)
    if written == 4:  # all was done but the showing
        with pytest.raises(CliError, match="has two active keys already"):
            partner_access.rotate(stage, "acme", later, WEEK)
        return
    issued = partner_access.rotate(stage, "acme", later, WEEK)

    assert issued.cut_off_at == "2026-11-21T09:00:00.000Z"
    (listed,) = partner_access.listing(stage)
    assert {c.id: c.ends_at is None for c in listed.credentials} == {
        hashed(old.api_key or ""): False,
        old.client_id: False,
        hashed(issued.api_key or ""): True,
        issued.client_id: True,
    }
    assert callers(stage, later).find(issued.api_key or "", "").access == ACME
    assert len(stage.apigateway.get_api_keys()["items"]) == 4


def test_each_kind_of_credential_is_rotated(stage: Target) -> None:
    first = partner_access.add(stage, ACME, AT, key=True, oauth=True)
    second = partner_access.rotate(stage, "acme", AT, WEEK)

    assert None not in (first.api_key, first.client_id, second.api_key, second.client_id, second.client_secret)
    for one in (first, second):
        assert callers(stage).find("", "Bearer " + token(one)).access == ACME
    late = callers(stage, AT + WEEK)
    assert refused(late, "", "Bearer " + token(first)) == "client-ended"
    assert late.find("", "Bearer " + token(second)).access == ACME


def test_one_credential_can_be_ended_at_once(stage: Target) -> None:
    old = partner_access.add(stage, ACME, AT, oauth=True)
    assert old.api_key
    assert old.client_id
    assert partner_access.end(stage, "acme", hashed(old.api_key)[:12]).kind == "key"
    assert refused(callers(stage), old.api_key, "") == "key-unknown"
    assert callers(stage).find("", "Bearer " + token(old)).access == ACME
    with pytest.raises(CliError, match="0 credentials of 'acme' begin with 'ffff'"):
        partner_access.end(stage, "acme", "ffff")
    with pytest.raises(CliError, match="there is no partner 'beta'"):
        partner_access.end(stage, "beta", old.client_id)


def test_who_is_shut_out_comes_back_with_what_he_had_and_who_is_removed_does_not(stage: Target) -> None:
    issued = partner_access.add(stage, ACME, AT, oauth=True)
    assert issued.api_key
    partner_access.switch(stage, "acme", active=False)
    assert refused(callers(stage), issued.api_key, "") == "key-unknown"
    partner_access.switch(stage, "acme", active=True)
    assert callers(stage).find(issued.api_key, "").access == ACME

    assert partner_access.remove(stage, "acme") is True
    assert rows(stage) == []
    assert stage.apigateway.get_api_keys()["items"] == []
    pools = stage.session.client("cognito-idp", **stage.options)
    clients = pools.list_user_pool_clients(UserPoolId=partner_access.pool_of(stage))["UserPoolClients"]
    assert clients == []


# -- the sandbox ---------------------------------------------------------------------------------------------------

SANDBOX = PartnerAccess("trial", SANDBOX_SCOPES, ("sandbox",), ("sandbox",), ("C1",), sandbox=True)


def test_a_sandbox_partner_has_what_is_the_sandboxs(stage: Target) -> None:
    key = partner_access.add(stage, SANDBOX, AT).api_key
    assert key
    assert callers(stage).find(key, "").access == SANDBOX


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"sources": ("wms",)}, "a sandbox partner has sources of the sandbox and no others"),
        ({"sources": ("sandbox", "wms")}, "a sandbox partner has sources of the sandbox and no others"),
        ({"sources": ()}, "a sandbox partner has sources of the sandbox and no others"),
        ({"channels": ("webshop",)}, "a sandbox partner has channels of the sandbox and no others"),
        ({"scopes": ("prices:write", "prices:read")}, "a sandbox partner cannot have prices:write"),
        ({"scopes": ("inventory:allocate",)}, "a sandbox partner cannot have inventory:allocate"),
        ({"customers": ("*",)}, "a sandbox partner cannot ask for every customer's prices"),
        ({"rate": 0}, "0 a second and 100 at once is no limit"),
        ({"rate": 50, "burst": 49}, "50 a second and 49 at once is no limit"),
    ],
)
def test_a_sandbox_partner_is_given_nothing_real(stage: Target, changes: dict[str, Any], problem: str) -> None:
    wanted = {"scopes": SANDBOX_SCOPES, "sources": ("sandbox",), "channels": ("sandbox",), "customers": (), **changes}
    with pytest.raises(CliError) as refusal:
        partner_access.add(stage, PartnerAccess("trial", sandbox=True, **wanted), AT)
    assert refusal.value.message == problem
    assert refusal.value.remedy
    assert rows(stage) == []
    assert stage.apigateway.get_api_keys()["items"] == []


def test_the_pools_scopes_begin_as_tokens_are_read() -> None:
    assert partner_pool.RESOURCE_SERVER == RESOURCE_SERVER


# -- the commands --------------------------------------------------------------------------------------------------


def said(stage: Target, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setattr(partners, "connect", lambda _: stage)
    monkeypatch.setattr(type(stage), "api_url", "http://api")
    done = CliRunner().invoke(partners.app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_commands_show_a_secret_once(stage: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    made = said(stage, monkeypatch, "add", "acme", "--scope", "prices:read", "--both", "--rate", "5", "--burst", "9")
    key = re.search(r"X-Api-Key: (ck_\S+)", made)
    secret = re.search(r"client_secret: (\S+)", made)
    assert key
    assert secret
    assert "/oauth2/token" in made

    listed = json.loads(said(stage, monkeypatch, "list", "--json"))
    assert [(p["name"], p["rate"], p["burst"], p["sandbox"], p["active"]) for p in listed] == [
        ("acme", 5, 9, False, True)
    ]
    assert sorted((c["kind"], c["active"]) for c in listed[0]["credentials"]) == [("client", True), ("key", True)]
    for shown in (said(stage, monkeypatch, "list"), json.dumps(listed)):
        assert key[1] not in shown
        assert secret[1] not in shown

    rotated = json.loads(said(stage, monkeypatch, "rotate", "acme", "--overlap-hours", "2", "--json"))
    assert rotated["api_key"] not in (None, key[1])
    assert rotated["old_ends_at"]
    ended = json.loads(said(stage, monkeypatch, "end", "acme", hashed(key[1])[:12], "--json"))
    assert ended == {"name": "acme", "ended": {"kind": "key", "id": hashed(key[1])}}
    assert json.loads(said(stage, monkeypatch, "disable", "acme", "--json")) == {"name": "acme", "active": False}
    assert json.loads(said(stage, monkeypatch, "list", "--json"))[0]["active"] is False


def test_a_sandbox_partner_needs_no_scopes_said(stage: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--sandbox", "--source", "sandbox", "--channel", "sandbox", "--json")
    made = json.loads(said(stage, monkeypatch, "add", "trial", *options))
    assert (made["sandbox"], made["scopes"]) == (True, list(SANDBOX_SCOPES))
    assert made["client_id"] is None
