"""What holds data keeps its place: a refactoring that would replace a table fails, and says what to do."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from infra import diffing
from infra.diffing import DiffError, base_of, judged
from infra.retained import FIXED, Finding, compare, holding, pinned
from tests.bench import standing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Templates

pytestmark = pytest.mark.integration


@pytest.fixture
def pins() -> dict[str, dict[str, Any]]:
    return pinned()


@pytest.fixture
def inventory(pins: dict[str, dict[str, Any]]) -> str:
    (found,) = [p for p, pin in pins.items() if pin.get("TableName") == "crossdock-{stage}-inventory"]
    return found


def test_everything_that_holds_data_in_production_is_pinned_as_it_is(
    prod: Templates, pins: dict[str, dict[str, Any]]
) -> None:
    findings = compare(pins, holding(prod.stacks, "prod"))
    assert findings == [], "\n".join(map(str, findings))


def test_the_pins_name_every_table_bucket_queue_key_and_the_pool(prod: Templates, pins: dict[str, Any]) -> None:
    counted = {kind: sum(p["type"] == kind for p in pins.values()) for kind in FIXED}
    assert counted == {kind: len(list(prod.all(kind))) for kind in FIXED}
    for kind in ("DynamoDB::Table", "S3::Bucket", "SQS::Queue", "KMS::Key", "Cognito::UserPool"):
        assert counted[f"AWS::{kind}"] > 0


def test_what_is_pinned_outlives_its_stack_unless_it_only_carries(prod: Templates, pins: dict[str, Any]) -> None:
    """Queues, the bus and its archive are made anew with their stack; what they carried is on the lists of senders."""
    carries = {"AWS::SQS::Queue", "AWS::Events::EventBus", "AWS::Events::Archive"}
    for place, pin in pins.items():
        stack, logical = place.split("/")
        if pin["type"] not in carries:
            resource = prod.stacks[stack]["Resources"][logical]
            assert (place, resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == (place, "Retain", "Retain")


def test_a_construct_that_was_moved_is_found_with_how_to_keep_its_table(pins: dict[str, Any], inventory: str) -> None:
    moved = {**pins, "data/StockInventory11AA": pins[inventory]}
    del moved[inventory]
    gone, new = compare(pins, moved)
    assert gone == Finding("gone", inventory, "AWS::DynamoDB::Table", "crossdock-{stage}-inventory")
    assert f"construct.override_logical_id('{inventory.split('/')[1]}')" in gone.remedy
    assert new == Finding("new", "data/StockInventory11AA", "AWS::DynamoDB::Table", "crossdock-{stage}-inventory")


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"TableName": "crossdock-{stage}-stock"}, "TableName"),
        ({"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}, "KeySchema"),
        ({"LocalSecondaryIndexes": []}, "LocalSecondaryIndexes"),
        ({"type": "AWS::DynamoDB::GlobalTable"}, "type"),
    ],
)
def test_a_property_that_replaces_a_table_is_found(
    pins: dict[str, Any], inventory: str, change: dict[str, Any], about: str
) -> None:
    changed = {**pins, inventory: {**pins[inventory], **change}}
    assert compare(pins, changed) == [Finding("replaced", inventory, "AWS::DynamoDB::Table", about)]


def test_a_secret_that_would_be_written_over_is_found(pins: dict[str, Any]) -> None:
    (place,) = [p for p, pin in pins.items() if pin.get("Name") == "crossdock/{stage}/quotes/key"]
    changed = copy.deepcopy(pins)
    changed[place]["GenerateSecretString"]["PasswordLength"] = 32
    assert [(f.what, f.about) for f in compare(pins, changed)] == [("replaced", "GenerateSecretString")]


def test_against_another_commit_only_what_is_lost_counts_and_in_production_what_is_unpinned(
    prod: Templates, inventory: str
) -> None:
    stack, logical = inventory.split("/")
    assert judged(prod.stacks, prod.stacks, "prod") == []
    without = copy.deepcopy(prod.stacks)
    del without[stack]["Resources"][logical]
    assert [(f.what, f.place) for f in judged(prod.stacks, without, "prod")] == [("gone", inventory)]
    # The commit before had it not: no loss; and it is pinned.
    assert judged(without, prod.stacks, "prod") == []
    more = copy.deepcopy(prod.stacks)
    more[stack]["Resources"]["Another"] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "more"}}
    assert [(f.what, f.place) for f in judged(prod.stacks, more, "prod")] == [("new", f"{stack}/Another")]
    assert judged(prod.stacks, more, "dev") == [], "pins are those of production; the other stages have their own names"


def test_the_difference_to_a_commit_is_shown_without_credentials(
    prod: Templates, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two synthesises stand in for trees: what is tried is the CDK's command line and the verdict."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)

    def made(tree: Path, stage: str, into: Path) -> dict[str, Any]:
        shutil.copytree(prod.assembly, into)
        if into.name == "before":
            template = into / "data.template.json"
            document = json.loads(template.read_text())
            document["Resources"]["Lost"] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "full"}}
            template.write_text(json.dumps(document))
        return diffing.read_templates(into)

    monkeypatch.setattr(diffing, "synthesised", made)
    monkeypatch.setattr(diffing, "base_of", lambda ref: "0123456789abcdef")
    monkeypatch.setattr(diffing, "checked_out", lambda commit, folder: folder)

    assert diffing.main(["--stage", "prod"]) == 1

    said = capsys.readouterr()
    assert "stage prod, this tree against 0123456789" in said.out
    assert "[-] AWS::S3::Bucket Lost destroy" in said.out
    assert f"{len(pinned())} resources hold data; 1 would be replaced" in said.out
    assert said.err.startswith("gone: AWS::S3::Bucket data/Lost: full\n  put the construct back")


def test_a_commit_that_there_is_not_is_refused_with_what_to_write(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        DiffError, match="there is no commit 'nowhere': name one that there is: make diff BASE=<commit>"
    ):
        base_of("nowhere")
    assert diffing.main(["--base", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith("crossdock: there is no commit 'nowhere'")


def test_without_a_commit_it_is_compared_with_where_the_branch_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com"]
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603

    git("init", "--quiet", "--initial-branch=main")
    git("commit", "--quiet", "--allow-empty", "--message=first")
    first = git("rev-parse", "HEAD")
    git("commit", "--quiet", "--allow-empty", "--message=second")
    monkeypatch.setattr(diffing, "_run", _in(tmp_path))
    assert base_of(None) == first, "no other branch is known: the commit before"
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert base_of(None) == git("rev-parse", "HEAD")


def _in(folder: Path) -> Any:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603

    return run


def test_the_page_of_costs_counts_what_production_has(prod: Templates) -> None:
    counted = json.loads(standing.STANDING.read_text(encoding="utf-8"))
    assert counted == standing.count(prod.stacks), "run: make costs"
