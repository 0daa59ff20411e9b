"""Which deliveries a partner asks for, and how they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from crossdock.config import BusinessConfig
from crossdock.contracts.price_keys import price_key, read_key
from crossdock.exchange.deliveries import PROGRESS, Delivery
from crossdock.platform.http import Partner
from crossdock.platform.problems import FieldError, Problem

PATH: Final = "/v1/deliveries"
SCOPE: Final = "deliveries:read"
_USUAL: Final = 100
_MOST: Final = 500
_LONGEST: Final = 200
_PARAMETERS: Final = ("channel", "kind", "state", "item", "limit", "cursor")


@dataclass(frozen=True, slots=True)
class Asked:
    """The channels with their kinds that are looked at, and what of them is shown."""

    views: tuple[tuple[str, str], ...]
    state: str | None
    item: str | None
    limit: int

    def keys(self, business: BusinessConfig) -> list[str]:
        """The keys under which channels hold the item: its own, and one for each price class that they are told."""
        classes = {
            c for channel, kind in self.views if kind == "price" for c in business.channels[channel].price_classes
        }
        return list(dict.fromkeys([self.item or "", *(price_key(c, self.item or "") for c in sorted(classes))]))


def asked(query: Mapping[str, str], partner: Partner, business: BusinessConfig) -> Asked:
    """Reads the query. Raises a 422 problem naming the parameter, and a 403 problem for a channel of another's."""
    for name in query:
        if name not in _PARAMETERS:
            raise _bad(name[:60], "unknown", f"leave it out, or send one of: {', '.join(_PARAMETERS)}")
    if "channel" in query:
        partner.require_channel(query["channel"])
    channels = [query["channel"]] if "channel" in query else sorted(partner.channels)
    kinds = {k for c in channels if c in business.channels for k in business.channels[c].publishes}
    kind = _one_of(query, "kind", sorted(kinds))
    views = tuple(
        (c, k)
        for c in channels
        if c in business.channels
        for k in sorted(business.channels[c].publishes)
        if kind in {None, k}
    )
    return Asked(views, _one_of(query, "state", PROGRESS), _item(query), _limit(query))


def document(delivery: Delivery) -> dict[str, Any]:
    """One item of one channel: what was told, and how far that got. Times are RFC 3339 UTC."""
    state = delivery.state
    price_class, sku = read_key(state.key)
    return {
        "channel": delivery.channel,
        "kind": delivery.kind,
        "item": sku,
        **({"price_class": price_class} if delivery.kind == "price" else {}),
        "state": delivery.progress,
        "version": state.version,
        "acknowledged_version": state.acknowledged,
        "decided_at": state.claimed_at,
        "acknowledged_at": state.acknowledged_at or None,
        **({"reason": state.refused_because} if delivery.progress == "rejected" else {}),
    }


def _item(query: Mapping[str, str]) -> str | None:
    item = query.get("item")
    # A control character is in no item's name, and half a surrogate pair is no text that a store takes.
    if item is not None and not (0 < len(item) <= _LONGEST and item.isprintable()):
        raise _bad("item", "is no item's name", f"send 1 to {_LONGEST} printable characters, or leave it out")
    return item


def _one_of(query: Mapping[str, str], name: str, known: tuple[str, ...] | list[str]) -> str | None:
    found = query.get(name)
    if found is not None and found not in known:
        raise _bad(name, f"{found[:40]!r} is unknown", f"send one of: {', '.join(known) or 'none'}; or leave it out")
    return found


def _limit(query: Mapping[str, str]) -> int:
    said = query.get("limit", str(_USUAL))
    if not (said.isascii() and said.isdecimal() and len(said) <= len(str(_MOST)) and 1 <= int(said) <= _MOST):
        raise _bad("limit", f"{said[:20]!r} is no number of items", f"send 1 to {_MOST}, or leave it out")
    return int(said)


def _bad(field: str, problem: str, remedy: str) -> Problem:
    error = FieldError(field, problem, remedy)
    return Problem(422, "invalid-question", f"{field}: {problem}. Remedy: {remedy}.", [error])
