"""The stage's own key, and which services of AWS may use it for what.

A function is let to the key by its role (permissions.py). What stands here are the services that encrypt in nobody's
name: CloudWatch when an alarm rings, Logs when a line is written, EventBridge when a fact passes the bus. Each is bound
to this account and, where the service says what it encrypts, to the names of this stage.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from aws_cdk import ArnFormat, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

if TYPE_CHECKING:
    from infra.constructs.stack import StageStack

# CloudWatch Logs encrypts a group's lines with data keys that it keeps; the context names the group.
_LOG_GROUPS: Final = ("/aws/lambda/{stage}-*", "/aws/apigateway/{stage}-*", "aws-waf-logs-{stage}-*")
_USE: Final = ("kms:Decrypt", "kms:GenerateDataKey")


def make_key(stack: "StageStack", removal: RemovalPolicy) -> kms.Key:
    """`alias/crossdock/{stage}`: new key material every year; what was encrypted before stays readable."""
    stage = stack.plan.stage
    key = kms.Key(
        stack,
        "Key",
        alias=f"crossdock/{stage.name}",
        description=f"crossdock {stage.name}: tables, secrets, bodies, queues, bus, logs, alarms",
        enable_key_rotation=True,
        removal_policy=removal,
    )
    for statement in (_alarms(stack), _logs(stack), *_bus(stack)):
        key.add_to_resource_policy(statement)
    return key


def _alarms(stack: "StageStack") -> iam.PolicyStatement:
    """CloudWatch publishes alarms to the operators' encrypted topic as itself."""
    return _may("cloudwatch.amazonaws.com", _USE, {"StringEquals": {"aws:SourceAccount": stack.account}})


def _logs(stack: "StageStack") -> iam.PolicyStatement:
    groups = [
        stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=pattern.format(stage=f"crossdock-{stack.plan.stage.name}"),
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        for pattern in _LOG_GROUPS
    ]
    return _may(
        f"logs.{stack.region}.amazonaws.com",
        ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"),
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )


def _bus(stack: "StageStack") -> tuple[iam.PolicyStatement, ...]:
    """The bus and its archive, and rules that put what passes on encrypted queues."""
    own = {"StringEquals": {"aws:SourceAccount": stack.account}}
    bus = stack.format_arn(service="events", resource="event-bus", resource_name=f"crossdock-{stack.plan.stage.name}")
    rules = stack.format_arn(service="events", resource="rule", resource_name="*")
    kept = {"StringEquals": {"kms:EncryptionContext:aws:events:event-bus:arn": bus}}
    events = "events.amazonaws.com"
    return (
        _may(events, ("kms:DescribeKey",), own),
        _may(events, (*_USE, "kms:ReEncrypt*"), kept),
        _may(events, _USE, {**own, "ArnLike": {"aws:SourceArn": [rules, bus]}}),
    )


def _may(service: str, actions: tuple[str, ...], conditions: Mapping[str, object]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal(service)],
        actions=list(actions),
        resources=["*"],  # in a key's own policy: this key
        conditions=conditions,
    )
