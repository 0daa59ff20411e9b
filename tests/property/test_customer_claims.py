"""Whatever order reports come in and however often, a record and the golden record made of several end the same."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.contracts.ownership import Matrix, Rule
from crossdock.identity.claims import GONE, Record, Report, absorb, canonical
from crossdock.identity.golden import choices, golden

pytestmark = pytest.mark.property

ATTRIBUTES = ("name", "phone", "terms", "segments", "credit_limit@company:uk")
VALUES = st.sampled_from(["a", "b", "c", None])
SYSTEMS = ("crm", "erp", "shop")


@dataclass(frozen=True)
class Reported:
    system: str
    external: str
    version: int
    says: tuple[tuple[str, str | bool | None], ...]

    @property
    def at(self) -> str:
        """Systems' clocks do not agree with each other: the instant follows from the version, not from the order."""
        return f"2026-11-21T08:00:{self.version:02d}.000Z"


@st.composite
def reports(draw: st.DrawFn) -> list[Reported]:
    """Up to eight versions of each record, each with some attributes; one version is one report."""
    found = []
    for system in SYSTEMS:
        for external in draw(st.lists(st.sampled_from(["1", "2"]), unique=True, max_size=2)):
            for version in draw(st.lists(st.integers(1, 20), unique=True, max_size=8)):
                says = draw(st.dictionaries(st.sampled_from(ATTRIBUTES), VALUES, min_size=1, max_size=4))
                gone: dict[str, str | bool | None] = {GONE: draw(st.booleans())} if draw(st.booleans()) else {}
                found.append(Reported(system, external, version, tuple({**says, **gone}.items())))
    return found


MATRIX = Matrix(
    3,
    (
        Rule("name", ("crm", "erp", "shop"), "newest"),
        Rule("phone", ("erp", "shop"), "owner"),
        Rule("terms", ("erp",), "owner", "raise"),
        Rule("segments", ("shop", "crm"), "trust"),
        Rule("*", ("crm",), "manual"),
    ),
    {"shop": 10, "crm": 20},
)


def taken(said: list[Reported]) -> list[Record]:
    records: dict[tuple[str, str], Record] = {}
    for r in said:
        key = r.system, r.external
        records[key] = absorb(records.get(key, Record(*key)), r.version, r.at, dict(r.says)).record
    return list(records.values())


@given(st.data())
def test_any_order_and_repetition_converges_to_the_same_record(data: st.DataObject) -> None:
    said = data.draw(reports())
    shuffled = data.draw(st.permutations(said))
    again = data.draw(st.lists(st.sampled_from(said), max_size=6)) if said else []
    first, second = taken(said), taken([*shuffled, *again])
    assert sorted(first, key=lambda r: r.id) == sorted(second, key=lambda r: r.id)
    assert golden(choices(MATRIX, first)) == golden(choices(MATRIX, second))


@given(reports())
def test_a_record_says_what_a_plain_reading_of_its_reports_says(said: list[Reported]) -> None:
    for record in taken(said):
        own = sorted((r for r in said if (r.system, r.external) == record.id), key=lambda r: r.version)
        for name in {n for r in own for n, _ in r.says} - {GONE}:
            spoke = [(r.version, r.at, dict(r.says)[name]) for r in own if name in dict(r.says)]
            value = spoke[-1][2]
            since = spoke[-1]
            for entry in reversed(spoke):
                if canonical(entry[2]) != canonical(value):
                    break
                since = entry
            found = record.said(name)
            assert (found.value, found.version, found.at) == (value, since[0], since[1])


@given(reports())
def test_who_does_not_own_an_attribute_never_changes_it(said: list[Reported]) -> None:
    owners = {"name": SYSTEMS, "phone": ("erp", "shop"), "terms": ("erp",), "segments": ("shop", "crm")}
    everybody = golden(choices(MATRIX, taken(said)))
    for name in {n for r in said for n, _ in r.says} - {GONE}:
        may = owners.get(name, ("operator", "crm"))
        # What others say of this attribute is as if it had not been said.
        heard = [
            Reported(r.system, r.external, r.version, tuple((n, v) for n, v in r.says if n != name or r.system in may))
            for r in said
        ]
        assert golden(choices(MATRIX, taken([r for r in heard if r.says]))).get(name) == everybody.get(name)
        assert everybody.get(name) is None or everybody[name].system in may


@given(reports(), st.permutations(list(range(6))))
def test_the_choice_does_not_depend_on_the_order_of_the_records(said: list[Reported], order: list[int]) -> None:
    records = taken(said)
    turned = [records[i] for i in order if i < len(records)]
    assert choices(MATRIX, records) == choices(MATRIX, turned)


@given(st.lists(st.tuples(st.integers(1, 60), VALUES), min_size=9, max_size=40, unique_by=lambda r: r[0]))
def test_what_is_no_longer_remembered_never_wins_and_nothing_grows(said: list[tuple[int, str | None]]) -> None:
    record = Record("crm", "1")
    for version, value in said:
        at = f"2026-11-21T08:00:{version:02d}.000Z"
        record = absorb(record, version, at, {"name": value}).record
        assert len(record.reports) <= 8
    assert record.values["name"] == max(said)[1]
    in_order = Record("crm", "1")
    for version, value in sorted(said, key=lambda r: r[0]):
        in_order = absorb(in_order, version, f"2026-11-21T08:00:{version:02d}.000Z", {"name": value}).record
    assert in_order.said("name").value == record.said("name").value


def test_two_values_under_one_version_end_alike_in_both_orders_and_are_told() -> None:
    at = "2026-11-21T08:00:00.000Z"
    first = absorb(Record("crm", "1"), 5, at, {"name": "a"}).record
    both = absorb(first, 5, at, {"name": "b"})
    other = absorb(absorb(Record("crm", "1"), 5, at, {"name": "b"}).record, 5, at, {"name": "a"})
    assert both.contradictions == other.contradictions == ["name"]
    assert both.record == other.record
    assert [r.version for r in both.record.reports] == [5, 5]
    assert isinstance(both.record.reports[0], Report)
