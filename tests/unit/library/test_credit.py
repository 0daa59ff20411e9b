"""What speaks against more credit: exactly, in one currency, for one company where that is said apart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.flows.order_acceptance import credit_reasons

pytestmark = pytest.mark.unit

CREDIT = {"credit_limit": "100", "credit_used": "60", "credit_currency": "GBP"}


def codes(values: dict[str, Any], amount: str = "40", currency: str = "GBP", company: str | None = None) -> list[str]:
    return [r.code for r in credit_reasons(values, Decimal(amount), currency, company, "USD")]


@pytest.mark.parametrize(
    ("values", "asked", "expected"),
    [
        ({}, {}, []),
        (CREDIT, {}, []),
        (CREDIT, {"amount": "40.000001"}, ["over-credit-limit"]),
        (CREDIT, {"currency": "EUR", "amount": "1"}, ["other-currency"]),
        ({"credit_limit": "0"}, {"currency": "USD", "amount": "0"}, []),
        ({"credit_limit": "0"}, {"currency": "USD", "amount": "0.01"}, ["over-credit-limit"]),
        ({"credit_limit": "0", "currency": "GBP"}, {"currency": "USD"}, ["other-currency"]),
        ({"credit_limit": "10", "credit_used": "-50"}, {"currency": "USD", "amount": "60"}, []),
        ({**CREDIT, "credit_used": None}, {"amount": "100"}, []),
        ({**CREDIT, "credit_hold": True}, {"amount": "41"}, ["credit-hold", "over-credit-limit"]),
        ({"credit_hold": False}, {}, []),
        ({"credit_hold": True, "credit_hold@company:uk": False}, {"company": "uk"}, []),
        ({"credit_hold": True, "credit_hold@company:uk": False}, {"company": "de"}, ["credit-hold"]),
        ({"credit_hold": True, "credit_hold@company:uk": False}, {}, ["credit-hold"]),
        ({"credit_hold@company:uk": True}, {"company": "uk"}, ["credit-hold"]),
        ({"credit_hold@company:uk": True, "credit_hold@warehouse:uk": True}, {}, []),
        ({**CREDIT, "credit_limit@company:uk": "50"}, {"company": "uk"}, ["over-credit-limit"]),
        ({**CREDIT, "credit_currency@company:uk": "EUR"}, {"company": "uk"}, ["other-currency"]),
    ],
)
def test_credit_is_judged_by_what_is_said_for_the_company_else_for_all(
    values: dict[str, Any], asked: dict[str, str], expected: list[str]
) -> None:
    assert codes(values, **asked) == expected


def test_the_reason_of_a_hold_is_told() -> None:
    (found,) = credit_reasons({"credit_hold": True, "credit_hold_reason": "overdue"}, Decimal(1), "GBP", None, "GBP")
    assert found.document() == {
        "code": "credit-hold",
        "detail": "the customer is on credit hold: overdue",
        "remedy": "have the hold lifted, or let the customer pay in advance",
    }


AMOUNTS = st.decimals(0, 10**12, places=6)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_an_order_is_within_the_limit_exactly_when_the_sum_is(limit: Decimal, used: Decimal, asked: Decimal) -> None:
    values = {"credit_limit": f"{limit:f}", "credit_used": f"{used:f}", "credit_currency": "GBP"}
    assert (codes(values, f"{asked:f}") == []) == (used + asked <= limit)
