"""What became of requests for reservations, measured: one line for a batch of them."""

from collections.abc import Sequence

from crossdock.inventory.holds import Answer, Decision
from crossdock.platform.metrics import happened


def holds_decided(decisions: Sequence[Decision]) -> None:
    """Counts what was decided just now, and apart from that what had been decided before."""
    fresh = [d.answer for d in decisions if not d.repeated]
    happened(
        ("HoldsTaken", fresh.count(Answer.HELD), "Count"),
        ("HoldsRefused", fresh.count(Answer.REFUSED), "Count"),
    )
    happened(("DuplicatesSuppressed", sum(d.repeated for d in decisions), "Count"), domain="reservations")
