"""What every stack of a stage has in common: its name, its tags, its layers."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from aws_cdk import Stack, Tags
from aws_cdk import aws_kms as kms
from constructs import Construct

from crossdock.config import BusinessConfig
from infra.bundling import LayerFolders
from infra.constructs.domains import PLATFORM, TAG
from infra.constructs.layers import Layers
from infra.constructs.rollout import Rollout
from infra.stages import Stage


@dataclass(frozen=True, slots=True)
class Plan:
    """What is deployed: the stage's values, the distributor's configuration, the folders of the code.

    `composed` gathers, while stacks are made, (composite alarm, its part's name, the part itself).
    """

    stage: Stage
    business: BusinessConfig
    functions: Path
    layers: LayerFolders
    composed: list[tuple[str, str, Construct]] = field(default_factory=list)


class StageStack(Stack):
    """One stack of a stage, `crossdock-{stage}-{part}`.

    It names no account and no region: the template is the same whoever makes it, and making it needs no network.
    """

    def __init__(self, scope: Construct, part: str, plan: Plan, description: str) -> None:
        tags = {"project": "crossdock", "stage": plan.stage.name, "stack": part, "owner": plan.stage.owner}
        # What serves one part of the business says so itself, nearer to it.
        tags[TAG] = PLATFORM
        super().__init__(
            scope,
            part,
            stack_name=plan.stage.named(part),
            description=f"crossdock {plan.stage.name}: {description}",
            termination_protection=plan.stage.retain,
            tags=tags,
            analytics_reporting=False,
        )
        for key, value in tags.items():
            Tags.of(self).add(key, value)
        self.part = part
        self.plan = plan
        # What this stack's queues and logs are encrypted with; None where AWS's own keys are used.
        self.encryption_key: kms.IKey | None = None

    def encrypt_with(self, key_arn: str | None) -> None:
        """Names the stage's key, which another stack made: known by its ARN only, so that nothing here changes it."""
        if key_arn:
            self.encryption_key = kms.Key.from_key_arn(self, "StageKey", key_arn)

    @property
    def key_arn(self) -> str | None:
        """The ARN of `encryption_key`."""
        return self.encryption_key.key_arn if self.encryption_key else None

    @cached_property
    def layers(self) -> Layers:
        """The stack's own copies: an export that other stacks import could never be updated."""
        return Layers(self, self.plan.stage, self.part, self.plan.layers)

    @cached_property
    def rollout(self) -> Rollout:
        """How this stack's functions go over to a new version."""
        return Rollout(self, self.plan.stage, self.part)


def stack_of(scope: Construct) -> StageStack:
    """The stage's stack that a construct stands in. Raises TypeError for a stack of another kind."""
    stack = Stack.of(scope)
    if not isinstance(stack, StageStack):
        raise TypeError(f"{scope.node.path} must stand in a StageStack: it takes its names and values from there")
    return stack
