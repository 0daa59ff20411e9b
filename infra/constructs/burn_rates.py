"""Service levels as alarms: for each level and speed a long and a short window, and a composite that asks for both.

By metric maths, which the local engine does not know: cloud stages only. The two windows ring nobody by themselves.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct, IConstruct

from crossdock.contracts.service_levels import DAYS, SERVICE_LEVELS, TIERS, ServiceLevel, Tier
from infra.constructs.alarm_stories import Story
from infra.constructs.alarms import description
from infra.constructs.composites import composite
from infra.constructs.stack import StageStack

Dimensions = dict[str, str]
_SPEED: Final = {
    "fast": "in two days at this rate",
    "slow": "in five days at this rate",
    "drip": "in ten days at this rate",
}


def burn_rates(stack: StageStack, webhooks: Mapping[str, str]) -> None:
    """Makes them all in this stack. `webhooks` are the dimensions of the gateway's route that sources send to."""
    for level in SERVICE_LEVELS:
        for suffix, dimensions in _measured(stack, level, webhooks):
            for tier in TIERS:
                _tier(stack, level, tier, f"slo-{level.name}{suffix}-{tier.name}", dimensions)


def _measured(stack: StageStack, level: ServiceLevel, webhooks: Mapping[str, str]) -> Iterator[tuple[str, Dimensions]]:
    """(suffix of the alarms' names, dimensions) of each thing that the promise is about."""
    stage = stack.plan.stage
    if level.namespace == "AWS/ApiGateway":
        yield "", {"ApiName": stage.named("api"), **(webhooks if level.value == "webhooks" else {})}
    elif level.by == "channel":
        for name in stack.plan.business.channels:
            yield f"-{name}", {"stage": stage.name, "channel": name}
    else:
        yield "", {"stage": stage.name, "domain": level.value or ""}


def _tier(stack: StageStack, level: ServiceLevel, tier: Tier, name: str, dimensions: Dimensions) -> None:
    whose = f" ({dimensions['channel']})" if level.by else ""
    story = Story(
        priority=level.priority(tier),
        symptom=f"{level.title}{whose}: the budget of {DAYS} days is gone {_SPEED[tier.name]}.",
        cost=level.cost,
        runbook=level.runbook,
        first=f"channels status {dimensions['channel']}" if level.by else "exceptions list --class transient",
    )
    scope = Construct(stack, "".join(part.capitalize() for part in name.split("-")))
    windows = {"long": tier.long, "short": tier.short}
    both: dict[str, IConstruct] = {}
    for window, minutes in windows.items():
        both[f"{name}-{window}"] = cloudwatch.Alarm(
            scope,
            window.capitalize(),
            alarm_name=stack.plan.stage.named(f"{name}-{window}"),
            alarm_description=description(stack, story),
            metric=cloudwatch.MathExpression(
                expression=expression(level, at_least=level.at_least if window == "long" else 1),
                using_metrics=_metrics(level, dimensions),
                label="percent bad",
                period=Duration.minutes(minutes),
            ),
            threshold=float(level.threshold(tier)),
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
    composite(stack, name, story, both, every=True)


def expression(level: ServiceLevel, *, at_least: int) -> str:
    """Percent bad within a window; 0 while there are fewer bad ones than `at_least`. No data at all gives no value.

    `n` counts all, `bad` the failures; or `good` is the percentage that took no longer than promised.
    """
    if level.within is None:
        return f"IF(bad >= {at_least}, 100 * bad / n, 0)"
    return f"IF(n * (100 - good) / 100 >= {at_least}, 100 - good, 0)"


def _metrics(level: ServiceLevel, dimensions: Dimensions) -> dict[str, cloudwatch.IMetric]:
    def metric(name: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=level.namespace, metric_name=name, dimensions_map=dimensions, statistic=statistic
        )

    if level.within is None:
        return {"bad": metric(level.metric, "Sum"), "n": metric(level.total or "", "Sum")}
    # PR(:x): the percentage of values that are x or less.
    return {"good": metric(level.metric, f"PR(:{level.within})"), "n": metric(level.metric, "SampleCount")}
