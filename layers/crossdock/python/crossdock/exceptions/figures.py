"""The exceptions list in figures: how many, how old, how late, how much money, how long they take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from crossdock.exceptions.failures import Failure
from crossdock.exceptions.model import Ended, Standing
from crossdock.platform.clock import from_text, to_text

SPAN: Final = timedelta(days=1)
"""Those that ended within it tell how long it takes to mend one."""


@dataclass(frozen=True, slots=True)
class Class:
    """One class of exceptions: how many groups are open, and for how many seconds the oldest has been."""

    open: int = 0
    oldest_s: int = 0


@dataclass(frozen=True, slots=True)
class ListFigures:
    """The whole list.

    Every class is there, also with nothing; `money` is by currency, in whole units rounded up, of all currencies that
    were asked for and those that occur; `resolved_s` is None when nothing ended.
    """

    classes: Mapping[str, Class]
    overdue: int
    money: Mapping[str, int]
    resolved_s: int | None


@dataclass(slots=True)
class _Sum:
    open: dict[str, list[int]] = field(default_factory=lambda: {f.value: [] for f in Failure})
    overdue: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)


def figures_of(
    standing: Iterable[Standing], ended: Iterable[Ended], now: datetime, currencies: Iterable[str]
) -> ListFigures:
    """`standing` are all that are not done with, `ended` those that ended within SPAN."""
    found = _Sum(money=dict.fromkeys(sorted(currencies), Decimal(0)))
    text = to_text(now)
    for group in standing:
        found.open.setdefault(group.failure, []).append(_seconds(group.since, now))
        found.overdue += group.due is not None and group.due < text
        for currency, amount in group.money.items():
            found.money[currency] = found.money.get(currency, Decimal(0)) + amount
    lasted = [_seconds(group.since, from_text(group.at)) for group in ended]
    return ListFigures(
        classes={name: Class(len(ages), max(ages, default=0)) for name, ages in found.open.items()},
        overdue=found.overdue,
        money={c: int(amount.to_integral_value(ROUND_CEILING)) for c, amount in found.money.items()},
        resolved_s=sum(lasted) // len(lasted) if lasted else None,
    )


def _seconds(since: str, until: datetime) -> int:
    return max(0, (until - from_text(since)) // timedelta(seconds=1))
