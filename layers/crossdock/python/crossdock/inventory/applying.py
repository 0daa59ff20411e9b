"""Applying movements: resolve the source's item codes, journal what is good, refuse what is not, stop for nothing.

Judged per movement, so that one bad line costs the others nothing. Everything that comes in ends in the journal, as a
recognised duplicate, or as a refusal; what could not be written for want of the store is given back to be tried again.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

from pydantic import ValidationError

from crossdock.contracts.items import ItemProfile, KnownItem
from crossdock.contracts.movements import Movement
from crossdock.contracts.refusals import Refusal, Refuse
from crossdock.inventory import refusing
from crossdock.inventory.entries import EITHER, UnfitError, check_lot, effect, in_base_units, needs_profile, statuses
from crossdock.inventory.journal import OWN_SOURCE, Journaled, JournalEntry
from crossdock.inventory.messages import Envelope
from crossdock.inventory.refusing import Candidate
from crossdock.inventory.sequences import Batch, SequenceName, Step, arrivals, gap_notice, restart_notice
from crossdock.platform.clock import Clock, to_text
from crossdock.quantities import Quantity

NoteMoved = Callable[[Iterable[str]], None]
"""Notes that something moved in these warehouses just now."""

ResolveItems = Callable[[Iterable[tuple[str, str]]], Mapping[tuple[str, str], str]]
"""From (system, that system's item code) to sku, for those that are known."""

FindItems = Callable[[Iterable[tuple[str, str]]], Mapping[tuple[str, str], KnownItem]]
"""From (system, that system's item code) to the item, for those that are known."""

FindProfiles = Callable[[Iterable[str]], Mapping[str, ItemProfile]]
"""From sku to its profile, for those that have one."""


class Journal(Protocol):
    """Where entries are kept."""

    def journal(self, entries: Sequence[JournalEntry]) -> list[Journaled]:
        """Keeps each entry once; outcomes come in the order of the entries."""
        ...

    def kept(self, entries: Sequence[JournalEntry]) -> Collection[tuple[str, str]]:
        """The keys of those entries that are kept already, be it with other content."""
        ...


class Consume(Protocol):
    """Uses up what a confirmed hold committed."""

    def __call__(self, reservation: str, sku: str, warehouse: str, movement: str, quantity: Quantity, /) -> Quantity:
        """How much of the hold's commitment this movement consumes; 0 for a hold that is unknown or has ended.

        The same movement asked for again gives the same answer.
        """
        ...


class KeepSequences(Protocol):
    """Keeps which positions of each sequence have arrived."""

    def __call__(
        self, batches: Mapping[SequenceName, Batch], report: Callable[[Mapping[SequenceName, Step]], None], /
    ) -> None:
        """Keeps them, and reports what is notable before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the configuration says.

    Each warehouse's owner and what its stock leaves with, what each source numbers, how far clocks may be off.
    """

    owners: Mapping[str, str]
    leaves_with: Mapping[str, str] = field(default_factory=dict)
    sequences: Mapping[str, str] = field(default_factory=dict)
    clock_tolerance_s: int = 300


@dataclass(slots=True)
class Applied:
    """What became of a batch, counted. `unreserved` are those that fulfil a hold which promised them nothing."""

    applied: int = 0
    duplicates: int = 0
    refused: int = 0
    unreserved: int = 0
    correlation_ids: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Known:
    """A movement whose item is known."""

    candidate: Candidate
    item: KnownItem

    @property
    def needs_profile(self) -> bool:
        return self.candidate.source != OWN_SOURCE and needs_profile(self.candidate.movement, self.item)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementApplier:
    """Takes envelopes from the queue to the journal."""

    store: Journal
    find: FindItems
    profiles: FindProfiles
    refuse: Refuse
    rules: Rules
    clock: Clock
    consume: Consume | None = None
    keep_sequences: KeepSequences | None = None
    moved: NoteMoved | None = None

    def apply(self, envelopes: Sequence[Envelope]) -> Applied:
        """Applies all movements of the envelopes.

        Refusals are stored last, and a crash before that loses none: the message is delivered again, what is in the
        journal is then a duplicate and what was refused is refused again, which the exceptions list recognises.
        Raises StoreUnavailableError when something could not be stored.
        """
        result = Applied(correlation_ids={e.correlation_id for e in envelopes})
        refusals: list[Refusal] = []
        entries = self._entries(self._known([c for e in envelopes for c in _read(e, refusals)], refusals), refusals)
        entries = self._all_consumed(entries, result)
        outcomes = self.store.journal([e for _, e in entries])
        new: list[tuple[str, str, int | None]] = []
        for (candidate, entry), outcome in zip(entries, outcomes, strict=True):
            if outcome is Journaled.APPLIED:
                result.applied += 1
                if candidate.envelope.replay is None:
                    new.append((entry.source, entry.warehouse, entry.position))
            elif outcome is Journaled.DUPLICATE:
                result.duplicates += 1
            else:
                refusals.append(refusing.conflict(candidate, entry))
        if refusals:
            self.refuse(refusals)
        result.refused = len(refusals)
        self._keep_sequences(envelopes, new)
        # What we sent ourselves, and what came before, says nothing about whether the source still speaks.
        if self.moved is not None:
            self.moved({warehouse for source, warehouse, _ in new if source != OWN_SOURCE})
        return result

    def _keep_sequences(self, envelopes: Sequence[Envelope], new: Sequence[tuple[str, str, int | None]]) -> None:
        """After the journal: when we die in between, the batch comes again and is recorded then."""
        came = ((e.source, raw) for e in envelopes for raw in e.movements)
        batches = arrivals(came, new, self.rules.owners, self.rules.sequences)
        if self.keep_sequences is None or not batches:
            return
        correlation_id = envelopes[0].correlation_id

        def report(steps: Mapping[SequenceName, Step]) -> None:
            notices: list[Refusal] = []
            for name, step in steps.items():
                epoch = step.state.epoch
                notices += [gap_notice(name, epoch, g, correlation_id, given_up=True) for g in step.given_up]
                notices += [restart_notice(name, epoch, step.again, correlation_id)] if step.again else []
            self.refuse(notices)

        self.keep_sequences(batches, report)

    def _known(self, candidates: Sequence[Candidate], refusals: list[Refusal]) -> list[_Known]:
        """Those whose source may say so, of an item and at a time that can be."""
        items = self.find({(c.source, c.movement.item) for c in candidates if c.source != OWN_SOURCE})
        found = []
        for candidate in candidates:
            judged = self._judge(candidate, items)
            if isinstance(judged, Refusal):
                refusals.append(judged)
            else:
                found.append(_Known(candidate, judged))
        return found

    def _judge(self, candidate: Candidate, items: Mapping[tuple[str, str], KnownItem]) -> KnownItem | Refusal:
        source, movement = candidate.source, candidate.movement
        owner = self.rules.owners.get(movement.warehouse)
        if owner is None:
            return refusing.unknown_warehouse(candidate, movement.warehouse)
        if source == OWN_SOURCE:
            return KnownItem(movement.item)
        if owner != source:
            return refusing.not_owner(candidate, owner)
        if movement.to_warehouse is not None and movement.to_warehouse not in self.rules.owners:
            return refusing.unknown_warehouse(candidate, movement.to_warehouse, "to_warehouse")
        now, tolerance = self.clock(), self.rules.clock_tolerance_s
        if movement.occurred_at > now + timedelta(seconds=tolerance):
            return refusing.in_future(candidate, now, tolerance)
        return items.get((source, movement.item)) or refusing.unknown_item(candidate)

    def _entries(self, known: Sequence[_Known], refusals: list[Refusal]) -> list[tuple[Candidate, JournalEntry]]:
        """In base units, where the item's profile allows it. Profiles are read for those movements that need one."""
        asked = {k.item.sku for k in known if k.needs_profile}
        profiles = self.profiles(asked) if asked else {}
        found = []
        for one in known:
            try:
                found.append((one.candidate, self._entry(one, profiles.get(one.item.sku))))
            except UnfitError as why:
                refusals.append(refusing.unfit(one.candidate, why))
        return found

    def _entry(self, known: _Known, profile: ItemProfile | None) -> JournalEntry:
        env, movement, sku = known.candidate.envelope, known.candidate.movement, known.item.sku
        base = movement.quantity
        if known.needs_profile:
            check_lot(movement, sku, profile)
            base = in_base_units(movement, sku, profile)
        done = effect(movement, base, self.rules.leaves_with.get(movement.warehouse, EITHER))
        status, to_status = statuses(movement)
        return JournalEntry(
            sku=sku,
            warehouse=movement.warehouse,
            source=env.source,
            id=movement.id,
            type=movement.type,
            quantity=done.quantity,
            occurred_at=to_text(movement.occurred_at),
            position=movement.sequence,
            correlation_id=env.correlation_id,
            reference=movement.reference,
            reason=movement.reason,
            magnitude=done.magnitude,
            lot=movement.lot,
            bin=movement.bin,
            to_bin=movement.to_bin,
            status=status,
            to_status=to_status,
            destination=movement.to_warehouse,
            reservation=movement.reservation,
            unit=movement.unit,
            unit_quantity=movement.quantity if movement.unit else None,
        )

    def _all_consumed(
        self, entries: Sequence[tuple[Candidate, JournalEntry]], result: Applied
    ) -> list[tuple[Candidate, JournalEntry]]:
        """What leaves the warehouse for a hold uses its commitment up; a report of the other kind uses nothing.

        Nor does one that will not be journaled: a repetition has used what it used, and a contradiction is refused.
        """
        leaving = [e for _, e in entries if e.reservation is not None and e.quantity < 0]
        if not leaving:
            return list(entries)
        over = set(self.store.kept(leaving))
        found = []
        for candidate, entry in entries:
            consumes = entry.reservation is not None and entry.quantity < 0 and entry.key not in over
            found.append((candidate, self._consumed(entry, result) if consumes else entry))
            over.add(entry.key)
        return found

    def _consumed(self, entry: JournalEntry, result: Applied) -> JournalEntry:
        if entry.reservation is None:
            return entry
        used: Quantity = 0
        if self.consume is not None:
            used = self.consume(entry.reservation, entry.sku, entry.warehouse, entry.sort_key, -entry.quantity)
        if not used:
            result.unreserved += 1
            return entry
        return replace(entry, consumed=used)


def _read(env: Envelope, refusals: list[Refusal]) -> Iterable[Candidate]:
    for index, raw in enumerate(env.movements):
        try:
            movement = _parse(raw)
        except ValidationError as exc:
            refusals.append(refusing.invalid(env, index, exc))
            continue
        yield Candidate(env, index, movement)


def _parse(raw: Any) -> Movement:
    # The queue carries JSON, in which an instant is a text; strict JSON mode is what reads it so.
    return Movement.model_validate_json(json.dumps(raw))
