"""Customers over the API, reported and read: each only by whose they are; what may not be said is refused whole."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from crossdock.identity.customers import COMPARED
from tests.support.customers_api import (
    ACME,
    CRM,
    ERP,
    OURS,
    SHOP,
    as_customer,
    desk,
    found,
    history,
    known_customer,
    merged,
    name_of,
    patch,
    post,
    read,
    without_writes,
)
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


# -- reporting -----------------------------------------------------------------------------------------------------


def test_a_report_makes_a_customer_that_says_where_it_is_and_which_version_it_has(world: World) -> None:
    status, said, headers = post(world, "001", **ACME, contacts={"77": {"name": "Ada Byron", "role": "buyer"}})

    contact = next(iter(said["contacts"]))
    assert status == 201
    assert (headers["Location"], headers["ETag"]) == (f"/v1/customers/{said['id']}", f'"{said["version"]}"')
    assert as_customer(said) == {
        "id": said["id"],
        "version": 3,
        "state": "ready",
        "problems": [],
        "attributes": ACME,
        "contacts": {contact: {"name": "Ada Byron", "role": "buyer"}},
        "ship_tos": {},
        "ids": [{"system": "crm", "id": "001"}],
        "possible_duplicates": [],
        "created_at": NOW_TEXT,
        "changed_at": NOW_TEXT,
    }
    assert read(world, said["id"])[1] == as_customer(said)


def test_what_is_missing_is_told_and_keeps_a_customer_incomplete(world: World) -> None:
    status, said, _ = post(world, "001", name="Acme")

    assert (status, said["state"]) == (201, "incomplete")
    assert [p["attribute"] for p in said["problems"]] == ["billing_city", "billing_country"]


def test_a_customer_that_is_known_is_answered_200_and_hears_the_report(world: World, known: str) -> None:
    status, said, _ = post(world, "001", name="Acme Fasteners plc")

    assert (status, said["id"], said["attributes"]["name"]) == (200, known, "Acme Fasteners plc")


def test_a_request_that_comes_again_under_its_key_changes_nothing(world: World) -> None:
    first = post(world, "001", key="k-1", **ACME)
    world.now = later(60)
    status, again = without_writes(world, lambda: post(world, "001", key="k-1", **ACME))

    assert (first[0], status) == (201, 200)
    assert again == first[1]


def test_a_key_that_named_another_request_is_refused_and_nothing_is_written(world: World) -> None:
    post(world, "001", key="k-1", **ACME)
    status, answer = without_writes(world, lambda: post(world, "002", key="k-1", **ACME))

    assert (status, name_of(answer)) == (422, "idempotency-key-reused")
    assert named(answer) == [("Idempotency-Key", "send a new key for a new request")]


def test_a_source_of_somebody_elses_is_refused_also_as_where_the_customer_is_known(world: World) -> None:
    for body in ({"source": "erp"}, {"known_as": [{"system": "erp", "id": "4711"}]}):
        status, answer = without_writes(world, partial(post, world, "001", **body, **ACME))
        assert (status, name_of(answer)) == (403, "source-not-yours")


def test_ids_that_mean_two_customers_are_a_conflict_and_nothing_is_written(world: World) -> None:
    one, other = (
        post(world, "001", **ACME)[1],
        post(world, "002", **{**ACME, "name": "Bolt", "email": "b@bolt.example"})[1],
    )
    for body in ({"customer": other["id"]}, {"known_as": [{"system": "crm", "id": "002"}]}):
        status, answer = without_writes(world, partial(post, world, "001", **body, name="Acme"))
        assert (status, name_of(answer)) == (409, "customer-ids-conflict")
        assert answer["customers"] == sorted([one["id"], other["id"]])
        assert [field for field, _ in named(answer)] == ["account"]


def test_our_id_joins_another_systems_record_to_a_customer_that_the_partner_may_see(world: World, known: str) -> None:
    status, said, _ = post(world, "W-9", who=OURS, customer=known, source="erp", terms="N60")
    assert (status, said["id"]) == (200, known)
    assert {"system": "erp", "id": "W-9"} in said["ids"]

    for strange in (known, "CUAAAAAAAAAAAAAAAA"):
        status, answer = without_writes(world, partial(post, world, "1", who=SHOP, customer=strange))
        assert (status, name_of(answer)) == (404, "no-such-customer")


def test_an_attribute_that_is_not_the_sources_to_say_is_named_with_owner_and_remedy(world: World) -> None:
    status, answer = without_writes(
        world, lambda: post(world, "001", **ACME, **{"terms": "N90", "credit_limit@company:uk": "9"})
    )

    assert (status, name_of(answer)) == (422, "attribute-not-yours")
    assert answer["owners"] == {"credit_limit@company:uk": "erp", "terms": "erp"}
    assert answer["errors"] == [
        {
            "field": f"attributes.{name}",
            "problem": "crm may not say it; erp owns it",
            "remedy": "have it changed in erp, or leave it out",
        }
        for name in ("credit_limit@company:uk", "terms")
    ]


def test_a_form_that_is_wrong_names_the_attribute(world: World) -> None:
    status, answer = without_writes(world, lambda: post(world, "001", who=ERP, credit_limit=2500))

    assert (status, name_of(answer)) == (422, "invalid-document")
    assert "credit_limit" in answer["errors"][0]["problem"]


def test_a_circle_of_parents_is_refused_whole(world: World) -> None:
    post(world, "A", who=ERP, **ACME, parent="B")
    status, answer = without_writes(world, lambda: post(world, "B", who=ERP, name="Bolt", parent="A"))

    assert (status, name_of(answer)) == (422, "hierarchy-circle")
    assert named(answer) == [("attributes.parent", "name another, or send null")]


def test_a_possible_duplicate_waits_for_a_decision_and_is_told_only_to_whom_may_see_it(world: World) -> None:
    first = post(world, "001", **ACME)[1]
    status, second, _ = post(world, "9", who=ERP, **ACME)

    assert (status, second["state"], second["possible_duplicates"]) == (201, "review", [])
    assert read(world, second["id"], OURS)[1]["possible_duplicates"] == [first["id"]]
    assert [(g.kind, g.subject) for g in world.exceptions.groups()] == [
        ("possible_duplicate", f"customer/{second['id']}")
    ]


def test_every_attribute_that_customers_are_compared_by_is_one_that_can_be_said(world: World) -> None:
    said = {name: "GB" if name == "billing_country" else "x1234567890" for name in COMPARED}
    assert post(world, "1", who=ERP, **said)[0] == 201


# -- reading -------------------------------------------------------------------------------------------------------


def test_the_etag_is_the_version_and_who_has_it_is_answered_304(world: World, known: str) -> None:
    status, said, headers = read(world, known)
    assert (status, headers["ETag"]) == (200, f'"{said["version"]}"')

    assert read(world, known, tag=headers["ETag"])[:2] == (304, None)
    assert read(world, known, tag='"1"')[0] == 200


def test_it_is_explained_who_said_what_when_and_why_that_is_believed(world: World, known: str) -> None:
    explained = read(world, known, explain="true")[1]["explanations"]

    assert explained["terms"] == {
        "system": "erp",
        "id": "4711",
        "version": explained["terms"]["version"],
        "at": "2026-11-21T08:00:01.000Z",
        "why": "erp owns it",
    }
    assert explained["name"]["why"] == f"crm spoke last, at {NOW_TEXT}"
    assert "explanations" not in read(world, known, explain="false")[1]


def test_a_merged_customer_says_what_it_is_now_and_its_ids_lead_there(world: World) -> None:
    gone, stays = (
        post(world, "001", **ACME)[1]["id"],
        post(world, "002", **{**ACME, "name": "Bolt", "email": "b@b.example"})[1]["id"],
    )
    merged(world, gone, stays)

    status, said, _ = read(world, gone)
    assert (status, said["state"], said["into"], said["ids"]) == (200, "merged", stays, [])
    assert [c["id"] for c in found(world, system="crm", external="001")[1]["customers"]] == [stays]
    assert read(world, gone, SHOP)[0] == 404
    status, answer = without_writes(world, lambda: patch(world, gone, "*", {"attributes": {"name": "A"}}))
    assert (status, name_of(answer), answer["customers"]) == (409, "customer-merged", [stays])


def test_a_parent_is_told_by_our_id_and_only_to_whom_may_see_it(world: World) -> None:
    parent = post(world, "P", who=ERP, **{**ACME, "name": "Parent", "email": "p@p.example"})[1]["id"]
    both = {"partner": "both", "sources": "crm erp"}
    child = post(world, "C", who=both, source="erp", known_as=[{"system": "crm", "id": "7"}], parent="P", **ACME)[1][
        "id"
    ]

    assert read(world, child, ERP)[1]["parent"] == parent
    seen = read(world, child, CRM, explain="true")[1]
    assert ("parent" in seen, "parent" in seen["attributes"], "parent" in seen["explanations"]) == (False,) * 3
    assert found(world, CRM, name=ACME["name"])[1]["customers"][0]["attributes"].get("parent") is None
    assert history(world, child, CRM, attribute="parent")[1]["changes"] == []
    assert [c["value"] for c in history(world, child, ERP, attribute="parent")[1]["changes"]] == ["P"]


def test_whom_a_partner_may_not_see_is_as_if_it_were_not_there(world: World, known: str) -> None:
    for ask in (
        lambda named: read(world, named, SHOP),
        lambda named: history(world, named, SHOP),
        lambda named: patch(world, named, "*", {"attributes": {}}, SHOP),
    ):
        (status, told, _), (_, unknown, _) = ask(known), ask("CUAAAAAAAAAAAAAAAA")
        assert (status, name_of(told)) == (404, "no-such-customer")
        assert str(told).replace(known, "…") == str(unknown).replace("CUAAAAAAAAAAAAAAAA", "…")


@pytest.mark.parametrize(
    ("customers", "seen"), [("4711", True), ("*", True), ("001", False), ("4712", False), ("", False)]
)
def test_a_customer_is_seen_by_the_name_that_its_numbering_system_gives_it(
    world: World,
    known: str,
    customers: str,
    seen: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """`001` is what the CRM calls it, and may be another customer's number."""
    who = {"partner": "desk", "sources": "wms", "customers": customers}
    assert read(world, known, who)[0] == (200 if seen else 404)
    assert len(found(world, who, email=ACME["email"])[1]["customers"]) == seen
    assert read(world, known, {**who, "customers": known})[0] == 200
