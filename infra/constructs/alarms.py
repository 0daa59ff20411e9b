"""Alarms: named after what they watch, quiet without data, told to the operators' topic where there is one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.stack import stack_of

TOPIC: Final = "alarms"


@dataclass(frozen=True, slots=True)
class Watch:
    """One metric and the value from which on a person should look; `minutes` is the span it is taken over.

    `missing`: a person should look when it stays below the value, or when there is none at all.
    """

    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: Literal["Sum", "Maximum", "p99"]
    threshold: int
    minutes: int = 5
    missing: bool = False


def alarm(scope: Construct, name: str, description: str, watch: Watch) -> None:
    """Makes the alarm `crossdock-{stage}-{name}`. Plain metrics only: the local engine knows no metric maths."""
    stack = stack_of(scope)
    stage = stack.plan.stage
    above = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
    quiet, rings = cloudwatch.TreatMissingData.NOT_BREACHING, cloudwatch.TreatMissingData.BREACHING
    made = cloudwatch.Alarm(
        scope,
        f"{watch.metric}Alarm",
        alarm_name=stage.named(name),
        alarm_description=description,
        metric=cloudwatch.Metric(
            namespace=watch.namespace,
            metric_name=watch.metric,
            dimensions_map=watch.dimensions,
            statistic=watch.statistic,
            period=Duration.minutes(watch.minutes),
        ),
        threshold=watch.threshold,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD if watch.missing else above,
        treat_missing_data=rings if watch.missing else quiet,
    )
    if stage.cloud:
        # By name, not by reference: the topic's stack comes last, and CloudWatch does not look for it until it rings.
        arn = stack.format_arn(service="sns", resource=stage.named(TOPIC))
        made.add_alarm_action(actions.SnsAction(sns.Topic.from_topic_arn(scope, f"{watch.metric}Topic", arn)))
