"""The functions in this process, on the emulator."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support import calls
from tests.support import world as worlds
from tests.support.witnesses import RECORD, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crossdock_cli.target import Target


@pytest.fixture
def world(engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> worlds.World:
    """Emptied tables, queues, bus and secrets, and every handler pointed at them, at a time that stands still."""
    return worlds.build(engine, tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def only_what_is_granted(request: pytest.FixtureRequest) -> Iterator[None]:
    """No function calls what it has no grant for, and a test that stands for a grant makes the call (calls.py)."""
    calls.seen.clear()
    yield
    if folder := os.environ.get(RECORD):
        record(folder, request.node.nodeid, calls.seen)
        return
    granted = calls.witnessed()
    assert sorted(f"{f}: {call}" for f, call in calls.seen if call not in granted.get(f, {})) == [], "without a grant"
    promised = {
        (f, call) for f, tests in granted.items() for call, test in tests.items() if test == request.node.nodeid
    }
    assert sorted(promised - calls.seen) == [], "this test stood for a grant and does not make the call any more"
