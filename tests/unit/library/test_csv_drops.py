"""Files for channels that fetch them: their lines, their names, and what a spreadsheet must not run."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import pytest

from crossdock.connectors.csv_drop import deliver
from crossdock.contracts.deliveries import Answer, Batch, HttpAnswer, Target, Value
from tests.support.world import NOW_TEXT

pytestmark = pytest.mark.unit

SETTINGS = {"folder": "partners/", "separator": ",", "spreadsheets": True}


@dataclass
class Bucket:
    """Keeps what is written unless it answers otherwise."""

    answer: HttpAnswer = field(default_factory=lambda: HttpAnswer(200))
    objects: dict[str, bytes] = field(default_factory=dict)

    def write(self, name: str, body: bytes) -> HttpAnswer:
        if self.answer.status == 200:
            self.objects[name] = body
        return self.answer


def drop(bucket: Bucket, *values: Value, kind: str = "availability", at: str = NOW_TEXT, **settings: Any) -> Answer:
    target = Target("", None, None, settings={**SETTINGS, **settings}, store=bucket.write)  # type: ignore[arg-type]  # a file needs neither
    return deliver(Batch("partner_x", kind, values, at), target)


def level(sku: str, version: int = 1, available: Any = 5, correlation: str = "cd-1") -> Value:
    return Value(sku, version, {"available": available}, (correlation,))


WINDOWS = [
    {
        "from": None,
        "to": "2026-12-01T00:00:00.000Z",
        "rules": ["R@1"],
        "tiers": [{"min_quantity": 0, "unit_price": "2.50"}, {"min_quantity": 10, "unit_price": None}],
    },
    {
        "from": "2026-12-01T00:00:00.000Z",
        "to": None,
        "rules": ["R@2"],
        "tiers": [{"min_quantity": 0, "unit_price": "0.25", "price": "6.00", "per": "case", "quote": True}],
    },
]


def test_a_delivery_is_one_file_with_a_header_and_a_line_for_each_item() -> None:
    bucket = Bucket()
    assert drop(bucket, level("B", 7, "2.5"), level("A", 3, 0)) == Answer("acknowledged")
    ((name, body),) = bucket.objects.items()
    assert body == b"sku,version,available\r\nA,3,0\r\nB,7,2.5\r\n"
    assert name == "partners/partner_x/availability/c65b5fe9299200015faedff7ef1e29dc.csv"


def test_what_is_told_again_is_the_same_object_whatever_order_and_time_it_has() -> None:
    bucket = Bucket()
    drop(bucket, level("A"), level("B"))
    drop(bucket, level("B", correlation="cd-9"), level("A"), at="2026-11-22T08:00:00.000Z")
    assert len(bucket.objects) == 1

    drop(bucket, level("A", 2), level("B"))
    assert len(bucket.objects) == 2


def test_a_price_has_a_line_for_each_window_and_break_and_none_is_said_too() -> None:
    bucket = Bucket()
    priced = {"price_class": "gold", "currency": "GBP", "unit": "each", "windows": WINDOWS}
    none = {"price_class": "gold", "currency": "GBP", "unit": None, "windows": []}
    drop(bucket, Value("A@gold", 4, priced, ("c",)), Value("B@gold", 5, none, ("c",)), kind="price", separator=";")
    (body,) = bucket.objects.values()
    assert body.decode().split("\r\n") == [
        "sku;version;price_class;currency;unit;from;to;min_quantity;unit_price;price;per;quote",
        "A;4;gold;GBP;each;;2026-12-01T00:00:00.000Z;0;2.50;;;",
        "A;4;gold;GBP;each;;2026-12-01T00:00:00.000Z;10;;;;",
        "A;4;gold;GBP;each;2026-12-01T00:00:00.000Z;;0;0.25;6.00;case;true",
        "B;5;gold;GBP;;;;;;;;",
        "",
    ]


@pytest.mark.parametrize("text", ['say "x"', "a,b", "a\r\nb", " padded ", "é", "a;b"])
def test_any_text_comes_back_as_it_was(text: str) -> None:
    bucket = Bucket()
    priced = {"price_class": "list", "currency": "GBP", "unit": text, "windows": WINDOWS[:1]}
    drop(bucket, Value("A", 1, priced, ("c",)), kind="price")
    (body,) = bucket.objects.values()
    rows = list(csv.DictReader(io.StringIO(body.decode(), newline=""), strict=True))
    assert [row["unit"] for row in rows] == [text, text]


@pytest.mark.parametrize("text", ["-5", "=1+1", "+1", "@SUM", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_would_run_has_an_apostrophe_before_it_and_a_number_has_none(text: str) -> None:
    safe, plain = Bucket(), Bucket()
    tier = {"min_quantity": 0, "unit_price": "-2.50"}
    fields = {
        "price_class": "list",
        "currency": "GBP",
        "unit": text,
        "windows": [{"from": None, "to": None, "tiers": [tier]}],
    }
    drop(safe, Value("-1", 1, fields, ("c",)), kind="price")
    drop(plain, Value("-1", 1, fields, ("c",)), kind="price", spreadsheets=False)
    found = [
        next(csv.DictReader(io.StringIO(body.decode(), newline="")))
        for bucket in (safe, plain)
        for body in bucket.objects.values()
    ]
    assert [(row["sku"], row["unit"], row["unit_price"]) for row in found] == [
        ("'-1", f"'{text}", "-2.50"),
        ("-1", text, "-2.50"),
    ]


@pytest.mark.parametrize(
    "answer", [HttpAnswer(0, detail="timeout"), HttpAnswer(403, detail="AccessDenied"), HttpAnswer(503)]
)
def test_a_bucket_that_does_not_take_the_file_is_waited_for(answer: HttpAnswer) -> None:
    bucket = Bucket(answer)
    found = drop(bucket, level("A"))
    assert (found.state, found.rejected, bucket.objects) == ("unavailable", {}, {})
    assert found.detail.endswith(f".csv was not written: {answer.detail or 'HTTP 503'}")
