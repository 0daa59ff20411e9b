"""What CodeDeploy does in an account, done here: the next version published beside the old one, then shifted to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from crossdock_cli.local import fast
from crossdock_cli.releases import aliases
from crossdock_cli.target import LIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from crossdock_cli.local.state import LocalState
    from crossdock_cli.target import Target

CANARY: Final = 0.1
_ALIAS: Final = "AWS::Lambda::Alias"


def publish(state: LocalState, target: Target, assembly: Path) -> dict[str, tuple[int, int]]:
    """Deploys the assembly without moving an alias; gives back (old version, new version) by function."""
    before = {f.name: f.live for f in aliases.deployed(target)}
    for template in assembly.glob("*.template.json"):
        document = json.loads(template.read_text())
        for resource in document["Resources"].values():
            if resource["Type"] == _ALIAS:
                function = document["Resources"][resource["Properties"]["FunctionName"]["Ref"]]
                resource["Properties"]["FunctionVersion"] = str(before[function["Properties"]["FunctionName"]])
        template.write_text(json.dumps(document))
    fast.deploy(state, assembly)
    found = aliases.deployed(target)
    return {f.name: (before[f.name], f.versions[-1].number) for f in found}


def canary(target: Target, functions: Iterable[str], versions: Mapping[str, tuple[int, int]]) -> None:
    """A tenth of the calls goes to the new version."""
    for name in functions:
        old, new = versions[name]
        _point(target, name, old, {str(new): CANARY})


def complete(target: Target, functions: Iterable[str], versions: Mapping[str, tuple[int, int]]) -> None:
    """All calls go to the new version."""
    for name in functions:
        _point(target, name, versions[name][1], {})


def _point(target: Target, name: str, version: int, weights: Mapping[str, float]) -> None:
    target.functions.update_alias(
        FunctionName=name,
        Name=LIVE,
        FunctionVersion=str(version),
        RoutingConfig={"AdditionalVersionWeights": dict(weights)},
    )
