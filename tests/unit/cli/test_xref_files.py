"""Files of cross-references: what lines say, and every fault at its line and field."""

from __future__ import annotations

import io
import json

import pytest
import typer

from crossdock.identity.xref_judging import Judged, Wanted
from crossdock_cli.errors import CliError
from crossdock_cli.xref_files import MAX_LINE, XrefFile, form_of, row_of, texts_of
from crossdock_cli.xref_import import Tally

pytestmark = pytest.mark.unit

HEAD = "kind,system,external,canonical,role,valid_from,valid_to,together\n"


def read(
    text: str | bytes, form: str = "csv", kind: str | None = None
) -> tuple[list[Wanted], list[tuple[int, str, str]]]:
    """The lines that can be judged, and (line, field, problem) of those that cannot."""
    raw = text.encode() if isinstance(text, str) else text
    good, bad = [], []
    for chunk in XrefFile(io.BytesIO(raw), form, kind).chunks():
        for line in chunk:
            if isinstance(line, Wanted):
                good.append(line)
            else:
                assert line.fault
                assert line.fault.remedy
                bad.append((line.line, line.fault.field, line.fault.problem))
    return good, bad


def test_spaces_commas_and_quotes_of_an_id_are_its_own() -> None:
    good, bad = read('\ufeffsystem,external,canonical\r\nwms," A, ""7""# ",SKU-1\r\n\r\nwms,B,SKU-2', kind="item")

    assert bad == []
    assert [(w.line, w.reference.external, w.reference.canonical) for w in good] == [
        (2, ' A, "7"# ', "SKU-1"),
        (4, "B", "SKU-2"),
    ]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_whatever_is_written_is_read_again(form: str) -> None:
    line = 'customer,crm,"\'ä,""1",CUAAAAAAAAAAAAAAAA,buyer,2026-01-01T01:00:00+01:00,2027-01-01T00:00:00.5Z,\n'
    (first,), _ = read(HEAD + line)

    (again,), bad = read("".join(texts_of(iter([row_of(first.reference)]), form)), form)

    assert (again.reference, bad) == (first.reference, [])
    assert row_of(again.reference)["valid_from"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("line", "field", "problem"),
    [
        (",crm,1,,,,,", "kind", "is missing"),
        ("customer,,1,,,,,", "system", "is missing"),
        ("customer,crm,,,,,,", "external", "is missing"),
        ("customer,crm,1,,,2026-01-01,,", "valid_from", "'2026-01-01' is no instant"),
        ("customer,crm,1,,,,soon,", "valid_to", "'soon' is no instant"),
        ("customer,crm,1", "line", "has 3 cells, and the first line names 8"),
        ('customer,crm,"1,,,,,', "line", "cannot be read: unexpected end of data"),
    ],
)
def test_a_bad_line_is_named_and_the_next_one_read(line: str, field: str, problem: str) -> None:
    good, bad = read(f"{HEAD}{line}\ncustomer,crm,2,,,,,\n")

    assert bad == [(2, field, problem)]
    assert [w.line for w in good] == [3]


@pytest.mark.parametrize("raw", [b"customer,crm,\xff,,,,,", b"x" * (3 * MAX_LINE + 7)])
def test_what_is_no_text_of_ordinary_length_is_one_bad_line(raw: bytes) -> None:
    good, bad = read(HEAD.encode() + raw + b"\ncustomer,crm,2,,,,,\n")

    assert [(line, field) for line, field, _ in bad] == [(2, "line")]
    assert [w.line for w in good] == [3]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("{", "line"),
        ("[1]", "line"),
        ('{"system": "crm", "external": 1}', "external"),
        ('{"system": "crm", "external": "1", "name": "x"}', "name"),
        ('{"system": "crm", "external": "1", "valid_to": "0001-01-01T00:00:00+14:00"}', "valid_to"),
        ("[" * 18_000, "line"),
    ],
)
def test_bad_json_lines_are_named_by_their_field(line: str, field: str) -> None:
    good, bad = read(f'{line}\n\n{{"system": "crm", "external": "1", "role": null}}\n', "jsonl", "customer")

    assert [(number, name) for number, name, _ in bad] == [(1, field)]
    assert [w.line for w in good] == [3]


@pytest.mark.parametrize("header", ["", "kind,system\n", "system,external,sku\n", "system,external,system\n"])
def test_a_file_without_the_names_of_its_columns_is_refused(header: str) -> None:
    with pytest.raises(CliError) as error:
        read(header + "a,b\n")

    assert error.value.message.startswith("line 1")
    assert "kind,system,external,canonical" in error.value.remedy


def test_lines_of_one_thing_are_never_torn_apart() -> None:
    lines = [{"system": s, "external": f"{n}", "together": f"t{n // 7}"} for n in range(300) for s in ("crm", "erp")]
    raw = "".join(json.dumps(line) + "\n" for line in lines).encode()

    chunks = [
        {w.together for w in chunk if isinstance(w, Wanted)}
        for chunk in XrefFile(io.BytesIO(raw), "jsonl", "customer").chunks()
    ]

    assert len(chunks) == 6
    assert sum(map(len, chunks)) == len(set.union(*chunks)) == 43


def test_lines_of_one_thing_that_stand_apart_are_refused() -> None:
    good, bad = read("system,external,together\ncrm,1,a\ncrm,2,b\nerp,1,a\n", kind="customer")

    assert [w.line for w in good] == [2, 3]
    assert bad == [(4, "together", "'a' stood further up, with other lines in between")]


def test_the_lines_of_a_verdict_are_told_as_spans() -> None:
    tally = Tally()
    for line in (2, 3, 4, 7, 9, 10):
        tally.add(Judged(line, "new"))

    assert (tally.spans("new"), tally.spans("new", 2), tally.spans("conflict")) == ("2-4, 7, 9-10", "2-4, 7, …", "")
    assert (tally.good, tally.wrong) == (6, 0)


def test_the_form_is_said_or_known_by_the_name() -> None:
    from pathlib import Path

    assert [form_of(Path(n), None) for n in ("a.csv", "a.JSONL", "a.ndjson")] == ["csv", "jsonl", "jsonl"]
    assert (form_of(Path("a.xlsx"), "jsonl"), form_of(None, None)) == ("jsonl", "csv")
    for name, said in (("a.xlsx", None), ("a.csv", "xml")):
        with pytest.raises(typer.BadParameter):
            form_of(Path(name), said)
