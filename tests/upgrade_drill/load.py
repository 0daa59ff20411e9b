"""Load from all sides while versions change: what was accepted is written down, and must be found again."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.support.system import erp_code, movement, wms_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.system import System

ITEMS: Final = tuple(f"UPG-{n}" for n in range(1, 5))
OPENING: Final = 1_000_000
LINES: Final = 6
DUE: Final = "2027-01-15"
_OK: Final = frozenset({200, 201, 202})
# The answers after which a caller sends the same again; anything else is a refusal, and counted as one.
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_TRIES: Final = 20


@dataclass
class Accepted:
    """Everything that was answered with 2xx, and what was answered otherwise."""

    movements: dict[str, tuple[str, int]] = field(default_factory=dict)
    """id → (item, signed quantity)"""
    supply: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    """(line, version) → (door, quantity)"""
    holds: dict[str, tuple[str, int]] = field(default_factory=dict)
    """reservation id → (item, quantity)"""
    quotes: dict[str, str] = field(default_factory=dict)
    """quote id → its total, as it was answered"""
    sent_again: Counter[int] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> int:
        return len(self.movements) + len(self.supply) + len(self.holds) + len(self.quotes)


@dataclass
class Load:
    """The senders; each works until it is told to stop."""

    system: System
    accepted: Accepted = field(default_factory=Accepted)
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[Accepted]:
        """Sends meanwhile."""
        senders = [self._movements_by_webhook, self._movements_by_api, self._supply, self._reservations, self._quotes]
        threads = [threading.Thread(target=sender, daemon=True) for sender in senders]
        for thread in threads:
            thread.start()
        try:
            yield self.accepted
        finally:
            self._ended.set()
            for thread in threads:
                thread.join(60)

    def _movements_by_webhook(self) -> None:
        for number in self._numbers():
            facts = [self._moved(f"hook-{number}-{n}", number + n) for n in range(3)]
            self._sent(
                lambda facts=facts, number=number: self.system.webhook(
                    "wms", "stock.moved", {"movements": facts}, delivery=f"upg-moved-{number}"
                ),
                lambda _, facts=facts: self._note_movements(facts),
            )

    def _movements_by_api(self) -> None:
        for number in self._numbers():
            facts = [self._moved(f"api-{number}-{n}", number + n) for n in range(3)]
            self._sent(
                lambda facts=facts: self.system.post({"movements": facts}),
                lambda _, facts=facts: self._note_movements(facts),
            )

    def _supply(self) -> None:
        """By both doors in turn, each line by one of them; a line's next version says another quantity."""
        for number in self._numbers():
            line, version, door = f"PO-UPG/{number % LINES}", number // LINES + 1, ("webhook", "api")[number % 2]
            sku = ITEMS[number % LINES % len(ITEMS)]
            said = {"id": line, "kind": "order", "warehouse": "MAIN", "version": version, "quantity": 10 + version}
            said |= {"expected_on": DUE, "item": erp_code(sku) if door == "webhook" else wms_code(sku)}

            def send(said: Any = said, door: str = door, number: int = number) -> httpx.Response:
                if door == "webhook":
                    body = {"supply": [said]}
                    return self.system.webhook("erp", "supply.expected", body, delivery=f"upg-supply-{number}")
                return self.system.post({"source": "wms", "supply": [said]}, "/v1/inventory/supply")

            def note(_: Any, line: str = line, version: int = version, door: str = door) -> None:
                self.accepted.supply[line, version] = (door, 10 + version)

            self._sent(send, note)

    def _reservations(self) -> None:
        for number in self._numbers():
            sku = ITEMS[number % len(ITEMS)]
            body = {
                "channel": "webshop",
                "lines": [{"line": "1", "sku": sku, "quantity": 2}],
                "expires_in_seconds": 3600,
            }

            def send(body: Any = body, number: int = number) -> httpx.Response:
                return self.system.post(body, "/v1/reservations", idempotency_key=f"upg-hold-{number}")

            def note(answer: httpx.Response, sku: str = sku) -> None:
                self.accepted.holds[answer.json()["id"]] = (sku, 2)

            self._sent(send, note)

    def _quotes(self) -> None:
        for number in self._numbers():
            body = {"lines": [{"line": "1", "item": ITEMS[number % len(ITEMS)], "quantity": 1 + number % 30}]}

            def send(body: Any = body, number: int = number) -> httpx.Response:
                return self.system.post(body, "/v1/quotes", idempotency_key=f"upg-quote-{number}")

            def note(answer: httpx.Response) -> None:
                document = answer.json()
                self.accepted.quotes[document["quote_id"]] = document["lines"][0]["extended_price"]

            self._sent(send, note)

    # -- one request -------------------------------------------------------------------------------------------

    def _numbers(self) -> Iterator[int]:
        return itertools.takewhile(lambda _: not self._ended.is_set(), itertools.count())

    def _moved(self, id_: str, number: int) -> dict[str, Any]:
        sku, picked = ITEMS[number % len(ITEMS)], number % 3 == 0
        return movement(f"upg-{id_}", sku, 1 + number % 5, "pick" if picked else "receipt")

    def _note_movements(self, facts: list[dict[str, Any]]) -> None:
        for fact in facts:
            sku = fact["item"].removeprefix("wms ")
            quantity = fact["quantity"]
            self.accepted.movements[fact["id"]] = (sku, -quantity if fact["type"] == "pick" else quantity)

    def _sent(self, send: Callable[[], httpx.Response], note: Callable[[httpx.Response], None]) -> None:
        """As a careful caller does it: the same request again until it is answered for good."""
        for _ in range(_TRIES):
            try:
                answer = send()
            except httpx.TransportError:
                status = 0
            else:
                status = answer.status_code
                if status in _OK:
                    with self.accepted.lock:
                        note(answer)
                    return
                if status not in _AGAIN:
                    with self.accepted.lock:
                        self.accepted.refused.append(f"{status} {answer.request.url.path} {answer.text[:200]}")
                    return
            with self.accepted.lock:
                self.accepted.sent_again[status] += 1
            time.sleep(0.2)
        with self.accepted.lock:
            self.accepted.refused.append(f"no answer after {_TRIES} tries")


def prepare(system: System) -> None:
    """Items that are known, priced and in stock; the load takes far less than there is."""
    codes = [
        {"sku": s, "codes": [{"system": "wms", "code": wms_code(s)}, {"system": "erp", "code": erp_code(s)}]}
        for s in ITEMS
    ]
    items = [{**item, "profile": {"version": 1, "unit": "EA"}} for item in codes]
    assert system.webhook("erp", "items.declared", {"items": items}).status_code == 202
    system.until("the items are known", lambda: all(system.row("pricing", f"I#{s}", "SHEET") for s in ITEMS), 120)
    rules = [
        {
            "rule_id": f"UPG-{sku}",
            "version": 1,
            "item": erp_code(sku),
            "currency": "GBP",
            "tiers": [{"min_quantity": "1", "value": "2.55"}, {"min_quantity": "24", "value": "2.10"}],
            "valid_from": "2026-01-01T00:00:00Z",
        }
        for sku in ITEMS
    ]
    assert system.webhook("erp", "prices.changed", {"prices": rules}).status_code == 202
    system.send(*(movement(f"upg-open-{s}", s, OPENING) for s in ITEMS))
    system.until("the stock is there", lambda: all(system.on_hand(s) == OPENING for s in ITEMS), 120)

    def priced() -> bool:
        sheets = [system.row("pricing", f"I#{s}", "SHEET") or {} for s in ITEMS]
        return all(sheet.get("rules") for sheet in sheets)

    system.until("the prices are there", priced, 120)
