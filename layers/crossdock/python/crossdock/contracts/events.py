"""The canonical event: a CloudEvents 1.0 document with our extensions.

Source of the attribute names: the CloudEvents 1.0 specification (lower-case letters and digits only).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PRICE_RULES_CHANGED = "pricing.rules.changed.v1"
PRICE_CUSTOMERS_CHANGED = "pricing.customers.changed.v1"
COUNTS_REPORTED = "inventory.counts.reported.v1"
SUPPLY_REPORTED = "inventory.supply.reported.v1"
REFERENCES_DECLARED = "identity.references.declared.v1"
ORDER_PLACED = "orders.order.placed.v1"
ORDER_CHANGED = "orders.order.changed.v1"
ORDER_CANCELLED = "orders.order.cancelled.v1"
LEVELS_REPORTED = "inventory.levels.reported.v1"
ACCOUNTS_REPORTED = "customers.accounts.reported.v1"
ACCOUNTS_LISTED = "customers.accounts.listed.v1"
RESERVATION_DECIDED = "inventory.reservation.decided.v1"
AVAILABILITY_CHANGED = "availability.changed.v1"
PRICE_CHANGED = "price.changed.v1"
CUSTOMER_CHANGED = "customer.changed.v1"
CUSTOMER_UPSERTED = "customer.upserted.v1"
CUSTOMER_MERGED = "customer.merged.v1"
CUSTOMER_HOLD_CHANGED = "customer.hold_changed.v1"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact in our own vocabulary.

    `id` is derived from the source's delivery id, so the same delivery gives the same event; `subject` is
    `type/canonical-id`; `time` is RFC 3339. `mapping_version` says which mapping of a connector made it (`shopify/1`);
    it is empty, and not in the document, for what nobody had to map. `delivery_id` is the source's id of the delivery
    that it was made of, by which the inbox finds it; empty, and not in the document, for what came another way.
    """

    id: str
    type: str
    source: str
    subject: str
    time: str
    correlation_id: str
    data: Mapping[str, Any]
    causation_id: str = ""
    mapping_version: str = ""
    delivery_id: str = ""

    def document(self) -> dict[str, Any]:
        """The event as it goes over the bus."""
        mapped = {"mappingversion": self.mapping_version, "delivery": self.delivery_id}
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": f"crossdock/{self.source}",
            "type": self.type,
            "subject": self.subject,
            "time": self.time,
            "datacontenttype": "application/json",
            "correlationid": self.correlation_id,
            "causationid": self.causation_id or self.id,
            "sourcesystem": self.source,
            "dedupekey": self.id,
            **{name: value for name, value in mapped.items() if value},
            "data": self.data,
        }


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """What a consumer reads of an event, whoever put it on the bus."""

    id: str
    type: str
    source: str
    correlation_id: str
    data: Mapping[str, Any]


def read(document: Mapping[str, Any]) -> ReceivedEvent:
    """The parts of an event document that consumers use. Raises KeyError naming the attribute that is missing."""
    return ReceivedEvent(
        id=str(document["id"]),
        type=str(document["type"]),
        source=str(document["sourcesystem"]),
        correlation_id=str(document["correlationid"]),
        data=dict(document["data"]),
    )
