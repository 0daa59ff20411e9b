"""`crossdock trace`: the way of one event through the functions, from its first byte to the last acknowledgement."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from crossdock_cli import logs
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from crossdock_cli.logs import LogEvent

EXAMPLE: Final = "Example: [bold]crossdock trace 0192f0c1-7a3e-7cc1-9a51-0d5ad9f1c2aa[/bold]"
_ID: Final = re.compile(r"[A-Za-z0-9._:/+=@-]{1,200}")
_MINUTE_MS: Final = 60_000


def command(
    ctx: typer.Context,
    correlation_id: Annotated[str, typer.Argument(help="From an answer's correlation_id or X-Correlation-Id.")],
    since: Annotated[int, typer.Option(min=1, help="How many minutes back to look.")] = 24 * 60,
    as_json: AsJson = False,
) -> None:
    """Print what happened to one event: time, milliseconds since it arrived, station, what was done."""
    if not _ID.fullmatch(correlation_id):
        raise CliError(f"'{correlation_id}' cannot be a correlation id", "copy it from an answer or an exception")
    way = timeline(connect(ctx.obj), correlation_id, int(time.time() * 1000) - since * _MINUTE_MS)
    if not way:
        raise CliError(
            f"no function has logged {correlation_id} in the last {since} minutes",
            "look further back with --since MINUTES; in the cloud, logs arrive some seconds late",
        )
    if as_json:
        emit_json([_document(event, way[0]) for event in way])
        return
    rows = ((logs.clock(e.at), _after(e, way[0]), escape(e.station), _said(e)) for e in way)
    console.print(table(("time (UTC)", ">+ms", "station", "what happened"), rows))


def timeline(target: Target, correlation_id: str, start: int) -> list[LogEvent]:
    """The lines that carry the id, in order of time; `start` in epoch milliseconds."""
    found = logs.events(target, start=start, phrase=correlation_id)
    # The pattern matches anywhere in a line, also inside another id.
    return [event for event in found if correlation_id in event.correlation_ids]


def _after(event: LogEvent, first: LogEvent) -> int:
    return round((event.at - first.at).total_seconds() * 1000)


def _said(event: LogEvent) -> str:
    level = "" if event.level == "INFO" else f"[bold red]{escape(event.level)}[/bold red] "
    return f"{level}{escape(event.message)} [dim]{escape(event.details())}[/dim]".rstrip()


def _document(event: LogEvent, first: LogEvent) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(timespec="milliseconds"),
        "after_ms": _after(event, first),
        "station": event.station,
        "level": event.level,
        "message": event.message,
        "fields": event.fields,
    }
