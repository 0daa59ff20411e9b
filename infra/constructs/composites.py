"""One message for one trouble: composite alarms over those that ring together, quiet while their cause rings.

CloudWatch only: the local engine knows no composites, and each alarm stands for itself there.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import IConstruct

from crossdock.config import BusinessConfig
from infra.constructs.alarm_stories import CHANNEL, COMPOSITES, SOURCE, STORE, WORK, Story
from infra.constructs.alarms import description, topic_arn
from infra.constructs.channel import runbook_of
from infra.constructs.stack import StageStack

# What follows from our store's trouble waits so long for it to be known, and so long after it is over.
_WAIT_SECONDS: Final = 120
_EXTENSION_SECONDS: Final = 300
# As many as CloudWatch allows in one.
_MOST: Final = 100


def composites(stack: StageStack) -> None:
    """One for each trouble whose parts were made in the stacks so far, this one's included.

    A channel's, a source's and the workers' are quiet while our store is in trouble: they follow from that.
    """
    parts: dict[str, dict[str, IConstruct]] = defaultdict(dict)
    for name, part, made in stack.plan.composed:
        parts[name][part] = made
    stories = _stories(stack.plan.business)
    store = composite(stack, STORE, stories[STORE], parts.pop(STORE))
    follow = {name for name in stories if name not in COMPOSITES} | {WORK}
    for name, found in sorted(parts.items()):
        composite(stack, name, stories[name], found, quiet_during=store if name in follow else None)


def composite(
    stack: StageStack,
    name: str,
    story: Story,
    parts: Mapping[str, IConstruct],
    *,
    every: bool = False,
    quiet_during: cloudwatch.CfnCompositeAlarm | None = None,
) -> cloudwatch.CfnCompositeAlarm:
    """Rings while one of the parts (or every one) does. `parts` maps their names to what makes them.

    Raises ValueError when they are more than CloudWatch takes.
    """
    if len(parts) > _MOST:
        raise ValueError(f"{name} has {len(parts)} parts: a composite alarm takes {_MOST}; divide it")
    stage = stack.plan.stage
    rule = (" AND " if every else " OR ").join(f'ALARM("{stage.named(part)}")' for part in parts)
    made = cloudwatch.CfnCompositeAlarm(
        stack,
        "Composite" + "".join(part.capitalize() for part in name.split("-")),
        alarm_name=stage.named(name),
        alarm_description=description(stack, story),
        alarm_rule=rule,
        alarm_actions=[topic_arn(stack, story.priority)],
        actions_suppressor=quiet_during.alarm_name if quiet_during else None,
        actions_suppressor_wait_period=_WAIT_SECONDS if quiet_during else None,
        actions_suppressor_extension_period=_EXTENSION_SECONDS if quiet_during else None,
    )
    # A rule may name only what exists; parts of other stacks let this one be deployed after them.
    for needed in (*parts.values(), *([quiet_during] if quiet_during else [])):
        made.node.add_dependency(needed)
    return made


def _stories(business: BusinessConfig) -> dict[str, Story]:
    """The story of every composite of this configuration, by its name."""
    found = {name: story for name, story in COMPOSITES.items() if "{" not in name}
    for source in business.sources:
        found[SOURCE.format(source=source)] = COMPOSITES[SOURCE].of(source=source)
    for name, channel in business.channels.items():
        story = COMPOSITES[CHANNEL].of(channel=name)
        found[CHANNEL.format(channel=name)] = runbook_of(channel, story)
    return found
