"""One channel: its queue of dirty keys, its dead letters, its alarms, and its share of the deliverer."""

from dataclasses import replace
from typing import Final

from constructs import Construct

from crossdock.config import Channel
from crossdock.connectors import channel_connector
from crossdock.contracts.deliveries import Need
from infra.constructs.alarm_stories import STORIES, Story
from infra.constructs.function import Function
from infra.constructs.queue import Queue
from infra.constructs.stack import stack_of

LATE_AFTER_SECONDS: Final = 1800
ERP: Final = "generic_erp"


def needs_of(channel: Channel) -> frozenset[Need]:
    """What the channel's kind has to be handed with each delivery."""
    return channel_connector(channel.connector).NEEDS


def about_channel(kind: str, channel: Channel, **names: str) -> Story:
    """An alarm's story of one channel."""
    return runbook_of(channel, STORIES[kind].of(channel=channel.name, **names))


def runbook_of(channel: Channel, story: Story) -> Story:
    """The story with the runbook of this channel: that of an ERP is one of its own."""
    erp = channel.connector == ERP and story.runbook == "channel-down"
    return replace(story, runbook="erp-down") if erp else story


def channel_queue(scope: Construct, channel: Channel) -> Queue:
    """`crossdock-{stage}-channel-{name}`: a queue of its own, so that one channel that is down holds up no other."""
    return Queue(
        scope,
        f"channel-{channel.name}",
        max_receives=stack_of(scope).plan.stage.channel_receives,
        late_after_seconds=LATE_AFTER_SECONDS,
        late=about_channel("channel-queue-late", channel, seconds=str(LATE_AFTER_SECONDS)),
    )


def deliver(function: Function, channel: Channel, queue: Queue) -> None:
    """Lets the deliverer work for this channel, with no more deliveries at a time than the channel wants."""
    label = queue.node.id
    # Marks gather as long as changes do: items told together share a delivery and its calls.
    window = stack_of(function).plan.stage.announce_window_seconds
    function.consume(label, queue.queue, max_concurrency=channel.max_concurrency, window_seconds=window)
    # A channel that asks for patience gets it: the message is hidden for as long as it said.
    function.allow(["sqs:ChangeMessageVisibility"], queue.queue.queue_arn)
