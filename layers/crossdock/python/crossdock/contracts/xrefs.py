"""Cross-references as values: what one system calls a thing of ours, in which role, and for how long.

A kind says what the thing is. Ids of customers, ship-tos and contacts are minted here (nobody else has one for what
many systems know); those of items, warehouses, orders and price lists are given by whoever keeps them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from crossdock.contracts.names import CUSTOMER, SKU

Kind: TypeAlias = Literal["customer", "ship_to", "contact", "item", "warehouse", "order", "price_list"]
ExternalId: TypeAlias = tuple[str, str]
"""(system, that system's own id)."""
Standing: TypeAlias = Literal["in_force", "not_yet", "ended"]

KINDS: Final[tuple[Kind, ...]] = ("customer", "ship_to", "contact", "item", "warehouse", "order", "price_list")
MINTED: Final[Mapping[Kind, str]] = MappingProxyType({"customer": "CU", "ship_to": "ST", "contact": "CT"})
"""The kinds whose ids are minted here, which are also those that can be merged, and what their ids begin with."""
ROLES: Final = ("account", "sold_to", "bill_to", "ship_to", "payer", "buyer", "contact")
"""What a thing is to the system that calls it so."""

_MINTED_ID: Final = r"[A-Z0-9]{16}"
_IDS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "item": SKU,
        "warehouse": r"[A-Za-z0-9_.-]{1,30}",
        "order": CUSTOMER,
        "price_list": CUSTOMER,
        **{kind: prefix + _MINTED_ID for kind, prefix in MINTED.items()},
    }
)
_SYSTEM: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")
_EXTERNAL: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_LONGEST: Final = 100
_LONGEST_ITEM: Final = 80
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class CrossReference:
    """One system's id for a thing of ours.

    It counts from `valid_from` until before `valid_to`, UTC instants in whole milliseconds; None: without a bound.
    `home` is whose id it was before a merge, and nothing to be set from outside.
    """

    kind: Kind
    system: str
    external: str
    canonical: str
    role: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    home: str | None = None

    @property
    def id(self) -> ExternalId:
        return self.system, self.external

    def standing(self, at: datetime) -> Standing:
        """Whether it counts at an instant."""
        if self.valid_from is not None and at < self.valid_from:
            return "not_yet"
        return "ended" if self.valid_to is not None and self.valid_to <= at else "in_force"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of a reference, and what to write instead."""

    field: str
    problem: str
    remedy: str


def kind_of_id(canonical: str) -> Kind | None:
    """The minted kind that a canonical id is of, by its form."""
    return next((k for k, prefix in MINTED.items() if re.fullmatch(prefix + _MINTED_ID, canonical)), None)


def faults_of(reference: CrossReference) -> list[Fault]:
    """Everything that is wrong with a reference as such; nothing when it may be kept."""
    found = id_faults(reference.kind, reference.id)
    kind, canonical = reference.kind, reference.canonical
    if not found and not re.fullmatch(_IDS[kind], canonical):
        other = kind_of_id(canonical)
        belongs = f" but that of a {other}" if other else ""
        found.append(Fault("canonical", f"{canonical!r} is no {kind} id{belongs}", _id_remedy(kind)))
    if reference.role is not None and reference.role not in ROLES:
        found.append(Fault("role", f"{reference.role!r} is no role", f"use one of {', '.join(ROLES)}, or none"))
    start, end = reference.valid_from, reference.valid_to
    for name, instant in (("valid_from", start), ("valid_to", end)):
        if instant is not None and instant.tzinfo is None:
            found.append(Fault(name, "has no UTC offset", "write the offset, for example 2026-01-31T00:00:00Z"))
            return found
        if instant is not None and instant.microsecond % 1000:
            found.append(Fault(name, "is finer than a millisecond", "write at most three digits behind the seconds"))
    if start is not None and end is not None and end <= start:
        found.append(Fault("valid_to", "is not after valid_from", "the end is the first instant at which it is over"))
    return found


def id_faults(kind: str, external: ExternalId) -> list[Fault]:
    """What is wrong with a kind, a system's name and that system's id."""
    system, ident = external
    found = []
    if kind not in KINDS:
        found.append(Fault("kind", f"{kind!r} is no kind", f"use one of {', '.join(KINDS)}"))
    if not _SYSTEM.fullmatch(system):
        remedy = "use the system's name in the configuration: small letters, digits and _, a letter first"
        found.append(Fault("system", f"{system!r} is no name of a system", remedy))
    longest = _LONGEST_ITEM if kind == "item" else _LONGEST
    if not _EXTERNAL.fullmatch(ident) or len(ident) > longest:
        remedy = f"send 1 to {longest} characters without control characters"
        found.append(Fault("external", f"{ident[:_SHOWN]!r} cannot be an id", remedy))
    return found


def _id_remedy(kind: Kind) -> str:
    if kind in MINTED:
        return f"a {kind}'s id is {MINTED[kind]} and 16 letters or digits, as crossdock xref find shows it"
    return {
        "item": "send 1 to 64 letters, digits and . _ - space",
        "warehouse": "use the warehouse's code in the configuration",
    }.get(kind, "send 1 to 100 printable ASCII characters without #")
