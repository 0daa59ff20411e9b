"""Alarms on the figures of the business (`crossdock.contracts.metrics`), one for each thing that can be in trouble."""

from typing import Final

from constructs import Construct

from crossdock.contracts.metrics import BY_NAME, NAMESPACE
from infra.constructs.alarm_stories import STORIES, Story
from infra.constructs.alarms import Watch, told
from infra.constructs.channel import about_channel
from infra.constructs.stack import StageStack

# Two looks of what is looked at every five minutes, so that an alarm does not ring again for want of data; what is over
# within one rings nobody.
LOOKS_MINUTES: Final = 10
# Two runs of the check that hears silent warehouses.
SILENCE_MINUTES: Final = 30
SUBSCRIPTION_MINUTES: Final = 15
DRIFT_MINUTES: Final = 60
SLOW_MILLISECONDS: Final = 3_000


def business_alarms(stack: StageStack) -> None:
    """Makes all of them in this stack."""
    _stock(stack)
    _prices(stack)
    for name in stack.plan.business.sources:
        _source(stack, name)
    for name in stack.plan.business.channels:
        _channel(stack, name)
    _facts(stack)
    _exceptions(stack)


def _watch(stack: StageStack, metric: str, threshold: int, minutes: int = 5, **dimensions: str) -> Watch:
    """One of the catalogue's figures: its statistic, its dimensions. Raises KeyError for another, or other ones."""
    figure = BY_NAME[metric]
    if set(dimensions) != set(figure.dimensions):
        raise KeyError(f"{metric} is counted by {figure.dimensions}, not by {tuple(dimensions)}")
    statistic = figure.statistic
    if statistic not in {"Sum", "Maximum", "p99"}:
        raise KeyError(f"{metric} is a {statistic}: no alarm is made on that")
    full = {"stage": stack.plan.stage.name, **dimensions}
    return Watch(NAMESPACE, metric, full, statistic, threshold, minutes)


def _alarm(stack: StageStack, place: str, name: str, story: Story, watch: Watch) -> None:
    """`place` is the construct's id: whoever renames it lets CloudFormation delete and make the alarm anew."""
    scope = stack.node.try_find_child(place) or Construct(stack, place)
    told(scope, name, story, watch)  # type: ignore[arg-type]  # a construct, found or made


def _stock(stack: StageStack) -> None:
    business = stack.plan.business
    _alarm(stack, "Oversold", "oversold", STORIES["oversold"], _watch(stack, "Oversold", 1))
    for name, warehouse in business.warehouses.items():
        story = STORIES["warehouse-silent"].of(warehouse=name, source=warehouse.source)
        watch = _watch(stack, "WarehouseSilent", 1, SILENCE_MINUTES, warehouse=name)
        _alarm(stack, f"Warehouse-{name}", f"warehouse-{name}-silent", story, watch)


def _prices(stack: StageStack) -> None:
    """A class rings by its own limit; a strategic one at once and at night."""
    if not stack.plan.business.channels_for("price"):
        return
    for name, price_class in stack.plan.business.price_classes.items():
        story = STORIES["strategic-prices-late" if price_class.strategic else "prices-late"].of(price_class=name)
        watch = _watch(stack, "PriceLag", price_class.late_after_seconds, price_class=name)
        _alarm(stack, f"PriceClass-{name}", f"prices-{name}-late", story, watch)


def _source(stack: StageStack, name: str) -> None:
    """It sends nothing, its subscription ends, it is refused, not understood, or kept waiting."""
    source, terms = stack.plan.business.sources[name], stack.plan.business.alarms
    if source.silent_after_seconds is not None:
        dimensions = {"stage": stack.plan.stage.name, "source": name}
        minutes = -(-source.silent_after_seconds // 60)
        quiet = Watch(NAMESPACE, "WebhookAccepted", dimensions, "Sum", 1, minutes, missing=True)
        _alarm(stack, f"Source-{name}", f"source-{name}-silent", STORIES["source-silent"].of(source=name), quiet)
    if source.scheme == "business-central":
        ends = _watch(stack, "SubscriptionEndsSoon", 1, SUBSCRIPTION_MINUTES, source=name)
        story = STORIES["source-subscription-ends"].of(source=name)
        _alarm(stack, f"Subscription-{name}", f"source-{name}-subscription-ends", story, ends)
    for kind, metric, threshold in (
        ("source-refused", "WebhookRefused", terms.refused_webhooks),
        ("source-unmapped", "MappingFailed", 1),
        ("source-slow", "WebhookTime", SLOW_MILLISECONDS),
    ):
        what = kind.removeprefix("source-")
        story, watch = STORIES[kind].of(source=name), _watch(stack, metric, threshold, source=name)
        _alarm(stack, f"Source-{name}", f"source-{name}-{what}", story, watch)


def _channel(stack: StageStack, name: str) -> None:
    """It takes nothing, is behind, rejects, or shows prices that are wrong."""
    business = stack.plan.business
    channel = business.channels[name]
    behind = business.alarms.channel_behind_seconds
    watches = {
        "down": _watch(stack, "ChannelOpen", 1, LOOKS_MINUTES, channel=name),
        "behind": _watch(stack, "ChannelBehind", behind, LOOKS_MINUTES, channel=name),
        "rejects": _watch(stack, "DeliveryRejected", 1, channel=name),
    }
    for what, watch in watches.items():
        story = about_channel(f"channel-{what}", channel)
        _alarm(stack, f"Channel-{name}", f"channel-{name}-{what}", story, watch)
    if "price" in channel.publishes:
        story, wrong = STORIES["prices-wrong"].of(channel=name), _watch(stack, "PricesWrong", 1, channel=name)
        _alarm(stack, f"Channel-{name}", f"channel-{name}-prices-wrong", story, wrong)


def _facts(stack: StageStack) -> None:
    terms = stack.plan.business.alarms
    for domain in BY_NAME["FactsRefused"].values:
        story = STORIES["facts-refused"].of(domain=domain)
        watch = _watch(stack, "FactsRefused", terms.refused_facts, domain=domain)
        _alarm(stack, f"Facts-{domain}", f"facts-{domain}-refused", story, watch)
    for domain in BY_NAME["DuplicatesSuppressed"].values:
        story = STORIES["facts-repeated"].of(domain=domain)
        watch = _watch(stack, "DuplicatesSuppressed", terms.duplicates, domain=domain)
        _alarm(stack, f"Repeated-{domain}", f"facts-{domain}-repeated", story, watch)
    for kind in BY_NAME["DriftFound"].values:
        watch = _watch(stack, "DriftFound", terms.drifted_rows, DRIFT_MINUTES, kind=kind)
        _alarm(stack, f"Drift-{kind}", f"drift-{kind}", STORIES["drift"].of(kind=kind), watch)
    limited = _watch(stack, "PartnersLimited", terms.limited_requests)
    _alarm(stack, "PartnersLimited", "partners-limited", STORIES["partners-limited"], limited)


def _exceptions(stack: StageStack) -> None:
    for name in ("poison", "destination_down"):
        kind = f"exceptions-{name.replace('_', '-')}"
        watch = _watch(stack, "ExceptionsOpen", 1, LOOKS_MINUTES, **{"class": name})
        _alarm(stack, f"Exceptions-{name}", kind, STORIES[kind], watch)
    overdue = _watch(stack, "ExceptionsOverdue", 1, LOOKS_MINUTES)
    _alarm(stack, "ExceptionsOverdue", "exceptions-overdue", STORIES["exceptions-overdue"], overdue)
    for currency, amount in stack.plan.business.alarms.money_held_up.items():
        story = STORIES["money-held-up"].of(currency=currency, amount=f"{amount:,}")
        watch = _watch(stack, "MoneyHeldUp", amount, LOOKS_MINUTES, currency=currency)
        _alarm(stack, f"Money-{currency}", f"money-{currency}-held-up", story, watch)
