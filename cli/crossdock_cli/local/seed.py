"""What a fresh deployment needs before anyone can use it: a partner, webhook secrets, channel addresses.

Everything here is done once: what exists already (a second `up`, a URL the developer set) is left as it is.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from crossdock.identity.partners import ANY_CUSTOMER, PartnerAccess, hashed
from crossdock_cli import partners, secrets, sources
from crossdock_cli.errors import CliError
from crossdock_cli.local.state import READY
from crossdock_cli.target import local_target

if TYPE_CHECKING:
    from crossdock_cli.local.paths import Paths
    from crossdock_cli.local.state import LocalState
    from crossdock_cli.target import Target

PARTNER: Final = "demo"
SCOPES: Final = (
    "inventory:write",
    "inventory:read",
    "reservations:write",
    "reservations:read",
    "prices:read",
    "prices:cost",
    "prices:books",
    "deliveries:read",
    "customers:read",
    "customers:write",
    "orders:check",
)
# Benchmarks and demos go through this partner as fast as this machine can.
RATE: Final = 10_000
CONFIGURATION: Final = "demo.toml"


def seed(paths: Paths, state: LocalState) -> LocalState:
    """Seeds the deployed app and returns the state of a usable engine."""
    target = local_target(state)
    for source in target.secret_names("sources"):
        sources.ensure(target, paths.root / "config" / CONFIGURATION, source)
    for channel in target.secret_names("channels"):
        secrets.ensure_channel(target, channel, f"{state.receiver_url}/channels/{channel}")
    return replace(
        state,
        phase=READY,
        api_url=target.api_url,
        partner=PARTNER,
        partner_key=_partner_key(target, paths, state.partner_key),
    )


def _partner_key(target: Target, paths: Paths, known: str) -> str:
    """The demo partner's key: the one we wrote down if the gateway still accepts it, otherwise a new one."""
    for partner in partners.listing(target):
        if partner.access.partner != PARTNER:
            continue
        if known and partner.access.active and hashed(known) in {c.id for c in partner.credentials}:
            return known
        partners.remove(target, PARTNER)
    rights = PartnerAccess(
        PARTNER,
        SCOPES,
        tuple(stock_owners(paths)),
        tuple(target.secret_names("channels")),
        (ANY_CUSTOMER,),
        rate=RATE,
        burst=RATE,
    )
    return partners.add(target, rights)


def stock_owners(paths: Paths) -> list[str]:
    """The sources that own a warehouse's stock: those a partner may send movements for."""
    file = paths.root / "config" / CONFIGURATION
    try:
        warehouses = tomllib.loads(file.read_text()).get("warehouses", {})
    except (FileNotFoundError, tomllib.TOMLDecodeError) as problem:
        raise CliError(f"the business configuration cannot be read: {problem}", f"mend {file}") from problem
    return sorted({warehouse["source"] for warehouse in warehouses.values()})
