"""Declaring items from events: what other systems call them, and how they are counted.

What is good is kept; a contradiction becomes an exception.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.contracts.items import ItemProfile
from crossdock.contracts.references import ItemDeclaration, Profile
from crossdock.contracts.refusals import Refusal, Refuse, content_id, replay_mark
from crossdock.identity.items import Items
from crossdock.identity.references import Conflict, Reference, References

ROUTE = "references"


@dataclass(frozen=True, slots=True)
class Declared:
    """What became of an event: new references, profiles kept, and contradictions."""

    references: int
    profiles: int
    refused: int


def declare_items(
    references: References,
    profiles: Items,
    refuse: Refuse,
    items: Sequence[ItemDeclaration],
    event: Mapping[str, object],
) -> Declared:
    """Keeps every code and every profile of every item. `event` is the whole event."""
    wanted = [Reference(c.system, c.code, item.sku) for item in items for c in item.codes]
    new, conflicts = references.declare(wanted)
    declared = {item.sku: item for item in items if item.profile is not None}
    kept, contradicted = profiles.declare([profile_of(i.sku, i.profile) for i in items if i.profile is not None])
    # Also when nothing is new: the function may have died here the last time.
    profiles.mark({item.sku for item in items} - declared.keys())
    refusals = [_conflict(c, event) for c in conflicts]
    refusals += [_contradiction(declared[p.sku], p, event) for p in contradicted]
    if refusals:
        refuse(refusals)
    return Declared(new, kept, len(refusals))


def profile_of(sku: str, profile: Profile) -> ItemProfile:
    """A declared profile as a value."""
    return ItemProfile(
        sku,
        profile.version,
        profile.unit,
        dict(profile.units),
        profile.places,
        profile.lot_policy,
        tuple(profile.lots),
        tuple(profile.substitutes),
        tuple(profile.families),
        tuple(profile.mix_groups),
    )


def _conflict(conflict: Conflict, event: Mapping[str, object]) -> Refusal:
    wanted = conflict.reference
    return _refusal(
        event,
        kind="reference_conflict",
        subject=f"item/{wanted.system}/{wanted.code}",
        fact=f"{wanted.system}/{wanted.code}={wanted.sku}",
        detail=f"says that {wanted.system} {wanted.code!r} is {wanted.sku}, but it is {conflict.kept_sku}",
        alone={"sku": wanted.sku, "codes": [{"system": wanted.system, "code": wanted.code}]},
    )


def _contradiction(item: ItemDeclaration, profile: ItemProfile, event: Mapping[str, object]) -> Refusal:
    alone = item.model_dump(mode="json", exclude_none=True)
    return _refusal(
        event,
        kind="profile_conflict",
        subject=f"item/{item.sku}",
        fact=f"profile/{item.sku}/{profile.version}={content_id(alone['profile'])}",
        detail=f"declares version {profile.version} of the profile of {item.sku} with other content than it had",
        alone=alone,
        remedy="correct the profile, or give it a higher version if it is the newer one, then replay",
    )


def _refusal(
    event: Mapping[str, object],
    *,
    kind: str,
    subject: str,
    fact: str,
    detail: str,
    alone: Mapping[str, Any],
    remedy: str = "correct the declaration, or close this exception if what is kept is true",
) -> Refusal:
    source = str(event["sourcesystem"])
    return Refusal(
        kind=kind,
        source=source,
        subject=subject,
        fact=fact,
        detail=f"{source} {detail}",
        remedy=remedy,
        route=ROUTE,
        message={**event, "data": {"source": source, "items": [alone]}},
        pointer="/data/items/0",
        correlation_id=str(event["correlationid"]),
        replay=replay_mark(event),
    )
