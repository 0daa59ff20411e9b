"""Who asks for what, where and when (pricing rule 2), as values with their documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from crossdock import quantities
from crossdock.pricing.amounts import decimal_text, read_amount
from crossdock.pricing.errors import StatementError
from crossdock.pricing.instants import read_instant
from crossdock.pricing.scopes import token
from crossdock.quantities import Quantity

ONE: Final = Fraction(1)
"""The one factor of every item's base unit: `is ONE` spares an exact multiplication."""
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_SINGLES: Final = ("job", "customer", "ship_to", "branch", "region", "freight_terms")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a request. `unit` None is the item's base unit; `substitute_for` is the item that was ordered."""

    line: str
    item: str
    quantity: Quantity
    unit: str | None = None
    substitute_for: str | None = None

    def document(self) -> dict[str, Any]:
        """The line as a trace keeps it."""
        named = {"unit": self.unit, "substitute_for": self.substitute_for}
        document: dict[str, Any] = {"line": self.line, "item": self.item, "quantity": quantities.to_json(self.quantity)}
        return document | {k: v for k, v in named.items() if v is not None}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Line":
        """The line of a document. Raises StatementError for a quantity that is none or not above 0."""
        try:
            quantity = quantities.parse(document.get("quantity"))
        except ValueError as exc:
            raise StatementError("quantity", f"{document.get('quantity')!r} is no quantity", str(exc)) from exc
        if quantity <= 0:
            raise StatementError("quantity", "is not above 0", "send what is to be priced")
        return cls(
            str(document.get("line", "1")),
            document["item"],
            quantity,
            document.get("unit"),
            document.get("substitute_for"),
        )


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """An item as prices see it: `units` are base units per unit, exactly; the base unit itself may be left out."""

    sku: str
    unit: str = "EA"
    units: Mapping[str, Fraction] = field(default_factory=dict)
    families: tuple[str, ...] = ()
    mix_groups: tuple[str, ...] = ()
    substitutes: tuple[str, ...] = ()
    tokens: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Writes down what rules may ask of the item."""
        named = [token("item", self.sku), *(token("family", f) for f in self.families)]
        object.__setattr__(self, "tokens", frozenset(named))

    def factor(self, unit: str | None) -> Fraction | None:
        """Base units per unit; None for a unit that the item does not have."""
        return ONE if unit is None or unit == self.unit else self.units.get(unit)

    def document(self) -> dict[str, Any]:
        """The facts as a trace keeps them."""
        lists = {"families": self.families, "mix_groups": self.mix_groups, "substitutes": self.substitutes}
        document: dict[str, Any] = {"item": self.sku, "unit": self.unit}
        if self.units:
            document["units"] = {unit: decimal_text(self.units[unit]) for unit in sorted(self.units)}
        return document | {name: list(values) for name, values in lists.items() if values}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "ItemFacts":
        """The facts of a document. Raises StatementError for a factor that is none or not above 0."""
        units = {unit: read_amount(value, f"units.{unit}") for unit, value in (document.get("units") or {}).items()}
        for unit, factor in units.items():
            if factor <= 0:
                raise StatementError(f"units.{unit}", "is not above 0", "send how many base units it has")
        lists = (tuple(document.get(name) or ()) for name in ("families", "mix_groups", "substitutes"))
        return cls(document["item"], document.get("unit", "EA"), units, *lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks, where, and when. `at` is the pricing instant and `known_at` None means with all that is known.

    `parents` are the nearest first. `basket` has base units of items beyond the lines of the request: they count for
    tiers over an item or a mix group.
    """

    at: str
    currency: str
    known_at: str | None = None
    customer: str | None = None
    ship_to: str | None = None
    parents: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    branch: str | None = None
    region: str | None = None
    channel: str | None = None
    job: str | None = None
    freight_terms: str | None = None
    basket: Mapping[str, Quantity] = field(default_factory=dict)
    tokens: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Writes down what rules may ask of it."""
        named = [token(name, value) for name in _SINGLES if (value := getattr(self, name)) is not None]
        named += [token("parent", parent) for parent in self.parents]
        named += [token("segment", segment) for segment in self.segments]
        object.__setattr__(self, "tokens", frozenset(named))

    def document(self) -> dict[str, Any]:
        """The context as a trace keeps it, without its basket (a trace keeps of it what matters to its line)."""
        names = ("at", "known_at", "currency", "channel", *_SINGLES)
        document = {name: value for name in names if (value := getattr(self, name)) is not None}
        lists = {"parents": list(self.parents), "segments": sorted(self.segments)}
        return document | {name: values for name, values in lists.items() if values}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Context":
        """The context of a document with instants. Raises StatementError."""
        known_at = document.get("known_at")
        basket = {sku: quantities.parse(q) for sku, q in (document.get("basket") or {}).items()}
        if not isinstance(document.get("currency"), str):
            raise StatementError("currency", "is missing", 'say in which currency to price, for example "GBP"')
        return cls(
            at=read_instant(document.get("at", ""), "at"),
            currency=document["currency"],
            known_at=read_instant(known_at, "known_at") if known_at else None,
            channel=document.get("channel"),
            parents=tuple(document.get("parents") or ()),
            segments=tuple(document.get("segments") or ()),
            basket=basket,
            **{name: document.get(name) for name in _SINGLES},
        )


def exact(quantity: Quantity) -> Fraction:
    """A quantity as an exact number."""
    return Fraction(quantity) if isinstance(quantity, int | Decimal) else quantity
