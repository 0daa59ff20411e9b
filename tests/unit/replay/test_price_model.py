"""A price model derived from a small ledger of our own making: every level of it, by exact values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from crossdock.contracts.prices import PriceRule
from tests.replay.prices import report
from tests.replay.prices.__main__ import main
from tests.replay.prices.derive import derive
from tests.replay.prices.lines import Kind, Line, money_text, read
from tests.replay.prices.periods import Cost
from tests.replay.prices.quoting import PriceModel, quote_all
from tests.support.small_ledger import written

if TYPE_CHECKING:
    from pathlib import Path

    from tests.replay.prices.derive import Prices

pytestmark = pytest.mark.unit


@pytest.fixture
def lines(tmp_path: Path) -> list[Line]:
    return read(written(tmp_path / "ledger.csv.gz"))


@pytest.fixture
def prices(lines: list[Line]) -> Prices:
    return derive([line for line in lines if line.kind is Kind.SALE], Cost())


def rule(name: str, item: str, begin: str, end: str | None, *tiers: tuple[int, str], **scope: Any) -> dict[str, Any]:
    document = {
        "rule_id": name,
        "version": 1,
        "currency": "GBP",
        "unit": "EA",
        "item": item,
        "valid_from": begin,
        "tiers": [{"min_quantity": least, "value": value} for least, value in tiers],
    }
    return document | ({"scope": scope} if scope else {}) | ({"valid_to": end} if end else {})


def test_each_level_says_what_the_levels_below_it_do_not(prices: Prices) -> None:
    always = "2000-01-01"

    assert prices.segments == {"900": "trade"}
    assert prices.rules() == [
        rule("L-8CUP1-1", "8CUP1", always, "2011-03-01", (1, "2.00"), (24, "1.75")),
        rule("L-8CUP1-2", "8CUP1", "2011-03-01", None, (1, "2.20"), (24, "1.90")),
        rule("L-POST-1", "POST", always, None, (1, "15.00")),
        rule("L-8PLATE-1", "8PLATE", always, None, (1, "3.00")),
        rule("C-shop-8CUP1-1", "8CUP1", always, None, (1, "4.13"), channels=["shop"]),
        rule("R-france-POST-1", "POST", "2011-03-01", "2011-03-07", (1, "18.00"), region="france"),
        rule("S-trade-8CUP1-1", "8CUP1", "2011-01-12", "2011-03-07", (1, "1.80"), segment="trade"),
        rule("K-300-8PLATE-1", "8PLATE", "2011-03-01", "2011-03-05", (1, "2.50"), customer="300"),
    ]


def test_every_rule_is_one_that_anybody_may_send(prices: Prices) -> None:
    for document in prices.rules():
        PriceRule.model_validate(document)


def test_what_is_explained_is_counted_by_level_and_what_is_not_by_kind(lines: list[Line], prices: Prices) -> None:
    sales = [line for line in lines if line.kind is Kind.SALE]
    answers = [prices.says(line) for line in sales]

    assert report.shares(sales, answers) == {
        "lines": 120,
        "explained": 100,
        "explained_percent": 83.33,
        "other_price": 1,
        "no_price": 19,
        "by_level": {
            "base_list": {"lines": 57, "percent": 47.5},
            "channel_list": {"lines": 18, "percent": 15.0},
            "segment_item": {"lines": 15, "percent": 12.5},
            "branch_list": {"lines": 6, "percent": 5.0},
            "customer_item": {"lines": 4, "percent": 3.33},
        },
    }
    missed = report.causes(prices, sales, answers)
    assert report.unexplained(missed) == {
        "services and lines by hand: their price is made up each time": 18,
        "a price asked for this item once or twice in the whole ledger": 2,
    }
    head, *rows = report.listed(missed)
    assert len(rows) == 20
    assert all(len(row) == len(head) for row in rows)
    assert sum(row[head.index("quoted")] == "" for row in rows) == 19
    assert report.by_rule_strength(prices, sales) == {
        "rules that explain up to 4 sales": 4,
        "rules that explain 5 to 9": 14,
        "rules that explain 10 to 49": 82,
        "rules that explain 50 and more": 0,
    }
    assert report.usual_price(sales, sales) == 33.33
    assert report.size(prices, len(sales)) == {
        "rules": 8,
        "tiers": 10,
        "rules_by_level": {
            "base_list": 4,
            "channel_list": 1,
            "branch_list": 1,
            "segment_item": 1,
            "customer_item": 1,
        },
        "customers_in_segments": {"trade": 1},
        "lines_per_rule": 15.0,
    }


def test_every_line_is_quoted_through_contract_form_and_resolver_as_the_model_says(
    lines: list[Line], prices: Prices
) -> None:
    model = PriceModel.read(prices.document({line.item for line in lines}))

    for processes in (1, 2):
        parts = list(quote_all(model, lines, processes))
        assert [answer for part in parts for answer in part] == [prices.says(line) for line in lines]


def test_the_command_writes_what_it_found_and_the_model(tmp_path: Path) -> None:
    result, rules, ledger = tmp_path / "result.json", tmp_path / "rules.json", written(tmp_path / "ledger.csv.gz")
    command = typer.Typer()
    command.command()(main)
    options = ["--ledger", str(ledger), "--json", str(result), "--rules", str(rules), "--processes", "1"]
    called = CliRunner().invoke(command, options)

    assert called.exit_code == 0, called.output
    assert "Explained to the last digit: 83.33 % (100 of 120) of the sales," in called.output
    assert "Every answer equals the derivation's own look-up, price and level." in called.output
    found = json.loads(result.read_text())
    assert (found["lines"], found["model"]["rules"], found["disagreements"]) == (122, 8, 0)
    assert found["returns"]["explained"] == 1
    assert found["not_sold"]["explained"] == 0
    assert len(json.loads(rules.read_text())["rules"]) == 8


def test_the_command_says_that_there_is_no_ledger(tmp_path: Path) -> None:
    command = typer.Typer()
    command.command()(main)
    called = CliRunner().invoke(command, ["--ledger", str(tmp_path / "none.csv.gz")])

    assert called.exit_code == 2


def test_lines_are_read_as_they_were_asked_for(lines: list[Line]) -> None:
    returned, corrected, by_hand, once, usual = lines[-5:]

    assert (returned.kind, returned.quantity, returned.price) == (Kind.RETURN, 6, 2200)
    assert (corrected.kind, corrected.channel) == (Kind.NOT_SOLD, "counter")
    assert (by_hand.kind, by_hand.channel, by_hand.customer) == (Kind.SALE, "account", "101")
    assert (once.item, once.region) == ("8ONCE", "united-kingdom")
    assert usual.at.isoformat() == "2011-03-07T09:00:00+00:00"


def test_the_clock_on_the_wall_is_london_s(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text("1,8A,CUP,1,2011-07-01 00:30:00,2.5,,United Kingdom\n")
    (line,) = read(path)

    assert line.at.isoformat() == "2011-06-30T23:30:00+00:00"
    assert line.day == 734319  # 1 July: the business day


def test_money_is_written_in_pence_or_finer() -> None:
    assert [money_text(n) for n in (2550, 10, 1, 12345)] == ["2.55", "0.01", "0.001", "12.345"]


def test_a_price_finer_than_a_thousandth_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text("1,8A,CUP,1,2011-07-01 00:30:00,2.5555,,United Kingdom\n")

    with pytest.raises(ValueError, match="finer than a thousandth"):
        read(path)
