"""The technical dashboard of a stage: what comes in, what waits, what is late, what fails."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.constructs.stack import StageStack

_WIDE = 12


def dashboard(stack: StageStack) -> None:
    """`crossdock-{stage}`: by the names of things, so that it depends on no other stack."""
    stage = stack.plan.stage
    queues = ["movements", "prices", "price-customers", "price-cells", "counts", "references", "supply"]
    queues += ["accounts", "listings", "webhooks"]
    channels = [f"channel-{name}" for name in stack.plan.business.channels]
    readers = ["project_balances", "spread_price_changes", "announce_changes", "announce_customers", "digest_shadows"]
    made = cloudwatch.Dashboard(stack, "Dashboard", dashboard_name=f"crossdock-{stage.name}")
    made.add_widgets(
        _graph(
            "Requests and refusals",
            [
                _metric("AWS/ApiGateway", m, {"ApiName": stage.named("api")}, "Sum")
                for m in ("Count", "4XXError", "5XXError")
            ],
        ),
        _graph(
            "Time to answer, p99 (ms)", [_metric("AWS/ApiGateway", "Latency", {"ApiName": stage.named("api")}, "p99")]
        ),
    )
    made.add_widgets(
        _graph("Oldest fact waiting (s)", [_oldest(stage.named(q)) for q in queues]),
        _graph("Oldest key waiting, by channel (s)", [_oldest(stage.named(q)) for q in channels]),
    )
    made.add_widgets(
        _graph(
            "Behind the streams (ms)",
            [
                _metric("AWS/Lambda", "IteratorAge", {"FunctionName": stage.function_name(f)}, "Maximum")
                for f in readers
            ],
        ),
        _graph(
            "Dead letters",
            [
                _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": stage.named(q)}, "Maximum")
                for q in [*(f"{q}-dlq" for q in (*queues, *channels)), "failures"]
            ],
        ),
    )
    if classes := stack.plan.business.price_classes:
        lags = [_metric("crossdock", "PriceLag", {"stage": stage.name, "price_class": c}, "Maximum") for c in classes]
        made.add_widgets(_graph("Prices not acknowledged for (s), by class", lags))


def _graph(title: str, metrics: list[cloudwatch.Metric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=_WIDE)


def _oldest(queue: str) -> cloudwatch.Metric:
    return _metric("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": queue}, "Maximum")


def _metric(namespace: str, name: str, dimensions: Mapping[str, str], statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=Duration.minutes(1),
    )
