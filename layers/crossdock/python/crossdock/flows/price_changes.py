"""Price rules that people hand in: judged first, kept as drafts or in force, and approved by somebody else.

Events of an ERP go another way (`crossdock.pricing.applying`) into the same store: what they say is in force there, and
what cannot be taken becomes an exception. Here somebody waits for the answer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from crossdock.contracts.price_form import normalised
from crossdock.contracts.prices import PriceRule
from crossdock.platform.clock import Clock
from crossdock.pricing.errors import StatementError
from crossdock.pricing.foreseeing import Foreseeing
from crossdock.pricing.instants import instant_text
from crossdock.pricing.judging import Verdict, Would, invalid, judge, unknown_item
from crossdock.pricing.ledger import Version
from crossdock.pricing.rule_parts import Approval
from crossdock.pricing.rules import Rule
from crossdock.pricing.slots import target
from crossdock.pricing.store import Approved, Kept, PricingStore

ResolveItems = Callable[[Iterable[tuple[str, str]]], Mapping[tuple[str, str], str]]
"""Our items by (system, code)."""

At = tuple[str, int]
"""A rule's name ("source:rule_id") and a version of it."""


class UnapprovableError(Exception):
    """Versions that cannot be approved, each with (problem, remedy)."""

    def __init__(self, versions: Mapping[At, tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}@{version} {why[0]}" for (name, version), why in versions.items()))
        self.versions = dict(versions)


@dataclass(frozen=True, slots=True)
class Offer:
    """One rule that was handed in: as it would be kept, or why it cannot be; and what would become of it."""

    rule: Rule | None
    verdict: Verdict


class PriceChanges:
    """What people may do with price rules."""

    def __init__(
        self, store: PricingStore, foreseeing: Foreseeing, resolve: ResolveItems, clock: Clock, time_zone: str
    ) -> None:
        self._store = store
        self._foreseeing = foreseeing
        self._resolve = resolve
        self._clock = clock
        self._time_zone = time_zone

    def preview(self, source: str, rules: Sequence[PriceRule]) -> list[Offer]:
        """What would become of each rule, in their order; changes nothing. See `Foreseeing.known` for what it reads."""
        codes = {(source, code) for r in rules if (code := r.named_item) is not None}
        skus = self._resolve(codes)
        offers = [self._read(source, rule, skus) for rule in rules]
        readable = [o.rule for o in offers if o.rule is not None]
        known = iter(self._foreseeing.known(readable))
        return [
            o if o.rule is None
            else Offer(o.rule, judge(o.rule.version, target(o.rule.scope), o.rule.content_hash, next(known)))
            for o in offers
        ]  # fmt: skip

    def _read(self, source: str, rule: PriceRule, skus: Mapping[tuple[str, str], str]) -> Offer:
        code = rule.named_item
        if code is not None and (source, code) not in skus:
            return Offer(None, unknown_item(source, code))
        try:
            form = normalised(rule, self._time_zone)
            if code is not None:
                form["scope"] = {**form["scope"], "item": skus[source, code]}
            return Offer(Rule.read(form, source), Verdict(Would.NEW))
        except StatementError as exc:
            return Offer(None, invalid((exc.field,), exc.problem, exc.remedy))
        except ValueError as exc:  # pydantic's: a window of dates that turns out empty in the distributor's time zone
            return Offer(None, invalid(("valid_to",), str(exc).splitlines()[-1].strip(), "correct the window"))

    def keep(self, offers: Sequence[Offer], source: str, by: str, correlation_id: str) -> list[Verdict]:
        """Keeps those of the offers that can be, drafts as drafts; the others' verdicts stay as they are.

        A version that came from elsewhere since it was judged may be refused now. Raises StoreUnavailableError: then
        all of it may be handed in again.
        """
        taken = [o.rule for o in offers if o.rule is not None and not o.verdict.would.refused]
        drafts = [r for r in taken if r.status == "draft"]
        now = instant_text(self._clock())
        ready = [
            r if r.approval is not None else replace(r, approval=Approval(by, now))
            for r in taken
            if r.status != "draft"
        ]
        kept = self._store.keep_draft(drafts, source, correlation_id, by=by)
        become = {(r.name, r.version): k for r, k in zip(drafts, kept, strict=True)}
        kept = self._store.keep(ready, source, correlation_id, by=by)
        become |= {(r.name, r.version): k for r, k in zip(ready, kept, strict=True)}
        return [
            o.verdict if o.rule is None or o.verdict.would.refused
            else _after(o.verdict, o.rule, become[o.rule.name, o.rule.version])
            for o in offers
        ]  # fmt: skip

    def approve(self, versions: Sequence[At], by: str, reference: str | None, *, four_eyes: bool) -> list[Version]:
        """Puts drafts in force; those that are already stay as they are. The versions as they are kept then.

        Raises UnapprovableError, and has changed nothing then, unless somebody else decided in the same moment.
        """
        found = self._found(versions)
        wrong = {at: why for at in versions if (why := _unapprovable(found.get(at), by, four_eyes=four_eyes))}
        if wrong:
            raise UnapprovableError(wrong)
        for name, version in versions:  # those that are in force already too: a death may have come in between
            done = self._store.approve(name, version, by, reference, four_eyes=four_eyes)
            if done in _UNAPPROVABLE:
                wrong[name, version] = _UNAPPROVABLE[done]
        if wrong:
            raise UnapprovableError(wrong)
        found = self._found(versions)
        return [found[at] for at in versions]

    def reject(self, versions: Sequence[At], by: str, reference: str | None) -> list[Version]:
        """Lets drafts never count. Raises UnapprovableError for those that there are none of, or that were approved."""
        wrong: dict[At, tuple[str, str]] = {}
        for name, version in versions:
            match self._store.reject(name, version, by, reference):
                case Approved.NOT_FOUND:
                    wrong[name, version] = _UNAPPROVABLE[Approved.NOT_FOUND]
                case Approved.ALREADY:
                    wrong[name, version] = ("was approved", "send a new version, withdrawn, to end it")
        if wrong:
            raise UnapprovableError(wrong)
        found = self._found(versions)
        return [found[at] for at in versions]

    def _found(self, versions: Sequence[At]) -> dict[At, Version]:
        read = {at: self._store.ledger.get(*at) for at in versions}
        return {at: version for at, version in read.items() if version is not None}


_UNAPPROVABLE = {
    Approved.NOT_FOUND: ("is not kept", "send it first, or correct rule_id and version"),
    Approved.SAME_PERSON: (
        "was written by whoever approves it",
        "let somebody else approve it: four eyes are asked for",
    ),
    Approved.OTHER_TARGET: ("is about something else than the rule is", "send it under a rule_id of its own"),
    Approved.REJECTED: ("was rejected", "send it again as a new version"),
}


def _unapprovable(version: Version | None, by: str, *, four_eyes: bool) -> tuple[str, str] | None:
    if version is None:
        return _UNAPPROVABLE[Approved.NOT_FOUND]
    if version.status == "rejected":
        return _UNAPPROVABLE[Approved.REJECTED]
    if four_eyes and version.status == "draft" and version.by == by:
        return _UNAPPROVABLE[Approved.SAME_PERSON]
    return None


_REFUSED = {Kept.CONFLICT: Would.CONFLICT, Kept.OTHER_TARGET: Would.OTHER_TARGET}


def _after(verdict: Verdict, rule: Rule, kept: Kept) -> Verdict:
    """What became of a rule that was judged before it was kept: another may have come between."""
    if kept in _REFUSED:
        problem = f"version {rule.version} of {rule.rule_id} came from elsewhere meanwhile, with other content"
        return Verdict(
            _REFUSED[kept], verdict.newest, ("version",), problem, "look at the rule, and send a new version"
        )
    if kept is Kept.SUPERSEDED:
        return replace(verdict, would=Would.SUPERSEDED)
    if verdict.would is Would.WAITING:
        return verdict  # it is the draft that it was
    same = {Kept.DUPLICATE: Would.DUPLICATE, Kept.WAITING: Would.WAITING}
    return replace(verdict, would=same[kept]) if kept in same else verdict
