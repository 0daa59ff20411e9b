"""Shops being told by several workers that die, repeat themselves and overtake each other's marks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from crossdock.connectors import bigcommerce, shopify
from crossdock.contracts.deliveries import Answer, Batch, HttpAnswer, Target, Value
from crossdock.exchange.delivery import Dirty, Teller
from crossdock.exchange.shadow import ShadowStore
from tests.property.properties import some_choices, some_runs
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable
from tests.support.vendors import TOKEN, BigCommerce, Shopify
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

ITEMS: Final = ("A", "B", "C", "D")
STRANGER: Final = "D"  # the vendor refuses it until it is mended there
SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "shopify": {
        "system": "shop",
        "location": "77",
        "own_prices": "list",
        "price_lists": {"gold": "5"},
        "api_version": "2026-10",
        "reason": "correction",
    },
    "bigcommerce": {"system": "shop", "location": 1, "price_lists": {"list": 3, "gold": 4}},
}


@dataclass
class Told:
    """One vendor and one kind of value. `fates` says what becomes of each request in turn.

    taken; lost: taken, but nobody hears of it; down: nobody is there; busy: it asks for patience.
    """

    schedule: Schedule
    vendor: str
    kind: str
    fates: list[str]
    truth: dict[str, int] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    now: Any = NOW

    def __post_init__(self) -> None:
        self.numbers = {item: n + 1 for n, item in enumerate(ITEMS)}
        known = {n for item, n in self.numbers.items() if item != STRANGER}
        self.shop = Shopify(price_lists={"gid://shopify/PriceList/5": "GBP"})
        self.shop.stocked = {f"gid://shopify/InventoryItem/{n}" for n in known}
        self.shop.variants = {f"gid://shopify/ProductVariant/{n}": f"gid://shopify/Product/{n % 2}" for n in known}
        self.store = BigCommerce(variants=known, price_lists={3: "gbp", 4: "gbp"})
        self.table = MemoryTable(self.schedule.boundary)
        self.teller = Teller(ShadowStore(self.table, self.clock), self.read, self.send, self.clock)

    def clock(self) -> Any:
        return self.now

    @property
    def keys(self) -> list[str]:
        return [*ITEMS, *(f"{item}@gold" for item in ITEMS)] if self.kind == "price" else list(ITEMS)

    def mend(self) -> None:
        """The vendor has the stranger too."""
        number = self.numbers[STRANGER]
        self.shop.stocked.add(f"gid://shopify/InventoryItem/{number}")
        self.shop.variants[f"gid://shopify/ProductVariant/{number}"] = "gid://shopify/Product/0"
        self.store.variants.add(number)

    # -- what is true, and telling it --------------------------------------------------------------------------

    def change(self, key: str, value: int) -> None:
        """The truth first, then the mark: as the stream does it."""
        self.truth[key] = value
        self.schedule.boundary()
        self.marks.append(key)

    def read(self, keys: Sequence[str]) -> dict[str, dict[str, Any] | None]:
        self.schedule.boundary()
        return {key: self._fields(key) if key in self.truth else None for key in keys}

    def _fields(self, key: str) -> dict[str, Any]:
        if self.kind == "availability":
            return {"available": self.truth[key]}
        tier = {"min_quantity": 1, "unit_price": f"{self.truth[key]}.25"}
        window = {"from": None, "to": None, "rules": [], "tiers": [tier]}
        return {"price_class": key.partition("@")[2] or "list", "currency": "GBP", "unit": "each", "windows": [window]}

    def send(self, batch: Batch) -> Answer:
        connector = {"shopify": shopify, "bigcommerce": bigcommerce}[self.vendor]
        target = Target(
            url=self.store.base if self.vendor == "bigcommerce" else "https://demo.myshopify.com",
            post=lambda *call: self._fate(self.shop.post, *call),
            put=lambda *call: self._fate(self.store.put, *call),
            sign=lambda _: {},
            token=TOKEN,
            settings=SETTINGS[self.vendor],
            codes=lambda skus: {s: [f"variant/{self.numbers[s]}", f"inventory_item/{self.numbers[s]}"] for s in skus},
        )
        return connector.deliver(batch, target)

    def _fate(self, call: Any, url: str, headers: Any, body: bytes) -> HttpAnswer:
        self.schedule.boundary()
        fate = self.fates.pop() if self.fates else "taken"
        if fate == "down":
            return HttpAnswer(0, detail="no connection")
        if fate == "busy":
            throttled = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
            return HttpAnswer(200, json.dumps(throttled).encode()) if self.vendor == "shopify" else HttpAnswer(429)
        answer: HttpAnswer = call(url, headers, body)
        self.schedule.boundary()
        return HttpAnswer(0, detail="lost") if fate == "lost" else answer

    def work(self) -> None:
        """One invocation: takes some marks, and puts back those that were not dealt with; all, when it dies."""
        taken, self.marks[:] = self.marks[:5], self.marks[5:]
        if not taken:
            return
        try:
            told = self.teller.tell("shop", self.kind, [Dirty(key, ("cd-1",)) for key in taken], max_batch=3)
        except BaseException:
            self.marks += taken
            raise
        self.marks += [key for key in taken if key in told.waiting]
        self.refused |= told.rejected.keys()

    def drain(self) -> None:
        """Later on, one by one, until nothing is marked: the leases of the dead are over by then."""
        for _ in range(200):
            if not self.marks:
                return
            self.now += timedelta(seconds=31)
            self.work()
        raise AssertionError("marks are left for ever")

    # -- what the vendor holds ---------------------------------------------------------------------------------

    def held(self) -> dict[str, str]:
        """By key, as texts, whatever the vendor calls them."""
        items = {n: item for item, n in self.numbers.items()}
        if self.kind == "availability" and self.vendor == "shopify":
            return {items[int(k.rpartition("/")[2])]: str(q) for k, q in self.shop.quantities.items()}
        if self.kind == "availability":
            return {items[n]: str(q) for n, q in self.store.quantities.items()}
        if self.vendor == "shopify":
            return {
                items[int(v.rpartition("/")[2])] + ("" if of == "list" else "@gold"): price
                for (of, v), price in self.shop.prices.items()
            }
        return {items[n] + ("" if of == 3 else "@gold"): str(r["price"]) for (of, n), r in self.store.records.items()}

    def wanted(self) -> dict[str, str]:
        return {key: str(v) if self.kind == "availability" else f"{v}.25" for key, v in self.truth.items()}


def check_vendor(random: Random, vendor: str, kind: str) -> None:
    """In whatever order and however often marks come, the vendor ends with the last value of each item that it takes.

    What it does not take is known as refused and nothing else is; mended and marked anew, it is told as well.
    """
    schedule = Schedule(random.choice([some_choices, some_runs])(random))
    fates = random.choices(["taken", "lost", "down", "busy"], weights=[6, 1, 1, 1], k=20)
    told = Told(schedule, vendor, kind, fates)
    for number in range(random.randint(1, 6)):
        key = random.choice(told.keys)
        told.marks += random.choices(told.keys, k=random.randrange(3))  # marks of nothing new: sent twice, or late
        lived: list[int] = []

        def write(key: str = key, values: tuple[int, int] = (2 * number, 2 * number + 1), lived: Any = lived) -> None:
            for value in values:
                told.change(key, value)
            lived.append(1)

        schedule.run([write, told.work, told.work])
        if not lived:  # the writer died on its way; the stream delivers its last change again
            told.change(key, 2 * number + 1)
    told.drain()
    strangers = {key for key in told.truth if key.partition("@")[0] == STRANGER}
    assert told.held() == {key: text for key, text in told.wanted().items() if key not in strangers}
    assert told.refused == strangers

    told.mend()
    told.marks += sorted(strangers)
    told.drain()
    assert told.held() == told.wanted()


def check_any_answer(vendor: str, kind: str, answers: Sequence[HttpAnswer]) -> None:
    """No answer raises, and what it leaves of a batch is whole: an item is refused, or for later, or told."""
    told = Told(Schedule([]), vendor, kind, [])
    told.truth = dict.fromkeys(told.keys, 5)
    left = list(answers)
    said = lambda *_: left.pop(0) if len(left) > 1 else left[0]  # noqa: E731 - one answer after another, the last for ever
    told.shop.post = said  # type: ignore[method-assign]
    told.store.put = said  # type: ignore[method-assign]
    values = tuple(Value(key, 1, told.read([key])[key] or {}, ("cd-1",)) for key in told.keys)

    found = told.send(Batch("shop", kind, values, "2026-11-21T08:00:00.000Z"))

    assert found.state in {"acknowledged", "unavailable"}
    assert found.rejected.keys() | found.later.keys() <= set(told.keys)
    assert not found.rejected.keys() & found.later.keys()
    assert found.retry_after_s is None or found.retry_after_s >= 1
    assert found.state == "acknowledged" or (found.detail and not found.rejected and not found.later)
