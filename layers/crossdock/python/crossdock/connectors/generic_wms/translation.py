"""Native → canonical for the generic WMS."""

from typing import Literal

from crossdock.contracts import events
from crossdock.contracts.counts import CountReport
from crossdock.contracts.fields import Contract, Instant
from crossdock.contracts.inbound import Fact, Movements, Translated, read_native
from crossdock.contracts.movements import MovementList


class _Moved(Contract):
    type: Literal["stock.moved"]
    timestamp: Instant
    data: MovementList


class _Counted(Contract):
    type: Literal["stock.counted"]
    timestamp: Instant
    data: CountReport


_NATIVE: dict[str, type[_Moved | _Counted]] = {"stock.moved": _Moved, "stock.counted": _Counted}


def translate(source: str, body: bytes) -> Translated:
    """A webhook body as movements, or as an `inventory.counts.reported.v1` fact.

    Raises pydantic.ValidationError naming what does not fit, or UnknownEventError for another type.
    """
    native = read_native(body, _NATIVE)
    if isinstance(native, _Moved):
        return Movements([m.model_dump(mode="json", exclude_none=True) for m in native.data.movements])
    return Fact(
        type=events.COUNTS_REPORTED,
        subject=f"warehouse/{native.data.warehouse}",
        data={"source": source, "report": native.data.model_dump(mode="json")},
    )
