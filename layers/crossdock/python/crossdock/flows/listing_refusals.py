"""What a list of accounts showed that somebody has to decide, as refusals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossdock.contracts.customer_attributes import Value, named
from crossdock.contracts.refusals import Refusal, content_id, quoted
from crossdock.exchange.dirty import KEYS_PER_MESSAGE, envelope

_NAMED: Final = 3
# Of these the values are shown. A tax number or the reason of a hold may say who somebody is, or how he fares.
_SHOWN: Final = frozenset(
    {
        "contracts",
        "credit_currency",
        "credit_hold",
        "credit_limit",
        "credit_used",
        "currency",
        "tax_exempt",
        "tax_exempt_until",
        "tax_jurisdiction",
        "terms",
    }
)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One attribute of one customer: what a system lists (as text, and its mark) and what its owner says."""

    customer: str
    account: str
    attribute: str
    listed: str
    stands: Value
    owner: str
    what: str


def credit_drift(
    system: str, channel: str | None, found: Disagreement, correlation_id: str, *, told: bool = False
) -> Refusal:
    """A money document that differs; `told`: the system was told again already, as of a hold."""
    again = "it was told again; " if told else "have it told again (replay), "
    remedy = f"{again}or correct it in {system}; if {system} is right, have {found.owner} say so; then close this"
    return Refusal(
        kind="credit_drift",
        source=system,
        subject=f"customer/{found.customer}",
        fact=f"{found.account}/{found.attribute}={content_id([found.what, found.stands])}",
        detail=_both(system, found),
        remedy=remedy if channel else f"correct it in {system}, or in {found.owner}; then close this",
        route=f"channel-{channel}" if channel else "",
        message=envelope(channel, [_key(found.customer, correlation_id)]) if channel else {"system": system},
        pointer="/keys/0" if channel else "",
        correlation_id=correlation_id,
        recurs=True,
    )


def _both(system: str, found: Disagreement) -> str:
    """Both sides of it, with their values where those may be shown."""
    if not shown(found.attribute):
        return f"{system} has another {found.attribute} for {found.account} than {found.owner}"
    stands = value_text(found.stands)
    return f"{system} has {found.attribute} {found.listed} for {found.account}, {found.owner} says {stands}"


def shown(attribute: str) -> bool:
    """Whether the values of an attribute may stand in an exception."""
    return named(attribute).base in _SHOWN


def above_cap(system: str, channel: str, customers: Mapping[str, Sequence[str]], correlation_id: str) -> Refusal:
    """More customers that differ than one list heals, with the attributes of each."""
    keys = [_key(c, correlation_id) | {"evidence": {"differs": list(n)}} for c, n in sorted(customers.items())]
    shown = "; ".join(f"{c}: {', '.join(names)}" for c, names in sorted(customers.items())[:_NAMED])
    return Refusal(
        kind="customer_drift_above_cap",
        source=system,
        subject="customers",
        fact=f"differ={content_id(sorted([c, *names] for c, names in customers.items()))}",
        detail=f"{len(customers)} customers differ at {system}, more than one list heals: {shown}"[:1000],
        remedy="find out why so much differs at once; replay tells the first hundred again",
        route=f"channel-{channel}",
        message=envelope(channel, keys[:KEYS_PER_MESSAGE]),
        pointer="/keys",
        correlation_id=correlation_id,
    )


def dangling(system: str, customer: str, account: str, listings: int, correlation_id: str) -> Refusal:
    """An account of ours that the system does not have any more."""
    return Refusal(
        kind="reference_dangling",
        source=system,
        subject=f"customer/{customer}",
        fact=f"{account}@{customer}",
        detail=f"{system} did not name account {account} in {listings} whole lists running; it is {customer} here",
        remedy=f"crossdock xref end {system} {quoted(account)} --kind customer; or restore it in {system}",
        route="",
        message={"system": system, "account": account, "customer": customer},
        pointer="",
        correlation_id=correlation_id,
        recurs=True,
    )


def many_dangling(system: str, listing: str, found: int, correlation_id: str) -> Refusal:
    """So many accounts missing that it is rather the list that is not whole."""
    return Refusal(
        kind="listing_not_whole",
        source=system,
        subject=f"listing/{system}",
        fact=listing,
        detail=f"the list {listing} of {system} lacks more than {found} accounts that are known, and says it is whole",
        remedy=f"have {system} list all its accounts; no reference is taken for dangling by this list",
        route="",
        message={"system": system, "listing": listing},
        pointer="",
        correlation_id=correlation_id,
    )


def value_text(value: Value) -> str:
    """A value as a sentence names it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _key(customer: str, correlation_id: str) -> dict[str, Any]:
    return {"kind": "customer", "key": customer, "correlation_ids": [correlation_id], "above": 0}
