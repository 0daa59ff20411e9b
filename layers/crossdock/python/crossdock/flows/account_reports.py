"""Reports of accounts → customers; what cannot be done of one becomes an exception and holds up nobody else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crossdock.contracts.accounts import AccountReport, AccountsReported
from crossdock.contracts.events import ACCOUNTS_REPORTED, Event
from crossdock.contracts.refusals import Refusal, Refuse, content_id, replay_mark
from crossdock.identity.complaints import Complaint
from crossdock.identity.journal import Cause
from crossdock.identity.reporting import Reporting, Taken
from crossdock.platform.clock import to_text

ROUTE: Final = "accounts"

TellAgain = Callable[[str, str, str], None]
"""Has a system told of a customer once more: (system, customer, correlation id)."""


@dataclass(slots=True)
class Reported:
    """What became of an event's accounts, counted."""

    changed: int = 0
    unchanged: int = 0
    echoes: int = 0
    reverted: int = 0
    refused: int = 0


def take_accounts(
    reporting: Reporting,
    refuse: Refuse,
    tell_again: TellAgain,
    data: AccountsReported,
    event: Mapping[str, object],
    at: str,
    by: str | None = None,
) -> Reported:
    """Takes each account in, at an instant (RFC 3339 UTC). `event` is the whole event, of which one can be replayed.

    `by` is who history says it was, where that is not the source.

    Raises StoreUnavailableError or the client's error; the whole event may then be taken again.
    """
    counted = Reported()
    cause = Cause(by or data.source, str(event["correlationid"]), at)
    for report in data.accounts:
        taken = reporting.take(data.source, data.origin, report, cause)
        if taken.revert and taken.customer is not None:
            tell_again(data.source, taken.customer, cause.correlation_id)
        if taken.complaints:
            refuse([_refusal(data, report, taken, found, event) for found in taken.complaints])
        counted.changed += taken.changed
        counted.unchanged += not taken.changed
        counted.echoes += bool(taken.echoed)
        counted.reverted += bool(taken.revert)
        counted.refused += len(taken.complaints)
    return counted


def _refusal(
    data: AccountsReported, report: AccountReport, taken: Taken, found: Complaint, event: Mapping[str, object]
) -> Refusal:
    said = report.model_dump(mode="json", exclude_defaults=True)
    subject = f"customer/{taken.customer}" if taken.customer else f"account/{data.source}/{report.account}"
    alone: dict[str, Any] = {"source": data.source, "accounts": [said]}
    if data.origin is not None:
        alone["origin"] = data.origin
    return Refusal(
        kind=found.kind,
        source=data.source,
        subject=subject,
        fact=f"{report.account}@{report.version}/{found.about}={content_id(said)}",
        detail=found.detail,
        remedy=found.remedy,
        route=ROUTE,
        message={**event, "data": alone},
        pointer="/data/accounts/0",
        correlation_id=str(event["correlationid"]),
        replay=replay_mark(event),
    )


def duplicate_refusals(taken: Taken, source: str, report: AccountReport, correlation_id: str) -> list[Refusal]:
    """Customers that may be the one that was reported, for an operator; each pair is raised once."""
    said = report.model_dump(mode="json", exclude_defaults=True)
    event = Event(
        id=f"api:{taken.customer}:{report.version}",
        type=ACCOUNTS_REPORTED,
        source=source,
        subject=f"accounts/{source}",
        time=to_text(report.changed_at),
        correlation_id=correlation_id,
        data={"source": source, "accounts": [said]},
    )
    return [
        Refusal(
            kind=found.kind,
            source=source,
            subject=f"customer/{taken.customer}",
            fact=f"{taken.customer}/{found.about}",
            detail=found.detail,
            remedy=found.remedy,
            route=ROUTE,
            message=event.document(),
            pointer="/data/accounts/0",
            correlation_id=correlation_id,
        )
        for found in taken.complaints
        if found.kind == "possible_duplicate"
    ]
