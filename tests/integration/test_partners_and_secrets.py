"""Partners, sources and channels against the engine's API Gateway, DynamoDB and Secrets Manager."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from crossdock_cli import partners, secrets
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration


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
    key = partners.add(stage, "acme", ["inventory:write"], ["wms"])

    plan = stage.apigateway.get_usage_plans()["items"][0]["id"]
    assert [k["value"] for k in stage.apigateway.get_usage_plan_keys(usagePlanId=plan)["items"]] == [key]
    rows = stage.dynamodb.scan(TableName="crossdock-local-identity")["Items"]
    assert rows == [
        {
            "pk": {"S": f"K#{partners.hashed(key)}"},
            "sk": {"S": "KEY"},
            "partner": {"S": "acme"},
            "scopes": {"L": [{"S": "inventory:write"}]},
            "sources": {"L": [{"S": "wms"}]},
            "channels": {"L": []},
            "active": {"BOOL": True},
        }
    ]


def test_the_list_shows_rights_and_never_the_key(stage: Target) -> None:
    key = partners.add(stage, "acme", ["inventory:read"], [])
    partners.add(stage, "beta", ["inventory:write", "inventory:read"], ["wms", "erp"], ["webshop"])

    found = partners.listing(stage)

    assert [(p.name, p.active, p.scopes, p.sources, p.channels) for p in found] == [
        ("acme", True, ["inventory:read"], [], []),
        ("beta", True, ["inventory:write", "inventory:read"], ["wms", "erp"], ["webshop"]),
    ]
    assert key not in str(found)


def test_a_removed_partner_has_neither_key_nor_row(stage: Target) -> None:
    partners.add(stage, "acme", ["inventory:read"], [])

    assert partners.remove(stage, "acme") is True

    assert partners.listing(stage) == []
    assert stage.dynamodb.scan(TableName="crossdock-local-identity")["Items"] == []
    assert partners.remove(stage, "acme") is False


@pytest.mark.parametrize(
    ("name", "scope", "source", "channel", "problem"),
    [
        ("Acme Ltd", "inventory:read", "wms", "webshop", "'Acme Ltd' cannot be a partner's name"),
        ("acme", "inventory:rite", "wms", "webshop", "unknown scope inventory:rite"),
        ("acme", "inventory:read", "wmms", "webshop", "unknown source wmms"),
        ("acme", "inventory:read", "wms", "webshopp", "unknown channel webshopp"),
    ],
)
def test_a_refused_partner_leaves_nothing(
    stage: Target, name: str, scope: str, source: str, channel: str, problem: str
) -> None:
    with pytest.raises(CliError) as refusal:
        partners.add(stage, name, [scope], [source], [channel])

    assert refusal.value.message == problem
    assert refusal.value.remedy != ""
    assert stage.apigateway.get_api_keys()["items"] == []
    assert stage.dynamodb.scan(TableName="crossdock-local-identity")["Items"] == []


def test_a_name_is_given_once(stage: Target) -> None:
    partners.add(stage, "acme", ["inventory:read"], [])

    with pytest.raises(CliError) as refusal:
        partners.add(stage, "acme", ["inventory:read"], [])

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
