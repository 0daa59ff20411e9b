"""Applying movements: resolve the source's item codes, journal what is good, refuse what is not, stop for nothing.

Judged per movement, so that one bad line costs the others nothing. Everything that comes in ends in the journal, as a
recognised duplicate, or as a refusal; what could not be written for want of the store is given back to be tried again.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from crossdock.contracts.movements import Movement
from crossdock.contracts.refusals import Refusal, Refuse, content_id, quoted
from crossdock.inventory.journal import OWN_SOURCE, Journaled, JournalEntry
from crossdock.inventory.messages import ROUTE, Envelope
from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import to_text
from crossdock.platform.problems import path_text

ResolveItems = Callable[[Iterable[tuple[str, str]]], Mapping[tuple[str, str], str]]
"""From (system, that system's item code) to sku, for those that are known."""


@dataclass(slots=True)
class Applied:
    """What became of a batch, counted."""

    applied: int = 0
    duplicates: int = 0
    refused: int = 0
    correlation_ids: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Candidate:
    envelope: Envelope
    index: int
    movement: Movement


class MovementApplier:
    """Takes envelopes from the queue to the journal."""

    def __init__(
        self,
        store: InventoryStore,
        resolve: ResolveItems,
        refuse: Refuse,
        owners: Mapping[str, str],
    ) -> None:
        """`owners` maps each warehouse to the source that owns its stock."""
        self._store = store
        self._resolve = resolve
        self._refuse = refuse
        self._owners = owners

    def apply(self, envelopes: Sequence[Envelope]) -> Applied:
        """Applies all movements of the envelopes.

        Refusals are stored last, and a crash before that loses none: the message is delivered again, what is in the
        journal is then a duplicate and what was refused is refused again, which the exceptions list recognises.
        Raises StoreUnavailableError when something could not be stored.
        """
        result = Applied(correlation_ids={e.correlation_id for e in envelopes})
        refusals: list[Refusal] = []
        candidates = [c for e in envelopes for c in _read(e, refusals)]
        entries: list[tuple[_Candidate, JournalEntry]] = []
        skus = self._resolve(
            {(c.envelope.source, c.movement.item) for c in candidates if c.envelope.source != OWN_SOURCE}
        )
        for candidate in candidates:
            judged = self._judge(candidate, skus)
            if isinstance(judged, Refusal):
                refusals.append(judged)
            else:
                entries.append((candidate, judged))
        outcomes = self._store.journal([e for _, e in entries])
        for (candidate, entry), outcome in zip(entries, outcomes, strict=True):
            if outcome is Journaled.APPLIED:
                result.applied += 1
            elif outcome is Journaled.DUPLICATE:
                result.duplicates += 1
            else:
                refusals.append(_conflict(candidate, entry))
        if refusals:
            self._refuse(refusals)
        result.refused = len(refusals)
        return result

    def _judge(self, candidate: _Candidate, skus: Mapping[tuple[str, str], str]) -> JournalEntry | Refusal:
        source, movement = candidate.envelope.source, candidate.movement
        owner = self._owners.get(movement.warehouse)
        if owner is None:
            return _unknown_warehouse(candidate)
        if source == OWN_SOURCE:
            return _entry(candidate, movement.item)
        if owner != source:
            return _not_owner(candidate, owner)
        sku = skus.get((source, movement.item))
        return _entry(candidate, sku) if sku else _unknown_item(candidate)


def _read(env: Envelope, refusals: list[Refusal]) -> Iterable[_Candidate]:
    for index, raw in enumerate(env.movements):
        try:
            movement = _parse(raw)
        except ValidationError as exc:
            refusals.append(_invalid(env, index, raw, exc))
            continue
        yield _Candidate(env, index, movement)


def _parse(raw: Any) -> Movement:
    # The queue carries JSON, in which an instant is a text; strict JSON mode is what reads it so.
    return Movement.model_validate_json(json.dumps(raw))


def _entry(candidate: _Candidate, sku: str) -> JournalEntry:
    movement, env = candidate.movement, candidate.envelope
    return JournalEntry(
        sku=sku,
        warehouse=movement.warehouse,
        source=env.source,
        id=movement.id,
        type=movement.type,
        quantity=movement.signed_quantity,
        occurred_at=to_text(movement.occurred_at),
        position=movement.sequence,
        correlation_id=env.correlation_id,
        reference=movement.reference,
        reason=movement.reason,
    )


def _refusal(candidate: _Candidate, kind: str, subject: str, detail: str, remedy: str) -> Refusal:
    env = candidate.envelope
    return Refusal(
        kind=kind,
        source=env.source,
        subject=subject,
        fact=f"{candidate.movement.id}={content_id(env.movements[candidate.index])}",
        detail=detail,
        remedy=remedy,
        route=ROUTE,
        message=env.alone(candidate.index),
        pointer="/movements/0",
        correlation_id=env.correlation_id,
        replay=env.replay,
    )


def _unknown_item(candidate: _Candidate) -> Refusal:
    source, item = candidate.envelope.source, candidate.movement.item
    return _refusal(
        candidate,
        "unknown_item",
        f"item/{item}",
        f"{source} calls an item {item!r} and no cross-reference says which item that is",
        f"crossdock xref add {source} {quoted(item)} <SKU>, then replay; or correct the item code and replay",
    )


def _unknown_warehouse(candidate: _Candidate) -> Refusal:
    warehouse = candidate.movement.warehouse
    return _refusal(
        candidate,
        "unknown_warehouse",
        f"warehouse/{warehouse}",
        f"there is no warehouse {warehouse!r} in the configuration",
        "add it under [warehouses.*] and deploy, or correct the warehouse, then replay",
    )


def _not_owner(candidate: _Candidate, owner: str) -> Refusal:
    warehouse = candidate.movement.warehouse
    return _refusal(
        candidate,
        "not_the_owner",
        f"warehouse/{warehouse}",
        f"{candidate.envelope.source} may not move stock of {warehouse}: it belongs to {owner}",
        f"send the movement through {owner}, or change [warehouses.{warehouse}] source and deploy, then replay",
    )


def _conflict(candidate: _Candidate, entry: JournalEntry) -> Refusal:
    return _refusal(
        candidate,
        "conflicting_duplicate",
        f"movement/{entry.id}",
        f"{entry.source} sent movement {entry.id} of {entry.sku} in {entry.warehouse} before, with other content",
        "ask the source which one is true; if this one is a movement of its own, correct its id and replay",
    )


def _invalid(env: Envelope, index: int, raw: object, exc: ValidationError) -> Refusal:
    first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
    field_name = path_text(first["loc"]) or "movement"
    id_ = raw.get("id") if isinstance(raw, dict) else None
    return Refusal(
        kind="invalid_movement",
        source=env.source,
        subject=f"field/{field_name}",
        fact=f"{id_ or index}={content_id(raw)}",
        detail=f"{field_name}: {first['msg']}",
        remedy=f"correct {field_name} and replay",
        route=ROUTE,
        message=env.alone(index),
        pointer="/movements/0",
        correlation_id=env.correlation_id,
        replay=env.replay,
    )
