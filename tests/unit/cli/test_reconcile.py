"""Waiting for a reconciliation: begun once, however long it takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from typer.testing import CliRunner

from crossdock_cli import reconcile
from crossdock_cli.main import app
from crossdock_cli.target import Target

if TYPE_CHECKING:
    import pytest


def test_a_reconciliation_is_waited_for_and_never_begun_twice() -> None:
    session = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-west-1")

    config: Any = Target("dev", session).functions.meta.config

    assert config.read_timeout > 15 * 60
    assert config.retries["total_max_attempts"] == 1


REPORT = {
    "source": "wms",
    "compared": 2,
    "equal": 2,
    "drifted": 0,
    "healed": 0,
    "settling": 0,
    "drifts": [],
    "observed": {"disagreements": []},
    "correlation_id": "cd-1",
}


def test_inventory_reconcile_is_another_name_of_reconcile_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(reconcile, "connect", lambda _: None)
    monkeypatch.setattr(reconcile, "run_stock", lambda _, source: asked.append(source) or REPORT)

    named = CliRunner().invoke(app, ["inventory", "reconcile", "wms"])
    before = CliRunner().invoke(app, ["reconcile", "stock", "--source", "wms"])

    assert (named.exit_code, asked) == (0, ["wms", "wms"])
    assert named.stdout == before.stdout
    assert "compared 2, equal 2, drifted 0, healed 0" in named.stdout
    assert json.loads(CliRunner().invoke(app, ["inventory", "reconcile", "wms", "--json"]).stdout) == REPORT


def test_its_help_says_so() -> None:
    text = CliRunner().invoke(app, ["inventory", "reconcile", "--help"]).stdout

    assert "crossdock reconcile stock" in text
    assert "crossdock inventory reconcile wms" in text
