"""Several workers, one step at a time, in an order that a test chooses: every schedule can be had again.

Each worker is a thread, and exactly one of them runs; at a boundary it hands the baton back and waits for its turn.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Died(BaseException):
    """A worker that was stopped at a boundary: no Exception, so nothing catches it."""


class Schedule:
    """Runs workers by a list of choices; when it is used up, the first of those that are left goes on.

    A negative choice kills the worker that would have gone on; how many died is in `died`.
    """

    def __init__(self, choices: Sequence[int]) -> None:
        self._choices = list(choices)
        self._turns: dict[threading.Thread, threading.Semaphore] = {}
        self._back = threading.Semaphore(0)
        self._doomed: set[threading.Thread] = set()
        self._errors: list[BaseException] = []
        self.died = 0

    def boundary(self) -> None:
        """Where a worker may be interrupted; does nothing outside of one."""
        me = threading.current_thread()
        turn = self._turns.get(me)
        if turn is None:
            return
        self._back.release()
        turn.acquire()
        if me in self._doomed:
            raise Died

    def run(self, workers: Sequence[Callable[[], object]]) -> None:
        """Runs all workers to their end. What one of them raises is raised here, after all have ended."""
        threads = [threading.Thread(target=self._work, args=(w,), daemon=True) for w in workers]
        self._turns = {t: threading.Semaphore(0) for t in threads}
        for thread in threads:
            thread.start()
        alive = list(threads)
        while alive:
            choice = self._choices.pop(0) if self._choices else 0
            chosen = alive[abs(choice) % len(alive)]
            if choice < 0:
                self._doomed.add(chosen)
            self._turns[chosen].release()
            self._back.acquire()
            alive = [t for t in alive if t in self._turns]
        for thread in threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _work(self, worker: Callable[[], object]) -> None:
        me = threading.current_thread()
        self._turns[me].acquire()
        try:
            if me not in self._doomed:
                worker()
            else:
                self.died += 1
        except Died:
            self.died += 1
        except BaseException as error:  # noqa: BLE001 - handed to whoever runs the schedule
            self._errors.append(error)
        finally:
            self._turns.pop(me)
            self._back.release()
