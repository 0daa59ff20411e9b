"""The two dashboards of a stage, as rows of figures: one definition, for CloudWatch and for whoever else draws them.

A graph shows figures of the catalogue (`metrics.py`), one line for each value of their dimension; a share is what of
all was good, in percent. What the business looks at stands on the business dashboard; on the technical one also what
AWS measures by itself, named as AWS names it, of the queues, functions and tables that `infra/` knows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Audience = Literal["business", "technical"]
Width = Literal[6, 8, 12, 24]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Figures over time, each with its own statistic."""

    title: str
    metrics: tuple[str, ...]
    width: Width = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Figures without dimensions, as they are now."""

    title: str
    metrics: tuple[str, ...]
    width: Width = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What share was good, in percent, for each value of the figures' dimension.

    good ÷ (good + bad); with `whole`, bad ÷ whole is what was not.
    """

    title: str
    good: str | None = None
    bad: tuple[str, ...] = ()
    whole: str | None = None
    aim: float = 99
    width: Width = 8

    @property
    def metrics(self) -> tuple[str, ...]:
        """All that it is made of."""
        return tuple(name for name in (self.good, *self.bad, self.whole) if name is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aws:
    """What AWS measures of things of ours; `of` says of which, and `infra/` knows their names."""

    title: str
    of: Literal["api", "queues", "channel queues", "dead letters", "stream readers", "functions", "tables"]
    metrics: tuple[str, ...]
    statistic: Literal["Sum", "Maximum", "p99"]
    width: Width = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """The states of alarms: of the troubles as they are told, or of all that stand behind them."""

    title: str
    which: Literal["told", "all"]
    width: Width = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """What a function of ours draws; left out where it is not deployed."""

    title: str
    function: str
    width: Width = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbooks:
    """Links to the pages that say what to do."""

    title: str = "Runbooks"
    width: Width = 24


Widget: TypeAlias = Graph | Number | Share | Aws | Alarms | Custom | Runbooks
Row: TypeAlias = tuple[Widget, ...]

BUSINESS: Final[tuple[Row, ...]] = (
    (Alarms(title="What is in trouble", which="told"),),
    (
        Number(title="Oversell incidents", metrics=("Oversold",)),
        Number(title="Overdue exceptions", metrics=("ExceptionsOverdue",)),
        Number(title="Mean time to resolve (s)", metrics=("TimeToResolve",)),
        Graph(title="Money held up", metrics=("MoneyHeldUp",), width=6),
    ),
    (Custom(title="Exceptions by impact", function="show_exceptions"),),
    (
        Graph(title="Prices not acknowledged for (s), by class", metrics=("PriceLag",)),
        Share(title="Prices right (%), by channel", bad=("PricesWrong",), whole="PricesCompared", aim=99.9),
        Graph(title="Channel behind by (s)", metrics=("ChannelBehind",)),
    ),
    (
        Graph(title="Nothing heard of a warehouse for (s)", metrics=("StockQuiet",)),
        Share(title="Reservations held (%)", good="HoldsTaken", bad=("HoldsRefused",), aim=95),
        Graph(title="Reservations", metrics=("HoldsTaken", "HoldsRefused", "HoldsExpired")),
    ),
    (
        Share(
            title="Values acknowledged (%), by channel", good="Delivered", bad=("DeliveryFailed", "DeliveryRejected")
        ),
        Graph(title="From changed to acknowledged, p99 (ms)", metrics=("DeliveryLag",)),
        Graph(title="Channel down", metrics=("ChannelOpen",)),
    ),
    (
        Graph(title="Open exceptions, by class", metrics=("ExceptionsOpen",)),
        Graph(title="Oldest open exception (s), by class", metrics=("ExceptionsOldest",)),
        Graph(title="Warehouse unusually silent", metrics=("WarehouseSilent",)),
    ),
    (
        Graph(title="Drift found and healed", metrics=("DriftFound", "DriftHealed"), width=12),
        Share(title="Facts applied (%), by domain", good="FactsApplied", bad=("FactsRefused",), width=12),
    ),
    (Runbooks(),),
)

TECHNICAL: Final[tuple[Row, ...]] = (
    (Alarms(title="All alarms", which="all"),),
    (
        Aws(title="Requests and refusals", of="api", metrics=("Count", "4XXError", "5XXError"), statistic="Sum"),
        Aws(title="Time to answer, p99 (ms)", of="api", metrics=("Latency",), statistic="p99"),
    ),
    (
        Share(title="Webhooks accepted (%), by source", good="WebhookAccepted", bad=("WebhookRefused",)),
        Graph(title="Webhook answered within, p99 (ms)", metrics=("WebhookTime",)),
        Graph(title="Deliveries not mapped; subscriptions that end", metrics=("MappingFailed", "SubscriptionEndsSoon")),
    ),
    (
        Graph(title="From accepted to applied, p99 (ms), by domain", metrics=("FactLag",)),
        Graph(title="Duplicates suppressed, by domain", metrics=("DuplicatesSuppressed",)),
        Graph(title="Partner limits hit; holds ended late (s)", metrics=("PartnersLimited", "ExpiredLate")),
    ),
    (
        Aws(
            title="Oldest fact waiting (s)",
            of="queues",
            metrics=("ApproximateAgeOfOldestMessage",),
            statistic="Maximum",
        ),
        Aws(
            title="Oldest key waiting, by channel (s)",
            of="channel queues",
            metrics=("ApproximateAgeOfOldestMessage",),
            statistic="Maximum",
        ),
    ),
    (
        Aws(title="Behind the streams (ms)", of="stream readers", metrics=("IteratorAge",), statistic="Maximum"),
        Aws(
            title="Dead letters",
            of="dead letters",
            metrics=("ApproximateNumberOfMessagesVisible",),
            statistic="Maximum",
        ),
    ),
    (
        Aws(title="Functions failed", of="functions", metrics=("Errors",), statistic="Sum"),
        Aws(
            title="Throttled by the store",
            of="tables",
            metrics=("ReadThrottleEvents", "WriteThrottleEvents"),
            statistic="Sum",
        ),
    ),
    (Runbooks(),),
)

DASHBOARDS: Final[dict[Audience, tuple[Row, ...]]] = {"business": BUSINESS, "technical": TECHNICAL}


def shown(rows: tuple[Row, ...]) -> Iterator[str]:
    """The figures of the catalogue that stand in these rows."""
    for row in rows:
        for widget in row:
            if isinstance(widget, Graph | Number | Share):
                yield from widget.metrics
