"""The record of each look at personal data: written before anything is shown, or nothing is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from crossdock.identity.accesses import Access, Accesses
from crossdock.platform.clock import Clock, system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossdock_cli.target import Target


def keep_look(
    target: Target,
    did: str,
    customers: Sequence[str],
    by: str,
    why: str | None,
    *,
    uncovered: bool = False,
    clock: Clock = system_clock,
) -> None:
    """Keeps that somebody looks at customers. Raises CliError when that cannot be kept."""
    table = Table(target.dynamodb, target.name("identity"))
    try:
        access = Access(to_text(clock()), by, caller(target), did, tuple(customers), uncovered, why or "")
        Accesses(table).note(access)
    except (ClientError, BotoCoreError, StoreUnavailableError) as exc:
        raise CliError(
            "that somebody looks at customers is kept, and it cannot be kept now: nothing is shown",
            f"write access to {table.name} and to sts:GetCallerIdentity is needed ({exc})",
        ) from exc


def caller(target: Target) -> str:
    """Who AWS says is calling; nobody can name himself otherwise."""
    return str(target.session.client("sts", **target.options).get_caller_identity()["Arn"])
