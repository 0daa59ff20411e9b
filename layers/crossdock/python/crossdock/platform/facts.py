"""What a batch of facts came to, counted and measured: one line for a batch, whatever it holds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias, get_args

from crossdock.platform.clock import Clock
from crossdock.platform.metrics import happened
from crossdock.platform.queues import Record

Domain: TypeAlias = Literal["movements", "prices", "customers", "supply", "counts", "references"]
DOMAINS: Final[tuple[str, ...]] = get_args(Domain)


@dataclass(frozen=True, slots=True)
class Came:
    """What became of the facts of one or several messages."""

    applied: int = 0
    refused: int = 0
    duplicates: int = 0


UNREADABLE = Came(refused=1)
"""A message that could not be read and is on the exceptions list."""


class Facts:
    """Counts while a batch is worked on, and says it at the end: also when the rest of it failed.

    The lag is that of the fact that waited longest on its queue until it was applied, earlier tries included.
    """

    def __init__(self, domain: Domain, clock: Clock) -> None:
        self._domain = domain
        self._clock = clock
        self._applied = self._refused = self._duplicates = 0
        self._lag_ms: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lags = [] if self._lag_ms is None else [self._lag_ms]
        happened(
            ("FactsApplied", self._applied, "Count"),
            ("FactsRefused", self._refused, "Count"),
            ("DuplicatesSuppressed", self._duplicates, "Count"),
            ("FactLag", lags, "Milliseconds"),
            domain=self._domain,
        )

    def took(self, records: Sequence[Record], came: Came) -> None:
        """Counts what these messages came to just now."""
        self._applied += came.applied
        self._refused += came.refused
        self._duplicates += came.duplicates
        sent = [r.sent_at for r in records if r.sent_at is not None]
        if came.applied and sent:
            lag = (self._clock() - min(sent)).total_seconds()
            self._lag_ms = max(self._lag_ms or 0, int(lag * 1000))


def counted(domain: Domain, clock: Clock, handle: Callable[[Record], Came]) -> Callable[..., Iterable[str]]:
    """A handler of single records as a handler of batches, whose facts are counted."""

    def handle_all(records: Sequence[Record]) -> Iterable[str]:
        with Facts(domain, clock) as facts:
            for record in records:
                facts.took([record], handle(record))
        return ()

    return handle_all
