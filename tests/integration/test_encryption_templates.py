"""Everything at rest lies under the stage's own key, everything on its way is encrypted, and the key says for whom."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.conftest import Templates

pytestmark = pytest.mark.integration

# Where each kind of resource that keeps something says which key it is encrypted with.
KEPT = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::Events::Archive": ("KmsKeyIdentifier",),
    "AWS::Events::EventBus": ("KmsKeyIdentifier",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
}
# What keeps nothing of the business: settings, permissions, code that is in the repository, names.
SETTINGS = (
    "AWS::ApiGateway::",
    "AWS::CloudWatch::",
    "AWS::CodeDeploy::",
    "AWS::Cognito::",
    "AWS::Events::Rule",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Lambda::",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::ResourcePolicy",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::",
    "AWS::WAFv2::",
)


def test_whatever_keeps_facts_keeps_them_under_the_stages_key(prod: Templates) -> None:
    seen = set()
    for kind, way in KEPT.items():
        for stack, resource in prod.all(kind):
            value: Any = resource["Properties"]
            for part in way:
                value = value[part]
            assert prod.read(stack, value) == "key", f"{stack}: {resource}"
            seen.add(kind)
    for stack, bucket in prod.all("AWS::S3::Bucket"):
        (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert prod.read(stack, rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]) == "key"
    assert seen == set(KEPT)


def test_no_kind_of_resource_keeps_something_that_nobody_looked_at(prod: Templates) -> None:
    kinds = {r["Type"] for template in prod.stacks.values() for r in template["Resources"].values()}
    others = {k for k in kinds if k not in {*KEPT, "AWS::S3::Bucket"} and not k.startswith(SETTINGS)}
    assert others == set(), "say in KEPT where its key stands, or in SETTINGS that it keeps nothing"


def _statements(prod: Templates) -> list[dict[str, Any]]:
    ((_, key),) = prod.all("AWS::KMS::Key")
    statements: list[dict[str, Any]] = key["Properties"]["KeyPolicy"]["Statement"]
    return statements


def _service(prod: Templates, statement: dict[str, Any]) -> str | None:
    service = statement["Principal"].get("Service")
    return prod.read("data", service) if service else None


def test_services_use_the_key_in_nobodys_name_for_this_account_and_stage_only(prod: Templates) -> None:
    found = {}
    for statement in _statements(prod):
        service = _service(prod, statement)
        if service:
            conditions = {k: v for one in statement["Condition"].values() for k, v in one.items()}
            found.setdefault(service, []).append(conditions)
    assert set(found) == {"cloudwatch.amazonaws.com", "events.amazonaws.com", "logs.<Region>.amazonaws.com"}
    here = "<Region>:<AccountId>"
    (groups,) = found["logs.<Region>.amazonaws.com"]
    assert [prod.read("data", g) for g in groups["kms:EncryptionContext:aws:logs:arn"]] == [
        f"arn:<Partition>:logs:{here}:log-group:/aws/lambda/crossdock-prod-*",
        f"arn:<Partition>:logs:{here}:log-group:/aws/apigateway/crossdock-prod-*",
        f"arn:<Partition>:logs:{here}:log-group:aws-waf-logs-crossdock-prod-*",
    ]
    for conditions in (*found["cloudwatch.amazonaws.com"], *found["events.amazonaws.com"]):
        bus = conditions.get("kms:EncryptionContext:aws:events:event-bus:arn")
        bound = prod.read("data", bus) if bus else prod.read("data", conditions["aws:SourceAccount"])
        assert bound in {"<AccountId>", f"arn:<Partition>:events:{here}:event-bus/crossdock-prod"}


def test_every_log_group_has_a_name_that_the_key_lets_be_encrypted(prod: Templates) -> None:
    names = {r["Properties"]["LogGroupName"] for _, r in prod.all("AWS::Logs::LogGroup")}
    begin = ("/aws/lambda/crossdock-prod-", "/aws/apigateway/crossdock-prod-", "aws-waf-logs-crossdock-prod-")
    assert [name for name in names if not name.startswith(begin)] == []


def test_no_statement_lets_anybody_outside_the_account_use_the_key(prod: Templates) -> None:
    for statement in _statements(prod):
        principal = statement["Principal"]
        if "AWS" in principal:
            assert prod.read("data", principal["AWS"]) == "arn:<Partition>:iam::<AccountId>:root"
        assert "*" not in principal.values()


def test_a_bus_whose_facts_cannot_be_decrypted_puts_them_among_the_failures(prod: Templates) -> None:
    ((stack, bus),) = prod.all("AWS::Events::EventBus")
    assert prod.read(stack, bus["Properties"]["DeadLetterConfig"]["Arn"]) == "queue/failures"
    allowed = [
        prod.read(stack, s["Condition"]["ArnEquals"]["aws:SourceArn"])
        for stack, policy in prod.all("AWS::SQS::QueuePolicy")
        for s in policy["Properties"]["PolicyDocument"]["Statement"]
        if s["Effect"] == "Allow" and "BusEA82B648" in json.dumps(s["Condition"])
    ]
    assert allowed == ["bus/crossdock-prod"]


def test_queues_topics_and_buckets_refuse_what_is_not_encrypted_on_its_way(prod: Templates) -> None:
    guarded = set()
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"):
        for _, policy in prod.all(kind):
            denials = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
            plain = {"Bool": {"aws:SecureTransport": "false"}}
            assert any(s["Condition"] == plain and s["Principal"] in ("*", {"AWS": "*"}) for s in denials), policy
            guarded.add((kind, len(denials)))
    counts = {kind: len(list(prod.all(kind))) for kind in ("AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket")}
    policies = {"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"}
    assert {kind: len(list(prod.all(kind))) for kind in policies} == {
        "AWS::SQS::QueuePolicy": counts["AWS::SQS::Queue"],
        "AWS::SNS::TopicPolicy": counts["AWS::SNS::Topic"],
        "AWS::S3::BucketPolicy": counts["AWS::S3::Bucket"],
    }


def test_the_api_takes_tls_1_2_with_forward_secrecy_at_least_and_by_its_own_name(prod: Templates) -> None:
    ((_, api),) = prod.all("AWS::ApiGateway::RestApi")
    assert api["Properties"]["SecurityPolicy"] == "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
    assert api["Properties"]["EndpointAccessMode"] == "STRICT"


def test_nobody_may_change_or_remove_what_operators_did(prod: Templates) -> None:
    audit = prod.named("AWS::DynamoDB::Table", "TableName")["audit"]
    (statement,) = audit["ResourcePolicy"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
    assert {"dynamodb:DeleteItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"} <= set(statement["Action"])
