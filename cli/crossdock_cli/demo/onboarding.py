"""A scene of the demo: an account is made in the CRM, and becomes a customer of the ERP and the shop, once.

The ERP fails twice on the way, the second time after it has made the account; then it stops the customer's credit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock_cli import secrets
from crossdock_cli.demo.erp import TOKEN, ErpServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossdock_cli.demo.receiver import Channel
    from crossdock_cli.demo.senders import Entrance
    from crossdock_cli.target import Target

CRM: Final = "crm"
ERP: Final = "erp"
ACCOUNT: Final = "0017"
_SAYS: Final = {
    "name": "Harbour Provisions Ltd",
    "billing_street": "12 Mill Lane",
    "billing_city": "London",
    "billing_postcode": "SW9 8HJ",
    "billing_country": "United Kingdom",
}


@dataclass(frozen=True)
class Onboarding:
    """What became of the account: how often the ERP was asked to make one, how many it has, who was told what."""

    attempts: int = 0
    accounts: int = 0
    told: bool = False
    echoes_told: int = 0
    held_after_s: float = 0.0

    @property
    def fair(self) -> bool:
        """Whether there is one account, everybody was told, and nobody was told his own words."""
        return self.accounts == 1 and self.told and self.echoes_told == 0


def onboard(
    target: Target,
    entrance: Entrance,
    crm: Channel,
    shop: Channel,
    until: Callable[[str, Callable[[], bool]], None],
    settle: Callable[[], object],
) -> Onboarding:
    """Plays the scene; `until` waits for a condition, `settle` until nothing is under way. Raises CliError."""
    xrefs = CrossReferences(Table(target.dynamodb, target.name("identity")))
    with ErpServer() as server:
        secrets.set_channel(target, ERP, server.url, token=TOKEN)
        server.erp.fail("before", "after")
        _report(entrance, CRM, ACCOUNT, 1, _SAYS)
        until("the CRM's account is a customer", lambda: bool(xrefs.canonicals("customer", [(CRM, ACCOUNT)])))
        customer = xrefs.canonicals("customer", [(CRM, ACCOUNT)])[CRM, ACCOUNT]
        until("the ERP's number is known", lambda: bool(xrefs.externals("customer", customer, system=ERP)))
        number = server.erp.of(customer)[0]
        _report(entrance, ERP, number, 1, {"number": number, "terms": "N30", "credit_hold": False}, customer)
        until("CRM and shop have the number", lambda: all(_held(c, customer, "number") == number for c in (crm, shop)))
        settle()
        before = crm.counts().received
        _report(entrance, CRM, ACCOUNT, 2, {**_SAYS, "number": number, "terms": "N30"})  # its own echo
        settle()
        echoes = crm.counts().received - before
        began = time.monotonic()
        _report(entrance, ERP, number, 2, {"credit_hold": True}, customer)
        until("the shop knows of the hold", lambda: _held(shop, customer, "credit_hold") is True)
        held_after = time.monotonic() - began
        settle()
        attempts, accounts = server.erp.asked.count("POST"), len(server.erp.of(customer))
        told = _held(crm, customer, "credit_hold") is True
    return Onboarding(attempts, accounts, told, echoes, round(held_after, 2))


def _report(
    entrance: Entrance, system: str, account: str, version: int, says: dict[str, Any], customer: str | None = None
) -> None:
    report: dict[str, Any] = {"account": account, "version": version, "changed_at": to_text(system_clock())}
    known = {"customer": customer} if customer else {}
    entrance.webhook(system, "customers.reported", {"accounts": [{**report, **known, "attributes": says}]})


def _held(channel: Channel, customer: str, attribute: str) -> Any:
    held = channel.held("customer", customer)
    return None if held is None else held.value.get(attribute)
