"""What the shell offers after a tab."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from crossdock_cli import completing
from crossdock_cli.errors import CliError

pytestmark = pytest.mark.unit


def completed(line: str) -> list[str]:
    """What `crossdock` itself answers to bash."""
    words = line.split(" ")
    shell = {"_CROSSDOCK_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    run = "from crossdock_cli.main import app; app(prog_name='crossdock')"
    environment = {**os.environ, **shell}
    done = subprocess.run([sys.executable, "-c", run], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.split()


def context(stage: str) -> Any:
    return SimpleNamespace(find_root=lambda: SimpleNamespace(params={"stage": stage}))


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("crossdock exc", ["exceptions"]),
        ("crossdock channels pa", ["pause"]),
        ("crossdock --stage st", ["staging"]),
        ("crossdock partners add x --scope customers:", ["customers:read", "customers:write"]),
    ],
)
def test_a_tab_completes_commands_stages_and_rights(line: str, offered: list[str]) -> None:
    assert completed(line) == offered


def test_channels_are_those_of_the_stage_that_the_line_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def connect(stage: str) -> Any:
        asked.append(stage)
        return SimpleNamespace(secret_names=lambda kind: [f"{kind}-a", f"{kind}-b", "webshop"])

    monkeypatch.setattr(completing, "connect", connect)
    assert completing.channels(context("prod"), "ch") == ["channels-a", "channels-b"]
    assert asked == ["prod"]


def test_a_stage_that_cannot_be_reached_offers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(_: str) -> Any:
        raise CliError("no engine is up", "start one")

    monkeypatch.setattr(completing, "connect", connect)
    assert completing.sources(context("local"), "") == []
