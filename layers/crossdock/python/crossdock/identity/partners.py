"""Partners and their credentials: API keys (of which only the hash is kept) and OAuth clients.

    PARTNERS       / name            rights: scopes, sources, channels, customers; rate and burst; active; sandbox
    PARTNER#name   / KEY#hash        its keys and clients, for operators: made_at, ends_at, what the gateway calls them
                   / CLIENT#id
    K#hash         / KEY             whose key it is, until when
    O#client       / CLIENT          whose client it is, until when

Rights stand in one place, so a right that is taken away is gone for all credentials at once, and a new key has the
rights of the old one. Who asks by a credential reads two rows (1 RCU in all), kept for a minute.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

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
    "deliveries:read",
    "customers:read",
    "customers:write",
    "orders:check",
)
ANY_CUSTOMER = "*"
"""In a partner's customers: it may ask for every customer's prices, as our own shop does."""
RATE: Final = 50
BURST: Final = 100
"""Requests a second in the long run, and at once, of a partner about whom nothing else was said."""
_PARTNERS: Final = "PARTNERS"


@dataclass(frozen=True, slots=True)
class PartnerAccess:
    """What a partner may do: scopes, sources it may speak for, channels and customers it may ask about, and how fast.

    A `sandbox` partner was bound to a sandbox's sources and channels (`crossdock_cli.partners` sees to that).
    """

    partner: str
    scopes: tuple[str, ...]
    sources: tuple[str, ...]
    channels: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    rate: int = RATE
    burst: int = BURST
    sandbox: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class Credential:
    """One key (`id`: its SHA-256) or OAuth client (`id`: the client's), with the gateway's id of the key it counts by.

    `ends_at` (RFC 3339 UTC) is None for one that nobody has set an end to.
    """

    kind: str
    id: str
    gateway_key: str
    made_at: str
    ends_at: str | None = None

    @property
    def row(self) -> tuple[str, str]:
        """Where callers are looked up by it."""
        return key_of(self.id) if self.kind == "key" else client_of(self.id)


def hashed(api_key: str) -> str:
    """How the table knows a key: its SHA-256, in hexadecimal."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def key_of(key_hash: str) -> tuple[str, str]:
    """Where it stands whose key it is."""
    return f"K#{key_hash}", "KEY"


def client_of(client: str) -> tuple[str, str]:
    """Where it stands whose OAuth client it is."""
    return f"O#{client}", "CLIENT"


def usage_key(client: str) -> str:
    """The value of the gateway's key that an OAuth client's calls count by. It lets nobody in: no row has its hash."""
    return f"oauth-client-{client}"


class Partners:
    """Grants and finds access."""

    def __init__(self, table: Table) -> None:
        self._table = table

    # -- callers -----------------------------------------------------------------------------------------------

    def by_key(self, api_key: str) -> tuple[PartnerAccess, str | None] | None:
        """The access behind a key and when the key ends; None for one that is unknown or was withdrawn."""
        return self._by(key_of(hashed(api_key)))

    def by_client(self, client: str) -> tuple[PartnerAccess, str | None] | None:
        """The access behind an OAuth client, likewise."""
        return self._by(client_of(client))

    def _by(self, row: tuple[str, str]) -> tuple[PartnerAccess, str | None] | None:
        found = self._table.get(row)
        access = self.rights(found["partner"]) if found else None
        return (access, found.get("ends_at")) if found and access and access.active else None

    def access(self, api_key: str) -> PartnerAccess | None:
        """The access behind a key, whenever it ends."""
        found = self.by_key(api_key)
        return found[0] if found else None

    # -- operators ---------------------------------------------------------------------------------------------

    def rights(self, name: str) -> PartnerAccess | None:
        """What a partner may do; also of one that is shut out."""
        row = self._table.get((_PARTNERS, name))
        return _access(row) if row else None

    def all(self) -> Iterator[PartnerAccess]:
        """Every partner, by name."""
        return (_access(row) for row in self._table.query(_PARTNERS, consistent=True))

    def credentials(self, name: str) -> list[Credential]:
        """A partner's keys and clients, oldest first."""
        rows = self._table.query(f"PARTNER#{name}", consistent=True)
        return sorted((_credential(row) for row in rows), key=lambda c: (c.made_at, c.ends_at is None, c.id))

    def keep(self, access: PartnerAccess) -> None:
        """Writes what a partner may do, whatever stood there."""
        self._table.put(_rights_row(access))

    def keep_new(self, access: PartnerAccess) -> bool:
        """The same for a name that is free; False when it is taken."""
        return self._table.put_new(_rights_row(access)) is None

    def admit(self, name: str, credential: Credential) -> None:
        """Lets the bearer of a credential act for a partner; one that is known gets the end that is stated now."""
        known = {"made_at": credential.made_at, "ends_at": credential.ends_at, "gateway_key": credential.gateway_key}
        # First for operators: a credential that lets somebody in and is on no list could not be taken away.
        pk, sk = _listed(name, credential)
        self._table.put({"pk": pk, "sk": sk, **known})
        pk, sk = credential.row
        self._table.put({"pk": pk, "sk": sk, "partner": name, "ends_at": credential.ends_at})

    def withdraw(self, name: str, credential: Credential) -> None:
        """Takes a credential away; an authorizer may remember it for a minute."""
        self._table.delete(credential.row)
        self._table.delete(_listed(name, credential))

    def forget(self, name: str) -> None:
        """Takes a partner away, whose credentials were withdrawn."""
        self._table.delete((_PARTNERS, name))

    def grant(self, api_key: str, access: PartnerAccess) -> None:
        """Lets the bearer of a key act for a partner with just these rights: for whoever needs no gateway (tests)."""
        self.keep(access)
        self.admit(access.partner, Credential("key", hashed(api_key), "none", "2026-01-01T00:00:00.000Z"))


def _listed(name: str, credential: Credential) -> tuple[str, str]:
    return f"PARTNER#{name}", f"{credential.kind.upper()}#{credential.id}"


def _rights_row(access: PartnerAccess) -> Item:
    return {
        "pk": _PARTNERS,
        "sk": access.partner,
        "scopes": list(access.scopes),
        "sources": list(access.sources),
        "channels": list(access.channels),
        "customers": list(access.customers),
        "rate": access.rate,
        "burst": access.burst,
        "sandbox": access.sandbox,
        "active": access.active,
    }


def _access(row: Item) -> PartnerAccess:
    return PartnerAccess(
        row["sk"],
        tuple(row["scopes"]),
        tuple(row["sources"]),
        tuple(row["channels"]),
        tuple(row["customers"]),
        row["rate"],
        row["burst"],
        row["sandbox"],
        row["active"],
    )


def _credential(row: Item) -> Credential:
    kind, _, ident = row["sk"].partition("#")
    return Credential(kind.lower(), ident, row["gateway_key"], row["made_at"], row.get("ends_at"))
