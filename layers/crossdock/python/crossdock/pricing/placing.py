"""Puts rules into the rows where they stand: each row by one write, whole, if it is still the one that was read.

So nothing that another worker has put there is lost, and what stands there is newer than what it took the place of.
Rows below a row are written before the row that gives them away (see sheet.py); after a death in between, the same
work finds them written and goes on.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Insert, Update, When, Write
from crossdock.pricing.facts import membership
from crossdock.pricing.rules import Rule
from crossdock.pricing.sheet import Sheet, taking
from crossdock.pricing.slots import ALL_ITEMS, Place, home

# Of several workers that write one row at once, one gets through in each round: this many may meet.
_ROUNDS = 10


class Placing:
    """One piece of work on rule rows; it remembers each row as it last saw it."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._sheets: dict[Place, Sheet] = {}

    def look(self, rules: Iterable[Rule]) -> None:
        """Reads the rows where the rules belong, 100 to a round trip and once more for each step down; 0.5 RCU each."""
        wanted = {home(r.scope) for r in rules}
        while wanted:
            self._load(wanted)
            wanted = {p for r in rules if (p := self._place(r)) not in self._sheets}

    def standing(self, rule: Rule) -> Rule | None:
        """The version that stands where this rule belongs, as far as that has been looked at."""
        sheet = self._sheets.get(self._place(rule))
        return sheet.rule(rule.name) if sheet else None

    def put(self, rules: Iterable[Rule], correlation_id: str) -> None:
        """Puts each rule where it belongs, unless what stands there is newer; see the module for why this is safe.

        Raises StoreUnavailableError when others kept changing the same rows: all may then be put again.
        """
        offered: dict[Place, dict[str, Rule]] = {}
        for rule in sorted(rules, key=lambda r: r.version):  # the newest of a rule comes last and stays
            offered.setdefault(home(rule.scope), {})[rule.name] = rule
        self._settle(offered, correlation_id)

    def _place(self, rule: Rule) -> Place:
        place = home(rule.scope)
        while (sheet := self._sheets.get(place)) and (below := sheet.below(rule)):
            place = below
        return place

    def _load(self, places: Iterable[Place]) -> None:
        missing = [p for p in places if p not in self._sheets]
        rows = self._table.get_many(missing)
        self._sheets |= {p: Sheet.read(p, rows.get(p)) for p in missing}

    def _settle(self, offered: Mapping[Place, Mapping[str, Rule]], correlation_id: str) -> None:
        waiting = dict(offered)
        for _ in range(_ROUNDS):
            self._load(waiting)
            steps = {p: taking(self._sheets[p], rules, self._clock()) for p, rules in waiting.items()}
            below: dict[Place, dict[str, Rule]] = {}
            for step in steps.values():
                for place, rules in step.below.items():
                    below.setdefault(place, {}).update(rules)
            if below:
                self._settle(below, correlation_id)
            refused = self._write([s.sheet for s in steps.values() if s.sheet], correlation_id)
            waiting = {p: offered[p] for p in refused}
            if not waiting:
                return
        raise StoreUnavailableError(f"{len(waiting)} price sheets kept changing while they were written")

    def _write(self, sheets: list[Sheet], correlation_id: str) -> list[Place]:
        """Writes the rows, 25 to a round trip; gives back those that have changed meanwhile."""
        new = [s.place[0].removeprefix("I#") for s in sheets if s.version == 1 and s.place[0].startswith("I#")]
        self._table.write([_known_item(sku, correlation_id) for sku in dict.fromkeys(new)])
        outcomes = self._table.write([_row(s, correlation_id) for s in sheets])
        for sheet, outcome in zip(sheets, outcomes, strict=True):
            self._sheets[sheet.place] = sheet if outcome.done else Sheet.read(sheet.place, outcome.existing)
        return [s.place for s, outcome in zip(sheets, outcomes, strict=True) if not outcome.done]


def _known_item(sku: str, correlation_id: str) -> Insert:
    pk, sk = membership(ALL_ITEMS, sku)
    return Insert({"pk": pk, "sk": sk, "iver": 0, "cors": [correlation_id]})


def _row(sheet: Sheet, correlation_id: str) -> Write:
    pk, sk = sheet.place
    put: dict[str, Any] = {"rules": dict(sheet.entries), "ver": sheet.version, "cors": [correlation_id]}
    if sheet.given:
        put |= {"sp": sheet.given, "spt": sheet.since}
    if sheet.version == 1:
        return Insert({"pk": pk, "sk": sk, **put})
    return Update((pk, sk), put=put, when=(When("ver", "=", sheet.version - 1),))
