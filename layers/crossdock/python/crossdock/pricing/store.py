"""The pricing table: the only place in this domain that knows DynamoDB.

R#rule / ITEM           the one item the rule is about              1 WCU per new rule,       1/25 round trip
R#rule / V#version      every version of every rule, immutable      1 WCU per version,        1/25 round trip
I#sku / SHEET           the current version of each of its rules    1 WCU a KB per event,     1/25 + 1/100 round trip
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Item, Statement, Table, from_attribute
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Key
from crossdock.pricing.base_rules import Rule
from crossdock.pricing.sheet import Sheet, rule_name

# Of several workers that write one sheet at once, one gets through in each round: this many may meet.
_ROUNDS = 10


class Kept(Enum):
    """What became of a rule version."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    OTHER_ITEM = "other_item"


class PricingStore:
    """Rule versions and item sheets."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def keep(self, rules: Sequence[Rule], source: str, correlation_id: str) -> list[Kept]:
        """Keeps rule versions in the ledger and the newest of each rule on its item's sheet; outcomes in their order.

        A rule is about one item for ever: a version for another item would leave its price standing on the first one's
        sheet, so it is not kept. 2 WCU (3 for a new rule) and 0.5 RCU for each; the rules of one item share a write
        of its sheet. 500 rules of 500 items are 45 round trips (65 when they are new).

        The ledger goes first: after a crash in between, the redelivery finds the versions there and still writes the
        sheets. A sheet takes only versions newer than those it holds, so versions that arrive in any order end in the
        newest one. Raises StoreUnavailableError when some could not be written: all of them may then be sent again.
        """
        sheets = self._sheets({r.sku for r in rules}, consistent=False)
        items = self._items(rules, source, sheets)
        ours = [r for r in rules if items[r.rule_id] == r.sku]
        judged = self._put_in_ledger(ours, source, correlation_id)
        standing = [r for r, kept in zip(ours, judged, strict=True) if kept is not Kept.CONFLICT]
        sheets |= self._put_on_sheets(standing, source, correlation_id, sheets)
        found = iter(judged)
        outcomes: list[Kept] = []
        for rule in rules:
            kept = next(found) if items[rule.rule_id] == rule.sku else Kept.OTHER_ITEM
            overtaken = sheets[rule.sku].version_of(rule_name(source, rule.rule_id)) != rule.version
            outcomes.append(Kept.SUPERSEDED if kept is Kept.CURRENT and overtaken else kept)
        return outcomes

    def _items(self, rules: Sequence[Rule], source: str, sheets: Mapping[str, Sheet]) -> dict[str, str]:
        """The item each rule is about: that of the first version that came, whichever that was.

        A rule that stands on its item's sheet has had its item written before, so only the others cost a write.
        """
        items = {r.rule_id: r.sku for r in rules if rule_name(source, r.rule_id) in sheets[r.sku].entries}
        pins: dict[str, dict[str, Any]] = {}
        for rule in rules:
            if rule.rule_id not in items:
                pins.setdefault(rule.rule_id, {"pk": _partition(source, rule), "sk": "ITEM", "sku": rule.sku})
        outcomes = self._table.run([self._table.insert(pin) for pin in pins.values()])
        for (rule_id, pin), outcome in zip(pins.items(), outcomes, strict=True):
            items[rule_id] = str((outcome.existing or pin)["sku"])
        return items

    def _put_in_ledger(self, rules: Sequence[Rule], source: str, correlation_id: str) -> list[Kept]:
        """Keeps each version once: CURRENT for now when it is new, DUPLICATE, or CONFLICT with other content."""
        recorded_at = to_text(self._clock())
        rows: dict[Key, dict[str, Any]] = {}
        for rule in rules:
            pk, sk = key = _version_key(source, rule)
            if key not in rows:
                content = {"rule": rule.text(), "h": rule.content_hash}
                rows[key] = {"pk": pk, "sk": sk, **content, "rec": recorded_at, "cor": correlation_id}
        outcomes = dict(zip(rows, self._table.run([self._table.insert(r) for r in rows.values()]), strict=True))
        new = {key for key, outcome in outcomes.items() if outcome.done}
        judged: list[Kept] = []
        for rule in rules:
            key = _version_key(source, rule)
            if key in new:
                new.remove(key)  # what comes again in the same event is judged by what came first
                judged.append(Kept.CURRENT)
                continue
            same = (outcomes[key].existing or rows[key])["h"] == rule.content_hash
            judged.append(Kept.DUPLICATE if same else Kept.CONFLICT)
        return judged

    def _put_on_sheets(
        self, rules: Sequence[Rule], source: str, correlation_id: str, known: Mapping[str, Sheet]
    ) -> dict[str, Sheet]:
        """The sheets of the rules' items as they are afterwards.

        One write for a sheet, whole, under the condition that it is still the one that was read: so nothing that
        another worker has put there is lost, and what stands there is newer than what it took the place of.
        """
        offered: dict[str, dict[str, Rule]] = {}
        for rule in sorted(rules, key=lambda r: r.version):  # the newest of a rule comes last and stays
            offered.setdefault(rule.sku, {})[rule_name(source, rule.rule_id)] = rule
        sheets = {sku: known[sku] for sku in offered}
        waiting = list(offered)
        for _ in range(_ROUNDS):
            changed = [new for sku in waiting if (new := sheets[sku].taking(offered[sku]))]
            outcomes = self._table.run([self._write(new, correlation_id) for new in changed])
            waiting = []
            for new, outcome in zip(changed, outcomes, strict=True):
                sheets[new.sku] = new if outcome.done else _sheet(new.sku, outcome.existing)
                waiting += [] if outcome.done else [new.sku]
            if not waiting:
                return sheets
        raise StoreUnavailableError(f"{len(waiting)} price sheets kept changing while they were written")

    def _write(self, sheet: Sheet, correlation_id: str) -> Statement:
        before, causes = sheet.version - 1, [correlation_id]
        pk, sk = key = _key(sheet.sku)
        if not before:
            new = {"pk": pk, "sk": sk, "rules": dict(sheet.entries), "ver": sheet.version, "cors": causes}
            return self._table.insert(new)
        changes = [('"rules" = ?', dict(sheet.entries)), ("ver = ?", sheet.version), ("cors = ?", causes)]
        return self._table.update(key, changes, [("ver = ?", before)])

    def _sheets(self, skus: Iterable[str], *, consistent: bool) -> dict[str, Sheet]:
        """The sheet of each item, 100 to a round trip."""
        keys = {sku: _key(sku) for sku in skus}
        rows = self._table.get_many(keys.values(), consistent=consistent)
        return {sku: _sheet(sku, rows.get(key)) for sku, key in keys.items()}

    def rules(self, skus: Iterable[str]) -> dict[str, list[Rule]]:
        """The current rules of each item that has a sheet, read consistently, 100 items to a round trip."""
        return {sku: s.rules() for sku, s in self._sheets(skus, consistent=True).items() if s.version}


def _key(sku: str) -> Key:
    return f"I#{sku}", "SHEET"


def _sheet(sku: str, row: Item | None) -> Sheet:
    return Sheet(sku, row["ver"], row["rules"]) if row else Sheet(sku, 0, {})


def _version_key(source: str, rule: Rule) -> Key:
    return _partition(source, rule), f"V#{rule.version:010d}"


def _partition(source: str, rule: Rule) -> str:
    return f"R#{rule_name(source, rule.rule_id)}"


def changed_sheet(stream_record: Mapping[str, Any]) -> tuple[str, list[str]]:
    """(sku, correlation ids) of an item sheet as the table's stream delivers it."""
    image = stream_record["dynamodb"]["NewImage"]
    return image["pk"]["S"].removeprefix("I#"), from_attribute(image["cors"]) if "cors" in image else []
