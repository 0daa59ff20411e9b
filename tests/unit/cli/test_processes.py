"""Process groups, ports, interrupts: real ones, because there is nothing else to learn from."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crossdock_cli.errors import CliError
from crossdock_cli.local import engine
from crossdock_cli.local.environment import cdk_environment, engine_environment
from crossdock_cli.local.interrupt import Interrupts
from crossdock_cli.local.paths import Paths
from crossdock_cli.local.process import ProcessId, free_port, port_is_free, spawn
from crossdock_cli.local.state import LocalState

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

# A leader that ignores SIGTERM and has a child; it says when both are there.
STUBBORN = "trap '' TERM; sleep 60 & echo ready; wait"


def start(script: str) -> subprocess.Popen[str]:
    child = spawn(["/bin/sh", "-c", script], environment={}, folder=Path("/"), output=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def group_is_gone(group: int) -> bool:
    """True when no live process has that group; a zombie waits for its parent only."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not any(stat[2] == str(group) and stat[0] != "Z" for stat in process_table()):
            return True
        time.sleep(0.02)
    return False


def process_table() -> Iterator[list[str]]:
    """Of every process: state, parent, group, …"""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            yield stat.read_text().rpartition(")")[2].split()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the group's processes by /proc")
def test_ending_a_process_ends_its_children_even_if_it_is_stubborn() -> None:
    child = start(STUBBORN)
    identity = ProcessId.of(child.pid)
    assert identity.alive()

    identity.end(grace_seconds=0.2)

    assert child.wait(5) == -signal.SIGKILL
    assert group_is_gone(child.pid)
    assert not identity.alive()
    assert child.stdout is not None
    child.stdout.close()


def test_a_process_that_was_given_the_number_later_is_left_alone() -> None:
    child = start("echo ready; sleep 60")
    try:
        ProcessId(child.pid, "an earlier start").end(grace_seconds=0.2)

        assert child.poll() is None
    finally:
        ProcessId.of(child.pid).end()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def test_an_ended_process_that_nobody_has_waited_for_does_not_count_as_running() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    identity = ProcessId.of(child.pid)
    deadline = time.monotonic() + 10
    while identity.alive():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child.wait()


def test_a_listening_port_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]

        assert not port_is_free(taken)
        assert free_port([taken]) != taken


def test_an_explicitly_asked_port_that_is_taken_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]

        with pytest.raises(CliError) as refusal:
            engine.start(Paths(tmp_path, tmp_path), taken)

    assert refusal.value.message == f"port {taken} is taken by another program"
    assert "--port" in refusal.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_another_engine_on_the_same_port_is_not_taken_for_ours(tmp_path: Path) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"edition": "crossdock in /elsewhere", "ready_scripts": {"status": "completed"}})
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        state = LocalState(ProcessId(1, "x"), server.server_port, 4590)

        assert engine.is_ready(state, Paths(tmp_path, Path("/elsewhere"))) is True
        assert engine.is_ready(state, Paths(tmp_path, tmp_path)) is False
        server.shutdown()


def test_an_interrupt_waits_while_it_is_held() -> None:
    order: list[str] = []

    def work(interrupts: Interrupts) -> None:
        with interrupts.held():
            os.kill(os.getpid(), signal.SIGTERM)
            order.append("the block was finished")
        order.append("never")

    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
        work(interrupts)

    assert order == ["the block was finished"]


def test_an_interrupt_is_forgotten_while_cleaning_up() -> None:
    with Interrupts() as interrupts:
        with interrupts.ignored():
            os.kill(os.getpid(), signal.SIGINT)
        with interrupts.held():
            pass


def test_handlers_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interrupts():
        assert signal.getsignal(signal.SIGTERM) != before

    assert signal.getsignal(signal.SIGTERM) == before


def test_what_leaks_from_the_environment_does_not_reach_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_CA_BUNDLE", "AWS_PROFILE", "HTTP_PROXY", "PYTHONDONTWRITEBYTECODE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "harm")
    paths = Paths(tmp_path, tmp_path / "home")
    state = LocalState(ProcessId(1, "x"), 4566, 4590)

    assert "harm" not in engine_environment(paths, 4566, "us-east-1").values()
    assert {name for name, value in cdk_environment(paths, state).items() if value == "harm"} == {"HTTP_PROXY"}
    assert "127.0.0.1" in cdk_environment(paths, state)["NO_PROXY"]


def test_the_state_file_gives_back_what_was_saved(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path / "home")
    state = LocalState(ProcessId(1, "x"), 4566, 4590, phase="ready", partner_key="k")

    state.save(paths)

    assert LocalState.load(paths) == state


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 0}', '{"version": 1, "process": 3}'])
def test_a_broken_state_file_is_no_state(tmp_path: Path, text: str) -> None:
    paths = Paths(tmp_path, tmp_path)
    paths.state.write_text(text)

    assert LocalState.load(paths) is None
