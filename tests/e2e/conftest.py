"""The deployed app: one engine for all end-to-end tests, deployed once by the real CDK command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.engine import deployed_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock_cli.target import Target

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is an e2e test."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def deployed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of the deployed engine: CROSSDOCK_LOCAL_DIR for a command that is to reach it."""
    return tmp_path_factory.mktemp("deployed")


@pytest.fixture(scope="session")
def deployed(deployed_home: Path) -> Iterator[Target]:
    """The app as `crossdock local up` leaves it: partner, secrets and channel addresses are there."""
    with deployed_engine(deployed_home) as target:
        yield target
