"""The versions of each function and the alias that callers reach them by, as Lambda knows them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from crossdock_cli.errors import CliError
from crossdock_cli.target import LIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crossdock_cli.target import Target

# Back in this order: whoever writes messages and rows in a new form before those who read them.
STACKS: Final = ("api", "operations", "sync")
_AT_A_TIME: Final = 8
_LATEST: Final = "$LATEST"


@dataclass(frozen=True, slots=True)
class Version:
    """One published version: its number, and when it was published."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Deployed:
    """A function with its versions, oldest first; `shifting` is the one that a part of the calls goes to already."""

    stack: str
    name: str
    live: int
    versions: tuple[Version, ...]
    shifting: int | None = None

    def version(self, number: int) -> Version | None:
        return next((v for v in self.versions if v.number == number), None)

    def before(self, instant: datetime) -> Version | None:
        """The newest version that was published before an instant."""
        return next((v for v in reversed(self.versions) if v.at < instant), None)


def deployed(target: Target) -> list[Deployed]:
    """Every function of the stage, those of the API first. Raises CliError where they have no aliases."""
    names = [(stack, name) for stack in STACKS for name in sorted(_functions(target, stack))]
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        return list(pool.map(lambda pair: _look(target, *pair), names))


def move(target: Target, functions: Iterable[tuple[Deployed, int]], moved: Callable[[Deployed, int], None]) -> None:
    """Lets callers reach these versions from now on, stack after stack; `moved` hears of each that does."""
    wanted = list(functions)
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        for stack in STACKS:
            part = [pair for pair in wanted if pair[0].stack == stack]
            for function, number in pool.map(lambda pair: _move(target, *pair), part):
                moved(function, number)


def remove(target: Target, function: Deployed, number: int) -> None:
    """Removes a version that nobody reaches; Lambda itself refuses one that an alias stands on."""
    target.functions.delete_function(FunctionName=function.name, Qualifier=str(number))


def updating(target: Target) -> list[str]:
    """The stage's stacks that CloudFormation is changing now."""
    return [stack for stack in STACKS if _status(target, stack).endswith("IN_PROGRESS")]


def _status(target: Target, stack: str) -> str:
    return target.cloudformation.describe_stacks(StackName=target.name(stack))["Stacks"][0]["StackStatus"]


def _functions(target: Target, stack: str) -> list[str]:
    pages = target.cloudformation.get_paginator("list_stack_resources").paginate(StackName=target.name(stack))
    return [
        resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    ]


def _look(target: Target, stack: str, name: str) -> Deployed:
    try:
        alias = target.functions.get_alias(FunctionName=name, Name=LIVE)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise CliError(
            f"{name} has no alias {LIVE}: its callers reach the newest code",
            "a local engine has aliases when it was started so: crossdock local up --aliases",
        ) from None
    weights: dict[str, float] = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    pages = target.functions.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    versions = [_version(v) for page in pages for v in page["Versions"] if v["Version"] != _LATEST]
    return Deployed(
        stack=stack,
        name=name,
        live=int(alias["FunctionVersion"]),
        versions=tuple(sorted(versions, key=lambda v: v.number)),
        shifting=next((int(number) for number in weights), None),
    )


def _version(document: Any) -> Version:
    # Lambda writes the offset without a colon.
    at = datetime.strptime(document["LastModified"], "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)
    return Version(int(document["Version"]), at)


def _move(target: Target, function: Deployed, number: int) -> tuple[Deployed, int]:
    target.functions.update_alias(
        FunctionName=function.name,
        Name=LIVE,
        FunctionVersion=str(number),
        # Whatever part of the calls went elsewhere does so no longer.
        RoutingConfig={"AdditionalVersionWeights": {}},
    )
    return function, number
