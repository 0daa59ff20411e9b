"""The synthesised templates, made once for the session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

# Read when the CDK's own process starts, that is when the first test module imports it. The CDK's validation takes
# seconds; the `prod` fixture leaves it on, once.
os.environ["CDK_VALIDATION"] = "false"
os.environ["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] = "20"

import pytest

from infra.bundling import LayerFolders, build_layers
from infra.stages import PROD, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

STACKS = ("data", "sync", "api", "operations")


class Templates:
    """The four templates of a stage, with names instead of references."""

    def __init__(self, assembly: Path, stage: str) -> None:
        self.assembly = assembly
        self.stage = stage
        self.paths = [assembly / f"{stack}.template.json" for stack in STACKS]
        self.stacks: dict[str, dict[str, Any]] = {p.name.split(".")[0]: json.loads(p.read_text()) for p in self.paths}

    def all(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(stack, resource) of every resource of this type."""
        for stack, template in self.stacks.items():
            for resource in template["Resources"].values():
                if resource["Type"] == kind:
                    yield stack, resource

    def named(self, kind: str, attribute: str) -> dict[str, dict[str, Any]]:
        """The properties of every resource of this type, by its own part of its physical name."""
        return {self.own(r["Properties"][attribute]): r["Properties"] for _, r in self.all(kind)}

    def own(self, physical: str) -> str:
        """`crossdock-prod-movements` → `movements`."""
        return physical.removeprefix("/aws/lambda/").removeprefix(f"crossdock-{self.stage}-")

    def read(self, stack: str, value: Any) -> str:
        """A reference, import or ARN as people write it: `queue/movements`, `table/inventory`, `stream/pricing`."""
        if isinstance(value, str):
            return value
        if "Fn::ImportValue" in value:
            return self._exported(value["Fn::ImportValue"])
        if "Fn::Join" in value:
            return "".join(self.read(stack, part) for part in value["Fn::Join"][1])
        attribute = value.get("Fn::GetAtt")
        found = attribute[0] if attribute else value["Ref"]
        if found.startswith("AWS::"):
            return f"<{found.removeprefix('AWS::')}>"
        return self._name(stack, self.stacks[stack]["Resources"][found], attribute[1] if attribute else "Ref")

    def _exported(self, name: str) -> str:
        stack, _ = name.removeprefix(f"crossdock-{self.stage}-").split(":")
        for output in self.stacks[stack]["Outputs"].values():
            if output.get("Export", {}).get("Name") == name:
                return self.read(stack, output["Value"])
        raise AssertionError(f"{name} is imported and not exported")

    def _name(self, stack: str, resource: Mapping[str, Any], attribute: str) -> str:
        kind, properties = resource["Type"], resource["Properties"]
        if kind == "AWS::DynamoDB::Table":
            return f"{'stream' if attribute == 'StreamArn' else 'table'}/{self.own(properties['TableName'])}"
        if kind == "AWS::Lambda::Alias":
            function = self.stacks[stack]["Resources"][properties["FunctionName"]["Ref"]]
            return f"{self._name(stack, function, 'Ref')}:{properties['Name']}"
        for type_, word, key in (
            ("AWS::SQS::Queue", "queue", "QueueName"),
            ("AWS::Lambda::Function", "function", "FunctionName"),
            ("AWS::Logs::LogGroup", "log", "LogGroupName"),
            ("AWS::Events::EventBus", "bus", "Name"),
            ("AWS::SNS::Topic", "topic", "TopicName"),
        ):
            if kind == type_:
                return f"{word}/{self.own(properties[key])}"
        return kind.rsplit("::", 1)[-1].lower()


@pytest.fixture(scope="session")
def hollow_layers(tmp_path_factory: pytest.TempPathFactory) -> LayerFolders:
    """Stand-ins for the built layers: a template looks the same whatever they hold."""
    folders = LayerFolders(*(tmp_path_factory.mktemp(name) for name in ("dependencies", "comparing", "library")))
    for folder in (folders.dependencies, folders.comparing, folders.library):
        (folder / "python").mkdir()
        (folder / "python" / "module.py").write_text("")
    return folders


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Production as `make synth STAGE=prod` makes it: a process of its own, the CDK's validation on, no network."""
    build_layers(PROD)  # the wheels may come from the network once; what follows may not
    assembly = tmp_path_factory.mktemp("prod")
    nowhere = "http://127.0.0.1:9"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path_factory.mktemp("home")),
        "CDK_OUTDIR": str(assembly),
        "CDK_CONTEXT_JSON": json.dumps({"stage": "prod"}),
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "UV_OFFLINE": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    command = [sys.executable, "-m", "infra.app"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return Templates(assembly, "prod")
