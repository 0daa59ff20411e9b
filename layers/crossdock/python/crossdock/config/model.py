"""The configuration as the functions see it: frozen values, looked up by name."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossdock.config.alarm_terms import AlarmTerms, alarm_terms
from crossdock.config.exception_terms import ExceptionTerms, exception_terms
from crossdock.config.ownership_values import customer_terms, matrix
from crossdock.contracts.codes import Codes, CodeTable
from crossdock.contracts.customer_terms import CustomerTerms
from crossdock.contracts.ownership import Matrix

_SHIPPED = Path(__file__).parent / "business.json"


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A stock location; `source` is the one system whose movements and counts are believed for it.

    `latitude` and `longitude` are degrees, north and east positive; None where nobody said.
    `leaves_with` says which report lowers the stock on hand: each pick and each shipment (either), or only one of them.
    `observers` are systems whose counts of it are compared and never healed by.
    `silent_after_seconds` is how long it may be without movements; None: what is learnt of it says so.
    """

    id: str
    source: str
    latitude: float | None = None
    longitude: float | None = None
    leaves_with: str = "either"
    observers: tuple[str, ...] = ()
    silent_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A system that sends facts in; `connector` translates its payloads.

    `counts` says it reports stock counts; `supply` that it may report expected supply for every warehouse, not only for
    those whose stock it owns.

    `sequence` says what its positions number without gaps: the movements of each `warehouse`, all of the `source`, or
    none (then nothing can be told from a position that is missing).

    `scheme` says how its webhooks prove where they come from, `hmac` describes its signature where the scheme is
    generic-hmac, and `answers` what its sender wants to be answered otherwise than is usual for the scheme.
    `silent_after_seconds` is how long it may send nothing; None: nobody is told. `event_source` is the partner event
    source of EventBridge by which it sends too; None: by webhooks alone.
    """

    name: str
    connector: str
    scheme: str
    counts: bool
    supply: bool = False
    sequence: str = "warehouse"
    hmac: Mapping[str, Any] | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    silent_after_seconds: int | None = None
    event_source: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelPrices:
    """What a channel may compute by itself (pricing rule 9): operations, its rounding, the discount it may give.

    `rounding` None is the distributor's own; `scale` is decimals of its unit prices; `max_discount_percent` a decimal
    text. A price whose window closed less than `grace_seconds` ago is still taken from it. A manifest is valid for
    `manifest_hours`.
    """

    may_compute: tuple[str, ...] = ()
    rounding: str | None = None
    scale: int | None = None
    max_discount_percent: str = "0"
    grace_seconds: int = 30
    manifest_hours: int = 24


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """What a channel takes: requests a second (0: as many as there are), so many of them at once, bytes a request (0:
    no limit). After `opens_after` deliveries in a row that failed, what it is to be told is parked.
    """

    requests_per_second: float = 0
    burst: int = 1
    max_body_bytes: int = 0
    opens_after: int = 5


@dataclass(frozen=True, slots=True)
class Channel:
    """A consumer that must be told.

    `publishes` names the kinds it hears (availability, price); `buffer` is held back from its availability, in base
    units; `max_batch` is how many items one delivery may carry; `currency` is ISO 4217.

    What of its availability it is told, in base units: changes of `threshold` and more, every change at or below
    `exact_below`, and, once it was told 0, nothing above 0 before `restock_at`. Marks of ordinary changes wait for the
    end of a window of `coalesce_seconds`, so that they meet. `digest` says that its endpoint answers for what it holds.

    `price_classes` are those whose prices it holds; `dated`: it switches by itself when a price window begins, and is
    told of windows ahead; one that is not hears of each when it begins.

    `settings` are its kind's own, as `crossdock.connectors.<connector>.settings` says.
    """

    name: str
    connector: str
    publishes: tuple[str, ...]
    warehouses: tuple[str, ...]
    buffer: int
    currency: str
    max_batch: int
    max_concurrency: int
    threshold: int = 0
    exact_below: int = 0
    restock_at: int = 0
    coalesce_seconds: int = 0
    digest: bool = False
    prices: ChannelPrices = field(default_factory=ChannelPrices)
    price_classes: tuple[str, ...] = ()
    dated: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)
    limits: ChannelLimits = field(default_factory=ChannelLimits)


@dataclass(frozen=True, slots=True)
class PriceClass:
    """Customers that see the same prices: those in these segments, or one customer, buying there and over this channel.

    What is None or empty is said of nobody: the class `list` without anything is what an unknown customer pays.
    A `strategic` class rings an alarm when a channel has not acknowledged a change `late_after_seconds` after it.
    """

    name: str
    currency: str
    segments: tuple[str, ...] = ()
    customer: str | None = None
    branch: str | None = None
    region: str | None = None
    channel: str | None = None
    strategic: bool = False
    late_after_seconds: int = 300


@dataclass(frozen=True, slots=True)
class Segment:
    """A group of customers: the warehouses it is served from, what is held back from it, and whose share it uses.

    `channel` is the channel whose own allocation it may draw on; None: the shared pool only.
    """

    name: str
    warehouses: tuple[str, ...]
    buffer: int
    channel: str | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """When drift is healed: counts older than `settle_seconds`, seen `sightings` times running, `heal_cap` a run.

    A gap in a source's sequence is reported when it is `gap_seconds` old.
    What cannot be found by hashes is looked at a part at a time: all of it within `rotation` runs.
    """

    settle_seconds: int
    sightings: int
    heal_cap: int
    gap_seconds: int
    rotation: int = 24


@dataclass(frozen=True, slots=True)
class ReservationTerms:
    """How long a hold lasts that says nothing about it."""

    expires_in_seconds: int = 900


@dataclass(frozen=True, slots=True)
class PricingTerms:
    """How prices are resolved (`settings`: the document of `crossdock.pricing.settings.Settings`), and for how long.

    A quote stands for `quote_minutes` at most and can be looked at for `quote_days`. With `four_eyes`, who approves a
    draft is not who wrote it.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    four_eyes: bool = False
    quote_minutes: int = 30
    quote_days: int = 400


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may carry (bytes of body, movements, facts of one webhook), and how far clocks may be off."""

    body_bytes: int
    webhook_bytes: int
    movements_per_request: int
    signature_tolerance_seconds: int
    clock_tolerance_seconds: int


@dataclass(frozen=True, slots=True)
class BusinessConfig:
    """Everything a distributor configures; see `config/*.toml` for what the words mean."""

    version: str
    distributor: str
    time_zone: str
    currency: str
    warehouses: Mapping[str, Warehouse]
    sources: Mapping[str, Source]
    channels: Mapping[str, Channel]
    reconciliation: Reconciliation
    limits: Limits
    reservations: ReservationTerms = field(default_factory=ReservationTerms)
    pricing: PricingTerms = field(default_factory=PricingTerms)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    warehouse_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    price_classes: Mapping[str, PriceClass] = field(default_factory=dict)
    exceptions: ExceptionTerms = field(default_factory=ExceptionTerms)
    alarms: AlarmTerms = field(default_factory=AlarmTerms)
    codes: Mapping[str, Codes] = field(default_factory=dict)
    ownership: Matrix = field(default_factory=Matrix)
    customers: CustomerTerms = field(default_factory=CustomerTerms)

    def codes_of(self, source: str) -> Codes:
        """What the source's words mean; without tables it has to use ours."""
        return self.codes.get(source, Codes(source))

    def channels_for(self, kind: str) -> list[Channel]:
        """The channels that hear of this kind of value, in the order of their names."""
        return [self.channels[name] for name in sorted(self.channels) if kind in self.channels[name].publishes]

    def channels_of(self, price_class: str) -> list[Channel]:
        """The channels that hold the prices of this class, in the order of their names."""
        return [c for c in self.channels_for("price") if price_class in c.price_classes]

    def observed_by(self, source: str) -> frozenset[str]:
        """The warehouses that this source counts too, without owning their stock."""
        return frozenset(w.id for w in self.warehouses.values() if source in w.observers)

    def warehouses_of(self, source: str) -> frozenset[str]:
        """The warehouses whose stock this source owns."""
        return frozenset(w.id for w in self.warehouses.values() if w.source == source)


def from_document(document: Mapping[str, Any]) -> BusinessConfig:
    """Builds the values from a compiled (that is: validated) document."""
    return BusinessConfig(
        version=document["version"],
        distributor=document["distributor"]["name"],
        time_zone=document["distributor"]["time_zone"],
        currency=document["distributor"]["currency"],
        warehouses={i: _warehouse(i, w) for i, w in document["warehouses"].items()},
        sources={n: Source(name=n, **s) for n, s in document["sources"].items()},
        channels={n: _channel(n, c) for n, c in document["channels"].items()},
        reconciliation=Reconciliation(**document["reconciliation"]),
        limits=Limits(**document["limits"]),
        reservations=ReservationTerms(**document["reservations"]),
        pricing=_pricing(document["pricing"]),
        segments={n: _segment(n, s) for n, s in document["segments"].items()},
        warehouse_sets={n: tuple(w) for n, w in document["warehouse_sets"].items()},
        price_classes={n: _price_class(n, c) for n, c in document["price_classes"].items()},
        exceptions=exception_terms(document["exceptions"]),
        alarms=alarm_terms(document.get("alarms")),
        codes={n: _codes(n, tables) for n, tables in document["codes"].items()},
        ownership=matrix(document.get("ownership")),
        customers=customer_terms(document["customers"], document["limits"]["clock_tolerance_seconds"]),
    )


def _warehouse(wid: str, fields: Mapping[str, Any]) -> Warehouse:
    return Warehouse(id=wid, **{**fields, "observers": tuple(fields.get("observers", ()))})


def _channel(name: str, fields: Mapping[str, Any]) -> Channel:
    values = dict(fields)
    values["publishes"] = tuple(values["publishes"])
    values["warehouses"] = tuple(values["warehouses"])
    values["price_classes"] = tuple(values.get("price_classes", ()))
    values["limits"] = ChannelLimits(**(values.get("limits") or {}))
    prices = dict(values.get("prices") or {})
    values["prices"] = ChannelPrices(**{**prices, "may_compute": tuple(prices.get("may_compute", ()))})
    return Channel(name=name, **values)


def _price_class(name: str, fields: Mapping[str, Any]) -> PriceClass:
    return PriceClass(name=name, **{**fields, "segments": tuple(fields.get("segments", ()))})


def _codes(source: str, tables: Mapping[str, Mapping[str, Any]]) -> Codes:
    return Codes(source, {kind: CodeTable(t["owner"], dict(t["values"])) for kind, t in tables.items()})


def _pricing(fields: Mapping[str, Any]) -> PricingTerms:
    settings = dict(fields)
    terms = {name: settings.pop(name) for name in ("four_eyes", "quote_minutes", "quote_days")}
    return PricingTerms(settings, **terms)


def _segment(name: str, fields: Mapping[str, Any]) -> Segment:
    return Segment(name, tuple(fields["warehouses"]), fields["buffer"], fields["channel"])


def load(path: Path | None = None) -> BusinessConfig:
    """Reads the shipped configuration, or the one that CROSSDOCK_CONFIG names.

    Raises FileNotFoundError with the remedy when the layer was built without one.
    """
    chosen = path or Path(os.environ.get("CROSSDOCK_CONFIG", _SHIPPED))
    try:
        return from_document(json.loads(chosen.read_text(encoding="utf-8")))
    except FileNotFoundError as exc:
        raise FileNotFoundError(
            f"no business configuration at {chosen}: it is compiled from config/*.toml with the layer (make synth)"
        ) from exc
