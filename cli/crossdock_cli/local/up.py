"""`local up` and `local down`: the order of things, and what is undone when one of them fails."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crossdock_cli.errors import CliError, StoppedError
from crossdock_cli.local import cdk, engine, fast, fixups, process
from crossdock_cli.local.interrupt import Interrupts
from crossdock_cli.local.seed import seed
from crossdock_cli.local.state import LocalState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock_cli.local.paths import Paths
    from crossdock_cli.local.progress import Steps


@dataclass(frozen=True)
class Options:
    """What `up` was asked for."""

    port: int | None = None
    keep_on_failure: bool = False
    fast: bool = False
    aliases: bool = False


def up(paths: Paths, options: Options, steps: Steps) -> LocalState:
    """Starts the engine unless it runs, deploys the current code, seeds it. Leaves nothing behind when it fails.

    An engine that was up before is left up by a failed or interrupted deployment: its owner started it on purpose.
    """
    cdk.check_tools(paths)
    with _locked(paths), Interrupts() as interrupts:
        state = running(paths)
        started_here = state is None
        try:
            if state is None:
                state = _start(paths, options, steps, interrupts)
            else:
                _say_up_already(state, options, steps)
            return _deploy(paths, state, options, steps, interrupts)
        except KeyboardInterrupt:
            with interrupts.ignored():
                stopped = _take_down(paths) if started_here else "the engine that was up before is still up"
            raise StoppedError("interrupted; " + stopped) from None
        except BaseException:
            if started_here and not options.keep_on_failure:
                with interrupts.ignored():
                    _take_down(paths)
            raise


def down(paths: Paths) -> bool:
    """Stops the engine of this state folder. False when there was none."""
    if not paths.home.exists():
        return False
    with _locked(paths):
        state = LocalState.load(paths)
        was_up = state is not None and state.running()
        if state is not None:
            engine.stop(state, paths)
        return was_up


def running(paths: Paths) -> LocalState | None:
    """The state of the engine if it runs and answers."""
    state = LocalState.load(paths)
    if state is None or not state.running():
        return None
    if not engine.is_ready(state, paths):
        raise CliError(
            f"an engine (process {state.process.pid}) is recorded but does not answer on port {state.port}",
            "stop it and start anew: crossdock local down && crossdock local up",
        )
    return state


def _start(paths: Paths, options: Options, steps: Steps, interrupts: Interrupts) -> LocalState:
    with steps.step("engine"):
        while True:
            with interrupts.held():
                state = engine.start(paths, options.port)
            try:
                engine.wait_ready(state, paths)
            except CliError:
                # Two engines can choose the same free port at the same moment; the later one ends and tries again.
                if options.port is not None or state.running() or process.port_is_free(state.port):
                    raise
            else:
                return state


def _deploy(paths: Paths, state: LocalState, options: Options, steps: Steps, interrupts: Interrupts) -> LocalState:
    paths.deploy_log.write_text("")
    if options.fast:
        with steps.step("synthesise"):
            assembly = cdk.synthesise(paths, state, interrupts, aliases=options.aliases)
        with steps.step("deploy without the CDK command line"):
            fast.deploy(state, assembly)
    else:
        if not cdk.bootstrapped(state):
            with steps.step("cdk bootstrap"):
                cdk.bootstrap(paths, state, interrupts)
        with steps.step("cdk deploy --all") as show:
            cdk.deploy(paths, state, interrupts, show, aliases=options.aliases)
    with steps.step("demo partner, webhook secrets, channels"):
        fixups.complete(state, paths.assembly)
        usable = replace(seed(paths, state), aliases=options.aliases)
        usable.save(paths)
    return usable


def _say_up_already(state: LocalState, options: Options, steps: Steps) -> None:
    if options.port not in {None, state.port}:
        raise CliError(
            f"the engine is already up on port {state.port}",
            f"to move it: crossdock local down && crossdock local up --port {options.port}",
        )
    steps.note(f"already up on port {state.port}; deploying the current code into it")


def _take_down(paths: Paths) -> str:
    state = LocalState.load(paths)
    if state is not None:
        engine.stop(state, paths)
    shutil.rmtree(paths.scratch, ignore_errors=True)
    return "the engine was stopped again"


@contextmanager
def _locked(paths: Paths) -> Iterator[None]:
    """One `up` or `down` at a time per state folder; the lock goes with the process, so it is never stale."""
    paths.home.mkdir(parents=True, exist_ok=True)
    with paths.lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CliError(
                "another `crossdock local up` or `down` is at work here", "wait for it, or end it with Ctrl-C"
            ) from None
        yield
