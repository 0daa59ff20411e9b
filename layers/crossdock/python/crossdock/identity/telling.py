"""Knowing our own words when they come back.

What a system is told of a customer is noted before it is sent: by attribute the marks of the newest values, each under
the customer's version. When that system reports such a value soon after, it repeats what we said and says nothing of
its own: kept as its statement, it would look like news, and where the newest word counts, an echo that is late would
bring back what was true before.

    told v3 "A" ── told v4 "B" ── reports "A" (the echo of v3) ── reports "B" (the echo of v4) ── reports "A": news

Each value that was told is recognised once, and none behind one that was recognised: so a person who sets an old value
again is heard.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, TypeAlias

from crossdock.contracts.customer_attributes import Value
from crossdock.identity.claims import mark
from crossdock.identity.customer_rows import KIND, TOLD
from crossdock.identity.xref_rows import partition
from crossdock.platform.clock import from_text
from crossdock.platform.writes import Key

REMEMBERED: Final = 6
"""So many of the values told last are known for each attribute."""
_CLOCKS: Final = timedelta(minutes=5)

Words: TypeAlias = tuple[int, str, str]
"""(our version, when it was told, mark of the value)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one system was told of a customer lately, by attribute, oldest first, and up to where its echo has come.

    `reverted` counts how often it was told again what it may not say, and since when.
    """

    system: str
    words: Mapping[str, tuple[Words, ...]] = field(default_factory=dict)
    heard: Mapping[str, int] = field(default_factory=dict)
    revision: int = 0
    reverted: Mapping[str, tuple[int, str]] = field(default_factory=dict)


def telling(told: Told, version: int, values: Mapping[str, Value], at: str) -> Told:
    """What was told, with the values of a version that is about to be told; those told before are not noted again."""
    words = dict(told.words)
    for name, value in values.items():
        before, said = words.get(name, ()), mark(value)
        if not before or before[-1][2] != said:
            words[name] = (*before, (version, at, said))[-REMEMBERED:]
    return replace(told, words=words)


def echoes(told: Told, says: Mapping[str, Value], at: str, hours: int) -> dict[str, int]:
    """Of what a report of the system says at an instant, the attributes that are an echo, with the version echoed."""
    found = {}
    for name, value in says.items():
        said = mark(value)
        for version, when, known in told.words.get(name, ()):
            since = from_text(at) - from_text(when)
            if known == said and version > told.heard.get(name, 0) and -_CLOCKS <= since <= timedelta(hours=hours):
                found[name] = version
                break
    return found


def key(customer: str, system: str) -> Key:
    """Where it stands what a system was told."""
    return partition(KIND, customer), f"{TOLD}{system}"


def row(customer: str, told: Told) -> dict[str, Any]:
    """What a system was told, as a row of one revision more."""
    pk, sk = key(customer, told.system)
    words = {name: [list(w) for w in found] for name, found in told.words.items()}
    return {"pk": pk, "sk": sk, "n": told.revision + 1, "t": words, "e": dict(told.heard), "rv": _counts(told)}


def to_told(found: Mapping[str, Any]) -> Told:
    """What a system was told, of its row."""
    words = {name: tuple((w[0], w[1], w[2]) for w in listed) for name, listed in found["t"].items()}
    reverted = {name: (count, since) for name, (count, since) in found.get("rv", {}).items()}
    return Told(found["sk"].removeprefix(TOLD), words, dict(found["e"]), found["n"], reverted)


def _counts(told: Told) -> dict[str, list[Any]]:
    return {name: list(counted) for name, counted in told.reverted.items()}
