"""Which channels hear of customers, what each may see of one, and what is true of it now.

A channel stands for a system: by its name, or by `settings.system`. It is told the attributes that the ownership matrix
writes back to that system, and of a customer it does not know only once that is complete.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from crossdock.config import BusinessConfig, Channel
from crossdock.contracts.deliveries import Answer, Batch, Value
from crossdock.contracts.ownership import Matrix
from crossdock.exchange.delivery import Deliver, ReadCurrent
from crossdock.identity.customer_store import CustomerStore, Kept
from crossdock.identity.journal import Cause
from crossdock.identity.learning import Learning
from crossdock.identity.telling import telling
from crossdock.identity.xref_writes import XrefError
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.errors import StoreUnavailableError

CUSTOMER: Final = "customer"
_ROUNDS: Final = 12


def system_of(channel: Channel) -> str:
    """The system that a channel leads to, as the ownership matrix calls it."""
    return str(channel.settings.get("system") or channel.name)


def channels_of_system(business: BusinessConfig, system: str) -> list[Channel]:
    """The channels by which a system hears of customers."""
    return [c for c in business.channels_for(CUSTOMER) if system_of(c) == system]


def customer_reader(channel: Channel, store: CustomerStore, matrix: Matrix) -> ReadCurrent:
    """What a channel is to hold of customers now, by their ids; None where it is to hold nothing.

    A query for each, 1 RCU per 4 KB, and one more for each customer that was merged into it.
    """
    system = system_of(channel)

    def current(customers: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        return {customer: shown(store.load(customer), system, matrix) for customer in customers}

    return current


def shown(kept: Kept, system: str, matrix: Matrix) -> dict[str, Any] | None:
    """What a system may see of a customer: its state, its attributes, its ids everywhere."""
    customer = kept.customer
    if not kept.exists or (customer.state != "ready" and not _knows(kept, system)):
        return None
    ids: dict[str, list[str]] = {}
    for reference in sorted(kept.ids.references, key=lambda r: r.id):
        ids.setdefault(reference.system, []).append(reference.external)
    if customer.into is not None:
        return {"state": "merged", "into": customer.into, "ids": ids, "attributes": {}}
    seen = {name: value for name, value in customer.values.items() if matrix.written_back(name, system)}
    if not seen:
        return None
    return {
        "state": customer.state,
        "ids": ids,
        "attributes": {name: value for name, value in seen.items() if "/" not in name},
        **_many(seen, "contact", "contacts"),
        **_many(seen, "ship_to", "ship_tos"),
    }


def _many(seen: Mapping[str, Any], kind: str, plural: str) -> dict[str, Any]:
    prefix = f"{kind}/"
    found = {name.removeprefix(prefix): value for name, value in seen.items() if name.startswith(prefix)}
    return {plural: found} if found else {}


def _knows(kept: Kept, system: str) -> bool:
    """Whether a system has the customer already: then it hears of whatever becomes of it."""
    return any(r.system == system for r in kept.ids.references) or any(r.system == system for r in kept.records)


def noting(channel: Channel, store: CustomerStore, learning: Learning, clock: Clock, deliver: Deliver) -> Deliver:
    """Notes what a system is told before it is told, so that its echo is known however soon it comes.

    What it calls a customer, as it says in its answer, is kept before anything counts as acknowledged: who is told
    once more would make a second account. An id that means another customer already is a refusal of this one.
    """
    system = system_of(channel)

    def noted(batch: Batch) -> Answer:
        at = to_text(clock())
        for value in batch.values:
            _note(store, system, value, at)
        answer = deliver(batch)
        causes = {v.key: Cause(system, next(iter(v.correlation_ids), ""), at) for v in batch.values}
        wrong = {
            key: why
            for key, external in answer.learned.items()
            if (why := _learn(learning, system, key, external, causes[key]))
        }
        return replace(answer, rejected={**answer.rejected, **wrong}) if wrong else answer

    return noted


def _learn(learning: Learning, system: str, customer: str, external: str, cause: Cause) -> str | None:
    """Keeps what a system calls a customer; why not, when it cannot be."""
    try:
        learning.learn(customer, system, external, cause)
    except XrefError as exc:
        return f"{system} calls it {external!r}: {exc.message}. Remedy: {exc.remedy}"
    return None


def _note(store: CustomerStore, system: str, value: Value, at: str) -> None:
    said = dict(value.fields["attributes"])
    said |= {f"contact/{one}": found for one, found in value.fields.get("contacts", {}).items()}
    said |= {f"ship_to/{one}": found for one, found in value.fields.get("ship_tos", {}).items()}
    for _ in range(_ROUNDS):
        told = store.told(value.key, system)
        after = telling(told, value.version, said, at)
        if after == told or store.note_told(value.key, replace(after, system=system)):
            return
    raise StoreUnavailableError(f"what {system} was told of {value.key} kept being changed by others")
