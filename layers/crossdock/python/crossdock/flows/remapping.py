"""Mapping a refused fact anew: from the delivery it came in, as its sender sent it, through today's connector.

A delivery may have held many facts of which one was refused. Only that one is sent again: it is found in what the
connector makes of the delivery today by what identifies it, and takes its place in the message that was refused.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from crossdock.connectors import source_connector
from crossdock.contracts.codes import Codes, Refused
from crossdock.contracts.deferred import ROUTE as MAPPED_BEHIND
from crossdock.contracts.inbound import Fact, Fetch, Movements, Part, parts_of
from crossdock.exceptions.impact import at
from crossdock.exceptions.model import Occurrence
from crossdock.exceptions.replaying import UnsendableError
from crossdock.exceptions.unreadable import said
from crossdock.exchange.inbox import Delivery
from crossdock.flows.version_gate import replaced

FindDelivery = Callable[[str, str], Delivery | None]
"""A source's delivery with its raw body, or None when the inbox does not hold it (any more)."""
FindMapping = Callable[[str], tuple[str, Codes] | None]
"""The connector that maps a source's payloads today and its code tables, or None for a source nobody configured."""

# What tells the facts of one list apart, in this order; the first that a fact has counts.
_IDENTITIES: Final = (("id",), ("rule_id", "version"), ("customer",), ("sku",), ("item",))


def delivery_of(message: Mapping[str, Any]) -> tuple[str, str] | None:
    """(source, delivery id) of the webhook that a message came from; None when it came another way."""
    source, delivery = message.get("sourcesystem", message.get("source")), message.get("delivery")
    return (source, delivery) if isinstance(source, str) and isinstance(delivery, str) else None


class Remapping:
    """Keeps what the last delivery was mapped to: the facts of one delivery come one after the other."""

    def __init__(self, find_delivery: FindDelivery, find_mapping: FindMapping) -> None:
        self._find_delivery = find_delivery
        self._find_mapping = find_mapping
        self._last: tuple[tuple[str, str], tuple[str, Sequence[Part]]] | None = None

    def __call__(self, occurrence: Occurrence) -> Mapping[str, Any]:
        """The message of a refused fact, mapped anew. Raises UnsendableError saying why that cannot be done."""
        original = occurrence.original
        if occurrence.route == MAPPED_BEHIND:
            # Whoever takes it maps the delivery by the mapping of that moment: as its sender sent it.
            return {name: value for name, value in original.items() if name != "body"}
        delivery = delivery_of(original)
        if delivery is None:
            raise UnsendableError("it came by the API or from ourselves, not as a delivery: nothing to map anew")
        version, parts = self._mapped(delivery)
        return _alone(_fresh(original, version, parts), original, occurrence.pointer)

    def _mapped(self, delivery: tuple[str, str]) -> tuple[str, Sequence[Part]]:
        """The mapping's version today, and what it makes of the delivery."""
        if self._last and self._last[0] == delivery:
            return self._last[1]
        source, id_ = delivery
        mapping, found = self._find_mapping(source), self._find_delivery(source, id_)
        if mapping is None:
            raise UnsendableError(f"there is no source {source!r} in the configuration: add it and deploy")
        if found is None:
            raise UnsendableError(
                f"the delivery {id_} of {source} is not in the inbox any more: correct the fact instead"
            )
        connector, codes = source_connector(mapping[0]), mapping[1]
        try:
            parts = parts_of(connector.translate(source, found.body, found.headers, codes))
        except ValueError as exc:  # pydantic's ValidationError, and a type that the connector does not know
            why = said(exc)[:200]
            raise UnsendableError(f"the delivery {id_} cannot be mapped today either: {why}") from exc
        if any(isinstance(part, Fetch) for part in parts):
            raise UnsendableError(
                f"the delivery {id_} only names what {source} has to be asked for: correct the fact instead"
            )
        self._last = (delivery, (connector.MAPPING_VERSION, parts))
        return self._last[1]


def _fresh(original: Mapping[str, Any], version: str, parts: Sequence[Part]) -> Mapping[str, Any]:
    """The original message with what the delivery says today in the place of what it said."""
    movements = [m for part in parts if isinstance(part, Movements) for m in part.movements]
    if "movements" in original and movements:
        return {**original, "mapping": version, "movements": movements}
    # Whoever refused it takes this type and no other.
    facts = [part for part in parts if isinstance(part, Fact) and part.type == original.get("type")]
    match [fact for fact in facts if fact.subject == original["subject"]] or facts:
        case [fact]:
            return {**original, "mappingversion": version, "subject": fact.subject, "data": dict(fact.data)}
    refused = next((f" ({part.detail})" for part in parts if isinstance(part, Refused)), "")
    raise UnsendableError(
        f"the delivery, mapped today, holds nothing like this fact{refused}: correct the fact instead"
    )


def _alone(fresh: Mapping[str, Any], original: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    """The fresh message with that fact only which stands at `pointer` in the original."""
    path = pointer.split("/")[1:]
    if not path or not path[-1].isdecimal():
        return fresh
    fact, candidates = at(original, pointer), at(fresh, "".join(f"/{step}" for step in path[:-1]))
    if not isinstance(fact, Mapping) or not isinstance(candidates, list):
        raise UnsendableError("the delivery, mapped today, is of another shape: correct the fact instead")
    same = [c for c in candidates if isinstance(c, Mapping) and _same(fact, c)]
    if len(same) != 1:
        raise UnsendableError(
            f"the delivery, mapped today, holds {len(same)} facts like this one, not one: correct the fact instead"
        )
    single: Mapping[str, Any] = replaced(fresh, path[:-1], same)
    return single


def _same(fact: Mapping[str, Any], candidate: Mapping[str, Any]) -> bool:
    names: Sequence[str] = next((n for n in _IDENTITIES if n[0] in fact), ())
    return bool(names) and all(candidate.get(name) == fact.get(name) for name in names)
