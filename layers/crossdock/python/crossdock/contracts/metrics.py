"""Every figure of the business that crossdock measures: what outsiders' dashboards and alarms may rely on.

The functions emit them (`platform/metrics.py`), the dashboards and alarms of `infra/` and `crossdock console` read
them, and `docs/metrics.md` is written from here. No function imports this file: it is for those who read the figures.

A combination of dimension values is a metric of its own in CloudWatch, and is paid for. `stage` is a dimension of each;
what else may be one has a handful of values: channels, warehouses, sources, price classes, domains, classes of
exceptions. Partners, items and customers may not.
"""

from dataclasses import dataclass
from typing import Final, Literal

NAMESPACE: Final = "crossdock"

Unit = Literal["Count", "Seconds", "Milliseconds", "Percent", "None"]
Statistic = Literal["Sum", "Maximum", "Average", "p50", "p95", "p99"]
Dimension = Literal["channel", "warehouse", "source", "price_class", "domain", "class", "currency", "kind"]
# Who is asked when it is wrong.
Owner = Literal["operations", "integration", "pricing desk", "warehouse office", "customer office", "sales office"]
# What it is emitted with: the work itself, as it happens, or a look every few minutes.
Kind = Literal["event", "gauge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure.

    `formula` says how a value comes about, `aim` what is good, in words that name a number. `statistic` is how values
    are put together over a period; `dimensions` are beside `stage`, and `values` those of the dimension where our code
    fixes them: all others are in the configuration (channels, warehouses, sources, price classes) or the facts
    (currencies).
    """

    name: str
    title: str
    unit: Unit
    statistic: Statistic
    dimensions: tuple[Dimension, ...] = ()
    values: tuple[str, ...] = ()
    kind: Kind
    meaning: str
    formula: str
    owner: Owner
    aim: str


FACTS: Final = ("movements", "prices", "customers", "supply", "counts", "references")
"""The domains of facts: each comes by queues of its own."""

EXCEPTION_CLASSES: Final = ("transient", "permanent", "poison", "destination_down", "deadline_missed")
"""As `exceptions/failures.py` has them."""

DRIFT_KINDS: Final = ("stock", "channel", "customers", "prices")
"""Counts and balances; the availability that channels hold; customers; the prices that channels hold."""

METRICS: Final[tuple[Metric, ...]] = (
    # -- stock ----------------------------------------------------------------------------------------------------
    Metric(
        name="StockQuiet",
        title="Nothing heard of a warehouse for",
        unit="Seconds",
        statistic="Maximum",
        dimensions=("warehouse",),
        kind="gauge",
        meaning="How old our knowledge of a warehouse's stock is.",
        formula="now − instant of its last applied movement, at each look",
        owner="warehouse office",
        aim="below what is usual for the weekday (see WarehouseSilent)",
    ),
    Metric(
        name="WarehouseSilent",
        title="Warehouse unusually silent",
        unit="Count",
        statistic="Maximum",
        dimensions=("warehouse",),
        kind="gauge",
        meaning="Nothing moves in a warehouse although at this hour it usually would.",
        formula="1 while it is silent longer than its rhythm, or its configuration, allows; else 0",
        owner="warehouse office",
        aim="0",
    ),
    Metric(
        name="FactLag",
        title="From accepted to applied",
        unit="Milliseconds",
        statistic="p99",
        dimensions=("domain",),
        values=FACTS,
        kind="event",
        meaning="How long an accepted fact takes until it is applied.",
        formula="instant applied − instant put on its queue, which is before the 2xx (the oldest fact of each batch)",
        owner="integration",
        aim="p99 below 30,000",
    ),
    Metric(
        name="DeliveryLag",
        title="From changed to acknowledged",
        unit="Milliseconds",
        statistic="p99",
        dimensions=("channel",),
        kind="event",
        meaning="How old the oldest value is that a channel has just acknowledged: the freshness of what it shows.",
        formula="instant acknowledged − instant the value was marked, parked since or not (the oldest of each batch)",
        owner="integration",
        aim="p99 below 60,000",
    ),
    Metric(
        name="ChannelBehind",
        title="Channel behind by",
        unit="Seconds",
        statistic="Maximum",
        dimensions=("channel",),
        kind="gauge",
        meaning="How long the oldest item parked for a channel, or price it has not acknowledged, has been waiting.",
        formula="now − the oldest such mark; 0 where nothing waits; what is on its queue shows in the queue's own age",
        owner="integration",
        aim="below 300",
    ),
    Metric(
        name="Oversold",
        title="Oversell incidents",
        unit="Count",
        statistic="Sum",
        kind="event",
        meaning="A hold took units that were not available. Must never happen: it is a fault of ours.",
        formula="changes of headers and shards by which held units grew and after which less than 0 was available; "
        "what was promised against expected supply is taken off before",
        owner="operations",
        aim="0, always",
    ),
    Metric(
        name="HoldsTaken",
        title="Reservations held",
        unit="Count",
        statistic="Sum",
        kind="event",
        meaning="Requests for reservations that were held, whole or in part.",
        formula="1 a request and decision",
        owner="sales office",
        aim="HoldsTaken ÷ (HoldsTaken + HoldsRefused) as the business expects it",
    ),
    Metric(
        name="HoldsRefused",
        title="Reservations refused",
        unit="Count",
        statistic="Sum",
        kind="event",
        meaning="Requests for reservations that were refused for want of stock.",
        formula="1 a request and decision",
        owner="sales office",
        aim="see HoldsTaken",
    ),
    Metric(
        name="HoldsExpired",
        title="Holds that ran out",
        unit="Count",
        statistic="Sum",
        kind="event",
        meaning="Holds that nobody confirmed or released in time.",
        formula="1 a hold",
        owner="sales office",
        aim="a small share of HoldsTaken",
    ),
    Metric(
        name="ExpiredLate",
        title="Holds ended late by",
        unit="Seconds",
        statistic="Maximum",
        kind="event",
        meaning="How long after its end a hold was ended. Readers count it as free from its end on.",
        formula="instant ended − expires_at, of each hold",
        owner="operations",
        aim="below 900",
    ),
    # -- prices ---------------------------------------------------------------------------------------------------
    Metric(
        name="PriceLag",
        title="Prices not acknowledged for",
        unit="Seconds",
        statistic="Maximum",
        dimensions=("price_class",),
        kind="event",
        meaning="How old the oldest change of a price is that a channel has not acknowledged, by price class.",
        formula="now − the change: at each look, 0 where none waits; and of each message when it is acknowledged",
        owner="pricing desk",
        aim="below late_after_seconds of the class",
    ),
    Metric(
        name="PricesCompared",
        title="Channel prices compared",
        unit="Count",
        statistic="Sum",
        dimensions=("channel",),
        kind="event",
        meaning="Prices that a reconciliation held against what the authority says, one by one.",
        formula="1 a price and comparison; prices in leaves whose hashes agree are equal and are not counted",
        owner="pricing desk",
        aim="every price within the rotation",
    ),
    Metric(
        name="PricesWrong",
        title="Channel prices wrong",
        unit="Count",
        statistic="Sum",
        dimensions=("channel",),
        kind="event",
        meaning="Compared prices that were not the authority's. Accuracy = 1 − PricesWrong ÷ PricesCompared.",
        formula="1 a price",
        owner="pricing desk",
        aim="accuracy of at least 99.9 %",
    ),
    # -- what comes in --------------------------------------------------------------------------------------------
    Metric(
        name="WebhookAccepted",
        title="Webhooks accepted",
        unit="Count",
        statistic="Sum",
        dimensions=("source",),
        kind="event",
        meaning="Deliveries that were proven, kept and sent on, repetitions included; a want of them: a silent source.",
        formula="1 a delivery",
        owner="integration",
        aim="WebhookAccepted ÷ (WebhookAccepted + WebhookRefused) of at least 99 %",
    ),
    Metric(
        name="WebhookRefused",
        title="Webhooks refused",
        unit="Count",
        statistic="Sum",
        dimensions=("source",),
        kind="event",
        meaning="Deliveries that were not proven (forged, too old, a wrong secret), not understood, or not kept.",
        formula="1 a delivery",
        owner="integration",
        aim="see WebhookAccepted",
    ),
    Metric(
        name="WebhookTime",
        title="Webhook answered within",
        unit="Milliseconds",
        statistic="p99",
        dimensions=("source",),
        kind="event",
        meaning="How long a source waits for its answer, inside the function.",
        formula="instant answered − instant invoked",
        owner="integration",
        aim="p99 below 1,000; vendors give up after 3 to 10 s",
    ),
    Metric(
        name="SubscriptionEndsSoon",
        title="A subscription ends soon",
        unit="Count",
        statistic="Maximum",
        dimensions=("source",),
        kind="gauge",
        meaning="A source's subscription ends within a day, and nothing comes any more unless it is renewed.",
        formula="1 or 0, said by each delivery that names its subscription's end",
        owner="integration",
        aim="0",
    ),
    Metric(
        name="DuplicatesSuppressed",
        title="Duplicates suppressed",
        unit="Count",
        statistic="Sum",
        dimensions=("domain",),
        values=("webhooks", "reservations", *FACTS),
        kind="event",
        meaning="What came again and changed nothing.",
        formula="1 a repetition",
        owner="integration",
        aim="no aim; a sudden rise is a source that repeats itself",
    ),
    Metric(
        name="MappingFailed",
        title="Deliveries not mapped",
        unit="Count",
        statistic="Sum",
        dimensions=("source",),
        kind="event",
        meaning="Deliveries, or parts of them, that their connector could not translate; each is an exception.",
        formula="1 a refused part; source unknown: the delivery named none of ours",
        owner="integration",
        aim="0",
    ),
    Metric(
        name="FactsApplied",
        title="Facts applied",
        unit="Count",
        statistic="Sum",
        dimensions=("domain",),
        values=FACTS,
        kind="event",
        meaning="Facts from the queues that changed what we hold to be true.",
        formula="1 a fact",
        owner="integration",
        aim="FactsApplied ÷ (FactsApplied + FactsRefused) of at least 99 %",
    ),
    Metric(
        name="FactsRefused",
        title="Facts refused",
        unit="Count",
        statistic="Sum",
        dimensions=("domain",),
        values=FACTS,
        kind="event",
        meaning="Facts from the queues that became exceptions.",
        formula="1 a fact",
        owner="integration",
        aim="see FactsApplied",
    ),
    Metric(
        name="PartnersLimited",
        title="Partner limits hit",
        unit="Count",
        statistic="Sum",
        kind="event",
        meaning="Requests that were answered 429 because a partner's own limit was used up.",
        formula="1 a request; the log names the partner",
        owner="operations",
        aim="0",
    ),
    # -- what goes out --------------------------------------------------------------------------------------------
    Metric(
        name="Delivered",
        title="Values acknowledged",
        unit="Count",
        statistic="Sum",
        dimensions=("channel",),
        kind="event",
        meaning="Values that a channel acknowledged.",
        formula="1 a value",
        owner="integration",
        aim="Delivered ÷ (Delivered + DeliveryFailed + DeliveryRejected) of at least 99 %",
    ),
    Metric(
        name="DeliveryFailed",
        title="Values that did not arrive",
        unit="Count",
        statistic="Sum",
        dimensions=("channel",),
        kind="event",
        meaning="Values whose delivery failed for now: no answer, 5xx, 429. They are told again.",
        formula="1 a value and attempt",
        owner="integration",
        aim="see Delivered",
    ),
    Metric(
        name="DeliveryRejected",
        title="Values rejected by the channel",
        unit="Count",
        statistic="Sum",
        dimensions=("channel",),
        kind="event",
        meaning="Values that a channel will not take; each is an exception.",
        formula="1 a value",
        owner="integration",
        aim="0",
    ),
    Metric(
        name="ChannelOpen",
        title="Channel down",
        unit="Count",
        statistic="Maximum",
        dimensions=("channel",),
        kind="gauge",
        meaning="A channel's breaker is open: it takes nothing, and what it is to be told is parked.",
        formula="1 while it is open, else 0",
        owner="integration",
        aim="0",
    ),
    # -- exceptions -----------------------------------------------------------------------------------------------
    Metric(
        name="ExceptionsOpen",
        title="Open exceptions",
        unit="Count",
        statistic="Maximum",
        dimensions=("class",),
        values=EXCEPTION_CLASSES,
        kind="gauge",
        meaning="Groups of exceptions that nobody has settled, by class.",
        formula="groups with a fact that is open or being replayed, at each look; 0 where there is none",
        owner="operations",
        aim="0 destination_down and poison; the others falling",
    ),
    Metric(
        name="ExceptionsOldest",
        title="Oldest open exception",
        unit="Seconds",
        statistic="Maximum",
        dimensions=("class",),
        values=EXCEPTION_CLASSES,
        kind="gauge",
        meaning="How long the oldest open group has been waiting, by class.",
        formula="now − since when it is open (again, if it had been done with); 0 where there is none",
        owner="operations",
        aim="below a day",
    ),
    Metric(
        name="ExceptionsOverdue",
        title="Overdue exceptions",
        unit="Count",
        statistic="Maximum",
        kind="gauge",
        meaning="Open groups whose due time has passed.",
        formula="groups with due < now",
        owner="operations",
        aim="0",
    ),
    Metric(
        name="MoneyHeldUp",
        title="Money held up",
        unit="None",
        statistic="Maximum",
        dimensions=("currency",),
        kind="gauge",
        meaning="What the refused facts of open exceptions state in money, by currency, in whole units of it.",
        formula="sum over open groups, rounded up",
        owner="operations",
        aim="0",
    ),
    Metric(
        name="TimeToResolve",
        title="Mean time to resolve",
        unit="Seconds",
        statistic="Average",
        kind="gauge",
        meaning="How long exceptions that ended in the last 24 hours had been open.",
        formula="mean of (done with − opened) over groups that were done with within a day; none, no value",
        owner="operations",
        aim="below 14,400 (four hours)",
    ),
    # -- agreement ------------------------------------------------------------------------------------------------
    Metric(
        name="DriftFound",
        title="Drift found",
        unit="Count",
        statistic="Sum",
        dimensions=("kind",),
        values=DRIFT_KINDS,
        kind="event",
        meaning="Rows on which two systems that should agree did not: counts and balances, channels and what is true.",
        formula="1 a row and reconciliation",
        owner="integration",
        aim="below 0.1 % of what was compared",
    ),
    Metric(
        name="DriftHealed",
        title="Drift healed",
        unit="Count",
        statistic="Sum",
        dimensions=("kind",),
        values=DRIFT_KINDS,
        kind="event",
        meaning="Drifted rows told or adjusted anew; the others wait for a second sighting or are exceptions.",
        formula="1 a row",
        owner="integration",
        aim="follows DriftFound within two reconciliations",
    ),
)

BY_NAME: Final = {metric.name: metric for metric in METRICS}
