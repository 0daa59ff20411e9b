"""Levels of base prices and other layers (pricing rules 1, 3–5, 7): which a rule is of, and what it may say."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final, Protocol

from crossdock.pricing.errors import StatementError

LEVELS: Final = (
    "job",
    "ship_to_item",
    "customer_item",
    "customer_family",
    "parent_contract",
    "segment_item",
    "segment_family",
    "branch_list",
    "channel_list",
    "base_list",
    "cost_plus",
)
"""The levels of a base price, the most specific first."""

RANKS: Final = MappingProxyType({level: n for n, level in enumerate(LEVELS)})

GUARDS: Final = frozenset({"floor", "advertised_minimum", "contract_minimum"})

_BASE: Final = ("fixed", "cost_plus", "margin", "multiple")

OPERATIONS: Final = MappingProxyType(
    dict.fromkeys(LEVELS, _BASE)
    | {
        "discount": ("percent", "amount", "fixed"),
        "surcharge": ("fixed", "amount", "percent"),
        "freight": ("fixed", "amount", "percent"),
        "floor": ("fixed", "cost_plus", "margin"),
        "advertised_minimum": ("fixed",),
        "contract_minimum": ("fixed",),
        "waiver": ("fixed",),
        "rebate": ("percent", "amount"),
        "cost": ("fixed",),
    }
)
"""What a rule of each layer may do."""

_NAMES: Final = MappingProxyType(
    {
        "job": "job",
        "ship_to_item": "customer, ship_to and item",
        "customer_item": "customer and item",
        "customer_family": "customer, and a family or no item at all",
        "parent_contract": "parent",
        "segment_item": "segment and item",
        "segment_family": "segment, and a family or no item at all",
        "branch_list": "branch or region, and nobody",
        "channel_list": "channels, and neither anybody nor a place",
        "base_list": "neither anybody, a place nor channels",
        "cost_plus": "neither anybody, a place nor channels",
    }
)


class Scoped(Protocol):
    """Whom, what and where a rule is about."""

    @property
    def job(self) -> str | None: ...
    @property
    def customer(self) -> str | None: ...
    @property
    def ship_to(self) -> str | None: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def segment(self) -> str | None: ...
    @property
    def item(self) -> str | None: ...
    @property
    def branch(self) -> str | None: ...
    @property
    def region(self) -> str | None: ...
    @property
    def channels(self) -> tuple[str, ...]: ...


_DERIVED: Final[tuple[tuple[Callable[[Scoped], object], str, str], ...]] = (
    (lambda s: s.job, "job", "job"),
    (lambda s: s.ship_to, "ship_to_item", "ship_to_item"),
    (lambda s: s.customer, "customer_item", "customer_family"),
    (lambda s: s.parent, "parent_contract", "parent_contract"),
    (lambda s: s.segment, "segment_item", "segment_family"),
    (lambda s: s.branch or s.region, "branch_list", "branch_list"),
    (lambda s: s.channels, "channel_list", "channel_list"),
)


def level_of(scope: Scoped) -> str:
    """The level that a scope belongs to, by the most specific name in it."""
    for names, with_item, without in _DERIVED:
        if names(scope):
            return with_item if scope.item else without
    return "base_list"


def layer_of(given: str | None, operation: str, scope: Scoped) -> str:
    """The layer of a rule: as given, or for a base price as its scope says. Raises StatementError on contradiction."""
    if given is not None and given not in OPERATIONS:
        raise StatementError("layer", f"{given!r} is no layer", f"send one of {', '.join(OPERATIONS)}")
    if given is None or given in RANKS:
        derived = level_of(scope)
        if derived == "base_list" and (
            given == "cost_plus" or (given is None and operation in {"cost_plus", "margin"})
        ):
            derived = "cost_plus"
        if given is not None and given != derived:
            raise StatementError(
                "layer",
                f"{given} contradicts the scope, which is that of {derived}",
                f"name {_NAMES[given]} in the scope, or leave layer out",
            )
        given = derived
    if operation not in OPERATIONS[given]:
        raise StatementError(
            "operation", f"a rule of layer {given} cannot be {operation!r}", f"send {' or '.join(OPERATIONS[given])}"
        )
    return given
