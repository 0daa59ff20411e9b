"""`crossdock exceptions show`: one group, with a payload in which nothing secret or personal can be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.syntax import Syntax

from crossdock.exceptions.masking import covered, covered_text
from crossdock.exceptions.model import basis, line
from crossdock.exceptions.whereabouts import AHEAD, HERE, PASSED, Station, whereabouts
from crossdock.platform.clock import system_clock, to_text
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import (
    OPERATOR,
    By,
    GroupId,
    OnlyOccurrence,
    group_document,
    group_of,
    money_line,
    store_of,
)
from crossdock_cli.exceptions.documents import fact_document, facts_of, note_look, step_document, step_sentence
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crossdock.exceptions.model import Group, Occurrence

_SHOWN: Final = 5
_STEPS_SHOWN: Final = 12
_SIGNS: Final = {PASSED: "[green]✓[/green]", HERE: "[red]●[/red]", AHEAD: "[dim]○[/dim]"}


def command(
    ctx: typer.Context,
    group: GroupId,
    occurrence: OnlyOccurrence = None,
    raw: Annotated[bool, typer.Option("--raw", help="Uncovered; needs --why, and is kept in the history.")] = False,
    why: Annotated[str | None, typer.Option(help="With --raw: what it is needed for.")] = None,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Show one group: what is wrong, what it holds up, what to do, the refused facts, where they stand, the history."""
    target = connect(ctx.obj)
    store = store_of(target)
    head = group_of(store, group)
    if raw:
        if not why:
            raise CliError("--raw shows secrets and personal data", "say what for: --raw --why 'ticket 118'")
        note_look(target, store, head, by, why)
    facts = facts_of(store, group, occurrence)
    history = [step_document(row, raw=raw) for row in store.history(group)]
    if as_json:
        now = to_text(system_clock())
        documents = [fact_document(fact, head, raw=raw) for fact in facts]
        emit_json({**group_document(head, now), "occurrences": documents, "history": history})
        return
    _print_head(head, facts)
    _print_facts(head, facts, raw=raw)
    if len(history) > _STEPS_SHOWN:
        console.print(f"[dim]… {len(history) - _STEPS_SHOWN} older steps (--json shows all)[/dim]")
    for row in history[-_STEPS_SHOWN:]:
        console.print(escape(line(_step_line(row))))


def _print_head(head: Group, facts: Sequence[Occurrence]) -> None:
    about = f"{escape(head.subject)} from {escape(head.source)}"
    console.print(f"[bold]{escape(head.kind)}[/bold] ({head.failure}) {about}: {head.state}")
    console.print(escape(covered_text(head.detail)))
    console.print(f"[green]what to do:[/green] {escape(head.remedy)}")
    orders = sorted({order for fact in facts for order in fact.orders if fact.state in {"open", "replaying"}})
    if orders:
        more = f" and {len(orders) - _SHOWN} more" if len(orders) > _SHOWN else ""
        console.print(escape(f"orders held up: {len(orders)} ({', '.join(orders[:_SHOWN])}{more})"))
    if head.money:
        console.print(escape(f"money at stake: {money_line(head.money)}"))
    owner = head.owner or "nobody; crossdock exceptions assign"
    console.print(escape(f"owner: {owner}" + (f", due {head.due}" if head.due else "")) + "\n")


def _print_facts(head: Group, facts: Sequence[Occurrence], *, raw: bool) -> None:
    rows = [(o.id, o.state, o.tries, o.seen_at, o.correlation_id, o.run) for o in facts[:_SHOWN]]
    console.print(table(("occurrence", "state", ">tries", "seen", "correlation id", "run"), rows), markup=False)
    if len(facts) > _SHOWN:
        console.print(f"[dim]… and {len(facts) - _SHOWN} more (--json shows all)[/dim]")
    if not facts:
        return
    first = facts[0]
    console.print(f"\nwhere {first.id} stands:")
    for station in whereabouts(first, head.kind, head.source):
        console.print(_station_line(station))
    if first.detail != head.detail:  # a replay may be refused for another reason; the group keeps its first
        console.print(escape(line(f"refused with: {covered_text(first.detail)}")))
    title = "payload (corrected)" if first.corrected is not None else "payload"
    console.print(f"\n{title} of {first.id}, the fact at {escape(first.pointer) or '/'}, basis {basis(first.message)}:")
    shown = first.message if raw else covered(first.message)
    text = "\n".join(map(line, json.dumps(shown, indent=2, ensure_ascii=False).split("\n")))
    console.print(Syntax(text, "json", word_wrap=True) if console.is_terminal else text, markup=False)


def _station_line(station: Station) -> str:
    note = f"  [dim]{escape(station.note)}[/dim]" if station.note else ""
    return f"  {_SIGNS[station.state]} {escape(station.name)}{note}"


def _step_line(row: Mapping[str, Any]) -> str:
    who = f" by {row['by']}" if row.get("by") else ""
    reason = f": {row['why']}" if row.get("why") else ""
    return f"{row['at']}  {step_sentence(row)}{who}{reason}"
