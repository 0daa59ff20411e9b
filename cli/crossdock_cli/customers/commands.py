"""The commands of the group."""

from __future__ import annotations

from typing import Final

import typer

from crossdock_cli.customers import deciding, finding, history, pairs, setting, showing

app = typer.Typer(help="Customers: look, find, decide which are one, correct.", no_args_is_help=True)

_ONE: Final = "CUAAAAAAAAAAAAAAAA"
_TWO: Final = "CUBBBBBBBBBBBBBBBB"


def _example(text: str) -> str:
    return f"Example: [bold]crossdock customers {text}[/bold]"


app.command("show", epilog=_example("show crm:0031 --unmask --why 'ticket 118'"))(showing.command)
app.command("find", epilog=_example("find 'Lantern & Sons'"))(finding.command)
app.command("history", epilog=_example("history crm:0031 credit_limit"))(history.command)
app.command("duplicates", epilog=_example("duplicates"))(pairs.command)
app.command("merge", epilog=_example(f"merge {_ONE} {_TWO} --why 'the same firm, by phone'"))(deciding.merge_command)
app.command("unmerge", epilog=_example(f"unmerge {_ONE} {_TWO} --why 'two branches'"))(deciding.unmerge_command)
app.command("distinct", epilog=_example(f"distinct {_ONE} {_TWO} --why 'father and son'"))(deciding.distinct_command)
app.command("set", epilog=_example("set crm:0031 account_manager='Mara' --why 'ticket 118'"))(setting.command)
