"""Keeping price rules: the ledger first, then the one row where the newest version of each rule stands.

The ledger (ledger.py) has every version for ever. The rows that quotes read (slots.py says which, placing.py writes
them) have the newest approved version of each rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum

from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Outcome, Table
from crossdock.pricing.ledger import Ledger, Target, Version
from crossdock.pricing.placing import Placing
from crossdock.pricing.rules import Rule
from crossdock.pricing.slots import target


class Kept(Enum):
    """What became of a rule version or of facts."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    """The version is there with other content."""
    OTHER_TARGET = "other_target"
    """The rule is about somebody or something else, and stays so for ever."""
    DRAFT = "draft"
    """It waits for its approval, since now."""
    WAITING = "waiting"
    """It came approved, but has been here as a draft: who may approve it here has to, or has rejected it."""


class Approved(Enum):
    """What became of an approval."""

    APPROVED = "approved"
    ALREADY = "already"
    """It was approved before; nothing changes, and an approval that was interrupted has been finished."""
    REJECTED = "rejected"
    NOT_FOUND = "not_found"
    SAME_PERSON = "same_person"
    """Who sent the draft may not approve it (four eyes)."""
    OTHER_TARGET = "other_target"
    """The rule has come to be about somebody or something else since the draft was made."""


class PricingStore:
    """Rule versions and the rows where the newest ones stand."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self.ledger = Ledger(table, clock)

    def keep(self, rules: Sequence[Rule], source: str, correlation_id: str, by: str | None = None) -> list[Kept]:
        """Keeps approved rule versions in the ledger and the newest of each rule in its row; outcomes in their order.

        A rule is about one target for ever (`slots.target`): a version about another would leave its price standing in
        the first one's row, so it is not kept. 2 WCU (3 for a new rule) and 0.5 RCU for each; the rules of one row
        share a write of it, 1 WCU a KB. 500 rules of 500 items are 45 round trips (85 when they and the items are new).

        The ledger goes first: after a crash in between, the redelivery finds the versions there and still writes the
        rows. A row takes only versions newer than those it holds, so versions that arrive in any order end in the
        newest one. Raises StoreUnavailableError when some could not be written: all of them may then be sent again.
        """
        offered = [stored(rule, source) for rule in rules]
        placing = Placing(self._table, self._clock)
        placing.look(offered)
        about = self._targets(offered, placing)
        ours = [r for r in offered if about[r.name] == target(r.scope)]
        judged = _judged(ours, self.ledger.put(ours, "approved", correlation_id, by))
        counting = (Kept.CURRENT, Kept.DUPLICATE)
        placing.put([r for r, kept in zip(ours, judged, strict=True) if kept in counting], correlation_id)
        found = iter(judged)
        outcomes: list[Kept] = []
        for rule in offered:
            kept = next(found) if about[rule.name] == target(rule.scope) else Kept.OTHER_TARGET
            stands = placing.standing(rule) if kept is Kept.CURRENT else None
            outcomes.append(Kept.SUPERSEDED if stands and stands.version != rule.version else kept)
        return outcomes

    def keep_draft(self, rules: Sequence[Rule], source: str, correlation_id: str, by: str | None) -> list[Kept]:
        """Keeps rule versions that wait for an approval: in the ledger and on the list of drafts, nowhere else.

        DRAFT or DUPLICATE, CONFLICT, OTHER_TARGET. 2 WCU and 1 RCU each. Raises StoreUnavailableError as `keep` does.
        """
        offered = [stored(rule, source) for rule in rules]
        about = self.ledger.known_targets({r.name for r in offered})
        ours = [r for r in offered if about.get(r.name, target(r.scope)) == target(r.scope)]
        outcomes = self.ledger.put(ours, "draft", correlation_id, by)
        judged = _judged(ours, outcomes)
        found = iter(judged)
        waiting = [r for r, kept in zip(ours, judged, strict=True) if kept in {Kept.CURRENT, Kept.WAITING}]
        self.ledger.list_drafts([r for r in waiting if not _decided(outcomes[r.name, r.version])], by)
        names = {Kept.CURRENT: Kept.DRAFT, Kept.WAITING: Kept.DUPLICATE}
        return [
            names.get(kept := next(found), kept)
            if about.get(r.name, target(r.scope)) == target(r.scope)
            else Kept.OTHER_TARGET
            for r in offered
        ]

    def drafts(self) -> list[Version]:
        """The versions that wait for an approval; an approval that was interrupted is finished by looking."""
        found = self.ledger.drafts()
        for version in found:
            if version.status == "approved":
                self._stand(version)
            elif version.status == "rejected":
                self.ledger.strike_draft(version.rule.name, version.rule.version)
        return [v for v in found if v.status == "draft"]

    def approve(
        self, name: str, version: int, by: str, reference: str | None = None, *, four_eyes: bool = False
    ) -> Approved:
        """Lets a draft count from now on; approving again changes nothing. 5 WCU and 2.5 RCU, 8 round trips.

        What the rule is about is written first, then that it is approved, then its row, and last it leaves the list of
        drafts: after a death in between, approving again or looking at the drafts goes on from there.
        """
        draft = self.ledger.get(name, version)
        if draft is None:
            return Approved.NOT_FOUND
        if draft.status == "draft":
            if four_eyes and draft.by == by:
                return Approved.SAME_PERSON
            if self.ledger.targets([draft.rule])[name] != target(draft.rule.scope):
                return Approved.OTHER_TARGET
            done = self.ledger.decide(name, version, "approved", by, reference).done
        else:
            done = False
        decided = self.ledger.get(name, version)
        if decided is None or decided.status == "rejected":
            return Approved.REJECTED
        self._stand(decided)
        return Approved.APPROVED if done else Approved.ALREADY

    def reject(self, name: str, version: int, by: str, reference: str | None = None) -> Approved:
        """Lets a draft never count: REJECTED, also when it was before; ALREADY when it has been approved. 2 WCU."""
        if self.ledger.get(name, version) is None:
            return Approved.NOT_FOUND
        outcome = self.ledger.decide(name, version, "rejected", by, reference)
        if not outcome.done and outcome.existing and outcome.existing["st"] == "approved":
            return Approved.ALREADY
        self.ledger.strike_draft(name, version)
        return Approved.REJECTED

    def _stand(self, approved: Version) -> None:
        rule = replace(approved.rule, recorded_at=None)
        placing = Placing(self._table, self._clock)
        placing.put([rule], approved.correlation_id)
        self.ledger.strike_draft(rule.name, rule.version)

    def _targets(self, rules: Sequence[Rule], placing: Placing) -> Mapping[str, Target]:
        """What each rule is about. One that stands in its row has had that written before: only others cost a write."""
        standing = {r.name: target(s.scope) for r in rules if (s := placing.standing(r))}
        return standing | self.ledger.targets([r for r in rules if r.name not in standing])


def stored(rule: Rule, source: str) -> Rule:
    """The rule as it is kept: whose it is stands in it; whether and since when it counts stands beside it."""
    return replace(rule, source=source, status="approved", recorded_at=None)


def _decided(outcome: Outcome) -> bool:
    return outcome.existing is not None and outcome.existing["st"] != "draft"


def _judged(rules: Sequence[Rule], outcomes: Mapping[tuple[str, int], Outcome]) -> list[Kept]:
    """CURRENT for now when a version is new; what comes again in the same event is judged by what came first."""
    new = {at for at, outcome in outcomes.items() if outcome.done}
    hashes = {(r.name, r.version): r.content_hash for r in reversed(rules)}  # the first of each was put
    judged: list[Kept] = []
    for rule in rules:
        at = (rule.name, rule.version)
        if at in new:
            new.remove(at)
            judged.append(Kept.CURRENT)
            continue
        existing = outcomes[at].existing
        if (existing["h"] if existing else hashes[at]) != rule.content_hash:
            judged.append(Kept.CONFLICT)
        else:
            judged.append(Kept.WAITING if existing and existing["st"] != "approved" else Kept.DUPLICATE)
    return judged
