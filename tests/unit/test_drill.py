"""The drill's parts: when an alarm rings, what is lost, what is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.drill.__main__ import document, main, said, summary, table
from tests.drill.running import Ledger, Result, _count
from tests.support.alarms import rings
from tests.support.runbooks import Follower, Runbook
from tests.support.system import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.unit

ABOVE: Final[Mapping[str, Any]] = {
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Threshold": 5,
    "EvaluationPeriods": 1,
    "TreatMissingData": "notBreaching",
}
SILENT: Final[Mapping[str, Any]] = {
    "ComparisonOperator": "LessThanThreshold",
    "Threshold": 1,
    "EvaluationPeriods": 1,
    "TreatMissingData": "breaching",
}
TWO_OF_THREE: Final = {**ABOVE, "EvaluationPeriods": 3, "DatapointsToAlarm": 2}


@pytest.mark.parametrize(
    ("definition", "values", "expected"),
    [
        (ABOVE, [5.0], True),
        (ABOVE, [4.9], False),
        (ABOVE, [None], False),
        (SILENT, [None], True),
        (SILENT, [0.0], True),
        (SILENT, [1.0], False),
        ({**ABOVE, "TreatMissingData": "missing"}, [None], False),
        ({**ABOVE, "TreatMissingData": "ignore"}, [6.0], True),
        ({**ABOVE, "ComparisonOperator": "GreaterThanThreshold"}, [5.0], False),
        ({**SILENT, "ComparisonOperator": "LessThanOrEqualToThreshold"}, [1.0], True),
        (TWO_OF_THREE, [9.0, None, 9.0], True),
        (TWO_OF_THREE, [9.0, 1.0, 1.0], False),
        ({**ABOVE, "EvaluationPeriods": 2}, [9.0, 1.0], False),
        ({**ABOVE, "EvaluationPeriods": 2}, [9.0, 9.0], True),
    ],
)
def test_an_alarm_rings_as_cloudwatch_lets_it(
    definition: Mapping[str, Any], values: list[float | None], expected: object
) -> None:
    assert rings(definition, values) is expected


def test_what_is_neither_applied_nor_listed_is_lost() -> None:
    assert Result("x", "x", accepted=10, applied=7, visible=3).good
    lost = Result("x", "a channel is killed", accepted=10, applied=7, visible=2)
    assert (lost.lost, lost.good, said(lost)) == (1, False, "a channel is killed: FAILED, 1 lost")


class Counted(Ledger):
    """A ledger whose facts are these."""

    def __init__(self, applied: set[str], visible: set[str]) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # nothing is asked of it
        self.accepted = dict.fromkeys(("old", "a", "b", "c"), "ITEM")
        self._facts = applied, visible

    def applied(self) -> set[str]:
        return self._facts[0]

    def visible(self) -> set[str]:
        return self._facts[1]


def test_a_drill_is_held_to_its_own_facts_and_each_counts_once() -> None:
    result = Result("x", "x")
    _count(result, Counted({"old", "a", "b"}, {"b", "c"}), {"old"})
    assert (result.accepted, result.applied, result.visible, result.lost) == (3, 2, 1, 0)


RESULT: Final = Result(
    "channel",
    "a channel is killed",
    metric="DeliveryFailed (marketplace)",
    before=0,
    after=5,
    alarm="channel-marketplace-down",
    priority="P2",
    runbook="channel-down",
    commands=7,
    to_alarm_s=19.4,
    to_recovery_s=34.8,
    accepted=7,
    applied=6,
    visible=1,
)


def test_a_row_says_figure_alarm_runbook_times_and_count() -> None:
    row = [next(iter(column.cells)) for column in table([RESULT]).columns]
    assert row == [
        "a channel is killed",
        "DeliveryFailed (marketplace)",
        "0 → 5",
        "P2 channel-marketplace-down",
        "19.4 s",
        "channel-down (7 commands)",
        "34.8 s",
        "7 = 6 applied + 1 listed",
        "0",
    ]
    assert summary([RESULT], 61.2) == "1 of 1 drills went well, 0 of 7 accepted facts lost, 61 s in all"


def test_the_document_says_the_same_for_programs() -> None:
    found = json.loads(json.dumps(document([RESULT, Result("y", "y", problem="it did not ring")], 61.23)))
    assert (found["seconds"], found["good"]) == (61.2, False)
    assert [(d["drill"], d["good"], d["lost"]) for d in found["drills"]] == [("channel", True, 0), ("y", False, 0)]


def test_a_drill_that_there_is_not_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--only", "earthquake"])
    assert end.value.code == 2
    assert "invalid choice: 'earthquake'" in capsys.readouterr().err


# -- somebody who follows a page -------------------------------------------------------------------------------

PAGE: Final = Runbook(
    "x", "## Steps\n\n```sh\ncrossdock channels pause CHANNEL\ncrossdock channels resume CHANNEL\n```\n"
)


def test_a_page_is_followed_in_order_with_the_world_going_on_between() -> None:
    seen: list[Any] = []

    def crossdock(*words: str) -> Said:
        seen.append(words)
        return Said(0, "", "")

    before = {"channels resume": lambda: seen.append("it is back")}
    Follower(PAGE, crossdock, {"CHANNEL": lambda: "shop"}, before).follow()

    assert seen == [("channels", "pause", "shop"), "it is back", ("channels", "resume", "shop")]


def test_a_command_that_fails_and_a_step_that_never_comes_are_told() -> None:
    with pytest.raises(AssertionError, match="no such channel"):
        Follower(PAGE, lambda *_: Said(1, "", "no such channel"), {"CHANNEL": "shop"}).follow()
    with pytest.raises(AssertionError, match="no command that begins with"):
        Follower(PAGE, lambda *_: Said(0, "", ""), {"CHANNEL": "s"}, {"sources test": lambda: None}).follow()
