"""What the shell offers after a tab: names that this stage knows, and nothing when it cannot be reached.

A completion must never fail, wait long, or write: whoever pressed the key is in the middle of a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer  # noqa: TC002 - typer reads the annotations of what it calls
from botocore.exceptions import BotoCoreError, ClientError

from crossdock.identity.partners import SCOPES
from crossdock_cli.errors import CliError
from crossdock_cli.target import DEFAULT_STAGE, connect

if TYPE_CHECKING:
    from collections.abc import Callable

STAGES: Final = ("local", "dev", "staging", "prod")


def stages(incomplete: str) -> list[str]:
    """The stages that there are."""
    return [name for name in STAGES if name.startswith(incomplete)]


def scopes(incomplete: str) -> list[str]:
    """What a partner may be allowed."""
    return [name for name in SCOPES if name.startswith(incomplete)]


def names_of(kind: str) -> Callable[[typer.Context, str], list[str]]:
    """Offers the `sources` or `channels` of the stage that the line names so far."""

    def offered(ctx: typer.Context, incomplete: str) -> list[str]:
        stage = ctx.find_root().params.get("stage") or DEFAULT_STAGE
        try:
            known = connect(str(stage)).secret_names(kind)
        except (CliError, ClientError, BotoCoreError, OSError):
            return []
        return [name for name in known if name.startswith(incomplete)]

    return offered


sources = names_of("sources")
channels = names_of("channels")
