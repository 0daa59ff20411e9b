"""Runs schedules on all cores, each worker a process of its own; stops at the first one that fails."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import tempfile
import time
import traceback
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any, Final

from tests.support.engine import bare_engine, start_afresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import SpawnContext
    from multiprocessing.process import BaseProcess

    from tests.soak.suites import Suite

_TOLD_EVERY_S: Final = 0.5
_WAIT_S: Final = 0.2
_GRACE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A schedule that failed."""

    suite: Suite
    seed: int
    trace: str


@dataclass(frozen=True, slots=True)
class Soaked:
    """How many schedules ran, and the first one that failed."""

    ran: int
    failure: Failure | None = None
    interrupted: bool = False


def soak(suite: Suite, first_seed: int, count: int, workers: int, told: Callable[[int], None]) -> Soaked:
    """Runs the seeds `first_seed` … `first_seed + count - 1`; `told` hears how many more have run.

    KeyboardInterrupt ends the workers and gives back what was done so far.
    """
    context = multiprocessing.get_context("spawn")
    reports: Any = context.Queue()
    stop: Any = context.Event()
    shares = [range(first_seed + n, first_seed + count, workers) for n in range(min(workers, count))]
    processes = [_begin(context, suite, share, reports, stop) for share in shares]
    ran, failure, ended, interrupted = 0, None, 0, False
    while ended < len(processes):
        try:
            kind, value = reports.get(timeout=_WAIT_S)
        except KeyboardInterrupt:
            interrupted = True
            stop.set()
            continue
        except Empty:
            # A worker that was killed says nothing any more: it must not be waited for.
            if not any(p.is_alive() for p in processes) and reports.empty():
                break
            continue
        if kind == "ran":
            ran += value
            told(value)
        elif kind == "failed":
            failure = failure or Failure(suite, *value)
            stop.set()
        else:
            ended += 1
    for process in processes:
        process.join(_GRACE_S)
    if not interrupted and failure is None and ran < count:
        failure = Failure(suite, first_seed, "a worker died without saying why")
    return Soaked(ran, failure, interrupted)


def _begin(context: SpawnContext, suite: Suite, seeds: range, reports: Any, stop: Any) -> BaseProcess:
    process = context.Process(target=_work, args=(suite, seeds, reports, stop))
    process.start()
    return process


def _work(suite: Suite, seeds: range, reports: Any, stop: Any) -> None:
    # Ctrl-C goes to every process of the terminal; the first one tells the others when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    seed = seeds.start
    try:
        with ExitStack() as stack:
            run = _runner(suite, stack)
            ran, told = 0, time.monotonic()
            for seed in seeds:
                if stop.is_set():
                    break
                run(seed)
                ran += 1
                if time.monotonic() - told > _TOLD_EVERY_S:
                    reports.put(("ran", ran))
                    ran, told = 0, time.monotonic()
            reports.put(("ran", ran))
    except BaseException:  # noqa: BLE001 - whatever it is, the schedule did not hold, and the seed is what helps
        reports.put(("failed", (seed, traceback.format_exc())))
    finally:
        reports.put(("ended", os.getpid()))


def _runner(suite: Suite, stack: ExitStack) -> Callable[[int], None]:
    """The schedule by its seed; with an engine of the worker's own where it needs one."""
    run = suite.load()
    if not suite.on_engine:
        return run
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crossdock-soak-")))
    target = stack.enter_context(bare_engine(folder))
    start_afresh(target)
    return lambda seed: run(target, seed)
