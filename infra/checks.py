"""Our own rules of operation, as Aspects: a stack that breaks one is not synthesised.

Each message says what is missing and how to add it. The rules look at what CloudFormation will get, not at how it was
written, so they hold for constructs of other libraries too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

import jsii
from aws_cdk import (
    App,
    AspectPriority,
    Aspects,
    CfnDeletionPolicy,
    CfnResource,
    IAspect,
    Stack,
    TagManager,
    Validations,
)
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import IConstruct

from infra.stages import Stage

TAGS: Final = ("domain", "owner", "project", "stack", "stage")
_L1 = TypeVar("_L1", bound=CfnResource)


def add_checks(app: App, stage: Stage) -> None:
    """Puts every rule on the app; they run last, after everything that still changes the tree."""
    rules: list[IAspect] = [FunctionRules(), QueueRules(), TagRules()]
    if stage.cloud:
        rules.append(TableRules())
    for rule in rules:
        Aspects.of(app).add(rule, priority=AspectPriority.READONLY)


@dataclass(frozen=True)
class Wiring:
    """Who calls what and where failures go, within one stack, by logical ids."""

    stack: Stack

    def all(self, kind: type[_L1]) -> list[_L1]:
        return [node for node in self._nodes if isinstance(node, kind)]

    @cached_property
    def _nodes(self) -> list[IConstruct]:
        return self.stack.node.find_all()

    def target(self, value: Any) -> str | None:
        """The logical id a Ref or an Fn::GetAtt points at; for an alias, that of its function."""
        found = _pointed_at(self.stack.resolve(value))
        return self._aliases.get(found, found) if found else None

    @cached_property
    def _aliases(self) -> dict[str, str]:
        pairs = ((a.logical_id, a.function_name) for a in self.all(lambda_.CfnAlias))
        return {self.stack.resolve(i): _pointed_at(self.stack.resolve(f)) or "" for i, f in pairs}

    @cached_property
    def sources(self) -> list[tuple[str | None, str | None, bool]]:
        """(function, queue or None for a stream, has a failure destination) of every event source mapping."""
        found = []
        for mapping in self.all(lambda_.CfnEventSourceMapping):
            source = self.target(mapping.event_source_arn)
            queue = source if source in self.queues else None
            kept = bool(self.stack.resolve(mapping.destination_config))
            found.append((self.target(mapping.function_name), queue, kept))
        return found

    @cached_property
    def queues(self) -> dict[str, sqs.CfnQueue]:
        return {self.stack.resolve(q.logical_id): q for q in self.all(sqs.CfnQueue)}

    @cached_property
    def log_groups(self) -> dict[str, logs.CfnLogGroup]:
        return {self.stack.resolve(g.logical_id): g for g in self.all(logs.CfnLogGroup)}

    @cached_property
    def asynchronous(self) -> set[str | None]:
        """Functions with a failure destination for asynchronous invocations."""
        configs = self.all(lambda_.CfnEventInvokeConfig)
        return {self.target(c.function_name) for c in configs if self.stack.resolve(c.destination_config)}

    @cached_property
    def answering(self) -> set[str | None]:
        """Functions that API Gateway calls: their caller gets the error and sends again."""
        allowed = (p for p in self.all(lambda_.CfnPermission) if p.principal == "apigateway.amazonaws.com")
        return {self.target(p.function_name) for p in allowed}

    @cached_property
    def alarmed(self) -> list[Any]:
        """The values of the FunctionName dimensions of all alarms, resolved."""
        dimensions = (self.stack.resolve(a.dimensions) or [] for a in self.all(cloudwatch.CfnAlarm))
        return [d["value"] for some in dimensions for d in some if d["name"] == "FunctionName"]

    @cached_property
    def dead_letter_queues(self) -> set[str]:
        """Queues that something sends its failures to."""
        places: Iterable[Any] = (
            *(q.redrive_policy for q in self.queues.values()),
            *(m.destination_config for m in self.all(lambda_.CfnEventSourceMapping)),
            *(c.destination_config for c in self.all(lambda_.CfnEventInvokeConfig)),
            *(
                {"deadLetterConfig": f.dead_letter_config}
                for f in self.all(lambda_.CfnFunction)
                if f.dead_letter_config
            ),
            *(r.targets for r in self.all(events.CfnRule)),
            *(s.target for s in self.all(scheduler.CfnSchedule)),
        )
        return {found for place in places for found in _dead_letter_targets(self.stack.resolve(place))}


class _Rules:
    """Remembers the wiring of each stack, which is looked up once."""

    def __init__(self) -> None:
        self._wirings: dict[str, Wiring] = {}

    def wiring(self, node: IConstruct) -> Wiring:
        stack = Stack.of(node)
        return self._wirings.setdefault(stack.node.path, Wiring(stack))


@jsii.implements(IAspect)
class FunctionRules(_Rules):
    """Every function: own log group with retention, own role, an alarm, and a way to fail that loses nothing."""

    def visit(self, node: IConstruct) -> None:
        if not isinstance(node, lambda_.CfnFunction):
            return
        wiring = self.wiring(node)
        for name, holds, remedy in _FUNCTION_RULES:
            if not holds(wiring, node):
                _refuse(node, name, remedy)


@jsii.implements(IAspect)
class QueueRules(_Rules):
    """Every queue has dead letters or is where others put theirs."""

    def visit(self, node: IConstruct) -> None:
        if not isinstance(node, sqs.CfnQueue):
            return
        wiring = self.wiring(node)
        if not _has_dead_letters(wiring, wiring.stack.resolve(node.logical_id)):
            _refuse(
                node, "dead-letters", "it has no dead-letter queue and is none: use Queue of infra/constructs/queue.py"
            )


@jsii.implements(IAspect)
class TableRules(_Rules):
    """Every table outlives its stack, can be restored to any second, and is encrypted with a key of ours."""

    def visit(self, node: IConstruct) -> None:
        if not isinstance(node, dynamodb.CfnTable):
            return
        resolve = Stack.of(node).resolve
        if node.cfn_options.deletion_policy is not CfnDeletionPolicy.RETAIN:
            _refuse(node, "retained", "it is deleted with its stack: set removal_policy=RemovalPolicy.RETAIN")
        recovery = resolve(node.point_in_time_recovery_specification) or {}
        if not recovery.get("pointInTimeRecoveryEnabled"):
            _refuse(node, "recovery", "it cannot be restored: enable point-in-time recovery")
        encryption = resolve(node.sse_specification) or {}
        if not encryption.get("kmsMasterKeyId"):
            _refuse(node, "own-key", "it is not encrypted with a customer-managed key: pass the stack's key")


@jsii.implements(IAspect)
class TagRules(_Rules):
    """Every resource that can carry tags says what it belongs to and who is asked about it."""

    def visit(self, node: IConstruct) -> None:
        manager = TagManager.of(node) if isinstance(node, CfnResource) else None
        if manager is None:
            return
        missing = [tag for tag in TAGS if tag not in manager.tag_values()]
        if missing:
            _refuse(node, "tags", f"it lacks the tag(s) {', '.join(missing)}: put it in a StageStack")


def _has_log_group(wiring: Wiring, function: lambda_.CfnFunction) -> bool:
    config = wiring.stack.resolve(function.logging_config) or {}
    group = wiring.log_groups.get(wiring.target(config.get("logGroup")) or "")
    return group is not None and group.retention_in_days is not None


def _has_own_role(wiring: Wiring, function: lambda_.CfnFunction) -> bool:
    roles = [wiring.target(other.role) for other in wiring.all(lambda_.CfnFunction)]
    own = wiring.target(function.role)
    return own is not None and roles.count(own) == 1


def _has_alarm(wiring: Wiring, function: lambda_.CfnFunction) -> bool:
    names = (wiring.stack.resolve(function.function_name), {"Ref": wiring.stack.resolve(function.logical_id)})
    return any(name in wiring.alarmed for name in names)


def _fails_safely(wiring: Wiring, function: lambda_.CfnFunction) -> bool:
    own = wiring.stack.resolve(function.logical_id)
    sources = [(queue, kept) for reader, queue, kept in wiring.sources if reader == own]
    if not all(_has_dead_letters(wiring, queue) if queue else kept for queue, kept in sources):
        return False
    told = (
        own in wiring.asynchronous or own in wiring.answering or bool(wiring.stack.resolve(function.dead_letter_config))
    )
    return bool(sources) or told


_FUNCTION_RULES: Final = (
    (
        "log-group",
        _has_log_group,
        "it has no log group of its own with a retention: use Function of infra/constructs/function.py",
    ),
    ("own-role", _has_own_role, "it shares its role or brings one from elsewhere: give it a role of its own"),
    ("alarm", _has_alarm, "no alarm watches it: add one on its Errors"),
    ("failures", _fails_safely, "a failure is lost: give its queue dead letters, its stream a failure destination"),
)


def _has_dead_letters(wiring: Wiring, queue: str) -> bool:
    redriven = wiring.stack.resolve(wiring.queues[queue].redrive_policy)
    return bool(redriven) or queue in wiring.dead_letter_queues


def _pointed_at(value: Any) -> str | None:
    """The logical id in `{"Ref": id}` or `{"Fn::GetAtt": [id, …]}`; None for anything else."""
    if not isinstance(value, Mapping):
        return None
    attribute = value.get("Fn::GetAtt")
    found = attribute[0] if attribute else value.get("Ref")
    return found if isinstance(found, str) else None


def _dead_letter_targets(value: Any) -> Iterator[str]:
    """Every logical id that a resolved property sends failures to."""
    if isinstance(value, list):
        for item in value:
            yield from _dead_letter_targets(item)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key in {"deadLetterConfig", "onFailure"}:
                candidates = [_pointed_at(part) for part in inner.values()]
            elif key == "deadLetterTargetArn":
                candidates = [_pointed_at(inner)]
            else:
                yield from _dead_letter_targets(inner)
                continue
            yield from (found for found in candidates if found)


def _refuse(node: IConstruct, rule: str, message: str) -> None:
    Validations.of(node).add_error(f"crossdock-{rule}", f"{node.node.path}: {message}")
