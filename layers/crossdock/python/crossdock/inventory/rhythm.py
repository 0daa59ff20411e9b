"""A warehouse's rhythm: how long it usually pauses, learnt from its own movements, and when a pause is a silence.

The longest pause that began on each day is kept for two weeks and is forgotten then. A pause is judged by those that
began on its own weekday and the two beside it, so that a weekend does not hide a silence on a Tuesday; where little is
known of these days, by all. So whatever recurs weekly rings nothing: the same pause began a week before, within a day.

Instants are whole seconds since 1970, pauses are seconds, days are counted from 1970 in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crossdock.contracts.refusals import Refusal
from crossdock.platform.clock import to_text

SHORTEST = 3_600
"""No learnt pause shorter than this is a silence."""
_DAY = 86_400
_LEARNT_AFTER = 7 * _DAY
_KEPT_DAYS = 15  # two weeks, and the day on which the older one of two equal weekdays began
_ENOUGH_DAYS = 4


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When movements were first and last seen; the longest pause by the day on which it began."""

    since: int
    last: int
    pauses: Mapping[int, int] = field(default_factory=dict)

    def moved(self, at: int) -> "Rhythm":
        """The rhythm after a movement at an instant; one that is not later changes nothing.

        What was a silence counts as the longest pause that is none: one outage does not make the next one usual, and
        a warehouse that slows down for good is told of a few times only. After a silence of a week too little is left
        of what was known, and learning begins anew.
        """
        pause, limit, began = at - self.last, self.longest_learnt, self.last // _DAY
        if pause <= 0:
            return self
        if pause > _KEPT_DAYS * _DAY or (limit is not None and pause > max(limit, _LEARNT_AFTER)):
            return Rhythm(at, at)
        kept = {day: p for day, p in self.pauses.items() if day >= at // _DAY - _KEPT_DAYS}
        kept[began] = max(pause if limit is None else min(pause, limit), kept.get(began, 0))
        return Rhythm(self.since, at, kept)

    @property
    def usual(self) -> int | None:
        """The longest pause that is usual for a weekday like that of the last movement; None before seven days.

        The days count from the first movement to the last: a pause that lasts yet teaches nothing.
        """
        if self.last - self.since < _LEARNT_AFTER:
            return None
        today = self.last // _DAY
        near = [pause for day, pause in self.pauses.items() if (day - today + 1) % 7 <= 2]  # noqa: PLR2004 - ±1 day
        return max(near if len(near) >= _ENOUGH_DAYS else self.pauses.values(), default=None)

    @property
    def longest_learnt(self) -> int | None:
        """The longest pause that is not a silence yet, as far as it is learnt: half as long again as usual."""
        usual = self.usual
        return None if usual is None else max(SHORTEST, usual * 3 // 2)


@dataclass(frozen=True, slots=True)
class Silence:
    """A warehouse that paused for longer than `after` seconds; `usual` is None where it is not learnt."""

    warehouse: str
    source: str
    last: int
    after: int
    usual: int | None

    @property
    def subject(self) -> str:
        """What is to be mended; every silence of the warehouse is in its group."""
        return f"warehouse/{self.warehouse}"


def silence(warehouse: str, source: str, rhythm: Rhythm, configured: int | None, now: int) -> Silence | None:
    """The silence that a warehouse is in, by the configured seconds or else by what is learnt; None when in none."""
    after = rhythm.longest_learnt if configured is None else configured
    if after is None or now - rhythm.last <= after:
        return None
    return Silence(warehouse, source, rhythm.last, after, rhythm.usual)


def silence_notice(found: Silence, correlation_id: str) -> Refusal:
    """A silence for the exceptions list. It holds no fact to replay: what is missing has to be sent."""
    since = to_text(datetime.fromtimestamp(found.last, UTC))
    usual = "it may pause" if found.usual is None else f"it usually pauses for {_length(found.usual)} at most; it may"
    return Refusal(
        kind="silent_warehouse",
        source=found.source,
        subject=found.subject,
        fact=f"{found.subject}/silent/{found.last}",
        detail=f"{found.source}: no movement of {found.warehouse} was applied since {since}; {usual} "
        f"{'for ' if found.usual is None else ''}{_length(found.after)}",
        remedy=f"see that {found.source} still sends what moves in {found.warehouse}, and that it is not refused "
        "(crossdock exceptions list); this closes by itself when movements come. If it may pause for longer: "
        f"[warehouses.{found.warehouse}] silent_after_seconds",
        route="",
        message={
            "kind": "silent_warehouse",
            "source": found.source,
            "warehouse": found.warehouse,
            "last_movement_at": since,
            "usual_gap_seconds": found.usual,
            "silent_after_seconds": found.after,
        },
        pointer="",
        correlation_id=correlation_id,
    )


def _length(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours:,} h {rest // 60} min"
