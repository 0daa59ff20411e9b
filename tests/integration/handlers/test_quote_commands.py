"""`crossdock quotes verify`: an order that names a quote, accepted or refused with the reason."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock.pricing.context import ItemFacts
from crossdock_cli import quotes
from crossdock_cli.main import app
from tests.support.price_world import asked, given, order, rule
from tests.support.world import NOW, World

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

LINES = [{"line": "1", "item": "LAMP", "quantity": 6}, {"line": "2", "item": "LAMP", "quantity": 24}]


@pytest.fixture
def quoted(world: World) -> dict[str, Any]:
    """An order of a quote's two lines, as the API takes it; the command reaches the same keys, at the same time."""
    world.patch.setattr(quotes, "connect", lambda _: world.target)
    world.patch.setattr(quotes, "system_clock", lambda: world.now)
    given(world, [rule("LIST", "2.55", (24, "2.10"))], [ItemFacts("LAMP")])
    _, found, _ = asked(world, "POST /v1/quotes", {"lines": LINES})
    return order(found)


def verified(folder: Path, document: Any, *options: str, text: str | None = None) -> tuple[int, str, Any]:
    """Exit code, what was printed, and the error if the command could not say."""
    file = folder / "order.json"
    file.write_text(json.dumps(document) if text is None else text, encoding="utf-8")
    done = CliRunner().invoke(app, ["quotes", "verify", str(file), *options])
    return done.exit_code, done.stdout, done.exception


def test_an_order_as_quoted_is_accepted(world: World, quoted: dict[str, Any], tmp_path: Path) -> None:
    before = world.dump()
    code, said, _ = verified(tmp_path, quoted)
    assert code == 0
    assert "stands for 2 lines, until 2026-11-21T08:30:00.000Z (GBP, partner acme)" in said
    assert verified(tmp_path, {**quoted, "lines": quoted["lines"][1:]})[1].count("stands for 1 line,") == 1
    code, said, _ = verified(tmp_path, quoted, "--json")
    assert (code, json.loads(said)["valid"], json.loads(said)["currency"]) == (0, True, "GBP")
    assert world.dump() == before


def test_it_is_read_from_standard_input_as_well(quoted: dict[str, Any]) -> None:
    done = CliRunner().invoke(app, ["quotes", "verify", "-"], input=json.dumps(quoted))
    assert (done.exit_code, "accepted" in done.stdout) == (0, True)


def test_an_order_that_differs_is_refused_by_each_field(quoted: dict[str, Any], tmp_path: Path) -> None:
    quoted["lines"][1] |= {"quantity": 25, "unit_price": "2.09"}
    code, said, _ = verified(tmp_path, quoted)
    assert code == 1
    assert "lines[1].quantity" in said
    assert "the quote says 2.10, not 2.09" in said
    code, said, _ = verified(tmp_path, {**quoted, "token": quoted["token"][:-4] + "AAAA"}, "--json")
    found = json.loads(said)
    assert (code, found["valid"], [m["code"] for m in found["mismatches"]]) == (1, False, ["forged"])


def test_an_order_that_came_in_time_stands_although_the_quote_has_ended(
    world: World, quoted: dict[str, Any], tmp_path: Path
) -> None:
    world.now = NOW + timedelta(hours=2)
    code, said, _ = verified(tmp_path, quoted)
    assert (code, "expired" in said) == (1, True)
    assert verified(tmp_path, quoted, "--at", "2026-11-21T09:29:59+01:00")[0] == 0
    assert verified(tmp_path, quoted, "--at", "2026-11-21T08:30:00Z")[0] == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"token": ""}, "token"),
        ({"lines": []}, "lines"),
        ({"lines": [{"line": "1"}]}, "lines[0].item"),
        ({"now": "2026-01-01"}, "now"),
    ],
)
def test_a_file_that_is_no_order_is_refused_by_its_field(
    quoted: dict[str, Any], tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    code, _, problem = verified(tmp_path, {**quoted, **change})
    assert code != 0
    assert named in problem.message


def test_what_cannot_be_read_is_said(quoted: dict[str, Any], tmp_path: Path) -> None:
    assert "line 1, column 2" in verified(tmp_path, None, text="{")[2].message
    assert "--at" in verified(tmp_path, quoted, "--at", "yesterday")[2].message
    assert "2026-11-21T08:00:00'" in verified(tmp_path, quoted, "--at", "2026-11-21T08:00:00")[2].message
