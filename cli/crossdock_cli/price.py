"""`crossdock price …`: prices, asked for and explained, and their rules changed."""

from __future__ import annotations

import typer

from crossdock_cli import price_customers, price_drafts, price_explain, price_import
from crossdock_cli.price_offline import commands as offline

app = typer.Typer(
    help="Prices: try rules offline, compare two versions of them, import and approve them.", no_args_is_help=True
)

app.command("quote", epilog=offline.QUOTE_EXAMPLE)(offline.quote_command)
app.command("diff", epilog=offline.DIFF_EXAMPLE)(offline.diff_command)
app.command("explain", epilog=price_explain.EXAMPLE)(price_explain.command)
app.command("import", epilog=price_import.EXAMPLE)(price_import.command)
app.command("drafts", epilog=price_drafts.DRAFTS_EXAMPLE)(price_drafts.drafts_command)
app.command("approve", epilog=price_drafts.APPROVE_EXAMPLE)(price_drafts.approve_command)
app.command("reject", epilog=price_drafts.REJECT_EXAMPLE)(price_drafts.reject_command)
app.command("show", epilog=price_drafts.SHOW_EXAMPLE)(price_drafts.show_command)
app.add_typer(price_customers.app, name="customers")
