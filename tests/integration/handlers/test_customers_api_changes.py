"""Customers over the API, changed: of one version, all or nothing, once; also by many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.customers_api import (
    ACME,
    ERP,
    desk,
    known_customer,
    name_of,
    patch,
    post,
    read,
    without_writes,
)
from tests.support.problems import named
from tests.support.world import World, later

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
    return known_customer(world)


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
