"""The two layers as CloudFormation knows them."""

import platform
from pathlib import Path

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.bundling import LayerFolders
from infra.stages import Stage

PYTHON = lambda_.Runtime.PYTHON_3_13


def architecture(stage: Stage) -> lambda_.Architecture:
    """arm64 in the cloud, where it costs a fifth less; in the local engine this machine's own."""
    arm = stage.cloud or platform.machine() in {"arm64", "aarch64"}
    return lambda_.Architecture.ARM_64 if arm else lambda_.Architecture.X86_64


class Layers(Construct):
    """The library with the business configuration, and the wheels: apart, as they change at another pace."""

    def __init__(self, scope: Construct, stage: Stage, part: str, folders: LayerFolders) -> None:
        super().__init__(scope, "Layers")
        self._stage = stage
        self._part = part
        # Later layers are unpacked over earlier ones: the library wins.
        self.versions = [
            self._layer("Dependencies", folders.dependencies),
            self._layer("Library", folders.library),
        ]

    def _layer(self, kind: str, folder: Path) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            kind,
            layer_version_name=self._stage.named(f"{self._part}-{kind.lower()}"),
            code=lambda_.Code.from_asset(str(folder)),
            compatible_runtimes=[PYTHON],
            compatible_architectures=[architecture(self._stage)],
        )
