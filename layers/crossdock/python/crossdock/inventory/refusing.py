"""Movements that are refused: why, and what an operator can do about it."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from crossdock.contracts.movements import Movement
from crossdock.contracts.refusals import Refusal, content_id, quoted
from crossdock.inventory.entries import UnfitError
from crossdock.inventory.journal import JournalEntry
from crossdock.inventory.messages import ROUTE, Envelope
from crossdock.platform.clock import to_text
from crossdock.platform.problems import path_text


@dataclass(frozen=True, slots=True)
class Candidate:
    """A movement that could be read, and where it stood."""

    envelope: Envelope
    index: int
    movement: Movement

    @property
    def source(self) -> str:
        return self.envelope.source


def _refusal(candidate: Candidate, kind: str, subject: str, detail: str, remedy: str) -> Refusal:
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


def unknown_item(candidate: Candidate) -> Refusal:
    source, item = candidate.source, candidate.movement.item
    return _refusal(
        candidate,
        "unknown_item",
        f"item/{item}",
        f"{source} calls an item {item!r} and no cross-reference says which item that is",
        f"crossdock xref add {source} {quoted(item)} <SKU>, then replay; or correct the item code and replay",
    )


def unknown_warehouse(candidate: Candidate, warehouse: str, field: str = "warehouse") -> Refusal:
    return _refusal(
        candidate,
        "unknown_warehouse",
        f"warehouse/{warehouse}",
        f"there is no warehouse {warehouse!r} in the configuration"
        + (f", which {field} names" if field != "warehouse" else ""),
        f"add it under [warehouses.*] and deploy, or correct the {field}, then replay",
    )


def not_owner(candidate: Candidate, owner: str) -> Refusal:
    warehouse = candidate.movement.warehouse
    return _refusal(
        candidate,
        "not_the_owner",
        f"warehouse/{warehouse}",
        f"{candidate.source} may not move stock of {warehouse}: it belongs to {owner}",
        f"send the movement through {owner}, or change [warehouses.{warehouse}] source and deploy, then replay",
    )


def in_future(candidate: Candidate, now: datetime, tolerance_s: int) -> Refusal:
    occurred = candidate.movement.occurred_at
    return _refusal(
        candidate,
        "occurred_in_future",
        f"clock/{candidate.source}",
        f"occurred_at {to_text(occurred)} is {int((occurred - now).total_seconds())} s after it was received; "
        f"clocks may be {tolerance_s} s off ([limits] clock_tolerance_seconds)",
        "have the source's clock set, correct occurred_at and replay; or replay when that time has come",
    )


def unfit(candidate: Candidate, why: UnfitError) -> Refusal:
    return _refusal(candidate, why.kind, why.subject, why.detail, why.remedy)


def conflict(candidate: Candidate, entry: JournalEntry) -> Refusal:
    return _refusal(
        candidate,
        "conflicting_duplicate",
        f"movement/{entry.id}",
        f"{entry.source} sent movement {entry.id} of {entry.sku} in {entry.warehouse} before, with other content",
        "ask the source which one is true; if this one is a movement of its own, correct its id and replay",
    )


def invalid(env: Envelope, index: int, exc: ValidationError) -> Refusal:
    """A movement that is none by the contract: its first fault, named by its field."""
    raw = env.movements[index]
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
