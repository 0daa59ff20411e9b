"""The cost model: counted requests × published prices, in US dollars for a million units of work."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from infra.stages import PROD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from pathlib import Path

MILLION: Final = 1_000_000
# Functions that answer a caller through the gateway, with the memory of such.
API_FUNCTIONS: Final = frozenset(
    {
        "receive_movements",
        "receive_webhook",
        "read_availability",
        "reserve_stock",
        "change_reservation",
        "quote_prices",
    }
)
_STORED_OVERHEAD: Final = 100
"""Bytes DynamoDB adds to each stored item when it bills storage."""


@dataclass(frozen=True, slots=True)
class Price:
    """One published price: `usd` for `per` units; `seen` dates the newest text that quotes it."""

    usd: Decimal
    per: int
    what: str
    page: str
    seen: str
    since: date | None = None

    def of(self, units: Decimal | float) -> Decimal:
        """What this many units cost, in dollars."""
        return self.usd * Decimal(str(units)) / self.per


@dataclass(frozen=True, slots=True)
class Book:
    """Prices and assumptions, as prices.toml has them."""

    region: str
    taken: date
    prices: Mapping[str, Price]
    latency_ms: Mapping[str, int]
    assumed: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Book:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        prices = {name: Price(**{**p, "usd": Decimal(p["usd"])}) for name, p in raw["prices"].items()}
        return cls(raw["region"], raw["taken"], prices, raw["latency_ms"], raw["assumed"])

    def usd(self, price: str, units: Decimal | float) -> Decimal:
        return self.prices[price].of(units)


Bill = dict[str, Decimal]
"""Dollars by what they are paid for."""


def added(*bills: Bill) -> Bill:
    """Bills put together."""
    total: Bill = {}
    for bill in bills:
        for name, usd in bill.items():
            total[name] = total.get(name, Decimal(0)) + usd
    return total


def sum_of(bill: Bill) -> Decimal:
    return sum(bill.values(), Decimal(0))


def times(bill: Bill, factor: Decimal) -> Bill:
    return {name: usd * factor for name, usd in bill.items()}


@dataclass(frozen=True, slots=True)
class Model:
    """Bills for scenarios that the benchmark counted."""

    book: Book
    counted: Mapping[str, Any]

    @classmethod
    def read(cls, prices: Path, counted: Path) -> Model:
        return cls(Book.read(prices), json.loads(counted.read_text(encoding="utf-8")))

    def stream_batches(self) -> list[int]:
        """The stream batch sizes that were counted, in order."""
        stem = "movements.stream_"
        return sorted(int(n.removeprefix(stem)) for n in self.counted["scenarios"] if n.startswith(stem))

    def deployed(self, stream_batch: int) -> int:
        """The batch size a function gets where this one is deployed: no more than fits into an invocation."""
        full: int = self.counted["sizes"]["stream_full_batch"]
        return min(stream_batch, full)

    def header_writes(self, stream_batch: int) -> Decimal:
        """Header writes for each movement."""
        scenario = self.scenario(f"movements.stream_{stream_batch}")
        written: int = scenario["functions"]["project_balances"]["wru"]
        return Decimal(written) / Decimal(scenario["units"])

    def scenario(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.counted["scenarios"][name]
        return found

    def bill(self, name: str, functions: Iterable[str] = ()) -> Bill:
        """A million units of a scenario, all its functions or only those named."""
        scenario = self.scenario(name)
        chosen = list(functions) or list(scenario["functions"])
        return times(
            added(*(self._function(f, scenario["functions"][f]) for f in chosen)), Decimal(MILLION) / scenario["units"]
        )

    def _function(self, function: str, count: Mapping[str, Any]) -> Bill:
        invocations, usd = count.get("invocations", 0), self.book.usd
        logged = count.get("log_bytes", 0) + invocations * self.book.assumed["platform_log_bytes"]
        events = count.get("event_units", 0)
        # A rule hands each event on to a queue: one more request of the queue's.
        queued = sum(count.get(f"{n}_units", 0) for n in ("sent", "received", "deleted")) + events
        return {
            "API Gateway": usd("api_request", invocations if function in API_FUNCTIONS else 0),
            "Lambda requests": usd("lambda_request", invocations),
            "Lambda time": usd("lambda_gb_second", self.gb_seconds(function, count)),
            "SQS": usd("sqs_request", queued),
            "EventBridge": usd("event", events),
            "DynamoDB writes": usd("write_unit", count.get("wru", 0)),
            "DynamoDB reads": usd("read_unit", count.get("rru", 0)),
            "CloudWatch Logs": usd("log_byte", logged),
        }

    def gb_seconds(self, function: str, count: Mapping[str, Any]) -> Decimal:
        """Billed time: our own CPU time on the share of a core that the memory brings, and the waiting for calls."""
        memory, assumed = memory_of(function), self.book.assumed
        slower = max(Decimal(1), Decimal(assumed["mb_per_core"]) / memory) * Decimal(assumed["cpu_factor"])
        waited = sum(n * self.book.latency_ms[call] for call, n in count.get("requests", {}).items())
        waited += count.get("posts", 0) * self.book.latency_ms["post"]
        seconds: Decimal = (Decimal(str(count["cpu_ms"])) * slower + waited) / 1000
        return seconds * memory / 1024

    # -- what people ask for -----------------------------------------------------------------------------------

    def movements(self, stream_batch: int, request: int = 1000) -> Bill:
        """A million movements from the queue on: received, resolved, kept for ever, counted in a balance."""
        kept = self.bill(f"movements.request_{request}", ["apply_movements"])
        return added(kept, self.bill(f"movements.stream_{stream_batch}", ["project_balances"]))

    def edge(self, request: int) -> Bill:
        """A million movements through the API into the queue, this many to a request."""
        return self.bill(f"movements.request_{request}", ["receive_movements"])

    def common_from_queue(self) -> Bill:
        """A million movements the common way, a message each: from the queue on."""
        assumed, usd = self.book.assumed, self.book.usd
        invocations = Decimal(MILLION) / assumed["common_messages_per_invocation"]
        logged = MILLION * assumed["common_log_bytes"] + invocations * assumed["platform_log_bytes"]
        around = {
            "Lambda requests": usd("lambda_request", invocations),
            "SQS": usd("sqs_request", 2 * invocations),
            "EventBridge": usd("event", MILLION),
            # The item's code is looked up for each movement.
            "DynamoDB reads": usd("read_unit", MILLION / 2),
            "CloudWatch Logs": usd("log_byte", logged),
        }
        return added(self.bill("common_way"), around)

    def common_edge(self) -> Bill:
        """A million movements, a request each, as our own function takes them."""
        return self.edge(1)

    def common_reservations(self, name: str) -> Bill:
        """A million reservations the common way, behind an API and logged as ours of the same kind are."""
        ours = self.bill(name)
        edge = {kind: ours[kind] for kind in ("API Gateway", "Lambda requests", "CloudWatch Logs")}
        return added(self.bill(f"{name}_common"), edge)

    def storage_per_month(self) -> Decimal:
        """Keeping a million movements for a month, with point-in-time recovery."""
        size = self.counted["sizes"]["journal_row_bytes"] + _STORED_OVERHEAD
        gigabytes = Decimal(size) * MILLION / 10**9
        return self.book.usd("storage_gb_month", gigabytes) + self.book.usd("backup_gb_month", gigabytes)


def memory_of(function: str) -> int:
    """MB of a function in production."""
    if function in {"quote_prices", "check_prices"}:
        return PROD.quotes.memory_mb
    return PROD.api.memory_mb if function in API_FUNCTIONS | {"authorize_partner"} else PROD.worker.memory_mb
