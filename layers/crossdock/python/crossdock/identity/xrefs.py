"""Cross-references of all kinds: looked up both ways, minted, kept, ended, merged.

Reads cost what they do for items: 0.5 RCU an id, 100 to a round trip; one query for what a thing is called. Nothing is
kept in memory. What is written is planned by `crossdock.identity.xref_writes`; a plan that another writer has overtaken
is made anew, so of two imports that run at once both find what one of them minted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar, cast

from crossdock.contracts.xrefs import (
    KINDS,
    MINTED,
    CrossReference,
    ExternalId,
    Kind,
)
from crossdock.identity.xref_checks import checked, checked_id, meaning, wrong_kind
from crossdock.identity.xref_rows import (
    BACK,
    DETAILS,
    Guard,
    Known,
    from_back,
    from_lookup,
    guard_key,
    known,
    lookup_key,
    partition,
    to_guard,
)
from crossdock.identity.xref_writes import (
    Attaching,
    XrefError,
    attach_writes,
    end_writes,
    merge_writes,
    minted_id,
    unmerge_writes,
)
from crossdock.platform.clock import Clock, system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import AtomicWrite

_ATTRIBUTES: Final = ("cid", *DETAILS)
_ROUNDS: Final = 8
"""How often a plan is made anew: each time another writer was done, so that many have to stand in the way."""
_CHAIN: Final = 100
_Plan = TypeVar("_Plan")


class CrossReferences:
    """The cross-references of one identity table."""

    def __init__(self, table: Table, clock: Clock = system_clock) -> None:
        self._table = table
        self._clock = clock

    # -- from a system's id to the thing ---------------------------------------------------------------------------

    def references(
        self, kind: Kind, ids: Iterable[ExternalId], *, consistent: bool = False
    ) -> dict[ExternalId, CrossReference]:
        """What is kept of these ids, in force or not: 0.5 RCU each (1 when consistent), 100 to a round trip."""
        keys = {lookup_key(kind, i): i for i in ids}
        rows = self._table.get_many(keys, consistent=consistent, attributes=_ATTRIBUTES)
        return {keys[key]: from_lookup(kind, keys[key], row) for key, row in rows.items()}

    def canonicals(self, kind: Kind, ids: Iterable[ExternalId], *, at: datetime | None = None) -> dict[ExternalId, str]:
        """The things that these ids mean at an instant (now); those unknown or not in force are left out."""
        judged = at or self._clock()
        found = self.references(kind, ids)
        return {i: r.canonical for i, r in found.items() if r.standing(judged) == "in_force"}

    def resolve(self, kind: Kind, external: ExternalId, *, at: datetime | None = None) -> CrossReference:
        """The one reference of an id that is in force at an instant (now).

        Raises XrefError: "unknown", "not_in_force" (it says since or until when), and "wrong_kind" for an id that is
        known as something else; only that failure costs a second read, of 3 RCU.
        """
        checked_id(kind, external)
        judged = at or self._clock()
        found = self.references(kind, [external]).get(external)
        if found is None:
            raise self._missing(kind, external)
        standing = found.standing(judged)
        if standing != "in_force":
            bound = found.valid_from if standing == "not_yet" else found.valid_to
            when = "counts only from" if standing == "not_yet" else "has counted only until"
            message = f"{external[0]} {external[1]!r} {when} {to_text(cast('datetime', bound))}"
            remedy = f"it is {found.canonical}; ask for another instant"
            raise XrefError("not_in_force", message, remedy, (found.canonical,))
        return found

    def elsewhere(self, kind: Kind, ids: Iterable[ExternalId]) -> dict[ExternalId, tuple[CrossReference, ...]]:
        """What these ids are as other kinds than this one: six keys an id."""
        keys = {lookup_key(other, i): (other, i) for i in ids for other in KINDS if other != kind}
        found: dict[ExternalId, tuple[CrossReference, ...]] = {}
        rows = self._table.get_many(keys, attributes=_ATTRIBUTES)
        for key, (other, external) in keys.items():  # in the order of the kinds
            if row := rows.get(key):
                found[external] = (*found.get(external, ()), from_lookup(other, external, row))
        return found

    def _missing(self, kind: Kind, external: ExternalId) -> XrefError:
        others = self.elsewhere(kind, [external]).get(external, ())
        if others:
            return wrong_kind(kind, others[0])
        message = f"no {kind} is known as {external[0]} {external[1]!r}"
        return XrefError("unknown", message, f"crossdock xref add --kind {kind} says which one it is")

    # -- from the thing to what it is called -----------------------------------------------------------------------

    def externals(
        self, kind: Kind, canonical: str, *, system: str | None = None, at: datetime | None = None, every: bool = False
    ) -> list[CrossReference]:
        """What a thing is called, by every system or by one, in force at an instant (now) or, with `every`, at any.

        One query: 0.5 RCU for some 60 ids, in one round trip.
        """
        judged = at or self._clock()
        prefix = f"{BACK}{system}#" if system else BACK
        rows = self._table.query(partition(kind, canonical), prefix=prefix)
        found = (from_back(kind, canonical, row) for row in rows)
        return [r for r in found if every or r.standing(judged) == "in_force"]

    def externals_of(
        self, kind: Kind, canonicals: Iterable[str], *, system: str | None = None, at: datetime | None = None
    ) -> dict[str, list[CrossReference]]:
        """The same for many things: a query each, as no batch operation reads what begins with a prefix."""
        found = {c: self.externals(kind, c, system=system, at=at) for c in dict.fromkeys(canonicals)}
        return {c: references for c, references in found.items() if references}

    def known(self, kind: Kind, canonical: str) -> Known:
        """All that is stored of a thing's ids, read consistently: what the functions for merges are given."""
        return known(kind, canonical, self._table.query(partition(kind, canonical), consistent=True))

    def current(self, kind: Kind, canonical: str) -> str:
        """What a canonical id stands for by now: itself, or what it was merged into in the end. 1 RCU a step."""
        return self._root(kind, canonical)[0]

    def _root(self, kind: Kind, canonical: str) -> tuple[str, Guard | None]:
        for _ in range(_CHAIN):
            row = self._table.get_many([guard_key(kind, canonical)], consistent=True)
            guard = to_guard(row[guard_key(kind, canonical)]) if row else None
            if guard is None or guard.into is None:
                return canonical, guard
            canonical = guard.into
        raise StoreUnavailableError(f"the merges of {canonical} do not end")

    # -- minting ---------------------------------------------------------------------------------------------------

    def plan_mint(
        self, kind: Kind, ids: Sequence[ExternalId], *, roles: Mapping[ExternalId, str] | None = None
    ) -> Attaching:
        """The one thing that these ids mean, found or to be made of the first of them; its writes add those unknown.

        Whoever carries the writes out with its own plans anew when they were overtaken. What is known keeps its role.
        1 RCU an id, and 1 for the thing when an id is new. Raises XrefError: "two_meanings" names both things.
        """
        wanted = list(dict.fromkeys(ids))
        for external in wanted:
            checked_id(kind, external)
        first = minted_id(kind, wanted[0])
        kept = self.references(kind, wanted, consistent=True)
        meant = meaning(kind, wanted, kept)
        unknown = [i for i in wanted if i not in kept]
        if meant is not None and not unknown:
            return Attaching(kind, meant, created=False, new=(), changed=(), writes=())
        canonical, guard = self._root(kind, meant or first)
        role = roles or {}
        references = [checked(CrossReference(kind, *i, canonical, role.get(i))) for i in unknown]
        return attach_writes(references, {}, guard, create=meant is None)

    def mint(
        self, kind: Kind, ids: Sequence[ExternalId], *, roles: Mapping[ExternalId, str] | None = None
    ) -> Attaching:
        """Finds or makes the thing that is known by these ids, in one transaction; see `plan_mint`.

        Of two that mint at once, both come to the same thing. Raises StoreUnavailableError too; then it may be done
        again.
        """
        return self._carried_out(lambda: self.plan_mint(kind, ids, roles=roles), lambda plan: plan.writes)

    # -- attaching and ending --------------------------------------------------------------------------------------

    def plan_attach(self, wanted: Sequence[CrossReference], *, create: bool = False) -> Attaching:
        """Keeps ids of one thing, new or with another role or validity; see `attach_writes` for what is raised."""
        for reference in wanted:
            checked(reference)
        kind, canonical = wanted[0].kind, wanted[0].canonical
        kept = self.references(kind, [r.id for r in wanted], consistent=True)
        guard = None
        if kind in MINTED and len(kept) < len(wanted):
            row = self._table.get_many([guard_key(kind, canonical)], consistent=True)
            guard = to_guard(row[guard_key(kind, canonical)]) if row else None
        return attach_writes(wanted, kept, guard, create=create)

    def attach(self, wanted: Sequence[CrossReference], *, create: bool = False, strict: bool = True) -> Attaching:
        """Keeps ids of one thing, all or none, in one transaction.

        With `strict`, an id that the system gave to something of another kind is refused ("wrong_kind", 3 RCU an id);
        without, a system may number its kinds each for itself. Raises XrefError and StoreUnavailableError.
        """
        if strict:
            self.refuse_other_kinds(wanted)
        return self._carried_out(lambda: self.plan_attach(wanted, create=create), lambda plan: plan.writes)

    def refuse_other_kinds(self, wanted: Sequence[CrossReference]) -> None:
        """Raises XrefError ("wrong_kind") when one of these ids is known, and as another kind only."""
        kind = wanted[0].kind
        kept = self.references(kind, [r.id for r in wanted])
        fresh = [r.id for r in wanted if r.id not in kept]
        for others in self.elsewhere(kind, fresh).values():
            raise wrong_kind(kind, others[0])

    def end(self, kind: Kind, external: ExternalId, at: datetime) -> tuple[CrossReference, bool]:
        """Lets an id count until `at` and no longer: the reference as it is now, and whether that changed anything.

        The row stays, so that the id is never given another meaning unseen. Raises XrefError and StoreUnavailableError.
        """
        checked_id(kind, external)

        def plan() -> tuple[CrossReference, list[AtomicWrite]]:
            kept = self.references(kind, [external], consistent=True).get(external)
            if kept is None:
                raise self._missing(kind, external)
            return end_writes(kept, at)

        ended, writes = self._carried_out(plan, lambda planned: planned[1])
        return ended, bool(writes)

    # -- merging ---------------------------------------------------------------------------------------------------

    def merge(self, kind: Kind, loser: str, winner: str, *, by: str, why: str) -> None:
        """Moves every id of `loser` to `winner`, in one transaction. Raises XrefError (see `merge_writes`)."""

        def plan() -> list[AtomicWrite]:
            at = self._clock()
            return merge_writes(self.known(kind, loser), self.known(kind, winner), at=at, by=by, why=why)

        self._carried_out(plan, lambda writes: writes)

    def unmerge(self, kind: Kind, loser: str, winner: str) -> None:
        """Takes a merge back, in one transaction. Raises XrefError (see `unmerge_writes`)."""

        def plan() -> list[AtomicWrite]:
            return unmerge_writes(self.known(kind, loser), self.known(kind, winner))

        self._carried_out(plan, lambda writes: writes)

    def _carried_out(self, plan: Callable[[], _Plan], writes_of: Callable[[_Plan], Sequence[AtomicWrite]]) -> _Plan:
        """Makes a plan and carries it out; anew, when another writer was there in between."""
        for _ in range(_ROUNDS):
            made = plan()
            writes = writes_of(made)
            if not writes or all(o.done for o in self._table.atomically(writes)):
                return made
        raise StoreUnavailableError("others kept changing these cross-references while they were written")
