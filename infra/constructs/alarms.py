"""Alarms: named after what they watch, told by priority, and never two messages for one trouble.

An alarm that belongs to a composite one (`Story.within`) has no action of its own in the cloud: the composite tells of
it. The local engine knows no composites; there, `tests/support/alarms.py` evaluates each by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.alarm_stories import STORIES, Priority, Story
from infra.constructs.stack import StageStack, stack_of

TOPICS: Final[Mapping[Priority, str]] = {"P1": "page", "P2": "ticket", "P3": "note"}
RUNBOOKS_CONTEXT: Final = "runbooks"


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


def alarm(scope: Construct, name: str, kind: str, watch: Watch, **names: str) -> None:
    """Makes the alarm `crossdock-{stage}-{name}` of a kind of `STORIES`, whose texts the `names` complete.

    Plain metrics only: the local engine knows no metric maths.
    """
    told(scope, name, STORIES[kind].of(**names), watch)


def told(scope: Construct, name: str, story: Story, watch: Watch) -> None:
    """The same for a story that is made already."""
    stack = stack_of(scope)
    above = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
    quiet, rings = cloudwatch.TreatMissingData.NOT_BREACHING, cloudwatch.TreatMissingData.BREACHING
    made = cloudwatch.Alarm(
        scope,
        f"{watch.metric}Alarm",
        alarm_name=stack.plan.stage.named(name),
        alarm_description=description(stack, story),
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
    if story.within is not None:
        stack.plan.composed.append((story.within, name, made))
    elif stack.plan.stage.cloud:
        topic = sns.Topic.from_topic_arn(scope, f"{watch.metric}Topic", topic_arn(stack, story.priority))
        made.add_alarm_action(actions.SnsAction(topic))


def description(stack: StageStack, story: Story) -> str:
    """What the alarm says; `--context runbooks=https://…` is where this repository can be read."""
    return story.text(stack.plan.stage.name, stack.node.try_get_context(RUNBOOKS_CONTEXT) or "")


def topic_arn(stack: StageStack, priority: Priority) -> str:
    """By name, not by reference: the topics' stack comes last, and CloudWatch does not look for one until it rings."""
    return stack.format_arn(service="sns", resource=stack.plan.stage.named(TOPICS[priority]))
