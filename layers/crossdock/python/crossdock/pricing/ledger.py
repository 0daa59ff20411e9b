"""Every version of every rule, immutable, off the quote path: what was known when, and who approved it.

R#<source:rule> / SLOT            t: what the rule is about, for ever                            1 WCU per rule
R#<source:rule> / V#nnnnnnnnnn    rule (its text), h (its content), rec (when it came), cor,     1 WCU a KB per version
                                  by (who sent it), st approved | draft | rejected,
                                  ap_by, ap_at, ap_ref (who approved or rejected it)
D#DRAFTS / <source:rule>#nnnnnnnnnn   a version that waits for its approval                      1 WCU

A version counts from the instant at which it was both here and approved: `rec` for one that came approved, `ap_at` for
one that was a draft. What its own document says of its approval by the source is kept with it and shown.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Item, Outcome, Table
from crossdock.platform.writes import Insert, Key, Update, When
from crossdock.pricing.instants import instant_text
from crossdock.pricing.rule_parts import Approval
from crossdock.pricing.rules import Rule
from crossdock.pricing.slots import target

Status = Literal["approved", "draft", "rejected"]
Target = Mapping[str, str]
_READERS: Final = 8
_DRAFTS: Final = "D#DRAFTS"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a rule as the ledger has it; instants are UTC texts with microseconds.

    `counts_from` is when it became known as a rule that counts; None for a draft and for one that was rejected.
    `approved_by`, `approved_at` and `reference` say who decided on a draft, when and why, either way.
    """

    rule: Rule
    status: Status
    recorded_at: str
    counts_from: str | None
    by: str | None
    approved_by: str | None
    approved_at: str | None
    reference: str | None
    correlation_id: str
    content_hash: str


class Ledger:
    """Rule versions and what each rule is about."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def targets(self, rules: Iterable[Rule]) -> dict[str, Target]:
        """What each rule, by name, is about: what the first version that came said, whichever that was.

        1 WCU for each, 25 to a round trip.
        """
        pins: dict[str, Insert] = {}
        for rule in rules:
            key = {"pk": _partition(rule.name), "sk": "SLOT"}
            pins.setdefault(rule.name, Insert({**key, "t": target(rule.scope)}))
        outcomes = self._table.write(list(pins.values()))
        return {
            name: (outcome.existing or pin.item)["t"]
            for (name, pin), outcome in zip(pins.items(), outcomes, strict=True)
        }

    def put(
        self, rules: Iterable[Rule], status: Status, correlation_id: str, by: str | None
    ) -> dict[tuple[str, int], Outcome]:
        """Puts each version once, 25 to a round trip; what stands there already comes back with the outcome.

        Of two contents of one version the first is put. 1 WCU a KB each, also when the version is there.
        """
        recorded_at = instant_text(self._clock())
        rows: dict[tuple[str, int], dict[str, Any]] = {}
        for rule in rules:
            pk, sk = version_key(rule.name, rule.version)
            kept = {"rule": rule.text(), "h": rule.content_hash, "rec": recorded_at, "cor": correlation_id}
            rows.setdefault((rule.name, rule.version), {"pk": pk, "sk": sk, **kept, "by": by, "st": status})
        outcomes = self._table.write([Insert(row) for row in rows.values()])
        return {
            at: outcome if outcome.done else replace(outcome, existing=outcome.existing or rows[at])
            for at, outcome in zip(rows, outcomes, strict=True)
        }

    def get(self, name: str, version: int) -> Version | None:
        """One version, or None. 1 RCU."""
        row = self._table.get(version_key(name, version), consistent=True)
        return None if row is None else _version(name, row)

    def versions(self, name: str) -> list[Version]:
        """All versions of a rule, the first one first. 1 RCU per 4 KB of them."""
        return [_version(name, row) for row in self._table.query(_partition(name), prefix="V#", consistent=True)]

    def decide(self, name: str, version: int, status: Status, by: str, reference: str | None) -> Outcome:
        """Approves or rejects a draft, once; otherwise the row that stands there comes back. 1 WCU."""
        put = {"st": status, "ap_by": by, "ap_at": instant_text(self._clock())}
        put |= {"ap_ref": reference} if reference else {}
        write = Update(version_key(name, version), put=put, when=(When("st", "=", "draft"),))
        return self._table.write([write])[0]

    def list_drafts(self, drafts: Iterable[Rule], by: str | None) -> None:
        """Puts versions on the list of those that wait. 1 WCU each, 25 to a round trip."""
        rows = {(r.name, r.version): {"pk": _DRAFTS, "sk": _draft(r.name, r.version), "by": by} for r in drafts}
        self._table.write([Insert(row) for row in rows.values()])

    def strike_draft(self, name: str, version: int) -> None:
        """Takes a version from the list of those that wait, if it stands there."""
        self._table.delete((_DRAFTS, _draft(name, version)))

    def drafts(self) -> list[Version]:
        """What the list names, in the order of the rules' names; some may have been decided on already."""
        keys = [_listed(row["sk"]) for row in self._table.query(_DRAFTS, consistent=True)]
        rows = self._table.get_many([version_key(*key) for key in keys], consistent=True)
        return [_version(key[0], rows[version_key(*key)]) for key in keys if version_key(*key) in rows]

    def known_targets(self, names: Iterable[str]) -> dict[str, Target]:
        """What each of these rules is about, as far as a version of it has counted. 1 RCU each, 100 to a round trip."""
        keys = {name: (_partition(name), "SLOT") for name in names}
        rows = self._table.get_many(keys.values(), consistent=True)
        return {name: rows[key]["t"] for name, key in keys.items() if key in rows}

    def as_known(self, current: Sequence[Rule], known_at: str) -> dict[str, Rule]:
        """Of each rule, by name, the latest version that counted at an instant; rules without one are left out.

        `current` are the versions that count now. Those that counted then already are found 100 to a round trip at
        0.5 RCU; of each of the others the versions are read, several at a time.
        """
        keys = {rule.name: version_key(rule.name, rule.version) for rule in current}
        rows = self._table.get_many(keys.values())
        found: dict[str, Rule] = {}
        others: list[str] = []
        for name, key in keys.items():
            newest = _version(name, rows[key]) if key in rows else None
            if newest and _counted(newest, known_at):
                found[name] = newest.rule
            else:
                others.append(name)
        with ThreadPoolExecutor(_READERS) as pool:
            for name, versions in zip(others, pool.map(self.versions, others), strict=True):
                counted = [v.rule for v in versions if _counted(v, known_at)]
                if counted:
                    found[name] = counted[-1]
        return found


def _counted(version: Version, known_at: str) -> bool:
    return version.counts_from is not None and version.counts_from <= known_at


def _version(name: str, row: Item) -> Version:
    approved = row["st"] == "approved"
    counts_from = row.get("ap_at", row["rec"]) if approved else None
    status = "approved" if approved else "draft"
    rule = replace(Rule.read(json.loads(row["rule"])), status=status, recorded_at=counts_from or row["rec"])
    if approved and "ap_by" in row:
        rule = replace(rule, approval=Approval(row["ap_by"], row["ap_at"], row.get("ap_ref")))
    if rule.name != name:
        raise ValueError(f"the ledger has {rule.name} under {name}")
    return Version(
        rule,
        row["st"],
        row["rec"],
        counts_from,
        row.get("by"),
        row.get("ap_by"),
        row.get("ap_at"),
        row.get("ap_ref"),
        row["cor"],
        row["h"],
    )


def version_key(name: str, version: int) -> Key:
    """The key of one version: versions of a rule sort as numbers do."""
    return _partition(name), f"V#{version:010d}"


def _draft(name: str, version: int) -> str:
    return f"{name}#{version:010d}"


def _listed(key: str) -> tuple[str, int]:
    name, _, version = key.rpartition("#")
    return name, int(version)


def _partition(name: str) -> str:
    return f"R#{name}"
