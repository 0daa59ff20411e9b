"""`crossdock customers`: shown covered, found by index keys, proven, decided by operators, set where they may speak."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crossdock_cli.errors import CliError
from tests.support.customers import Customers, configuration, crossdock, document, refused

if TYPE_CHECKING:
    from tests.support.world import World

pytestmark = pytest.mark.integration

HERE = {
    "billing_street": "1 High Street",
    "billing_city": "York",
    "billing_postcode": "YO1 7HH",
    "phone": "01904 654321",
}


@pytest.fixture
def desk(world: World) -> Customers:
    return Customers(world)


def pair(desk: Customers) -> tuple[str, str]:
    """Two that look alike, of whom the second waits to be decided."""
    one = desk.say("erp", "1", 1, name="Lantern Works Ltd", billing_country="GB", **HERE)
    two = desk.say("crm", "2", 2, name="Lantern Works Limited", billing_country="GB", **HERE)
    assert desk.uses.store.load(two).customer.state == "review"
    return one, two


def open_pairs(desk: Customers) -> list[str]:
    return [g.subject for g in desk.world.exceptions.groups() if g.kind == "possible_duplicate"]


def test_personal_data_are_covered_unless_they_are_asked_for_with_a_reason(desk: Customers) -> None:
    customer = desk.say(
        "crm",
        "1",
        1,
        name="Acme",
        email="ada@acme.example",
        billing_city="York",
        billing_street="1 High Street",
        contacts={"9": {"name": "Ada Byron", "phone": "+44 1904 654321"}},
        ship_tos={"7": {"name": "Dock", "street": "2 Low Street", "city": "York"}},
    )
    shown = document("customers", "show", "crm:1")
    assert (shown["customer"], shown["state"], shown["version"]) == (customer, "ready", 3)
    values = {name.partition("/")[0]: a["value"] for name, a in shown["attributes"].items()}
    assert values == {
        "name": "Acme",
        "email": "●●●",
        "billing_city": "York",
        "billing_street": "●●●",
        "contact": {"name": "●●●", "phone": "●●●"},
        "ship_to": {"name": "●●●", "street": "●●●", "city": "●●●"},
    }
    text = crossdock("customers", "show", customer).stdout
    assert not any(secret in text for secret in ("ada@", "Ada", "High Street", "654321", "Low Street"))
    seen = document("customers", "show", customer, "--unmask", "--why", "ticket 3")
    assert seen["attributes"]["email"]["value"] == "ada@acme.example"
    looks = document("privacy", "accesses")
    assert sorted((look["did"], look["uncovered"], look["why"]) for look in looks) == [
        ("show", False, ""),
        ("show", False, ""),
        ("show", True, "ticket 3"),
    ]


def test_customers_are_found_by_what_is_believed_of_them(desk: Customers) -> None:
    customer = desk.say(
        "crm", "1", 1, name="Acme Ltd", email="ada@acme.example", phone="+44 1904 654321", tax_id="GB123456789"
    )
    for text in ("crm:1", "ADA@acme.example", "01904 654321", "123456789", "acme"):
        assert [f["customer"] for f in document("customers", "find", text)] == [customer], text
    assert document("customers", "find", "acme", "--by", "name")[0]["email"] == "●●●"
    assert document("customers", "find", "acme", "--by", "email", code=1) == []
    assert document("customers", "find", "nobody", code=1) == []
    looks = document("privacy", "accesses")
    assert {look["did"] for look in looks} == {"find by any", "find by name", "find by email"}
    assert "acme" not in str([look["did"] for look in looks])
    assert refused(desk.world, "customers", "show", "nonsense")[0] == "'nonsense' is no customer's id"
    assert refused(desk.world, "customers", "show", "crm:77")[0] == "no customer is known as crm '77'"
    assert refused(desk.world, "customers", "show", "CU" + "A" * 16)[0] == "there is no customer CUAAAAAAAAAAAAAAAA"


def test_the_history_proves_itself_and_says_which_row_was_tampered_with(desk: Customers) -> None:
    customer = desk.say("erp", "1", 1, name="Acme", terms="N30")
    desk.say("erp", "1", 2, name="Acme", terms="N60")
    found = document("customers", "history", customer, "terms")
    assert [(s["version"], s["value"], s["system"]) for s in found["steps"]] == [(1, "N30", "erp"), (3, "N60", "erp")]
    assert (found["proven"], found["faults"]) == (True, [])
    table = desk.world.table("identity")
    row: Any = table.get((f"H#customer#{customer}", "000000000003"))
    row["ch"]["terms"]["v"] = '"N90"'
    table.put(row)
    assert document("customers", "history", customer, code=1)["faults"] == [
        "000000000003: terms is not what was sealed"
    ]


def test_pairs_are_listed_from_the_exceptions_list_and_by_reading_everything(desk: Customers) -> None:
    one, two = pair(desk)
    (found,) = document("customers", "duplicates")
    assert {found["one"], found["other"]} == {one, two}
    assert "the same address" in " ".join(found["why"])
    assert document("customers", "duplicates", "--scan") == document("customers", "duplicates", "crm:2")
    assert {found["one_name"], found["other_name"]} == {"Lantern Works Ltd", "Lantern Works Limited"}


def test_a_merge_closes_what_waited_and_is_taken_back_exactly(desk: Customers) -> None:
    one, two = pair(desk)
    assert open_pairs(desk) == [f"customer/{two}"]
    done = document("customers", "merge", "crm:2", one, "--why", "the same, by phone", "--by", "mara")
    assert done == {"did": "merged", "one": two, "other": one, "exceptions_closed": 1}
    assert open_pairs(desk) == []
    assert document("customers", "duplicates", "--scan") == []
    assert document("customers", "merge", two, one, "--why", "again")["exceptions_closed"] == 0
    assert desk.uses.store.load(two).customer.into == one
    assert desk.uses.xrefs.canonicals("customer", [("crm", "2")]) == {("crm", "2"): one}

    assert refused(desk.world, "customers", "unmerge", "crm:2", one, "--why", "x")[1] == "name both by our ids (CU…)"
    document("customers", "unmerge", two, one, "--why", "two branches", "--by", "mara")
    assert desk.uses.xrefs.canonicals("customer", [("crm", "2")]) == {("crm", "2"): two}
    assert document("customers", "distinct", two, one, "--why", "two branches")["did"] == "distinct"
    assert [desk.uses.store.load(c).customer.state for c in (one, two)] == ["ready", "ready"]
    looks = document("privacy", "accesses", "--customer", two)
    assert sorted({x["did"] for x in looks}) == ["distinct", "merged", "unmerge"]


def test_who_waited_is_ready_when_the_other_was_merged_into_it(desk: Customers) -> None:
    one, two = pair(desk)
    document("customers", "merge", one, two, "--why", "the same")
    assert desk.uses.store.load(two).customer.state == "ready"
    desk.say("crm", "2", 5, name="Lantern Works Limited", territory="NORTH", billing_country="GB", **HERE)
    kept = desk.uses.store.load(two)
    assert (kept.customer.state, kept.suspects) == ("ready", {})


def test_what_was_never_taken_for_one_is_no_pair(desk: Customers) -> None:
    one, other = desk.say("erp", "1", 1, name="Acme"), desk.say("erp", "2", 2, name="Zenith")
    assert refused(desk.world, "customers", "distinct", one, other, "--why", "x") == (
        f"{one} was never taken for {other}",
        "see: crossdock customers duplicates",
    )
    message, _ = refused(desk.world, "customers", "merge", one, one, "--why", "x")
    assert message == f"{one} cannot be merged into itself"


def test_a_history_of_what_is_no_attribute_is_refused_before_anybody_looks(desk: Customers) -> None:
    desk.say("crm", "1", 1, name="Acme", contacts={"9": {"name": "Ada Byron"}})
    message, remedy = refused(desk.world, "customers", "history", "crm:1", "nmae")
    assert message == "'nmae' is no attribute of a customer"
    assert remedy.startswith("use one of name, ")
    (contact,) = [a for a in document("customers", "show", "crm:1")["attributes"] if a.startswith("contact/")]
    assert [s["attribute"] for s in document("customers", "history", "crm:1", contact)["steps"]] == [contact]


def test_what_was_merged_into_a_customer_is_shown_with_it(desk: Customers) -> None:
    one, two = desk.say("erp", "1", 1, name="Acme"), desk.say("crm", "2", 2, name="Zenith")
    assert "merged into" not in crossdock("customers", "show", one).stdout
    document("customers", "merge", two, one, "--why", "the same")
    assert f"merged into it: {two}" in crossdock("customers", "show", one).stdout
    assert f"merged into {one}" in crossdock("customers", "show", two).stdout


def test_an_operator_says_what_the_matrix_lets_him_say(desk: Customers) -> None:
    customer = desk.say("crm", "1", 1, name="Acme", territory="NORTH")
    first = document("customers", "set", customer, "territory=SOUTH", "--why", "ticket 4", "--by", "mara")
    assert (first["version"], first["stands"], first["complaints"]) == (3, {"territory": "SOUTH"}, [])
    assert document("customers", "set", "crm:1", "territory=WEST", "--why", "ticket 5")["stands"] == {
        "territory": "WEST"
    }
    desk.say("crm", "1", 2, name="Acme", territory="EAST")
    assert desk.stands(customer)["territory"] == "WEST"
    (step, *_) = reversed(document("customers", "history", customer, "territory")["steps"])
    assert (step["by"].partition(" ")[0], step["system"], step["why"]) == (
        "operator",
        "operator",
        "an operator decided",
    )


def test_what_an_operator_says_may_make_two_look_alike_and_waits_on_the_list(desk: Customers) -> None:
    rules = [{"attributes": ["*"], "owner": "erp", "fallbacks": ["crm", "operator"], "survivorship": "newest"}]
    desk.judge_by(configuration(2, rules))
    one = desk.say("erp", "1", 1, name="Lantern Works Ltd", billing_country="GB", **HERE)
    two = desk.say("crm", "2", 2, name="Zenith", billing_country="GB", **{**HERE, "phone": "020 7946 0991"})
    assert open_pairs(desk) == []
    desk.world.now += timedelta(seconds=60)
    done = document("customers", "set", two, "name=Lantern Works", "phone=01904 654321", "--why", "ticket 6")
    assert ([c["kind"] for c in done["complaints"]], done["changed"]) == (["possible_duplicate"], True)
    assert open_pairs(desk) == [f"customer/{two}"]
    (found,) = document("customers", "duplicates")
    assert {found["one"], found["other"]} == {one, two}


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("terms=N30", "terms is erp's; what an operator says of it would never stand. Nothing was stored"),
        ("teritory=X", "'teritory' is no attribute of a customer"),
        ("territory", "'territory' is no ATTRIBUTE=VALUE"),
        ("tax_exempt=perhaps", "tax_exempt is not true or false"),
        ('credit_limit=["1"]', "credit_limit is not a text"),
    ],
)
def test_what_cannot_be_said_is_refused_and_nothing_is_written(desk: Customers, assignment: str, message: str) -> None:
    customer = desk.say("crm", "1", 1, name="Acme")
    before = desk.world.dump()
    with pytest.raises(CliError) as error:
        crossdock("customers", "set", customer, assignment, "--why", "x")
    assert error.value.message == message
    assert desk.world.dump() == before
