"""What a partner may be called and given; and what a sandbox partner may not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from crossdock.config.sandbox import is_sandbox
from crossdock.contracts.names import CUSTOMER
from crossdock.identity.partners import ANY_CUSTOMER, SCOPES, PartnerAccess
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossdock_cli.target import Target

SANDBOX_SCOPES: Final = (
    "inventory:read",
    "inventory:write",
    "reservations:read",
    "reservations:write",
    "prices:read",
    "deliveries:read",
)
"""What a sandbox partner may have: nothing that changes what others see, and no costs."""
_SPEAKS_AS_A_SOURCE: Final = frozenset({"inventory:write", "customers:write"})
"""Scopes that let a partner write, in the name of one of its sources."""
MOST_RATE: Final = 10_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
# API Gateway takes some 8 KB of an authorizer in all.
_CUSTOMERS_LENGTH: Final = 5_000


def check(target: Target, access: PartnerAccess) -> None:
    """Raises CliError for the first thing that cannot be given."""
    if not _NAME.fullmatch(access.partner):
        raise CliError(f"'{access.partner}' cannot be a partner's name", "use lower-case letters, digits and dashes")
    if unknown := sorted(set(access.scopes) - set(SCOPES)):
        raise CliError(f"unknown scope {', '.join(unknown)}", f"the scopes are {', '.join(SCOPES)}")
    if not access.scopes:
        raise CliError("a partner without a scope may do nothing", f"the scopes are {', '.join(SCOPES)}")
    _check_known(target, "sources", access.sources)
    _check_known(target, "channels", access.channels)
    _check_customers(access.customers)
    if not 1 <= access.rate <= MOST_RATE or not access.rate <= access.burst <= MOST_RATE:
        raise CliError(
            f"{access.rate} a second and {access.burst} at once is no limit",
            f"give 1 to {MOST_RATE}, and no smaller burst than rate",
        )
    if access.sandbox:
        _check_sandbox(target, access)


def idle(access: PartnerAccess) -> list[str]:
    """The scopes that open nothing yet, because they need a source and the partner has none."""
    return [] if access.sources else sorted(set(access.scopes) & _SPEAKS_AS_A_SOURCE)


def _check_sandbox(target: Target, access: PartnerAccess) -> None:
    """Only what is a sandbox's, so that nothing real can be touched."""
    for kind, named in (("sources", access.sources), ("channels", access.channels)):
        there = [name for name in target.secret_names(kind) if is_sandbox(name)]
        if not named or not all(map(is_sandbox, named)):
            raise CliError(
                f"a sandbox partner has {kind} of the sandbox and no others",
                f"this stage has: {', '.join(there) or 'none; docs/partners.md says how to add them'}",
            )
    if more := sorted(set(access.scopes) - set(SANDBOX_SCOPES)):
        raise CliError(f"a sandbox partner cannot have {', '.join(more)}", f"it may have: {', '.join(SANDBOX_SCOPES)}")
    if ANY_CUSTOMER in access.customers:
        raise CliError("a sandbox partner cannot ask for every customer's prices", "name the customers it may ask for")


def _check_known(target: Target, kind: str, names: Sequence[str]) -> None:
    if not names:
        return
    known = target.secret_names(kind)
    if strange := sorted(set(names) - set(known)):
        singular = kind.removesuffix("s")
        raise CliError(f"unknown {singular} {', '.join(strange)}", f"this stage has: {', '.join(known) or 'none'}")


def _check_customers(customers: Sequence[str]) -> None:
    """Customers are the ERP's, and need not be known yet; but the authorizer tells them to the functions."""
    for customer in customers:
        if customer != ANY_CUSTOMER and not re.fullmatch(CUSTOMER, customer):
            raise CliError(
                f"'{customer}' cannot be a customer", "name it as the ERP does: printable ASCII without #; or '*'"
            )
    if sum(len(c) + 1 for c in customers) > _CUSTOMERS_LENGTH:
        raise CliError(
            f"{len(customers)} customers are more than an answer of the authorizer holds",
            "give the key '*', or split the customers over several partners",
        )
