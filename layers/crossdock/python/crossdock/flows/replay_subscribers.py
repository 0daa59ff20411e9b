"""Who gets a replayed fact: the queue it fell out of, or everybody to whom such a fact goes today."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crossdock.config import BusinessConfig
from crossdock.exceptions.replaying import UnsendableError
from crossdock.exceptions.runs import Subscribers

BUS: Final = "bus"
"""The route of events that the bus is to carry to whoever subscribes to them now."""
CHANNEL: Final = "channel-"

Target = tuple[str, Mapping[str, Any]]


def targets(
    route: str, message: Mapping[str, Any], subscribers: Subscribers, business: BusinessConfig | None
) -> list[Target]:
    """Routes with their form of a message; the first is the fact's own, if it may still go there.

    Raises UnsendableError for a fact that leads nowhere, or that nobody hears of any more.
    """
    if not route:
        raise UnsendableError("it describes a lost call and cannot be replayed: do what its remedy says, then close it")
    if subscribers is Subscribers.ORIGINAL or business is None:
        return [(route, message)]
    if route.startswith(CHANNEL):
        return _channels(route, message, business)
    return [(BUS, message)] if "specversion" in message and isinstance(message.get("type"), str) else [(route, message)]


def _channels(route: str, message: Mapping[str, Any], business: BusinessConfig) -> list[Target]:
    keys: Sequence[Any] = message.get("keys") or ()
    found: list[Target] = []
    for channel in business.channels.values():
        theirs = [k for k in keys if isinstance(k, Mapping) and k.get("kind") in channel.publishes]
        if theirs:
            found.append((f"{CHANNEL}{channel.name}", {**message, "channel": channel.name, "keys": theirs}))
    if not found:
        raise UnsendableError("no channel hears of this any more: close it")
    return sorted(found, key=lambda target: (target[0] != route, target[0]))
