"""`crossdock channels status | pause | resume`: whether a channel takes deliveries, and what is parked for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from crossdock.contracts.deliveries import EVENT_TYPES
from crossdock.exchange import breaker
from crossdock.exchange.breaker import Rules
from crossdock.exchange.health_store import HealthStore
from crossdock.exchange.park_store import ParkStore
from crossdock.flows.draining import Chain, Kept
from crossdock.platform.clock import from_text, system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.queues import Sender
from crossdock_cli import completing
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.machinery import business_of
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from crossdock.config import Channel
    from crossdock.exchange.breaker import Health

Name = Annotated[
    str,
    typer.Argument(autocompletion=completing.channels, help="The channel, as in the stage's business configuration."),
]

STATUS_EXAMPLE: Final = "Example: [bold]crossdock channels status webshop[/bold]"
PAUSE_EXAMPLE: Final = 'Example: [bold]crossdock channels pause webshop --why "their database moves"[/bold]'
RESUME_EXAMPLE: Final = "Example: [bold]crossdock channels resume webshop[/bold]"
_SAID: Final = {
    "closed": "takes deliveries",
    "open": "DOWN: what it is to be told is parked",
    "half": "coming back: tried, not trusted yet",
    "paused": "PAUSED by hand: what it is to be told is parked",
}

_HERE: Final = {"closed": "takes deliveries", "half": "is coming back, and was told to begin already"}


def status_command(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(autocompletion=completing.channels, help="Only this channel.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show whether each channel takes deliveries, what is parked for it, and when it is tried again."""
    target = connect(ctx.obj)
    found = status(target, [name] if name is not None else target.secret_names("channels"))
    if as_json:
        emit_json(found)
        return
    columns = ("channel", "state", ">parked", "oldest", "next probe", ">rate/s", "last error")
    rows = (
        (
            c["channel"],
            _SAID[c["state"]],
            c["parked"],
            c["oldest"] or "",
            c["next_probe"] or "",
            c["requests_per_second"] or "any",
            escape(c["error"] or ""),
        )
        for c in found
    )
    console.print(table(columns, rows))


def pause_command(
    ctx: typer.Context,
    name: Name,
    why: Annotated[str, typer.Option(help="Why; shown by `channels status`.")] = "paused by hand",
    as_json: AsJson = False,
) -> None:
    """Stop telling a channel: what it is to be told is parked, each item once, until it is resumed."""
    target = connect(ctx.obj)
    pause(target, name, why)
    if as_json:
        emit_json({"channel": name, "state": "paused"})
        return
    console.print(f"{escape(name)} is told nothing from now on; go on with: crossdock channels resume {escape(name)}")


def resume_command(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Tell a channel again what changed meanwhile; one that is down is tried at once."""
    target = connect(ctx.obj)
    waiting = resume(target, name)
    if as_json:
        emit_json({"channel": name, "state": "half", "parked": waiting})
        return
    console.print(
        f"{escape(name)} is told again, {waiting} parked items first; how it goes: "
        f"crossdock channels status {escape(name)}"
    )


def status(target: Target, names: list[str]) -> list[dict[str, Any]]:
    """Each channel's state for programs. Raises CliError for a name that is none."""
    business = business_of(target)
    _known(target, names)
    health = _health(target)
    found = (_status(target, n, health.read(n, consistent=True), business.channels.get(n)) for n in names)
    return list(found)


def _status(target: Target, name: str, health: Health, channel: Channel | None) -> dict[str, Any]:
    parks = ParkStore(Table(target.dynamodb, target.name("exchange")), system_clock)
    parked = [p for kind in EVENT_TYPES for p in parks.everything(name, kind)]
    now = system_clock()
    return {
        "channel": name,
        "state": health.state,
        "since": health.since or None,
        "failures_in_a_row": health.fails,
        "parked": len(parked),
        "changes_parked": sum(p.times for p in parked),
        "oldest": min((p.since for p in parked), default=None),
        "next_probe": health.until if health.state == "open" else None,
        "asked_to_wait_until": health.until if health.state == "closed" and health.wait_s(now) else None,
        "pause_seconds": health.pause_s or None,
        "error": health.error if _fresh(health) else None,
        "error_at": health.error_at or None,
        "requests_per_second": channel.limits.requests_per_second or None if channel else None,
        "burst": channel.limits.burst if channel and channel.limits.requests_per_second else None,
    }


def _fresh(health: Health) -> bool:
    """An error of a channel that is well again is shown for a day."""
    if not health.error_at:
        return False
    return health.state != "closed" or system_clock() - from_text(health.error_at) < timedelta(days=1)


def pause(target: Target, name: str, why: str) -> None:
    """Raises CliError for a channel that is none, or is paused already."""
    _known(target, [name])
    store = _health(target)
    known = store.read(name, consistent=True)
    if known.state == "paused":
        raise CliError(f"{name} is paused already: {known.error}", f"go on with: crossdock channels resume {name}")
    store.change(name, known, lambda h: breaker.paused(h, system_clock(), why))


def resume(target: Target, name: str) -> int:
    """Gives back how many items are parked. Raises CliError for a channel that is none, or takes deliveries anyway."""
    _known(target, [name])
    store, exchange = _health(target), Table(target.dynamodb, target.name("exchange"))
    if not (known := store.read(name, consistent=True)).parks:
        raise CliError(f"{name} is neither paused nor down: it {_HERE[known.state]}", "there is nothing to resume")
    parks = ParkStore(exchange, system_clock)
    sender = Sender(target.sqs, target.queue_url(f"channel-{name}"))
    kept = Kept(store, parks, lambda body, seconds: sender.send_later([(body, seconds)]), system_clock)
    waiting = sum(1 for kind in EVENT_TYPES for _ in parks.everything(name, kind))
    Chain(name, list(EVENT_TYPES), Rules(), kept).resume()
    return waiting


def _health(target: Target) -> HealthStore:
    return HealthStore(Table(target.dynamodb, target.name("exchange")))


def _known(target: Target, names: list[str]) -> None:
    known = target.secret_names("channels")
    for name in names:
        if name not in known:
            raise CliError(f"stage {target.stage} has no channel '{name}'", f"known here: {', '.join(known) or 'none'}")
