"""Taking an event from its queue: read it, hold it to its contract, or put it on the exceptions list."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from crossdock.contracts import events
from crossdock.contracts.editions import newest
from crossdock.contracts.refusals import Refuse
from crossdock.exceptions.unreadable import unreadable
from crossdock.platform.queues import Record, dumps

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Taken(Generic[M]):
    """An event that fits: its data in their contract, and the whole message, from which a part can be replayed."""

    correlation_id: str
    data: M
    message: dict[str, Any]


def take(record: Record, route: str, model: type[M], refuse: Refuse) -> Taken[M] | None:
    """The event in a record of the queue `route`, of whichever version, as the newest one says it.

    None when it was none and is on the exceptions list now.
    """
    message = dict(record.message or {})
    try:
        event = events.read(message)
        data = model.model_validate_json(dumps(newest(event.type, event.data)))
    except (KeyError, TypeError, ValueError) as exc:  # pydantic's ValidationError is a ValueError
        refuse([unreadable(route, record, exc)])
        return None
    return Taken(event.correlation_id, data, message)
