"""Prices that a channel should have acknowledged by now: how late, until when all is well, and who has to know.

What is pending is noted by message (`exchange/pending.py`). A message that was never sent leaves its note behind, so
one that is late is held against what the channel acknowledged, and forgotten if there is nothing left to tell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from crossdock import config
from crossdock.contracts.refusals import Refusal
from crossdock.exceptions.model import OPEN, fingerprint, occurrence_id
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.delivery import ReadCurrent, needs_telling
from crossdock.exchange.dirty import envelope
from crossdock.exchange.pending import Pending, PendingStore
from crossdock.exchange.publication import EVERYTHING
from crossdock.exchange.shadow import ShadowStore
from crossdock.platform.clock import Clock, from_text
from crossdock.pricing.instants import instant_text

UNDER_WAY: Final = timedelta(minutes=1)
"""A change may be so long on the stream without being noted anywhere; a stream that is later rings its own alarm."""
_LOOKED_AT: Final = 20
_BY: Final = "crossdock"

Still = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Lag:
    """One channel and class: the age of what is not acknowledged, in seconds, and until when everything is."""

    channel: str
    price_class: str
    seconds: int
    late: bool
    until: str | None


@dataclass(slots=True)
class Watched:
    """What a look found."""

    lags: list[Lag] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    closed: int = 0
    forgotten: int = 0


@dataclass(frozen=True, slots=True)
class PriceWatch:
    """Looks at every channel and class. 1 RCU and a query each while nothing is late."""

    pending: PendingStore
    shadow: ShadowStore
    exceptions: ExceptionsStore
    read: Callable[[config.Channel], ReadCurrent]
    still: Still
    clock: Clock

    def look(self, business: config.BusinessConfig, *, computed: bool, correlation_id: str) -> Watched:
        """Tells of strategic classes that are late, once each, and closes what is over.

        `computed`: no change waits to be computed, so what is not pending has been acknowledged.
        """
        watched = Watched()
        for channel in business.channels_for("price"):
            for name in channel.price_classes:
                self._look(channel, business.price_classes[name], watched, computed, correlation_id)
        return watched

    def _look(
        self,
        channel: config.Channel,
        price_class: config.PriceClass,
        watched: Watched,
        computed: bool,  # noqa: FBT001 - handed on
        correlation_id: str,
    ) -> None:
        now = self.clock()
        limit = timedelta(seconds=price_class.late_after_seconds)
        oldest = self._oldest(channel, price_class.name, instant_text(now - limit), watched)
        age = now - from_text(oldest.since) if oldest else timedelta()
        late = oldest is not None and age >= limit
        until = self.pending.watermark(channel.name, price_class.name)
        reached = oldest.since if oldest else instant_text(now - UNDER_WAY)
        if computed and (until is None or reached > until):
            until = reached
            self.pending.raise_watermark(channel.name, price_class.name, reached)
        watched.lags.append(Lag(channel.name, price_class.name, int(age.total_seconds()), late, until))
        if price_class.strategic:
            notice = _notice(oldest, price_class, age, correlation_id) if oldest and late else None
            self._tell(channel.name, price_class, notice, watched, correlation_id)

    def _oldest(self, channel: config.Channel, price_class: str, late: str, watched: Watched) -> Pending | None:
        """The oldest that is really pending: what is late is held against what was acknowledged."""
        for pending in self.pending.oldest(channel.name, price_class, _LOOKED_AT):
            if pending.since > late or self._to_tell(channel, pending):
                return pending
            self.pending.settle([pending.row])
            watched.forgotten += 1
        return None

    def _to_tell(self, channel: config.Channel, pending: Pending) -> bool:
        states = self.shadow.read(channel.name, "price", pending.keys)
        current = self.read(channel)(pending.keys)
        return any(
            fields is not None and needs_telling(EVERYTHING, states.get(key), fields, self.still)
            for key, fields in current.items()
        )

    def _tell(
        self,
        channel: str,
        price_class: config.PriceClass,
        notice: Refusal | None,
        watched: Watched,
        correlation_id: str,
    ) -> None:
        nothing = Pending(channel, price_class.name, instant_text(self.clock()), ())
        group = fingerprint(notice or _notice(nothing, price_class, timedelta(), correlation_id))
        told = {o.id: o for o in self.exceptions.occurrences(group)}
        present = None if notice is None else occurrence_id(notice)
        over = [o for id_, o in told.items() if id_ != present and o.state == OPEN]
        watched.closed += sum(self.exceptions.close(o, _BY, "the channel acknowledged these prices") for o in over)
        if notice is not None and present not in told:
            self.exceptions.refuse([notice])
            watched.told.append(f"{channel}/{price_class.name}")


def _notice(pending: Pending, price_class: config.PriceClass, age: timedelta, correlation_id: str) -> Refusal:
    keys = [{"kind": "price", "key": key, "correlation_ids": [correlation_id]} for key in pending.keys]
    return Refusal(
        kind="prices_published_late",
        source=pending.channel,
        subject=f"price_class/{price_class.name}",
        fact="/".join(pending.row),
        detail=(
            f"{pending.channel} has not acknowledged {len(pending.keys)} prices of the strategic class "
            f"{price_class.name} that changed {int(age.total_seconds())} s ago (late after "
            f"{price_class.late_after_seconds} s)"
        ),
        remedy=f"see whether {pending.channel} is down; replay sends the current prices again",
        route=f"channel-{pending.channel}",
        message=envelope(pending.channel, keys),
        pointer="/keys",
        correlation_id=correlation_id,
    )
