"""Event types in several versions: published side by side, and read by one who knows only the newest.

A change that a reader of today would stumble over (a field that is renamed, removed or means something else, and,
as contracts refuse what they do not know, one that is added) makes a new version of the type. It goes out in three
releases, of which each can be rolled back:

    1  the version and its step are put into EDITIONS: every fact is published in both, readers understand both,
       our own queues go on getting the older one (a fact reaches each queue once, whoever published it)
    2  the queue's rule takes the newer one (ROUTES of infra/stacks/sync.py): all publishers publish it by now
    3  when nobody outside reads the older one any more, its step says `published=False`; reading it stays possible,
       for what lies in queues, archives and exceptions

A step keeps the places of facts (what stood at /data/supply/3 stands there in both), because an operator corrects and
replays a part of the message as it came.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from crossdock.contracts.events import Event

Data = Mapping[str, Any]


class NewerEventError(ValueError):
    """An event of a version that this release does not know: it was made by a newer one."""


@dataclass(frozen=True, slots=True)
class Step:
    """From one version of an event type to the next one.

    `up` says the older data in the newer form, `down` the newer in the older; neither may fail on valid data. Whether
    the older one is still published.
    """

    older: str
    newer: str
    up: Callable[[Data], Data]
    down: Callable[[Data], Data]
    published: bool = True


EDITIONS: Final[tuple[Step, ...]] = ()


def published(event: Event, editions: tuple[Step, ...] | None = None) -> list[Event]:
    """The event in every version of its type that is published, oldest first: the same fact, under the same id."""
    steps = EDITIONS if editions is None else editions
    older = [e for e, step in _walk(event, steps, "down") if step.published][::-1]
    newer = [e for e, _ in _walk(event, steps, "up")]
    kept = [event] if all(step.published for step in steps if step.older == event.type) else []
    return [*older, *kept, *newer]


def newest(type_: str, data: Data, editions: tuple[Step, ...] | None = None) -> Data:
    """An event's data as the newest version of its type says it. Raises NewerEventError for one that is newer still."""
    steps = EDITIONS if editions is None else editions
    family, version = _split(type_)
    known = max([1, *(_split(step.newer)[1] for step in steps if _split(step.newer)[0] == family)])
    if version > known:
        raise NewerEventError(
            f"type: {type_} is newer than what this release reads (up to v{known}): replay it when one that does is out"
        )
    while step := next((s for s in steps if s.older == type_), None):
        type_, data = step.newer, step.up(data)
    return data


def _walk(event: Event, steps: tuple[Step, ...], way: str) -> Iterator[tuple[Event, Step]]:
    """The event in each version above or below its own, with the step that led there."""
    up = way == "up"
    while step := next((s for s in steps if (s.older if up else s.newer) == event.type), None):
        data = step.up(event.data) if up else step.down(event.data)
        event = replace(event, type=step.newer if up else step.older, data=data)
        yield event, step


def _split(type_: str) -> tuple[str, int]:
    """`inventory.supply.reported.v2` → (`inventory.supply.reported`, 2); what carries no version is the first."""
    family, _, version = type_.rpartition(".v")
    return (family, int(version)) if family and version.isdigit() else (type_, 1)
