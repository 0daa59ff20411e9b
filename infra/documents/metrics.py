"""docs/metrics.md, from the catalogue of figures and the configuration that is deployed with it."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from crossdock.config.compile import compile_file
from crossdock.config.figures import values_of
from crossdock.config.model import BusinessConfig, from_document
from crossdock.contracts.dashboards import DASHBOARDS, shown
from crossdock.contracts.metrics import METRICS, Metric
from infra.stages import PROD

# US dollars a month, US East (N. Virginia), Amazon CloudWatch pricing, looked up on 21 November 2026: without tax, free
# tiers and what is cheaper above 10,000 metrics. A byte of the log as in tests/bench/prices.toml.
METRIC_USD: Final = Decimal("0.30")
DASHBOARD_USD: Final = Decimal("3.00")
LOG_GB_USD: Final = Decimal("0.50")
_BESIDE: Final = 26
"""Bytes that CloudWatch Logs bills with each line."""

_HEAD: Final = """# Figures of the business

What crossdock measures, in one table. `make schemas` writes this page from `crossdock.contracts.metrics`, and a test
holds what the functions emit to it, in both directions: name, unit, dimension.

Functions print one line per batch of work in CloudWatch's embedded metric format (namespace `crossdock`), so a figure
costs no call and no time; `measure_business` looks every five minutes at what no single event shows. On the local
engine the same lines become metrics in its own CloudWatch (`cli/crossdock_cli/local/cloudwatch.py`), with what AWS
measures by itself of functions, queues and the API. `stage` is a dimension of each figure, and one more where the
table names one; never a partner, an item or a customer.

Counts that are 0 are not emitted, but for looks (*look*), which say 0 of what has nothing: so their alarms end.
Where a value says *oldest of each batch*, percentiles are of batches, and err towards late.

Which alarm rings when stands in [alarms.md](alarms.md), which page ends it in [runbooks](runbooks/README.md).
"""


def page() -> str:
    """The page."""
    business = from_document(compile_file(PROD.config_path))
    return "\n".join([_HEAD, *_figures(), *_ratios(), *_dashboards(), *_costs(business)])


def _figures() -> Iterator[str]:
    yield "| figure | meaning | formula | unit, put together as | by | whose | aim |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for m in METRICS:
        by = ", ".join(f"`{d}`" for d in m.dimensions)
        if m.values:
            by += f" ({', '.join(m.values)})"
        kind = "*look*, " if m.kind == "gauge" else ""
        unit = "" if m.unit == "None" else f"{m.unit}, "
        cells = (f"`{m.name}`", f"{m.title}. {m.meaning}", m.formula, f"{kind}{unit}{m.statistic}", by, m.owner, m.aim)
        yield f"| {' | '.join(cells)} |"
    yield ""


def _ratios() -> Iterator[str]:
    yield "## Shares"
    yield ""
    yield "Counts say more than a percentage: they can be added up over hours and channels. The dashboards divide them:"
    yield ""
    yield "- pricing accuracy = 1 − PricesWrong ÷ PricesCompared"
    yield "- delivery success = Delivered ÷ (Delivered + DeliveryFailed + DeliveryRejected)"
    yield "- webhook accept rate = WebhookAccepted ÷ (WebhookAccepted + WebhookRefused)"
    yield "- reservation success = HoldsTaken ÷ (HoldsTaken + HoldsRefused); hold expiry = HoldsExpired ÷ HoldsTaken"
    yield "- customer sync success = FactsApplied ÷ (FactsApplied + FactsRefused), domain `customers`"
    yield ""


def _dashboards() -> Iterator[str]:
    yield "## Dashboards"
    yield ""
    yield "Both are drawn from `crossdock.contracts.dashboards`, in CloudWatch by `infra/constructs/dashboards.py`."
    yield ""
    for audience, rows in DASHBOARDS.items():
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(shown(rows)))
        yield f"- `crossdock-<stage>-{audience}`: {names}"
    yield ""


def _costs(business: BusinessConfig) -> Iterator[str]:
    counted = [(m, max(1, len(values_of(m, business)))) for m in METRICS]
    total = sum(n for _, n in counted)
    yield "## What they cost"
    yield ""
    yield f"A metric is ${METRIC_USD} a month (Amazon CloudWatch pricing, us-east-1, looked up on 21 November 2026),"
    yield "for the hours in which it has a value. Each value of a dimension is a metric of its own:"
    yield ""
    yield "| by | figures | metrics of the configuration here | $ a month |"
    yield "| --- | ---: | ---: | ---: |"
    for dimension, figures, metrics in _by_dimension(counted):
        yield f"| {dimension} | {figures} | {metrics} | {metrics * METRIC_USD} |"
    yield f"| **all** | {len(METRICS)} | {total} | **{total * METRIC_USD}** |"
    yield ""
    growing = ("channel", "warehouse", "source", "price_class")
    per = {d: sum(1 for m in METRICS if m.dimensions == (d,)) for d in growing}
    each = ", ".join(f"a {d} ${n * METRIC_USD} ({n} figures)" for d, n in per.items())
    yield f"One more of each costs a month: {each}. The two dashboards are ${2 * DASHBOARD_USD}."
    yield ""
    line = len(_line(METRICS[0])) + _BESIDE
    widest = len(_widest()) + _BESIDE
    per_million = Decimal(line) / 1000 * LOG_GB_USD
    yield f"A line with one figure is about {line} bytes of log, one of a delivery with all four {widest}:"
    wide = Decimal(widest) / 1000 * LOG_GB_USD
    yield f"${per_million:.3f} and ${wide:.3f} a million. A batch is one line, whatever it holds."
    yield "`measure_business` reads 5.5 units a look while nothing stands still, and 16 with 200 groups of exceptions"
    yield "open (counted by a test): less than $0.02 a month."
    yield ""


def _by_dimension(counted: list[tuple[Metric, int]]) -> Iterator[tuple[str, int, int]]:
    for dimension in dict.fromkeys(m.dimensions for m, _ in counted):
        found = [n for m, n in counted if m.dimensions == dimension]
        yield (f"`{dimension[0]}`" if dimension else "nothing else"), len(found), sum(found)


def _line(metric: Metric) -> str:
    return _emf({metric.name: (metric.unit, 12)}, dict.fromkeys(metric.dimensions, "webshop"))


def _widest() -> str:
    figures = {
        "Delivered": ("Count", 100),
        "DeliveryFailed": ("Count", 100),
        "DeliveryRejected": ("Count", 100),
        "DeliveryLag": ("Milliseconds", 12_345),
    }
    return _emf(figures, {"channel": "webshop"})


def _emf(figures: dict[str, tuple[str, int]], dimensions: dict[str, str]) -> str:
    """A line as `platform/metrics.py` prints it."""
    directive = {
        "Namespace": "crossdock",
        "Dimensions": [["stage", *dimensions]],
        "Metrics": [{"Name": name, "Unit": unit} for name, (unit, _) in figures.items()],
    }
    told = {"_aws": {"Timestamp": 1_795_248_000_000, "CloudWatchMetrics": [directive]}, "stage": "prod"}
    return json.dumps({**told, **dimensions, **{n: v for n, (_, v) in figures.items()}}, separators=(",", ":"))
