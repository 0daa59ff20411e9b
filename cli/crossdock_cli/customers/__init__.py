"""`crossdock customers …`: golden records: look, find, decide what is one, correct."""

from crossdock_cli.customers.commands import app

__all__ = ["app"]
