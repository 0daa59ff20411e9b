"""The real ledger as a warehouse system would deliver it on a bad day: out of order, and one line in twenty twice.

Every line is shuffled within its hour. A repeated line comes again in the same hour or in one of the next busy ones.
The same seed gives the same traffic, so that a replay can be broken off and continued.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from crossdock_cli.demo.ledger import each_day
from crossdock_cli.demo.plan import movement_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from crossdock_cli.demo.ledger import Line
    from crossdock_cli.demo.plan import Movement

REPEATED: Final = 0.05
"""The share of lines that come twice."""
_LATEST: Final = 24
"""A repetition comes within this many busy hours; half of them within the same one."""
PER_MESSAGE: Final = 250
"""Movements in one message: about 50 KB, of the 256 KB that a queue takes."""
PER_INVOCATION: Final = 10
"""Messages in one invocation, as a queue without a batching window gives them."""


@dataclass(frozen=True, slots=True)
class Hour:
    """What arrives in one hour. `lines` counts the ledger's lines of it, without repetitions."""

    name: str
    lines: int
    arrivals: Sequence[Movement]


def hours(path: Path, seed: int, month: str = "") -> Iterator[Hour]:
    """The ledger's hours in order; only those of a month (`2011-02`) if one is named."""
    late: dict[int, list[Movement]] = defaultdict(list)
    sequence, number = 0, -1
    for name, lines in _by_hour(path, month):
        number += 1
        chance = random.Random(f"{seed}/{name}")  # noqa: S311 - the same traffic in every run, nothing secret
        arrivals = late.pop(number, [])
        for line in lines:
            sequence += 1
            movement = movement_of(line, sequence)
            arrivals.append(movement)
            if chance.random() < REPEATED:
                wait = chance.choice((0, chance.randint(1, _LATEST)))
                (late[number + wait] if wait else arrivals).append(movement)
        chance.shuffle(arrivals)
        yield Hour(name, len(lines), arrivals)
    if late:  # the last hour's repetitions still come
        yield Hour("afterwards", 0, [m for n in sorted(late) for m in late[n]])


def _by_hour(path: Path, month: str) -> Iterator[tuple[str, list[Line]]]:
    for day in each_day(path):
        if day.date > f"{month}-99" and month:
            return
        if day.date.startswith(month):
            in_order = sorted(day.lines, key=lambda line: line.at[:13])
            yield from ((hour, list(lines)) for hour, lines in groupby(in_order, key=lambda line: line.at[:13]))


@dataclass(frozen=True, slots=True)
class Invocation:
    """What one invocation gets: messages, each of one hour. `lines` is what the ledger had up to here."""

    messages: Sequence[Sequence[Movement]]
    lines: int

    @property
    def movements(self) -> int:
        return sum(map(len, self.messages))


def invocations(source: Iterable[Hour]) -> Iterator[Invocation]:
    """The hours in messages, and the messages as a queue hands them to a function."""
    messages: list[Sequence[Movement]] = []
    lines = 0
    for hour in source:
        lines += hour.lines
        for start in range(0, len(hour.arrivals), PER_MESSAGE):
            if len(messages) == PER_INVOCATION:
                yield Invocation(messages, lines - hour.lines)
                messages = []
            messages.append(hour.arrivals[start : start + PER_MESSAGE])
    if messages:
        yield Invocation(messages, lines)
