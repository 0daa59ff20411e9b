"""The version gate of a replay: a fact older than what is stored changes nothing, unless an operator lifts it.

The gate itself stands where facts are applied, and a replayed fact goes the same way as any other. Here it is only
looked at, for a preview, and a fact is lifted over it: the same content is stated again under a version above the
stored one. So versions still only grow, and whoever reads the history sees a new statement and not a rewritten one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossdock.exceptions.impact import at
from crossdock.exceptions.replaying import UnsendableError
from crossdock.flows.replay_subscribers import CHANNEL

Stored = Callable[[Mapping[str, Any], Mapping[str, Any]], int | None]
"""The newest version stored of what a fact (second) in a message (first) is about, or None where there is none."""
ShadowVersion = Callable[[str, str, str], int | None]
"""The newest version claimed of a channel's item, by channel, kind and key."""

VERSION: Final = "version"


@dataclass(frozen=True, slots=True)
class Gate:
    """A fact's own version and the newest one that is stored."""

    own: int
    stored: int

    @property
    def shut(self) -> bool:
        """Whether the fact is not newer than what is stored."""
        return self.own <= self.stored


@dataclass(frozen=True, slots=True)
class VersionGate:
    """`stored` by the route of the facts; routes that are not in it carry no versions."""

    stored: Mapping[str, Stored]
    shadow: ShadowVersion

    def look(self, route: str, message: Mapping[str, Any], pointer: str) -> Gate | None:
        """The gate that a fact comes to; None when it has no version, or is the first of its kind."""
        read, fact = self.stored.get(route), at(message, pointer)
        if read is None or not isinstance(fact, Mapping) or type(fact.get(VERSION)) is not int:
            return None
        stored = read(message, fact)
        return None if stored is None else Gate(fact[VERSION], stored)

    def lifted(self, route: str, message: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
        """The message with its fact above what is stored. Raises UnsendableError where there is nothing to lift."""
        if route.startswith(CHANNEL):
            return {**message, "keys": [self._told_again(message, key) for key in message.get("keys") or ()]}
        if route not in self.stored:
            raise UnsendableError(
                f"facts of the queue {route} have no version that could be lifted: replay it without an override"
            )
        gate = self.look(route, message, pointer)
        if gate is None or not gate.shut:
            return message
        lifted: Mapping[str, Any] = replaced(message, [*pointer.split("/")[1:], VERSION], gate.stored + 1)
        return lifted

    def _told_again(self, message: Mapping[str, Any], key: Any) -> Any:
        """A mark that has the channel told again what it acknowledged, under a version above that."""
        if not isinstance(key, Mapping):
            return key
        version = self.shadow(str(message.get("channel")), str(key.get("kind")), str(key.get("key")))
        return key if version is None else {**key, "above": version}


def replaced(document: Any, path: Sequence[str], value: Any) -> Any:
    """A copy of a document with another value at a path that leads somewhere."""
    if not path:
        return value
    step, rest = path[0].replace("~1", "/").replace("~0", "~"), path[1:]
    if isinstance(document, list):
        return [replaced(v, rest, value) if n == int(step) else v for n, v in enumerate(document)]
    return {**document, step: replaced(document.get(step), rest, value)}
