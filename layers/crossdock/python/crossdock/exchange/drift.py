"""Drift between what a channel acknowledged and what it holds, or what it should hold, as values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.contracts.refusals import content_id

DRIFTS_LISTED = 1000
"""Drifts a report lists: an invocation that answers more than 6 MB counts as failed, and is run again."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When drift is believed: rows at rest for `settle_seconds`, seen in `sightings` runs running, `heal_cap` a run."""

    settle_seconds: int
    sightings: int
    heal_cap: int


@dataclass(frozen=True, slots=True)
class Found:
    """One item that differs, in one run.

    `why`: "held" (the channel holds something else than it acknowledged), "told" (it was not told what is true) or
    "unknown" (it holds an item of which nothing is known here). Values are canonical texts; `version` is the one the
    channel holds it under.
    """

    key: str
    why: str
    acknowledged: str | None
    other: str | None
    version: int = 0

    @property
    def differs(self) -> tuple[str, ...]:
        """In which of its fields both values differ, by name: what may be shown of a person's data."""
        return tuple(sorted(_differing(_fields(self.acknowledged), _fields(self.other))))

    @property
    def fingerprint(self) -> str:
        """What must be the same in two runs running: 96 bits, so that those of a whole run fit into one row."""
        return content_id([self.why, self.acknowledged, self.other])


def _fields(text: str | None) -> dict[str, Any]:
    """A value's fields, those of an object within it by both names (`attributes.terms`)."""
    found: dict[str, Any] = {}
    for name, value in (json.loads(text) if text else {}).items():
        found |= {f"{name}.{inner}": one for inner, one in value.items()} if isinstance(value, dict) else {name: value}
    return found


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {name for name in {*one, *other} if (name in one, one.get(name)) != (name in other, other.get(name))}


@dataclass(frozen=True, slots=True)
class Drift:
    """What was found of an item, how often running, and what was done: "seen", "healed" or "raised"."""

    found: Found
    seen: int
    action: str

    def document(self, *, named: bool = False) -> dict[str, Any]:
        """For people and programs; `named`: only which fields differ, not the values."""
        found = self.found
        values: dict[str, Any] = {"acknowledged": found.acknowledged, "other": found.other}
        return {
            "key": found.key,
            "why": found.why,
            **({"differs": list(found.differs)} if named else values),
            "version": found.version,
            "seen": self.seen,
            "action": self.action,
        }


@dataclass(slots=True)
class KindReport:
    """What one run compared, found and did for one kind of value of a channel.

    `leaves_compared` is 0 for a channel that was not asked; `no_digest` says why one that was asked gave no answer.
    `looked_at` counts the items that were compared with what is true, `compared` those and all that were held against
    what the channel says it holds, of leaves that differ.
    """

    kind: str
    leaves_compared: int = 0
    leaves_differing: int = 0
    leaves_left: int = 0
    settling: int = 0
    looked_at: int = 0
    compared: int = 0
    no_digest: str | None = None
    drifts: list[Drift] = field(default_factory=list)

    def count(self, action: str) -> int:
        return sum(d.action == action for d in self.drifts)

    def document(self) -> Mapping[str, Any]:
        """The report for people and programs: every drift counted, the first 1,000 listed."""
        return {
            "kind": self.kind,
            "leaves_compared": self.leaves_compared,
            "leaves_differing": self.leaves_differing,
            "leaves_left": self.leaves_left,
            "settling": self.settling,
            "looked_at": self.looked_at,
            "no_digest": self.no_digest,
            "drifted": len(self.drifts),
            "healed": self.count("healed"),
            "raised": self.count("raised"),
            "drifts": [d.document(named=self.kind == "customer") for d in self.drifts[:DRIFTS_LISTED]],
        }
