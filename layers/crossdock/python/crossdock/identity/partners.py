"""Partners behind their API keys. Only the hash of a key is kept, so the table gives no key away."""

import hashlib
from dataclasses import dataclass

from crossdock.platform.dynamo import Table

SCOPES = frozenset({"inventory:read", "inventory:write"})


@dataclass(frozen=True, slots=True)
class PartnerAccess:
    """What the bearer of a key may do: scopes, and the sources it may speak for."""

    partner: str
    scopes: tuple[str, ...]
    sources: tuple[str, ...]


def key_of(api_key: str) -> tuple[str, str]:
    """Where the access of a key is kept: under its SHA-256."""
    return f"K#{hashlib.sha256(api_key.encode()).hexdigest()}", "KEY"


class Partners:
    """Grants and finds the access of API keys."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def access(self, api_key: str) -> PartnerAccess | None:
        """The access behind a key, or None for a key that is unknown or was withdrawn."""
        row = self._table.get(key_of(api_key))
        if not row or not row["active"]:
            return None
        return PartnerAccess(row["partner"], tuple(row["scopes"]), tuple(row["sources"]))

    def grant(self, api_key: str, access: PartnerAccess) -> None:
        """Lets the bearer of a key act for a partner."""
        pk, sk = key_of(api_key)
        self._table.put(
            {
                "pk": pk,
                "sk": sk,
                "partner": access.partner,
                "scopes": list(access.scopes),
                "sources": list(access.sources),
                "active": True,
            }
        )
