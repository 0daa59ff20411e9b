"""Published prices in the `World`: changes go their whole way, from the stream of rules to what the webshop holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crossdock.platform.outbound import Http
from crossdock.pricing.cell_store import Stored, cell_key, read_cell
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts, CustomerStated, ItemStated
from crossdock.pricing.profiles import Profiles
from tests.support.endpoint import Endpoint
from tests.support.world import CORRELATION, Context, World, configuration, price, prices_event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CLASSES: Final[Mapping[str, Any]] = {
    "list": {"name": "list", "currency": "GBP", "strategic": True, "late_after_seconds": 300},
    "gold": {"name": "gold", "currency": "GBP", "segments": ["gold"]},
    "shop": {"name": "shop", "currency": "GBP", "channel": "webshop"},
    "acme": {"name": "acme", "currency": "GBP", "customer": "ACME"},
}
OPEN: Final = {"v": 1, "kind": "open"}


@dataclass
class Prices:
    """The functions that publish prices, fed by hand; the webshop's endpoint takes what it is told."""

    world: World
    folder: Path
    endpoint: Endpoint = field(default_factory=Endpoint)
    read: int = 0  # records of the pricing stream that were seen

    def __post_init__(self) -> None:
        self.world.patch.setattr(Http, "post", lambda _, *args: self.endpoint.post(*args))
        self.world.patch.setattr(Http, "get", lambda _, *args: self.endpoint.get(*args))
        self.world.knows(*(("erp", f"E{n}", f"SKU-{n}") for n in range(1, 5)))
        self.classes("list", "gold", "acme")

    def classes(self, *names: str, **settings: Any) -> None:
        """The webshop holds the prices of these classes; `settings` are said of it."""
        webshop = {"publishes": ["price"], "price_classes": list(names), **settings}
        kept = {n: {k: v for k, v in CLASSES[n].items() if k != "name"} for n in names}
        path = configuration(
            self.folder,
            channels={"webshop": webshop},
            price_classes={n: {"strategic": False, "late_after_seconds": 300, **c} for n, c in kept.items()},
            reconciliation={"settle_seconds": 0},
        )
        self.world.patch.setenv("CROSSDOCK_CONFIG", str(path))
        self.world.forget_warm_state()

    # -- what changes ------------------------------------------------------------------------------------------

    def rules(self, *rules: Mapping[str, Any]) -> None:
        """Rules as the ERP sends them, in force."""
        event = self.world.queue_event("prices", [prices_event(*rules)])
        assert self.world.call("apply_price_changes", event, Context()) == {"batchItemFailures": []}

    def families(self, sku: str, version: int, *families: str) -> None:
        stated = ItemStated(ItemFacts(sku, families=families), version, "erp")
        Profiles(self.world.table("pricing")).keep_items([stated], CORRELATION)

    def customer(self, version: int, **facts: Any) -> None:
        stated = CustomerStated(CustomerFacts("ACME", **facts), version, "crm")
        Profiles(self.world.table("pricing")).keep_customers([stated], CORRELATION)

    # -- the way of a change -----------------------------------------------------------------------------------

    def records(self) -> list[dict[str, Any]]:
        """What is new on the stream of pricing."""
        found = self.world.stream("pricing")[self.read :]
        self.read += len(found)
        return found

    def spread(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages that the change of rules and facts puts on the queue of cells."""
        watched = ("I#", "F#", "K#", "C#", "X#")
        ours = [r for r in records if r["dynamodb"]["Keys"]["pk"]["S"].startswith(watched)]
        if ours:
            self.world.call("spread_price_changes", {"Records": ours}, Context())
        return self.world.take("price-cells")

    def publish(self, *messages: Any) -> None:
        """Computes what messages ask for, and what that asks for."""
        waiting = list(messages)
        while waiting:
            event = self.world.queue_event("price-cells", waiting)
            assert self.world.call("publish_prices", event, Context()) == {"batchItemFailures": []}
            waiting = self.world.take("price-cells")

    def announce(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages that changed cells put on the webshop's queue."""
        cells = [r for r in records if r["dynamodb"]["Keys"]["pk"]["S"].startswith("P#")]
        self.world.call("announce_changes", {"Records": cells}, Context())
        found: list[dict[str, Any]] = self.world.take("channel-webshop")
        return found

    def deliver(self, *messages: Any) -> list[str]:
        """The records that have to come again."""
        event = self.world.queue_event("channel-webshop", list(messages))
        answer = self.world.call("deliver_to_channel", event, Context())
        return [f["itemIdentifier"] for f in answer["batchItemFailures"]]

    def compute(self) -> list[dict[str, Any]]:
        """From the stream to the cells; the messages of the webshop, not delivered yet."""
        self.publish(*self.spread(self.records()))
        return self.announce(self.records())

    def flow(self) -> None:
        """The whole way."""
        if told := self.compute():
            assert self.deliver(*told) == []

    # -- what is there -----------------------------------------------------------------------------------------

    def cell(self, sku: str, price_class: str = "list") -> Stored | None:
        row = self.world.row("pricing", *cell_key(price_class, sku))
        return None if row is None else read_cell(row)

    def held(self, key: str) -> list[tuple[str | None, str | None, str]] | None:
        """(from, to, first price) of the windows that the webshop holds; None when it holds nothing."""
        if ("price", key) not in self.endpoint.held:
            return None
        fields = self.endpoint.held["price", key][1]
        return [(w["from"], w["to"], w["tiers"][0]["unit_price"]) for w in fields["windows"]]


def rule(number: int, version: int, value: str, /, **fields: Any) -> dict[str, Any]:
    """A version of the ERP's rule r<number> about SKU-1, unless `scope` says about what."""
    return price(f"r{number}", version, value, **fields)
