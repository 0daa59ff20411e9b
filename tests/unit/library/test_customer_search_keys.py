"""What customers are searched by: one key for one thing, however it is written, and other keys for others."""

from __future__ import annotations

import pytest

from crossdock.identity.findable import CRITERIA, find_changes, find_key, find_keys
from crossdock.platform.writes import Delete, Insert

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("criterion", "written"),
    [
        ("email", ["office@acme.example", " Office@ACME.example"]),
        ("phone", ["+44 20 7946 0958", "020 7946 0958", "0044 (0)20 7946-0958", "2079460958"]),
        ("tax_id", ["GB 980 7806 84", "980780684", "gb980780684"]),
        ("tax_id", ["ATU13585627", "U13585627"]),
        ("tax_id", ["ESA58818501", "A-58818501"]),
        ("name", ["Acme Fasteners Ltd", "ACME fasteners", "Fasteners, Acme Limited"]),
        ("name", ["Müller GmbH", "Mueller"]),
    ],
)
def test_one_thing_has_one_key_however_it_is_written(criterion: str, written: list[str]) -> None:
    keys = {find_key(criterion, text) for text in written}
    assert len(keys) == 1
    assert None not in keys


@pytest.mark.parametrize(
    ("criterion", "one", "other"),
    [
        ("email", "a@acme.example", "b@acme.example"),
        ("phone", "+44 20 7946 0958", "+44 20 7946 0959"),
        ("tax_id", "GB980780684", "GB980780685"),
        ("tax_id", "AB123", "CD123"),
        ("name", "Acme Store 14", "Acme Store 15"),
    ],
)
def test_other_things_have_other_keys(criterion: str, one: str, other: str) -> None:
    assert find_key(criterion, one) != find_key(criterion, other)


def test_one_text_has_another_key_for_each_criterion_and_none_of_them_shows_it() -> None:
    keys = [find_key(criterion, "acme 123456") for criterion in CRITERIA]
    assert len(set(keys)) == len(CRITERIA)
    assert not any("acme" in key or "123456" in key for key in keys if key)


@pytest.mark.parametrize(("criterion", "text"), [("phone", "ext."), ("tax_id", "-"), ("name", "!?"), ("email", "  ")])
def test_what_says_nothing_has_no_key(criterion: str, text: str) -> None:
    assert find_key(criterion, text) is None


def test_half_a_surrogate_pair_is_looked_for_like_any_other_text() -> None:
    assert find_key("email", "\ud800@acme.example") is not None


def test_a_customer_stands_under_each_of_its_keys_once() -> None:
    values = {
        "name": "Acme Ltd",
        "legal_name": "ACME LIMITED",
        "email": "o@acme.example",
        "phone": None,
        "segments": ["x"],
    }
    assert find_keys(values) == (find_key("email", "o@acme.example"), find_key("name", "acme"))


def test_only_what_differs_is_written() -> None:
    assert find_changes("CU1", ["a", "b"], ["b", "c"]) == [Delete(("F#a", "CU1")), Insert({"pk": "F#c", "sk": "CU1"})]
    assert find_changes("CU1", ["a"], ["a"]) == []
