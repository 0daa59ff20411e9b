"""Hears each command's calls of AWS: before the first one that changes something, a record of the command stands.

So nothing that a command changes goes unrecorded, whichever command it is, and a command that only reads leaves
nothing. What cannot be recorded is not done.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from typer._click.globals import get_current_context  # Typer's own copy of click, which has no other door

from crossdock.platform.clock import system_clock, to_text
from crossdock_cli.audit.record import Record, shown, why
from crossdock_cli.audit.trail import Trail
from crossdock_cli.errors import EXIT_FAILED, CliError
from crossdock_cli.looks import caller
from crossdock_cli.output import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crossdock_cli.target import Target

TABLE: Final = "audit"
# Everything else changes something, or may.
_READS: Final = (
    "BatchGet",
    "Check",
    "Describe",
    "Filter",
    "Get",
    "Head",
    "List",
    "Query",
    "ReceiveMessage",
    "Scan",
    "StartQuery",
    "StopQuery",
    "TransactGet",
)
_READING_FUNCTIONS: Final = ("explain-prices",)
# The record of a look at a customer is no change, and is a record itself.
_LOOKS: Final = "A#"


class Listener:
    """One command's ear."""

    def __init__(self, target: Target, command: str, params: Mapping[str, Any]) -> None:
        self._target = target
        self._command = command
        self._params = params
        self._lock = threading.Lock()
        self._own = threading.local()
        self._began: tuple[int, Record] | None = None
        self._changes: Counter[str] = Counter()

    def heard(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        """Called before every request of the command's clients. Raises CliError when the record cannot be kept."""
        step: Listener | None = getattr(_step, "listener", None)
        if step is not None and step is not self:
            step.heard(params, model)
            return
        if getattr(self._own, "writing", False):
            return
        service, operation = model.service_model.service_name, model.name
        if not changes(service, operation, params):
            return
        with self._lock:
            if self._began is None:
                self._began = self._begin()
            self._changes[f"{service}:{operation}"] += 1

    def end(self, code: int) -> None:
        """Keeps how the command ended, if it changed anything. A failure to do so is said, and changes nothing."""
        if self._began is None:
            return
        number, record = self._began
        ended = replace(record, at=to_text(system_clock()), of=number, code=code, changes=dict(self._changes), given={})
        try:
            self._append(ended)
        except (CliError, ClientError, BotoCoreError) as exc:
            errors.print(f"[yellow]the end of this command could not be put in the audit trail:[/yellow] {exc}")

    def _begin(self) -> tuple[int, Record]:
        try:
            self._own.writing = True
            record = Record(
                at=to_text(system_clock()),
                by=caller(self._target),
                stage=self._target.stage,
                command=self._command,
                given=shown(self._params),
                why=why(self._params),
                version=version("crossdock"),
            )
            return self._append(record), record
        except (ClientError, BotoCoreError) as exc:
            raise CliError(
                "what an operator changes is recorded, and it cannot be recorded now: nothing is changed",
                f"write access to {self._target.name(TABLE)} and to sts:GetCallerIdentity is needed; a stage that was "
                f"deployed before there was this table is deployed anew ({exc})",
            ) from exc
        finally:
            self._own.writing = False

    def _append(self, record: Record) -> int:
        was, self._own.writing = getattr(self._own, "writing", False), True
        try:
            return Trail(self._target.dynamodb, self._target.name(TABLE)).append(record)
        finally:
            self._own.writing = was


_current: list[Listener] = []
# The step that a thread is at, of a command that does the work of many.
_step: Final = threading.local()


def listen(target: Target) -> None:
    """From now on the running command's calls to this stage are heard. Outside a command nothing happens."""
    context = get_current_context(silent=True)
    if context is None:
        return
    _current.append(hear(target, context.command_path.partition(" ")[2], context.params))


def hear(target: Target, command: str, params: Mapping[str, Any]) -> Listener:
    """Hears the calls of all clients that this target makes from now on, on behalf of a command."""
    listener = Listener(target, command, params)
    target.session.events.register("provide-client-params", listener.heard)
    return listener


@contextmanager
def step(target: Target, command: str, params: Mapping[str, Any]) -> Iterator[None]:
    """What this thread changes meanwhile is recorded as a command of its own: the console does the work of many."""
    _step.listener = Listener(target, command, params)
    code = EXIT_FAILED
    try:
        yield
        code = 0
    finally:
        listener, _step.listener = _step.listener, None
        listener.end(code)


def ended(code: int) -> None:
    """The command that ran in this process is over."""
    while _current:
        _current.pop().end(code)


def changes(service: str, operation: str, params: Mapping[str, Any]) -> bool:
    """Whether a call changes something, or may."""
    if operation.startswith(_READS):
        return False
    if operation in {"ExecuteStatement", "BatchExecuteStatement"}:
        statements = params.get("Statements") or [params]
        return not all(str(one["Statement"]).lstrip().upper().startswith("SELECT") for one in statements)
    if service == "lambda" and operation == "Invoke":
        return not str(params["FunctionName"]).partition(":")[0].endswith(_READING_FUNCTIONS)  # without its alias
    if operation == "PutItem":
        return not str(params["Item"].get("pk", {}).get("S", "")).startswith(_LOOKS)
    return True
