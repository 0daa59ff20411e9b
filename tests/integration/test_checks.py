"""Each of our operations rules stops a synthesis that breaks it, and names the remedy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, RemovalPolicy, Stack, Tags
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs

from infra.checks import TAGS, add_checks
from infra.stages import LOCAL, PROD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration
CODE = "def handler(event, context): pass"


def problems(tmp_path: Path, build: Callable[[Stack], object], stage: Any = PROD, *, tagged: bool = True) -> list[str]:
    """What a stack made by `build` is refused for; [] when it is synthesised."""
    app = App(
        outdir=str(tmp_path), analytics_reporting=False, context={"@aws-cdk/core:annotationsInValidationReport": True}
    )
    stack = Stack(app, "stack")
    if tagged:
        for tag in TAGS:
            Tags.of(stack).add(tag, "test")
    build(stack)
    add_checks(app, stage)
    try:
        app.synth()
    except RuntimeError as exc:
        assert "ValidationFailed" in str(exc)  # noqa: PT017 - the report below says for what
        report = json.loads((tmp_path / "validation-report.json").read_text())
        return [v["description"] for plugin in report["pluginReports"] for v in plugin["violations"]]
    return []


def function(stack: Stack, **changed: Any) -> lambda_.Function:
    """A function that keeps every rule, but for what is changed."""
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    group = logs.LogGroup(stack, "Logs", retention=logs.RetentionDays.ONE_DAY)
    settings: dict[str, Any] = {
        "runtime": lambda_.Runtime.PYTHON_3_13,
        "handler": "index.handler",
        "code": lambda_.Code.from_inline(CODE),
        "role": role,
        "log_group": group,
        "dead_letter_queue": queue(stack, "Failed"),
        **changed,
    }
    made = lambda_.Function(stack, "Function", **settings)
    cloudwatch.Alarm(stack, "Alarm", metric=made.metric_errors(), threshold=1, evaluation_periods=1)
    return made


def queue(stack: Stack, name: str) -> sqs.Queue:
    """A queue with dead letters."""
    letters = sqs.Queue(stack, f"{name}Letters")
    return sqs.Queue(stack, name, dead_letter_queue=sqs.DeadLetterQueue(queue=letters, max_receive_count=3))


def table(stack: Stack, **changed: Any) -> dynamodb.Table:
    """A table that keeps every rule, but for what is changed."""
    settings: dict[str, Any] = {
        "partition_key": dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
        "removal_policy": RemovalPolicy.RETAIN,
        "encryption": dynamodb.TableEncryption.CUSTOMER_MANAGED,
        "point_in_time_recovery_specification": dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
    }
    settings |= changed
    if settings["encryption"] == dynamodb.TableEncryption.CUSTOMER_MANAGED:
        settings["encryption_key"] = kms.Key(stack, "Key")
    return dynamodb.Table(stack, "Table", **settings)


def test_a_stack_that_keeps_the_rules_is_synthesised(tmp_path: Path) -> None:
    def build(stack: Stack) -> None:
        function(stack)
        table(stack)

    assert problems(tmp_path, build) == []


def test_a_function_without_a_log_group_of_its_own_is_refused(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, lambda stack: function(stack, log_group=None))
    assert found.startswith("stack/Function/Resource: it has no log group of its own with a retention")


def test_a_log_group_that_keeps_for_ever_is_refused(tmp_path: Path) -> None:
    def build(stack: Stack) -> None:
        function(stack, log_group=logs.LogGroup(stack, "Endless", retention=logs.RetentionDays.INFINITE))

    (found,) = problems(tmp_path, build)
    assert found.startswith("stack/Function/Resource: it has no log group of its own with a retention")


def test_functions_that_share_a_role_are_both_refused(tmp_path: Path) -> None:
    def build(stack: Stack) -> None:
        first = function(stack)
        second = lambda_.Function(
            stack,
            "Second",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline(CODE),
            role=first.role,
            log_group=first.log_group,
            dead_letter_queue=first.dead_letter_queue,
        )
        cloudwatch.Alarm(stack, "Second alarm", metric=second.metric_errors(), threshold=1, evaluation_periods=1)

    found = problems(tmp_path, build)
    assert sorted(f.split(":")[0] for f in found) == ["stack/Function/Resource", "stack/Second/Resource"]
    assert all("it shares its role" in f for f in found)


def test_a_function_that_no_alarm_watches_is_refused(tmp_path: Path) -> None:
    def build(stack: Stack) -> None:
        function(stack)
        stack.node.try_remove_child("Alarm")

    (found,) = problems(tmp_path, build)
    assert found == "stack/Function/Resource: no alarm watches it: add one on its Errors"


def test_a_function_whose_failures_are_lost_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path, lambda stack: function(stack, dead_letter_queue=None)) == [
        "stack/Function/Resource: a failure is lost: give its queue dead letters, its stream a failure destination"
    ]


def _source(made: lambda_.Function, arn: str, **settings: Any) -> None:
    lambda_.CfnEventSourceMapping(made, "Source", function_name=made.function_name, event_source_arn=arn, **settings)


def test_a_stream_without_a_failure_destination_is_refused(tmp_path: Path) -> None:
    def build(stack: Stack) -> None:
        stream = table(stack, stream=dynamodb.StreamViewType.NEW_IMAGE).table_stream_arn
        _source(function(stack), stream or "", starting_position="TRIM_HORIZON")

    (found,) = problems(tmp_path, build)
    assert found.startswith("stack/Function/Resource: a failure is lost")


def test_a_queue_without_dead_letters_is_refused_and_so_is_its_consumer(tmp_path: Path) -> None:
    def build(stack: Stack) -> None:
        _source(function(stack), sqs.Queue(stack, "Work").queue_arn)

    assert sorted(problems(tmp_path, build)) == [
        "stack/Function/Resource: a failure is lost: give its queue dead letters, its stream a failure destination",
        "stack/Work/Resource: it has no dead-letter queue and is none: use Queue of infra/constructs/queue.py",
    ]


def test_a_consumer_of_a_queue_with_dead_letters_is_fine(tmp_path: Path) -> None:
    assert problems(tmp_path, lambda stack: _source(function(stack), queue(stack, "Work").queue_arn)) == []


def test_a_table_that_goes_with_its_stack_is_refused(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, lambda stack: table(stack, removal_policy=RemovalPolicy.DESTROY))
    assert found.startswith("stack/Table/Resource: it is deleted with its stack")


def test_a_table_that_cannot_be_restored_is_refused(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, lambda stack: table(stack, point_in_time_recovery_specification=None))
    assert found == "stack/Table/Resource: it cannot be restored: enable point-in-time recovery"


def test_a_table_under_a_key_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    encryption = dynamodb.TableEncryption.AWS_MANAGED
    (found,) = problems(tmp_path, lambda stack: table(stack, encryption=encryption))
    assert found.startswith("stack/Table/Resource: it is not encrypted with a customer-managed key")


def test_the_local_stage_may_throw_its_tables_away(tmp_path: Path) -> None:
    assert problems(tmp_path, lambda stack: table(stack, removal_policy=RemovalPolicy.DESTROY), LOCAL) == []


def test_a_resource_without_our_tags_is_refused(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, lambda stack: kms.Key(stack, "Key"), tagged=False)
    assert (
        found == "stack/Key/Resource: it lacks the tag(s) domain, owner, project, stack, stage: put it in a StageStack"
    )
