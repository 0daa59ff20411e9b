"""A Lambda function as this project runs them: own role, own log group, tracing, alarms, and a way to fail safely."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aws_cdk import ArnFormat, Duration, RemovalPolicy, SymlinkFollowMode, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.acknowledged import BODIES, PYTHON_VERSION, TRACES, VERSION_EXISTS, acknowledge, drops
from infra.constructs.alarms import Watch, alarm
from infra.constructs.domains import TAG, domain_of
from infra.constructs.layers import PYTHON, architecture
from infra.constructs.permissions import allow, allow_key, allow_send, allow_table, key_actions
from infra.constructs.rollout import LIVE
from infra.constructs.stack import StageStack
from infra.constructs.table import Table
from infra.stages import Size

_RETENTION: Final = {
    1: logs.RetentionDays.ONE_DAY,
    14: logs.RetentionDays.TWO_WEEKS,
    90: logs.RetentionDays.THREE_MONTHS,
}
# Whoever sends to these keeps what is not taken for some hours or days only.
INBOX: Final = frozenset({"receive_webhook", "receive_movements", "receive_supply"})


def log_group(scope: Construct, stack: StageStack, name: str) -> logs.LogGroup:
    """A log group that keeps as long as the stage says and, where tables are kept, outlives its stack."""
    stage = stack.plan.stage
    return logs.LogGroup(
        scope,
        "Logs",
        log_group_name=name,
        retention=_RETENTION[stage.log_days],
        encryption_key=stack.encryption_key,
        removal_policy=RemovalPolicy.RETAIN if stage.retain else RemovalPolicy.DESTROY,
    )


class Function(Construct):
    """The function of the folder `functions/{name}`, named `crossdock-{stage}-{name with dashes}`.

    It may write its own log and nothing else until `allow…` says so. `size` is the stage's worker size unless given.
    Where the stage has aliases, callers reach a published version through the alias `live`, which moves to a new
    version by the stack's rollout. With `fast_start`, somebody waits for the answer: the version's start was recorded
    beforehand (SnapStart, cloud only), and a version that answers slowly is turned back.
    """

    def __init__(
        self,
        stack: StageStack,
        name: str,
        environment: Mapping[str, str],
        *,
        size: Size | None = None,
        fast_start: bool = False,
    ) -> None:
        super().__init__(stack, "".join(part.capitalize() for part in name.split("_")))
        stage = stack.plan.stage
        Tags.of(self).add(TAG, domain_of(name))
        self.name = name
        self.physical_name = stage.function_name(name)
        self.size = size or stage.worker
        self._stack = stack
        self.logs = log_group(self, stack, f"/aws/lambda/{self.physical_name}")
        self.role = self._role()
        snapshot = fast_start and stage.cloud
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.physical_name,
            runtime=PYTHON,
            architecture=architecture(stage),
            handler="handler.handler",
            code=lambda_.Code.from_asset(
                str(stack.plan.functions / name),
                exclude=["**/__pycache__", "**/*.pyc"],
                follow_symlinks=SymlinkFollowMode.ALWAYS,
            ),
            layers=stack.layers.of(name),
            role=self.role,
            log_group=self.logs,
            memory_size=self.size.memory_mb,
            timeout=Duration.seconds(self.size.timeout_seconds),
            environment={
                "STAGE": stage.name,
                "LOG_LEVEL": stage.log_level,
                "POWERTOOLS_SERVICE_NAME": name,
                "POWERTOOLS_METRICS_NAMESPACE": "crossdock",
                **environment,
            },
            # The service's own segments only: the X-Ray SDK in a function costs more start-up time than it shows.
            tracing=lambda_.Tracing.ACTIVE if stage.cloud else lambda_.Tracing.DISABLED,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snapshot else None,
            # A version that is no longer called is what the alias is turned back to. One whose deployment was turned
            # back goes with it: it would be the newest still, and the same code could not be published again.
            current_version_options=lambda_.VersionOptions(removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE),
        )
        acknowledge(self.function, PYTHON_VERSION)
        if snapshot:
            acknowledge(self.function, VERSION_EXISTS)
        # What callers are given, all of them: who reached $LATEST would meet code that nobody shifted to.
        self.target: lambda_.IFunction = self._alias(fast_start) if stage.aliases else self.function
        self._watch("Errors", "inbox-fails" if name in INBOX else "function-fails")
        self._watch("Throttles", "function-throttled")

    def _alias(self, waited_for: bool) -> lambda_.IFunction:  # noqa: FBT001 - one of the class's own settings
        limit = self.size.timeout_seconds if waited_for else None
        if self._stack.plan.stage.cloud:
            return self._stack.rollout.shift(self, self.function, self.physical_name, limit)
        return self.function.add_alias(LIVE)

    def _role(self) -> iam.Role:
        """No managed policy: that one may write to every log group of the account, and create them."""
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        role.add_to_policy(allow(["logs:CreateLogStream", "logs:PutLogEvents"], self.logs.log_group_arn))
        acknowledge(role, TRACES)
        return role

    # -- permissions ----------------------------------------------------------------------------

    def allow(self, actions: Sequence[str], *resources: str) -> None:
        """Exact actions, with their service prefix, on exact resources."""
        self.role.add_to_policy(allow(actions, *resources))

    def allow_table(self, table: Table, *actions: str) -> None:
        """DynamoDB actions, without their prefix, and what the table's key asks for them."""
        self.role.add_to_policy(allow_table(table.arn, *actions))
        if table.key_arn:
            self.role.add_to_policy(allow_key(table.key_arn, "dynamodb", key_actions(actions)))

    def allow_index(self, table: Table, index: str) -> None:
        """Queries of one of the table's indexes, and of nothing else."""
        self.role.add_to_policy(allow(["dynamodb:Query"], f"{table.arn}/index/{index}"))
        if table.key_arn:
            self.role.add_to_policy(allow_key(table.key_arn, "dynamodb", key_actions(["Query"])))

    def allow_send(self, *queues: sqs.IQueue) -> None:
        """Sending to these queues."""
        for statement in allow_send(self._stack.key_arn, *(queue.queue_arn for queue in queues)):
            self.role.add_to_policy(statement)

    def allow_objects(
        self, bucket: s3.IBucket, key_arn: str | None, *actions: str, folders: Sequence[str] = ()
    ) -> None:
        """S3 actions, without their prefix, on a bucket's objects, or on those in these folders.

        The bucket's key is None where AWS's own is used.
        """
        keys = [f"{folder}/*" for folder in folders] or ["*"]
        self.allow([f"s3:{action}" for action in actions], *(bucket.arn_for_objects(key) for key in keys))
        acknowledge(self.role, *([drops(folder) for folder in folders] or [BODIES]))
        if key_arn:
            # PutObject asks for a data key, GetObject for its decryption.
            wanted = ["kms:GenerateDataKey"] if "PutObject" in actions else []
            wanted += ["kms:Decrypt"] if "GetObject" in actions else []
            self.role.add_to_policy(allow_key(key_arn, "s3", wanted))

    def allow_secrets(self, kind: str, names: Iterable[str], key_arn: str | None) -> None:
        """Reading the secrets of these `sources` or `channels`; their key is None where AWS's own is used."""
        prefix = self._stack.plan.stage.secret_prefix(kind)
        arns = [
            self._stack.format_arn(
                service="secretsmanager",
                resource="secret",
                # Secrets Manager adds a dash and six characters of its own to every name.
                resource_name=f"{prefix}{name}-??????",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for name in names
        ]
        if arns:
            self.allow(["secretsmanager:GetSecretValue"], *arns)
        if arns and key_arn:
            self.role.add_to_policy(allow_key(key_arn, "secretsmanager", ["kms:Decrypt"]))

    # -- what calls it --------------------------------------------------------------------------

    def consume(
        self,
        label: str,
        queue: sqs.IQueue,
        *,
        max_concurrency: int | None = None,
        window_seconds: int = 0,
        batch: int = 10,
    ) -> None:
        """Works off a queue `batch` messages at a time, waiting up to the window for so many; the failed come back.

        More than ten need a window of at least a second.
        """
        self.allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.queue_arn)
        if self._stack.key_arn:
            self.role.add_to_policy(allow_key(self._stack.key_arn, "sqs", ["kms:Decrypt"]))
        scaling = lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=max_concurrency)
        lambda_.CfnEventSourceMapping(
            self,
            f"{label}Source",
            function_name=self.reader,
            event_source_arn=queue.queue_arn,
            batch_size=batch,
            maximum_batching_window_in_seconds=window_seconds or None,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=scaling if max_concurrency else None,
        )

    def fail_to(self, failures: sqs.IQueue) -> None:
        """For a function that is invoked asynchronously: what failed three times goes to this queue."""
        self.allow_send(failures)
        destination = lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=failures.queue_arn)
        config = lambda_.CfnEventInvokeConfig(
            self,
            "OnFailure",
            function_name=self.function.function_name,
            qualifier=LIVE if self._stack.plan.stage.aliases else "$LATEST",
            maximum_retry_attempts=2,
            maximum_event_age_in_seconds=3600,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(on_failure=destination),
        )
        config.node.add_dependency(self.target)

    @property
    def reader(self) -> str:
        """What an event source mapping calls. Its place in the queue or stream stays when this changes."""
        return self.target.function_arn if self._stack.plan.stage.aliases else self.function.function_name

    # -- alarms ---------------------------------------------------------------------------------

    def _watch(self, metric: str, kind: str) -> None:
        watch = Watch("AWS/Lambda", metric, {"FunctionName": self.physical_name}, "Sum", 1)
        alarm(self, f"{self.physical_suffix}-{metric.lower()}", kind, watch, function=self.name)

    @property
    def physical_suffix(self) -> str:
        """The part of its physical name that is its own."""
        return self.name.replace("_", "-")
