"""An answer that is kept for some seconds, however many threads ask for it meanwhile."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Kept(Generic[T]):
    """Asks again when the last answer is older than `seconds`; one thread asks, the others wait for its answer."""

    def __init__(self, ask: Callable[[], T], seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._seconds = seconds
        self._now = now
        self._lock = threading.Lock()
        self._found: tuple[float, T] | None = None

    def value(self) -> T:
        """The answer. Raises what asking raises; nothing is kept of that."""
        with self._lock:
            if self._found is None or self._now() - self._found[0] >= self._seconds:
                self._found = (self._now(), self._ask())
            return self._found[1]

    def forget(self) -> None:
        """The next one asks again."""
        with self._lock:
            self._found = None
