"""The event bus, behind one publishing seam: the engine's newer buses can take its place here and nowhere else."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crossdock.contracts.events import Event
from crossdock.platform import deadline
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.queues import dumps
from crossdock.platform.sequences import chunks

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

_ENTRIES_PER_CALL = 10
_ATTEMPTS = 4


class Bus:
    """Puts canonical events on the bus, all of them or an error."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, events: Sequence[Event]) -> None:
        """Puts every event, ten to a call. PutEvents fails entries one by one: those are put again.

        Raises StoreUnavailableError when some stay unput; then all of them may be put again.
        """
        for part in chunks(events, _ENTRIES_PER_CALL):
            waiting: list[Any] = [
                {
                    "EventBusName": self._name,
                    "Source": f"crossdock.{event.source}",
                    "DetailType": event.type,
                    "Detail": dumps(event.document()),
                }
                for event in part
            ]
            for attempt in range(_ATTEMPTS):
                if attempt:
                    deadline.pause(attempt)
                answer = self._client.put_events(Entries=waiting)
                waiting = [
                    entry for entry, result in zip(waiting, answer["Entries"], strict=True) if "ErrorCode" in result
                ]
                if not waiting:
                    break
            else:
                raise StoreUnavailableError(f"{len(waiting)} events were not taken by the bus {self._name}")
