"""`crossdock ownership`: the matrix shown, checked and applied; each value explained; nothing shown unseen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.identity.journal import faults
from crossdock_cli.errors import CliError
from crossdock_cli.local.paths import checkout
from tests.support.customers import RULES, Customers, configuration, crossdock, document, refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.world import World

pytestmark = pytest.mark.integration

OPERATOR_FIRST = [{**RULES[0]}, {"attributes": ["terms"], "owner": "crm"}, *RULES[2:]]


@pytest.fixture
def desk(world: World) -> Customers:
    return Customers(world, duplicates="off")


def acme(desk: Customers) -> str:
    customer = desk.say("erp", "4711", 1, name="Acme", terms="N30", email="ada@acme.example")
    desk.say("crm", "001", 2, known_as=[("erp", "4711")], name="Acme Ltd", terms="N60", territory="NORTH")
    return customer


def test_each_value_is_explained_with_who_said_it_since_when_and_why(desk: Customers) -> None:
    customer = acme(desk)
    found = document("ownership", "explain", "customer", "erp:4711", "--all")
    assert {k: v for k, v in found.items() if k != "attributes"} == {
        "customer": customer,
        "version": 2,
        "merged_into": None,
        "matrix": 1,
        "judged_by": 1,
    }
    by_name: dict[str, Any] = {a["attribute"]: a for a in found["attributes"]}
    assert sorted(by_name) == ["email", "name", "terms", "territory"]
    assert by_name["name"] == {
        "attribute": "name",
        "owner": "erp",
        "value": "Acme Ltd",
        "system": "crm",
        "record": "001",
        "at": "2026-11-21T08:00:02.000Z",
        "version": 2,
        "why": "crm spoke last, at 2026-11-21T08:00:02.000Z",
        "others": [
            {
                "value": "Acme",
                "system": "erp",
                "record": "4711",
                "at": "2026-11-21T08:00:01.000Z",
                "version": 1,
                "why": "crm spoke later",
            }
        ],
    }
    terms = by_name["terms"]
    assert (terms["value"], terms["why"]) == ("N30", "erp owns it")
    assert [(o["system"], o["value"], o["why"]) for o in terms["others"]] == [
        ("crm", "N60", "crm does not own it: erp does")
    ]
    assert by_name["email"]["value"] == "●●●"
    shown = crossdock("ownership", "explain", "customer", customer, "--unmask", "--why", "ticket 1").stdout
    assert "ada@acme.example" in shown


def test_a_look_is_kept_before_anything_is_shown_and_without_it_nothing_is(
    desk: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = acme(desk)
    assert refused(desk.world, "ownership", "explain", "customer", customer, "--unmask") == (
        "--unmask shows personal data",
        "say what for: --unmask --why 'ticket 118'",
    )
    document("ownership", "explain", "customer", customer, "--why", "ticket 7", "--by", "mara")
    (look,) = document("privacy", "accesses", "--customer", customer)
    assert look == {
        "at": "2026-11-21T08:00:00.000Z",
        "by": "mara",
        "caller": look["caller"],
        "did": "explain",
        "customers": [customer],
        "uncovered": False,
        "why": "ticket 7",
    }
    assert look["caller"].startswith("arn:aws:")
    assert document("privacy", "accesses", "--customer", "CU" + "A" * 16, "--days", "30") == []
    assert document("privacy", "accesses", "--day", "2026-11-20") == []

    def fails(*_: Any, **__: Any) -> None:
        raise desk.world.target.dynamodb.exceptions.ResourceNotFoundException({"Error": {"Code": "x"}}, "PutItem")

    monkeypatch.setattr(desk.world.target.dynamodb, "put_item", fails)
    for command in (["ownership", "explain", "customer"], ["customers", "show"], ["customers", "history"]):
        with pytest.raises(CliError) as error:
            crossdock(*command, customer)
        assert error.value.message.endswith("nothing is shown")


def test_an_uncovered_look_at_an_exception_of_a_customer_is_kept_with_the_others(desk: Customers) -> None:
    acme(desk)
    desk.say("erp", "5", 1, name="Five")
    with pytest.raises(KeyError):
        desk.say("shop", "9", 9, known_as=[("crm", "001"), ("erp", "5")], email="ada@acme.example")
    (group,) = [g for g in desk.world.exceptions.groups() if g.kind == "reference_conflict"]
    assert "ada@" not in crossdock("exceptions", "show", group.id).stdout
    assert document("privacy", "accesses") == []
    shown = crossdock("exceptions", "show", group.id, "--raw", "--why", "ticket 9", "--by", "mara").stdout
    assert "ada@acme.example" in shown
    (look,) = document("privacy", "accesses")
    assert (look["did"], look["by"], look["why"], look["uncovered"]) == (
        f"exception {group.id}",
        "mara",
        "ticket 9",
        True,
    )


def test_the_matrix_is_shown_and_which_rule_an_attribute_falls_under(desk: Customers) -> None:
    found = document("ownership", "show")
    assert (found["version"], found["trust"], len(found["rules"])) == (1, {"erp": 80, "crm": 50}, 5)
    (rule,) = document("ownership", "show", "credit_limit@company:uk")["rules"]
    assert (rule["attribute"], rule["scope"], rule["owner"]) == ("credit_limit", "company:uk", "crm")
    (rule,) = document("ownership", "show", "credit_limit@company:de")["rules"]
    assert (rule["attribute"], rule["scope"], rule["owner"]) == ("credit_*", None, "erp")
    assert re.search(r"credit_limit +company:uk +crm", crossdock("ownership", "show").stdout)
    with pytest.raises(CliError) as error:
        crossdock("ownership", "show", "credit_limti")
    assert error.value.message == "'credit_limti' is no attribute of a customer"


def test_a_file_is_checked_with_every_problem_named(desk: Customers, tmp_path: Path) -> None:
    demo = checkout() / "config" / "demo.toml"
    assert document("ownership", "check", str(demo)) == {"file": str(demo), "version": 1, "problems": []}
    bad = tmp_path / "bad.toml"
    text = demo.read_text(encoding="utf-8")
    text = text.replace('owner = "crm"\nfallbacks = ["rules"]', 'owner = "crmm"').replace(
        'attributes = ["*"]', 'attributes = ["name", "terms"]'
    )
    bad.write_text(text, encoding="utf-8")
    problems = document("ownership", "check", str(bad), code=1)["problems"]
    named = [re.sub(r"rules\.\d+", "rules.N", p.partition(";")[0].partition(", email")[0]) for p in problems]
    assert named == [
        "ownership.rules.N.owner: 'crmm' is not among [sources.*] and [channels.*], nor operator or rules",
        "ownership.rules.N.attributes: 'terms' has an owner in rules.N already, 'erp'",
        "ownership.rules: nobody owns legal_name, phone",
    ]
    assert "no such file" in crossdock("ownership", "check", str(tmp_path / "none.toml"), code=1).stdout


def test_customers_of_an_older_matrix_are_judged_anew_once(desk: Customers) -> None:
    customer = acme(desk)
    other = desk.say("erp", "12", 3, name="Other")
    desk.judge_by(configuration(2, OPERATOR_FIRST, duplicates="off"))
    before = desk.world.rows("identity")
    dry = document("ownership", "apply", "--dry-run")
    assert (dry["matrix"], dry["judged"]) == (2, 2)
    assert [(c["customer"], c["values"]) for c in dry["changed"]] == [
        (customer, {"terms": {"old": "N30", "new": "N60"}})
    ]
    assert desk.world.rows("identity") == before

    done = document("ownership", "apply", "--by", "mara")
    assert [(c["customer"], c["version"]) for c in done["changed"]] == [(customer, 3)]
    kept = desk.uses.store.load(customer)
    assert (kept.customer.values["terms"], kept.customer.version, kept.customer.matrix) == ("N60", 3, 2)
    history = list(desk.uses.store.history(customer))
    assert (history[-1]["by"], list(history[-1]["ch"])) == ("operator mara", ["terms"])
    assert faults(history, kept.customer.seal) == []
    assert desk.uses.store.load(other).customer.version == 1

    after = desk.world.rows("identity")
    assert document("ownership", "apply")["judged"] == 0
    assert desk.world.rows("identity") == after
    assert document("ownership", "apply", "--all")["judged"] == 2
    assert desk.world.rows("identity") == after
