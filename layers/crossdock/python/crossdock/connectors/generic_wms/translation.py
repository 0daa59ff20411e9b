"""Native → canonical for the generic WMS.

It uses our words for warehouses and units, or its own where the configuration has a code table for them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from crossdock.contracts import events
from crossdock.contracts.codes import NO_CODES, UNITS, WAREHOUSES, Codes, Refused, UnmappedCodeError
from crossdock.contracts.counts import CountReport
from crossdock.contracts.facts import together
from crossdock.contracts.fields import Contract, Instant
from crossdock.contracts.inbound import Fact, Movements, Part, Translated, read_native
from crossdock.contracts.movements import Movement, MovementList

MAPPING_VERSION: Final = "generic_wms/1"
HEADERS: Final[tuple[str, ...]] = ()
CODE_TABLES: Final[tuple[str, ...]] = ()

_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})
_CODED: Final = {"warehouse": WAREHOUSES, "to_warehouse": WAREHOUSES, "unit": UNITS}


class _Moved(Contract):
    type: Literal["stock.moved"]
    timestamp: Instant
    data: MovementList


class _Counted(Contract):
    type: Literal["stock.counted"]
    timestamp: Instant
    data: CountReport


NATIVE: dict[str, type[_Moved | _Counted]] = {"stock.moved": _Moved, "stock.counted": _Counted}


def translate(
    source: str,
    body: bytes,
    headers: Mapping[str, str] = _NOBODY,  # noqa: ARG001 - all that counts is in the body
    codes: Codes = NO_CODES,
) -> Translated:
    """A webhook body as movements, or as an `inventory.counts.reported.v1` fact.

    A movement with a code that its table does not have is refused by itself.

    Raises pydantic.ValidationError naming what does not fit, or UnknownEventError for another type.
    """
    native = read_native(body, NATIVE)
    if isinstance(native, _Moved):
        return _movements(native.data.movements, codes)
    try:
        warehouse = codes.canonical_if_any(WAREHOUSES, native.data.warehouse, "data.warehouse")
    except UnmappedCodeError as exc:
        return exc.refused
    report = {**native.data.model_dump(mode="json"), "warehouse": warehouse}
    return Fact(events.COUNTS_REPORTED, f"warehouse/{warehouse}", {"source": source, "report": report})


def _movements(movements: list[Movement], codes: Codes) -> Translated:
    good: list[dict[str, Any]] = []
    refused: dict[str, Refused] = {}
    for number, movement in enumerate(movements):
        document = movement.model_dump(mode="json", exclude_none=True)
        try:
            good.append(document | _canonical(document, codes, f"data.movements[{number}]"))
        except UnmappedCodeError as exc:
            refused.setdefault(exc.refused.subject, exc.refused)
    parts: list[Part] = [Movements(good)] if good else []
    return together([*parts, *refused.values()])


def _canonical(document: Mapping[str, Any], codes: Codes, place: str) -> dict[str, str]:
    return {
        name: codes.canonical_if_any(kind, document[name], f"{place}.{name}")
        for name, kind in _CODED.items()
        if name in document and kind in codes.tables
    }
