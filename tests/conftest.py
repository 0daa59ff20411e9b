"""Fixtures that more than one kind of test uses. The deployed app is in e2e/conftest.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

# Read when the command's console is made. A worker of several is told 80, and tables would fold.
os.environ.pop("COLUMNS", None)

import pytest
from xdist.scheduler import LoadScopeScheduling

from crossdock.platform import deadline
from tests.support.engine import bare_engine, start_afresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer

    from crossdock_cli.target import Target

HERE: Final = Path(__file__).parent


class _ByGroup(LoadScopeScheduling):
    """Gives a worker all tests of a group, in the order in which they are found."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(HERE.parent / nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _ByGroup:
    """What tests share a worker when several run: what is deployed, what is synthesised, and otherwise each file alone.

    A second worker would deploy the app again, and synthesise production again; the demo deploys one of its own.
    (xdist's own groups are put into the tests' names, which pytest 9.2 no longer reads: each test was a group.)
    """
    return _ByGroup(config, log)


def _group(path: Path) -> str:
    if path.parent == HERE / "integration":
        return "templates"
    if path.parent == HERE / "e2e" and path.name != "test_demo.py":
        return "deployed"
    return str(path.relative_to(HERE))


@pytest.fixture(autouse=True)
def no_deadline() -> None:
    """The deadline of a function that another test called in this process is not this test's."""
    deadline.begin(None)


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
