"""`customers.listed` of the generic ERP and CRM: a page as facts of a size that the bus takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from crossdock.connectors import generic_crm, generic_erp
from crossdock.contracts.inbound import Fact, parts_of
from crossdock.contracts.listings import AccountsListed

pytestmark = pytest.mark.unit

BOTH = pytest.mark.parametrize("connector", [generic_crm, generic_erp], ids=["crm", "erp"])


def body(accounts: int, **more: Any) -> bytes:
    listed = [
        {"account": f"{n}", "version": 1, "changed_at": "2026-11-21T07:00:00Z", "attributes": {"name": f"N{n}"}}
        for n in range(accounts)
    ]
    data = {"listing": "2026-11-21", "page": 2, "accounts": listed, **more}
    return json.dumps({"type": "customers.listed", "timestamp": "2026-11-21T08:00:00Z", "data": data}).encode()


@BOTH
def test_a_page_is_cut_into_parts_that_know_how_many_they_are(connector: Any) -> None:
    facts = parts_of(connector.translate("crm", body(120, last=True)))
    found = []
    for fact in facts:
        assert isinstance(fact, Fact)
        assert (fact.type, fact.subject) == ("customers.accounts.listed.v1", "listing/crm/2026-11-21")
        found.append(AccountsListed.model_validate_json(json.dumps(fact.data)))
    assert [(f.page, f.last, f.part, f.parts, len(f.accounts)) for f in found] == [
        (2, True, 1, 3, 50),
        (2, True, 2, 3, 50),
        (2, True, 3, 3, 20),
    ]
    assert [a.account for f in found for a in f.accounts] == [str(n) for n in range(120)]
    assert {f.listed_at.isoformat() for f in found} == {"2026-11-21T08:00:00+00:00"}


@BOTH
def test_a_page_without_accounts_is_one_part_without_any(connector: Any) -> None:
    (fact,) = parts_of(connector.translate("crm", body(0)))
    assert isinstance(fact, Fact)
    assert (fact.data["part"], fact.data["parts"], fact.data["accounts"]) == (1, 1, [])


@BOTH
@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"page": 0}, "data.page"),
        ({"page": 10_001}, "data.page"),
        ({"listing": ""}, "data.listing"),
        ({"last": "yes"}, "data.last"),
        ({"colour": 1}, "data.colour"),
    ],
)
def test_what_is_no_page_is_refused_by_its_field(connector: Any, change: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as refused:
        connector.translate("crm", body(1, **change))
    assert ".".join(map(str, refused.value.errors()[0]["loc"])).endswith(place)


@BOTH
def test_more_than_a_thousand_accounts_are_no_page(connector: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        connector.translate("crm", body(1001))
    assert refused.value.errors()[0]["type"] == "too_long"
