"""The emulator as a process: started in a session of its own, ready when it says so, stopped by what we wrote down."""

from __future__ import annotations

import http.client
import json
import random
import shutil
import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from crossdock_cli.errors import CliError
from crossdock_cli.local import process
from crossdock_cli.local.environment import edition, engine_environment
from crossdock_cli.local.process import ProcessId
from crossdock_cli.local.state import REGION, LocalState

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path

    from crossdock_cli.local.paths import Paths

# The port AWS emulators are known by, and its neighbours when several run.
PREFERRED_PORTS: Final = range(4566, 4586)
# A receiver listens only when all is deployed, so engines that start meanwhile should not choose the same port. Systems
# give higher ports to their clients.
RECEIVER_PORTS: Final = range(20_000, 30_000)
_RECEIVER_TRIES: Final = 20
START_SECONDS: Final = 60
_EMULATOR: Final = ("-m", "crossdock_cli.local.emulator")
_POLL_SECONDS: Final = 0.02
_LOG_TAIL: Final = 12
# The emulator outlives this command. Keeping the handle keeps Python from warning that we let go of a running child.
_DETACHED: Final[list[subprocess.Popen[str]]] = []


def start(paths: Paths, port: int | None, program: Sequence[str] = _EMULATOR) -> LocalState:
    """Starts the emulator and writes the state file. Does not wait; the caller holds signals back meanwhile.

    `program` is what Python is given to run as the engine's process.
    """
    if find_spec("ministack") is None:
        raise CliError(
            "the local engine (ministack) is not installed here", "install what the lock names: make install"
        )
    chosen = _choose_port(port)
    shutil.rmtree(paths.scratch, ignore_errors=True)
    for folder in ("tmp", "state", "s3"):
        (paths.scratch / folder).mkdir(parents=True)
    with paths.engine_log.open("w") as log:
        child = process.spawn(
            [sys.executable, *program],
            environment=engine_environment(paths, chosen, REGION),
            folder=paths.scratch,
            output=log.fileno(),
        )
    _DETACHED.append(child)
    receiver_port = process.free_port(random.sample(RECEIVER_PORTS, _RECEIVER_TRIES))
    state = LocalState(ProcessId.of(child.pid), chosen, receiver_port)
    state.save(paths)
    return state


def _choose_port(port: int | None) -> int:
    if port is None:
        return process.free_port(PREFERRED_PORTS)
    if not process.port_is_free(port):
        raise CliError(
            f"port {port} is taken by another program",
            f"leave --port out to take a free one, or try --port {process.free_port(PREFERRED_PORTS)}",
        )
    return port


def wait_ready(state: LocalState, paths: Paths, seconds: float = START_SECONDS) -> None:
    """Returns when the emulator says it is ready. Raises CliError with the end of its log when it ends or hangs."""
    deadline = time.monotonic() + seconds
    while not is_ready(state, paths):
        if not state.running():
            raise CliError("the local engine ended while starting:\n" + tail(paths.engine_log))
        if time.monotonic() > deadline:
            raise CliError(f"the local engine was not ready after {seconds:.0f} s:\n" + tail(paths.engine_log))
        time.sleep(_POLL_SECONDS)


def is_ready(state: LocalState, paths: Paths, timeout: float = 2) -> bool:
    """Whether the emulator of this folder answers that it is ready; another one on the same port does not count."""
    connection = http.client.HTTPConnection("127.0.0.1", state.port, timeout=timeout)
    try:
        connection.request("GET", "/_ministack/health")
        health = json.loads(connection.getresponse().read())
        return bool(health["edition"] == edition(paths) and health["ready_scripts"]["status"] == "completed")
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False
    finally:
        connection.close()


def reset(state: LocalState) -> None:
    """Empties the emulator: every resource of every service is gone (some 30 ms)."""
    connection = http.client.HTTPConnection("127.0.0.1", state.port, timeout=30)
    try:
        connection.request("POST", "/_ministack/reset")
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        raise CliError(f"the local engine refused to reset itself (HTTP {status})")


def stop(state: LocalState, paths: Paths) -> None:
    """Ends the emulator and its Lambda workers, and removes their files. The logs stay for reading."""
    state.process.end()
    paths.state.unlink(missing_ok=True)
    shutil.rmtree(paths.scratch, ignore_errors=True)


def tail(log: Path, lines: int = _LOG_TAIL) -> str:
    """The last lines of a log file, indented for showing under an error."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return "  (no log)"
    return "\n".join(f"  {line}" for line in text.rstrip().splitlines()[-lines:])
