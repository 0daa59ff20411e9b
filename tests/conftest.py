"""Fixtures that more than one kind of test uses. The deployed app is in e2e/conftest.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

# Read when the command's console is made. A worker of several is told 80, and tables would fold.
os.environ.pop("COLUMNS", None)

import pytest

from tests.support.engine import bare_engine, start_afresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock_cli.target import Target

HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What tests share a worker when several run: all that deploys or builds, and otherwise each file by itself.

    A second worker would deploy the app again, and synthesise production again.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item.path)))


def _group(path: Path) -> str:
    if path.parent == HERE / "integration" or HERE / "e2e" in path.parents:
        return "builds"
    return str(path.relative_to(HERE))


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
