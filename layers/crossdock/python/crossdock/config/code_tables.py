"""The code tables of a configuration, judged: what each source's words mean, and who says so."""

import importlib
import importlib.util
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crossdock.contracts.codes import STATUSES, UNITS, WAREHOUSES
from crossdock.contracts.orders import Status

Kind = Literal["statuses", "units", "warehouses"]
Code = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,60}$")]

_UNIT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,19}")
_CONNECTORS: Final = "crossdock.connectors"


class Table(BaseModel):
    """One table: `owner` is the person or office that says what its codes mean."""

    model_config = ConfigDict(extra="forbid", strict=True)

    owner: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,80}$")]
    values: dict[Code, str] = Field(min_length=1, max_length=2000)


def problems(
    codes: Mapping[str, Mapping[Kind, Table]], connectors: Mapping[str, str], warehouses: Mapping[str, object]
) -> list[str]:
    """What is wrong with the tables of all sources. `connectors` are the connectors by source."""
    unknown = [
        f"codes.{s}: {s!r} is not among [sources.*]; add it or name another" for s in codes if s not in connectors
    ]
    known = {source: tables for source, tables in codes.items() if source in connectors}
    wrong = [
        p for source, tables in known.items() for kind, t in tables.items() for p in _of(source, kind, t, warehouses)
    ]
    return [*unknown, *wrong, *_of_connectors(connectors)]


def _of(source: str, kind: Kind, table: Table, warehouses: Mapping[str, object]) -> Iterator[str]:
    for code, meaning in table.values.items():
        place = f"codes.{source}.{kind}.values.{code}"
        if kind == WAREHOUSES and meaning not in warehouses:
            yield f"{place}: {meaning!r} is not among [warehouses.*]; add it or name another"
        if kind == STATUSES and meaning not in get_args(Status):
            yield f"{place}: {meaning!r} is no state of an order; write one of {', '.join(get_args(Status))}"
        if kind == UNITS and not _UNIT.fullmatch(meaning):
            yield f"{place}: {meaning!r} is no unit: a letter, then letters, digits, _ . -, at most 20"


def _of_connectors(connectors: Mapping[str, str]) -> Iterator[str]:
    for source, connector in connectors.items():
        if importlib.util.find_spec(f"{_CONNECTORS}.{connector}") is None:
            yield f"sources.{source}.connector: there is no connector {connector!r} in {_CONNECTORS}"
        elif not hasattr(importlib.import_module(f"{_CONNECTORS}.{connector}"), "translate"):
            yield f"sources.{source}.connector: {connector} is told values and sends no facts; name another"
