"""What the commands about customers share: the use cases, which customer is meant, and the record of each look."""

from __future__ import annotations

import getpass
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from crossdock.exceptions.masking import covered
from crossdock.identity.customer_rows import KIND
from crossdock.identity.journal import Cause
from crossdock.identity.use_cases import CustomerUseCases, customer_use_cases
from crossdock.identity.xref_writes import XrefError
from crossdock.platform import correlation
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.machinery import business_of
from crossdock_cli.looks import keep_look

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crossdock.config import BusinessConfig
    from crossdock.identity.customer_store import Kept
    from crossdock_cli.target import Target

OPERATOR: Final = getpass.getuser()
By = Annotated[str, typer.Option(help="Who does it; kept with what AWS says who it is.")]
Why = Annotated[str, typer.Option(help="Why; kept.")]
MaybeWhy = Annotated[str | None, typer.Option(help="What it is looked at for; kept. Needed with --unmask.")]
Unmask = Annotated[bool, typer.Option("--unmask", help="Personal data as they are; needs --why.")]
Customer = Annotated[str, typer.Argument(help="Our id (CU…), or SYSTEM:ID as a system calls it.")]
_OURS: Final = re.compile(r"CU[A-Z2-7]{16}")


@dataclass(frozen=True, slots=True)
class Desk:
    """All that is done with customers from a command, on one stage."""

    target: Target
    business: BusinessConfig
    table: Table
    uses: CustomerUseCases

    def customer(self, text: str) -> str:
        """The id of the customer that is meant, of one that was merged its own. Raises CliError for none."""
        if _OURS.fullmatch(text):
            return text
        system, separator, external = text.partition(":")
        if not separator or not external:
            raise CliError(f"'{text}' is no customer's id", "give our id (CU…), or SYSTEM:ID as crm:0031")
        with told():
            return self.uses.xrefs.resolve(KIND, (system, external)).canonical

    def kept(self, text: str) -> Kept:
        """The customer that is meant, with all that is kept of it. Raises CliError for one that does not exist."""
        customer = self.customer(text)
        kept = self.uses.store.load(customer)
        if not kept.exists:
            raise CliError(
                f"there is no customer {customer}", "find one: crossdock customers find 'name, number or address'"
            )
        return kept

    def look(self, did: str, customers: Sequence[str], by: str, why: str | None, *, unmask: bool = False) -> None:
        """Keeps that somebody looks, before anything is shown. Raises CliError when that cannot be kept."""
        if unmask and not why:
            raise CliError("--unmask shows personal data", "say what for: --unmask --why 'ticket 118'")
        keep_look(self.target, did, customers, by, why, uncovered=unmask, clock=system_clock)

    def cause(self, by: str) -> Cause:
        """What a change by this operator comes from, from now on."""
        return Cause(f"operator {by}", correlation.choose(None), to_text(system_clock()))


def desk_of(target: Target) -> Desk:
    """The desk of a stage, judging by the configuration that this checkout has for it."""
    business = business_of(target)
    table = Table(target.dynamodb, target.name("identity"))
    uses = customer_use_cases(table, business.ownership, business.customers, system_clock)
    return Desk(target, business, table, uses)


def shown(name: str, value: Any, *, unmask: bool) -> Any:
    """The value of an attribute as it may be shown."""
    return value if unmask else covered({name: value})[name]


def cell(value: Any) -> str:
    """A value in one cell of a table."""
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items() if v is not None)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else "yes" if value is True else "no" if value is False else str(value)


@contextmanager
def told() -> Iterator[None]:
    """What cannot be done with customers and their ids, as one line and a remedy."""
    try:
        yield
    except XrefError as exc:
        raise CliError(exc.message, exc.remedy) from exc
    except StoreUnavailableError as exc:
        raise CliError(str(exc), "run it again: what is done stays done and is not done twice") from exc
