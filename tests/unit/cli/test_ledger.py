"""Invoice lines read as business days: ids that are stable, movements by what the lines mean, quantity breaks."""

from __future__ import annotations

import gzip
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from crossdock_cli.demo.ledger import SAMPLE, Day, price_tiers, read_days
from crossdock_cli.errors import CliError
from crossdock_cli.local.paths import checkout

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock_cli.demo.ledger import Line

pytestmark = pytest.mark.unit

REAL = checkout().parent / "shared" / "data" / "online-retail.csv.gz"
needs_the_real_ledger = pytest.mark.skipif(
    not REAL.is_file(), reason="the real ledger (../shared/data/online-retail.csv.gz) is not beside this checkout"
)


def ledger(folder: Path, *rows: str) -> Path:
    """A file of rows `invoice,code,quantity,instant,price,customer`."""
    file = folder / "ledger.csv"
    lines = []
    for row in rows:
        invoice, code, quantity, at, price, customer = row.split(",")
        lines.append(f'{invoice},{code},"a, b",{quantity},{at},{price},{customer},United Kingdom\n')
    file.write_text("".join(lines))
    return file


def only(folder: Path, row: str) -> Line:
    [day] = read_days(ledger(folder, row), None)
    [line] = day.lines
    return line


@pytest.mark.parametrize(
    ("row", "type_", "quantity", "change"),
    [
        pytest.param("1,85123A,6,2026-03-02 08:00:00,2.55,17", "pick", 6, -6, id="a sale"),
        pytest.param("C1,85123A,-6,2026-03-02 08:00:00,2.55,17", "return", 6, 6, id="a cancelled invoice"),
        pytest.param("1,85123A,-3,2026-03-02 08:00:00,0.0,", "adjustment", -3, -3, id="a correction that takes away"),
        pytest.param("1,85123A,56,2026-03-02 08:00:00,0.0,", "adjustment", -56, -56, id="goods gone without a price"),
        pytest.param("1,85123A,-3,2026-03-02 08:00:00,1.5,", "adjustment", -3, -3, id="a negative line"),
    ],
)
def test_a_line_becomes_the_movement_that_it_means(
    tmp_path: Path, row: str, type_: str, quantity: int, change: int
) -> None:
    line = only(tmp_path, row)

    assert (line.movement_type, line.movement_quantity, line.stock_change) == (type_, quantity, change)
    assert line.at == "2026-03-02T08:00:00Z"


@pytest.mark.parametrize(
    ("code", "is_service"), [("85123A", False), ("POST", True), ("BANK CHARGES", True), ("", True)]
)
def test_codes_of_services_do_not_begin_with_a_digit(tmp_path: Path, code: str, is_service: bool) -> None:  # noqa: FBT001
    assert only(tmp_path, f"1,{code},1,2026-03-02 08:00:00,1.0,").is_service is is_service


def test_the_same_item_twice_on_an_invoice_has_two_ids_that_are_the_same_when_read_again(tmp_path: Path) -> None:
    file = ledger(
        tmp_path,
        "1,A 1,6,2026-03-02 08:00:00,2.55,17",
        "1,A 1,6,2026-03-02 08:00:00,2.55,17",
        "2,A 1,6,2026-03-02 09:00:00,2.55,17",
    )

    first, second = read_days(file, None), read_days(file, None)

    assert [line.id for line in first[0].lines] == ["1-A_1-1", "1-A_1-2", "2-A_1-1"]
    assert first[0].lines == second[0].lines


def test_days_are_cut_by_date_and_limited(tmp_path: Path) -> None:
    file = ledger(tmp_path, *(f"{n},1,1,2026-03-0{n} 08:00:00,1.0," for n in range(1, 5)))

    assert [day.date for day in read_days(file, 3)] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert len(read_days(file, None)) == 4


def test_a_compressed_ledger_reads_as_the_plain_one(tmp_path: Path) -> None:
    plain = ledger(tmp_path, "1,1,1,2026-03-02 08:00:00,1.0,", "1,2,0,2026-03-02 08:00:00,1.0,")
    packed = tmp_path / "ledger.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    assert read_days(packed, None) == read_days(plain, None)
    assert [line.code for line in read_days(plain, None)[0].lines] == ["1"], "a quantity of nothing moves nothing"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("1,2,3\n", "line 1: 3 columns instead of 8"),
        ("1,1,d,many,2026-03-02 08:00:00,1.0,,UK\n", "line 1: a quantity or price is no number"),
        ("1,1,d,1,2026-03-02 08:00:00,dear,,UK\n", "line 1: a quantity or price is no number"),
        ("", "has no lines"),
    ],
)
def test_a_ledger_that_cannot_be_read_is_said_with_its_line(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content)

    with pytest.raises(CliError) as caught:
        read_days(file, None)

    assert says in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"\x1f\x8b\x08\x00broken", gzip.compress(b"1,1,d,1,2026-03-02 08:00:00,1.0,,UK\n" * 99)[:-20]],
    ids=["no text", "broken at once", "cut off"],  # a packed file tells its time, and each process has another one
)
@pytest.mark.parametrize("name", ["bad.csv", "bad.csv.gz"])
def test_a_file_that_is_no_ledger_is_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)

    with pytest.raises(CliError):
        read_days(file, None)


def test_a_dearer_small_quantity_and_a_cheaper_large_one_are_a_quantity_break(tmp_path: Path) -> None:
    [day] = read_days(
        ledger(
            tmp_path,
            "1,1,8,2026-03-02 08:00:00,2.55,17",
            "2,1,2,2026-03-02 08:00:00,2.95,17",
            "3,1,6,2026-03-02 08:00:00,2.55,18",
            "4,1,5,2026-03-02 08:00:00,2.65,18",
            "5,1,1,2026-03-02 08:00:00,9.99,",
            "C6,1,-1,2026-03-02 08:00:00,0.10,17",
            "7,POST,1,2026-03-02 08:00:00,18.0,17",
        ),
        None,
    )

    # Neither the private customer, nor the return, nor the postage says what goods cost.
    assert price_tiers(day.lines) == {"1": [(1, Decimal("2.95")), (5, Decimal("2.65")), (6, Decimal("2.55"))]}


def test_more_never_costs_more_by_the_unit() -> None:
    for day in read_days(SAMPLE, None):
        for tiers in price_tiers(day.lines).values():
            quantities, prices = [q for q, _ in tiers], [p for _, p in tiers]
            assert quantities == sorted(set(quantities))
            assert quantities[0] == 1
            assert prices == sorted(set(prices), reverse=True)


# -- the real ledger -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> list[Day]:
    return read_days(REAL, 2)


@needs_the_real_ledger
def test_the_first_two_real_days(real: list[Day]) -> None:
    assert [(day.date, len(day.lines)) for day in real] == [("2010-12-01", 3108), ("2010-12-02", 2109)]
    types = [Counter(line.movement_type for line in day.lines) for day in real]
    assert types == [{"pick": 3072, "return": 26, "adjustment": 10}, {"pick": 2063, "return": 44, "adjustment": 2}]


@needs_the_real_ledger
def test_every_real_line_has_an_id_of_its_own(real: list[Day]) -> None:
    lines = [line for day in real for line in day.lines]

    assert len({line.id for line in lines}) == len(lines) == 5217
    twice = [line.id for line in lines if (line.invoice, line.code) == ("536381", "71270")]
    assert twice == ["536381-71270-1", "536381-71270-2"]


@needs_the_real_ledger
def test_real_returns_corrections_and_services(real: list[Day]) -> None:
    by_id = {line.id: line for line in real[0].lines}

    returned, corrected, postage = (by_id[i] for i in ("C536391-22556-1", "536414-22139-1", "536370-POST-1"))
    assert (returned.movement_type, returned.quantity, returned.stock_change) == ("return", -12, 12)
    assert (corrected.movement_type, corrected.price, corrected.stock_change) == ("adjustment", 0, -56)
    assert (postage.is_service, postage.movement_type) == (True, "pick")
    assert [sum(line.is_service for line in day.lines) for day in real] == [9, 2]


@needs_the_real_ledger
def test_real_quantity_breaks(real: list[Day]) -> None:
    tiers = price_tiers(real[0].lines)

    assert (len(tiers), sum(len(t) > 1 for t in tiers.values())) == (938, 79)
    assert tiers["85123A"] == [(1, Decimal("2.95")), (6, Decimal("2.55"))]
    assert tiers["84029E"] == [(1, Decimal("3.75")), (6, Decimal("3.39")), (96, Decimal("2.95"))]
    assert tiers["71053"] == [(1, Decimal("3.39"))]
