"""Fixtures that more than one kind of test uses. The deployed app is in e2e/conftest.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.engine import bare_engine, start_afresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock_cli.target import Target


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One emulator for the session. Ask for `fresh` unless the test leaves nothing behind."""
    with bare_engine(tmp_path_factory.mktemp("engine")) as target:
        yield target


@pytest.fixture
def fresh(engine: Target) -> Target:
    """The session's emulator, emptied, with our five tables."""
    start_afresh(engine)
    return engine
