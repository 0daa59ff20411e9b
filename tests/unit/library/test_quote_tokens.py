"""Quote tokens: what stands, what was forged, and that keys change without a gap."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.pricing import tokens
from crossdock.pricing.tokens import Mismatch, Order, Promise, QuotedLine, Sealer, opened, seal, verify

pytestmark = pytest.mark.unit

MADE = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOW = MADE + timedelta(minutes=10)
KEYS = {"k1": b"first key of thirty-two bytes...", "k2": b"second key of thirty-two bytes.."}
LAMP = QuotedLine("1", "LAMP", 24, "EA", Decimal("2.10"), Decimal("50.40"))
ROPE = QuotedLine("2", "ROPE", Decimal("2.5"), "m", Decimal("0.333"), Decimal("0.83"))
PROMISE = Promise("q1", "acme", "C1", "GBP", MADE, MADE + timedelta(minutes=15), (LAMP, ROPE))
TOKEN = seal(PROMISE, Sealer(KEYS, "k1"))


def codes(
    token: str = TOKEN, *lines: QuotedLine, customer: str | None = "C1", now: datetime = NOW, **more: Any
) -> list[tuple[str, str]]:
    verdict = verify(token, Order(lines or (LAMP, ROPE), customer, **more), now, KEYS)
    return [(m.code, m.field) for m in verdict.mismatches]


def test_a_token_says_what_was_promised() -> None:
    assert opened(TOKEN, KEYS) == PROMISE
    assert verify(TOKEN, Order((LAMP, ROPE), "C1", "GBP", "acme"), NOW, KEYS) == tokens.Verdict(PROMISE, ())


def test_any_of_its_lines_stands_without_the_others() -> None:
    assert codes(TOKEN, ROPE) == []
    assert codes(TOKEN, LAMP) == []


def test_amounts_are_compared_by_value() -> None:
    same = dataclasses.replace(LAMP, unit_price=Decimal("2.1"), quantity=Decimal("24.0"))
    assert codes(TOKEN, same) == []


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("item", "LAMP2"),
        ("quantity", 25),
        ("unit", "CS"),
        ("unit_price", Decimal("2.09")),
        ("extended_price", Decimal("50.39")),
    ],
)
def test_an_order_that_differs_in_one_field_is_told_which(field: str, other: Any) -> None:
    assert codes(TOKEN, dataclasses.replace(LAMP, **{field: other})) == [(f"other_{field}", f"lines[0].{field}")]


def test_the_reason_is_precise() -> None:
    verdict = verify(TOKEN, Order((dataclasses.replace(LAMP, unit_price=Decimal("1.10")),), "C1"), NOW, KEYS)
    assert [m.reason for m in verdict.mismatches] == ["the quote says 2.10, not 1.10"]


def test_an_order_for_another_customer_currency_or_line_is_refused() -> None:
    assert codes(customer="C2") == [("wrong_customer", "customer")]
    assert codes(customer=None) == [("wrong_customer", "customer")]
    assert codes(currency="EUR") == [("wrong_currency", "currency")]
    assert codes(TOKEN, dataclasses.replace(LAMP, line="3")) == [("unknown_line", "lines[0].line")]
    assert codes(TOKEN, LAMP, LAMP) == [("line_twice", "lines[1].line")]


def test_nothing_is_told_of_another_partners_quote() -> None:
    verdict = verify(TOKEN, Order((LAMP,), "C1", partner="rival"), NOW, KEYS)
    assert (verdict.promise, [m.code for m in verdict.mismatches]) == (None, ["forged"])


def test_an_order_without_lines_is_no_order() -> None:
    verdict = verify(TOKEN, Order((), "C1"), NOW, KEYS)
    assert [m.code for m in verdict.mismatches] == ["no_lines"]


def test_it_stands_until_the_second_it_ends() -> None:
    assert codes(now=PROMISE.expires - timedelta(microseconds=1)) == []
    assert codes(now=PROMISE.expires) == [("expired", "token")]


def said(token: str = TOKEN) -> dict[str, Any]:
    packed = token.split(".")[2]
    document: dict[str, Any] = json.loads(zlib.decompress(base64.urlsafe_b64decode(packed + "==")))
    return document


def repacked(document: dict[str, Any]) -> str:
    """The token with another content under the old seal."""
    version, kid, _, sealed = TOKEN.split(".")
    packed = base64.urlsafe_b64encode(zlib.compress(json.dumps(document).encode())).rstrip(b"=").decode()
    return f"{version}.{kid}.{packed}.{sealed}"


@pytest.mark.parametrize("name", ["q", "p", "c", "m", "t", "x"])
def test_each_forged_field_of_the_quote_is_refused(name: str) -> None:
    document = said()
    document[name] = document[name] + 1 if isinstance(document[name], int) else document[name] + "x"
    assert codes(repacked(document)) == [("forged", "token")]


@pytest.mark.parametrize("place", range(6))
def test_each_forged_field_of_a_line_is_refused(place: int) -> None:
    document = said()
    document["l"][0][place] = "1"
    document["l"][1][place] = "1"
    assert codes(repacked(document)) == [("forged", "token")]


def test_a_line_added_or_taken_away_is_refused() -> None:
    more, fewer = said(), said()
    more["l"].append(["9", "GOLD", 1, "EA", "0.01", "0.01"])
    del fewer["l"][0]
    assert codes(repacked(more)) == codes(repacked(fewer)) == [("forged", "token")]


def test_a_token_under_another_key_is_refused() -> None:
    stranger = seal(PROMISE, Sealer({"k1": b"somebody else's key"}, "k1"))
    assert codes(stranger) == [("forged", "token")]
    assert codes(TOKEN.replace(".k1.", ".k2.")) == [("forged", "token")]
    assert codes(TOKEN.replace(".k1.", ".k9.")) == [("unknown_key", "token")]


@given(st.integers(0, len(TOKEN) - 1), st.characters(exclude_categories=["Cs"]))
def test_no_changed_letter_passes(place: int, letter: str) -> None:
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    assert changed == TOKEN or isinstance(opened(changed, KEYS), Mismatch)


@given(st.text(max_size=60))
def test_no_other_text_is_a_token(text: str) -> None:
    assert isinstance(opened(text, KEYS), Mismatch)


def test_a_huge_text_is_not_looked_into() -> None:
    assert codes("cdq1.k1." + "A" * 400_000 + ".x") == [("not_a_token", "token")]


def test_keys_change_without_a_gap() -> None:
    before = {"k1": KEYS["k1"]}
    old = seal(PROMISE, Sealer(before, "k1"))
    rotated = Sealer(KEYS, "k2")
    new = seal(PROMISE, rotated)

    assert opened(old, rotated.keys) == opened(new, rotated.keys) == PROMISE
    assert tokens.key_id(new) == "k2", "who knows only the old key sees which one to fetch"
    assert opened(new, before) == Mismatch(
        "unknown_key",
        "token",
        "the key it was sealed with is not active any more",
        "ask for the prices again: POST /v1/quotes",
    )
    assert isinstance(opened(old, {"k2": KEYS["k2"]}), Mismatch), "the old key was dropped"


def test_a_token_of_one_line_is_short_and_one_of_500_is_no_burden() -> None:
    assert len(seal(dataclasses.replace(PROMISE, lines=(LAMP,)), Sealer(KEYS, "k1"))) < 260
    many = tuple(
        QuotedLine(str(n), f"ITEM-{n * 7919 % 100_000:05}", n % 90 + 1, "EA", Decimal(n * 37 % 9999) / 100, Decimal(n))
        for n in range(500)
    )
    assert len(seal(dataclasses.replace(PROMISE, lines=many), Sealer(KEYS, "k1"))) < 16_000
