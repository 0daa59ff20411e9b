"""What would become of messages if they were applied now, found out without writing anything.

Movements are put through the very rules that apply them, with a journal that only looks. Of other facts the version
gate says what can be said beforehand.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from crossdock.config import BusinessConfig
from crossdock.contracts.refusals import Refusal
from crossdock.exceptions.replaying import Outlook
from crossdock.inventory.applying import FindItems, FindProfiles, MovementApplier, Rules
from crossdock.inventory.journal import Journaled, JournalEntry
from crossdock.inventory.messages import ROUTE, Envelope, read_envelope
from crossdock.platform.clock import Clock
from crossdock.quantities import to_json

KNOWN_ALREADY: Final = "is stored already: changes nothing"
APPLIED: Final = "would be applied"
AGAIN: Final = "would be refused again"


class Looking(Protocol):
    """A journal that can be asked what it would answer."""

    def foresee(self, entries: Sequence[JournalEntry]) -> list[Journaled]:
        """What keeping these entries would come to, in their order; nothing is kept."""
        ...


@dataclass(slots=True)
class _Glimpse:
    """Stands in for the journal: what each message would come to, by the number it bears as its correlation id."""

    journal_store: Looking
    found: dict[int, list[Outlook]] = field(default_factory=dict)

    def journal(self, entries: Sequence[JournalEntry]) -> list[Journaled]:
        outcomes = self.journal_store.foresee(entries)
        for entry, outcome in zip(entries, outcomes, strict=True):
            if outcome is Journaled.APPLIED:
                change = {} if not entry.quantity else {(entry.sku, entry.warehouse): entry.quantity}
                self._note(entry.correlation_id, Outlook(APPLIED, change))
            elif outcome is Journaled.DUPLICATE:
                self._note(entry.correlation_id, Outlook(KNOWN_ALREADY))
        return outcomes

    def kept(self, entries: Sequence[JournalEntry]) -> Collection[tuple[str, str]]:
        return {entry.key for entry in entries}  # as if all were there: a look uses up no hold

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        for refusal in refusals:
            self._note(refusal.correlation_id, Outlook(f"{AGAIN}: {refusal.kind}"))

    def _note(self, number: str, outlook: Outlook) -> None:
        self.found.setdefault(int(number), []).append(outlook)


@dataclass(frozen=True, slots=True)
class Foreseeing:
    """Looks ahead; see `crossdock.exceptions.replaying.Foresee`."""

    business: BusinessConfig
    find: FindItems
    profiles: FindProfiles
    journal: Looking
    clock: Clock

    def __call__(self, messages: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Outlook]:
        """One outlook for each message, in their order; an empty one where nobody can say."""
        found: list[Outlook] = [Outlook()] * len(messages)
        envelopes: list[Envelope] = []
        for number, (route, message) in enumerate(messages):
            if route == ROUTE:
                try:
                    envelopes.append(read_envelope({**message, "correlation_id": str(number)}))
                except ValueError:
                    found[number] = Outlook(f"{AGAIN}: unreadable_message")
        for number, outlooks in self._movements(envelopes).items():
            found[number] = _worst(outlooks)
        return found

    def _movements(self, envelopes: Sequence[Envelope]) -> Mapping[int, list[Outlook]]:
        glimpse = _Glimpse(self.journal)
        rules = Rules(
            owners={w.id: w.source for w in self.business.warehouses.values()},
            leaves_with={w.id: w.leaves_with for w in self.business.warehouses.values()},
            clock_tolerance_s=self.business.limits.clock_tolerance_seconds,
        )
        if envelopes:
            MovementApplier(
                store=glimpse,
                find=self.find,
                profiles=self.profiles,
                refuse=glimpse.refuse,
                rules=rules,
                clock=self.clock,
            ).apply(envelopes)
        return glimpse.found


def _worst(outlooks: Sequence[Outlook]) -> Outlook:
    """A message of several movements is told by the one that would be refused, if there is one; changes add up."""
    change: dict[tuple[str, str], Any] = {}
    for outlook in outlooks:
        for place, quantity in outlook.change.items():
            change[place] = change.get(place, 0) + quantity
    verdict = max((o.verdict for o in outlooks), key=lambda v: (v.startswith(AGAIN), v == APPLIED))
    return Outlook(verdict, change)


def change_texts(change: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    """Changes of stock on hand for people and programs: `{"SKU-1 in MAIN": 7}`."""
    return {f"{sku} in {warehouse}": to_json(quantity) for (sku, warehouse), quantity in sorted(change.items())}
