"""Processes and ports: start a process group, know it again later, end it without a trace."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True)
class ProcessId:
    """A process and when it started: the number alone may have been given to another process since."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        return cls(pid, _started(pid))

    def alive(self) -> bool:
        return bool(self.started) and _started(self.pid) == self.started

    def end(self, grace_seconds: float = 5) -> None:
        """Ends the whole process group: politely, then for good. Does nothing when the process is not ours."""
        if not self.alive():
            return
        _signal_group(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while self.alive() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        # The leader is gone or stubborn; its group may still hold workers in either case.
        _signal_group(self.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _started(pid: int) -> str:
    """When a process started, in whatever unit the system counts; '' when it does not run (a zombie does not)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _started_by_ps(pid)
    except ProcessLookupError:
        return ""
    state, start_time = fields[0], fields[19]
    return "" if state in "ZX" else start_time


def _started_by_ps(pid: int) -> str:
    """The same on systems without /proc."""
    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    state, _, started = answer.partition(" ")
    return "" if state.startswith("Z") else started.strip()


def spawn(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    folder: Path,
    output: int,
) -> subprocess.Popen[str]:
    """Starts a command as the leader of a session of its own, so that Ctrl-C reaches only us and we end its group."""
    return subprocess.Popen(  # noqa: S603
        [str(part) for part in command],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def end_group(process: subprocess.Popen[str], grace_seconds: float = 3) -> None:
    """Ends a child and everything it started."""
    _signal_group(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(grace_seconds)
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def port_is_free(port: int) -> bool:
    """Whether a server on the loopback address could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection of a dead server that still lingers does not occupy the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as refusal:
            if refusal.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
    return True


def free_port(preferred: Iterable[int] = ()) -> int:
    """The first preferred port that is free, otherwise any."""
    for port in preferred:
        if port_is_free(port):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
