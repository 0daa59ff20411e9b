"""What becomes of the lines of an import, by what is kept and by the lines before them. No line is good or bad by luck
of its place: an id that stands twice must stand there with the same content.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from crossdock.contracts.xrefs import MINTED, CrossReference, ExternalId, Fault, Kind, faults_of
from crossdock.identity.xref_checks import meaning, wrong_kind
from crossdock.identity.xref_rows import Guard
from crossdock.identity.xref_writes import Attaching, XrefError, attach_writes, minted_id, same_meaning

Verdict: TypeAlias = Literal["new", "changed", "unchanged", "conflict", "invalid"]
Named: TypeAlias = tuple[Kind, ExternalId]
Thing: TypeAlias = tuple[Kind, str]

IDS_OF_ONE: Final = 40
"""Ids of one thing in one transaction: two writes each."""
_FIELDS: Final[Mapping[str, str]] = {"wrong_kind": "kind", "unknown": "canonical", "merged": "canonical"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of an import. Without a canonical id it is minted; lines with one `together` are ids of one thing."""

    line: int
    reference: CrossReference
    together: str = ""

    @property
    def named(self) -> Named:
        return self.reference.kind, self.reference.id


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a line. Of one that cannot be kept: which field is wrong, how, and what to do."""

    line: int
    verdict: Verdict
    fault: Fault | None = None


@dataclass(slots=True)
class Before:
    """The good lines so far: what they say (line, as it stands there), and what each id means by them."""

    said: dict[Named, Wanted] = field(default_factory=dict)
    means: dict[Named, CrossReference] = field(default_factory=dict)
    by_id: dict[ExternalId, CrossReference] = field(default_factory=dict)

    def add(self, wanted: Wanted, meant: CrossReference) -> None:
        """One more good line."""
        self.said.setdefault(wanted.named, wanted)
        self.means[wanted.named] = meant
        self.by_id.setdefault(meant.id, meant)


@dataclass(slots=True)
class Judging:
    """The lines of one chunk, judged in two steps, between which the things' guards are read."""

    before: Before
    stored: Mapping[Named, CrossReference]
    elsewhere: Mapping[Named, CrossReference]
    own_numbers: bool
    verdicts: dict[int, Judged] = field(default_factory=dict)
    meant: dict[int, tuple[Wanted, CrossReference]] = field(default_factory=dict)

    def resolve(self, lines: Sequence[Wanted]) -> list[Thing]:
        """Finds what each line is about; gives back the things whose guards are wanted."""
        here = Before()
        good = [w for w in lines if self._sound(w, here)]
        groups: dict[tuple[Kind, str], list[Wanted]] = {}
        for wanted in good:
            label = wanted.together or f"#{wanted.line}"
            groups.setdefault((wanted.reference.kind, wanted.reference.canonical or label), []).append(wanted)
        for group in groups.values():
            self._mean(group)
        return list(dict.fromkeys((r.kind, r.canonical) for _, r in self.meant.values() if r.kind in MINTED))

    def attach(self, guards: Mapping[Thing, Guard]) -> list[Attaching]:
        """What is to be written, in pieces that one transaction takes; afterwards every line has its verdict."""
        things: dict[Thing, dict[Named, tuple[Wanted, CrossReference]]] = {}
        for wanted, meant in self.meant.values():
            things.setdefault((meant.kind, meant.canonical), {}).setdefault(wanted.named, (wanted, meant))
        found = []
        for thing, named in things.items():
            lines = list(named.values())
            for start in range(0, len(lines), IDS_OF_ONE):
                found += self._attached(lines[start : start + IDS_OF_ONE], guards.get(thing))
        firsts = {n: w.line for named in things.values() for n, (w, _) in named.items()}
        for line, (wanted, _) in list(self.meant.items()):
            if line not in self.verdicts:  # said twice: as the first one was judged
                first = self.verdicts[firsts[wanted.named]]
                self.verdicts[line] = replace(first, line=line) if first.fault else Judged(line, "unchanged")
                if first.fault:
                    del self.meant[line]
        return [a for a in found if a.writes]

    def _sound(self, wanted: Wanted, here: Before) -> bool:
        """Whether a line can be kept by itself, and beside those before it."""
        reference, minted = wanted.reference, wanted.reference.kind in MINTED and not wanted.reference.canonical
        stand_in = replace(reference, canonical=minted_id(reference.kind, reference.id)) if minted else reference
        if faults := faults_of(stand_in):
            self.verdicts[wanted.line] = Judged(wanted.line, "invalid", faults[0])
            return False
        earlier = self.before.said.get(wanted.named) or here.said.get(wanted.named)
        if earlier and (earlier.reference, earlier.together) != (reference, wanted.together):
            what = (
                f"{reference.system} {reference.external!r} stands on line {earlier.line} already, with other content"
            )
            self._conflict(wanted, Fault("external", what, "keep one of the two lines"))
            return False
        if other := self._other_kind(wanted, here):
            self._refused(wanted, wrong_kind(reference.kind, other))
            return False
        here.add(wanted, reference)
        return True

    def _other_kind(self, wanted: Wanted, here: Before) -> CrossReference | None:
        if self.own_numbers or wanted.named in self.stored:
            return None
        known = [self.elsewhere.get(wanted.named), *(b.by_id.get(wanted.reference.id) for b in (self.before, here))]
        return next((r for r in known if r and r.kind != wanted.reference.kind), None)

    def _mean(self, group: Sequence[Wanted]) -> None:
        kind, canonical = group[0].reference.kind, group[0].reference.canonical
        if not canonical:
            kept = {w.reference.id: r for w in group if (r := self._kept(w))}
            try:
                meant = meaning(kind, [w.reference.id for w in group], kept)
            except XrefError as error:
                for wanted in group:
                    self._refused(wanted, error)
                return
            canonical = meant or minted_id(kind, group[0].reference.id)
        for wanted in group:
            reference = replace(wanted.reference, canonical=canonical)
            try:
                same_meaning(reference, self._kept(wanted))
            except XrefError as error:
                self._refused(wanted, error)
            else:
                self.meant[wanted.line] = wanted, reference

    def _attached(self, lines: Sequence[tuple[Wanted, CrossReference]], guard: Guard | None) -> list[Attaching]:
        kept = {w.reference.id: r for w, _ in lines if (r := self._kept(w))}
        try:
            found = attach_writes([r for _, r in lines], kept, guard, create=True)
        except XrefError as error:
            for wanted, _ in lines:
                self._refused(wanted, error)
            return []
        new, changed = ({r.id for r in part} for part in (found.new, found.changed))
        for wanted, _ in lines:
            ident = wanted.reference.id
            verdict: Verdict = "new" if ident in new else "changed" if ident in changed else "unchanged"
            self.verdicts[wanted.line] = Judged(wanted.line, verdict)
        return [found]

    def _kept(self, wanted: Wanted) -> CrossReference | None:
        return self.before.means.get(wanted.named) or self.stored.get(wanted.named)

    def _refused(self, wanted: Wanted, error: XrefError) -> None:
        self._conflict(wanted, Fault(_FIELDS.get(error.why, "external"), error.message, error.remedy))

    def _conflict(self, wanted: Wanted, fault: Fault) -> None:
        self.meant.pop(wanted.line, None)
        self.verdicts[wanted.line] = Judged(wanted.line, "conflict", fault)
