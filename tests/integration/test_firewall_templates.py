"""The firewall before the API: what it blocks, what it only counts and why, and what its log never holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.conftest import Templates

pytestmark = pytest.mark.integration


def _rules(prod: Templates) -> dict[str, dict[str, Any]]:
    ((_, acl),) = prod.all("AWS::WAFv2::WebACL")
    return {rule["Name"]: rule for rule in acl["Properties"]["Rules"]}


def test_the_firewall_stands_before_the_apis_stage_and_lets_through_what_no_rule_names(prod: Templates) -> None:
    ((stack, association),) = prod.all("AWS::WAFv2::WebACLAssociation")
    ((_, acl),) = prod.all("AWS::WAFv2::WebACL")
    address = prod.read(stack, association["Properties"]["ResourceArn"])
    assert address == "arn:<Partition>:apigateway:<Region>::/restapis/restapi/stages/stage"
    assert (acl["Properties"]["Scope"], acl["Properties"]["DefaultAction"]) == ("REGIONAL", {"Allow": {}})


def test_managed_rules_block_probes_and_no_rule_about_a_body_blocks(prod: Templates) -> None:
    """A blocked webhook is a lost fact, and 1,000 movements are larger than the 8 KB of the managed rule."""
    counted = {}
    for name, rule in _rules(prod).items():
        group = rule["Statement"].get("ManagedRuleGroupStatement")
        if group:
            assert rule["OverrideAction"] == {"None": {}}
            overrides = group.get("RuleActionOverrides", [])
            assert all(o["ActionToUse"] == {"Count": {}} for o in overrides)
            counted[name] = {o["Name"] for o in overrides}
    assert counted == {
        "AmazonIpReputationList": set(),
        "KnownBadInputsRuleSet": {"Log4JRCE_BODY", "JavaDeserializationRCE_BODY", "ReactJSRCE_BODY"},
        "CommonRuleSet": {
            "SizeRestrictions_BODY",
            "CrossSiteScripting_BODY",
            "GenericLFI_BODY",
            "GenericRFI_BODY",
            "EC2MetaDataSSRF_BODY",
            "NoUserAgent_HEADER",
        },
    }


def test_an_address_that_floods_is_told_to_come_later_and_not_that_it_is_forbidden(prod: Templates) -> None:
    limits = {}
    for name, rule in _rules(prod).items():
        rate = rule["Statement"].get("RateBasedStatement")
        if rate:
            answer = rule["Action"]["Block"]["CustomResponse"]
            assert (answer["ResponseCode"], answer["ResponseHeaders"]) == (
                429,
                [{"Name": "Retry-After", "Value": "300"}],
            )
            assert (rate["AggregateKeyType"], rate["EvaluationWindowSec"]) == ("IP", 300)
            limits[name] = rate["Limit"]
    # Twice what the usage plan gives one partner in five minutes.
    assert limits == {"requests-per-address": 2 * 100 * 300, "documents-per-address": 300}
    ((_, acl),) = prod.all("AWS::WAFv2::WebACL")
    (body,) = acl["Properties"]["CustomResponseBodies"].values()
    assert json.loads(body["Content"])["type"] == "urn:crossdock:problem:too-many-requests"


def test_the_firewalls_log_holds_neither_credentials_nor_whom_somebody_looked_for(prod: Templates) -> None:
    ((_, log),) = prod.all("AWS::WAFv2::LoggingConfiguration")
    redacted = log["Properties"]["RedactedFields"]
    headers = {f["SingleHeader"]["Name"] for f in redacted if "SingleHeader" in f}
    assert {"authorization", "x-api-key", "webhook-signature"} <= headers
    assert {"QueryString": {}} in redacted, "customers are looked for by their mail address"
    assert log["Properties"]["LoggingFilter"]["DefaultBehavior"] == "DROP"
    ((_, acl),) = prod.all("AWS::WAFv2::WebACL")
    seen = [acl["Properties"], *acl["Properties"]["Rules"]]
    assert {s["VisibilityConfig"]["SampledRequestsEnabled"] for s in seen} == {False}, "samples show whole headers"
    (destination,) = log["Properties"]["LogDestinationConfigs"]
    name = prod.read("api", destination).rsplit(":", 1)[-1]
    assert name == "aws-waf-logs-crossdock-prod-api", "WAF writes to groups of this prefix only"
    assert name in {r["Properties"]["LogGroupName"] for _, r in prod.all("AWS::Logs::LogGroup")}
