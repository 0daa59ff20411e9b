"""`crossdock demo` as a stranger runs it: one command, and every claim of its report holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crossdock_cli.local.paths import LOCAL_DIR_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(300)  # half a minute by itself; several on one machine take turns


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.CompletedProcess[str], dict[str, Any]]]:
    """One day of the sample in an engine of its own, which is taken down again."""
    home = tmp_path_factory.mktemp("demo")
    figures = home / "figures.json"
    command = [Path(sys.executable).parent / "crossdock", "demo", "--days", "1", "--json", figures, "--down"]
    environment = {**os.environ, LOCAL_DIR_VARIABLE: str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=560)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    yield done, json.loads(figures.read_text())
    assert not (home / "state.json").exists()


def test_nothing_is_lost_nothing_doubled_and_every_balance_right(demo: Any) -> None:
    _, figures = demo
    moved = figures["movements"]

    assert (figures["lost"], figures["doubled"], figures["balances_equal_ledger"]) == (0, 0, True)
    assert moved["duplicates"] == moved["sent"] - moved["unique"] > 0
    assert moved["applied"] > 0
    assert moved["exceptions"] > 0


def test_all_drift_that_was_injected_is_found_and_healed(demo: Any) -> None:
    _, figures = demo

    assert figures["drift"]["injected"] == 3
    assert figures["drift"] == {"injected": 3, "found": 3, "healed": 3}


def test_both_channels_were_told_and_none_went_back_in_time(demo: Any) -> None:
    _, figures = demo

    assert sorted(figures["publications"]) == ["marketplace", "webshop"]
    for channel in figures["publications"].values():
        assert channel["acknowledged"] == channel["sent"] > 0
        assert (channel["stale"], channel["forged_rejected"]) == (0, 1)
    assert figures["publications"]["marketplace"]["while_down"] > 0
    assert figures["forged_webhook_answered"] == 401


def test_every_exception_that_was_opened_is_dealt_with(demo: Any) -> None:
    _, figures = demo
    exceptions = figures["exceptions"]

    assert exceptions["opened"] == exceptions["replayed"] + exceptions["closed"] > 0
    assert exceptions["replayed"] == 1


def test_of_many_who_ask_for_the_last_units_as_many_are_served_as_there_are_units_for(demo: Any) -> None:
    _, figures = demo
    found = figures["reservations"]

    assert found["asked"] == 2 * found["clients"] == 2 * found["repeated_alike"] == 120
    assert found["held"] == found["units"] // found["each"] > 0
    assert found["refused"] == 60 - found["held"]
    assert found["stored_held"] == found["held"] * found["each"]
    assert (found["oversold"], found["fair"], found["free_again"]) == (0, True, True)


def test_a_quote_costs_what_the_channel_was_told_and_only_its_own_order_is_taken(demo: Any) -> None:
    _, figures = demo
    found = figures["quotes"]

    assert found["lines"] == found["priced"] == found["as_the_channel_holds"] > 0
    assert (found["repeated_alike"], found["order_accepted"], found["holds"]) == (True, True, True)
    assert (found["cheaper_order_accepted"], found["forged_token_accepted"]) == (False, False)


def test_the_figures_name_all_that_was_promised(demo: Any) -> None:
    _, figures = demo

    assert set(figures["latency_ms"]) == {"accept_p50", "accept_p99", "end_to_end_p50", "end_to_end_p99"}
    assert all(milliseconds > 0 for milliseconds in figures["latency_ms"].values())
    assert {
        "days",
        "items",
        "movements",
        "publications",
        "exceptions",
        "drift",
        "reservations",
        "quotes",
    } <= figures.keys()


def test_the_report_is_for_people(demo: Any) -> None:
    done, _ = demo

    assert "nothing lost, doubled or oversold, all drift healed" in done.stdout
    assert "Traceback" not in done.stderr
