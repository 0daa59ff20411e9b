"""Available to promise by date: the lowest that the projected stock is at or after a date (domain rule 3).

    today        21st      25th          ← dates at which something arrives
    ───10──────────40────────70────▶     projected: available now, and what has arrived by then

What is promised for a date is taken from what is there from that date on, so a later low, not the high before it,
limits it. Dates are business dates in the distributor's time zone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from crossdock.inventory.promising import Audience, Free, Promise, promise
from crossdock.quantities import Quantity, whole


@dataclass(frozen=True, slots=True)
class Arrival:
    """A change of a warehouse's stock that is expected on a business date; below 0 for what will leave."""

    warehouse: str
    on: date
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Step:
    """From `on` until the next step: what has arrived that day, what is there then, and what may be promised for it.

    `projected` is signed: what arrives serves what was promised ahead of it first. `promised` is what the audience may
    be promised for a date of this step.
    """

    on: date
    arriving: Quantity
    projected: Quantity
    promised: Promise


def project(stock: Sequence[Free], arrivals: Iterable[Arrival], audience: Audience, today: date) -> list[Step]:
    """The steps from today on, each with the lowest promise at or after it.

    What was expected before today and has not come is not counted: nobody knows when it will.
    """
    wanted = [a for a in arrivals if a.on >= today and a.warehouse in audience.warehouses]
    dates = sorted({today, *(a.on for a in wanted)})
    there = {free.warehouse: free for free in stock if free.warehouse in audience.warehouses}
    steps: list[Step] = []
    for on in dates:
        arriving: Quantity = 0
        for arrival in (a for a in wanted if a.on == on):
            before = there.get(arrival.warehouse, Free(arrival.warehouse, 0, 0))
            there[arrival.warehouse] = before.arriving(arrival.quantity)
            arriving += arrival.quantity
        projected = sum(free.total for free in there.values())
        steps.append(Step(on, whole(arriving), whole(projected), promise(there.values(), audience)))
    return _lowest_from_here_on(steps)


def _lowest_from_here_on(steps: Sequence[Step]) -> list[Step]:
    lowest: list[Step] = []
    for step in reversed(steps):
        promised = min(step.promised, lowest[-1].promised, key=lambda p: p.total) if lowest else step.promised
        lowest.append(Step(step.on, step.arriving, step.projected, promised))
    return lowest[::-1]


def promised_on(steps: Sequence[Step], on: date) -> Promise:
    """What may be promised for a date: that of the step in which it lies. `on` is not before the first step."""
    return max((s for s in steps if s.on <= on), key=lambda s: s.on).promised


def first_date(steps: Sequence[Step], quantity: Quantity) -> date | None:
    """The first date for which the quantity can be promised; None when what is known to come does not suffice."""
    return next((s.on for s in steps if s.promised.total >= quantity), None)
