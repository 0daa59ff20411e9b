"""Answers about stock as the API shows them (v1): quantities as numbers or, fractions, as texts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from crossdock.inventory.atp import Arrival, Step, first_date, project, promised_on
from crossdock.inventory.promising import Audience, Free, Promise, promise
from crossdock.inventory.standing import ItemStanding, WarehouseStanding
from crossdock.inventory.supply import Expected, SupplyLine, with_transit
from crossdock.quantities import Quantity, to_json


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an item: for whom, as of when, and, if so, how many (base units) and for which business date."""

    audience: Audience
    now: datetime
    today: date
    quantity: Quantity | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A document, and whether the quantity that was asked for can be had; True when none was."""

    document: dict[str, Any]
    suffices: bool


def availability(item: ItemStanding, question: Question, supply: Sequence[SupplyLine] | None = None) -> Answer:
    """What is there and what may be promised, in all and by warehouse.

    Without a channel or segment `available` of a warehouse is what is there to promise, below 0 when more was promised;
    otherwise what this audience may be promised. With `supply`, what is expected is said, and by when the quantity is.
    """
    promised = promise(item.free(question.now), question.audience)
    expected = None if supply is None else _expected(supply, item, question)
    document = {
        "sku": item.sku,
        "on_hand": to_json(sum(s.header.on_hand for s in item.warehouses)),
        "available": to_json(promised.total),
        "reserved": to_json(sum(s.reserved(question.now) for s in item.warehouses)),
        "committed": to_json(sum(s.committed for s in item.warehouses)),
        **_in_transit(item, (*question.audience.warehouses, "")),
        **_amount_expected(expected, question.audience.warehouses),
        "as_of": item.as_of or None,
        "lag_ms": item.lag_ms,
    }
    suffices = True
    if question.quantity is not None or question.on is not None:
        steps = None if expected is None else _steps(item, expected, question)
        asked = _asked(promised.total, steps, question)
        document["asked"] = asked
        suffices = bool(asked.get("suffices", True))
    document["warehouses"] = [_warehouse(s, item, question, promised, expected) for s in item.warehouses]
    return Answer(document, suffices)


def by_date(item: ItemStanding, question: Question, supply: Sequence[SupplyLine]) -> Answer:
    """What may be promised by date, from which supply, and the first date for the quantity if one was asked for."""
    expected = _expected(supply, item, question)
    steps = _steps(item, expected, question)
    asked = _asked(promise(item.free(question.now), question.audience).total, steps, question)
    document = {
        "sku": item.sku,
        "today": question.today.isoformat(),
        **asked,
        "dates": [
            {
                "date": s.on.isoformat(),
                "arriving": to_json(s.arriving),
                "projected": to_json(s.projected),
                "promised": to_json(s.promised.total),
            }
            for s in steps
        ],
        "supply": [_part(e, question.today) for e in expected],
        "as_of": item.as_of or None,
        "lag_ms": item.lag_ms,
    }
    return Answer(document, bool(asked.get("suffices", True)))


def available(item: ItemStanding, audience: Audience, now: datetime) -> Quantity:
    """What an audience may be promised of an item now."""
    return promise(item.free(now), audience).total


def _warehouse(
    standing: WarehouseStanding,
    item: ItemStanding,
    question: Question,
    promised: Promise,
    expected: Sequence[Expected] | None,
) -> dict[str, Any]:
    header, free = standing.header, standing.free(question.now)
    return {
        "warehouse": header.warehouse,
        "on_hand": to_json(header.on_hand),
        "safety_stock": to_json(header.safety_stock),
        "quality_hold": to_json(header.quality_hold),
        "damaged": to_json(header.damaged),
        "reserved": to_json(standing.reserved(question.now)),
        "committed": to_json(standing.committed),
        "available": to_json(_available(free, promised, question.audience)),
        **_in_transit(item, (header.warehouse,)),
        **_amount_expected(expected, (header.warehouse,)),
        "version": header.version,
        "as_of": header.as_of or None,
        "lag_ms": header.lag_ms,
    }


def _available(free: Free, promised: Promise, audience: Audience) -> Quantity:
    return free.total if audience.everybody else promised.by_warehouse[free.warehouse]


def _in_transit(item: ItemStanding, warehouses: Iterable[str]) -> dict[str, Any]:
    if item.in_transit is None:
        return {}
    return {"in_transit": to_json(sum(item.in_transit.get(w, 0) for w in warehouses))}


def _amount_expected(expected: Sequence[Expected] | None, warehouses: Sequence[str]) -> dict[str, Any]:
    """What orders say is to come, overdue or not. Transfers are in transit already, and are visible once."""
    if expected is None:
        return {}
    return {"expected": to_json(sum(e.quantity for e in expected if not e.transfer and e.warehouse in warehouses))}


def _expected(supply: Iterable[SupplyLine], item: ItemStanding, question: Question) -> list[Expected]:
    """What is to come to the warehouses asked for, transfers only as far as something is under way."""
    wanted = (e for line in supply if line.warehouse in question.audience.warehouses for e in line.expected())
    return with_transit(wanted, item.in_transit or {})


def _steps(item: ItemStanding, expected: Iterable[Expected], question: Question) -> list[Step]:
    arrivals = (Arrival(e.warehouse, e.on, e.quantity) for e in expected)
    return project(item.free(question.now), arrivals, question.audience, question.today)


def _asked(now: Quantity, steps: Sequence[Step] | None, question: Question) -> dict[str, Any]:
    """What was asked and the answer to it. Without a date it is about now: what is only to come is no part of that."""
    said: dict[str, Any] = {}
    promised = now
    if question.on is not None and steps is not None:
        promised = promised_on(steps, question.on).total
        said["date"] = question.on.isoformat()
    said["promised"] = to_json(promised)
    if question.quantity is not None:
        said["quantity"] = to_json(question.quantity)
        said["suffices"] = promised >= question.quantity
        if steps is not None:
            first = first_date(steps, question.quantity)
            said["first_date"] = first.isoformat() if first else None
    return said


def _part(expected: Expected, today: date) -> Mapping[str, object]:
    return {
        "id": expected.id,
        "kind": "transfer" if expected.transfer else "order",
        "warehouse": expected.warehouse,
        "quantity": to_json(expected.quantity),
        "date": expected.on.isoformat(),
        "confirmed": expected.confirmed,
        # Nobody knows when it will come now, so nothing is promised from it.
        "overdue": expected.on < today,
    }
