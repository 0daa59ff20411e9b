"""What CloudFormation gets for a distributor with shops and files among its channels, and only for such a one."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.config.compile import compile_document
from infra import app as infra_app
from infra.stages import ROOT
from tests.integration.conftest import Templates
from tests.integration.test_standards import _nag

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundling import LayerFolders

pytestmark = pytest.mark.integration

SHOP = {"connector": "shopify", "publishes": ["availability"], "warehouses": ["NORTH"], "settings": {"location": "77"}}
FILES = {
    "connector": "csv_drop",
    "publishes": ["availability"],
    "warehouses": ["NORTH"],
    "settings": {"folder": "outgoing/"},
}


def _with(monkeypatch: pytest.MonkeyPatch, **channels: Any) -> None:
    """Production is configured with these channels too."""
    document = tomllib.loads((ROOT / "config" / "distributor.toml").read_text(encoding="utf-8"))
    document["channels"] |= channels
    monkeypatch.setattr(infra_app, "compile_file", lambda _: compile_document(document, "x.toml"))


def _synthesised(assembly: Path, layers: LayerFolders) -> Templates:
    infra_app.build("prod", outdir=assembly, layers=layers).synth()
    return Templates(assembly, "prod")


def _deliverer(templates: Templates) -> set[str]:
    """What the deliverer may do with identity and S3."""
    policies = [
        r["Properties"]["PolicyDocument"]["Statement"]
        for _, r in templates.all("AWS::IAM::Policy")
        if r["Properties"]["PolicyName"].startswith("DeliverToChannel")
    ]
    found = set()
    for statement in (s for statements in policies for s in statements):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        found |= {f"{a} {templates.read('sync', r)}" for a in actions for r in resources}
    return {one for one in found if one.startswith("s3:") or one.endswith("table/identity")}


def test_a_channel_of_files_has_a_bucket_into_whose_folder_of_its_own_the_deliverer_may_write(
    tmp_path: Path, hollow_layers: LayerFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with(monkeypatch, files=FILES)
    templates = _synthesised(tmp_path, hollow_layers)

    buckets = {
        r["Properties"]["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"]: r
        for _, r in templates.all("AWS::S3::Bucket")
    }
    assert set(buckets) == {30, 36}
    assert set(buckets[30]["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert buckets[30]["DeletionPolicy"] == "Retain"
    assert _deliverer(templates) == {"s3:PutObject bucket/outgoing/files/*"}
    functions = templates.named("AWS::Lambda::Function", "FunctionName")
    assert (
        templates.read("sync", functions["deliver-to-channel"]["Environment"]["Variables"]["DROPS_BUCKET"]) == "bucket"
    )


def test_a_shop_needs_its_cross_references_and_no_bucket(
    tmp_path: Path, hollow_layers: LayerFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with(monkeypatch, shop=SHOP)
    templates = _synthesised(tmp_path, hollow_layers)

    assert len(list(templates.all("AWS::S3::Bucket"))) == 1
    assert _deliverer(templates) == {"dynamodb:Query table/identity"}
    functions = templates.named("AWS::Lambda::Function", "FunctionName")
    assert "DROPS_BUCKET" not in functions["deliver-to-channel"]["Environment"]["Variables"]


def test_production_with_every_kind_of_channel_passes_the_aws_solutions_pack(
    tmp_path: Path, hollow_layers: LayerFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with(monkeypatch, shop=SHOP, files=FILES)
    assert _nag(tmp_path, hollow_layers) == set()
