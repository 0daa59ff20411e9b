"""Bulk files of price rules: what rows and lines say, and every fault at its line and column."""

from __future__ import annotations

import io
import json
import tracemalloc
from typing import Any

import pytest

from crossdock_cli.price_files.entries import LineError, read_rule
from crossdock_cli.price_files.reading import MAX_LINE, FileError, PriceFile

pytestmark = pytest.mark.unit

HEAD = "rule_id,version,item,currency,min_quantity,value,valid_from"
GOOD = "R1,1,A,GBP,1,2.55,2026-01-01"


def read(text: str | bytes, form: str = "csv") -> tuple[list[dict[str, Any]], list[str]]:
    """The rules of a file as documents without what is as its default, and the errors as an operator sees them."""
    raw = text.encode() if isinstance(text, str) else text
    rules, errors = [], []
    for entry in PriceFile(io.BytesIO(raw), form).entries():
        rule, checked = read_rule(entry)
        assert (rule is None) == bool(checked.errors)
        errors += [e.text() for e in checked.errors]
        rules += [rule.model_dump(mode="json", exclude_defaults=True)] if rule else []
    return rules, errors


def header(text: str) -> list[LineError]:
    with pytest.raises(FileError) as caught:
        PriceFile(io.BytesIO(text.encode()), "csv")
    return list(caught.value.errors)


def line(**fields: Any) -> str:
    rule = {
        "rule_id": "R1",
        "version": 1,
        "item": "A",
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "value": "2.55"}],
        "valid_from": "2026-01-01",
    }
    return json.dumps({k: v for k, v in {**rule, **fields}.items() if v is not None})


def test_a_row_is_a_rule_and_further_rows_are_its_tiers() -> None:
    rules, errors = read(f"{HEAD}\n{GOOD}\nR1,1,,,10,2.10,\nR2,3,B,GBP,1,0,2026-02-01\n")

    assert errors == []
    assert [(r["rule_id"], r["version"], r["scope"], r["tiers"], r["valid_from"]) for r in rules] == [
        (
            "R1",
            1,
            {"item": "A"},
            [{"min_quantity": 1, "value": "2.55"}, {"min_quantity": 10, "value": "2.1"}],
            "2026-01-01",
        ),
        ("R2", 3, {"item": "B"}, [{"min_quantity": 1, "value": "0"}], "2026-02-01"),
    ]


def test_a_rule_in_one_row_with_every_column() -> None:
    columns = {
        "rule_id": "D1", "version": "2", "layer": "discount", "operation": "percent", "unit": "CS", "customer": "C1",
        "ship_to": "S1", "segment": "retail", "item": "A", "branch": "LEEDS", "region": "north",
        "channels": "webshop|marketplace", "tiers": "1:5;10:7.5", "tier_basis": "mix_group",
        "mix_group": "tools", "band": "10", "concurrency": "compound", "basis": "running", "valid_from": "2026-01-01",
        "valid_through": "2026-03-31", "sequence": "4", "contract": "K-7", "reason": "spring, they said",
        "approved_by": "mara", "approved_at": "2025-12-01T08:00:00Z", "approval_reference": "T-1", "withdrawn": "no",
    }  # fmt: skip
    text = ";".join(columns) + "\r\n" + ";".join(f'"{v}"' for v in columns.values()) + "\r\n"

    (rule,), errors = read(b"\xef\xbb\xbf" + text.encode())

    assert errors == []
    assert rule == {
        "rule_id": "D1",
        "version": 2,
        "layer": "discount",
        "operation": "percent",
        "unit": "CS",
        "scope": {
            "customer": "C1",
            "ship_to": "S1",
            "segment": "retail",
            "item": "A",
            "branch": "LEEDS",
            "region": "north",
            "channels": ["webshop", "marketplace"],
        },
        "tiers": [{"min_quantity": 1, "value": "5"}, {"min_quantity": 10, "value": "7.5"}],
        "tier_basis": "mix_group",
        "mix_group": "tools",
        "band": 10,
        "concurrency": "compound",
        "basis": "running",
        "valid_from": "2026-01-01",
        "valid_through": "2026-03-31",
        "sequence": 4,
        "contract": "K-7",
        "reason": "spring, they said",
        "approval": {"by": "mara", "at": "2025-12-01T08:00:00.000000Z", "reference": "T-1"},
    }


def test_a_line_of_json_says_what_a_row_says() -> None:
    by_row, _ = read(f"{HEAD}\n{GOOD}\n")
    by_line, errors = read(f"\n{line(item=None, scope={'item': 'A'}, rejected='mended')}\n", "jsonl")

    assert errors == []
    assert by_line == by_row


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("", [(1, "rule_id")]),
        ("rule_id,version,item,value,valid_from,valid_form", [(1, "valid_form")]),
        ("rule_id,version,item,value", [(1, "valid_from")]),
        ("rule_id,version,valid_from,item", [(1, "value")]),
        ("rule_id,version,item,item,value,valid_from", [(1, "item")]),
        ("rule_id,version,,value,valid_from", [(1, "(without a name)")]),
        ('{"rule_id": "R1"}', [(1, '{"rule_id": "R1"}'), (1, "rule_id"), (1, "version"), (1, "valid_from")]),
    ],
)
def test_a_first_line_that_cannot_be_used_is_named_by_its_columns(text: str, errors: list[tuple[int, str]]) -> None:
    found = header(text)

    assert [(e.line, e.column) for e in found][: len(errors)] == errors
    assert all(e.problem and e.remedy for e in found)


def test_a_column_that_is_misspelt_is_told_the_right_one() -> None:
    (error,) = header("rule_id,version,item,value,valid_from,currancy")

    assert error.text() == (
        "line 1, column currancy: is no column of a price file; did you mean currency? Else leave the column out"
    )


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ("R1,one,A,GBP,1,2.55,2026-01-01", "line 2, column version: 'one' is no whole number"),
        ("R1,0,A,GBP,1,2.55,2026-01-01", "line 2, column version: '0'"),
        ("R1,1,A,GBP,1,2.55,01/03/2026", "line 2, column valid_from: '01/03/2026' is neither"),
        ("R1,1,A,GBP,1,2.55,2026-02-30", "line 2, column valid_from: '2026-02-30'"),
        ('R1,1,A,GBP,1,"2,55",2026-01-01', "line 2, column value: '2,55'"),
        ("R1,1,A,GBP,1,-2.55,2026-01-01", "line 2, column value: '-2.55'"),
        ("R1,1,A,GBP,1,1e3,2026-01-01", "line 2, column value: '1e3'"),
        ("R1,1,A,GBP,1,£2.55,2026-01-01", "line 2, column value: '£2.55'"),
        ("R1,1,A,GBP,one,2.55,2026-01-01", "line 2, column min_quantity: 'one'"),
        ("R1,1,A,GBP,1,,2026-01-01", "line 2, column value: Field required"),
        ("R1,1,A,,1,2.55,2026-01-01", "line 2, column currency: is missing"),
        ("R1,1,A,QQQ,1,2.55,2026-01-01", "line 2, column currency: 'QQQ'"),
        ("R1,1,A,GBP,1,2.55,", "line 2, column valid_from: Field required"),
        (",1,A,GBP,1,2.55,2026-01-01", "line 2, column rule_id: Field required"),
        ("R#1,1,A,GBP,1,2.55,2026-01-01", "line 2, column rule_id: 'R#1'"),
        ("R1,1,A,GBP,1,2.55,2026-01-01,more", "line 2, column 8: 'more' has 8 cells"),
        ('R1,1,"A,GBP,1,2.55,2026-01-01', "line 2, column rule_id: cannot be read"),
        ('R1,1,"A"x,GBP,1,2.55,2026-01-01', "line 2, column rule_id: cannot be read"),
        (f"R1,1,{'A' * 81},GBP,1,2.55,2026-01-01", "line 2, column item: 'AAAA"),
        (f"{GOOD}\nR1,1,B,,10,2.10,", "line 3, column item: 'B' is not what line 2 says"),
        (f"{GOOD}\nR1,1,,,1,2.10,", "line 3, column min_quantity: '1'"),
        (f"{GOOD}\nR2,1,B,GBP,1,1,2026-01-01\n{GOOD}", "line 4, column rule_id: 'R1' stands with this version on"),
    ],
)
def test_each_fault_of_a_row_is_named_by_line_and_column(row: str, where: str) -> None:
    _, errors = read(f"{HEAD}\n{row}\n")

    assert [e for e in errors if e.startswith(where)], errors
    assert all("; " in e for e in errors), "each names its remedy"


@pytest.mark.parametrize(
    ("column", "cell", "where"),
    [
        ("tiers", "1:2.55;10", "line 2, column tiers: '1:2.55;10' has a part '10' without a colon"),
        ("tiers", "10:2.55;1:2", "line 2, column tiers:"),
        ("tiers", "1:2.55;x:2", "line 2, column tiers:"),
        ("valid_to", "2025-12-31", "line 2, column valid_to:"),
        ("valid_through", "2025-12-31", "line 2, column valid_through:"),
        ("valid_through", "2026-12-31T00:00:00Z", "line 2, column valid_through:"),
        ("layer", "segment_item", "line 2, column layer: 'segment_item'"),
        ("layer", "list", "line 2, column layer: 'list'"),
        ("operation", "times", "line 2, column operation: 'times'"),
        ("ship_to", "S1", "line 2, column customer:"),
        ("family", "drills", "line 2, column family: 'drills'"),
        ("channels", "Webshop", "line 2, column channels: 'Webshop'"),
        ("band", "3.5", "line 2, column band: '3.5' is no whole number"),
        ("band", "5", "line 2, column band: '5'"),
        ("allow_discounts", "perhaps", "line 2, column allow_discounts: 'perhaps' is neither yes nor no"),
        ("approved_at", "yesterday", "line 2, column approved_at: 'yesterday'"),
        ("approval_reference", "T-1", "line 2, column approved_by:"),
        ("status", "maybe", "line 2, column status: 'maybe'"),
        ("tier_basis", "mix_group", "line 2, column mix_group:"),
    ],
)
def test_each_fault_of_a_column_is_named(column: str, cell: str, where: str) -> None:
    head = "rule_id;version;item;currency;valid_from;" + ("tiers" if column == "tiers" else f"value;{column}")
    value = f'"{cell}"' if column == "tiers" else f"2.55;{cell}"

    _, errors = read(f"{head}\nR1;1;A;GBP;2026-01-01;{value}\n")

    assert [e for e in errors if e.startswith(where)], errors


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{", "line 1, column 2: is no JSON"),
        ("[1]", "line 1, column 1: '[1]' is no JSON object"),
        ('{"rule_id": "a", "rule_id": "b"}', "line 1, column 1: cannot be used: it names 'rule_id' twice"),
        ('{"version": NaN}', "line 1, column 1: cannot be used: NaN is no JSON"),
        ("[" * 50_000, "line 1, column 1: cannot be used"),
        (line(tiers=[{"value": 2.55}]), "line 1, column tiers[0].value: '2.55' is not a text"),
        (line(version="1"), "line 1, column version: '1'"),
        (line(scope={"item": "B"}), "line 1, column item: 'A'"),
        (line(colour="red"), "line 1, column colour: 'red'"),
        (line(tiers=[]), "line 1, column tiers: '[]'"),
        (f"{line()}\n{line()}", "line 2, column rule_id: 'R1' stands with this version on line 1 already"),
    ],
)
def test_each_fault_of_a_line_of_json_is_named(text: str, where: str) -> None:
    _, errors = read(text, "jsonl")

    assert [e for e in errors if e.startswith(where)], errors


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_bytes_that_are_no_utf8_are_named_and_the_next_line_is_read(form: str) -> None:
    lines = [GOOD.replace("A", "\xff"), GOOD.replace("R1", "R2")] if form == "csv" else [line(item="\xff"), line()]
    raw = "\n".join([*([HEAD] if form == "csv" else []), *lines])
    raw = raw.replace("\\u00ff", "\xff")

    rules, errors = read(raw.encode("latin-1"), form)

    assert len(rules) == 1
    assert ["is no UTF-8" in e or "are no UTF-8" in e for e in errors] == [True]


def test_a_line_without_end_is_not_kept_in_memory_and_the_next_one_is_read() -> None:
    tracemalloc.start()
    rules, errors = read(f"{HEAD}\nR0,1,{'A' * 5_000_000}\nR1,1,A,GBP,1,2.55,2026-01-01\n".encode())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # It might have been a tier of the rule after it, which therefore does not go in alone.
    assert errors == [
        f"line 2, column rule_id: is longer than {MAX_LINE:,} bytes; end each line with a line feed",
        "line 3, column rule_id: 'R1' may lack a tier: line 2 beside it cannot be read; mend line 2",
    ]
    assert rules == []
    assert peak < 12_000_000, "twice the file at most, which this test itself made"


def test_no_rule_goes_in_with_a_tier_that_could_not_be_read() -> None:
    rules, errors = read(f'{HEAD}\n{GOOD}\nR1,1,"A,,10,2.10,\nR2,1,A,GBP,1,1,2026-01-01\nR3,1,A,GBP,1,1,2026-01-01\n')

    assert [r["rule_id"] for r in rules] == ["R3"]
    assert [e.split(":")[0] for e in errors] == [
        "line 2, column rule_id",
        "line 3, column rule_id",
        "line 4, column rule_id",
    ]
    rules, _ = read(f"{HEAD}\n{GOOD}\nR1,1,,,ten,2.10,\n")
    assert rules == [], "a rule with one bad row is no rule"


def test_where_rules_have_one_row_each_a_bad_row_is_alone() -> None:
    head = "rule_id,version,item,currency,value,valid_from"
    rules, errors = read(f'{head}\nR1,1,A,GBP,1,2026-01-01\nR2,1,"A,GBP,1,2026-01-01\nR3,1,A,GBP,1,2026-01-01\n')

    assert [r["rule_id"] for r in rules] == ["R1", "R3"]
    assert len(errors) == 1


def test_a_long_file_is_read_in_the_memory_of_its_rules_names() -> None:
    raw = (HEAD + "\n" + "".join(f"R{n},1,A,GBP,1,2.55,2026-01-01\n" for n in range(20_000))).encode()
    tracemalloc.start()
    count = sum(1 for _ in PriceFile(io.BytesIO(raw), "csv").entries())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 20_000
    assert peak < 5_000_000
