"""What must hold of facts, drafts and what quotes read, whatever meets, comes twice or dies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crossdock.pricing.candidates import Ask, Candidates
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import (
    CustomerFacts,
    CustomerStated,
    ItemStated,
    ShipTo,
    all_families,
    customer_facts,
    item_facts,
    membership,
)
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.rules import Rule
from crossdock.pricing.slots import home
from crossdock.pricing.store import Approved, Kept, PricingStore
from tests.property.price_rows import Ticking, check_rows, small_rows, some_event, some_rule
from tests.property.properties import some_choices
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

Rows = dict[tuple[str, str], Any]

# -- facts -----------------------------------------------------------------------------------------------------


def some_items(random: Random) -> list[ItemStated]:
    """Facts of two items; the same version mostly says the same."""
    found = []
    for _ in range(random.randint(1, 3)):
        sku, version = random.choice("SST"), random.randint(1, 4)
        families = tuple(f for n, f in enumerate("FGH") if (version * 5 + n * 3 + (sku == "T")) % 4 < 2)
        substitutes = ("X",) if random.random() < 0.1 else ()
        found.append(ItemStated(ItemFacts(sku, families=families, substitutes=substitutes), version, "erp"))
    return found


def check_facts(random: Random) -> None:
    """Rules and facts meet on one sheet; none is lost, the newest stand, and no family's list is ever too short."""
    schedule, table = Schedule(some_choices(random)), MemoryTable()
    store, profiles = PricingStore(table, lambda: NOW), Profiles(table)
    events = [some_items(random) for _ in range(random.randint(1, 4))]
    rules = [r for r in some_event(random) if home(r.scope)[0] in {"I#S", "I#T"}]

    def boundary() -> None:
        check_members(table.rows, exactly=False)
        schedule.boundary()

    table.boundary = boundary
    works = [lambda e=e: profiles.keep_items(e, "cd-1") for e in [*events, events[0]]]
    schedule.run([*works, lambda: store.keep(rules, "erp", "cd-2")])
    table.boundary = lambda: None
    for event in events:
        profiles.keep_items(event, "cd-1")
    store.keep(rules, "erp", "cd-2")

    for sku in {s.facts.sku for e in events for s in e}:
        stated = [s for e in events for s in e if s.facts.sku == sku]
        row = table.rows[f"I#{sku}", "SHEET"]
        newest = max(s.version for s in stated)
        assert row["iver"] == newest
        assert item_facts(sku, row) in [s.facts for s in stated if s.version == newest]
    kept = {r.name: r for r in sorted(rules, key=lambda r: -r.version)}
    assert {n for (pk, _), row in table.rows.items() if pk.startswith("I#") for n in row["rules"]} == set(kept)
    check_members(table.rows, exactly=True)


def check_members(rows: Mapping[tuple[str, str], Any], *, exactly: bool) -> None:
    """Each item is on the lists of its families; `exactly`: and on no other."""
    sheets = {pk[2:]: row for (pk, sk), row in rows.items() if pk.startswith("I#") and sk == "SHEET"}
    wanted = {membership(f, sku) for sku, row in sheets.items() for f in all_families(item_facts(sku, row))}
    listed = {key for key in rows if key[0].startswith("X#")}
    assert wanted <= listed
    if exactly:
        assert wanted == listed


def check_customers(random: Random) -> None:
    """The newest facts of each customer stand; outcomes say what stood before."""
    schedule, table = Schedule(some_choices(random)), MemoryTable(lambda: None)
    profiles = Profiles(table)
    table.boundary = schedule.boundary
    facts = [CustomerFacts("C", segments=(f"s{n % 3}",), branch="b" if n % 2 else None) for n in range(5)]
    events = [[CustomerStated(facts[n], n, "crm") for n in random.sample(range(1, 5), 2)] for _ in range(3)]
    schedule.run([lambda e=e: profiles.keep_customers(e, "cd-1") for e in events])
    table.boundary = lambda: None
    for event in events:
        profiles.keep_customers(event, "cd-1")

    newest = max(s.version for e in events for s in e)
    row = table.rows["C#C", "PROFILE"]
    assert (row["ver"], customer_facts("C", row)) == (newest, facts[newest])
    again = profiles.keep_customers([CustomerStated(facts[newest], newest, "crm")], "cd-1")
    other = profiles.keep_customers([CustomerStated(facts[0], newest, "crm")], "cd-1")
    older = profiles.keep_customers([CustomerStated(facts[0], newest - 1, "crm")], "cd-1")
    assert (again, other, older) == ([Kept.DUPLICATE], [Kept.CONFLICT], [Kept.SUPERSEDED])


# -- drafts ----------------------------------------------------------------------------------------------------


def check_drafts(random: Random) -> None:
    """Drafts, approvals by two people at once, rejections and approved versions meet and die.

    Afterwards whoever looks at the drafts finds those that wait, and every version that was approved counts.
    """
    with small_rows():
        schedule, table = Schedule(some_choices(random)), MemoryTable()
        store = PricingStore(table, Ticking(random.choice([0, 5])))
        drafts = _each_about_one(some_event(random))
        store.keep_draft(drafts, "erp", "cd-0", "ann")
        table.boundary = schedule.boundary
        chosen = random.choice(drafts)
        others = [r for r in _each_about_one([*drafts, *some_event(random)]) if r not in drafts]
        works = [
            lambda: [store.approve(r.name, r.version, "bob") for r in drafts],
            lambda: store.approve(chosen.name, chosen.version, "eve"),
            lambda: store.reject(chosen.name, chosen.version, "eve"),
            lambda: store.keep([*others, *drafts], "erp", "cd-1"),  # the drafts came approved as well
        ]
        random.shuffle(works)
        schedule.run(works[: random.randint(1, 4)])
        table.boundary = lambda: None
        store.keep(others, "erp", "cd-1")

        waiting = {(v.rule.name, v.rule.version) for v in store.drafts()}
        statuses = _statuses(table.rows)
        assert waiting == {at for at, status in statuses.items() if status == "draft"}
        assert {row["sk"] for (pk, _), row in table.rows.items() if pk == "D#DRAFTS"} == {
            f"{name}#{version:010d}" for name, version in waiting
        }
        by_content = {(r.name, r.version): r for r in [*others, *drafts]}
        counting = {at: by_content[at] for at, status in statuses.items() if status == "approved"}
        if counting:
            check_rows(table.rows, counting)
        for at in counting:
            assert store.approve(*at, "dan") is Approved.ALREADY


def _each_about_one(rules: list[Rule]) -> list[Rule]:
    """The rules of which each version says one thing about one target."""
    first: dict[str, Rule] = {}
    versions: dict[tuple[str, int], Rule] = {}
    for rule in rules:
        if first.setdefault(rule.name, rule).scope == rule.scope:
            versions.setdefault((rule.name, rule.version), rule)
    return list(versions.values())


def _statuses(rows: Mapping[tuple[str, str], Any]) -> dict[tuple[str, int], str]:
    return {
        (pk.removeprefix("R#"), int(sk[2:])): row["st"]
        for (pk, sk), row in rows.items()
        if pk.startswith("R#") and sk.startswith("V#")
    }


# -- what quotes read ------------------------------------------------------------------------------------------


def check_reading(random: Random) -> None:
    """A question finds each rule that could concern it, at its newest version: cold, and warm after changes."""
    with small_rows():
        table = MemoryTable()
        clock = Ticking(random.choice([0, 5, 100]))
        store, profiles = PricingStore(table, clock), Profiles(table)
        warm = Candidates(table, clock)
        for version in range(1, random.randint(2, 4)):
            families = tuple(random.sample("FG", random.randint(0, 2)))
            profiles.keep_items([ItemStated(ItemFacts("S", families=families), version, "erp")], "cd-1")
            facts = _some_customer(random)
            profiles.keep_customers([CustomerStated(facts, version, "crm")], "cd-1")
            store.keep([some_rule(random) for _ in range(random.randint(1, 25))], "erp", "cd-1")
            ask = Ask(("S", "T"), customer=random.choice([facts.customer, None]), ship_to=_or_none(random, "yard"))
            ask = Ask(ask.skus, ask.customer, ask.ship_to, job=_or_none(random, "J"), branch=_or_none(random, "north"))
            asker = facts if ask.customer else None
            expected = {sku: _expected(table.rows, _tokens(sku, families, ask, asker)) for sku in ask.skus}
            for candidates in (warm, Candidates(table, clock)):
                found = candidates.read(ask).rules
                for sku in ask.skus:
                    read = {r.name: r.version for r in found[sku]}
                    assert expected[sku].items() <= read.items()
                    newest = _newest(table.rows)
                    assert all(newest[name] == version for name, version in read.items())


def _or_none(random: Random, value: str) -> str | None:
    return random.choice([value, None])


def _some_customer(random: Random) -> CustomerFacts:
    return CustomerFacts(
        random.choice("CD"),
        tuple(random.sample(["gold", "trade"], random.randint(0, 2))),
        tuple(random.sample("C", random.randint(0, 1))),
        {"yard": ShipTo("north", "east")},
        region=random.choice(["east", None]),
    )


def _tokens(sku: str, families: tuple[str, ...], ask: Ask, facts: CustomerFacts | None) -> set[str]:
    """What a rule may name and still concern the item and asker."""
    ship_to = facts.ship_tos.get(ask.ship_to or "") if facts else None
    branch = ask.branch or (ship_to.branch if ship_to else None) or (facts.branch if facts else None)
    region = ask.region or (ship_to.region if ship_to else None) or (facts.region if facts else None)
    named = {"customer": ask.customer, "ship_to": ask.ship_to, "job": ask.job, "branch": branch, "region": region}
    tokens = {f"{name}={value}" for name, value in named.items() if value} | {f"item={sku}"}
    tokens |= {f"family={f}" for f in families if sku == "S"}
    if facts:
        tokens |= {f"segment={s}" for s in facts.segments} | {f"parent={p}" for p in facts.parents}
    return tokens


def _ledger(rows: Mapping[tuple[str, str], Any]) -> dict[str, tuple[int, str]]:
    """The newest version of each rule and its document, from the ledger."""
    found: dict[str, tuple[int, str]] = {}
    for (pk, sk), row in sorted(rows.items()):
        if pk.startswith("R#") and sk.startswith("V#"):
            found[pk.removeprefix("R#")] = (int(sk[2:]), row["rule"])
    return found


def _newest(rows: Mapping[tuple[str, str], Any]) -> dict[str, int]:
    return {name: version for name, (version, _) in _ledger(rows).items()}


def _expected(rows: Mapping[tuple[str, str], Any], tokens: set[str]) -> dict[str, int]:
    return {
        name: version
        for name, (version, text) in _ledger(rows).items()
        if Rule.read(json.loads(text)).scope.tokens <= tokens
    }
