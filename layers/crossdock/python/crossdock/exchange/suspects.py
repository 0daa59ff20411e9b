"""Which parked item a channel fails over, told apart from a channel that is down: rules only, see docs/deliveries.md.

An item was in a delivery that failed. Whether the item or the channel is to blame shows in what the channel does
otherwise, so every failure is weighed by whether the channel has taken something since the one before:

    it has not     the channel may be down: that counts against it (`breaker.py`), and against no item
    it has         the delivery holds something it fails over: the items go on in groups of a quarter the size
    an item alone  fails at growing distances, others being taken before each time: then it is refused

Here `level` is how far the group was narrowed, and `own` how often the item failed alone while others were taken.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from crossdock.exchange.breaker import Health
from crossdock.platform.clock import from_text, to_text

ALONE: Final = 9
"""The level at which an item is told alone, whatever a batch holds."""
REFUSED_AFTER: Final = 5
"""So often an item fails alone, others being taken in between, until it is an exception."""
_FIRST_S: Final = 10
# Of the failures that a channel is not blamed for, so many are left for groups (`Health.spare`).
_KEPT_BACK: Final = 2
_LONGEST_S: Final = 900
_LOOK_S: Final = 60
REMEMBERED: Final = timedelta(days=1)
"""So long after its last failure an item that was refused is still told alone."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is held against one parked item; the last failure was at `tried`, the next try is due at `until`.

    `seen` is the channel's count of successes (`Health.taken`) at the last failure.
    """

    level: int = 0
    own: int = 0
    seen: int = 0
    tried: str = ""
    until: str = ""

    @property
    def wary(self) -> bool:
        """Whether the item should not be told together with those that never failed."""
        return self.level > 0

    @property
    def single(self) -> bool:
        """Whether it failed alone."""
        return self.level == ALONE

    def forgotten(self, now: datetime) -> bool:
        """Whether nothing is held any more against an item that is not parked."""
        return not self.own or self.tried < to_text(now - REMEMBERED)


NOTHING: Final = Suspicion()


def blames(health: Health, suspicion: Suspicion, *, alone: bool) -> bool:
    """Whether a failure is to be put down to what was sent: the channel took something since the last one.

    `health` as it was before; `alone`: nothing else was in the delivery, and it failed before.
    """
    if health.proving or not health.taken:
        return False
    return not alone or (health.spare > _KEPT_BACK and health.taken > suspicion.seen)


def after(suspicion: Suspicion, health: Health, now: datetime, *, alone: bool, blamed: bool) -> Suspicion:
    """After one more failure."""
    told = replace(suspicion, seen=health.taken, tried=to_text(now))
    if not (alone and suspicion.wary):
        return replace(told, level=ALONE if alone else suspicion.level + 1) if blamed else told
    told = replace(told, level=ALONE, own=suspicion.own + blamed)
    wait = min(_FIRST_S * 3 ** max(0, told.own - 1), _LONGEST_S)
    return replace(told, until=to_text(now + timedelta(seconds=wait)))


def refused(suspicion: Suspicion) -> bool:
    """Whether an item that fails once more, alone and to blame, is an exception."""
    return suspicion.own + 1 >= REFUSED_AFTER


def next_group(known: Mapping[str, Suspicion], most: int, now: datetime, health: Health) -> list[str]:
    """The keys of suspects to be told next while a channel takes deliveries, before those that never failed.

    Single ones whose failure would be put down to them, then the narrowest group: few are under suspicion at a time.
    """
    due = [(s.tried, key) for key, s in known.items() if s.single and s.until <= to_text(now)]
    due = [one for one in due if blames(health, known[one[1]], alone=True)]
    if due:
        return [min(due)[1]]
    level = max((s.level for s in known.values() if not s.single), default=0)
    group = sorted((s.tried, key) for key, s in known.items() if 0 < s.level == level)
    keys = [key for _, key in group[: max(1, most >> (2 * level))]]
    return keys if len(keys) > 1 or (keys and blames(health, known[keys[0]], alone=True)) else []


def least(known: Mapping[str, Suspicion], now: datetime) -> list[str]:
    """The key of the item to try a channel with when each that is parked failed before: the one it is least about.

    Those that fail alone wait for the channel to take something else, and are tried without that now and then only.
    """
    may = known if _at_the_latest(known.values()) <= to_text(now) else {k: s for k, s in known.items() if not s.single}
    return [min((s.level, s.own, s.tried, key) for key, s in may.items())[-1]] if may else []


def _at_the_latest(known: Iterable[Suspicion]) -> str:
    """When one of those that fail alone is tried though nothing else was taken since."""
    last = max((s.tried for s in known if s.single), default="")
    return to_text(from_text(last) + timedelta(seconds=_LONGEST_S)) if last else ""


def next_due_s(known: Collection[Suspicion], health: Health, now: datetime) -> int | None:
    """The seconds until the first of these is to be tried; None without any."""
    latest = _at_the_latest(known)
    first = min((_due_at(s, health, latest) for s in known), default=None)
    if first is None:
        return None
    return max(0, -int(-((from_text(first) - now) / timedelta(seconds=1)) // 1)) if first else 0


def _due_at(suspicion: Suspicion, health: Health, latest: str) -> str:
    if not suspicion.single:
        return ""
    return suspicion.until if blames(health, suspicion, alone=True) else latest


def look_again_s(rest_s: int) -> int:
    """When those that fail alone are looked at again: live traffic may have been taken, which nobody says."""
    return min(max(1, rest_s), _LOOK_S)
