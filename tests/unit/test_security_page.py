"""docs/security.md says which test stands for each mitigation; here is seen that each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pentest.__main__ import ATTACKS

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[a-z_/0-9]+\.py(?:::test_[a-z0-9_]+)?)`", PAGE)))


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_page_names_is_there(name: str) -> None:
    path, _, test = name.partition("::")
    source = (ROOT / path).read_text(encoding="utf-8")
    assert (f"def {test}(" in source) if test else "def test_" in source


def test_every_threat_has_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"^\| [STRIDE] \|", line)]
    assert len(rows) > 30
    assert [row for row in rows if "`tests/" not in row] == []


def test_the_owasp_list_is_whole_and_each_risk_has_an_attack_and_a_test() -> None:
    risks = dict(re.findall(r"^\| (API\d+) \| [^|]+ \| (.*) \|$", PAGE, re.MULTILINE))
    assert list(risks) == [f"API{n}" for n in range(1, 11)]
    assert all("`tests/" in tests for tests in risks.values())
    assert {attack.owasp for attack in ATTACKS} == set(risks)


def test_the_recorded_run_has_every_attack_and_held_all_off() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (API\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert [(name, owasp, expected) for name, owasp, expected, _, _ in rows] == [
        (attack.name, attack.owasp, attack.expected) for attack in ATTACKS
    ]
    assert {verdict for *_, verdict in rows} == {"held"}
