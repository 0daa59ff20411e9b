"""Customers over the API: reported, read, changed, found; what may not be said is refused whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

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
    merged,
    name_of,
    patch,
    post,
    read,
)
from tests.support.metering import metered
from tests.support.problems import named
from tests.support.world import NOW_TEXT, World, later

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def world(world: World, tmp_path: Path) -> World:
    """The world with owners of customers that these tests know."""
    return desk(world, tmp_path)


@pytest.fixture
def known(world: World) -> str:
    """A customer that the CRM and the ERP have."""
    status, said, _ = post(world, "001", **ACME, segments=["trade"])
    assert status == 201
    world.now = later(1)
    both = {"partner": "both", "sources": "crm erp"}
    answer = post(world, "4711", who=both, source="erp", known_as=[{"system": "crm", "id": "001"}], terms="N30")
    assert (answer[0], answer[1]["id"]) == (200, said["id"])
    world.now = later(2)
    return str(said["id"])


def without_writes(world: World, ask: Callable[[], tuple[int, Any, Any]]) -> tuple[int, Any]:
    """What is answered, of something that leaves everything as it was."""
    before = world.dump()
    status, answer, _ = ask()
    assert world.dump() == before
    return status, answer


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


# -- changing ------------------------------------------------------------------------------------------------------


def test_a_change_names_the_version_it_was_made_of_and_merges_into_what_is_there(world: World) -> None:
    body = {"contacts": {"77": {"name": "Ada Byron", "role": "buyer", "phone": "1"}}}
    said = post(world, "001", **ACME, **body)[1]
    contact = next(iter(said["contacts"]))
    world.now = later(5)

    status, after, headers = patch(
        world,
        said["id"],
        f'"{said["version"]}"',
        {
            "attributes": {"phone": None, "language": "en"},
            "contacts": {contact: {"phone": None, "email": "ada@acme.example"}, "78": {"name": "Bob"}},
        },
    )

    assert (status, after["version"], headers["ETag"]) == (200, said["version"] + 1, f'"{said["version"] + 1}"')
    assert after["attributes"] == {**{n: v for n, v in ACME.items() if n != "phone"}, "language": "en"}
    assert after["contacts"].pop(contact) == {"name": "Ada Byron", "role": "buyer", "email": "ada@acme.example"}
    assert list(after["contacts"].values()) == [{"name": "Bob"}]

    gone = patch(world, said["id"], headers["ETag"], {"contacts": {contact: None}})[1]
    assert contact not in gone["contacts"]


def test_without_the_version_or_with_another_one_nothing_is_changed(world: World, known: str) -> None:
    body = {"attributes": {"name": "Other"}}
    status, answer = without_writes(world, lambda: patch(world, known, None, body))
    assert (status, name_of(answer)) == (428, "precondition-required")
    assert named(answer) == [("If-Match", "send the ETag of the customer as you read it")]
    for tag in ('"1"', 'W/"3"', "3", '"x", "y"', '"99"'):
        status, answer = without_writes(world, partial(patch, world, known, tag, body))
        assert (status, name_of(answer), answer["version"]) == (412, "precondition-failed", 3)
    assert patch(world, known, '"2", "3"', body)[0] == 200


def test_one_attribute_of_anothers_refuses_the_whole_change(world: World, known: str) -> None:
    body = {"attributes": {"name": "Other", "terms": "N90", "tax_id": None}}
    status, answer = without_writes(world, lambda: patch(world, known, "*", body))

    assert (status, name_of(answer)) == (422, "attribute-not-yours")
    assert answer["owners"] == {"tax_id": "erp", "terms": "erp"}


def test_what_would_not_be_believed_is_refused_though_the_source_may_say_it(world: World, known: str) -> None:
    """The ERP says the name at an instant that lies before the CRM's clock."""
    world.now = later(30)
    post(world, "4711", who=ERP, name="Acme by ERP")
    world.now = later(20)
    status, answer = without_writes(world, lambda: patch(world, known, "*", {"attributes": {"name": "Acme by CRM"}}))

    assert (status, name_of(answer), answer["owners"]) == (422, "attribute-not-yours", {"name": "erp"})
    assert "erp spoke last" in answer["errors"][0]["problem"]


def test_a_change_that_comes_again_is_answered_as_it_was_and_writes_nothing(world: World, known: str) -> None:
    body = {"attributes": {"name": "Acme plc"}, "contacts": {"5": {"name": "Eve"}}}
    first = patch(world, known, '"3"', body)
    world.now = later(60)
    status, again = without_writes(world, lambda: patch(world, known, '"3"', body))

    assert (first[0], status) == (200, 200)
    assert again == first[1]
    assert without_writes(world, lambda: patch(world, known, '"3"', {"attributes": {"name": "X"}}))[0] == 412


def test_a_partner_without_a_record_of_the_customer_names_it(world: World, known: str) -> None:
    body = {"source": "erp", "attributes": {"terms": "N60"}}
    desk = {"partner": "desk", "sources": "erp wms", "customers": known}
    crm_only = post(world, "002", **{**ACME, "name": "Bolt", "email": "b@b.example"})[1]["id"]
    desk["customers"] += f"#{crm_only}"
    assert patch(world, known, "*", body, desk)[0] == 200

    status, answer = without_writes(world, lambda: patch(world, crm_only, "*", body, desk))
    assert (status, name_of(answer), named(answer)) == (
        422,
        "account-missing",
        [("account", "name what erp calls the customer")],
    )
    status, answer = without_writes(world, lambda: patch(world, crm_only, "*", {**body, "account": "4711"}, desk))
    assert (status, name_of(answer)) == (409, "customer-ids-conflict")
    status, said, _ = patch(world, crm_only, "*", {**body, "account": "4712"}, desk)
    assert (status, said["attributes"]["terms"]) == (200, "N60")
    assert {"system": "erp", "id": "4712"} in said["ids"]


def test_a_contact_of_nobody_and_one_without_anything_are_named(world: World, known: str) -> None:
    for contact, part in (
        ("CTAAAAAAAAAAAAAAAA", {"name": "Eve"}),
        ("9", {}),
        ("9", {"name": ""}),
        ("9", {"nick": "E"}),
    ):
        status, answer = without_writes(world, partial(patch, world, known, "*", {"contacts": {contact: part}}))
        assert (status, name_of(answer)) == (422, "invalid-document"), part
        assert answer["errors"][0]["field"].startswith("contacts")


# -- races ---------------------------------------------------------------------------------------------------------


def together(*asks: Callable[[], tuple[int, Any, Any]]) -> list[tuple[int, Any, Any]]:
    """The answers of requests that come at once."""
    start = Barrier(len(asks))

    def one(ask: Callable[[], tuple[int, Any, Any]]) -> tuple[int, Any, Any]:
        start.wait()
        return ask()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(one, asks))


def test_of_two_changes_of_one_version_one_is_made_and_the_other_is_told_so(world: World, known: str) -> None:
    for version in range(3, 8):
        asks = [partial(patch, world, known, f'"{version}"', {"attributes": {"name": f"{n} {version}"}}) for n in "AB"]
        answers = together(*asks)
        assert sorted(status for status, _, _ in answers) == [200, 412]
        won = next(said for status, said, _ in answers if status == 200)
        now = read(world, known)[1]
        assert (now["version"], now["attributes"]["name"]) == (version + 1, won["attributes"]["name"])


def test_one_request_sent_many_times_at_once_makes_one_customer_once(world: World) -> None:
    answers = together(*[partial(post, world, "001", key="k-1", **ACME)] * 6)

    assert sorted(status for status, _, _ in answers) == [200] * 5 + [201]
    assert len({said["id"] for _, said, _ in answers}) == 1
    assert [r["pk"] for r in world.rows("identity") if r["sk"] == "HEAD"] == [f"C#customer#{answers[0][1]['id']}"]


def test_two_reports_of_one_account_at_one_moment_both_count_in_an_order(world: World) -> None:
    """They have the same clock; the second one to come takes the next version."""
    answers = together(*[partial(post, world, "001", **{**ACME, "name": name}) for name in ("Acme", "Acme plc")])

    assert sorted(status for status, _, _ in answers) == [200, 201]
    assert read(world, answers[0][1]["id"])[1]["attributes"]["name"] in {"Acme", "Acme plc"}


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


def test_every_attribute_that_customers_are_compared_by_is_one_that_can_be_said(world: World) -> None:
    said = {name: "GB" if name == "billing_country" else "x1234567890" for name in COMPARED}
    assert post(world, "1", who=ERP, **said)[0] == 201


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
