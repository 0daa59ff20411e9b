"""What docs/pricing.md shows is what the command prints."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossdock.contracts.prices import PriceRule
from crossdock_cli.output import console
from crossdock_cli.price import app

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "pricing.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```console\n\$ crossdock price ([^\n]*)\n(.*?)```", GUIDE, flags=re.DOTALL)


def plain(text: str) -> list[list[str]]:
    """Its words, line by line: how wide a column is depends on the terminal."""
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(("command", "output"), SHOWN)
def test_a_command_prints_what_the_guide_shows(monkeypatch: pytest.MonkeyPatch, command: str, output: str) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(console, "width", 200)

    result = CliRunner().invoke(app, shlex.split(command))

    assert result.exit_code == 0
    assert plain(result.stdout) == plain(output)


def test_the_guide_shows_both_commands() -> None:
    assert [command.split()[0] for command, _ in SHOWN] == ["quote", "diff"]


def test_the_rule_in_the_guide_is_one() -> None:
    rules = [block for block in re.findall(r"```json\n(.*?)```", GUIDE, flags=re.DOTALL) if "rule_id" in block]

    assert [PriceRule.model_validate_json(json.dumps(json.loads(rule))).level for rule in rules] == ["parent_contract"]


def test_every_file_that_the_guide_names_is_there() -> None:
    named = re.findall(r"\]\(([^)]+)\)", GUIDE)

    assert named
    assert [name for name in named if not (ROOT / "docs" / name).exists()] == []
