"""One package per kind of outside system: native ↔ canonical, and nothing else.

A new vendor is a new package here and a line of configuration; no other file changes.
"""

import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from crossdock.contracts.deliveries import ChannelConnector
    from crossdock.contracts.digests import DigestConnector
    from crossdock.contracts.inbound import FetchingConnector, SourceConnector


def source_connector(name: str) -> "SourceConnector":
    """The connector that translates a source's payloads. Raises ModuleNotFoundError for an unknown name."""
    return cast("SourceConnector", importlib.import_module(f"crossdock.connectors.{name}"))


def fetching_connector(name: str) -> "FetchingConnector":
    """The connector of a source that sends thin notifications. Raises ModuleNotFoundError for an unknown name."""
    return cast("FetchingConnector", importlib.import_module(f"crossdock.connectors.{name}"))


def channel_connector(name: str) -> "ChannelConnector":
    """The connector that delivers to a channel. Raises ModuleNotFoundError for an unknown name."""
    return cast("ChannelConnector", importlib.import_module(f"crossdock.connectors.{name}"))


def digest_connector(name: str) -> "DigestConnector | None":
    """The connector that asks a channel what it holds, or None when its kind of system cannot be asked."""
    found = importlib.import_module(f"crossdock.connectors.{name}")
    return cast("DigestConnector", found) if hasattr(found, "leaves") else None
