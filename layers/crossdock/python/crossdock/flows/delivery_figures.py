"""What one batch of a channel's queue came to, measured: one line for it."""

from collections.abc import Sequence
from datetime import timedelta

from crossdock.contracts.deliveries import Answer, Batch
from crossdock.exchange.delivery import Dirty, Told
from crossdock.platform.clock import Clock, from_text
from crossdock.platform.metrics import happened


class Deliveries:
    """Counts what a channel took, did not take for now, and will not take; says it at the end."""

    def __init__(self, channel: str, clock: Clock) -> None:
        self._channel = channel
        self._clock = clock
        self._delivered = self._failed = self._rejected = 0
        self._lags_ms: list[int] = []

    def attempted(self, batch: Batch, answer: Answer) -> None:
        """One delivery: its values failed when the channel did not answer, and those that it asked to be told later."""
        self._failed += len(batch.values) if answer.state == "unavailable" else len(answer.later)

    def told(self, marks: Sequence[Dirty], told: Told) -> None:
        """Some items, told just now; their lag is that of the one that was marked first."""
        self._delivered += len(told.acknowledged)
        self._rejected += len(told.rejected)
        marked = [m.since for m in marks if m.since and m.key in told.acknowledged]
        if marked:
            lag = self._clock() - from_text(min(marked))
            self._lags_ms.append(max(0, lag // timedelta(milliseconds=1)))

    def say(self) -> None:
        """One line, or none where nothing was tried."""
        happened(
            ("Delivered", self._delivered, "Count"),
            ("DeliveryFailed", self._failed, "Count"),
            ("DeliveryRejected", self._rejected, "Count"),
            ("DeliveryLag", self._lags_ms, "Milliseconds"),
            channel=self._channel,
        )
