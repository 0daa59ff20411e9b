"""Everything else, measured: webhooks, price rules, counts, deliveries, lookups."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from crossdock.exchange import dirty
from crossdock.exchange.signatures import sign
from crossdock.identity.partners import PartnerAccess, Partners
from crossdock.inventory.store import InventoryStore
from crossdock.platform import clients
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.dynamo import Table
from tests.bench.figures import Aim, Figure, Report, Scenario
from tests.bench.ledger import WAREHOUSE
from tests.bench.meter import Count
from tests.bench.rig import CHANNELS, SIGNING_SECRET, Rig, api_event
from tests.bench.stock import movement
from tests.support.tables import table_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.ledger import Ledger

_CHANNEL: Final = CHANNELS[0]
_KEY: Final = "a partner's key"
_CROWD: Final = 10


def run(rig: Rig, ledger: Ledger, step: Callable[[str], None]) -> Report:
    """Measures everything but a movement's own way. The item codes of the ledger are declared already."""
    report = Report()
    step("webhooks")
    _webhooks(rig, ledger, report)
    step("price rules")
    _prices(rig, ledger, report)
    items = ledger.items[:100]
    inventory = rig.new_table("inventory", "told")
    for function in ("read_availability", "deliver_to_channel", "apply_counts", "reconcile_stock"):
        rig.restart(function, INVENTORY_TABLE=inventory)
    store = InventoryStore(Table(clients.dynamodb(), inventory), system_clock)
    _move(store, items, 1)
    _authorize(rig, report)
    step("deliveries")
    for size, times in ((1, 10), (10, 5), (100, 1)):
        _deliver(rig, store, items[: size * times], size, report)
    step("counts and reconciliation")
    _counts(rig, store, items, report)
    return report


# -- webhooks ----------------------------------------------------------------------------------------------------------


def _webhook(rig: Rig, source: str, number: object, document: dict[str, Any]) -> Count:
    """One signed delivery, taken."""
    body = json.dumps(document).encode()
    headers = sign(SIGNING_SECRET, f"msg_{source}_{number}", system_clock(), body)
    return rig.call("receive_webhook", api_event(body, headers=headers, source=source), 202)


def _native(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "timestamp": to_text(system_clock()), "data": data}


def _webhooks(rig: Rig, ledger: Ledger, report: Report) -> None:
    rig.keep_secrets("receive_webhook")
    # The first one of each source reads the secret, which is then kept for a minute.
    first = _webhook(rig, "wms", 0, _native("stock.moved", {"movements": ledger.movements[:1]}))
    for size in (1, 100, 1000):
        count = _webhook(rig, "wms", size, _native("stock.moved", {"movements": ledger.movements[:size]}))
        report.counted[f"webhook.moved_{size}"] = Scenario("webhook", 1, {"receive_webhook": count})
        report.figures[f"webhook_wcu.moved_{size}"] = Figure(
            count.wru, "WCU", f"a webhook with {size:,} movements: its body is kept, 1 WCU a KB"
        )
        if size == 1:
            puts, messages = count.requests["dynamodb.PutItem"], count.requests["sqs.SendMessageBatch"]
            report.figures |= {
                "webhook_puts": Figure(puts, "puts", "before a webhook is answered", Aim(1)),
                "webhook_messages": Figure(messages, "SQS calls", "before a webhook is answered", Aim(1)),
                "webhook_round_trips": Figure(count.round_trips, "round trips", "before a webhook is answered", Aim(2)),
                "webhook_round_trips_cold": Figure(
                    first.round_trips, "round trips", "with the secret read (once a minute)"
                ),
            }


# -- prices ------------------------------------------------------------------------------------------------------------


def _rule(item: str, number: int, version: int) -> dict[str, Any]:
    return {
        "rule_id": f"base-{item}-{number}",
        "version": version,
        "item": item,
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "unit_price": "2.55"}, {"min_quantity": 12, "unit_price": "2.10"}],
        "valid_from": "2026-11-21T00:00:00Z",
    }


def _prices(rig: Rig, ledger: Ledger, report: Report) -> None:
    rig.keep_secrets("receive_webhook")
    _priced(rig, ledger.items[:1], 0, 1)  # reads the secret
    for size, items in ((1, ledger.items[:10]), (100, ledger.items[:100]), (500, ledger.items[:500])):
        parts = [items[start : start + size] for start in range(0, len(items), size)]
        first, again = ([_priced(rig, part, size, version) for part in parts] for version in (1, 2))
        new, changed = (_together(counts) for counts in (first, again))
        report.counted[f"price_rules.webhook_{size}"] = Scenario("price rule", len(items), changed)
        if size == 1:
            functions = {"receive_webhook": changed["receive_webhook"]}
            report.counted["webhook.priced_1"] = Scenario("webhook", len(items), functions)
        _say_of_rules(report, size, new["apply_price_changes"], changed["apply_price_changes"], len(items))
    crowded = ledger.items[-1:]  # an item that has no rules yet
    for ordinal in range(1, _CROWD + 1):
        last = _priced(rig, crowded, ordinal, 1)["apply_price_changes"]
    report.figures["price_rule_wcu.tenth_of_item"] = Figure(
        last.wru, "WCU", "the first version of an item's tenth rule: its sheet holds all, 1 WCU a KB"
    )


def _say_of_rules(report: Report, size: int, new: Count, changed: Count, rules: int) -> None:
    together = f"{size} to a webhook"
    report.figures |= {
        f"price_rule_wcu.webhook_{size}": Figure(
            changed.wru / rules, "WCU", f"a new version of a rule kept, {together}", Aim(2)
        ),
        f"price_rule_wcu.new_{size}": Figure(
            new.wru / rules, "WCU", f"the first version of a rule: its item is pinned too, {together}", Aim(3)
        ),
        f"price_rule_round_trips.webhook_{size}": Figure(
            changed.round_trips / rules, "round trips", f"a new version of a rule kept, {together}"
        ),
        f"price_rule_round_trips.new_{size}": Figure(
            new.round_trips / rules, "round trips", f"the first version of a rule, codes looked up, {together}"
        ),
    }


def _priced(rig: Rig, items: Sequence[str], number: int, version: int) -> dict[str, Count]:
    """One webhook with a rule for each item, taken and applied."""
    document = _native("prices.changed", {"prices": [_rule(item, number, version) for item in items]})
    received = _webhook(rig, "erp", f"{items[0]}_{number}_{version}", document)
    applied = rig.consume("apply_price_changes", "prices", received.details)
    return {"receive_webhook": received, "apply_price_changes": applied}


def _together(counts: Sequence[dict[str, Count]]) -> dict[str, Count]:
    total: dict[str, Count] = {}
    for functions in counts:
        for name, count in functions.items():
            total.setdefault(name, Count()).add(count)
    return total


# -- availability and deliveries -------------------------------------------------------------------------------------


def _move(store: InventoryStore, items: Sequence[str], step: int) -> None:
    """Changes every item's header, so that there is something to tell."""
    store.apply([movement(sku, WAREHOUSE, step) for sku in items])


def _authorize(rig: Rig, report: Report) -> None:
    access = PartnerAccess("bench", ("inventory:read", "inventory:write"), ("wms",))
    Partners(Table(clients.dynamodb(), table_name("identity"))).grant(_KEY, access)
    event = {"headers": {"X-Api-Key": _KEY}, "methodArn": "arn:aws:execute-api:us-east-1:000000000000:api/live/GET/v1"}
    _, count = rig.invoke("authorize_partner", event)
    report.counted["authorize"] = Scenario("key", 1, {"authorize_partner": count})
    report.figures["authorize_rcu"] = Figure(count.rru, "RCU", "a key looked up: once a minute and environment")


def _deliver(rig: Rig, store: InventoryStore, items: Sequence[str], size: int, report: Report) -> None:
    """The second telling of each item: the first one makes its row."""
    rig.keep_secrets("deliver_to_channel")
    for round_ in (1, 2):
        _move(store, items, size * 10 + round_)
        total, begun = Count(), time.process_time()
        for start in range(0, len(items), size):
            keys = [
                {"kind": "availability", "key": sku, "correlation_ids": ["cd-" + "0" * 32]}
                for sku in items[start : start + size]
            ]
            body = json.dumps(dirty.envelope(_CHANNEL, keys))
            total.add(rig.consume("deliver_to_channel", f"channel-{_CHANNEL}", [body]))
    report.figures[f"deliveries_per_cpu_second.batch_{size}"] = Figure(
        len(items) / (time.process_time() - begun), "items/s", f"told and acknowledged, {size} to a delivery; own CPU"
    )
    report.counted[f"deliveries.batch_{size}"] = told = Scenario("item", len(items), {"deliver_to_channel": total})
    report.figures |= {
        f"delivery_round_trips.batch_{size}": Figure(
            told.round_trips, "per item", f"a changed item told to one channel and acknowledged, {size} to a delivery"
        ),
        f"delivery_wcu.batch_{size}": Figure(
            told.wru, "WCU", f"version claimed and acknowledged, {size} to a delivery", Aim(2)
        ),
        f"delivery_rcu.batch_{size}": Figure(told.rru, "RCU", f"state and current value read, {size} to a delivery"),
    }


# -- counts ------------------------------------------------------------------------------------------------------------


def _counts(rig: Rig, store: InventoryStore, items: Sequence[str], report: Report) -> None:
    """Counts that agree with the balances: what reconciliation costs on an ordinary day."""
    stock = store.headers((sku, WAREHOUSE) for sku in items)
    for position in (10**6, 10**6 + 1):
        data = {
            "warehouse": WAREHOUSE,
            "position": position,
            "counted_at": to_text(datetime.now(UTC) - timedelta(minutes=5)),
            "counts": [{"item": sku, "quantity": stock[sku, WAREHOUSE].on_hand} for sku in items],
        }
        received = _webhook(rig, "wms", position, _native("stock.counted", data))
        kept = rig.consume("apply_counts", "counts", received.details)
    functions = {"receive_webhook": received, "apply_counts": kept}
    report.counted["counts.webhook_100"] = Scenario("count", len(items), functions)
    found, compared = rig.invoke("reconcile_stock", {"source": "wms"})
    if found["equal"] != len(items):
        raise RuntimeError(f"the counts of the benchmark should agree with its balances: {found}")
    report.counted["reconcile"] = Scenario("item", len(items), {"reconcile_stock": compared})
    report.figures |= {
        "count_wcu": Figure(kept.wru / len(items), "WCU", "one count of an item kept", Aim(1)),
        "reconcile_rcu": Figure(compared.rru / len(items), "RCU", "one count compared with its balance, no drift"),
        "reconcile_wcu": Figure(compared.wru, "WCU", "a whole reconciliation that finds no drift", Aim(0)),
    }
