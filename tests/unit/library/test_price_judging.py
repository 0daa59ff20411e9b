"""What would become of a rule version, said before anything is written."""

from __future__ import annotations

import pytest

from crossdock.pricing.judging import Known, Would, judge, unknown_item

pytestmark = pytest.mark.unit

TARGET = {"item": "A"}


@pytest.mark.parametrize(
    ("version", "known", "would"),
    [
        (1, Known(), Would.NEW),
        (7, Known(TARGET), Would.NEW),
        (7, Known(TARGET, 6), Would.NEWER),
        (5, Known(TARGET, 6), Would.SUPERSEDED),
        (6, Known(TARGET, 6, "h"), Would.DUPLICATE),
        (5, Known(TARGET, 6, "h"), Would.DUPLICATE),
        (7, Known(TARGET, 6, "h", waits=True), Would.WAITING),
        (7, Known(TARGET, 6, "other", waits=True), Would.CONFLICT),
        (6, Known(TARGET, 6, "other"), Would.CONFLICT),
        (7, Known({"item": "B"}, 6), Would.OTHER_TARGET),
        (6, Known({}, 6, "h"), Would.OTHER_TARGET),
    ],
)
def test_each_version_is_judged_by_what_is_kept_of_its_rule(version: int, known: Known, would: Would) -> None:
    verdict = judge(version, TARGET, "h", known)

    assert (verdict.would, verdict.newest) == (would, known.newest)
    assert bool(verdict.problem and verdict.remedy and verdict.field) is would.refused


def test_what_is_refused_says_what_to_send_instead() -> None:
    conflict = judge(4, TARGET, "h", Known(TARGET, 6, "other"))
    elsewhere = judge(1, TARGET, "h", Known({"customer": "C1", "item": "A"}))
    everywhere = judge(1, TARGET, "h", Known({}))

    assert (conflict.field, conflict.remedy) == (("version",), "send it as a new version, above 6")
    assert elsewhere.problem.startswith("is a rule about customer C1, item A, and")
    assert everywhere.problem.startswith("is a rule about all items, and")
    assert "crossdock xref add erp" in unknown_item("erp", "E1").remedy
