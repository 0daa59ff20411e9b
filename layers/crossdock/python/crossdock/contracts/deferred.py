"""Messages of the queue `webhooks`: written by whoever takes deliveries in, read by what maps them."""

from typing import Any, Final

ROUTE: Final = "webhooks"
RELAYED: Final = "relayed"
"""The kind of message in which an event of a partner's bus comes: `source`, the event's `id` and its `detail`."""


def message_of(source: str, delivery_id: str, correlation_id: str) -> dict[str, Any]:
    """The message that has a kept delivery mapped."""
    return {"v": 1, "kind": "webhook", "source": source, "delivery": delivery_id, "correlation_id": correlation_id}
