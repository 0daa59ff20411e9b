"""What a role may do: exact actions on exact resources, written out."""

from collections.abc import Sequence
from typing import Final, Literal

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

# The ones a table under a customer-managed key asks of its callers, beside the table's own actions.
_READ: Final = ("kms:Decrypt", "kms:DescribeKey")
_WRITE: Final = ("kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")
_WRITING: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"})


def allow(actions: Sequence[str], *resources: str) -> iam.PolicyStatement:
    """One statement."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


def allow_table(table_arn: str, *actions: str) -> iam.PolicyStatement:
    """DynamoDB actions, given without their prefix, on the table itself and not on its indexes."""
    return allow([f"dynamodb:{action}" for action in actions], table_arn)


def key_actions(table_actions: Sequence[str]) -> tuple[str, ...]:
    """The KMS actions that go with table actions given without their prefix."""
    return _READ + _WRITE if _WRITING.intersection(table_actions) else _READ


def allow_send(key_arn: str | None, *queue_arns: str) -> list[iam.PolicyStatement]:
    """Sending to queues, which asks their key for a data key, and for its decryption while that one is in use."""
    keyed = [allow_key(key_arn, "sqs", ["kms:Decrypt", "kms:GenerateDataKey"])] if key_arn else []
    return [allow(["sqs:SendMessage"], *queue_arns), *keyed]


def allow_key(
    key_arn: str, service: Literal["dynamodb", "s3", "secretsmanager", "sqs"], actions: Sequence[str]
) -> iam.PolicyStatement:
    """KMS actions on one key, and only when the named service asks on the caller's behalf."""
    via = f"{service}.{Aws.REGION}.amazonaws.com"
    return iam.PolicyStatement(
        actions=list(actions),
        resources=[key_arn],
        conditions={"StringEquals": {"kms:ViaService": via}},
    )
