"""`crossdock ownership …`: who is believed about what of a customer, and why."""

from crossdock_cli.ownership.commands import app

__all__ = ["app"]
