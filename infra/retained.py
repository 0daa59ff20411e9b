"""What holds data, pinned: a change that would replace or drop a table, bucket, queue, key or pool fails here.

CloudFormation knows a resource by its logical id, which the CDK makes of where the construct stands: moving or renaming
a construct makes a new table and leaves the old one, full, beside it. So the ids of all that holds data, and the
properties that cannot be changed without a replacement, stand in `retained.json`. `python -m infra.retained` compares
a synthesised stage with it, `--write` writes it anew, which is a decision and shows in the review.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PINS: Final = Path(__file__).with_name("retained.json")
# Type → the properties whose change makes CloudFormation replace the resource, or write over what it holds (a secret's
# GenerateSecretString), by the resource reference of CloudFormation, November 2026.
FIXED: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::Cognito::UserPool": ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration"),
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "LocalSecondaryIndexes"),
    "AWS::Events::Archive": ("ArchiveName", "SourceArn"),
    "AWS::Events::EventBus": ("Name", "EventSourceName"),
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion", "Origin"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::SecretsManager::Secret": ("Name", "GenerateSecretString"),
}
# What these hold is gone with them, or nobody finds it any more.
_REMEDY: Final = {
    "gone": "put the construct back where it stood, or keep its id: construct.override_logical_id({id!r}). If it is to "
    "go: empty it first (docs/deployment.md, 'When something that holds data changes'), then make pins",
    "replaced": "CloudFormation would make a new one under another name and leave the data in the old one: leave the "
    "property as it was, or move the data first (docs/deployment.md), then make pins",
    "new": "it holds data from its first deployment on: make pins",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is gone, replaced or new; `place` is stack/logical id; `about` says what changed."""

    what: str
    place: str
    type: str
    about: str

    @property
    def remedy(self) -> str:
        return _REMEDY[self.what].format(id=self.place.split("/", 1)[1])

    def __str__(self) -> str:
        return f"{self.what}: {self.type} {self.place}{': ' if self.about else ''}{self.about}\n  {self.remedy}"


def holding(templates: Mapping[str, Mapping[str, Any]], stage: str) -> dict[str, dict[str, Any]]:
    """What holds data in a stage's templates (by stack): type and fixed properties by `stack/logical id`."""
    found = {
        f"{stack}/{logical}": {
            "type": resource["Type"],
            **{
                name: resource["Properties"][name] for name in FIXED[resource["Type"]] if name in resource["Properties"]
            },
        }
        for stack, template in templates.items()
        for logical, resource in template["Resources"].items()
        if resource["Type"] in FIXED
    }
    # The same for every stage, so that one file pins them all.
    text = (
        json.dumps(found)
        .replace(f"crossdock-{stage}", "crossdock-{stage}")
        .replace(f"crossdock/{stage}/", "crossdock/{stage}/")
    )
    document: dict[str, dict[str, Any]] = json.loads(text)
    return document


def compare(pinned: Mapping[str, Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """What a deployment would do to what holds data, worst first; [] when nothing."""
    gone = [
        Finding("gone", place, pinned[place]["type"], _name(pinned[place]))
        for place in sorted(pinned.keys() - found.keys())
    ]
    replaced = [
        Finding("replaced", place, pinned[place]["type"], ", ".join(changed))
        for place in sorted(pinned.keys() & found.keys())
        if (
            changed := sorted(k for k in {*pinned[place], *found[place]} if pinned[place].get(k) != found[place].get(k))
        )
    ]
    new = [
        Finding("new", place, found[place]["type"], _name(found[place]))
        for place in sorted(found.keys() - pinned.keys())
    ]
    return [*gone, *replaced, *new]


def pinned() -> dict[str, dict[str, Any]]:
    """The committed file."""
    document: dict[str, dict[str, Any]] = json.loads(PINS.read_text(encoding="utf-8"))
    return document


def read_templates(assembly: Path) -> dict[str, dict[str, Any]]:
    """The templates of a synthesised stage, by stack."""
    return {
        path.name.removesuffix(".template.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(assembly.glob("*.template.json"))
    }


def _name(pin: Mapping[str, Any]) -> str:
    name = next((pin[k] for k in ("TableName", "QueueName", "BucketName", "Name") if k in pin), "")
    return name if isinstance(name, str) else json.dumps(name)


def _main(arguments: list[str]) -> int:
    """Exit code 0: nothing that holds data would be replaced or dropped, and nothing is unpinned."""
    # The CDK is started only here: comparing needs none.
    from infra.app import build  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        build("prod", outdir=Path(folder)).synth()
        found = holding(read_templates(Path(folder)), "prod")
    if "--write" in arguments:
        PINS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        sys.stdout.write(f"{len(found)} resources are pinned in {PINS.name}\n")
        return 0
    findings = compare(pinned(), found)
    for finding in findings:
        sys.stderr.write(f"{finding}\n")
    sys.stdout.write(f"{len(found)} resources hold data, {len(findings)} findings\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
