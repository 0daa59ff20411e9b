"""The event bus, behind one publishing seam: the engine's newer buses can take its place here and nowhere else."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from crossdock.contracts.editions import published
from crossdock.contracts.events import Event
from crossdock.platform import deadline
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.queues import dumps

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

_ENTRIES_PER_CALL = 10
# The bus takes 256 KB of a call; what each entry is sent with beside its detail counts too.
_BYTES_PER_CALL = 250_000
_BESIDE = 200
_ATTEMPTS = 4


class Bus:
    """Puts canonical events on the bus, all of them or an error."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, events: Sequence[Event]) -> None:
        """Puts every event in each version of its type, as many to a call as it takes.

        PutEvents fails entries one by one: those are put again.

        Raises StoreUnavailableError when some stay unput; then all of them may be put again.
        """
        for part in _calls([self._entry(edition) for event in events for edition in published(event)]):
            waiting = part
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

    def _entry(self, event: Event) -> dict[str, Any]:
        return {
            "EventBusName": self._name,
            "Source": f"crossdock.{event.source}",
            "DetailType": event.type,
            "Detail": dumps(event.document()),
        }


def _calls(entries: Sequence[Any]) -> Iterator[list[Any]]:
    """The entries in order, in portions that one call takes."""
    call: list[Any] = []
    size = 0
    for entry in entries:
        of_it = len(entry["Detail"].encode()) + _BESIDE
        if call and (len(call) == _ENTRIES_PER_CALL or size + of_it > _BYTES_PER_CALL):
            yield call
            call, size = [], 0
        call.append(entry)
        size += of_it
    if call:
        yield call
