"""The parts of the fast deployment that are plain functions, and the seed's reading of the configuration."""

from __future__ import annotations

import io
import json
import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from crossdock_cli.errors import CliError
from crossdock_cli.local.fast import stacks, zipped
from crossdock_cli.local.fixups import times_to_live
from crossdock_cli.local.paths import Paths
from crossdock_cli.local.seed import stock_owners

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def assembly(folder: Path, needs: dict[str, list[str]]) -> Path:
    artifacts = {
        name: {
            "type": "aws:cloudformation:stack",
            "properties": {"stackTemplateAssetObjectUrl": f"s3://bucket/{name}.json"},
            "dependencies": [*below, f"{name}.assets"],
        }
        for name, below in needs.items()
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {**artifacts, "Tree": {"type": "cdk:tree"}}}))
    return folder


def test_a_stack_comes_after_those_it_needs(tmp_path: Path) -> None:
    found = stacks(assembly(tmp_path, {"operations": ["api", "data"], "api": ["data"], "data": []}))

    assert [stack.name for stack in found] == ["data", "api", "operations"]


def test_a_circle_of_stacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="in a circle: a, b"):
        stacks(assembly(tmp_path, {"a": ["b"], "b": ["a"]}))


def test_an_archive_depends_on_the_contents_alone(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    file = tmp_path / "python" / "module.py"
    file.write_text("A = 1\n")
    first = zipped(tmp_path)
    os.utime(file, (1, 1))

    assert zipped(tmp_path) == first
    assert zipfile.ZipFile(io.BytesIO(first)).namelist() == ["python/module.py"]


def test_times_to_live_are_read_from_the_templates(tmp_path: Path) -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "plain"}}
    ttl = {"Enabled": True, "AttributeName": "ttl"}
    expiring = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "t", "TimeToLiveSpecification": ttl}}
    template = {"Resources": {"A": table, "B": expiring, "C": {"Type": "AWS::SQS::Queue"}}}
    (tmp_path / "data.template.json").write_text(json.dumps(template))

    assert list(times_to_live(tmp_path)) == [("t", ttl)]


def test_the_demo_partner_may_send_for_the_sources_that_own_stock(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "demo.toml").write_text(
        '[warehouses.MAIN]\nsource = "wms"\n[warehouses.EAST]\nsource = "wms"\n[warehouses.SHOP]\nsource = "erp"\n'
    )

    assert stock_owners(Paths(tmp_path, tmp_path)) == ["erp", "wms"]


def test_a_broken_configuration_is_said_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(CliError) as refusal:
        stock_owners(Paths(tmp_path, tmp_path))

    assert refusal.value.remedy.endswith("config/demo.toml")
