"""Runs the emulator with corrections: PartiQL writes reach the table's stream, CloudWatch measures, aliases shift.

What it does not measure is in `cloudwatch.py`, how an alias shifts in `weights.py`. The stream, here, as it works in
DynamoDB:

The journal is written by PartiQL batch inserts (half the cost of a transaction), and balances
are projected from its stream. The emulator writes stream records for every other kind of
write but forgets them here, so without this no balance would ever move on this machine.

    execute statement ─▶ store item ─▶ noted here ─▶ statement succeeded? ─▶ stream record

This module runs in the engine's own process: `python -m crossdock_cli.local.emulator`.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from ministack import app  # type: ignore[import-untyped]
from ministack.services import dynamodb  # type: ignore[import-untyped]

from crossdock_cli.local.cloudwatch import measure_as_cloudwatch_does
from crossdock_cli.local.weights import shift_as_lambda_does

if TYPE_CHECKING:
    from collections.abc import Callable

    Item = dict[str, Any]
    Change = tuple[str, Item | None, Item | None]  # table name, the item before, the item after

_OK: Final = 200
_noted: ContextVar[list[Change] | None] = ContextVar("noted", default=None)


def put_partiql_writes_on_streams(engine: Any = dynamodb) -> None:
    """Corrects the emulator's DynamoDB module, which looks its functions up by name at every call."""
    engine._set_item = _noting(engine._set_item, after=True)  # noqa: SLF001  (there is no public seam)
    engine._remove_item = _noting(engine._remove_item, after=False)  # noqa: SLF001
    engine._execute_statement = _announcing(engine._execute_statement, engine._emit_stream_event)  # noqa: SLF001


def _noting(write: Callable[..., Item | None], *, after: bool) -> Callable[..., Item | None]:
    def noted(table: Item, pk: str, sk: str, *item: Item) -> Item | None:
        before = write(table, pk, sk, *item)
        changes = _noted.get()
        if changes is not None and (after or before is not None):
            changes.append((table["TableName"], before, item[0] if after else None))
        return before

    return noted


def _announcing(execute: Callable[[Any], Any], emit: Callable[..., None]) -> Callable[[Any], Any]:
    def announced(data: Any) -> Any:
        changes: list[Change] = []
        token = _noted.set(changes)
        try:
            answer = execute(data)
        finally:
            _noted.reset(token)
        if answer[0] == _OK:
            for table, before, after in changes:
                emit(table, _event(before, after), before, after)
        return answer

    return announced


def _event(before: Item | None, after: Item | None) -> str:
    if before is None:
        return "INSERT"
    return "REMOVE" if after is None else "MODIFY"


if __name__ == "__main__":
    put_partiql_writes_on_streams()
    measure_as_cloudwatch_does()
    shift_as_lambda_does()
    app.main()
