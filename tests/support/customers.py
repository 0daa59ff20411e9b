"""A desk of customers: a configuration with owners, reports of several systems, and the commands that look at them."""

from __future__ import annotations

import importlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from typer.testing import CliRunner

from crossdock.config.compile import compile_document
from crossdock.config.model import from_document
from crossdock.contracts.accounts import AccountReport, AccountsReported
from crossdock.flows.account_reports import take_accounts
from crossdock.identity.use_cases import CustomerUseCases, customer_use_cases
from crossdock.platform.clock import to_text
from crossdock_cli.errors import CliError
from crossdock_cli.main import app
from tests.support.world import CORRELATION

if TYPE_CHECKING:
    from click.testing import Result

    from crossdock.config import BusinessConfig
    from tests.support.world import World

RULES: Final[list[dict[str, Any]]] = [
    {"attributes": ["*"], "owner": "erp", "fallbacks": ["crm", "shop"], "survivorship": "newest"},
    {"attributes": ["terms", "credit_*"], "owner": "erp", "foreign": "revert", "written_back": ["crm", "shop"]},
    {"attributes": ["territory"], "owner": "crm", "survivorship": "manual"},
    {"attributes": ["credit_limit"], "scope": "company:uk", "owner": "crm"},
]
_MODULES: Final = (
    "ownership.applying",
    "ownership.explaining",
    "ownership.showing",
    "customers.deciding",
    "customers.finding",
    "customers.history",
    "customers.pairs",
    "customers.setting",
    "customers.showing",
    "exceptions.showing",
    "privacy.looking",
)


def configuration(version: int = 1, rules: list[dict[str, Any]] | None = None, **customers: Any) -> dict[str, Any]:
    """A configuration as its TOML is parsed."""
    return {
        "distributor": {"name": "Example", "time_zone": "Europe/London", "currency": "GBP"},
        "warehouses": {"MAIN": {"source": "erp"}},
        "sources": {
            "erp": {"connector": "generic_erp"},
            "crm": {"connector": "generic_crm"},
            "shop": {"connector": "generic_crm"},
        },
        "ownership": {"version": version, "trust": {"erp": 80, "crm": 50}, "rules": RULES if rules is None else rules},
        "customers": customers,
    }


class Customers:
    """Customers of a world, by reports and by commands."""

    def __init__(self, world: World, more: tuple[str, ...] = (), **customers: Any) -> None:
        self.world = world
        self.modules = (*_MODULES, *more)
        self.business: BusinessConfig
        self.uses: CustomerUseCases
        self.judge_by(configuration(**customers))

    def judge_by(self, document: dict[str, Any]) -> None:
        """Deploys a configuration."""
        self.business = from_document(compile_document(document, "test.toml"))
        self.uses = customer_use_cases(
            self.world.table("identity"), self.business.ownership, self.business.customers, self.world.clock
        )
        patch = self.world.patch
        for name in ("customers.common", "ownership.showing"):
            patch.setattr(importlib.import_module(f"crossdock_cli.{name}"), "business_of", lambda _: self.business)
        for name in self.modules:
            module = importlib.import_module(f"crossdock_cli.{name}")
            patch.setattr(module, "connect", lambda _: self.world.target)
        for name in (
            "customers.common",
            "exceptions.common",
            "exceptions.documents",
            "exceptions.showing",
            "privacy.looking",
        ):
            patch.setattr(importlib.import_module(f"crossdock_cli.{name}"), "system_clock", self.world.clock)

    def say(self, system: str, account: str, version: int, **said: Any) -> str:
        """A report by a system, taken in as the function does it; the customer that it is of."""
        more = {name: said.pop(name) for name in ("contacts", "ship_tos", "deleted") if name in said}
        known_as = [{"system": s, "id": i} for s, i in said.pop("known_as", ())]
        at = to_text(self.world.now + timedelta(seconds=version))
        report = AccountReport.model_validate(
            {"account": account, "version": version, "changed_at": at, "known_as": known_as, "attributes": said, **more}
        )
        data = AccountsReported(source=system, accounts=[report])
        event = {
            "id": f"{system}-{account}-{version}",
            "type": "customers.accounts.reported.v1",
            "source": system,
            "subject": f"account/{account}",
            "correlationid": CORRELATION,
            "data": data.model_dump(mode="json", exclude_defaults=True),
        }
        refuse = self.world.exceptions.refuse
        take_accounts(self.uses.reporting, refuse, lambda *_: None, data, event, to_text(self.world.now))
        return self.uses.xrefs.canonicals("customer", [(system, account)])[system, account]

    def stands(self, customer: str) -> dict[str, Any]:
        """What is believed of a customer."""
        return self.uses.store.load(customer).customer.values


def crossdock(*arguments: str, code: int = 0) -> Result:
    """A command; its expected failures are raised."""
    done = CliRunner().invoke(app, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done


def document(*arguments: str, code: int = 0) -> Any:
    """What a command prints for programs."""
    return json.loads(crossdock(*arguments, "--json", code=code).stdout)


def refused(world: World, *arguments: str) -> tuple[str, str]:
    """Message and remedy of a command that is refused, and that nothing was written then."""
    before = world.dump()
    try:
        crossdock(*arguments)
    except CliError as error:
        assert world.dump() == before
        return error.message, error.remedy
    raise AssertionError("it was not refused")
