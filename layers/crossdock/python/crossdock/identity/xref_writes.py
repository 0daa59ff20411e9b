"""What is written for a cross-reference, as values: to be put with what else belongs to it into one transaction.

Every function here is given what was read, and raises XrefError or gives the writes that lead from there to what is
wanted. They hold only while what was read still stands: then `Table.atomically` does all of them, else none, and
whoever planned reads again and plans anew.

What keeps two writers apart: an id's row is inserted once; a changed row must be as it was read; ids are added only to
what is not merged; a merge moves exactly the ids that were read (see `crossdock.identity.xref_rows`).
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from crossdock.contracts.xrefs import MINTED, CrossReference, ExternalId, Kind
from crossdock.identity.xref_rows import (
    DETAILS,
    Guard,
    Known,
    back_key,
    back_row,
    details,
    guard_key,
    lookup_key,
    lookup_row,
    merge_key,
)
from crossdock.platform.clock import to_text
from crossdock.platform.errors import CrossdockError
from crossdock.platform.writes import AtomicWrite, Delete, Insert, Update, When

PER_TRANSACTION: Final = 100
"""Writes that DynamoDB takes in one transaction."""
_IDS_AT_ONCE: Final = (PER_TRANSACTION - 1) // 2
_MINTED_LENGTH: Final = 16

Why: TypeAlias = Literal[
    "invalid",
    "another_meaning",
    "two_meanings",
    "wrong_kind",
    "unknown",
    "not_in_force",
    "merged",
    "not_merged",
    "itself",
    "too_large",
]


class XrefError(CrossdockError):
    """A reference that cannot be had, kept or moved.

    `why` is a stable word for programs, `remedy` what to do about it, `canonicals` the things that are involved.
    """

    def __init__(self, why: Why, message: str, remedy: str, canonicals: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.why = why
        self.message = message
        self.remedy = remedy
        self.canonicals = tuple(canonicals)


@dataclass(frozen=True, slots=True)
class Attaching:
    """What attaching some ids to one thing comes to; without writes, all of it is kept already."""

    kind: Kind
    canonical: str
    created: bool
    new: tuple[CrossReference, ...]
    changed: tuple[CrossReference, ...]
    writes: tuple[AtomicWrite, ...]


def minted_id(kind: Kind, first: ExternalId) -> str:
    """The canonical id of what was first known by this id: always the same one, 80 bits of a hash.

    Raises XrefError for a kind whose ids are given by whoever keeps it.
    """
    if kind not in MINTED:
        remedy = "say which one it is by its canonical id"
        raise XrefError("invalid", f"ids of the kind {kind} are given, not minted", remedy)
    hashed = hashlib.sha256("#".join((kind, *first)).encode()).digest()
    return MINTED[kind] + base64.b32encode(hashed).decode()[:_MINTED_LENGTH]


def begin_writes(kind: Kind, canonical: str) -> list[AtomicWrite]:
    """Makes a thing that no system has an id for yet; one that has one is made by `attach_writes` with `create`."""
    pk, sk = guard_key(kind, canonical)
    return [Insert({"pk": pk, "sk": sk, "n": 0})]


def attach_writes(
    wanted: Sequence[CrossReference],
    kept: Mapping[ExternalId, CrossReference],
    guard: Guard | None,
    *,
    create: bool = False,
) -> Attaching:
    """Keeps ids of one thing: new ones, and other roles or validity for those that it has.

    `wanted` are of one kind and canonical id, each id once; `kept` what stands of them, `guard` the thing's (minted
    kinds only). With `create`, a thing that does not exist is made. Two writes an id, one for the thing: 2 WCU each.
    Raises XrefError: "another_meaning", "merged", "unknown", "too_large" (more than 49 new ids).
    """
    kind, canonical = wanted[0].kind, wanted[0].canonical
    for reference in wanted:
        same_meaning(reference, kept.get(reference.id))
    new = [replace(r, home=None) for r in wanted if r.id not in kept]
    changed = [r for r in (replace(r, home=kept[r.id].home) for r in wanted if r.id in kept) if r != kept[r.id]]
    writes: list[AtomicWrite] = []
    if kind in MINTED and new:
        writes.append(_more(kind, canonical, guard, len(new), create=create))
    for reference in new:
        writes += [Insert(lookup_row(reference)), Insert(back_row(reference))]
    for reference in changed:
        writes += change_writes(kept[reference.id], reference)
    if len(writes) > PER_TRANSACTION:
        message = f"{len(wanted)} ids of the {kind} {canonical} do not fit into one transaction"
        raise XrefError("too_large", message, f"send {_IDS_AT_ONCE} at a time", (canonical,))
    created = guard is None and kind in MINTED and bool(new)
    return Attaching(kind, canonical, created, tuple(new), tuple(changed), tuple(writes))


def change_writes(kept: CrossReference, wanted: CrossReference) -> list[AtomicWrite]:
    """Gives an id that is kept another role or validity, in both its rows."""
    put = details(wanted)
    remove = tuple(name for name in details(kept) if name not in put)
    when = _as_read(kept)
    there = Update(lookup_key(kept.kind, kept.id), {}, put, remove, (When("cid", "=", kept.canonical), *when))
    back = Update(back_key(kept.kind, kept.canonical, kept.id), {}, put, remove, when)
    return [there, back]


def end_writes(kept: CrossReference, at: datetime) -> tuple[CrossReference, list[AtomicWrite]]:
    """Lets an id count no longer than until `at`; what it meant stays known. No writes when it has ended before.

    Raises XrefError ("invalid") for an id that counts from then on only.
    """
    if kept.valid_to is not None and kept.valid_to <= at:
        return kept, []
    if kept.valid_from is not None and at <= kept.valid_from:
        begins = to_text(kept.valid_from)
        raise XrefError("invalid", f"{said(kept.id)} counts from {begins} on only", "end it after that instant")
    ended = replace(kept, valid_to=at)
    return ended, change_writes(kept, ended)


def merge_writes(
    loser: Known, winner: Known, *, at: datetime, by: str, why: str, extra: Mapping[str, Any] | None = None
) -> list[AtomicWrite]:
    """Moves every id of `loser` to `winner` and keeps who did it, when and why: 3 + 3 per id writes.

    Both must have been read consistently. `extra` are attributes of the caller's own for the row of the merge. Raises
    XrefError: "itself", "unknown", "merged" (either was merged already), "too_large" (more than 32 ids).
    """
    kind = loser.kind
    if loser.canonical == winner.canonical:
        raise XrefError("itself", f"{loser.canonical} cannot be merged into itself", "name two different ones")
    losing, winning = _unmerged(loser), _unmerged(winner)
    homes = sorted({loser.canonical, *(r.home for r in loser.references if r.home)})
    merge = {"at": to_text(at), "by": by, "why": why, "homes": homes, **(extra or {})}
    moved = len(loser.references)
    pk, sk = merge_key(kind, winner.canonical, loser.canonical)
    writes: list[AtomicWrite] = [
        _recount(loser, losing, -moved, {"into": winner.canonical}, (When("into", "missing"),)),
        _recount(winner, winning, moved, {}, (When("into", "missing"),)),
        Insert({"pk": pk, "sk": sk, **merge}),
    ]
    for reference in loser.references:
        home = reference.home or loser.canonical
        writes += _move(reference, replace(reference, canonical=winner.canonical, home=home))
    return _not_too_many(writes, loser)


def unmerge_writes(loser: Known, winner: Known) -> list[AtomicWrite]:
    """Takes a merge back: the ids that came with it go, those that came later stay, and nothing tells of the merge.

    Raises XrefError: "not_merged", "unknown", "merged" (the winner was merged itself: take that back first).
    """
    merge = winner.merges.get(loser.canonical)
    if merge is None or loser.guard is None or loser.guard.into != winner.canonical:
        raise XrefError(
            "not_merged",
            f"{loser.canonical} is not merged into {winner.canonical}",
            _where(loser),
            _both(loser, winner),
        )
    winning = _unmerged(winner)
    gone = [r for r in winner.references if r.home in merge.homes]
    losing = loser.guard
    writes: list[AtomicWrite] = [
        Update(
            guard_key(loser.kind, loser.canonical),
            put={"n": losing.count + len(gone)},
            remove=("into",),
            when=(When("into", "=", winner.canonical),),
        ),
        _recount(winner, winning, -len(gone), {}, (When("into", "missing"),)),
        Delete(merge_key(winner.kind, winner.canonical, loser.canonical), (When("at", "=", merge.at),)),
    ]
    for reference in gone:
        home = None if reference.home == loser.canonical else reference.home
        writes += _move(reference, replace(reference, canonical=loser.canonical, home=home))
    return _not_too_many(writes, loser)


def same_meaning(wanted: CrossReference, kept: CrossReference | None) -> None:
    """Raises XrefError ("another_meaning"), naming both things, when what is kept says otherwise."""
    if kept is None or kept.canonical == wanted.canonical:
        return
    merged = f", into which {wanted.canonical} was merged" if kept.home == wanted.canonical else ""
    raise XrefError(
        "another_meaning",
        f"{said(wanted.id)} means the {wanted.kind} {kept.canonical} already{merged}, not {wanted.canonical}",
        "an id keeps its meaning; use another id" + (", or merge the two" if wanted.kind in MINTED else ""),
        (kept.canonical, wanted.canonical),
    )


def _more(kind: Kind, canonical: str, guard: Guard | None, count: int, *, create: bool) -> AtomicWrite:
    pk, sk = guard_key(kind, canonical)
    if guard is None:
        if not create:
            raise XrefError("unknown", f"there is no {kind} {canonical}", f"look the {kind} up first", (canonical,))
        return Insert({"pk": pk, "sk": sk, "n": count})
    if guard.into is not None:
        raise merged_error(kind, canonical, guard.into)
    # Whoever adds at the same time may: only a merge has to know how many there are.
    return Update((pk, sk), add={"n": count}, when=(When("into", "missing"),))


def merged_error(kind: Kind, canonical: str, into: str) -> XrefError:
    """Says that something does not stand for itself any more."""
    message, remedy = f"the {kind} {canonical} was merged into {into}", f"use {into}, or take the merge back first"
    return XrefError("merged", message, remedy, (canonical, into))


def _unmerged(thing: Known) -> Guard:
    if thing.guard is None:
        remedy = f"look the {thing.kind} up first" if thing.kind in MINTED else "only what is minted here can be merged"
        raise XrefError("unknown", f"there is no {thing.kind} {thing.canonical} to merge", remedy, (thing.canonical,))
    if thing.guard.into is not None:
        raise merged_error(thing.kind, thing.canonical, thing.guard.into)
    return thing.guard


def _recount(thing: Known, guard: Guard, more: int, put: Mapping[str, Any], when: tuple[When, ...]) -> Update:
    # Exactly the ids that were read: one that was added meanwhile would be left behind.
    counted = When("n", "=", guard.count)
    return Update(guard_key(thing.kind, thing.canonical), put={"n": guard.count + more, **put}, when=(counted, *when))


def _move(kept: CrossReference, moved: CrossReference) -> list[AtomicWrite]:
    remove = ("home",) if moved.home is None else ()
    put = {"cid": moved.canonical} | ({"home": moved.home} if moved.home else {})
    key = back_key(kept.kind, kept.canonical, kept.id)
    return [
        Update(lookup_key(kept.kind, kept.id), {}, put, remove, (When("cid", "=", kept.canonical),)),
        Delete(key, _as_read(kept)),
        Insert(back_row(moved)),
    ]


def _as_read(kept: CrossReference) -> tuple[When, ...]:
    stands = details(kept)
    return tuple(When(n, "=", stands[n]) if n in stands else When(n, "missing") for n in DETAILS)


def _not_too_many(writes: list[AtomicWrite], loser: Known) -> list[AtomicWrite]:
    if len(writes) > PER_TRANSACTION:
        ids = (len(writes) - 3) // 3
        raise XrefError(
            "too_large",
            f"{loser.canonical} has {ids} ids, and {(PER_TRANSACTION - 3) // 3} can be moved at once",
            "merge the other way round",
            (loser.canonical,),
        )
    return writes


def _where(loser: Known) -> str:
    into = loser.guard.into if loser.guard else None
    return f"it was merged into {into}" if into else "it stands for itself; there is nothing to take back"


def _both(loser: Known, winner: Known) -> tuple[str, str]:
    return loser.canonical, winner.canonical


def said(external: ExternalId) -> str:
    """An id as people are told of it."""
    return f"{external[0]} {external[1]!r}"
