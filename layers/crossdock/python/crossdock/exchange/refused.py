"""Values that a channel will not take, as refusals for the exceptions list."""

from collections.abc import Mapping

from crossdock.contracts.refusals import Refusal
from crossdock.exchange.dirty import envelope


def rejections(
    channel: str,
    kind: str,
    rejected: Mapping[str, str],
    causes: Mapping[str, str],
    replay: Mapping[str, str] | None,
) -> list[Refusal]:
    """One refusal per item. Replaying marks the item dirty again, so what is sent then is current.

    `causes` names the correlation id that is shown for an item.
    """
    return [
        Refusal(
            kind="delivery_refused",
            source=channel,
            subject=f"{kind}/{key}",
            fact=f"{kind}/{key}",
            detail=f"{channel} does not take the {kind} of {key}: {reason}",
            remedy="mend it at the channel or in the data, then replay: the current value is sent",
            route=f"channel-{channel}",
            message=envelope(channel, [{"kind": kind, "key": key, "correlation_ids": [causes.get(key, "unknown")]}]),
            pointer="/keys/0",
            correlation_id=causes.get(key, "unknown"),
            replay=replay,
            recurs=True,
        )
        for key, reason in rejected.items()
    ]
