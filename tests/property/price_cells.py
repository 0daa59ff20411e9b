"""What has to hold of published cells, whatever changes (`price_market.py`) and whoever dies.

What a cell should be and which cells a change may move is said here independently of the library: by quoting, at every
instant and quantity at which something begins, and by comparing what wins with what changed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossdock.pricing.cells import compute, from_now, price_hash
from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.instants import instant_text
from crossdock.pricing.levels import GUARDS, LEVELS, RANKS
from crossdock.pricing.resolving import resolve
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings
from tests.property.price_market import CLASSES, ITEMS, Market, some_change
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from crossdock.pricing.publishing import Job


def some_settings(random: Random) -> Settings:
    return Settings(
        level_policy=random.choice(["LOWEST", "LOWEST", "NEWEST", "HIGHEST"]),
        across_levels=random.choice(["first", "first", "first", "lowest"]),
        discount_basis=random.choice(["list", "running"]),
    )


def check_incremental(random: Random) -> None:
    """After every change each cell is as if all were computed; no more was than predicted; only what moved is told."""
    market = Market(settings=some_settings(random))
    for _ in range(random.randint(4, 18)):
        kind, act = some_change(random, market)
        before, truths = dict(market.rules), {k: _said(market, k) for k in _keys()}
        predicted = None
        market.computed.clear()
        market.changed.clear()
        jobs = act()
        if kind == "rule":
            predicted = _predicted(market, before)
        market.do(jobs)
        if kind == "clock":
            market.computed.clear()
            market.changed.clear()
            market.open_windows()
        assert len(market.computed) == len(set(market.computed)), "each cell is computed once"
        if predicted is not None:
            assert set(market.computed) <= predicted, (set(market.computed) - predicted, kind)
        check_cells(market)
        if kind != "clock":
            moved = {k for k in _keys() if _said(market, k) != truths[k]}
            assert set(market.changed) == moved, "told: what moved and nothing else"
        else:
            assert market.changed == [], "a window that begins or ends is no news to a channel that knows dates"
    check_quotes(market)


def _keys() -> list[tuple[str, str]]:
    return [(c, s) for c in CLASSES for s in ITEMS]


def _said(market: Market, key: tuple[str, str]) -> str | None:
    """What a cell should say of prices, computed whole and anew; None where there is no price at all."""
    cell = _anew(market, key)
    return cell.price_hash if cell.windows else None


def _anew(market: Market, key: tuple[str, str]) -> Any:
    return compute(market.buyers()[key[0]], market.item(key[1]), market.rules.values(), market.settings)


def check_cells(market: Market, skus: Sequence[str] = ITEMS) -> None:
    """Every cell is the one that a full recomputation makes."""
    stored, now = market.stored(), instant_text(market.now)
    for key in ((c, s) for c in CLASSES for s in skus):
        cell = _anew(market, key)
        if key not in stored:
            assert cell.windows == (), key
        else:
            assert stored[key].price_hash == price_hash(stored[key].document)
            assert from_now(stored[key].document, now) == stored[key].document, "nothing of it is past"
            assert stored[key].price_hash == cell.price_hash, (key, stored[key].document, cell.document())
            assert stored[key].next_edge == cell.next_edge


def check_quotes(market: Market) -> None:
    """Every cell says at each instant and quantity what a quote says."""
    stored = market.stored()
    for key in _keys():
        check_against_quotes(market, key, stored[key].document if key in stored else {"windows": []})


def check_against_quotes(market: Market, key: tuple[str, str], document: Mapping[str, Any]) -> None:
    buyer, item = market.buyers()[key[0]], market.item(key[1])
    for instant in _instants(market):
        at = replace(buyer, at=instant)
        for quantity in _quantities(market):
            quoted = resolve(at, Line("1", item.sku, quantity), item, tuple(market.rules.values()), market.settings)
            step = looked_up(document, instant, quantity)
            if step is None:
                # Below one unit a cell tells no steps of rules that a stronger level shuts out from one unit on.
                assert quoted.status == "NO_PRICE" or quantity < 1, (key, instant, quantity, document)
            elif not step.get("quote") or quantity == Decimal(str(step["min_quantity"])):
                told = None if step["unit_price"] is None else Decimal(step["unit_price"])
                assert told == quoted.unit_price, (key, instant, quantity, document)
                assert (step["unit_price"] is None) == (quoted.status == "BLOCKED")


def looked_up(document: Mapping[str, Any], instant: str, quantity: Decimal) -> Mapping[str, Any] | None:
    """What a channel that knows dates and steps finds."""
    for window in document["windows"]:
        if (window["from"] or "") <= instant < (window["to"] or "~"):
            steps = [s for s in window["tiers"] if Decimal(str(s["min_quantity"])) <= quantity]
            return steps[-1] if steps else None
    return None


def _instants(market: Market) -> list[str]:
    return [instant_text(market.now + timedelta(days=n)) for n in range(9)]


def _quantities(market: Market) -> list[Decimal]:
    return [Decimal(q) for q in ("0.5", "1", "5", "9", "10", "12", "60")]


def _predicted(market: Market, before: Mapping[str, Rule]) -> set[tuple[str, str]]:
    """The cells that a change of one rule may move: its versions are of them, and nothing stronger shuts them out."""
    (name,) = {n for n in market.rules if market.rules[n] is not before.get(n)}
    versions = [r for r in (before.get(name), market.rules[name]) if r is not None and _can_do(r, market)]
    return {
        (c, s)
        for c, s in _keys()
        if any(
            _is_of(r, market.buyers()[c], market.item(s)) and not _shut_out(r, market, before, (c, s)) for r in versions
        )
    }


def _can_do(rule: Rule, market: Market) -> bool:
    over = rule.valid_to is not None and rule.valid_to <= instant_text(market.now)
    return not rule.withdrawn and not over and rule.layer not in {"surcharge", "freight", "rebate"}


def _is_of(rule: Rule, buyer: Context, item: ItemFacts) -> bool:
    s = rule.scope
    return (
        s.job is None
        and s.ship_to is None
        and s.customer in {None, buyer.customer}
        and (s.parent is None or s.parent in buyer.parents)
        and (s.segment is None or s.segment in buyer.segments)
        and s.branch in {None, buyer.branch}
        and s.region in {None, buyer.region}
        and (not s.channels or buyer.channel in s.channels)
        and s.item in {None, item.sku}
        and (s.family is None or s.family in item.families)
        and rule.currency in {None, "GBP"}
    )


def _shut_out(rule: Rule, market: Market, before: Mapping[str, Rule], key: tuple[str, str]) -> bool:
    """Whether what won before the change, at every instant and quantity, leaves the rule nothing to say."""
    buyer, item = market.buyers()[key[0]], market.item(key[1])
    stands = [r for r in before.values() if _can_do(r, market) and _is_of(r, buyer, item)]
    winners = []
    for instant in _instants(market):
        for quantity in (q for q in _quantities(market) if q >= 1):
            line = Line("1", item.sku, quantity)
            winners.append(resolve(replace(buyer, at=instant), line, item, stands, market.settings).rule)
    won = [w for w in winners if w is not None]
    everything = len(won) < len(winners) or market.settings.across_levels == "lowest"
    reached = len(LEVELS) - 1 if everything else max(RANKS[w.layer] for w in won)
    used = {r.layer for r in stands if r.layer in RANKS and RANKS[r.layer] <= reached}
    used |= {r.layer for r in stands if r.layer in GUARDS and won}
    asked = set(LEVELS[: reached + 1]) | ({*GUARDS, "waiver"} if won else set())
    asked |= {"discount"} if any(w.allow_discounts for w in won) else set()
    if not won:
        asked.add("cost")  # of a cell without a price nothing is kept, not even that no rule of it asks for a cost
    for _ in LEVELS:  # a source may have a source
        for r in stands:
            if r.layer in asked and r.operation in {"cost_plus", "margin"}:
                asked.add("cost")
            if r.layer in asked and r.operation == "multiple":
                asked.add("base_list" if r.of == "list" else r.of)
    return rule.layer not in asked


def _contended_rule(random: Random) -> Rule:
    """One of three rules that all want to price the item A, soon another."""
    number = random.randrange(3)
    scopes: tuple[dict[str, Any], ...] = ({"item": "A"}, {"item": "A", "segment": "gold"}, {})
    document = {
        "rule_id": f"r{number}",
        "version": 1,
        "operation": "fixed",
        "currency": "GBP",
        "scope": scopes[number],
        "tiers": [{"min_quantity": 1, "value": random.choice("234")}],
        "withdrawn": random.random() < 0.3,
    }
    return Rule.read(document, "erp")


def _some_turns(random: Random) -> list[int]:
    """Who goes on, and for how long; hardly anyone dies, for whoever comes again mends what went wrong."""
    found: list[int] = []
    while len(found) < 300:
        turn = random.randrange(5) * (-1 if random.random() < 0.01 else 1)
        found += [turn] * random.choice([1, 1, 2, 3, 5, 8])
    return found


def check_meeting(random: Random) -> None:
    """Changes and the workers that follow them meet at every step, some die and come again: the last truth is told."""
    schedule = Schedule(_some_turns(random))
    market = Market(table=MemoryTable(schedule.boundary), settings=Settings())
    market.families["A"] = ()
    for _ in range(3):
        market.do(market.change_rule(_contended_rule(random)))
    versions = [_contended_rule(random) for _ in range(random.randint(2, 5))]
    lived: list[int] = []
    asked: dict[int, list[Job]] = {}

    def work(number: int) -> None:
        if number not in asked:
            stands = market.rules.get(versions[number].name)
            asked[number] = market.change_rule(replace(versions[number], version=stands.version + 1 if stands else 1))
            market.table.boundary()
        market.do([job for job in asked[number] if job.skus == ("A",)])
        lived.append(number)

    schedule.run([lambda n=n: work(n) for n in range(len(versions))])
    for number in set(range(len(versions))) - set(lived):
        work(number)
    check_cells(market, ["A"])
