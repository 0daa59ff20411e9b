"""Cross-references said plainly: an id belongs to the thing it was given to, and a thing may be merged into another.

Nothing moves here. Whose an id is now follows from where its owner was merged to; so taking a merge back is forgetting
it, whatever came in between. Every row of the real table is derived from that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from crossdock.platform.clock import to_text

if TYPE_CHECKING:
    from datetime import datetime

    from crossdock.contracts.xrefs import CrossReference, ExternalId


@dataclass
class Model:
    """`given` are the ids by the thing they were given to; `merged` says what into what, and whose ids came with it."""

    given: dict[ExternalId, CrossReference] = field(default_factory=dict)
    things: list[str] = field(default_factory=list)
    merged: dict[str, tuple[str, list[str], dict[str, Any]]] = field(default_factory=dict)

    def root(self, thing: str) -> str:
        while thing in self.merged:
            thing = self.merged[thing][0]
        return thing

    def ids_of(self, thing: str) -> list[ExternalId]:
        """The ids that mean a thing now."""
        return [i for i, r in self.given.items() if self.root(r.canonical) == thing]

    def meanings(self, ids: list[ExternalId]) -> set[str]:
        return {self.root(self.given[i].canonical) for i in ids if i in self.given}

    def give(self, reference: CrossReference) -> None:
        if reference.id in self.given:
            old = self.given[reference.id]
            self.given[reference.id] = replace(reference, canonical=old.canonical)
        else:
            self.given[reference.id] = reference
        if reference.canonical not in self.things:
            self.things.append(reference.canonical)

    def end(self, external: ExternalId, at: datetime) -> None:
        self.given[external] = replace(self.given[external], valid_to=at)

    def merge(self, loser: str, winner: str, said: dict[str, Any]) -> None:
        homes = sorted({loser, *(self.given[i].canonical for i in self.ids_of(loser))})
        self.merged[loser] = winner, homes, said

    def in_force(self, at: datetime) -> dict[ExternalId, str]:
        return {
            i: self.root(r.canonical)
            for i, r in self.given.items()
            if (r.valid_from is None or r.valid_from <= at) and (r.valid_to is None or at < r.valid_to)
        }

    def rows(self, kind: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Everything that is stored."""
        found = []
        for (system, external), reference in self.given.items():
            now = self.root(reference.canonical)
            more = {
                "role": reference.role,
                "from": to_text(reference.valid_from) if reference.valid_from else None,
                "to": to_text(reference.valid_to) if reference.valid_to else None,
                "home": reference.canonical if reference.canonical != now else None,
            }
            more = {n: v for n, v in more.items() if v is not None}
            found.append({"pk": f"X#{kind}#{system}#{external}", "sk": "ID", "cid": now, **more})
            found.append({"pk": f"C#{kind}#{now}", "sk": f"SYS#{system}#{external}", **more})
        for thing in self.things:
            guard: dict[str, Any] = {"pk": f"C#{kind}#{thing}", "sk": "REFS", "n": len(self.ids_of(thing))}
            if thing in self.merged:
                into, homes, said = self.merged[thing]
                guard["into"] = into
                found.append({"pk": f"C#{kind}#{into}", "sk": f"MERGE#{thing}", "homes": homes, **said})
            found.append(guard)
        return {(r["pk"], r["sk"]): r for r in found}
