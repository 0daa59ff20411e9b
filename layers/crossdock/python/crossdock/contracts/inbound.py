"""What a source connector makes of a native payload."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

N = TypeVar("N", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Movements:
    """Movements for the journal, in the form of the movements contract."""

    movements: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact for the bus: canonical type, subject (`type/canonical-id`), data in that type's contract."""

    type: str
    subject: str
    data: Mapping[str, Any]


Translated = Movements | Fact


class UnknownEventError(ValueError):
    """A payload of a type that the connector has no translation for; `known` lists those it has."""

    def __init__(self, event_type: str, known: tuple[str, ...]) -> None:
        super().__init__(event_type)
        self.event_type = event_type
        self.known = known


class SourceConnector(Protocol):
    """One kind of outside system that sends facts: a module in crossdock.connectors with this function."""

    def translate(self, source: str, body: bytes) -> Translated:
        """Native → canonical.

        Raises pydantic.ValidationError naming what does not fit, or UnknownEventError.
        """
        ...


class _Named(BaseModel):
    type: str


def read_native(body: bytes, models: Mapping[str, type[N]]) -> N:
    """A body that names its `type`, in that type's model.

    Raises UnknownEventError for a type that has none, and pydantic.ValidationError naming what does not fit.
    """
    named = _Named.model_validate_json(body).type
    if named not in models:
        raise UnknownEventError(named, tuple(models))
    return models[named].model_validate_json(body)
