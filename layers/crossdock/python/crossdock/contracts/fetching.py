"""Asking a source for the latest state of what its thin notification named: the seam, and what may go wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crossdock.contracts.deliveries import HttpAnswer

Get = Callable[[str, Mapping[str, str]], HttpAnswer]
"""Sends a GET (URL, headers) and always comes back with an answer."""


@dataclass(frozen=True, slots=True)
class Api:
    """Where a source's API is, what proves us to it, and how to reach it."""

    url: str
    token: str
    get: Get


class FetchUnavailableError(Exception):
    """The source did not answer, asked us to wait, or does not take our token: to be tried again later."""
