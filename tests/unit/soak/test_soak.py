"""The runner of `make soak`: every seed once, over all workers; the first failure with its seed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer import Typer
from typer.testing import CliRunner

from tests.soak.__main__ import FAILED, WRONG_USAGE, main
from tests.soak.driving import soak
from tests.soak.suites import MEMORY, Suite, suites
from tests.unit.soak.sample_schedules import BAD

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

SAMPLE = Suite("tests.unit.soak.sample_schedules", MEMORY)


@pytest.fixture
def app() -> Typer:
    app = Typer()
    app.command()(main)
    return app


def test_every_schedule_runs_once_over_all_workers() -> None:
    told: list[int] = []

    done = soak(SAMPLE, 2000, 101, 2, told.append)

    assert (done.ran, done.failure, done.interrupted) == (101, None, False)
    assert sum(told) == 101


def test_a_failure_names_its_seed_and_ends_the_run() -> None:
    done = soak(SAMPLE, 1000, 100, 2, lambda _: None)

    assert done.failure is not None
    assert done.failure.seed == BAD
    assert "this one does not hold" in done.failure.trace


def test_the_suites_are_found_by_their_names() -> None:
    names = [suite.name for suite in suites(engine=False)]

    assert {"stock", "delivery"} <= set(names)
    assert [suite.name for suite in suites(engine=False, only="stock")] == ["stock"]
    assert all(suite.name.endswith(" on the engine") for suite in suites(engine=True))


def test_the_command_says_what_ran(app: Typer, tmp_path: Path) -> None:
    result = tmp_path / "soak.json"
    arguments = ["--only", "stock", "--seed", "5", "--schedules", "3", "--workers", "1", "--json", str(result)]

    done = CliRunner().invoke(app, arguments)

    assert done.exit_code == 0
    assert "stock: 3 schedules from seed 5" in done.stdout
    (document,) = json.loads(result.read_text())
    assert document | {"seconds": 0} == {
        "suite": "stock",
        "seed": 5,
        "ran": 3,
        "seconds": 0,
        "failed_seed": None,
        "interrupted": False,
    }


def test_a_schedule_that_fails_can_be_had_again(app: Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.soak.__main__.suites", lambda **_: [SAMPLE])

    done = CliRunner().invoke(app, ["--seed", str(BAD), "--schedules", "1"])

    assert done.exit_code == FAILED
    assert f'make soak ARGS="--only sample --seed {BAD} --schedules 1"' in done.stderr


def test_a_suite_that_is_not_there_is_named_with_those_that_are(app: Typer) -> None:
    done = CliRunner().invoke(app, ["--only", "nothing"])

    assert done.exit_code == WRONG_USAGE
    assert "there is no suite 'nothing' here; there are: " in done.stderr
    assert "stock" in done.stderr
