"""What the commands about exceptions share: options, the store, and how a group is told."""

from __future__ import annotations

import getpass
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from crossdock.exceptions.masking import covered_text
from crossdock.exceptions.store import ExceptionsStore
from crossdock.platform.clock import from_text, system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from crossdock.exceptions.model import Group
    from crossdock_cli.target import Target

OPERATOR: Final = getpass.getuser()
NOTHING_OPEN: Final = "nothing in this group is open"
_SPAN: Final = re.compile(r"([0-9]{1,6})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

By = Annotated[str, typer.Option(help="Who does it; kept in the history.")]
Why = Annotated[str, typer.Option(help="Why; kept in the history.")]
GroupId = Annotated[str, typer.Argument(help="The id of a line of `crossdock exceptions list`.")]
OnlyOccurrence = Annotated[str | None, typer.Option("--occurrence", help="Only this refused fact of the group.")]


def table_of(target: Target) -> Table:
    """The stage's exceptions table, with the operator's own credentials."""
    return Table(target.dynamodb, target.name("exceptions"))


def store_of(target: Target) -> ExceptionsStore:
    """The stage's exceptions."""
    return ExceptionsStore(table_of(target), system_clock)


def group_of(store: ExceptionsStore, group: str) -> Group:
    """A group that is there. Raises CliError otherwise."""
    found = store.group(group)
    if found is None:
        raise CliError(f"there is no exception '{group}'", "see: crossdock exceptions list")
    return found


def group_document(group: Group, now: str) -> dict[str, Any]:
    """A group for programs: money as texts, and nothing personal in its words."""
    document = {
        **asdict(group),
        "detail": covered_text(group.detail),
        "state": group.state,
        "overdue": group.overdue(now),
        "money": money_texts(group.money),
    }
    return {"class" if name == "failure" else name: value for name, value in document.items()}


def money_texts(money: Mapping[str, Decimal]) -> dict[str, str]:
    """Amounts by currency with two decimals at least."""
    return {currency: _amount(amount) for currency, amount in money.items()}


def money_line(money: Mapping[str, Decimal]) -> str:
    """Money in one cell of a table."""
    return ", ".join(f"{amount} {currency}" for currency, amount in money_texts(money).items())


def _amount(amount: Decimal) -> str:
    exponent = amount.as_tuple().exponent
    return f"{amount:.2f}" if isinstance(exponent, int) and exponent > -2 else f"{amount:f}"  # noqa: PLR2004 - cents


def now_text() -> str:
    """The present instant as it is stored."""
    return to_text(system_clock())


def instant(text: str, option: str, *, ahead: bool = False) -> datetime:
    """An instant an operator typed: RFC 3339, or so long ago (or ahead): 90m, 4h, 2d. Raises CliError for another."""
    span = _SPAN.fullmatch(text)
    if span:
        length = timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
        return system_clock() + (length if ahead else -length)
    try:
        found = from_text(text)
    except ValueError as exc:
        raise CliError(
            f"{option} {text}: no instant", f"for example {option} 4h, or {option} {to_text(datetime.now(UTC))}"
        ) from exc
    return found
