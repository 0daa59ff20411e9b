"""The dashboards of a stage in CloudWatch, drawn from their one definition (`crossdock.contracts.dashboards`)."""

from collections.abc import Iterator, Mapping
from typing import Final

from aws_cdk import ArnFormat, Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from crossdock.config.figures import values_of
from crossdock.contracts.dashboards import (
    DASHBOARDS,
    Alarms,
    Audience,
    Aws,
    Custom,
    Graph,
    Number,
    Runbooks,
    Share,
    Widget,
)
from crossdock.contracts.metrics import BY_NAME, NAMESPACE
from infra.constructs.alarm_stories import RUNBOOKS
from infra.constructs.alarms import RUNBOOKS_CONTEXT
from infra.constructs.stack import StageStack
from infra.documents.alarms import RUNBOOKS as PAGES

QUEUES: Final = (
    "movements",
    "prices",
    "price-customers",
    "price-cells",
    "counts",
    "references",
    "supply",
    "accounts",
    "listings",
    "webhooks",
)
READERS: Final = (
    "project_balances",
    "spread_price_changes",
    "announce_changes",
    "announce_customers",
    "digest_shadows",
)
TABLES: Final = ("exceptions", "exchange", "identity", "inventory", "pricing")
# Most figures are of looks every five minutes, or of work that comes in waves.
_FIGURES: Final = Duration.minutes(5)
_AWS: Final = Duration.minutes(1)
# As many as CloudWatch shows in one.
_MOST_ALARMS: Final = 100


def dashboards(stack: StageStack, custom: Mapping[str, cloudwatch.IWidget] | None = None) -> None:
    """`crossdock-{stage}-business` and `-technical`. `custom` is what functions of ours draw, by their folder.

    To be called last: it shows the alarms that there are by then. By the names of things, so that it depends on no
    other stack.
    """
    for audience, rows in DASHBOARDS.items():
        made = cloudwatch.Dashboard(
            stack,
            f"{audience.capitalize()}Dashboard",
            dashboard_name=stack.plan.stage.named(audience),
            default_interval=Duration.hours(12),
        )
        for row in rows:
            if drawn := [w for widget in row for w in _drawn(stack, audience, widget, custom or {})]:
                made.add_widgets(*drawn)


def _drawn(
    stack: StageStack, audience: Audience, widget: Widget, custom: Mapping[str, cloudwatch.IWidget]
) -> Iterator[cloudwatch.IWidget]:
    match widget:
        case Graph():
            yield cloudwatch.GraphWidget(title=widget.title, left=_lines(stack, widget.metrics), width=widget.width)
        case Number():
            numbers = _lines(stack, widget.metrics)
            yield cloudwatch.SingleValueWidget(title=widget.title, metrics=numbers, width=widget.width, height=6)
        case Share():
            yield _share(stack, widget)
        case Aws():
            measured = [m for name in widget.metrics for m in _aws(stack, widget, name)]
            yield cloudwatch.GraphWidget(title=widget.title, left=measured, width=widget.width)
        case Alarms():
            yield from _alarms(stack, widget)
        case Custom():
            if widget.function in custom:
                yield custom[widget.function]
        case Runbooks():
            yield cloudwatch.TextWidget(markdown=_runbooks(stack, audience), width=widget.width, height=6)


# -- figures of the catalogue ----------------------------------------------------------------------------------------


def _lines(stack: StageStack, names: tuple[str, ...]) -> list[cloudwatch.IMetric]:
    """One for each figure and value; a label names what differs."""
    found: list[cloudwatch.IMetric] = []
    for name in names:
        metric = BY_NAME[name]
        for value in values_of(metric, stack.plan.business) or ("",):
            label = " ".join(part for part in (metric.title if len(names) > 1 else "", value) if part)
            found.append(_metric(stack, name, value, label or metric.title))
    return found


def _metric(stack: StageStack, name: str, value: str, label: str | None = None) -> cloudwatch.Metric:
    metric = BY_NAME[name]
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"stage": stack.plan.stage.name, **dict.fromkeys(metric.dimensions, value)},
        statistic=metric.statistic,
        period=_FIGURES,
        label=label,
    )


def _share(stack: StageStack, share: Share) -> cloudwatch.GraphWidget:
    lines: list[cloudwatch.IMetric] = []
    for number, value in enumerate(values_of(BY_NAME[share.metrics[0]], stack.plan.business) or ("",)):
        expression, metrics = _expression(share, number)
        using: dict[str, cloudwatch.IMetric] = {i: _metric(stack, name, value) for i, name in metrics.items()}
        lines.append(
            cloudwatch.MathExpression(
                expression=expression, using_metrics=using, label=value or share.title, period=_FIGURES
            )
        )
    return cloudwatch.GraphWidget(
        title=share.title,
        left=lines,
        left_y_axis=cloudwatch.YAxisProps(max=100, show_units=False),
        left_annotations=[cloudwatch.HorizontalAnnotation(value=share.aim, label="aim")],
        width=share.width,
    )


def _expression(share: Share, number: int) -> tuple[str, dict[str, str]]:
    """The formula of one line and the figures by the ids it calls them; a count that is not there is 0."""
    bad = {f"b{number}n{n}": name for n, name in enumerate(share.bad)}
    lost = " + ".join(f"FILL({i}, 0)" for i in bad)
    if share.whole is not None:
        return f"100 * (1 - ({lost}) / w{number})", {**bad, f"w{number}": share.whole}
    good = f"g{number}"
    return f"100 * FILL({good}, 0) / (FILL({good}, 0) + {lost})", {good: share.good or "", **bad}


# -- what AWS measures -----------------------------------------------------------------------------------------------


def _aws(stack: StageStack, widget: Aws, name: str) -> Iterator[cloudwatch.IMetric]:
    stage = stack.plan.stage
    channels = [f"channel-{channel}" for channel in stack.plan.business.channels]
    match widget.of:
        case "api":
            found = [("AWS/ApiGateway", "ApiName", stage.named("api"))]
        case "queues":
            found = [("AWS/SQS", "QueueName", stage.named(queue)) for queue in QUEUES]
        case "channel queues":
            found = [("AWS/SQS", "QueueName", stage.named(queue)) for queue in channels]
        case "dead letters":
            letters = [*(f"{queue}-dlq" for queue in (*QUEUES, *channels)), "failures"]
            found = [("AWS/SQS", "QueueName", stage.named(queue)) for queue in letters]
        case "stream readers":
            found = [("AWS/Lambda", "FunctionName", stage.function_name(reader)) for reader in READERS]
        case "tables":
            found = [("AWS/DynamoDB", "TableName", stage.named(table)) for table in TABLES]
        case "functions":
            # All that there are, without a list of them; those that had none are left out.
            wanted = f'{{AWS/Lambda,FunctionName}} MetricName="{name}" "{stage.named("")}"'
            yield cloudwatch.MathExpression(
                expression=f"SEARCH('{wanted}', '{widget.statistic}', 300)", label="", using_metrics={}
            )
            return
    for namespace, dimension, value in found:
        yield cloudwatch.Metric(
            namespace=namespace,
            metric_name=name,
            dimensions_map={dimension: value},
            statistic=widget.statistic,
            period=_AWS,
        )


# -- alarms and runbooks ---------------------------------------------------------------------------------------------


def _alarms(stack: StageStack, widget: Alarms) -> Iterator[cloudwatch.IWidget]:
    names = alarm_names(stack, told_only=widget.which == "told")
    for start in range(0, len(names), _MOST_ALARMS):
        part = names[start : start + _MOST_ALARMS]
        arns = [
            stack.format_arn(
                service="cloudwatch", resource="alarm", resource_name=n, arn_format=ArnFormat.COLON_RESOURCE_NAME
            )
            for n in part
        ]
        scope = f"{widget.which.capitalize()}{start}"
        shown = [cloudwatch.Alarm.from_alarm_arn(stack, f"{scope}Alarm{n}", arn) for n, arn in enumerate(arns)]
        yield cloudwatch.AlarmStatusWidget(
            title=widget.title, alarms=list(shown), width=widget.width, height=4 + len(part) // 8
        )


def alarm_names(stack: StageStack, *, told_only: bool) -> list[str]:
    """The alarms of all stacks made so far; `told_only`: but for those that a composite alarm tells of."""
    tree = stack.node.root.node.find_all()
    composites = {str(c.alarm_name): str(c.alarm_rule) for c in tree if isinstance(c, cloudwatch.CfnCompositeAlarm)}
    names = [*composites, *(str(c.alarm_name) for c in tree if isinstance(c, cloudwatch.CfnAlarm))]
    if told_only:
        names = [name for name in names if not any(f'"{name}"' in rule for rule in composites.values())]
    return sorted(names)


def _runbooks(stack: StageStack, audience: Audience) -> str:
    """Links where `--context runbooks=https://…` says where this repository can be read; else the pages' paths."""
    base = str(stack.node.try_get_context(RUNBOOKS_CONTEXT) or "").rstrip("/")
    other = next(name for name in DASHBOARDS if name != audience)
    lines = [f"- {_page(base, slug)}: {when}" for slug, when in sorted(PAGES.items())]
    figures = f"[docs/metrics.md]({base}/docs/metrics.md)" if base else "docs/metrics.md"
    return "\n".join(
        [
            f"What figures mean: {figures} · the other dashboard: {stack.plan.stage.named(other)}",
            "",
            "**What to do when …**",
            *lines,
        ]
    )


def _page(base: str, slug: str) -> str:
    page = f"{RUNBOOKS}/{slug}.md"
    return f"[{slug}]({base}/{page})" if base else page
