"""`crossdock privacy …`: who looked at whose data, what is kept of a person, and its erasure."""

from crossdock_cli.privacy.commands import app

__all__ = ["app"]
