"""Validates a distributor's TOML and writes the document that is shipped with the code.

Run when the layer is built, never in a function: this is the one place of the configuration that uses pydantic.
"""

import hashlib
import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from crossdock.config import code_tables, sandbox
from crossdock.config.channel_settings import settings_problems
from crossdock.config.ownership import Customers, Ownership, ownership_problems
from crossdock.config.signing import HmacForm
from crossdock.contracts.channel_kinds import ChannelFacts
from crossdock.contracts.price_settings import PriceSettings

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
WarehouseId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,30}$")]
# Customers, segments, branches and regions are called what the price rules call them.
PartyName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20\x7f-\x9f#]{1,80}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


USUAL_MONEY = 10_000
"""Held up by exceptions, in whole units of the distributor's currency: from here on an alarm rings unless it says."""
LIST = "list"
"""The price class of customers of whom nothing is known."""


class ConfigError(ValueError):
    """The configuration cannot be used; the message names the file, each field, and what to write instead."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Distributor(_Strict):
    name: str
    time_zone: str
    currency: Currency


class _Warehouse(_Strict):
    source: Name
    # Degrees, north and east positive; for the sourcing rule that prefers what is near.
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    leaves_with: Literal["either", "pick", "shipment"] = "either"
    observers: list[Name] = Field(default_factory=list)
    # It is looked at every 15 minutes (infra/stacks/operations.py).
    silent_after_seconds: int | None = Field(default=None, ge=900)


class _Answers(_Strict):
    # What a source's sender wants otherwise than crossdock.exchange.answers has it for its scheme.
    accepted: Annotated[int, Field(ge=200, le=299)] | None = None
    refused: Annotated[int, Field(ge=400, le=599)] | None = None
    keeps: bool | None = None


_EventSource = Annotated[str, StringConstraints(pattern=r"^aws\.partner(/[A-Za-z0-9._-]+){2,}$", max_length=256)]


class _Source(_Strict):
    connector: Name
    scheme: Literal[
        "standard-webhooks",
        "svix",
        "shopify",
        "bigcommerce",
        "woocommerce",
        "stripe",
        "github",
        "hubspot-v1",
        "hubspot-v2",
        "hubspot-v3",
        "business-central",
        "salesforce-outbound",
        "generic-hmac",
    ] = "standard-webhooks"
    hmac: HmacForm | None = None
    answers: _Answers = Field(default_factory=_Answers)
    # The span of an alarm, which has a day at most (infra/stacks/operations.py).
    silent_after_seconds: int | None = Field(default=None, ge=900, le=86_400)
    # The partner event source by which it sends over EventBridge too, as AWS names it once the vendor has made it.
    event_source: _EventSource | None = None
    counts: bool = False
    supply: bool = False
    sequence: Literal["warehouse", "source", "none"] = "warehouse"


class _ChannelPrices(_Strict):
    # What a channel may compute by itself (pricing rule 9); its signed manifest says so, and price checks judge by it.
    may_compute: list[Literal["tiers", "extend", "convert_units", "round", "discount"]] = Field(default_factory=list)
    rounding: Literal["half_up", "half_even", "half_down", "up", "down"] | None = None
    scale: int | None = Field(default=None, ge=0, le=8)
    max_discount_percent: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}(\.[0-9]{1,4})?$")] = "0"
    # How long a price whose window has just closed is still taken from it.
    grace_seconds: int = Field(default=30, ge=0, le=3_600)
    manifest_hours: int = Field(default=24, ge=1, le=720)


class _ChannelLimits(_Strict):
    requests_per_second: float = Field(default=0, ge=0, le=1_000)
    # How many may come at once; None: what a second brings.
    burst: int | None = Field(default=None, ge=1, le=1_000)
    max_body_bytes: int = Field(default=0, ge=0, le=10_000_000)
    opens_after: int = Field(default=5, ge=1, le=50)

    @model_validator(mode="after")
    def complete(self) -> "_ChannelLimits":
        if self.burst is None:
            self.burst = max(1, int(self.requests_per_second))
        return self


class _Channel(_Strict):
    connector: Name
    publishes: list[Literal["availability", "price", "customer"]] = Field(min_length=1)
    warehouses: list[WarehouseId] = Field(min_length=1)
    buffer: int = Field(default=0, ge=0)
    currency: Currency | None = None
    max_batch: int = Field(default=100, ge=1, le=100)
    max_concurrency: int = Field(default=2, ge=2, le=1000)
    threshold: int = Field(default=0, ge=0)
    exact_below: int = Field(default=0, ge=0)
    restock_at: int = Field(default=0, ge=0)
    coalesce_seconds: int = Field(default=0, ge=0, le=900)
    digest: bool = False
    prices: _ChannelPrices = Field(default_factory=_ChannelPrices)
    price_classes: list[Name] | None = Field(default=None, min_length=1)
    dated: bool = True
    # What its kind wants to know beyond this: channel_settings.py.
    settings: dict[str, Any] = Field(default_factory=dict)
    limits: _ChannelLimits = Field(default_factory=_ChannelLimits)


class _PriceClass(_Strict):
    currency: Currency | None = None
    segments: list[PartyName] = Field(default_factory=list)
    customer: PartyName | None = None
    branch: PartyName | None = None
    region: PartyName | None = None
    channel: Name | None = None
    strategic: bool = False
    # It is looked at every five minutes (infra/stacks/operations.py).
    late_after_seconds: int = Field(default=300, ge=60)


class _Segment(_Strict):
    warehouses: list[WarehouseId] = Field(min_length=1)
    buffer: int = Field(default=0, ge=0)
    channel: Name | None = None


class _Reconciliation(_Strict):
    settle_seconds: int = Field(default=60, ge=0)
    sightings: int = Field(default=2, ge=1)
    heal_cap: int = Field(default=200, ge=0)
    gap_seconds: int = Field(default=900, ge=0)
    rotation: int = Field(default=24, ge=1, le=1000)


class _Owner(_Strict):
    owner: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,60}$")]
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,60}$")] | None = None
    # A source or a channel: what a channel refuses is an exception of that channel.
    source: Name | None = None
    due_minutes: int | None = Field(default=None, ge=1, le=525_600)


class _Exceptions(_Strict):
    due_minutes: int = Field(default=1440, ge=1, le=525_600)
    # The first that fits counts.
    owners: list[_Owner] = Field(default_factory=list)


class _Alarms(_Strict):
    # What these mean: alarm_terms.py. Nothing said of money: ten thousand in the distributor's currency.
    money_held_up: dict[Currency, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    refused_webhooks: int = Field(default=20, ge=1)
    refused_facts: int = Field(default=20, ge=1)
    duplicates: int = Field(default=1_000, ge=1)
    limited_requests: int = Field(default=100, ge=1)
    drifted_rows: int = Field(default=20, ge=1)
    # The figure is taken every five minutes (infra/stacks/operations.py).
    channel_behind_seconds: int = Field(default=600, ge=60)


class _Reservations(_Strict):
    # The same bounds as a request's own wish: contracts/reservations.py.
    expires_in_seconds: int = Field(default=900, ge=30, le=86_400)


class _Pricing(PriceSettings):
    # Who approves a draft may not be who wrote it.
    four_eyes: bool = False
    # How long a quote stands at most; `crossdock quotes rotate --drop-old` counts on a day.
    quote_minutes: int = Field(default=30, ge=1, le=1_440)
    # How long it can be looked at afterwards, with its traces.
    quote_days: int = Field(default=400, ge=1, le=4_000)


class _Limits(_Strict):
    # A function is called with 6 MB at most, and the gateway sends a body in base64, which is a third longer.
    body_bytes: int = Field(default=1_000_000, ge=1_000, le=4_000_000)
    # As above. What is over 200 KB is kept as an object and mapped behind the answer.
    webhook_bytes: int = Field(default=1_000_000, ge=1_000, le=4_000_000)
    movements_per_request: int = Field(default=1_000, ge=1, le=1_000)
    signature_tolerance_seconds: int = Field(default=300, ge=1)
    clock_tolerance_seconds: int = Field(default=300, ge=0)


class _Document(_Strict):
    distributor: _Distributor
    warehouses: dict[WarehouseId, _Warehouse] = Field(min_length=1)
    sources: dict[Name, _Source] = Field(min_length=1)
    channels: dict[Name, _Channel] = Field(default_factory=dict)
    segments: dict[Name, _Segment] = Field(default_factory=dict)
    warehouse_sets: dict[Name, Annotated[list[WarehouseId], Field(min_length=1)]] = Field(default_factory=dict)
    price_classes: dict[Name, _PriceClass] = Field(default_factory=dict)
    codes: dict[Name, dict[code_tables.Kind, code_tables.Table]] = Field(default_factory=dict)
    reconciliation: _Reconciliation = Field(default_factory=_Reconciliation)
    reservations: _Reservations = Field(default_factory=_Reservations)
    pricing: _Pricing = Field(default_factory=_Pricing)
    limits: _Limits = Field(default_factory=_Limits)
    exceptions: _Exceptions = Field(default_factory=_Exceptions)
    alarms: _Alarms = Field(default_factory=_Alarms)
    ownership: Ownership | None = None
    customers: Customers = Field(default_factory=Customers)


def compile_file(path: Path) -> dict[str, Any]:
    """Reads and validates one TOML file. Raises ConfigError naming every field that is wrong and the remedy."""
    try:
        return compile_document(tomllib.loads(path.read_text(encoding="utf-8")), str(path.name))
    except FileNotFoundError as exc:
        raise ConfigError(f"{path}: there is no such file; copy config/distributor.toml to begin with") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path.name}: not valid TOML: {exc}") from exc


def compile_document(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """Validates a parsed document and adds its version, a hash over the content."""
    try:
        document = _Document.model_validate(raw)
    except ValidationError as exc:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors()]
        raise ConfigError("\n".join([f"{name} cannot be used:", *lines])) from exc
    problems = _inconsistencies(document)
    if problems:
        raise ConfigError("\n".join([f"{name} cannot be used:", *(f"  {p}" for p in problems)]))
    _complete(document)
    problems = settings_problems({n: (c.connector, c.settings, _facts(c)) for n, c in document.channels.items()})
    if problems:
        raise ConfigError("\n".join([f"{name} cannot be used:", *(f"  {p}" for p in problems)]))
    compiled = document.model_dump(mode="json")
    digest = hashlib.sha256(json.dumps(compiled, sort_keys=True).encode()).hexdigest()
    return {"version": digest[:16], **compiled}


def _facts(channel: _Channel) -> ChannelFacts:
    return ChannelFacts(tuple(channel.publishes), tuple(channel.price_classes or ()), channel.dated)


def _complete(document: _Document) -> None:
    """Currencies that were not named, and the list prices of channels that name no price classes."""
    ours = document.distributor.currency
    document.alarms.money_held_up = document.alarms.money_held_up or {ours: USUAL_MONEY}
    for channel in document.channels.values():
        channel.currency = channel.currency or ours
        if "price" in channel.publishes and channel.price_classes is None:
            name = LIST if channel.currency == ours else f"{LIST}_{channel.currency.lower()}"
            document.price_classes.setdefault(name, _PriceClass(currency=channel.currency))
            channel.price_classes = [name]
        channel.price_classes = channel.price_classes or []
    for price_class in document.price_classes.values():
        price_class.currency = price_class.currency or ours


def _inconsistencies(document: _Document) -> list[str]:
    """What the types cannot see: names that point at nothing."""
    found = []
    found += _source_problems(document)
    if document.distributor.time_zone not in available_timezones():
        found.append(
            f"distributor.time_zone: {document.distributor.time_zone!r} is no IANA zone; write e.g. Europe/London"
        )
    for wid, warehouse in document.warehouses.items():
        if warehouse.source not in document.sources:
            found.append(
                f"warehouses.{wid}.source: {warehouse.source!r} is not among [sources.*]; add it or name another"
            )
        found += [
            f"warehouses.{wid}.observers: {name!r} is not another one of [sources.*] with counts = true; leave it out"
            for name in warehouse.observers
            if name == warehouse.source or name not in document.sources or not document.sources[name].counts
        ]
        if (warehouse.latitude is None) != (warehouse.longitude is None):
            found.append(f"warehouses.{wid}.latitude: write both latitude and longitude, or neither")
    for name, channel in document.channels.items():
        found += _of_prices(f"channels.{name}.prices", channel.prices)
    for name, segment in document.segments.items():
        if segment.channel is not None and segment.channel not in document.channels:
            found.append(
                f"segments.{name}.channel: {segment.channel!r} is not among [channels.*]; add it or leave it out"
            )
    found += _price_problems(document)
    found += sandbox.problems(document.warehouses, document.sources, _lists_of_warehouses(document))
    found += code_tables.problems(
        document.codes, {name: s.connector for name, s in document.sources.items()}, document.warehouses
    )
    systems = frozenset({*document.sources, *document.channels})
    found += ownership_problems(document.ownership, document.customers, systems)
    known = {*systems, "crossdock", "unknown"}
    found += [
        f"exceptions.owners.{n}.source: {o.source!r} is neither a source nor a channel; name one, or leave it out"
        for n, o in enumerate(document.exceptions.owners)
        if o.source is not None and o.source not in known
    ]
    for field, warehouses in _lists_of_warehouses(document).items():
        unknown = [wid for wid in warehouses if wid not in document.warehouses]
        found += [f"{field}: {w!r} is not among [warehouses.*]; add it or leave it out" for w in unknown]
        twice = sorted({wid for wid in warehouses if warehouses.count(wid) > 1})
        found += [f"{field}: {w!r} stands in it more than once; name it once" for w in twice]
    return found


def _source_problems(document: _Document) -> list[str]:
    found = []
    taken = {"crossdock": "our own adjusting movements", "operator": "our own people", "rules": "what is derived"}
    found += [
        f"sources.{name}: the name is taken by {by}; choose another"
        for name, by in taken.items()
        if name in document.sources
    ]
    for name, source in document.sources.items():
        if (source.scheme == "generic-hmac") != (source.hmac is not None):
            found.append(f"sources.{name}.hmac: describes the scheme generic-hmac; write both, or neither")
    return found


def _price_problems(document: _Document) -> list[str]:
    found = []
    for name, channel in document.channels.items():
        listed = channel.price_classes or []
        if listed and "price" not in channel.publishes:
            found.append(f'channels.{name}.price_classes: it publishes no prices; add "price" to publishes')
        found += [
            f"channels.{name}.price_classes: {c!r} is not among [price_classes.*]; add it or leave it out"
            for c in listed
            if c not in document.price_classes
        ]
        if len(set(listed)) < len(listed):
            found.append(f"channels.{name}.price_classes: a class stands in it more than once; name it once")
    for name, price_class in document.price_classes.items():
        if price_class.channel is not None and price_class.channel not in document.channels:
            found.append(
                f"price_classes.{name}.channel: {price_class.channel!r} is not among [channels.*]; "
                "add it or leave it out"
            )
    return found


def _of_prices(place: str, prices: _ChannelPrices) -> list[str]:
    rounds = "round" in prices.may_compute
    found = []
    if rounds != (prices.scale is not None) or (prices.rounding is not None and not rounds):
        found.append(f'{place}.scale: belongs to "round" in may_compute; write both, or neither')
    if ("discount" in prices.may_compute) != (Decimal(prices.max_discount_percent) > 0):
        found.append(
            f'{place}.max_discount_percent: belongs to "discount" in may_compute; write both, as "5", or neither'
        )
    return found


def _lists_of_warehouses(document: _Document) -> dict[str, list[str]]:
    """Every list that names warehouses, by its place in the document."""
    return {
        **{f"channels.{name}.warehouses": channel.warehouses for name, channel in document.channels.items()},
        **{f"segments.{name}.warehouses": segment.warehouses for name, segment in document.segments.items()},
        **{f"warehouse_sets.{name}": warehouses for name, warehouses in document.warehouse_sets.items()},
    }
