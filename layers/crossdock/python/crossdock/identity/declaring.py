"""Declaring cross-references from events: the good ones are kept, a contradiction becomes an exception."""

from collections.abc import Mapping, Sequence

from crossdock.contracts.references import ItemDeclaration
from crossdock.contracts.refusals import Refusal, Refuse, replay_mark
from crossdock.identity.references import Conflict, Reference, References

ROUTE = "references"


def declare_items(
    references: References, refuse: Refuse, items: Sequence[ItemDeclaration], event: Mapping[str, object]
) -> tuple[int, int]:
    """Keeps every code of every item; gives back (new references, refused). `event` is the whole event."""
    wanted = [Reference(c.system, c.code, item.sku) for item in items for c in item.codes]
    new, conflicts = references.declare(wanted)
    if conflicts:
        refuse([_refusal(c, event) for c in conflicts])
    return new, len(conflicts)


def _refusal(conflict: Conflict, event: Mapping[str, object]) -> Refusal:
    wanted = conflict.reference
    source = str(event["sourcesystem"])
    alone = {"sku": wanted.sku, "codes": [{"system": wanted.system, "code": wanted.code}]}
    return Refusal(
        kind="reference_conflict",
        source=source,
        subject=f"item/{wanted.system}/{wanted.code}",
        fact=f"{wanted.system}/{wanted.code}={wanted.sku}",
        detail=f"{source} says that {wanted.system} {wanted.code!r} is {wanted.sku}, but it is {conflict.kept_sku}",
        remedy="correct the declaration, or close this exception if what is kept is true",
        route=ROUTE,
        message={**event, "data": {"source": source, "items": [alone]}},
        pointer="/data/items/0",
        correlation_id=str(event["correlationid"]),
        replay=replay_mark(event),
    )
