"""Ctrl-C, and being told to end, at moments of our choosing.

spawn the engine          ← an interrupt exactly here must not lose the process
write down its number     ← so signals are held from before the first line
… deploy …                ← here they arrive at once, as KeyboardInterrupt
stop the engine           ← and here a second Ctrl-C must not stop the stopping
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Makes SIGINT, SIGTERM and SIGHUP the same KeyboardInterrupt while it is entered."""

    def __init__(self) -> None:
        self._held = 0
        self._pending = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # Python allows handlers nowhere else
            for number in _SIGNALS:
                # A background job started with nohup ignores the signal on purpose; leave it so.
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._arrive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Signals wait until the block is done."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._pending and not self._held:
            self._pending = False
            raise KeyboardInterrupt

    @contextmanager
    def ignored(self) -> Iterator[None]:
        """Signals during the block are forgotten: we are already cleaning up."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._pending = False

    def _arrive(self, _number: int, _frame: FrameType | None) -> None:
        if self._held:
            self._pending = True
        else:
            raise KeyboardInterrupt
