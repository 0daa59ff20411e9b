"""What follows from a changed golden record: which events the bus hears, whom the channels are to be told of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crossdock.contracts.customer_attributes import named
from crossdock.contracts.events import CUSTOMER_HOLD_CHANGED, CUSTOMER_MERGED, CUSTOMER_UPSERTED, Event
from crossdock.identity.customer_store import changed_head
from crossdock.identity.customers import Customer
from crossdock.identity.golden import Golden
from crossdock.platform.queues import dumps

_HOLD: Final = "credit_hold"
# Of both together: the bus takes 256 KB of an event.
_VALUES_BYTES: Final = 180_000


@dataclass(frozen=True, slots=True)
class Moved:
    """A golden record before and after; what it was None: it is new."""

    before: Customer | None
    after: Customer


def moved(record: Mapping[str, Any]) -> Moved | None:
    """The change that a stream record carries; None when it is none that anybody can see."""
    found = changed_head(record)
    if found is None:
        return None
    before, after = found
    return None if before is not None and before.version == after.version else Moved(before, after)


def events_of(change: Moved) -> Iterator[Event]:
    """What the bus hears. Their ids follow from customer and version: put again, they are known."""
    before, after = change.before, change.after
    old, new = (before.attributes if before else {}), after.attributes
    differ = [name for name in after.changed if "/" not in name]
    was, is_ = {name: _value(old, name) for name in differ}, {name: _value(new, name) for name in differ}
    if len(dumps([was, is_]).encode()) > _VALUES_BYTES:
        was = is_ = {}  # whoever wants them asks for the customer
    yield _event(
        CUSTOMER_UPSERTED,
        after,
        "upserted",
        {
            "state": after.state,
            "changed": list(after.changed),
            "old": was,
            "new": is_,
        },
    )
    for name in (n for n in differ if named(n).base == _HOLD):
        if bool(_value(old, name)) != bool(_value(new, name)):
            scope = name.partition("@")[2] or None
            reason = _value(new, f"credit_hold_reason@{scope}" if scope else "credit_hold_reason")
            hold = {"scope": scope, "hold": bool(_value(new, name)), "reason": reason}
            yield _event(CUSTOMER_HOLD_CHANGED, after, f"hold:{scope or 'all'}", hold)
    if (before.into if before else None) != after.into:
        yield _event(CUSTOMER_MERGED, after, "merged", {"into": after.into})


def _event(type_: str, customer: Customer, what: str, data: Mapping[str, Any]) -> Event:
    return Event(
        id=f"customer:{customer.id}:{customer.version}:{what}",
        type=type_,
        source="crossdock",
        subject=f"customer/{customer.id}",
        time=customer.changed_at,
        correlation_id=customer.cause,
        data={"customer": customer.id, "version": customer.version, **data},
    )


def _value(attributes: Mapping[str, Golden], name: str) -> Any:
    return attributes[name].value if name in attributes else None
