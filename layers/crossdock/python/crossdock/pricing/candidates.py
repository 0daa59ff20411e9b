"""The rules that may decide a quote, read in at most two round trips, however many rules there are.

Trip 1: the customer's profile and contract, the job, all items' sheets and that of all items. What they say names the
rest, which is trip 2: the families' sheets, the parents' contracts, and rows below sheets that gave a dimension away.
50 lines are 53 keys, 26.5 RCU, and half a unit more for each family, parent and row below: for 50 more keys where the
customer's contract is so large that it gave its items away.

What a process has read before it remembers with its version. That says which rows will be named, so that all go in one
trip; and a row that comes with the version that is remembered need not be parsed again. Every row is read every time:
what is remembered decides what is asked for, never what is answered. A parent or family whose large sheet this process
never saw costs one trip more, once.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import KEYS_PER_CALL, Item, Table
from crossdock.platform.sequences import chunks
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts
from crossdock.pricing.ledger import Ledger
from crossdock.pricing.reading import Ask, Seen, see, wanted
from crossdock.pricing.rules import Rule
from crossdock.pricing.slots import Place, item_sheet

__all__ = ["Ask", "Candidates", "Found"]

_REMEMBERED: Final = 30_000
"""Rules and rows a process remembers: about 2 KB each."""
_PARTS: Final = 4
"""Parts of one trip under way at once; 500 lines have 6 or so."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a question's prices depend on.

    `profile` is None for a customer of whom nothing is known, `items` has those items of which something is, and
    `rules` every item that was asked for. `versions` are those of all rows that were read, 0 for one that is not there:
    two answers with the same versions have the same rules. `trips` is how many round trips followed each other.
    """

    profile: CustomerFacts | None
    items: Mapping[str, ItemFacts]
    rules: Mapping[str, tuple[Rule, ...]]
    versions: Mapping[str, int]
    trips: int


class Candidates:
    """Reads the rules of a quote; remembers what it saw for as long as the process lives."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._ledger = Ledger(table, clock)
        self._remembered: OrderedDict[Place, Seen] = OrderedDict()
        self._size = 0

    def read(self, ask: Ask, *, consistent: bool = False) -> Found:
        """The rules that count now and may concern the question; see the module for what it costs.

        Eventually consistent, or `consistent` at twice the read units: for who was told that a row has changed.
        Raises StoreUnavailableError when the table keeps refusing.
        """
        known: dict[Place, Seen] = {}

        def expect(place: Place) -> Seen | None:
            return known.get(place) or self._remembered.get(place)

        trips = 0
        while missing := [p for p in wanted(ask, expect).places(expect) if p not in known]:
            known |= self._fetch(missing, consistent=consistent)
            trips += 1
        rows = wanted(ask, known.get)
        profile = known[rows.profile].customer if rows.profile else None
        facts = {sku: known[item_sheet(sku)].item for sku in rows.families}
        return Found(
            profile,
            {sku: item for sku, item in facts.items() if item},
            {sku: rows.rules(sku, known.get) for sku in rows.families},
            {"/".join(place): known[place].version for place in rows.places(known.get)},
            trips,
        )

    def as_known(self, ask: Ask, known_at: str) -> Found:
        """The same with the versions that counted at an instant (UTC text), from the ledger; off the quote path.

        0.5 RCU more for each rule, and a query for each whose newest version came later. Customers and items are as
        they are now: only rules are kept by when they were known.
        """
        found = self.read(ask)
        current = {rule.name: rule for rules in found.rules.values() for rule in rules}
        then = self._ledger.as_known(list(current.values()), known_at)
        rules = {sku: tuple(then[r.name] for r in now if r.name in then) for sku, now in found.rules.items()}
        return replace(found, rules=rules)

    def _fetch(self, places: Sequence[Place], *, consistent: bool) -> dict[Place, Seen]:
        """One trip: the rows as they are, those that have not changed as they were parsed before."""
        rows = self._get(places, consistent=consistent)
        found: dict[Place, Seen] = {}
        for place in places:
            row, before = rows.get(place), self._remembered.get(place)
            found[place] = before if before and row and before.version == row["ver"] else see(place, row)
            self._remember(place, found[place])
        return found

    def _get(self, places: Sequence[Place], *, consistent: bool) -> dict[Place, Item]:
        read = partial(self._table.get_many, consistent=consistent)
        if len(places) <= KEYS_PER_CALL:
            return read(places)
        with ThreadPoolExecutor(_PARTS) as pool:
            found: dict[Place, Item] = {}
            for part in pool.map(read, _parts(places)):
                found |= part
            return found

    def _remember(self, place: Place, seen: Seen) -> None:
        before = self._remembered.pop(place, None)
        self._size -= before.size if before else 0
        self._remembered[place] = seen
        self._size += seen.size
        while self._size > _REMEMBERED:
            _, oldest = self._remembered.popitem(last=False)
            self._size -= oldest.size


def _parts(places: Sequence[Place]) -> Iterable[Sequence[Place]]:
    return list(chunks(list(places), KEYS_PER_CALL))
