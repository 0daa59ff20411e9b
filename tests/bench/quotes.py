"""What a quote asks for through the function: rules read, the quote kept with its traces; and what is read commonly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from crossdock.platform import clients
from tests.bench.figures import Figure, Report, Scenario, beside
from tests.bench.meter import Count
from tests.bench.price_catalogue import party, sku
from tests.bench.price_common import CommonPrices
from tests.bench.price_reads import CHANNEL, COUNTS, CUSTOMER, LINES, Place, items_of, reads
from tests.bench.rig import api_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.rig import Rig

FUNCTION: Final = "quote_prices"
_TIMES: Final = 10
_SECRET: Final = {"seals_with": "k1", "k1": "a key that only measures"}


def run(rig: Rig, place: Place, step: Callable[[str], None], report: Report) -> None:
    """Quotes of 1, 50 and 500 lines by a warm function; `report` has what a cold one reads."""
    step("quotes by the function")
    name = rig.target.secret_name("quotes", "key")
    rig.target.secrets.create_secret(Name=name, SecretString=json.dumps(_SECRET))
    rig.restart(FUNCTION, PRICING_TABLE=place.table)
    for lines in COUNTS:
        _quoted(rig, place, lines, report)
    _beside_the_common_way(rig, place, report)


def body(items: list[int]) -> bytes:
    """A request for a quote of these items."""
    lines = [{"line": str(n), "item": sku(number), "quantity": 12} for n, number in enumerate(items, 1)]
    return json.dumps({"customer": party(CUSTOMER), "channel": CHANNEL, "lines": lines}).encode()


def _quoted(rig: Rig, place: Place, lines: int, report: Report) -> None:
    event = _event(body(items_of(place.catalogue, lines)))
    rig.call(FUNCTION, event, 201)
    total = Count()
    for _ in range(_TIMES):
        total.add(rig.call(FUNCTION, event, 201))
    report.counted[f"quote_{lines}"] = quoted = Scenario("quote", _TIMES, {FUNCTION: total})
    size = f"{lines} line{'s' * (lines > 1)} through the function, warm"
    report.figures |= {
        f"quote{lines}_wcu": Figure(quoted.wru, "WCU", f"{size}: the quote kept with its traces, compressed"),
        f"quote{lines}_calls": Figure(quoted.round_trips, "round trips", f"{size}, the keeping included"),
        f"quote{lines}_cpu_ms": Figure(total.cpu_s * 1e3 / _TIMES, "ms", f"{size}: own CPU time"),
    }


def _beside_the_common_way(rig: Rig, place: Place, report: Report) -> None:
    items = items_of(place.catalogue, LINES)
    common = CommonPrices(clients.dynamodb(), rig.new_table("pricing", "common"))
    common.load(place.catalogue, items, CUSTOMER)
    with rig.meter.measure() as got:
        common.read(items, CUSTOMER)
    report.counted["quote_common"] = theirs = Scenario("quote", 1, {"common_way": got})
    ours = report.counted[reads(LINES, "10k")]
    found = beside("quote50_reads", ours, theirs, f"what {LINES} lines read, cold, 10 thousand rules", {})
    report.figures |= found


def _event(body: bytes) -> dict[str, Any]:
    event = api_event(body, route="POST /v1/quotes")
    event["requestContext"]["authorizer"] |= {"scopes": "prices:read", "customers": "*"}
    return event
