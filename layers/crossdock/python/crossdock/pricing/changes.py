"""What a change of a row means, from its old and new image on the table's stream: which rules and facts changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from crossdock.platform.dynamo import from_item
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.entries import from_entry
from crossdock.pricing.facts import CustomerFacts, customer_facts, item_facts
from crossdock.pricing.rules import Rule
from crossdock.pricing.sheet import Sheet
from crossdock.pricing.slots import Place, is_rule_row, path

Kind = Literal["item", "family", "party", "job", "customer"]
_KINDS: Mapping[str, Kind] = {"I": "item", "F": "family", "K": "party", "J": "job"}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one row.

    `subject` is the item, family ("*": all items), party, job or customer that the row is about, and `below` what the
    key says beyond it, for a row that a sheet gave away: {"segment": "gold"}. `before` and `after` hold those rules
    alone that changed, by name ("source:rule_id"): a rule that is new is in `after` only. A rule that moved to a row
    below is in that row's `after`, and in no `before`: its price is what it was, so computing it again changes nothing.

    `facts_before` and `facts_after` are those of the item or customer; None when there are none (yet).
    """

    kind: Kind
    subject: str
    below: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Rule] = field(default_factory=dict)
    after: Mapping[str, Rule] = field(default_factory=dict)
    facts_before: ItemFacts | CustomerFacts | None = None
    facts_after: ItemFacts | CustomerFacts | None = None
    version: int = 0
    correlation_ids: tuple[str, ...] = ()

    @property
    def facts_changed(self) -> bool:
        """Whether the item or customer is another than before."""
        return self.facts_before != self.facts_after

    @property
    def is_empty(self) -> bool:
        """Whether no rule and no fact changed: leftovers were tidied away, or a dimension was given away."""
        return not self.before and not self.after and not self.facts_changed


def changed(record: Mapping[str, Any]) -> Change | None:
    """What a stream record says of prices; None for a row that prices do not depend on (ledger, quotes, cells, …)."""
    stream = record["dynamodb"]
    key = from_item(stream["Keys"])
    place: Place = (key["pk"], key["sk"])
    old, new = (from_item(stream[image]) if image in stream else None for image in ("OldImage", "NewImage"))
    row = new or old or {}
    if place[0].startswith("C#") and place[1] == "PROFILE":
        customer = place[0].removeprefix("C#")
        was, now = (customer_facts(customer, image) if image else None for image in (old, new))
        return Change("customer", customer, facts_before=was, facts_after=now, version=row["ver"], **_causes(row))
    return _of_rules(place, old, new) if is_rule_row(place) else None


def _of_rules(place: Place, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Change:
    found, row = path(place), new or old or {}
    before, after = Sheet.read(place, old), Sheet.read(place, new)
    gone = {n: from_entry(n, t, place) for n, t in before.entries.items() if after.entries.get(n) != t}
    come = {n: from_entry(n, t, place) for n, t in after.entries.items() if before.entries.get(n) != t}
    moved = {n for n, rule in gone.items() if n not in come and after.below(rule) is not None}
    sheet_of_item = found.kind == "I" and not found.values
    was, now = (item_facts(found.subject, image) if image and sheet_of_item else None for image in (old, new))
    return Change(
        _KINDS[found.kind],
        found.subject,
        found.named(),
        {n: r for n, r in gone.items() if n not in moved},
        come,
        was,
        now,
        version=row["ver"],
        **_causes(row),
    )


def _causes(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"correlation_ids": tuple(row.get("cors", ()))}


def joined_items(records: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The items that came into a family, and what caused it: a change of the family may have passed them by."""
    found: dict[str, list[str]] = {}
    for record in records:
        keys = record["dynamodb"]["Keys"]
        if record["eventName"] == "INSERT" and keys["pk"]["S"].startswith("X#"):
            found.setdefault(keys["sk"]["S"], []).extend(from_item(record["dynamodb"]["NewImage"]).get("cors", ()))
    return found
