"""Partners, sources and channels against the engine's API Gateway, DynamoDB and Secrets Manager."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossdock.identity.partners import PartnerAccess, hashed
from crossdock.platform.secrets import Secrets
from crossdock.pricing.quote_keys import QuoteKeys, sealer_of
from crossdock_cli import partners, quotes, secrets
from crossdock_cli.errors import CliError
from crossdock_cli.partner_checks import idle
from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

ACME = PartnerAccess("acme", ("inventory:read",), ())


@pytest.fixture
def stage(fresh: Target) -> Target:
    """A stage as the deployment leaves it: a usage plan, and secrets that hold the placeholder."""
    fresh.apigateway.create_usage_plan(name="crossdock-local-partners")
    for name in ("sources/wms", "sources/erp", "channels/webshop"):
        fresh.secrets.create_secret(
            Name=f"crossdock/local/{name}", SecretString=json.dumps({"status": "unset", "placeholder": "x"})
        )
    return fresh


def test_a_partner_is_a_key_in_the_plan_and_a_row_with_its_rights(stage: Target) -> None:
    key = partners.add(stage, PartnerAccess("acme", ("inventory:write",), ("wms",), (), ("C 1", "C2")))

    plan = stage.apigateway.get_usage_plans()["items"][0]["id"]
    assert [k["value"] for k in stage.apigateway.get_usage_plan_keys(usagePlanId=plan)["items"]] == [key]
    rows = {(r["pk"]["S"], r["sk"]["S"]): r for r in stage.dynamodb.scan(TableName="crossdock-local-identity")["Items"]}
    key_hash = hashed(key)
    assert set(rows) == {("PARTNERS", "acme"), ("PARTNER#acme", f"KEY#{key_hash}"), (f"K#{key_hash}", "KEY")}
    assert rows["PARTNERS", "acme"] == {
        "pk": {"S": "PARTNERS"},
        "sk": {"S": "acme"},
        "scopes": {"L": [{"S": "inventory:write"}]},
        "sources": {"L": [{"S": "wms"}]},
        "channels": {"L": []},
        "customers": {"L": [{"S": "C 1"}, {"S": "C2"}]},
        "rate": {"N": "50"},
        "burst": {"N": "100"},
        "sandbox": {"BOOL": False},
        "active": {"BOOL": True},
    }
    assert rows[f"K#{key_hash}", "KEY"]["partner"] == {"S": "acme"}
    assert key not in str(rows)


def test_the_list_shows_rights_and_never_the_key(stage: Target) -> None:
    key = partners.add(stage, ACME)
    partners.add(
        stage, PartnerAccess("beta", ("inventory:write", "inventory:read"), ("wms", "erp"), ("webshop",), ("C1", "*"))
    )

    found = partners.listing(stage)

    assert [p.access for p in found] == [
        ACME,
        PartnerAccess("beta", ("inventory:write", "inventory:read"), ("wms", "erp"), ("webshop",), ("C1", "*")),
    ]
    assert [c.id for c in found[0].credentials] == [hashed(key)]
    assert key not in str(found)


def test_a_removed_partner_has_neither_key_nor_row(stage: Target) -> None:
    partners.add(stage, ACME)

    assert partners.remove(stage, "acme") is True

    assert partners.listing(stage) == []
    assert stage.dynamodb.scan(TableName="crossdock-local-identity")["Items"] == []
    assert partners.remove(stage, "acme") is False


@pytest.mark.parametrize(
    ("name", "scope", "source", "channel", "customer", "problem"),
    [
        ("Acme Ltd", "inventory:read", "wms", "webshop", "C1", "'Acme Ltd' cannot be a partner's name"),
        ("acme", "inventory:rite", "wms", "webshop", "C1", "unknown scope inventory:rite"),
        ("acme", "inventory:read", "wmms", "webshop", "C1", "unknown source wmms"),
        ("acme", "inventory:read", "wms", "webshopp", "C1", "unknown channel webshopp"),
        ("acme", "inventory:read", "wms", "webshop", "C#1", "'C#1' cannot be a customer"),
    ],
)
def test_a_refused_partner_leaves_nothing(
    stage: Target, name: str, scope: str, source: str, channel: str, customer: str, problem: str
) -> None:
    with pytest.raises(CliError) as refusal:
        partners.add(stage, PartnerAccess(name, (scope,), (source,), (channel,), (customer,)))

    assert refusal.value.message == problem
    assert refusal.value.remedy != ""
    assert stage.apigateway.get_api_keys()["items"] == []
    assert stage.dynamodb.scan(TableName="crossdock-local-identity")["Items"] == []


def test_more_customers_than_an_authorizer_can_say_are_refused(stage: Target) -> None:
    many = tuple(f"CUSTOMER-{n:04}" for n in range(400))
    with pytest.raises(CliError, match="400 customers are more than an answer of the authorizer holds"):
        partners.add(stage, PartnerAccess("acme", ("prices:read",), (), (), many))
    assert partners.listing(stage) == []


def test_a_name_is_given_once(stage: Target) -> None:
    partners.add(stage, ACME)

    with pytest.raises(CliError) as refusal:
        partners.add(stage, ACME)

    assert refusal.value.message == "partner 'acme' exists"
    assert len(stage.apigateway.get_api_keys()["items"]) == 1


def test_rotation_keeps_the_previous_secret_until_it_is_dropped(stage: Target) -> None:
    first, first_kept = secrets.rotate_source(stage, "wms")
    second, second_kept = secrets.rotate_source(stage, "wms")
    third, _ = secrets.rotate_source(stage, "wms")

    assert (first_kept, second_kept) == (False, True)
    assert stage.secret_document("sources", "wms") == {"signing_secrets": [third, second]}
    assert first not in (second, third)
    assert secrets.drop_old_secrets(stage, "wms") == 1
    assert stage.secret_document("sources", "wms") == {"signing_secrets": [third]}
    assert secrets.drop_old_secrets(stage, "wms") == 0


def test_there_is_nothing_to_drop_before_the_first_secret(stage: Target) -> None:
    with pytest.raises(CliError) as refusal:
        secrets.drop_old_secrets(stage, "wms")

    assert refusal.value.remedy == "make one: crossdock sources rotate wms"


def test_a_channel_gets_a_secret_with_its_first_address_and_keeps_it_with_the_next(stage: Target) -> None:
    secret = secrets.set_channel(stage, "webshop", "http://127.0.0.1:1/a")

    assert secrets.set_channel(stage, "webshop", "http://127.0.0.1:1/b") is None
    assert stage.secret_document("channels", "webshop") == {
        "url": "http://127.0.0.1:1/b",
        "signing_secrets": [secret],
    }


def test_a_vendors_token_is_kept_with_its_address_and_nothing_is_signed_for_it(stage: Target) -> None:
    assert secrets.set_channel(stage, "webshop", "http://127.0.0.1:1/api", token=" shpat_1 ") is None
    assert stage.secret_document("channels", "webshop") == {"url": "http://127.0.0.1:1/api", "token": "shpat_1"}

    assert secrets.set_channel(stage, "webshop", token="shpat_2") is None
    assert secrets.set_channel(stage, "webshop", "http://127.0.0.1:1/moved") is None
    secrets.ensure_channel(stage, "webshop", "http://127.0.0.1:1/default")

    assert stage.secret_document("channels", "webshop") == {"url": "http://127.0.0.1:1/moved", "token": "shpat_2"}


def test_a_channels_first_call_names_its_address(stage: Target) -> None:
    before = stage.secret_document("channels", "webshop")
    with pytest.raises(CliError) as refusal:
        secrets.set_channel(stage, "webshop", token="shpat_1")

    assert refusal.value.remedy == "give it with --url"
    assert stage.secret_document("channels", "webshop") == before


def test_seeding_leaves_what_a_developer_has_set(stage: Target) -> None:
    secrets.set_channel(stage, "webshop", "http://127.0.0.1:1/mine")
    before = stage.secret_document("channels", "webshop")

    secrets.ensure_channel(stage, "webshop", "http://127.0.0.1:1/default")

    assert stage.secret_document("channels", "webshop") == before


def test_an_unknown_source_is_answered_with_the_known_ones(stage: Target) -> None:
    with pytest.raises(CliError) as refusal:
        secrets.rotate_source(stage, "wsm")

    assert refusal.value.message == "stage local has no source 'wsm'"
    assert "erp, wms" in refusal.value.remedy


def test_a_channel_address_must_be_one(stage: Target) -> None:
    with pytest.raises(CliError):
        secrets.set_channel(stage, "webshop", "shop.example/hooks")

    assert "url" not in stage.secret_document("channels", "webshop")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://shop.example/hooks", "it must begin with https://"),
        ("https://169.254.169.254/latest", "169.254.169.254 is not an address of the open internet (link-local)"),
        ("https://0x7f000001/hooks", "an IPv4 address in an odd spelling"),
        ("https://localhost/hooks", "is not an address of the open internet (loopback)"),
        ("https://ann:secret@shop.example/hooks", "it must not carry a user name or a password"),
    ],
)
def test_a_channel_in_the_cloud_is_only_told_at_an_address_of_the_open_internet(
    stage: Target, url: str, why: str
) -> None:
    before = stage.secret_document("channels", "webshop")

    with pytest.raises(CliError) as refusal:
        secrets.set_channel(Target("dev", stage.session, stage.state), "webshop", url)

    assert f"'{url}' is not an address deliveries can go to: " in refusal.value.message
    assert why in refusal.value.message
    assert refusal.value.remedy == "give a full https URL of a host on the open internet"
    assert stage.secret_document("channels", "webshop") == before


# -- the key of quotes ----------------------------------------------------------------------------


AT = datetime(2026, 11, 21, 8, tzinfo=UTC)


@pytest.fixture
def with_key(stage: Target) -> Target:
    """As the deployment leaves it: a generated first key."""
    stage.secrets.create_secret(
        Name="crossdock/local/quotes/key", SecretString=json.dumps({"seals_with": "k1", "k1": "generated"})
    )
    return stage


def active(stage: Target) -> tuple[str, list[str]]:
    sealer = sealer_of(stage.secret_document("quotes", "key"))
    return sealer.seals_with, sorted(sealer.keys)


def test_a_rotated_key_seals_while_the_one_before_stays_active(with_key: Target) -> None:
    quotes.rotate(with_key, AT)
    assert active(with_key) == ("k2", ["k1", "k2"])
    assert with_key.secret_document("quotes", "key")["k1"] == "generated"

    quotes.rotate(with_key, AT)
    assert active(with_key) == ("k3", ["k1", "k2", "k3"]), "quotes under the first may still stand"


def test_an_old_key_is_not_dropped_while_its_quotes_may_stand(with_key: Target) -> None:
    quotes.rotate(with_key, AT)
    before = with_key.secret_document("quotes", "key")

    with pytest.raises(CliError, match=r"may stand until 2026-11-22T08:01:00\.000Z"):
        quotes.drop_old_keys(with_key, AT + quotes.OLD_TOKENS_END - timedelta(seconds=1))
    assert with_key.secret_document("quotes", "key") == before

    quotes.drop_old_keys(with_key, AT + quotes.OLD_TOKENS_END)
    assert active(with_key) == ("k2", ["k2"])
    quotes.rotate(with_key, AT)
    assert active(with_key) == ("k3", ["k2", "k3"]), "a name is never given twice"
    quotes.drop_old_keys(with_key, AT, at_once=True)
    assert active(with_key) == ("k3", ["k3"])


def test_a_new_key_is_known_as_soon_as_a_token_names_it(with_key: Target) -> None:
    keys = QuoteKeys(Secrets(with_key.secrets, "crossdock/local/quotes/"))
    assert keys.sealer().seals_with == "k1"
    quotes.rotate(with_key, AT)

    assert set(keys.keys_for("cdq1.k1.x.y")) == {"k1"}, "what is known is not read again"
    # The document was read this moment: a token that names no known key does not make us read at each call.
    assert set(keys.keys_for("cdq1.k2.x.y")) == {"k1"}
    late = QuoteKeys(Aged(with_key))
    late.sealer()
    assert set(late.keys_for("cdq1.k2.x.y")) == {"k1", "k2"}


class Aged:
    """Secrets of which every kept one is older than a few seconds, and none a minute old."""

    def __init__(self, stage: Target) -> None:
        self._kept = {"seals_with": "k1", "k1": "generated"}
        self._stage = stage

    def get(self, name: str, remedy: str, max_age: int | None = None, *, needs: str) -> dict[str, Any]:
        return self._kept if max_age is None else self._stage.secret_document("quotes", name)


@pytest.mark.parametrize(
    ("scopes", "sources", "nothing"),
    [
        (("inventory:read", "inventory:write", "customers:write"), (), ["customers:write", "inventory:write"]),
        (("inventory:write",), ("wms",), []),
        (("inventory:read",), (), []),
    ],
)
def test_rights_that_open_nothing_without_a_source_are_known(
    scopes: tuple[str, ...], sources: tuple[str, ...], nothing: list[str]
) -> None:
    assert idle(PartnerAccess("acme", scopes, sources, ())) == nothing
