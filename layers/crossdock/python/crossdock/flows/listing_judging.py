"""A list that is whole, judged: which accounts of ours it does not name, what is told again, what is raised.

It may be done again at any point: marks told twice are told once more, exceptions are known, what was seen counts once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from crossdock.contracts.refusals import Refusal
from crossdock.exchange.drift import Policy
from crossdock.exchange.listing_store import REFERENCE, ListingStore, Run, account_hash
from crossdock.flows import listing_refusals
from crossdock.flows.account_listings import Ports, row
from crossdock.flows.listing_refusals import Disagreement
from crossdock.identity.agreeing import Sighting, is_money, sighted, stands
from crossdock.identity.use_cases import CustomerUseCases
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.writes import Key

PAGES_AT_ONCE: Final = 40
_ITSELF: Final = "account"


@dataclass(frozen=True, slots=True)
class Judge:
    """A message: a list is to be judged, or its judging is to go on behind a key; `missing` were not named so far."""

    system: str
    listing: str
    correlation_id: str
    after: Key | None = None
    missing: int = 0

    def document(self) -> dict[str, Any]:
        """As it lies on the queue."""
        return {
            "v": 1,
            "kind": "judge-listing",
            "system": self.system,
            "listing": self.listing,
            "correlation_id": self.correlation_id,
            "after": list(self.after) if self.after else None,
            "missing": self.missing,
        }


def judge_of(message: Mapping[str, Any] | None) -> Judge | None:
    """The message, or None when it is another."""
    found = message or {}
    match found:
        case {"kind": "judge-listing", "system": str(system), "listing": str(listing), "correlation_id": str(cause)}:
            after, missing = found.get("after"), found.get("missing", 0)
            return Judge(system, listing, cause, (after[0], after[1]) if after else None, missing)
        case _:
            return None


@dataclass(slots=True)
class _Found:
    """What a list came to."""

    seen: dict[str, dict[str, Sighting]]
    lost: dict[str, list[str]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    whole: bool = True
    told: int = 0
    dangling: int = 0
    done: list[tuple[str, str]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "told_again": self.told,
            "raised": len(self.refusals),
            "dangling": self.dangling,
            "whole": int(self.whole),
        }

    def counts_for(self, thing: str) -> bool:
        """Whether what was seen of it is to be remembered: of a list that is not whole, not who is missing."""
        return self.whole or not thing.startswith(REFERENCE)


class Judging:
    """Judges lists that are whole."""

    def __init__(self, uses: CustomerUseCases, lists: ListingStore, ports: Ports, policy: Policy, clock: Clock) -> None:
        self._uses = uses
        self._lists = lists
        self._ports = ports
        self._policy = policy
        self._clock = clock

    def judge(self, message: Judge) -> Judge | dict[str, int] | None:
        """Goes on with it; gives back what to do next, or what it came to at last. None: it was judged before.

        All references of the system are read by going over the identity table, 128 RCU a megabyte: 8 KB a customer.
        """
        run = self._lists.run(message.system, message.listing)
        if run is None:
            return None
        last = self._lists.last(run.system)
        if last is not None and last["listing"] != run.listing and last["at"] >= run.at:
            self._lists.end(run)  # a later one was there before it
            return None
        missing = message.missing
        if missing <= self._policy.heal_cap:
            missing, after = self._look(run, message.after, missing)
            if after is not None and missing <= self._policy.heal_cap:
                return replace(message, after=after, missing=missing)
        found = self._come_to(run, message.correlation_id, whole=missing <= self._policy.heal_cap)
        if last is None or last["listing"] != run.listing:  # else whoever did it before has counted it
            self._lists.conclude(run, found.counts)
        self._remember(run, found)
        self._lists.end(run)
        return found.counts

    def _look(self, run: Run, after: Key | None, missing: int) -> tuple[int, Key | None]:
        """Looks for accounts of ours that the list does not name, until there are too many or it takes too long."""
        named, now = self._lists.named(run.system, run.listing), to_text(self._clock())
        for _ in range(PAGES_AT_ONCE):
            found, after = self._uses.store.references_of(run.system, after, now)
            for customer, account in found:
                if account_hash(account) not in named and not self._gone(customer, run.system, account):
                    missing += 1
                    if missing > self._policy.heal_cap:
                        return missing, after
                    self._miss(run, customer, account)
            if after is None:
                break
        return missing, after

    def _gone(self, customer: str, system: str, account: str) -> bool:
        """Whether the system said itself that it deleted the account."""
        return any(r.id == (system, account) and r.gone for r in self._uses.store.load(customer).records)

    def _miss(self, run: Run, customer: str, account: str) -> None:
        thing = REFERENCE + account
        before = self._lists.seen(run.system, thing).get(_ITSELF)
        now = Sighting(1, customer, run.listing, run.at)
        seen = sighted(Sighting(*before) if before else None, now, timedelta(0))
        self._lists.remember(run.system, thing, {_ITSELF: row(seen)})

    def _come_to(self, run: Run, correlation_id: str, *, whole: bool) -> _Found:
        kept = self._lists.all_seen(run.system)
        found = _Found({thing: {n: Sighting(*s) for n, s in seen.items()} for thing, seen in kept.items()}, whole=whole)
        for thing, seen in found.seen.items():
            for name, one in seen.items():
                if one.listing == run.listing and not one.done:
                    self._believe(run, thing, name, one, found, correlation_id)
        if not whole:
            cap = self._policy.heal_cap
            found.refusals.append(listing_refusals.many_dangling(run.system, run.listing, cap, correlation_id))
        found.told = self._tell(run, found, correlation_id)
        if found.refusals:
            self._ports.refuse(found.refusals)
        return found

    def _believe(self, run: Run, thing: str, name: str, one: Sighting, found: _Found, correlation_id: str) -> None:
        """What is to be done of one thing that was seen, if it was seen often enough."""
        if thing.startswith(REFERENCE):
            found.dangling += found.whole
            if found.whole and one.times >= self._policy.sightings:
                account = thing.removeprefix(REFERENCE)
                found.refusals.append(
                    listing_refusals.dangling(run.system, one.what, account, one.times, correlation_id)
                )
                found.done.append((thing, name))
            return
        customer, _, account = thing.partition("#")
        if is_money(name):
            kept = self._uses.store.load(customer)
            owner = self._uses.judging.matrix.rule(name).owner
            said = Disagreement(customer, account, name, one.value or "", stands(kept.customer, name), owner, one.what)
            channel = self._ports.channel_of(run.system)
            found.refusals.append(listing_refusals.credit_drift(run.system, channel, said, correlation_id))
            found.done.append((thing, name))
        elif one.times >= self._policy.sightings:
            found.lost.setdefault(thing, []).append(name)

    def _tell(self, run: Run, found: _Found, correlation_id: str) -> int:
        """Tells the system again what it lost, unless that is too much; of how many customers."""
        channel = self._ports.channel_of(run.system)
        if channel is None or not found.lost:
            return 0
        customers = {thing.partition("#")[0]: names for thing, names in found.lost.items()}
        if len(customers) > self._policy.heal_cap:
            found.refusals.append(listing_refusals.above_cap(run.system, channel, customers, correlation_id))
            return 0
        for customer in sorted(customers):
            self._ports.tell_again(run.system, customer, correlation_id)
        found.done += [(thing, name) for thing, names in found.lost.items() for name in names]
        return len(customers)

    def _remember(self, run: Run, found: _Found) -> None:
        """Notes what was done, and forgets what this list did not show any more."""
        now = to_text(self._clock())
        for thing, seen in found.seen.items():
            shown = found.counts_for(thing)
            after = {n: s for n, s in seen.items() if (s.listing == run.listing and shown) or s.at > run.at}
            after = {n: replace(s, done=now) if (thing, n) in found.done else s for n, s in after.items()}
            if after != seen:
                self._lists.remember(run.system, thing, {n: row(s) for n, s in after.items()})
