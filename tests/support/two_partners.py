"""Every operation of the API's document as two partners see it, one of whom tries what belongs to the other.

An endpoint that is described is tried: nothing here names one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.endpoints import PRESERVED
from tests.support.api_examples import Operation, Side, call, request
from tests.support.world import QUEUES, World

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAIL: Final = 12


def never(value: str) -> str:
    """A value of the same shape that nobody was ever given."""
    head, tail = value[:-_TAIL], value[-_TAIL:]
    turned = re.sub(
        r"[A-Za-z]", lambda m: chr((ord(m[0].lower()) - 97 + 7) % 26 + ord("A" if m[0] < "a" else "a")), tail
    )
    return head + (turned if turned != tail else tail[::-1] + "9")


def faults(world: World, operation: Operation, thief: Side, owner: Side) -> Iterator[str]:
    """What is wrong with how the operation treats one partner with what is another's; nothing, if all is well."""
    for place, name, kind in operation.owned:
        where = f"{operation.route}: {place} {name} with another partner's {kind}"
        value = f"{owner.partner}s-own-key" if kind in PRESERVED else owner.value(operation, kind)
        before = everything(world)
        told = _tried(world, operation, thief, (place, name, value))
        after = everything(world)
        unknown = _tried(world, operation, thief, (place, name, never(value)))
        if kind in PRESERVED:
            yield from _as_if_new(where, told, unknown, owner)
            continue
        if before != after:
            yield f"{where} writes something"
        if _plain(told, value) != _plain(unknown, never(value)):
            yield f"{where} is told {told}, and of one that never existed {unknown}"


def _tried(world: World, operation: Operation, side: Side, put: tuple[str, str, str]) -> tuple[int, str]:
    made = request(operation, side, "a-key-of-ones-own")
    made.put(*put)
    answer = call(world, operation, made.event(side))
    return answer["statusCode"], answer["body"]


def _plain(told: tuple[int, str], value: str) -> tuple[int, str]:
    """The answer without what was sent, which may be cut; a longer part of it goes first."""
    status, text = told
    for length in (len(value), 100, 80, 60, 40, 30):
        if len(value) >= length:
            text = text.replace(value[:length], "…")
    return status, text


def _as_if_new(where: str, told: tuple[int, str], new: tuple[int, str], owner: Side) -> Iterator[str]:
    if told[0] != new[0]:
        yield f"{where} is answered {told}, and with a new one {new}"
    yield from (f"{where} shows {secret}" for secret in secrets(owner) if secret in told[1])


def secrets(side: Side) -> list[str]:
    """What of a partner's may not stand in another's answers."""
    return [side.partner, side.customer, *(v for v in side.values.values() if len(v) > _TAIL)]


def everything(world: World) -> dict[str, Any]:
    """All that is stored, and how much waits on every queue."""
    depths = {
        queue: world.target.sqs.get_queue_attributes(
            QueueUrl=world.urls[queue], AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        for queue in QUEUES
    }
    return {"rows": world.dump(), "queues": depths}
