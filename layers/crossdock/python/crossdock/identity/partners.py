"""Partners behind their API keys. Only the hash of a key is kept, so the table gives no key away."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.platform.dynamo import Item, Table

SCOPES = (
    "inventory:read",
    "inventory:write",
    "inventory:allocate",
    "reservations:read",
    "reservations:write",
    "prices:read",
    "prices:cost",
    "prices:books",
    "prices:write",
    "prices:approve",
)
ANY_CUSTOMER = "*"
"""In a partner's customers: it may ask for every customer's prices, as our own shop does."""


@dataclass(frozen=True, slots=True)
class PartnerAccess:
    """What the bearer of a key may do: scopes, sources it may speak for, channels and customers it may ask about."""

    partner: str
    scopes: tuple[str, ...]
    sources: tuple[str, ...]
    channels: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()


def hashed(api_key: str) -> str:
    """How the table knows a key: its SHA-256, in hexadecimal."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def key_of(key_hash: str) -> tuple[str, str]:
    """Where the access of a key is kept."""
    return f"K#{key_hash}", "KEY"


class Partners:
    """Grants and finds the access of API keys."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def access(self, api_key: str) -> PartnerAccess | None:
        """The access behind a key, or None for a key that is unknown or was withdrawn."""
        row = self._table.get(key_of(hashed(api_key)))
        return _access(row) if row else None

    def accesses(self, key_hashes: Iterable[str]) -> dict[str, PartnerAccess]:
        """The access behind each key hash that has one, 100 to a round trip."""
        rows = self._table.get_many(key_of(h) for h in key_hashes)
        found = {pk.removeprefix("K#"): _access(row) for (pk, _), row in rows.items()}
        return {key_hash: access for key_hash, access in found.items() if access}

    def withdraw(self, key_hash: str) -> None:
        """Takes a key's access away; the gateway may remember it for its cache time."""
        self._table.delete(key_of(key_hash))

    def grant(self, api_key: str, access: PartnerAccess) -> None:
        """Lets the bearer of a key act for a partner."""
        pk, sk = key_of(hashed(api_key))
        self._table.put(
            {
                "pk": pk,
                "sk": sk,
                "partner": access.partner,
                "scopes": list(access.scopes),
                "sources": list(access.sources),
                "channels": list(access.channels),
                "customers": list(access.customers),
                "active": True,
            }
        )


def _access(row: Item) -> PartnerAccess | None:
    if not row["active"]:
        return None
    # A row that was written before there were channels, or customers, has none.
    channels, customers = tuple(row.get("channels", ())), tuple(row.get("customers", ()))
    return PartnerAccess(row["partner"], tuple(row["scopes"]), tuple(row["sources"]), channels, customers)
