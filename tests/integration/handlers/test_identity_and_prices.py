"""Cross-references, price rules and partners: what is kept, what is refused, and which of two at once wins."""

from __future__ import annotations

import hashlib
import importlib
import itertools
import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from crossdock.identity.partners import Credential, PartnerAccess, Partners, hashed
from crossdock.identity.references import Conflict, Reference, References
from crossdock.platform.errors import StoreUnavailableError
from crossdock.pricing.rules import Rule
from crossdock.pricing.sheet import Sheet
from crossdock.pricing.slots import item_sheet
from crossdock.pricing.store import Kept, PricingStore
from tests.support import pools
from tests.support.crashes import reaper
from tests.support.world import (
    CORRELATION,
    NOW_TEXT,
    Context,
    World,
    bus_event,
    later,
    price,
    prices_event,
    references_event,
)

pytestmark = pytest.mark.integration


def feed(world: World, function: str, *messages: Any) -> list[str]:
    answer = world.call(function, world.queue_event("any", messages), Context())
    return [f["itemIdentifier"] for f in answer["batchItemFailures"]]


def declare(world: World, items: dict[str, list[tuple[str, str]]], **fields: Any) -> list[str]:
    return feed(world, "apply_references", references_event(items, **fields))


def reprice(world: World, *prices: dict[str, Any], **fields: Any) -> list[str]:
    return feed(world, "apply_price_changes", prices_event(*prices, **fields))


# -- references ------------------------------------------------------------------------------------------------


def test_a_reference_is_kept_both_ways(world: World) -> None:
    assert declare(world, {"SKU-1": [("wms", "A#1")]}) == []

    assert world.rows("identity") == [
        {"pk": "C#item#SKU-1", "sk": "SYS#wms#A#1"},
        {"pk": "X#item#wms#A#1", "sk": "ID", "cid": "SKU-1"},
    ]
    assert References(world.table("identity")).of("SKU-1") == [Reference("wms", "A#1", "SKU-1")]


def test_declaring_again_writes_nothing(world: World) -> None:
    declare(world, {"SKU-1": [("wms", "A1"), ("erp", "E1")]})
    before = world.dump()

    declare(world, {"SKU-1": [("wms", "A1"), ("erp", "E1")]})

    assert world.dump() == before


def test_a_code_keeps_its_first_meaning_and_the_contradiction_is_an_exception(world: World) -> None:
    declare(world, {"SKU-1": [("wms", "A1")]})

    declare(world, {"SKU-2": [("wms", "A1"), ("wms", "A2")], "SKU-3": [("wms", "A2")]})

    assert References(world.table("identity")).skus([("wms", "A1"), ("wms", "A2")]) == {
        ("wms", "A1"): "SKU-1",
        ("wms", "A2"): "SKU-2",
    }
    groups = {g.subject: g for g in world.exceptions.groups()}
    assert {s: (g.kind, g.open) for s, g in groups.items()} == {
        "item/wms/A1": ("reference_conflict", 1),
        "item/wms/A2": ("reference_conflict", 1),
    }
    (occurrence,) = world.exceptions.occurrences(groups["item/wms/A1"].id)
    assert occurrence.message["data"]["items"] == [{"sku": "SKU-2", "codes": [{"system": "wms", "code": "A1"}]}]


def test_two_imports_that_race_for_one_code_mint_one_item(world: World) -> None:
    for round_ in range(8):
        codes = [f"{round_}-{n}" for n in range(20)]
        start = threading.Barrier(2)
        results: dict[str, tuple[int, list[Conflict]]] = {}

        def work(sku: str, codes: list[str] = codes, start: threading.Barrier = start) -> None:
            references = References(world.table("identity"))
            start.wait()
            wanted = [Reference("wms", c, sku) for c in (codes if sku == "SKU-1" else reversed(codes))]
            results[sku] = references.declare(wanted)  # noqa: B023 - read after the threads are joined

        threads = [threading.Thread(target=work, args=(sku,)) for sku in ("SKU-1", "SKU-2")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        kept = References(world.table("identity")).skus([("wms", c) for c in codes])
        assert len(kept) == 20
        assert results["SKU-1"][0] + results["SKU-2"][0] == 20
        for sku in ("SKU-1", "SKU-2"):
            won, conflicts = results[sku]
            assert won == sum(kept["wms", c] == sku for c in codes)
            assert {c.reference.code for c in conflicts} == {c for c in codes if kept["wms", c] != sku}
            assert all(c.kept_sku == kept["wms", c.reference.code] for c in conflicts)


@pytest.mark.parametrize("function", ["apply_references", "apply_price_changes", "apply_counts"])
@pytest.mark.parametrize(
    "message",
    [
        "no json",
        {},
        bus_event("x.v1", {}, "erp"),
        {**bus_event("x.v1", {}, "erp"), "data": "abc"},
        {**bus_event("x.v1", {}, "erp"), "data": None},
        {**bus_event("x.v1", {}, "erp"), "data": [["a", "b"]], "replay": {"x": 1}},
    ],
)
def test_an_event_that_is_none_is_an_exception_at_once(world: World, function: str, message: Any) -> None:
    assert feed(world, function, message) == []

    assert [(g.kind, g.open) for g in world.exceptions.groups()] == [("unreadable_message", 1)]
    tables = world.dump()
    assert [tables[t] for t in ("inventory", "pricing", "identity", "exchange")] == [[], [], [], []]


# -- prices ----------------------------------------------------------------------------------------------------


def rule(rule_id: str, version: int, unit_price: str = "2.55", sku: str = "SKU-1") -> Rule:
    return Rule.read(
        {
            "rule_id": rule_id,
            "version": version,
            "scope": {"item": sku},
            "currency": "GBP",
            "tiers": [{"min_quantity": 1, "value": unit_price}],
            "valid_from": "2026-01-01T00:00:00Z",
        }
    )


def current(world: World, sku: str = "SKU-1") -> list[tuple[str, int, str]]:
    return sorted((r.rule_id, r.version, f"{float(r.tiers[0].value):.2f}") for r in standing(world, sku))


def standing(world: World, sku: str) -> list[Rule]:
    """The newest version of each rule about an item, those that are withdrawn as well."""
    return list(Sheet.read(item_sheet(sku), world.row("pricing", *item_sheet(sku))).rules().values())


def test_a_rule_is_in_the_ledger_and_on_its_items_sheet(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"))

    assert reprice(world, price("r1", 3, "2.50")) == []

    text = (
        '{"currency":"GBP","layer":"base_list","rule_id":"r1","scope":{"item":"SKU-1"},"source":"erp",'
        '"tiers":[{"min_quantity":1,"value":"2.5"}],"valid_from":"2026-01-01T00:00:00.000000Z","version":3}'
    )
    assert world.rows("pricing") == [
        {"pk": "I#SKU-1", "sk": "SHEET", "rules": {"erp:r1": "3|GBP|2.5|t85s00"}, "ver": 1, "cors": [CORRELATION]},
        {"pk": "R#erp:r1", "sk": "SLOT", "t": {"item": "SKU-1"}},
        {
            "pk": "R#erp:r1",
            "sk": "V#0000000003",
            "rule": text,
            "h": hashlib.sha256(text.encode()).hexdigest()[:24],
            "rec": "2026-11-21T08:00:00.000000Z",
            "cor": CORRELATION,
            "st": "approved",
        },
        {"pk": "X#*#0c", "sk": "SKU-1", "iver": 0, "cors": [CORRELATION]},
    ]


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_versions_in_any_order_end_in_the_newest_and_all_are_known(world: World, order: tuple[int, ...]) -> None:
    world.knows(("erp", "E1", "SKU-1"))

    for version in order:
        assert reprice(world, price("r1", version, f"{version}.00")) == []

    assert current(world) == [("r1", 3, "3.00")]
    assert [r["sk"] for r in world.rows("pricing") if r["pk"] == "R#erp:r1"] == [
        "SLOT",
        "V#0000000001",
        "V#0000000002",
        "V#0000000003",
    ]
    assert world.rows("exceptions") == []


def test_a_version_with_other_content_is_an_exception_and_the_first_stands(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"))
    reprice(world, price("r1", 1, "2.00"))
    before = world.dump()["pricing"]

    reprice(world, price("r1", 1, "9.00"), price("r1", 1, "2.00"))

    assert world.dump()["pricing"] == before
    assert [(g.kind, g.subject, g.open) for g in world.exceptions.groups()] == [("conflicting_price", "rule/r1", 1)]


def test_a_rule_does_not_move_to_another_item(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"), ("erp", "E2", "SKU-2"))
    reprice(world, price("r1", 1, "2.00"))

    reprice(world, price("r1", 2, "1.00", item="E2"))

    assert (current(world), current(world, "SKU-2")) == ([("r1", 1, "2.00")], [])
    assert [(g.kind, g.open) for g in world.exceptions.groups()] == [("rule_of_another_target", 1)]


def test_the_rules_of_an_event_share_one_write_of_each_sheet(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"), ("erp", "E2", "SKU-2"))
    reprice(world, price("r1", 1, "9.00"))

    reprice(
        world,
        price("r2", 2, "2.00"),
        price("r1", 2, "1.00"),
        price("r2", 1, "8.00"),
        price("r3", 1, "3.00", item="E2"),
        price("r4", 1, "4.00"),
    )

    assert current(world) == [("r1", 2, "1.00"), ("r2", 2, "2.00"), ("r4", 1, "4.00")]
    assert current(world, "SKU-2") == [("r3", 1, "3.00")]
    assert [r["ver"] for r in world.rows("pricing") if r["sk"] == "SHEET"] == [2, 1]


def test_of_two_contents_of_one_version_in_an_event_the_first_stands(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"), ("erp", "E2", "SKU-2"))

    reprice(
        world,
        price("r1", 1, "2.00"),
        price("r1", 1, "9.00"),
        price("r1", 1, "2.00"),
        price("r1", 2, "1.00", item="E2"),
    )

    assert (current(world), current(world, "SKU-2")) == ([("r1", 1, "2.00")], [])
    assert sorted((g.kind, g.open) for g in world.exceptions.groups()) == [
        ("conflicting_price", 1),
        ("rule_of_another_target", 1),
    ]


def test_outcomes_come_in_the_order_of_the_rules(world: World) -> None:
    sent = [rule("r1", 1), rule("r1", 3), rule("r2", 1), rule("r1", 3), rule("r1", 1, "9"), rule("r2", 2, sku="SKU-2")]

    first, again = (world.pricing.keep(sent, "erp", CORRELATION) for _ in range(2))

    assert first == [
        Kept.SUPERSEDED,
        Kept.CURRENT,
        Kept.CURRENT,
        Kept.DUPLICATE,
        Kept.CONFLICT,
        Kept.OTHER_TARGET,
    ]
    assert again == [
        Kept.DUPLICATE,
        Kept.DUPLICATE,
        Kept.DUPLICATE,
        Kept.DUPLICATE,
        Kept.CONFLICT,
        Kept.OTHER_TARGET,
    ]


def test_a_rule_may_be_called_anything_that_the_contract_allows(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"))
    names = ["BASE-1", 'a"b', "it's", "x.y[0]", "why? WHERE pk = ?", "100%", "a:b", "\\", "{}", "rules"]

    for version in (1, 2):
        assert reprice(world, *(price(name, version) for name in names)) == []

    assert current(world) == sorted((name, 2, "2.55") for name in names)
    assert world.rows("exceptions") == []


@pytest.mark.parametrize(("version", "calls"), [(1, 90), (2, 45)])
def test_an_event_of_500_rules_takes_few_round_trips(world: World, version: int, calls: int) -> None:
    """Each time the codes are not in memory (5); the rows read (5), the versions (20) and the rows (20) written.

    The first time also what each rule is about (20), and that there is such an item (20).
    """
    world.knows(*(("erp", f"E{n}", f"SKU-{n}") for n in range(500)))
    for before in range(1, version):
        reprice(world, *(price(f"r{n}", before, item=f"E{n}") for n in range(500)))

    with reaper() as found:
        reprice(world, *(price(f"r{n}", version, item=f"E{n}") for n in range(500)))

    assert len(found.calls) == calls
    assert [len(standing(world, f"SKU-{n}")) for n in (0, 499)] == [1, 1]


def test_workers_that_write_one_sheet_at_once_lose_nothing(world: World) -> None:
    """Each brings a rule of its own and all versions of a shared one, in another order."""
    start = threading.Barrier(4)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        store = PricingStore(world.table("pricing"), world.clock)
        start.wait()
        try:
            for version in (1, 2, 3):
                shared = rule("shared", 1 + (version + number) % 3, sku="SKU-1")
                store.keep([rule(f"own-{number}", version), shared], "erp", CORRELATION)
        except BaseException as error:  # noqa: BLE001 - raised below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert current(world) == [*((f"own-{n}", 3, "2.55") for n in range(4)), ("shared", 3, "2.55")]


def test_an_unknown_item_holds_up_no_other_price_and_its_replay_settles(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"))
    reprice(world, price("r0", 1, item="NEW"), price("r1", 1))
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (current(world), group.subject) == ([("r1", 1, "2.55")], "item/NEW")
    world.knows(("erp", "NEW", "SKU-2"))
    assert world.exceptions.begin_replay(occurrence, "run-1", "ann")

    mark = {"exception": group.id, "occurrence": occurrence.id, "run": "run-1"}
    assert feed(world, "apply_price_changes", {**occurrence.message, "replay": mark}) == []

    assert current(world, "SKU-2") == [("r0", 1, "2.55")]
    assert [g.settled for g in world.exceptions.groups("closed")] == [1]


# -- partners --------------------------------------------------------------------------------------------------

ARN = "arn:aws:execute-api:eu-west-2:000000000000:api1/live/POST/v1/inventory/movements"


def test_a_known_key_may_call_every_endpoint_of_the_stage(world: World) -> None:
    Partners(world.table("identity")).grant(
        "key-1", PartnerAccess("acme", ("inventory:read",), ("wms", "erp"), (), ("C 1", "C2"))
    )

    answer = world.call("authorize_partner", {"methodArn": ARN, "headers": {"X-API-KEY": "key-1"}}, Context())

    assert answer == {
        "principalId": "acme",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow",
                    "Resource": "arn:aws:execute-api:eu-west-2:000000000000:api1/live/*",
                }
            ],
        },
        "context": {
            "partner": "acme",
            "scopes": "inventory:read",
            "sources": "wms erp",
            "channels": "",
            "customers": "C 1#C2",
            "rate": 50,
            "burst": 100,
        },
        "usageIdentifierKey": "key-1",
    }


def sent(headers: dict[str, str] | None) -> dict[str, Any]:
    return {"methodArn": ARN, "headers": headers}


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (None, "no-credential"),
        ({}, "no-credential"),
        ({"x-api-key": ""}, "no-credential"),
        ({"x-api-key": "key-2"}, "key-unknown"),
        ({"x-api-key": "withdrawn"}, "key-unknown"),
        ({"x-api-key": "shut-out"}, "key-unknown"),
        ({"x-api-key": "ended"}, "key-ended"),
        ({"x-api-key": "key-1", "authorization": "Bearer x"}, "two-credentials"),
        ({"authorization": "Basic a2V5LTE="}, "not-a-bearer-token"),
        ({"authorization": "Bearer key-1"}, "token-malformed"),
        # What OAuth clients' calls are counted by lets nobody in.
        ({"x-api-key": "oauth-client-c1"}, "key-unknown"),
    ],
)
def test_any_other_credential_is_denied(world: World, headers: dict[str, str] | None, reason: str) -> None:
    partners = Partners(world.table("identity"))
    partners.grant("key-1", PartnerAccess("acme", ("inventory:read",), ("wms",)))
    withdrawn, ended = (Credential("key", hashed(k), "g", NOW_TEXT, NOW_TEXT) for k in ("withdrawn", "ended"))
    partners.admit("acme", ended)
    partners.admit("acme", withdrawn)
    partners.withdraw("acme", withdrawn)
    partners.admit("acme", Credential("client", "c1", "g", NOW_TEXT))
    partners.grant("shut-out", PartnerAccess("beta", ("inventory:read",), ("wms",), active=False))

    answer = world.call("authorize_partner", sent(headers), Context())

    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"
    assert answer["context"] == {"reason": reason}
    assert "usageIdentifierKey" not in json.dumps(answer)


def test_access_is_kept_for_a_minute_and_an_end_is_heeded_at_once(world: World) -> None:
    partners, rights = Partners(world.table("identity")), PartnerAccess("acme", ("inventory:read",), ("wms",))
    partners.keep(rights)
    partners.admit("acme", Credential("key", hashed("key-1"), "g", NOW_TEXT, "2026-11-21T08:00:30.000Z"))
    callers = importlib.import_module("functions.authorize_partner.handler").app()
    seconds = 0.0
    world.patch.setattr(callers, "monotonic", lambda: seconds)

    def effect() -> str:
        answer = world.call("authorize_partner", sent({"x-api-key": "key-1"}), Context())
        return str(answer["policyDocument"]["Statement"][0]["Effect"])

    assert effect() == "Allow"
    partners.keep(replace(rights, active=False))
    seconds = 59.0
    assert effect() == "Allow"
    seconds = 60.0
    assert effect() == "Deny"
    partners.keep(rights)
    assert effect() == "Allow", "what was not found is not kept"
    world.now = later(30)
    assert effect() == "Deny", "it ended while it was kept"


def test_without_the_pools_keys_no_token_is_judged_and_keys_are_let_in(world: World) -> None:
    """The function fails, which the gateway answers with 503: nobody is called wrong."""
    Partners(world.table("identity")).grant("key-1", PartnerAccess("acme", ("inventory:read",), ("wms",)))

    with pytest.raises(StoreUnavailableError):
        world.call("authorize_partner", sent({"authorization": f"Bearer {pools.token()}"}), Context())

    answer = world.call("authorize_partner", sent({"x-api-key": "key-1"}), Context())
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
