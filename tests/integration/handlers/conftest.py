"""The functions in this process, on the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import world as worlds

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock_cli.target import Target


@pytest.fixture
def world(engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> worlds.World:
    """Emptied tables, queues, bus and secrets, and every handler pointed at them, at a time that stands still."""
    return worlds.build(engine, tmp_path, monkeypatch)
