"""A morning at a wholesaler's, for looking at the console: stock that moves, holds, prices, and what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.refusals import Refusal
from crossdock.exceptions.store import ExceptionsStore
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock_cli.exceptions.machinery import business_of
from tests.support.system import erp_code, movement, wms_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.system import System

LANTERN: Final = "LANTERN-RED"
TEAPOT: Final = "TEAPOT-2L"
CRATE: Final = "CRATE-12"
TYPO: Final = "LANTREN-RED"
SCRIPT: Final = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"
"""What a careless page would run: in an item's name, a reason and a payload."""


def begin(system: System) -> None:
    """Items are known, goods come and go, one is held, one has a price; some facts name what nobody knows."""
    system.knows(LANTERN, TEAPOT, CRATE)
    system.send(
        *(movement(f"con-l{n}", LANTERN, 24, reference=f"PO-77{n:02}") for n in range(6)),
        movement("con-l7", LANTERN, 18, "pick", reference="SO-40021"),
        movement("con-l8", LANTERN, 4, "pick", reference="SO-40026"),
        movement("con-t1", TEAPOT, 60, reference="PO-7801"),
        movement("con-c1", CRATE, 400, reference="PO-7802"),
    )
    rule = {
        "rule_id": "CON-LANTERN",
        "version": 1,
        "item": erp_code(LANTERN),
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "unit_price": "4.25"}, {"min_quantity": 12, "unit_price": "3.75"}],
        "valid_from": "2026-01-01T00:00:00.000Z",
    }
    assert system.webhook("erp", "prices.changed", {"prices": [rule]}).status_code == 202
    system.until("the lanterns are told", lambda: system.told(LANTERN, 122, 120))
    hold = {"channel": "webshop", "lines": [{"line": "1", "sku": LANTERN, "quantity": 30}]}
    answer = system.post(hold, "/v1/reservations", idempotency_key="console-hold")
    assert answer.status_code == 201, answer.text
    system.until("the channels know of the hold", lambda: system.told(LANTERN, 92, 90))


def refuse_one(system: System) -> dict[str, Any]:
    """One pick of an item by a name that is misspelt; gives back its exception."""
    system.send(movement("con-typo", TYPO, 12, "pick", reference="SO-40031"))
    return system.exception("unknown_item", f"item/{wms_code(TYPO)}")


def refuse_many(system: System) -> None:
    """A list with something of each kind, as it looks when much has gone wrong at once."""
    _refuse(system, *(refusal for make in (_lines, _prices, _channel, _letters) for refusal in make()))


def measure(system: System) -> None:
    """Looks at what no single event shows, as the schedules do every few minutes; waits until it is measured."""
    for function in ("measure_business", "watch_channels"):
        system.target.functions.invoke(FunctionName=system.target.callee(function), Payload=b"{}")
    ask = system.target.cloudwatch.list_metrics
    system.until("it is measured", lambda: ask(Namespace="crossdock", MetricName="ExceptionsOpen")["Metrics"])


def refuse_script(system: System) -> dict[str, Any]:
    """A fact whose texts are markup."""
    _refuse(system, _refusal("unknown_item", f"item/{SCRIPT}", SCRIPT, SCRIPT, {"item": SCRIPT, "quantity": 1}))
    return system.exception("unknown_item", f"item/{SCRIPT}")


def _refuse(system: System, *refusals: Refusal) -> None:
    table = Table(system.target.dynamodb, system.target.name("exceptions"))
    ExceptionsStore(table, system_clock, business_of(system.target).exceptions).refuse(refusals)


def _lines() -> Iterator[Refusal]:
    """Orders from the shop whose quotes have run out, with what they are worth and who is to get them."""
    for n, price in enumerate(("129.50", "84.00", "1240.00", "18.75", "312.40")):
        order = {
            "order_id": f"SO-4{n:04}",
            "currency": "GBP",
            "customer": {"name": "Ada Byron", "email": "ada@example.com", "phone": "+44 20 7946 0958"},
            "lines": [{"sku": LANTERN, "quantity": 10, "unit_price": price}],
        }
        why = "the quote that the order names ended before the order came"
        yield _refusal("expired_quote", "quotes/webshop", f"order-{n}", why, order, "webshop")


def _prices() -> Iterator[Refusal]:
    for n in range(14):
        rule = {"rule_id": f"AGR-{n:03}", "version": 3, "item": erp_code(TEAPOT), "tiers": [{"unit_price": "9.10"}]}
        why = "version 3 came with another content before"
        yield _refusal("conflicting_version", "rule/AGR", f"rule-{n}", why, rule, "erp", "prices")


def _channel() -> Iterator[Refusal]:
    told = {"sku": CRATE, "available": 400}
    yield _refusal(
        "channel_rejected", f"item/{CRATE}", "c-1", "422: no listing for this item", told, "marketplace", "webhooks"
    )


def _letters() -> Iterator[Refusal]:
    for n in range(3):
        counted = {"item": wms_code(CRATE), "counted": 398, "at": "2026-11-21T06:00:00Z"}
        yield _refusal(
            "dead_letter", "queue/counts", f"dead-{n}", "given up after 5 attempts", counted, "counts", "counts"
        )


def _refusal(
    kind: str, subject: str, fact: str, why: str, about: dict[str, Any], source: str = "wms", route: str = "movements"
) -> Refusal:
    remedy = f"look at what {source} sent: crossdock exceptions show, then correct and replay it"
    return Refusal(
        kind, source, subject, fact, why, remedy, route, {"v": 1, "facts": [about]}, "/facts/0", f"con-{fact}"[:40]
    )
