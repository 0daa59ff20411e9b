"""Facts stay within what the bus takes, however much a system says at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from crossdock.contracts.accounts import MAX_BYTES, AccountList, AccountReport, AccountsReported
from crossdock.contracts.customer_requests import CustomerReport
from crossdock.contracts.facts import accounts_facts, listing_facts
from crossdock.contracts.listings import AccountListing

if TYPE_CHECKING:
    from crossdock.contracts.fields import Contract

pytestmark = pytest.mark.unit

BUS_BYTES = 256 * 1024
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def account(number: int, contacts: int = 0) -> AccountReport:
    """An account with so many contacts of about 1,000 bytes each."""
    people: dict[str, Any] = {f"c{n}": {"name": "é" * 250, "email": "a" * 480 + "@b.example"} for n in range(contacts)}
    return AccountReport(
        account=str(number), version=1, changed_at=AT, attributes={"name": f"Customer {number}"}, contacts=people
    )


def told(data: Any) -> list[str]:
    return [one["account"] for one in data["accounts"]]


def test_fifty_accounts_with_many_contacts_go_in_several_facts_none_too_large_for_the_bus() -> None:
    facts = accounts_facts("crm", [account(n, 10) for n in range(50)])
    assert max(len(json.dumps(f.data, ensure_ascii=False).encode()) for f in facts) < BUS_BYTES
    assert [number for f in facts for number in told(f.data)] == [str(n) for n in range(50)]
    assert len(facts) == 3


def test_fifty_small_accounts_are_one_fact() -> None:
    assert [told(f.data) for f in accounts_facts("crm", [account(n) for n in range(51)])] == [
        [str(n) for n in range(50)],
        ["50"],
    ]


def test_a_page_of_large_accounts_says_of_how_many_parts_it_is() -> None:
    facts = listing_facts("crm", AccountListing(listing="n", page=1, accounts=[account(n, 50) for n in range(7)]), AT)
    assert [(f.data["part"], f.data["parts"], told(f.data)) for f in facts] == [
        (1, 3, ["0", "1", "2"]),
        (2, 3, ["3", "4", "5"]),
        (3, 3, ["6"]),
    ]


LARGE = account(1, 120).model_dump(mode="json", exclude_defaults=True)
SENT = [
    (AccountList, {"accounts": [LARGE]}),
    (AccountListing, {"listing": "n", "page": 1, "accounts": [LARGE]}),
    (CustomerReport, {name: said for name, said in LARGE.items() if name not in {"version", "changed_at"}}),
]


@pytest.mark.parametrize(("contract", "document"), SENT, ids=["webhook", "listing", "request"])
def test_an_account_that_no_event_could_carry_is_refused_where_it_comes_in_with_what_to_do(
    contract: type[Contract], document: Any
) -> None:
    with pytest.raises(ValidationError) as refused:
        contract.model_validate(document)
    (error,) = refused.value.errors()
    assert error["type"] == "account_too_large"
    assert error["msg"].endswith(f"of one account, {MAX_BYTES:,} at most")
    assert error["ctx"]["remedy"] == "say its contacts and ship-tos in several reports, a version each"


def test_one_that_was_taken_before_there_was_a_limit_is_still_read() -> None:
    assert AccountsReported.model_validate({"source": "crm", "accounts": [LARGE]}).accounts[0].account == "1"
