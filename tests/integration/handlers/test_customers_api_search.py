"""Customers over the API, found, and what was believed of them; what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.customers_api import (
    ACME,
    CRM,
    ERP,
    OURS,
    desk,
    found,
    history,
    known_customer,
    name_of,
    patch,
    post,
    read,
)
from tests.support.metering import metered
from tests.support.problems import named
from tests.support.world import NOW_TEXT, World, later

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def world(world: World, tmp_path: Path) -> World:
    """The world with owners of customers that these tests know."""
    return desk(world, tmp_path)


@pytest.fixture
def known(world: World) -> str:
    """A customer that the CRM and the ERP have."""
    return known_customer(world)


# -- finding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        {"system": "crm", "external": "001"},
        {"system": "erp", "external": "4711"},
        {"email": "OFFICE@acme.example "},
        {"phone": "020 7946 0958"},
        {"name": "acme fasteners"},
        {"name": "Fasteners, ACME limited", "email": "office@acme.example"},
    ],
)
def test_a_customer_is_found_however_it_is_written(world: World, known: str, asked: dict[str, str]) -> None:
    status, answer, _ = found(world, OURS, **asked)
    assert (status, [c["id"] for c in answer["customers"]], answer["next"]) == (200, [known], None)


def test_a_customer_is_found_by_its_tax_id_and_no_more_by_what_it_was_before(world: World, known: str) -> None:
    patch(world, known, "*", {"attributes": {"tax_id": "GB 980 7806 84"}}, ERP)
    for text in ("980780684", "gb980780684", "GB 980-7806-84"):
        assert [c["id"] for c in found(world, ERP, tax_id=text)[1]["customers"]] == [known]
    patch(world, known, "*", {"attributes": {"email": "new@acme.example", "tax_id": None}}, ERP)
    assert found(world, ERP, tax_id="980780684")[1]["customers"] == []
    assert found(world, CRM, email=ACME["email"])[1]["customers"] == []
    assert found(world, CRM, email=ACME["email"], name=ACME["name"])[1]["customers"] == []
    assert len(found(world, CRM, email="new@acme.example", name=ACME["name"])[1]["customers"]) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "system"),
        ({"limit": "5"}, "system"),
        ({"system": "erp"}, "external"),
        ({"external": "1"}, "system"),
        ({"system": "ERP!", "external": "1"}, "system"),
        ({"system": "erp", "external": "a#b"}, "external"),
        ({"phone": "none"}, "phone"),
        ({"name": "!"}, "name"),
        ({"name": "x", "limit": "51"}, "limit"),
        ({"name": "x", "town": "y"}, "town"),
    ],
)
def test_a_search_that_cannot_be_meant_names_the_parameter(world: World, query: dict[str, str], field: str) -> None:
    status, answer, _ = found(world, **query)
    assert (status, name_of(answer), [f for f, _ in named(answer)]) == (422, "invalid-question", [field])


def test_pages_of_namesakes_come_by_cursors_that_are_good_for_one_partner_and_question(
    world: World, tmp_path: Path
) -> None:
    desk(world, tmp_path, duplicates="off")
    ids = {post(world, f"{n}", who=[CRM, ERP][n % 2], name="Acme")[1]["id"] for n in range(7)}
    pages, query = [], {"name": "Acme Ltd", "limit": "3"}
    while query:
        answer = found(world, OURS, **query)[1]
        pages.append([c["id"] for c in answer["customers"]])
        query = {n: v[0] for n, v in parse_qs(urlsplit(answer["next"]).query).items()} if answer["next"] else {}
    assert [len(p) for p in pages] == [3, 3, 1]
    assert {c for page in pages for c in page} == ids

    first = found(world, OURS, name="Acme Ltd", limit="3")[1]["next"]
    cursor = parse_qs(urlsplit(first).query)["cursor"][0]
    for who, name in ((CRM, "Acme Ltd"), (OURS, "Bolt")):
        assert name_of(found(world, who, name=name, limit="3", cursor=cursor)[1]) == "cursor-unusable"
    mine = [c["id"] for c in found(world, CRM, name="Acme")[1]["customers"]]
    assert len(mine) == 4


# -- history -------------------------------------------------------------------------------------------------------


def test_the_history_of_an_attribute_says_value_version_system_and_why(world: World, known: str) -> None:
    world.now = later(9)
    patch(world, known, "*", {"attributes": {"name": "Acme plc"}})
    answer = history(world, known, attribute="name")[1]

    assert (answer["id"], answer["next"]) == (known, None)
    assert [(c["version"], c["value"], c["system"], c["id"], c["caused_by"], c["at"]) for c in answer["changes"]] == [
        (1, ACME["name"], "crm", "001", "crm", NOW_TEXT),
        (4, "Acme plc", "crm", "001", "crm", "2026-11-21T08:00:09.000Z"),
    ]
    assert answer["changes"][1]["why"].startswith("crm spoke last")


def test_the_history_comes_in_pages_and_shows_what_was_erased_as_erased(world: World, known: str) -> None:
    for n in range(3):
        world.now = later(10 + n)
        patch(world, known, "*", {"attributes": {"name": f"Acme {n}"}})
    row = next(r for r in world.rows("identity") if r["pk"] == f"H#customer#{known}" and r["sk"].endswith("4"))
    for part in ("v", "salt"):
        del row["ch"]["name"][part]
    world.table("identity").put(row)

    first = history(world, known, attribute="name", limit="4")[1]
    query = {n: v[0] for n, v in parse_qs(urlsplit(first["next"]).query).items()}
    second = history(world, known, **query)[1]
    assert [(c["version"], c.get("value"), c.get("erased", False)) for c in first["changes"] + second["changes"]] == [
        (1, ACME["name"], False),
        (4, None, True),
        (5, "Acme 1", False),
        (6, "Acme 2", False),
    ]
    assert name_of(history(world, known, attribute="colour")[1]) == "invalid-question"


# -- cost ----------------------------------------------------------------------------------------------------------


def test_reading_and_finding_cost_the_same_whatever_there_is_beside(world: World, known: str) -> None:
    for n in range(5):
        post(world, f"other-{n}", name=f"Other {n}", email=f"o{n}@other.example")
    read(world, known, OURS), found(world, OURS, name="x")  # the key of cursors is read once

    with metered() as one:
        read(world, known, OURS)
    with metered() as by_name:
        found(world, OURS, name=ACME["name"])
    with metered() as by_id:
        found(world, OURS, system="erp", external="4711")
    with metered() as by_name_for_one_partner:
        found(world, CRM, name=ACME["name"])

    assert (one.calls, one.rcu) == (["Query"], 1)
    assert (by_name.calls, by_name.rcu) == (["Query", "BatchGetItem"], 2)
    assert (by_id.calls, by_id.rcu) == (["BatchGetItem"] * 2, 2)
    assert (by_name_for_one_partner.calls, by_name_for_one_partner.rcu) == (["Query", "Query", "BatchGetItem"], 2.5)


def test_a_change_of_what_nobody_is_compared_by_takes_six_round_trips(world: World, known: str) -> None:
    with metered() as changing:
        assert patch(world, known, "*", {"attributes": {"language": "en"}})[0] == 200

    assert [c for c in changing.calls if c == "TransactWriteItems"] == ["TransactWriteItems"]
    assert len(changing.calls) == 6
