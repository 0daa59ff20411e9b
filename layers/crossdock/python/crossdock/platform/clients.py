"""The one place where AWS clients are made.

They are made by botocore, not boto3: a client is the same and the import is 100 ms shorter on every cold start.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config

from crossdock.platform import deadline

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# The defaults are 60 s to connect and 60 s to read; DynamoDB and SQS answer in milliseconds or not at all. Retries are
# few because every caller of ours is itself retried: by SQS, by the stream, or by the partner.
_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"total_max_attempts": 3, "mode": "standard"},
    max_pool_connections=16,
    tcp_keepalive=True,
    # The stores build their requests from plain values in one place, and the service checks them anyway; checking them
    # here too took a quarter of the CPU time of a journal write.
    parameter_validation=False,
)


def _within_deadline(**_: Any) -> None:
    deadline.remaining_seconds(cap=1.0)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


@cache
def _client(service: str) -> Any:
    client = _session().create_client(service, config=_CONFIG)
    # Called before every attempt, retries included: an attempt that cannot be awaited is not begun.
    client.meta.events.register("before-send", _within_deadline)
    return client


def dynamodb() -> "DynamoDBClient":
    client: DynamoDBClient = _client("dynamodb")
    return client


def sqs() -> "SQSClient":
    client: SQSClient = _client("sqs")
    return client


def events() -> "EventBridgeClient":
    client: EventBridgeClient = _client("events")
    return client


def scheduler() -> "EventBridgeSchedulerClient":
    client: EventBridgeSchedulerClient = _client("scheduler")
    return client


def secrets() -> "SecretsManagerClient":
    client: SecretsManagerClient = _client("secretsmanager")
    return client


def s3() -> "S3Client":
    client: S3Client = _client("s3")
    return client
