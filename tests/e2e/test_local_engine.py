"""`crossdock local …` as a person meets it: real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from crossdock_cli.local import engine
from crossdock_cli.local.paths import LOCAL_DIR_VARIABLE, Paths, checkout
from crossdock_cli.local.process import free_port
from crossdock_cli.local.state import LocalState

if TYPE_CHECKING:
    from crossdock_cli.target import Target

CROSSDOCK = Path(sys.executable).parent / "crossdock"


def command(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, LOCAL_DIR_VARIABLE: str(home)}
    # A shell lets what it starts in the background ignore Ctrl-C, and children inherit that: tests run there as well.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(  # noqa: S603
            [CROSSDOCK, *arguments], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    finally:
        signal.signal(signal.SIGINT, heard)


def run(home: Path, *arguments: str) -> tuple[int, str, str]:
    process = command(home, *arguments)
    out, err = process.communicate(timeout=150)
    return process.returncode, out, err


def processes_of(home: Path) -> list[int]:
    """Every process whose environment names the folder: the engine, its workers, cdk, the app."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(home).encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def wait_until(condition: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_status_tells_where_the_deployed_app_is(deployed: Target, deployed_home: Path) -> None:
    code, out, _ = run(deployed_home, "local", "status", "--json")

    status = json.loads(out)
    assert code == 0
    assert status["up"] is True
    assert status["phase"] == "ready"
    assert status["api_url"] == deployed.api_url
    assert set(status["stacks"].values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def test_the_printed_api_answers_a_request_without_a_key(deployed: Target) -> None:
    answer = httpx.get(f"{deployed.api_url}/v1/items/NONE/availability", trust_env=False, timeout=30)

    assert answer.status_code == 401


def test_up_again_deploys_into_the_same_engine_and_keeps_the_partner(deployed: Target, deployed_home: Path) -> None:
    assert deployed.state is not None

    code, out, err = run(deployed_home, "local", "up", "--json")

    assert code == 0, err
    document = json.loads(out)
    assert document["pid"] == deployed.state.process.pid
    assert document["partner"] == {"name": "demo", "api_key": deployed.state.partner_key}


def test_up_on_another_port_is_refused_while_one_is_up(deployed: Target, deployed_home: Path) -> None:
    code, _, err = run(deployed_home, "local", "up", "--port", str(free_port()))

    assert code == 1
    assert "already up on port" in err
    assert "crossdock local down" in err


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes by /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_during_the_deployment_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    up = command(tmp_path, "local", "up", "--port", str(free_port()))
    log = tmp_path / "deploy.log"
    wait_until(lambda: log.exists() and "cdk deploy" in log.read_text())

    up.send_signal(number)
    _, err = up.communicate(timeout=30)

    assert up.returncode == 130
    assert "the engine was stopped again" in err
    assert "Traceback" not in err
    assert processes_of(tmp_path) == []
    assert not (tmp_path / "state.json").exists()


def test_down_stops_the_recorded_engine_and_its_files(tmp_path: Path) -> None:
    paths = Paths(checkout(), tmp_path)
    state = engine.start(paths, free_port())
    engine.wait_ready(state, paths)

    first = run(tmp_path, "local", "down")
    second = run(tmp_path, "local", "down")

    assert first[:2] == (0, "the local engine is down\n")
    assert second[:2] == (0, "nothing to stop: the local engine is not up\n")
    assert not state.running()
    assert LocalState.load(paths) is None
    assert not paths.scratch.exists()


def test_two_ups_in_one_folder_do_not_meet(tmp_path: Path) -> None:
    first = command(tmp_path, "local", "up", "--port", str(free_port()))
    wait_until((tmp_path / "state.json").exists)

    code, _, err = run(tmp_path, "local", "up")
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=30)

    assert code == 1
    assert "is at work here" in err
