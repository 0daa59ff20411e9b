"""Cross-references as rows of the identity table.

    X#kind#system#external / ID           cid: the canonical id; role, from, to; home: whose it was before a merge
    C#kind#cid / SYS#system#external      the way back, with the same role, from, to and home
               / REFS                     minted kinds: n ids; into: what it was merged into
               / MERGE#other              what was merged into this one: at, by, why; homes: whose ids it had

Both rows of a reference always change in one transaction. `REFS` is what makes a merge see every id: whoever adds ids
raises `n` and needs `into` to be missing, and a merge needs `n` to be what it has read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

from crossdock.contracts.xrefs import CrossReference, ExternalId, Kind
from crossdock.platform.clock import from_text, to_text
from crossdock.platform.writes import Key

GUARD: Final = "REFS"
BACK: Final = "SYS#"
MERGED: Final = "MERGE#"
DETAILS: Final = ("role", "from", "to", "home")
"""The attributes that both rows of a reference have, where they are set."""


@dataclass(frozen=True, slots=True)
class Guard:
    """How many ids a thing has, and what it was merged into."""

    count: int
    into: str | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """One thing that was merged into another: by whom, when, why, and whose ids came with it."""

    other: str
    at: str
    by: str
    why: str
    homes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """All that is stored about the ids of one canonical thing; no guard: it does not exist, or its ids are given."""

    kind: Kind
    canonical: str
    guard: Guard | None = None
    references: tuple[CrossReference, ...] = ()
    merges: Mapping[str, Merge] = field(default_factory=dict)


def lookup_key(kind: str, external: ExternalId) -> Key:
    """Where a system's id is found."""
    return f"X#{kind}#{external[0]}#{external[1]}", "ID"


def partition(kind: str, canonical: str) -> str:
    """The partition in which everything about a canonical thing stands."""
    return f"C#{kind}#{canonical}"


def back_key(kind: str, canonical: str, external: ExternalId) -> Key:
    """Where the canonical thing says that a system knows it by this id."""
    return partition(kind, canonical), f"{BACK}{external[0]}#{external[1]}"


def guard_key(kind: str, canonical: str) -> Key:
    """Where the number of its ids stands."""
    return partition(kind, canonical), GUARD


def merge_key(kind: str, winner: str, loser: str) -> Key:
    """Where a merge is kept."""
    return partition(kind, winner), f"{MERGED}{loser}"


def in_force(row: Mapping[str, Any], now: str) -> bool:
    """Whether either row of a reference counts at an instant, which is a text as `to_text` gives it."""
    return bool(row.get("from", now) <= now) and ("to" not in row or bool(now < row["to"]))


def details(reference: CrossReference) -> dict[str, Any]:
    """Role, validity and home as both rows keep them; what is not set is left out."""
    start, end = reference.valid_from, reference.valid_to
    found = {
        "role": reference.role,
        "from": to_text(start) if start else None,
        "to": to_text(end) if end else None,
        "home": reference.home,
    }
    return {name: value for name, value in found.items() if value is not None}


def lookup_row(reference: CrossReference) -> dict[str, Any]:
    """The row by which the id is found."""
    pk, sk = lookup_key(reference.kind, reference.id)
    return {"pk": pk, "sk": sk, "cid": reference.canonical, **details(reference)}


def back_row(reference: CrossReference) -> dict[str, Any]:
    """The row on the thing's side."""
    pk, sk = back_key(reference.kind, reference.canonical, reference.id)
    return {"pk": pk, "sk": sk, **details(reference)}


def from_lookup(kind: Kind, external: ExternalId, row: Mapping[str, Any]) -> CrossReference:
    """The reference of a row by which an id is found."""
    return _reference(kind, external, row["cid"], row)


def from_back(kind: Kind, canonical: str, row: Mapping[str, Any]) -> CrossReference:
    """The reference of a row on the thing's side."""
    system, external = row["sk"].removeprefix(BACK).split("#", 1)
    return _reference(kind, (system, external), canonical, row)


def lookup_id(row: Mapping[str, Any]) -> tuple[Kind, ExternalId]:
    """(kind, external id) of a row by which an id is found."""
    _, kind, system, external = row["pk"].split("#", 3)
    return cast("Kind", kind), (system, external)


def known(kind: Kind, canonical: str, rows: Iterable[Mapping[str, Any]]) -> Known:
    """What the rows of its partition say of its ids; rows of other sorts are passed over."""
    guard, references, merges = None, [], {}
    for row in rows:
        if row["sk"] == GUARD:
            guard = to_guard(row)
        elif row["sk"].startswith(BACK):
            references.append(from_back(kind, canonical, row))
        elif row["sk"].startswith(MERGED):
            other = row["sk"].removeprefix(MERGED)
            merges[other] = Merge(other, row["at"], row["by"], row["why"], tuple(row["homes"]))
    return Known(kind, canonical, guard, tuple(references), merges)


def to_guard(row: Mapping[str, Any]) -> Guard:
    """The guard of its row."""
    return Guard(row["n"], row.get("into"))


def _reference(kind: Kind, external: ExternalId, canonical: str, row: Mapping[str, Any]) -> CrossReference:
    return CrossReference(
        kind,
        *external,
        canonical,
        row.get("role"),
        _instant(row.get("from")),
        _instant(row.get("to")),
        row.get("home"),
    )


def _instant(text: str | None) -> datetime | None:
    return from_text(text) if text is not None else None
