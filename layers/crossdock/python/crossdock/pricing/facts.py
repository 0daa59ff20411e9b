"""What prices need to know of items and customers, and how their rows keep it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crossdock.pricing.amounts import decimal_text, read_amount
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.slots import ALL_ITEMS

_SPREAD: Final = 16


@dataclass(frozen=True, slots=True)
class ShipTo:
    """Where a customer is delivered to, as far as prices depend on it."""

    branch: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """A customer as prices see it. `parents` are the nearest first; for a strategic one a late price is an alarm."""

    customer: str
    segments: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    ship_tos: Mapping[str, ShipTo] = field(default_factory=dict)
    currency: str | None = None
    branch: str | None = None
    region: str | None = None
    freight_terms: str | None = None
    strategic: bool = False


@dataclass(frozen=True, slots=True)
class ItemStated:
    """An item's facts as a source states them at a version of its own; the newest version wins."""

    facts: ItemFacts
    version: int
    source: str


@dataclass(frozen=True, slots=True)
class CustomerStated:
    """A customer's facts in the same way."""

    facts: CustomerFacts
    version: int
    source: str


def item_attributes(facts: ItemFacts, version: int, source: str) -> dict[str, Any]:
    """An item's facts as its sheet keeps them; None is no attribute."""
    return {
        "unit": facts.unit,
        "units": {unit: decimal_text(factor) for unit, factor in sorted(facts.units.items())} or None,
        "fam": list(facts.families) or None,
        "mix": list(facts.mix_groups) or None,
        "subs": list(facts.substitutes) or None,
        "iver": version,
        "isrc": source,
    }


def item_facts(sku: str, row: Mapping[str, Any]) -> ItemFacts | None:
    """The facts on an item's sheet; None when nobody has stated any."""
    if "iver" not in row:
        return None
    units = {unit: read_amount(factor, "units") for unit, factor in row.get("units", {}).items()}
    lists = (tuple(row.get(name, ())) for name in ("fam", "mix", "subs"))
    return ItemFacts(sku, row["unit"], units, *lists)


_PLACE: Final = (("branch", "b"), ("region", "r"))


def customer_attributes(facts: CustomerFacts, version: int, source: str) -> dict[str, Any]:
    """A customer's facts as the profile keeps them; None is no attribute."""
    ship_tos = {
        name: {short: value for field_, short in _PLACE if (value := getattr(ship_to, field_)) is not None}
        for name, ship_to in sorted(facts.ship_tos.items())
    }
    return {
        "segments": list(facts.segments) or None,
        "parents": list(facts.parents) or None,
        "ship_tos": ship_tos or None,
        "currency": facts.currency,
        "branch": facts.branch,
        "region": facts.region,
        "freight_terms": facts.freight_terms,
        "strategic": facts.strategic or None,
        "ver": version,
        "src": source,
    }


def customer_facts(customer: str, row: Mapping[str, Any]) -> CustomerFacts:
    """The facts of a profile."""
    ship_tos = {name: ShipTo(kept.get("b"), kept.get("r")) for name, kept in row.get("ship_tos", {}).items()}
    return CustomerFacts(
        customer,
        segments=tuple(row.get("segments", ())),
        parents=tuple(row.get("parents", ())),
        ship_tos=ship_tos,
        currency=row.get("currency"),
        branch=row.get("branch"),
        region=row.get("region"),
        freight_terms=row.get("freight_terms"),
        strategic=row.get("strategic", False),
    )


def profile(customer: str) -> tuple[str, str]:
    """The key of a customer's profile."""
    return f"C#{customer}", "PROFILE"


def membership(family: str, sku: str) -> tuple[str, str]:
    """The key that says that an item may be in a family; sixteen partitions share one family's items."""
    return f"X#{family}#{part(sku)}", sku


def parts() -> list[str]:
    """The parts that a family's items are spread over."""
    return [f"{n:02x}" for n in range(_SPREAD)]


def part(sku: str) -> str:
    """The part that an item is in: the same in every process."""
    return f"{_fnv(sku.encode()) % _SPREAD:02x}"


def _fnv(data: bytes) -> int:
    number = 0x811C9DC5
    for byte in data:
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    return number


def all_families(facts: ItemFacts | None) -> tuple[str, ...]:
    """The families an item is in, that of all items among them."""
    return (ALL_ITEMS, *(facts.families if facts else ()))
