"""The cost model: its arithmetic, and that the page in docs/ is what it says today."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.bench.costs import COUNTED, PAGE, PRICES
from tests.bench.model import Book, Model, added, sum_of
from tests.bench.page import render
from tests.bench.tables import usd

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def book() -> Book:
    return Book.read(PRICES)


def model(book: Book, function: str, **count: Any) -> Model:
    """A model of one scenario of ten units with one function."""
    functions = {function: {"cpu_ms": 0.0, "requests": {}, **count}}
    return Model(book, {"scenarios": {"it": {"unit": "thing", "units": 10, "functions": functions}}})


def test_the_page_is_what_the_model_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(Model.read(PRICES, COUNTED)), "run: make costs"


def test_units_are_multiplied_with_their_prices(book: Book) -> None:
    bill = model(book, "apply_movements", wru=10, rru=5.0, sent_units=20, received_units=5, deleted_units=5).bill("it")

    assert {k: v for k, v in bill.items() if v} == {
        "DynamoDB writes": Decimal("0.625"),
        "DynamoDB reads": Decimal("0.0625"),
        "SQS": Decimal("1.2"),
    }


def test_a_call_of_the_api_is_an_invocation_of_a_function_behind_it(book: Book) -> None:
    behind, worker = (model(book, f, invocations=10).bill("it") for f in ("receive_movements", "apply_movements"))

    assert (behind["API Gateway"], worker["API Gateway"]) == (Decimal("3.50"), Decimal(0))
    assert behind["Lambda requests"] == worker["Lambda requests"] == Decimal("0.20")


def test_an_event_costs_the_bus_and_the_queue_behind_it(book: Book) -> None:
    bill = model(book, "receive_webhook", event_units=10).bill("it")

    assert (bill["EventBridge"], bill["SQS"]) == (Decimal("1.00"), Decimal("0.40"))


def test_time_is_cpu_on_a_share_of_a_core_and_waiting(book: Book) -> None:
    waiting = model(book, "apply_movements", requests={"dynamodb.Query": 2}, posts=1)
    working = model(book, "apply_movements", cpu_ms=1024.0)

    seconds = Decimal(2 * book.latency_ms["dynamodb.Query"] + book.latency_ms["post"]) / 1000
    assert waiting.gb_seconds("apply_movements", waiting.scenario("it")["functions"]["apply_movements"]) == seconds
    found = working.gb_seconds("apply_movements", working.scenario("it")["functions"]["apply_movements"])
    assert found == pytest.approx(Decimal("1.769"))


def test_bills_add_up() -> None:
    assert added({"a": Decimal(1)}, {"a": Decimal(2), "b": Decimal(3)}) == {"a": Decimal(3), "b": Decimal(3)}
    assert sum_of({"a": Decimal(3), "b": Decimal(3)}) == 6


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "–"), ("0.0001", "< $0.001"), ("0.05", "$0.050"), ("0.104", "$0.10"), ("1234.5", "$1,234.50")],
)
def test_money_is_shown_with_as_many_digits_as_help(amount: str, text: str) -> None:
    assert usd(Decimal(amount)) == text
