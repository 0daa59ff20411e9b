"""What alarms say: the words, the runbooks they link, and the promises that burn."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import pytest

from crossdock.contracts.service_levels import SERVICE_LEVELS, TIERS
from infra.constructs.alarm_stories import COMPOSITES, STORIES, Story, read
from infra.documents.alarms import RUNBOOKS
from infra.documents.files import pages
from infra.stages import ROOT
from tests.support.runbooks import known

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.unit

STORY: Final = Story(
    priority="P2", symptom="{channel} is down.", cost="it oversells", runbook="channel-down", first="channels status"
)
ALL: Final = [*STORIES.items(), *COMPOSITES.items()]


def test_a_description_is_four_lines_and_is_read_back() -> None:
    text = STORY.of(channel="webshop").text("prod", "https://git.example/ops/")

    assert text.split("\n") == [
        "P2 · webshop is down.",
        "Costs: it oversells",
        "Runbook: https://git.example/ops/docs/runbooks/channel-down.md",
        "First: crossdock --stage prod channels status",
    ]
    told = read(text)
    assert (told.priority, told.symptom, told.runbook) == ("P2", "webshop is down.", "channel-down")
    assert (told.cost, told.first) == ("it oversells", "crossdock --stage prod channels status")
    with pytest.raises(ValueError, match="no description of ours"):
        read("something else")


def test_without_a_base_address_the_runbook_is_a_path_and_no_host_is_invented() -> None:
    assert "Runbook: docs/runbooks/channel-down.md" in STORY.of(channel="webshop").text("dev").split("\n")


def test_a_story_fits_into_a_description_of_cloudwatch() -> None:
    for _, story in ALL:
        assert len(story.text("prod", "https://" + "x" * 200)) <= 1024


@pytest.mark.parametrize(("kind", "story"), ALL, ids=[kind for kind, _ in ALL])
def test_the_first_command_exists(kind: str, story: Story) -> None:
    names = dict.fromkeys(re.findall(r"\{(\w+)\}", story.symptom + story.first), "x")
    assert known(f"crossdock --stage prod {story.of(**names).first}") is None


def test_every_alarm_has_a_runbook_and_every_runbook_a_page() -> None:
    told = {story.runbook for _, story in ALL} | {level.runbook for level in SERVICE_LEVELS}
    assert told <= set(RUNBOOKS)
    # No alarm leads to these: their pages say when to use them.
    assert set(RUNBOOKS) - told - {"erp-down"} == {"failover", "key-rotation", "restore", "rollback"}


def test_money_and_promises_outrank_machines() -> None:
    priorities: Mapping[str, str] = {kind: story.priority for kind, story in STORIES.items()}
    first = {kind for kind, priority in priorities.items() if priority == "P1"}
    assert first == {"oversold", "strategic-prices-late", "inbox-refusing", "inbox-fails", "dead-letters"}
    assert priorities["function-fails"] > priorities["prices-wrong"] > priorities["strategic-prices-late"]


def test_the_pages_of_alarms_are_as_the_code_says() -> None:
    for name, text in pages().items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, f"{name}: run make schemas"


# -- service levels --------------------------------------------------------------------------------------------


def test_burn_rates_are_those_of_the_workbook() -> None:
    """Chapter 5: 2 % in 1 h burns at 14.4, 5 % in 6 h at 6; and 10 % in a day at 3. The short window is a twelfth."""
    assert [(t.share, t.long, t.burn_rate) for t in TIERS] == [
        (Fraction(1, 50), 60, Fraction(144, 10)),
        (Fraction(1, 20), 360, Fraction(6)),
        (Fraction(1, 10), 1440, Fraction(3)),
    ]
    assert {t.long / t.short for t in TIERS} == {12}


@pytest.mark.parametrize(
    ("name", "minutes", "thresholds"),
    [
        ("api", "43.2", ["1.44", "0.6", "0.3"]),
        ("webhooks", "43.2", ["1.44", "0.6", "0.3"]),
        ("movements", "432", ["14.4", "6", "3"]),
        ("deliveries", "432", ["14.4", "6", "3"]),
    ],
)
def test_a_promise_has_its_budget_and_its_thresholds(name: str, minutes: str, thresholds: list[str]) -> None:
    (level,) = [one for one in SERVICE_LEVELS if one.name == name]
    assert level.minutes_of_budget == Fraction(minutes)
    assert [level.threshold(tier) for tier in TIERS] == [Fraction(t) for t in thresholds]


def test_what_burns_at_a_threshold_spends_exactly_its_share_of_the_budget() -> None:
    for level in SERVICE_LEVELS:
        for tier in TIERS:
            spent = level.threshold(tier) / 100 * Fraction(tier.long, 30 * 24 * 60)
            assert spent == tier.share * level.budget


def test_a_promise_about_a_channel_wakes_nobody() -> None:
    (deliveries,) = [one for one in SERVICE_LEVELS if one.by == "channel"]
    assert [deliveries.priority(t) for t in TIERS] == ["P2", "P2", "P3"]
