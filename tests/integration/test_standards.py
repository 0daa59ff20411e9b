"""Production against the standards of others: cdk-nag's AwsSolutions pack, and cfn-lint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import lint_file
from cfnlint.config import ManualArgs

from infra.app import build
from infra.constructs import acknowledged

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundling import LayerFolders
    from tests.integration.conftest import Templates

pytestmark = pytest.mark.integration

REASONS = {reason.rule: reason.why for reason in vars(acknowledged).values() if isinstance(reason, acknowledged.Reason)}


def _nag(assembly: Path, layers: LayerFolders) -> set[str]:
    """The rules of the pack that production breaks and nobody acknowledged."""
    app = build("prod", outdir=assembly, layers=layers)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as exc:
        assert "ValidationFailed" in str(exc)  # noqa: PT017 - the report below says for what
    report = assembly / "validation-report.json"
    reports = json.loads(report.read_text())["pluginReports"] if report.exists() else []
    return {v["ruleName"] for plugin in reports for v in plugin["violations"] if plugin["pluginName"] == "AwsSolutions"}


def test_production_passes_the_aws_solutions_pack(tmp_path: Path, hollow_layers: LayerFolders) -> None:
    assert _nag(tmp_path, hollow_layers) == set()


def test_every_acknowledged_finding_is_still_found_and_has_a_reason(
    tmp_path: Path, hollow_layers: LayerFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Validations, "acknowledge", lambda *_: None)
    assert _nag(tmp_path, hollow_layers) == {rule for rule in REASONS if rule.startswith("AwsSolutions-")}
    assert all(len(why.split()) >= 10 for why in REASONS.values())


def test_the_templates_are_clean_under_cfn_lint(prod: Templates) -> None:
    # W3005: the CDK repeats as DependsOn what a reference says already.
    options = ManualArgs(ignore_checks=["W3005"], regions=["eu-west-1"])
    assert [str(match) for path in prod.paths for match in lint_file(path, options)] == []
