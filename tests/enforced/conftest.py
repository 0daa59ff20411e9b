"""The app in an engine that enforces IAM: a deployment of its own, without the CDK command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crossdock_cli.demo.receiver import Receiver
from crossdock_cli.secrets import signing_secrets
from tests.support.engine import enforcing_engine
from tests.support.system import CHANNELS, System

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The deployed app with its channels listening; every role is held to its policy."""
    home = tmp_path_factory.mktemp("enforced")
    with enforcing_engine(home) as target:
        assert target.state is not None
        with Receiver(target.state.receiver_port) as receiver:
            channels = {
                name: receiver.add_channel(name, signing_secrets(target.secret_document("channels", name)))
                for name in CHANNELS
            }
            crm = receiver.add_channel("crm", signing_secrets(target.secret_document("channels", "crm")))
            running = System(target, home, channels, crm)
            yield running
            running.http.close()
