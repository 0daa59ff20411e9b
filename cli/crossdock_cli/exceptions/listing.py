"""`crossdock exceptions list`: the groups, by what they hold up, who mends them and until when."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from crossdock.exceptions.failures import Failure  # noqa: TC001 - Typer reads the annotation when it runs
from crossdock.platform.clock import to_text
from crossdock_cli.exceptions.common import group_document, instant, money_line, now_text, store_of
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.exceptions.model import Group


class State(StrEnum):
    """The states a group is listed by."""

    open = "open"
    closed = "closed"


class Sort(StrEnum):
    """What stands first: seen last, due first, or most money at stake (of the currency it is largest in)."""

    seen = "seen"
    due = "due"
    money = "money"


def command(
    ctx: typer.Context,
    state: Annotated[State, typer.Option(help="open: something is left to do; closed: nothing is.")] = State.open,
    kind: Annotated[str | None, typer.Option(help="Of this kind only, such as unknown_item.")] = None,
    source: Annotated[str | None, typer.Option(help="Of this source or channel only.")] = None,
    failure: Annotated[Failure | None, typer.Option("--class", help="Of this class only.")] = None,
    owner: Annotated[str | None, typer.Option(help="Of this owner only; '' for those that belong to nobody.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Seen since: an instant (RFC 3339), or so long ago: 4h, 2d.")
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that should have been mended by now.")] = False,
    sort: Annotated[Sort, typer.Option(help="What stands first.")] = Sort.seen,
    as_json: AsJson = False,
) -> None:
    """List the groups: equal failures are one line with a count, and with what they hold up."""
    from_ = to_text(instant(since, "--since")) if since else ""
    now = now_text()
    found = [
        group
        for group in store_of(connect(ctx.obj)).groups(state.value)
        if kind in {None, group.kind}
        and source in {None, group.source}
        and failure in {None, group.failure}
        and owner in {None, group.owner or ""}
        and group.last_seen >= from_
        and (group.overdue(now) or not overdue)
    ]
    found.sort(key=lambda group: _place(group, sort))
    if as_json:
        emit_json([group_document(g, now) for g in found])
        return
    if not found:
        console.print(f"no exceptions are {state.value}")
        return
    columns = ("id", "class", "kind", "source", "what", ">open", ">replaying", ">settled", "at stake", "owner", "due")
    console.print(table(columns, [_line(g, now) for g in found]), markup=False)
    console.print("\n[dim]next: crossdock exceptions show ID[/dim]")


def _place(group: Group, sort: Sort) -> tuple[object, ...]:
    if sort is Sort.due:
        return (group.due or "~",)
    if sort is Sort.money:
        return (-max(group.money.values(), default=0), -group.order_facts)
    return ()  # as they came: the latest first


def _line(group: Group, now: str) -> tuple[object, ...]:
    orders = f"{group.order_facts} of orders" if group.order_facts else ""
    stake = ", ".join(part for part in (orders, money_line(group.money)) if part)
    due = f"{group.due[:16]}Z{' overdue' if group.overdue(now) else ''}" if group.due else ""
    counts = (group.open, group.replaying, group.settled)
    return group.id, group.failure, group.kind, group.source, group.subject, *counts, stake, group.owner, due
