"""A customer as partners are shown it: what is believed, who said so, what it is called elsewhere."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.contracts.customer_attributes import named
from crossdock.flows.customer_access import Sight, Visible
from crossdock.identity.customer_rows import KIND
from crossdock.identity.customer_store import Kept
from crossdock.identity.customers import Customer, Judging
from crossdock.identity.golden import Golden, choices
from crossdock.identity.xrefs import CrossReferences

_MANY = (("contact/", "contacts"), ("ship_to/", "ship_tos"))


def etag(version: int) -> str:
    """The version as HTTP names it."""
    return f'"{version}"'


def summary(customer: Customer, sight: Sight, *, parent_seen: bool = False) -> dict[str, Any]:
    """A customer without contacts and ship-tos. Whose customer stands above it is told only who may know that one."""
    return {
        "id": customer.id,
        "version": customer.version,
        "state": customer.state,
        **({"into": customer.into} if customer.into is not None else {}),
        "problems": [{"attribute": p.attribute, "problem": p.problem, "remedy": p.remedy} for p in customer.problems],
        "attributes": {
            name: golden.value
            for name, golden in customer.attributes.items()
            if golden.value is not None and (parent_seen or shows(name, golden.system, sight))
        },
        "created_at": customer.created_at,
        "changed_at": customer.changed_at,
    }


def shows(attribute: str, system: str, sight: Sight) -> bool:
    """Whether a value that a system said may be shown to who may see the customer: it may name another one."""
    return named(attribute).base != "parent" or sight.hears(system)


@dataclass(frozen=True, slots=True)
class CustomerViews:
    """Shows customers to one partner."""

    xrefs: CrossReferences
    judging: Judging
    visible: Visible

    def whole(self, kept: Kept, *, explain: bool = False) -> dict[str, Any]:
        """The golden record: a read more for a parent, and one for those that may be the same, where there are any."""
        customer, sight = kept.customer, self.visible.sight
        parent = self._parent(customer)
        document = summary(customer, sight, parent_seen=parent is not None)
        for prefix, plural in _MANY:
            document[plural] = {
                name.removeprefix(prefix): golden.value
                for name, golden in customer.many.items()
                if name.startswith(prefix)
            }
        document["ids"] = [
            {"system": r.system, "id": r.external, **({"role": r.role} if r.role else {})}
            for r in sorted(kept.ids.references, key=lambda r: r.id)
        ]
        if parent is not None:
            document["parent"] = parent
        suspects = [s.other for s in kept.suspects.values() if s.state == "open"]
        document["possible_duplicates"] = sorted(self.visible.among(suspects)) if suspects else []
        if explain:
            shown = {**document["attributes"], **customer.many}
            document["explanations"] = self._explanations(kept, shown)
        return document

    def _parent(self, customer: Customer) -> str | None:
        """The customer above, by our id, if it is known and the partner may see it."""
        golden = customer.attributes.get("parent")
        if golden is None or not isinstance(golden.value, str):
            return None
        known = self.xrefs.references(KIND, [(golden.system, golden.value)])
        found = [r.canonical for r in known.values()]
        return next(iter(self.visible.among(found)), None)

    def _explanations(self, kept: Kept, shown: Mapping[str, Any]) -> dict[str, Any]:
        judging = self.judging
        chosen = choices(judging.matrix, kept.records, judging.enrichments)
        return {
            name: _explained(golden, chosen[name].why if name in chosen else "as it was judged last")
            for name, golden in kept.customer.everything.items()
            if name in shown
        }


def _explained(golden: Golden, why: str) -> dict[str, Any]:
    return {
        "system": golden.system,
        "id": golden.external,
        "version": golden.version,
        "at": golden.at,
        "why": why,
    }


def history_changes(rows: Sequence[Mapping[str, Any]], attribute: str | None, sight: Sight) -> list[dict[str, Any]]:
    """What rows of a customer's history say of one attribute, or of all, oldest first."""
    return [
        change
        for row in rows
        for name, said in sorted(row["ch"].items())
        if attribute in {None, name} and (change := _change(row, name, said, sight)) is not None
    ]


def _change(row: Mapping[str, Any], name: str, said: Mapping[str, Any], sight: Sight) -> dict[str, Any] | None:
    change = {"version": int(row["sk"]), "at": row["at"], "attribute": name, "caused_by": row["by"]}
    if said["c"] == "gone":
        return {**change, "removed": True}
    if not shows(name, said["s"], sight):
        return None
    whose = {"system": said["s"], "id": said["x"], "why": said["w"]}
    if "v" not in said:
        return {**change, "erased": True, **whose}
    return {**change, "value": json.loads(said["v"]), **whose}
