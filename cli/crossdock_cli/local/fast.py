"""The same deployment without the CDK command line, for tests: upload the assets, create the stacks. Seconds."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from crossdock_cli.errors import CliError
from crossdock_cli.local.state import ACCOUNT
from crossdock_cli.target import local_target

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock_cli.local.state import LocalState
    from crossdock_cli.target import Target

_DONE: Final = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_STACK_SECONDS: Final = 120
_POLL_SECONDS: Final = 0.02
_BOOTSTRAP_PARAMETER: Final = "/cdk-bootstrap/hnb659fds/version"
_BOOTSTRAP_VERSION: Final = "30"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Stack:
    """One stack of a cloud assembly."""

    name: str
    template: str  # s3://bucket/key, with placeholders for account and region
    artifact: str
    needs: frozenset[str]


def deploy(state: LocalState, assembly: Path) -> None:
    """Deploys a synthesised assembly. Raises CliError with the failed resources when a stack does not come up."""
    target = local_target(state)
    # What `cdk bootstrap` leaves behind as far as a template can see it.
    target.session.client("ssm", **target.options).put_parameter(
        Name=_BOOTSTRAP_PARAMETER, Value=_BOOTSTRAP_VERSION, Type="String", Overwrite=True
    )
    for manifest in sorted(assembly.glob("*.assets.json")):
        _upload(target, assembly, json.loads(manifest.read_text()))
    for stack in stacks(assembly):
        _apply(target, stack)


def stacks(assembly: Path) -> list[Stack]:
    """The stacks of an assembly, each after those it depends on."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    waiting = [
        Stack(
            name=artifact["properties"].get("stackName", key),
            template=artifact["properties"]["stackTemplateAssetObjectUrl"],
            artifact=key,
            needs=frozenset(artifact.get("dependencies", ())),
        )
        for key, artifact in artifacts.items()
        if artifact["type"] == "aws:cloudformation:stack"
    ]
    ordered: list[Stack] = []
    while waiting:
        blockers = {stack.artifact for stack in waiting}
        ready = [stack for stack in waiting if not stack.needs & blockers]
        if not ready:
            raise CliError(f"the stacks depend on each other in a circle: {', '.join(sorted(blockers))}")
        ordered += ready
        waiting = [stack for stack in waiting if stack not in ready]
    return ordered


def _upload(target: Target, assembly: Path, manifest: dict[str, Any]) -> None:
    for asset in manifest.get("files", {}).values():
        source = assembly / asset["source"]["path"]
        for destination in asset["destinations"].values():
            bucket = _resolved(target, destination["bucketName"])
            key = _resolved(target, destination["objectKey"])
            if _exists(target, bucket, key):
                continue  # keys are content hashes
            body = zipped(source) if asset["source"]["packaging"] == "zip" else source.read_bytes()
            target.s3.put_object(Bucket=bucket, Key=key, Body=body)


def _resolved(target: Target, text: str) -> str:
    region = target.session.region_name
    return (
        text.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", region).replace("${AWS::Partition}", "aws")
    )


def _exists(target: Target, bucket: str, key: str) -> bool:
    """Whether an object is there; creates the bucket on the way when it is not."""
    try:
        target.s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        target.s3.create_bucket(Bucket=bucket)
        return False
    return True


def zipped(folder: Path) -> bytes:
    """A folder as a zip archive whose bytes depend on nothing but the folder's contents."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as out:  # unpacked again at once: packing is lost time
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
                entry.external_attr = 0o644 << 16
                out.writestr(entry, path.read_bytes())
    return archive.getvalue()


def _apply(target: Target, stack: Stack) -> None:
    """Creates the stack, or updates it when it is there already."""
    capabilities: Any = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    # From the bucket, where the assets were uploaded: a template may be larger than a request.
    address = _resolved(target, stack.template).replace("s3://", f"{target.options['endpoint_url']}/")
    request: Any = {"StackName": stack.name, "TemplateURL": address, "Capabilities": capabilities}
    try:
        target.cloudformation.create_stack(**request)
    except target.cloudformation.exceptions.AlreadyExistsException:
        if not _update(target, request):
            return
    status = _settled(target, stack.name)
    if status not in _DONE:
        raise CliError(f"stack {stack.name} ended as {status}:\n{_failures(target, stack.name)}")


def _update(target: Target, request: Any) -> bool:
    """False when the stack is as the template says already."""
    try:
        target.cloudformation.update_stack(**request)
    except ClientError as refusal:
        if "No updates are to be performed" in str(refusal):
            return False
        raise
    return True


def _settled(target: Target, name: str) -> str:
    deadline = time.monotonic() + _STACK_SECONDS
    while True:
        status = target.cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        if time.monotonic() > deadline:
            raise CliError(f"stack {name} is still {status} after {_STACK_SECONDS} s")
        time.sleep(_POLL_SECONDS)


def _failures(target: Target, name: str) -> str:
    events = target.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event.get("ResourceStatus", "").endswith("_FAILED")]
    lines = [f"  {event.get('LogicalResourceId')}: {event.get('ResourceStatusReason', '')}" for event in failed]
    return "\n".join(lines) or "  (no resource says why)"
