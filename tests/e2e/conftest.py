"""The deployed app: one engine for all end-to-end tests, deployed once by the real CDK command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crossdock_cli.demo.receiver import Receiver
from crossdock_cli.secrets import signing_secrets
from tests.support.engine import deployed_engine
from tests.support.system import CHANNELS, System

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


@pytest.fixture(scope="session")
def system(deployed: Target, deployed_home: Path) -> Iterator[System]:
    """The deployed app with both channels and the CRM listening."""
    assert deployed.state is not None
    with Receiver(deployed.state.receiver_port) as receiver:
        channels = {
            name: receiver.add_channel(name, signing_secrets(deployed.secret_document("channels", name)))
            for name in CHANNELS
        }
        crm = receiver.add_channel("crm", signing_secrets(deployed.secret_document("channels", "crm")))
        running = System(deployed, deployed_home, channels, crm)
        yield running
        running.http.close()


@pytest.fixture(scope="module")
def everything(system: System) -> Iterator[dict[str, Any]]:
    """All that is stored and queued when a module of bad input begins; nothing is taken from a queue meanwhile."""
    system.at_rest()
    with system.queues_held():
        yield system.dump()


@pytest.fixture
def nothing_stored(system: System, everything: dict[str, Any]) -> Iterator[None]:
    """After the test every row of every table and the depth of every queue are what they were."""
    yield
    assert system.dump() == everything
