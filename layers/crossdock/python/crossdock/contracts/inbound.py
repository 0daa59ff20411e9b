"""What a source connector makes of a native payload."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel

from crossdock.contracts.codes import Refused

if TYPE_CHECKING:
    from crossdock.contracts.codes import Codes
    from crossdock.contracts.fetching import Api

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


@dataclass(frozen=True, slots=True)
class Fetch:
    """A thin notification: it says what changed and not what it is now, so the latest state is to be fetched.

    `scope` is the notification's own word for what happened, `at` when that was (RFC 3339).
    """

    resource: str
    id: str
    scope: str
    at: str


Part: TypeAlias = Movements | Fact | Fetch | Refused


@dataclass(frozen=True, slots=True)
class Several:
    """One delivery that is more than one thing: what is good of it goes on, whatever becomes of the rest."""

    parts: tuple[Part, ...]


Translated: TypeAlias = Part | Several


def parts_of(translated: Translated) -> tuple[Part, ...]:
    """What a delivery was translated into, one by one."""
    return translated.parts if isinstance(translated, Several) else (translated,)


class UnknownEventError(ValueError):
    """A payload of a type that the connector has no translation for; `known` lists those it has."""

    def __init__(self, event_type: str, known: tuple[str, ...]) -> None:
        super().__init__(event_type)
        self.event_type = event_type
        self.known = known


class SourceConnector(Protocol):
    """One kind of outside system that sends facts: a module in crossdock.connectors with these.

    `MAPPING_VERSION` (`shopify/1`) stands on every event that the mapping makes; it is raised with every change of the
    mapping that makes another event of the same payload. `HEADERS` are those that the mapping reads: they are kept
    with the body, so that it can be mapped again. `CODE_TABLES` are the kinds of code tables without which
    facts of it wait among the exceptions.
    """

    MAPPING_VERSION: str
    HEADERS: tuple[str, ...]
    CODE_TABLES: tuple[str, ...]

    def translate(self, source: str, body: bytes, headers: Mapping[str, str] = ..., codes: "Codes" = ...) -> Translated:
        """Native → canonical. Header names are in lower case.

        Raises pydantic.ValidationError naming what does not fit as the source calls it, or UnknownEventError.
        """
        ...


class FetchingConnector(SourceConnector, Protocol):
    """A source connector whose system sends thin notifications."""

    def fetch(self, source: str, wanted: Fetch, api: "Api", codes: "Codes" = ...) -> Translated:
        """The latest state, translated; never another Fetch.

        Raises FetchUnavailableError for what passes, and pydantic.ValidationError for an answer that does not fit.
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
