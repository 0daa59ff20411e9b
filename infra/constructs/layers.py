"""The layers as CloudFormation knows them."""

import platform
from functools import cached_property
from pathlib import Path
from typing import Final

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.bundling import LayerFolders
from infra.stages import Stage

PYTHON = lambda_.Runtime.PYTHON_3_13
COMPARES: Final = frozenset({"apply_accounts", "change_customers", "compare_accounts"})
"""The functions that compare customers with each other: they alone get the layer of what that takes."""


def architecture(stage: Stage) -> lambda_.Architecture:
    """arm64 in the cloud, where it costs a fifth less; in the local engine this machine's own."""
    arm = stage.cloud or platform.machine() in {"arm64", "aarch64"}
    return lambda_.Architecture.ARM_64 if arm else lambda_.Architecture.X86_64


class Layers(Construct):
    """The library with the business configuration, and the wheels: apart, as they change at another pace.

    What customers are compared with is a layer for those functions that compare them.
    """

    def __init__(self, scope: Construct, stage: Stage, part: str, folders: LayerFolders) -> None:
        super().__init__(scope, "Layers")
        self._stage = stage
        self._part = part
        self._comparing = folders.comparing
        # Later layers are unpacked over earlier ones: the library wins.
        self._versions = [
            self._layer("Dependencies", folders.dependencies),
            self._layer("Library", folders.library),
        ]

    def of(self, function: str) -> list[lambda_.LayerVersion]:
        """The layers of the function of this name."""
        return [self._made_comparing, *self._versions] if function in COMPARES else list(self._versions)

    @cached_property
    def _made_comparing(self) -> lambda_.LayerVersion:
        """Made in the stacks that have a function for it."""
        return self._layer("Comparing", self._comparing)

    def _layer(self, kind: str, folder: Path) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            kind,
            layer_version_name=self._stage.named(f"{self._part}-{kind.lower()}"),
            code=lambda_.Code.from_asset(str(folder)),
            compatible_runtimes=[PYTHON],
            compatible_architectures=[architecture(self._stage)],
        )
