"""Applying what a source says of customers: the newest version of each is kept, what cannot be is refused."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crossdock.contracts.price_customers import MAX_PARENTS, PriceCustomer
from crossdock.contracts.refusals import Refusal, Refuse, content_id, replay_mark
from crossdock.pricing.customer_rows import KnownCustomer
from crossdock.pricing.facts import CustomerFacts, CustomerStated, ShipTo
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.store import Kept

ROUTE = "price-customers"

Known = Callable[[Iterable[str]], Mapping[str, KnownCustomer]]
"""The customers of these names that there are."""


@dataclass(slots=True)
class Applied:
    """What became of an event's customers, counted."""

    current: int = 0
    superseded: int = 0
    duplicates: int = 0
    refused: int = 0


def apply_customers(
    profiles: Profiles,
    known: Known,
    refuse: Refuse,
    source: str,
    customers: Sequence[PriceCustomer],
    event: Mapping[str, object],
) -> Applied:
    """Keeps each customer's newest facts. One whose parents lead back to it is refused and holds up nobody else.

    Raises StoreUnavailableError or the client's error; the whole event may then be applied again.
    """
    circles = _circles(known, customers)
    sound = [c for c in customers if c.customer not in circles]
    refusals = [_circle(source, c, circles[c.customer], event) for c in customers if c.customer in circles]
    stated = [CustomerStated(facts_of(c), c.version, source) for c in sound]
    result = Applied()
    for customer, kept in zip(sound, profiles.keep_customers(stated, str(event["correlationid"])), strict=True):
        match kept:
            case Kept.SUPERSEDED:
                result.superseded += 1
            case Kept.DUPLICATE:
                result.duplicates += 1
            case Kept.CONFLICT:
                refusals.append(_conflict(source, customer, event))
            case _:
                result.current += 1
    if refusals:
        refuse(refusals)
    result.refused = len(refusals)
    return result


def facts_of(customer: PriceCustomer) -> CustomerFacts:
    """A customer as it was sent, as a value."""
    return CustomerFacts(
        customer.customer,
        segments=tuple(customer.segments),
        parents=tuple(customer.parents),
        ship_tos={name: ShipTo(s.branch, s.region) for name, s in customer.ship_tos.items()},
        currency=customer.currency,
        branch=customer.branch,
        region=customer.region,
        freight_terms=customer.freight_terms,
        strategic=customer.strategic,
    )


def _circles(known: Known, customers: Sequence[PriceCustomer]) -> dict[str, list[str]]:
    """Of each customer whose parents lead back to it, the way; those above them are looked up five steps far."""
    above: dict[str, Sequence[str]] = {c.customer: c.parents for c in customers}
    for _ in range(MAX_PARENTS):
        missing = {parent for parents in above.values() for parent in parents} - above.keys()
        if not missing:
            break
        found = known(missing)
        above |= {name: found[name].facts.parents if name in found else () for name in missing}
    ways = {c.customer: _way_back(above, c.customer) for c in customers}
    return {name: way for name, way in ways.items() if way}


def _way_back(above: Mapping[str, Sequence[str]], name: str) -> list[str]:
    """The way from a customer through parents back to it; empty when there is none. Another one's circle is not its."""
    ways = {name: [name]}
    waiting = [name]
    while waiting:
        here = waiting.pop()
        for parent in above.get(here, ()):
            if parent == name:
                return [*ways[here], name]
            if parent not in ways:
                ways[parent] = [*ways[here], parent]
                waiting.append(parent)
    return []


def _circle(source: str, customer: PriceCustomer, way: Sequence[str], event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        customer,
        event,
        kind="customer_above_itself",
        detail=f"{source} says parents of {customer.customer!r} that lead back to it: {' → '.join(way)}",
        remedy="take one of them out of parents, here or in what was sent before, then replay",
    )


def _conflict(source: str, customer: PriceCustomer, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        customer,
        event,
        kind="customer_conflict",
        detail=f"{source} sent version {customer.version} of {customer.customer!r} before, with other content",
        remedy="correct version to a higher one if it is the newer one, then replay",
    )


def _refusal(
    source: str, customer: PriceCustomer, event: Mapping[str, object], *, kind: str, detail: str, remedy: str
) -> Refusal:
    said = customer.model_dump(mode="json", exclude_defaults=True)
    return Refusal(
        kind=kind,
        source=source,
        subject=f"customer/{customer.customer}",
        fact=f"{customer.customer}@{customer.version}={content_id(said)}",
        detail=detail,
        remedy=remedy,
        route=ROUTE,
        message={**event, "data": {"source": source, "customers": [said]}},
        pointer="/data/customers/0",
        correlation_id=str(event["correlationid"]),
        replay=replay_mark(event),
    )
