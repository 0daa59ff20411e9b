"""Many cross-references at once: imported by as few transactions as they fit into, and listed whole.

An import may stop anywhere and be done again: what is kept already changes nothing. Two that run at once come to the
same, because what one of them finds overtaken it judges anew.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from crossdock.contracts.xrefs import KINDS, CrossReference, id_faults
from crossdock.identity.xref_judging import Before, Judged, Judging, Named, Thing, Wanted
from crossdock.identity.xref_rows import DETAILS, Guard, from_lookup, guard_key, lookup_id, lookup_key, to_guard
from crossdock.identity.xref_writes import PER_TRANSACTION, Attaching
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError

PER_CHUNK: Final = 100
"""Lines that are judged together: what one read takes."""
_ATTRIBUTES: Final = ("cid", *DETAILS)
_ROUNDS: Final = 8


@dataclass(slots=True)
class Import:
    """One import from its beginning to its end, chunk by chunk.

    With `dry_run` nothing is written, and every line is judged as if those before it had been. `own_numbers`: a system
    numbers its kinds each for itself, so that its customer 7 and its order 7 are no contradiction.
    """

    table: Table
    dry_run: bool = False
    own_numbers: bool = False
    things_made: int = 0
    _before: Before = field(default_factory=Before)
    _made: set[Thing] = field(default_factory=set)

    def take(self, lines: Sequence[Wanted]) -> list[Judged]:
        """Judges some `PER_CHUNK` lines and keeps the good ones; lines of one thing belong into one chunk.

        2 RCU an id at most (3 more for a new one unless `own_numbers`), 4 WCU for each new id and 2 for its thing.
        Raises StoreUnavailableError; then all may be taken again.
        """
        verdicts: dict[int, Judged] = {}
        for round_ in range(_ROUNDS):
            judging, attachings = self._judge(lines)
            undone = [] if self.dry_run else self._write(attachings, alone=round_ > 0)
            overtaken = {(a.kind, r.id) for a in undone for r in (*a.new, *a.changed)}
            for wanted in lines:
                # What was written in an earlier round is new, although it is found now.
                if wanted.named not in overtaken:
                    verdicts.setdefault(wanted.line, judging.verdicts[wanted.line])
            self._count(a for a in attachings if a not in undone)
            if not undone:
                for wanted, meant in judging.meant.values():
                    self._before.add(wanted, meant)
                return [verdicts[w.line] for w in lines]
        raise StoreUnavailableError("others kept changing these cross-references while they were imported")

    def _judge(self, lines: Sequence[Wanted]) -> tuple[Judging, list[Attaching]]:
        names = list(dict.fromkeys(w.named for w in lines if not id_faults(*w.named)))
        stored = self._references(names)
        others = {} if self.own_numbers else self._elsewhere([n for n in names if n not in stored])
        judging = Judging(self._before, stored, others, self.own_numbers)
        things = judging.resolve(lines)
        return judging, judging.attach(self._guards(things))

    def _references(self, names: Collection[Named]) -> dict[Named, CrossReference]:
        keys = {lookup_key(*n): n for n in names}
        rows = self.table.get_many(keys, consistent=True, attributes=_ATTRIBUTES)
        return {keys[k]: from_lookup(*keys[k], row) for k, row in rows.items()}

    def _elsewhere(self, names: Collection[Named]) -> dict[Named, CrossReference]:
        keys = {lookup_key(other, n[1]): (other, n) for n in names for other in KINDS if other != n[0]}
        rows = self.table.get_many(keys, attributes=_ATTRIBUTES)
        return {n: from_lookup(other, n[1], rows[key]) for key, (other, n) in keys.items() if key in rows}

    def _guards(self, things: Sequence[Thing]) -> dict[Thing, Guard]:
        rows = self.table.get_many([guard_key(*t) for t in things], consistent=True)
        return {t: to_guard(rows[guard_key(*t)]) for t in things if guard_key(*t) in rows}

    def _write(self, attachings: Sequence[Attaching], *, alone: bool) -> list[Attaching]:
        """Carries them out, as many to a transaction as it takes, or each alone; gives back those overtaken."""
        undone: list[Attaching] = []
        for pack in _packs(attachings, 0 if alone else PER_TRANSACTION):
            if not all(o.done for o in self.table.atomically([w for a in pack for w in a.writes])):
                undone += pack
        return undone

    def _count(self, done: Iterator[Attaching]) -> None:
        self._made |= {(a.kind, a.canonical) for a in done if a.created}
        self.things_made = len(self._made)


def every_reference(table: Table) -> Iterator[list[CrossReference]]:
    """All cross-references of all kinds, a page of the table at a time, in no order: reads the whole table."""
    for rows, _ in table.pages(None, attributes=("pk", "sk", *_ATTRIBUTES)):
        yield [from_lookup(*lookup_id(row), row) for row in rows if row["pk"].startswith("X#")]


def _packs(attachings: Sequence[Attaching], size: int) -> Iterator[list[Attaching]]:
    pack: list[Attaching] = []
    for attaching in attachings:
        beside = {(a.kind, a.canonical) for a in pack}
        # A transaction takes no row twice, and the ids of one thing share the row that counts them.
        same = (attaching.kind, attaching.canonical) in beside
        if pack and (same or sum(len(a.writes) for a in (*pack, attaching)) > size):
            yield pack
            pack = []
        pack.append(attaching)
    if pack:
        yield pack
