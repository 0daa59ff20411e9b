"""`crossdock exceptions …`: facts that could not be applied or delivered: look, correct, assign, replay, close."""

from crossdock_cli.exceptions.commands import app

__all__ = ["app"]
