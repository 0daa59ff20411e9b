"""The `crossdock` command: every group is registered here, and every failure ends here."""

from __future__ import annotations

import errno
import sys
from importlib.metadata import version as package_version
from typing import Annotated, Any, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from typer.core import TyperGroup

from crossdock_cli import (
    allocations,
    atp,
    channel_states,
    completing,
    customers,
    exceptions,
    hot,
    inventory,
    inventory_movements,
    inventory_rebuild,
    items,
    ownership,
    partners,
    price,
    privacy,
    quotes,
    reconcile,
    resend,
    reservations,
    secrets,
    sources,
    trace,
    webhooks,
    xref,
)
from crossdock_cli.audit import commands as audit
from crossdock_cli.audit import listening
from crossdock_cli.console import command as console
from crossdock_cli.demo import command as demo
from crossdock_cli.errors import EXIT_FAILED, CliError, from_aws
from crossdock_cli.local import commands as local
from crossdock_cli.output import errors
from crossdock_cli.releases import commands as releases
from crossdock_cli.restore import commands as restore
from crossdock_cli.target import DEFAULT_STAGE, check_stage

# The parts of `crossdock --help`.
_BEGIN: Final = "Begin"
_WRONG: Final = "See what is wrong, and mend it"
_BUSINESS: Final = "Stock, prices and customers"
_OUTSIDE: Final = "Partners and systems"
_RUNNING: Final = "Versions, recovery and records"
_PARTS: Final = (_BEGIN, _WRONG, _BUSINESS, _OUTSIDE, _RUNNING)


class _InOrder(TyperGroup):
    """Lists the commands by the parts of the help, in their order."""

    def list_commands(self, ctx: Any) -> list[str]:
        def place(name: str) -> int:
            found = self.get_command(ctx, name)
            return _PARTS.index(getattr(found, "rich_help_panel", None) or _RUNNING)

        return sorted(super().list_commands(ctx), key=place)


app = typer.Typer(
    cls=_InOrder,
    name="crossdock",
    help="Operate crossdock: run it here, let partners in, follow an event, mend what was refused.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(local.app, name="local", rich_help_panel=_BEGIN)
app.add_typer(exceptions.app, name="exceptions", rich_help_panel=_WRONG)
allocations.add_to(inventory.app)
inventory.app.command("movements", epilog=inventory_movements.EXAMPLE)(inventory_movements.command)
inventory.app.command("rebuild", epilog=inventory_rebuild.EXAMPLE)(inventory_rebuild.command)
inventory.app.command("reconcile", epilog=reconcile.INVENTORY_EXAMPLE)(reconcile.inventory_command)
inventory.app.command("atp", epilog=atp.EXAMPLE)(atp.command)
inventory.app.add_typer(hot.app, name="hot")
app.add_typer(inventory.app, name="inventory", rich_help_panel=_BUSINESS)
app.add_typer(reservations.app, name="reservations", rich_help_panel=_BUSINESS)
app.add_typer(xref.app, name="xref", rich_help_panel=_BUSINESS)
app.add_typer(items.app, name="items", rich_help_panel=_BUSINESS)
app.add_typer(customers.app, name="customers", rich_help_panel=_BUSINESS)
app.add_typer(ownership.app, name="ownership", rich_help_panel=_BUSINESS)
app.add_typer(privacy.app, name="privacy", rich_help_panel=_RUNNING)
app.add_typer(audit.app, name="audit", rich_help_panel=_RUNNING)
app.add_typer(price.app, name="price", rich_help_panel=_BUSINESS)
app.add_typer(reconcile.app, name="reconcile", rich_help_panel=_WRONG)
app.add_typer(partners.app, name="partners", rich_help_panel=_OUTSIDE)
app.add_typer(quotes.app, name="quotes", rich_help_panel=_BUSINESS)
sources.add_to(secrets.sources)
app.add_typer(secrets.sources, name="sources", rich_help_panel=_OUTSIDE)
secrets.channels.command("resend", epilog=resend.EXAMPLE)(resend.command)
secrets.channels.command("status", epilog=channel_states.STATUS_EXAMPLE)(channel_states.status_command)
secrets.channels.command("pause", epilog=channel_states.PAUSE_EXAMPLE)(channel_states.pause_command)
secrets.channels.command("resume", epilog=channel_states.RESUME_EXAMPLE)(channel_states.resume_command)
app.add_typer(secrets.channels, name="channels", rich_help_panel=_OUTSIDE)
app.add_typer(webhooks.app, name="webhooks", rich_help_panel=_WRONG)
app.command("rollback", epilog=releases.ROLLBACK_EXAMPLE, rich_help_panel=_RUNNING)(releases.rollback_command)
app.add_typer(releases.app, name="versions", rich_help_panel=_RUNNING)
app.add_typer(restore.app, name="restore", rich_help_panel=_RUNNING)
app.command("trace", epilog=trace.EXAMPLE, rich_help_panel=_WRONG)(trace.command)
app.command("console", epilog=console.EXAMPLE, rich_help_panel=_WRONG)(console.command)
app.command("demo", epilog=demo.EXAMPLE, rich_help_panel=_BEGIN)(demo.command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(package_version("crossdock"))
        raise typer.Exit


@app.callback(epilog="Example: [bold]crossdock --stage dev partners list[/bold]")
def root(
    ctx: typer.Context,
    stage: Annotated[
        str,
        typer.Option(
            envvar="CROSSDOCK_STAGE",
            callback=check_stage,
            autocompletion=completing.stages,
            help="Which deployment to talk to: local, dev, staging, prod.",
        ),
    ] = DEFAULT_STAGE,
    version: Annotated[  # noqa: ARG001  (its callback prints and leaves)
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Operate crossdock: run it here, let partners in, follow an event, mend what was refused."""
    ctx.obj = stage


def run() -> None:
    """The entry point: 0 done, 1 an expected failure (one line and a remedy), 2 wrong usage, 130 Ctrl-C."""
    code = EXIT_FAILED
    try:
        app()
    except SystemExit as end:  # how every command ends that says how
        code = end.code if isinstance(end.code, int) else EXIT_FAILED if end.code else 0
    except CliError as error:
        code = _report(error)
    except (ClientError, BotoCoreError) as error:
        code = _report(from_aws(error))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        code = _report(CliError("no space is left where the output goes", "make room, or write it elsewhere"))
    finally:
        listening.ended(code)
    sys.exit(code)


def _report(error: CliError) -> int:
    errors.print(f"[bold red]crossdock:[/bold red] {escape(error.message)}")
    if error.remedy:
        errors.print(f"  {escape(error.remedy)}")
    return error.exit_code
