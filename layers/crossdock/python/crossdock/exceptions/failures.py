"""What kind of failure an exception is (domain: failure words), by which people decide what to do first."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from crossdock.contracts.refusals import Refusal


class Failure(StrEnum):
    """How a fact failed.

    TRANSIENT was tried again until it was given up; PERMANENT cannot succeed as it is; POISON could not even be read;
    DESTINATION_DOWN waits for a system that does not answer; DEADLINE_MISSED should have come and did not.
    """

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    POISON = "poison"
    DESTINATION_DOWN = "destination_down"
    DEADLINE_MISSED = "deadline_missed"


# Every kind that is no refusal of a fact for what it says; those are all permanent.
_BY_KIND: Final[Mapping[str, Failure]] = {
    "channel_down": Failure.DESTINATION_DOWN,
    "dead_letter": Failure.TRANSIENT,
    "failed_invocation": Failure.TRANSIENT,
    "lost_batch": Failure.TRANSIENT,
    "sequence_gap": Failure.DEADLINE_MISSED,
    "silent_source": Failure.DEADLINE_MISSED,
    "silent_warehouse": Failure.DEADLINE_MISSED,
    "subscription_expiring": Failure.DEADLINE_MISSED,
    "unreadable_message": Failure.POISON,
}
_CHANNEL_QUEUE: Final = "queue/channel-"


def failure_of(refusal: Refusal) -> Failure:
    """The class of a refusal. What a channel's queue gave up on was not delivered: its destination was down."""
    if refusal.kind == "dead_letter" and refusal.subject.startswith(_CHANNEL_QUEUE):
        return Failure.DESTINATION_DOWN
    return _BY_KIND.get(refusal.kind, Failure.PERMANENT)
