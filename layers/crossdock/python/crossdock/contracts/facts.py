"""Canonical documents as facts for the bus: what several connectors make, made once."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from crossdock.contracts import events
from crossdock.contracts.accounts import AccountReport, AccountsReported
from crossdock.contracts.fields import Contract
from crossdock.contracts.inbound import Fact, Part, Several, Translated
from crossdock.contracts.levels import Level, LevelsReported
from crossdock.contracts.listings import AccountListing, AccountsListed
from crossdock.contracts.orders import Order, OrderReported
from crossdock.contracts.references import ForeignCode, ItemDeclaration

_ITEMS_TO_A_FACT = 500
_LEVELS_TO_A_FACT = 1000
_ACCOUNTS_TO_A_FACT = 50
# The bus takes 256 KB of an event, its envelope and the escapes of its JSON included.
_BYTES_TO_A_FACT = 180_000


T = TypeVar("T")


def _parts(things: Sequence[T], most: int, document: Callable[[T], Any]) -> list[list[T]]:
    """The things in order, in parts of `most` and of so many bytes; one that is larger by itself stands alone."""
    parts: list[list[T]] = []
    size = 0
    for thing in things:
        of_it = len(json.dumps(document(thing), separators=(",", ":"), ensure_ascii=False).encode())
        if not parts or len(parts[-1]) == most or size + of_it > _BYTES_TO_A_FACT:
            parts.append([])
            size = 0
        parts[-1].append(thing)
        size += of_it
    return parts


def _said(contract: Contract) -> dict[str, Any]:
    return contract.model_dump(mode="json", exclude_defaults=True)


def order_fact(source: str, order: Order, *, new: bool) -> Fact:
    """The event that an order is now: cancelled whenever it is, else placed when it is new, else changed."""
    type_ = events.ORDER_PLACED if new else events.ORDER_CHANGED
    if order.status == "cancelled":
        type_ = events.ORDER_CANCELLED
    data = OrderReported(source=source, order=order).model_dump(mode="json", exclude_defaults=True)
    return Fact(type_, f"order/{source}/{order.document}", data)


def levels_facts(source: str, levels: Sequence[Level]) -> list[Fact]:
    """What a source shows of some items."""
    found = [
        LevelsReported(source=source, levels=list(some)).model_dump(mode="json", exclude_defaults=True)
        for some in _parts(levels, _LEVELS_TO_A_FACT, _said)
    ]
    return [Fact(events.LEVELS_REPORTED, f"levels/{source}", data) for data in found]


def accounts_facts(source: str, accounts: Sequence[AccountReport], origin: str | None = None) -> list[Fact]:
    """What a CRM says of some customers; `origin` is who changed them there."""
    found = [
        AccountsReported(source=source, origin=origin, accounts=list(some)).model_dump(
            mode="json", exclude_defaults=True
        )
        for some in _parts(accounts, _ACCOUNTS_TO_A_FACT, _said)
    ]
    return [Fact(events.ACCOUNTS_REPORTED, f"accounts/{source}", data) for data in found]


def listing_facts(source: str, listing: AccountListing, listed_at: datetime) -> list[Fact]:
    """A page of a listing in parts; a page without accounts is one part without any."""
    parts = _parts(listing.accounts, _ACCOUNTS_TO_A_FACT, _said) or [[]]
    found = [
        AccountsListed(
            source=source,
            listing=listing.listing,
            listed_at=listed_at,
            page=listing.page,
            last=listing.last,
            part=number,
            parts=len(parts),
            accounts=list(some),
        )
        for number, some in enumerate(parts, 1)
    ]
    subject = f"listing/{source}/{listing.listing}"
    return [Fact(events.ACCOUNTS_LISTED, subject, one.model_dump(mode="json", exclude_defaults=True)) for one in found]


def references_facts(source: str, codes: Sequence[tuple[str, str]]) -> list[Fact]:
    """What a source calls our items, from (sku, code) in any order."""
    by_sku: dict[str, list[str]] = {}
    for sku, code in codes:
        by_sku.setdefault(sku, []).append(code)
    items = [
        ItemDeclaration(sku=sku, codes=[ForeignCode(system=source, code=code) for code in dict.fromkeys(of_it)])
        for sku, of_it in by_sku.items()
    ]
    documents = [i.model_dump(mode="json", exclude_none=True) for i in items]
    return [
        Fact(events.REFERENCES_DECLARED, f"items/{source}", {"source": source, "items": some})
        for some in _parts(documents, _ITEMS_TO_A_FACT, dict)
    ]


def together(parts: Sequence[Part]) -> Translated:
    """One part as it is, several as several."""
    return parts[0] if len(parts) == 1 else Several(tuple(parts))
