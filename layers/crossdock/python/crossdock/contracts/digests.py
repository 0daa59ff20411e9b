"""What a channel may be asked: hashes over what it holds, and what lies in one leaf.

The hash is said in `exchange/leaves.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from crossdock.contracts.deliveries import HttpAnswer, Sign

Get = Callable[[str, Mapping[str, str]], HttpAnswer]
"""Sends a GET (URL, headers) and always comes back with an answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a channel answers and how to reach it; `sign` signs the query, for a GET has no body."""

    url: str
    get: Get
    sign: Sign


@dataclass(frozen=True, slots=True)
class Held:
    """One item as the channel holds it: the newest version it took (0 when it keeps none) and that version's fields."""

    key: str
    version: int
    fields: Mapping[str, Any]


class NoDigestError(Exception):
    """The channel did not answer, or not with a digest; the message says what came instead."""


class DigestConnector(Protocol):
    """A channel connector whose systems can be asked what they hold: these two functions beside `deliver`."""

    def leaves(self, kind: str, asked: Asked) -> Mapping[int, str]:
        """The hash of every leaf that is not empty. Raises NoDigestError."""
        ...

    def leaf(self, kind: str, number: int, asked: Asked) -> Sequence[Held]:
        """What the channel holds in one leaf. Raises NoDigestError."""
        ...
