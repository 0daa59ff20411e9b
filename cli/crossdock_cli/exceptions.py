"""`crossdock exceptions …`: facts that could not be applied or delivered: look, correct, replay, close."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - Typer reads the annotation when it runs
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.syntax import Syntax

from crossdock.exceptions.correction import CorrectionError, assignments_to_patch, corrected_message
from crossdock.exceptions.model import OPEN, REPLAYING, Group, Occurrence, payload
from crossdock.exceptions.replay import Run, replay, send_again
from crossdock.exceptions.store import ExceptionsStore
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

app = typer.Typer(help="Refused and lost facts: look, correct, replay, close.", no_args_is_help=True)

_SHOWN: Final = 5
_NOTHING_OPEN: Final = "nothing in this group is open"
_OPERATOR: Final = getpass.getuser()

By = Annotated[str, typer.Option(help="Who does it; kept in the history.")]
Why = Annotated[str, typer.Option(help="Why; kept in the history.")]
GroupId = Annotated[str, typer.Argument(help="The id of a line of `crossdock exceptions list`.")]
OnlyOccurrence = Annotated[str | None, typer.Option("--occurrence", help="Only this refused fact of the group.")]


class State(StrEnum):
    """The states a group is listed by."""

    open = "open"
    closed = "closed"


def store_of(target: Target) -> ExceptionsStore:
    """The stage's exceptions, with the operator's own credentials."""
    return ExceptionsStore(Table(target.dynamodb, target.name("exceptions")), system_clock)


def sender_of(target: Target, facts: Sequence[Occurrence]) -> Callable[[str, Mapping[str, Any]], None]:
    """Puts these facts' messages back on the queues they fell out of.

    Raises CliError when one of them has no way back: before any is marked as being replayed, because it would stay so.
    """
    routes = {fact.route for fact in facts}
    if "" in routes:
        raise CliError(
            "this exception describes a lost call and cannot be replayed", "do what its remedy says, then close it"
        )
    urls = {route: target.queue_url(route) for route in routes}

    def send(route: str, message: Mapping[str, Any]) -> None:
        target.sqs.send_message(QueueUrl=urls[route], MessageBody=payload(message))

    return send


@app.command("list", epilog="Example: [bold]crossdock exceptions list[/bold]")
def list_command(
    ctx: typer.Context,
    state: Annotated[State, typer.Option(help="open: something is left to do; closed: nothing is.")] = State.open,
    as_json: AsJson = False,
) -> None:
    """List the groups: equal failures are one line with a count."""
    found = list(store_of(connect(ctx.obj)).groups(state.value))
    if as_json:
        emit_json([_group_document(g) for g in found])
        return
    if not found:
        console.print(f"no exceptions are {state.value}")
        return
    rows = [(g.id, g.kind, g.source, g.subject, g.open, g.replaying, g.settled, g.last_seen) for g in found]
    console.print(
        table(("id", "kind", "source", "what", ">open", ">replaying", ">settled", "last seen"), rows), markup=False
    )
    console.print("\n[dim]next: crossdock exceptions show ID[/dim]")


@app.command("show", epilog="Example: [bold]crossdock exceptions show 3f9c1a20be77[/bold]")
def show_command(ctx: typer.Context, group: GroupId, as_json: AsJson = False) -> None:
    """Show one group: what is wrong, what to do, the refused facts, and its history."""
    store = store_of(connect(ctx.obj))
    head = _group(store, group)
    occurrences = list(store.occurrences(group))
    if as_json:
        facts = [{**asdict(o), "message": o.message} for o in occurrences]
        emit_json({**_group_document(head), "occurrences": facts, "history": store.history(group)})
        return
    console.print(f"[bold]{escape(head.kind)}[/bold] {escape(head.subject)} from {escape(head.source)}: {head.state}")
    console.print(escape(head.detail))
    console.print(f"[green]what to do:[/green] {escape(head.remedy)}\n")
    rows = [(o.id, o.state, o.tries, o.seen_at, o.correlation_id) for o in occurrences[:_SHOWN]]
    console.print(table(("occurrence", "state", ">tries", "seen", "correlation id"), rows))
    if len(occurrences) > _SHOWN:
        console.print(f"[dim]… and {len(occurrences) - _SHOWN} more (--json shows all)[/dim]")
    if occurrences:
        first = occurrences[0]
        title = "payload (corrected)" if first.corrected is not None else "payload"
        console.print(f"\n{title} of {first.id}, the fact at {first.pointer or '/'}:")
        text = json.dumps(first.message, indent=2, ensure_ascii=False)
        console.print(Syntax(text, "json", word_wrap=True) if console.is_terminal else text, markup=False)
    for line in store.history(group):
        who = f" by {line['by']}" if line.get("by") else ""
        reason = f": {line['why']}" if line.get("why") else ""
        step = f"{line['from']} → {line['to']}" if "to" in line else f"corrected {line['patch']}"
        console.print(escape(f"{line['at']}  {step}{who}{reason}"))


@app.command(
    "correct", epilog="Example: [bold]crossdock exceptions correct 3f9c1a20be77 --set item=85123A --why typo[/bold]"
)
def correct_command(
    ctx: typer.Context,
    group: GroupId,
    why: Why,
    assign: Annotated[
        list[str] | None,
        typer.Option("--set", help='FIELD=VALUE of the fact; a value that is JSON is read as JSON ("6" stays a text).'),
    ] = None,
    patch: Annotated[Path | None, typer.Option(help="A file with a JSON Patch (RFC 6902) on the message.")] = None,
    occurrence: OnlyOccurrence = None,
    by: By = _OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Correct the payload of refused facts. The original is kept, and who corrected what and why."""
    store = store_of(connect(ctx.obj))
    _group(store, group)
    if not assign and not patch:
        raise CliError("nothing to correct was given", "give --set FIELD=VALUE, or --patch FILE")
    corrected = []
    for fact in _open_facts(store, group, occurrence):
        operations = _operations(fact, assign, patch)
        try:
            message = corrected_message(fact, operations)
        except CorrectionError as exc:
            raise CliError(str(exc)) from exc
        if not store.correct(fact, message, operations, by, why):
            raise CliError(f"{fact.id} was changed by somebody else meanwhile", f"look again: exceptions show {group}")
        corrected.append(fact.id)
    if as_json:
        emit_json({"corrected": corrected})
        return
    if not corrected:
        console.print(_NOTHING_OPEN)
        return
    console.print(f"corrected {len(corrected)}; next: crossdock exceptions replay {group}")


@app.command("replay", epilog="Example: [bold]crossdock exceptions replay 3f9c1a20be77[/bold]")
def replay_command(
    ctx: typer.Context,
    group: GroupId,
    occurrence: OnlyOccurrence = None,
    stuck: Annotated[bool, typer.Option("--stuck", help="Send those again whose replay has no outcome.")] = False,
    by: By = _OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Send the facts of a group back into the path they fell out of, corrected if they were."""
    target = connect(ctx.obj)
    store = store_of(target)
    _group(store, group)
    if stuck:
        facts = [o for o in store.occurrences(group) if o.state == REPLAYING]
        send = sender_of(target, facts)
        run = Run(sent=sum(send_again(store, send, o) for o in facts))
    else:
        facts = list(_open_facts(store, group, occurrence))
        run = _with_bar(store, target, facts, by)
    if as_json:
        emit_json({"run": run.id, "sent": run.sent, "passed_over": run.passed_over})
        return
    if not facts:
        console.print("nothing in this group is being replayed" if stuck else _NOTHING_OPEN)
        return
    console.print(f"run {run.id}: {run.sent} sent, {run.passed_over} passed over")
    console.print(f"[dim]see how it ended: crossdock exceptions show {group}[/dim]")


@app.command("close", epilog="Example: [bold]crossdock exceptions close 3f9c1a20be77 --why 'counted twice'[/bold]")
def close_command(
    ctx: typer.Context,
    group: GroupId,
    why: Why,
    occurrence: OnlyOccurrence = None,
    by: By = _OPERATOR,
    as_json: AsJson = False,
) -> None:
    """End exceptions without applying them; who and why is kept."""
    store = store_of(connect(ctx.obj))
    _group(store, group)
    closed = sum(store.close(fact, by, why) for fact in _open_facts(store, group, occurrence))
    if as_json:
        emit_json({"closed": closed})
        return
    console.print(f"closed {closed}" if closed else _NOTHING_OPEN)


def _group(store: ExceptionsStore, group: str) -> Group:
    found = store.group(group)
    if found is None:
        raise CliError(f"there is no exception '{group}'", "see: crossdock exceptions list")
    return found


def _group_document(group: Group) -> dict[str, Any]:
    return {**asdict(group), "state": group.state}


def _open_facts(store: ExceptionsStore, group: str, occurrence: str | None) -> Iterator[Occurrence]:
    """The open facts of a group, or the one that was asked for. Raises CliError when that one is not open."""
    if occurrence is None:
        yield from (o for o in store.occurrences(group) if o.state == OPEN)
        return
    found = store.occurrence(group, occurrence)
    if found is None:
        raise CliError(f"'{group}' has no occurrence '{occurrence}'", f"see: crossdock exceptions show {group}")
    if found.state != OPEN:
        raise CliError(f"{occurrence} is {found.state}, not open", f"see: crossdock exceptions show {group}")
    yield found


def _operations(fact: Occurrence, assign: Sequence[str] | None, patch: Path | None) -> list[dict[str, Any]]:
    operations = _patch(patch) if patch else []
    pairs = {}
    for text in assign or []:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise CliError(f"--set {text}: no FIELD=VALUE", "for example --set item=85123A")
        pairs[name] = _value(value)
    return operations + assignments_to_patch(fact, pairs)


def _patch(file: Path) -> list[dict[str, Any]]:
    remedy = "give a file with a JSON list of RFC 6902 operations"
    try:
        operations = json.loads(file.read_text())
    except (OSError, ValueError) as exc:
        raise CliError(f"--patch {file}: {exc}", remedy) from exc
    if not isinstance(operations, list):
        raise CliError(f"--patch {file}: it holds no list", remedy)
    return operations


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _with_bar(store: ExceptionsStore, target: Target, facts: Sequence[Occurrence], by: str) -> Run:
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("replaying", total=len(facts))
        return replay(store, sender_of(target, facts), facts, by, lambda: bar.advance(task))
