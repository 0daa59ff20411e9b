"""How a command reaches a stage.

`local` is the engine on this machine: its address and test credentials stand in the
state file that `crossdock local up` writes. Every other stage is an AWS account reached
with the ordinary credential chain. In both, every resource is found by its name
(`crossdock-{stage}-…`), so nothing needs to be looked up but the API's address.
"""

from __future__ import annotations

import json
import os
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.session
import typer
from botocore.config import Config

from crossdock_cli.errors import CliError
from crossdock_cli.local.paths import Paths
from crossdock_cli.local.state import READY, LocalState

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

LOCAL: Final = "local"
DEFAULT_STAGE: Final = LOCAL
API_STAGE: Final = "live"  # the API Gateway deployment stage; not to be confused with ours
# The alias of every function that is deployed in an account: the version that its callers reach.
LIVE: Final = "live"
_STAGE_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,20}")
# An operator waits at a prompt: give up on a dead endpoint in seconds, not in the SDK's minutes.
_TIMEOUTS: Final = Config(
    connect_timeout=3, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=32
)
# A function that is waited for runs for a quarter of an hour at most, and begun a second time it does its work twice.
_PATIENT: Final = Config(read_timeout=910, retries={"mode": "standard", "total_max_attempts": 1}, tcp_keepalive=True)


def check_stage(value: str) -> str:
    """The stage name as given, refused as wrong usage when it cannot be part of a resource name."""
    if not _STAGE_NAME.fullmatch(value):
        raise typer.BadParameter(f"'{value}' is not a stage name; try local, dev, staging or prod")
    return value


class Target:
    """One deployed stage: its clients, and the names of what was deployed."""

    def __init__(self, stage: str, session: boto3.session.Session, state: LocalState | None = None) -> None:
        self.stage = stage
        self.session = session
        self.state = state

    # -- clients, built on first use ------------------------------------------------------------

    @cached_property
    def apigateway(self) -> APIGatewayClient:
        return self.session.client("apigateway", **self.options)

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        return self.session.client("cloudformation", **self.options)

    @cached_property
    def cloudwatch(self) -> CloudWatchClient:
        return self.session.client("cloudwatch", **self.options)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return self.session.client("dynamodb", **self.options)

    @cached_property
    def events(self) -> EventBridgeClient:
        return self.session.client("events", **self.options)

    @cached_property
    def functions(self) -> LambdaClient:
        return self.session.client("lambda", **{**self.options, "config": self.options["config"].merge(_PATIENT)})

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        return self.session.client("logs", **self.options)

    @cached_property
    def s3(self) -> S3Client:
        return self.session.client("s3", **self.options)

    @cached_property
    def secrets(self) -> SecretsManagerClient:
        return self.session.client("secretsmanager", **self.options)

    @cached_property
    def sqs(self) -> SQSClient:
        return self.session.client("sqs", **self.options)

    @property
    def options(self) -> dict[str, Any]:
        """What every client of this stage is created with: timeouts, and the engine's address if it is local."""
        if self.state is None:
            return {"config": _TIMEOUTS}
        # A proxy of the environment cannot reach this machine's loopback address.
        return {"config": _TIMEOUTS.merge(Config(proxies={})), "endpoint_url": self.state.endpoint}

    # -- names ----------------------------------------------------------------------------------

    def name(self, suffix: str) -> str:
        """The physical name of a table, function, queue, stack or bus: `crossdock-{stage}-{suffix}`."""
        return f"crossdock-{self.stage}-{suffix}"

    @property
    def event_bus(self) -> str:
        return f"crossdock-{self.stage}"

    def function_name(self, function: str) -> str:
        """The deployed name of a folder under functions/: `apply_counts` → `crossdock-{stage}-apply-counts`."""
        return self.name(function.replace("_", "-"))

    def callee(self, function: str) -> str:
        """What is invoked of a function: the version that its callers reach, not the newest code."""
        name = self.function_name(function)
        return name if self.stage == LOCAL and not self._has_aliases else f"{name}:{LIVE}"

    @cached_property
    def _has_aliases(self) -> bool:
        """Whether the local engine was deployed with aliases; other stages always are."""
        return self.state is not None and self.state.aliases

    def queue_url(self, queue: str) -> str:
        """The URL of a queue by its short name, such as `movements` or `channel-webshop-dlq`."""
        return self.sqs.get_queue_url(QueueName=self.name(queue))["QueueUrl"]

    def secret_name(self, kind: str, name: str = "") -> str:
        """`crossdock/{stage}/sources/wms`; without a name, the prefix that all of a kind share."""
        return f"crossdock/{self.stage}/{kind}/{name}"

    @cached_property
    def bodies_bucket(self) -> str:
        """The bucket of large webhook bodies; all accounts share bucket names, so ours carries account and region."""
        account = self.session.client("sts", **self.options).get_caller_identity()["Account"]
        return f"{self.name('bodies')}-{account}-{self.session.region_name}"

    # -- what only the deployment knows ---------------------------------------------------------

    @cached_property
    def api_url(self) -> str:
        """The API's base address without a trailing slash."""
        outputs = self.outputs("api")
        if self.state is not None:
            # The emulator serves every API under its own address, not under the cloud host of the stack output.
            return f"{self.state.endpoint}/_aws/execute-api/{_output(outputs, 'ApiId')}/{API_STAGE}"
        return _output(outputs, "ApiUrl").rstrip("/")

    def outputs(self, stack: str) -> dict[str, str]:
        """The outputs of one of the stage's stacks (`api`, `data`, …)."""
        stacks = self.cloudformation.describe_stacks(StackName=self.name(stack))["Stacks"]
        return {o["OutputKey"]: o["OutputValue"] for o in (stacks[0].get("Outputs") or []) if "OutputValue" in o}

    def secret_document(self, kind: str, name: str) -> dict[str, Any]:
        """The JSON document of a source's or a channel's secret."""
        known = self.secret_names(kind)
        if name not in known:
            raise CliError(
                f"stage {self.stage} has no {kind.removesuffix('s')} '{name}'",
                f"known here: {', '.join(known) or 'none'}; new ones are added in the stage's file under config/",
            )
        text = self.secrets.get_secret_value(SecretId=self.secret_name(kind, name)).get("SecretString", "{}")
        document = json.loads(text)
        if not isinstance(document, dict):
            raise CliError(f"the secret {self.secret_name(kind, name)} does not hold a JSON object")
        return document

    def secret_names(self, kind: str) -> list[str]:
        """The names of all deployed sources or channels, sorted."""
        prefix = self.secret_name(kind)
        pages = self.secrets.get_paginator("list_secrets").paginate(Filters=[{"Key": "name", "Values": [prefix]}])
        names = (secret.get("Name", "") for page in pages for secret in page["SecretList"])
        return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))

    def write_secret_document(self, kind: str, name: str, document: dict[str, Any]) -> None:
        self.secrets.put_secret_value(SecretId=self.secret_name(kind, name), SecretString=json.dumps(document))


def connect(stage: str, paths: Paths | None = None) -> Target:
    """The stage as a command wants it: deployed and answering. Raises CliError with the remedy otherwise."""
    if stage != LOCAL:
        return _heard(Target(stage, boto3.session.Session()))
    state = LocalState.load(paths or Paths.default())
    if state is None or not state.running():
        raise CliError("the local engine is not up", "start it: make local (or crossdock local up)")
    if state.phase != READY:
        raise CliError("the local engine is up but the app is not deployed yet", "finish it: crossdock local up")
    return _heard(local_target(state))


def _heard(target: Target) -> Target:
    """What the running command changes there is put in the audit trail first (audit/listening.py)."""
    from crossdock_cli.audit.listening import listen  # noqa: PLC0415 - it needs this module's Target

    listen(target)
    return target


def local_target(state: LocalState) -> Target:
    """The engine of this state file, whether or not anything is deployed in it yet."""
    return Target(LOCAL, _emulator_session(state), state)


def _emulator_session(state: LocalState) -> boto3.session.Session:
    """A session that sees the engine's test credentials only: no profile or file of the person may leak in."""
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.session.Session(
        botocore_session=core,
        aws_access_key_id=state.access_key_id,
        aws_secret_access_key=state.secret_access_key,
        region_name=state.region,
    )


def _output(outputs: dict[str, str], key: str) -> str:
    if key not in outputs:
        raise CliError(f"the api stack has no output {key}", "deploy the current code: make local, or make deploy")
    return outputs[key]
