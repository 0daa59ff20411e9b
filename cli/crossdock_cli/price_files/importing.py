"""Importing a bulk file through the deployed stack: judged whole, then kept, 500 rules at a time.

The function on the other side writes what events of an ERP write, by the same store. Every part of an import may be
done again: versions that are kept already are duplicates.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crossdock_cli.errors import CliError
from crossdock_cli.price_files.entries import read_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crossdock_cli.price_files.entries import Entry, LineError
    from crossdock_cli.target import Target

FUNCTION: Final = "import_price_rules"
RULES_AT_A_TIME: Final = 500
# A function is called with 6 MB at most.
_BYTES_AT_A_TIME: Final = 3_000_000
_ERRORS_KEPT: Final = 1_000
REFUSED: Final = frozenset({"conflict", "other_target", "unknown_item", "invalid"})


@dataclass(slots=True)
class Tally:
    """What became of a file's rules, or would. `errors` are the first thousand; `wrong` counts all bad rules."""

    rules: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    errors: list[LineError] = field(default_factory=list)
    source: str | None = None

    def refuse(self, entry: Entry) -> None:
        """Counts a rule that is not taken."""
        self.wrong += 1
        self.errors += entry.errors[: max(0, _ERRORS_KEPT - len(self.errors))]


@dataclass(frozen=True, slots=True)
class Order:
    """How a file is to be handed in."""

    source: str | None
    by: str
    draft: bool


def invoke(target: Target, event: dict[str, Any], function: str = FUNCTION) -> dict[str, Any]:
    """What a function that works on prices answers. Raises CliError with its reason and what the operator can do."""
    answer = target.functions.invoke(FunctionName=target.callee(function), Payload=json.dumps(event).encode())
    document = json.loads(answer["Payload"].read() or b"{}")
    if answer.get("FunctionError") or not isinstance(document, dict):
        reason = document.get("errorMessage", document) if isinstance(document, dict) else document
        raise CliError(f"the stack could not do it: {reason}", "do the same again: what was kept is recognised")
    if refused := document.get("refused"):
        errors = refused.get("errors") or [{}]
        raise CliError(refused["detail"], str(errors[0].get("remedy", "")))
    return document


def run(
    target: Target, order: Order, action: str, entries: Iterable[Entry], bad: Callable[[Entry], None]
) -> Iterator[Tally]:
    """Hands the entries in and yields the tally after each part; `bad` hears of each entry that is not taken."""
    tally = Tally()
    for part in _parts(entries):
        waiting: list[tuple[Entry, dict[str, Any]]] = []
        for entry in part:
            tally.rules += 1
            rule, checked = read_rule(entry)
            if rule is None or entry.document is None:
                tally.refuse(checked)
                bad(checked)
            else:
                waiting.append((entry, {**entry.document, **({"status": "draft"} if order.draft else {})}))
        if waiting:
            _judge(target, order, action, waiting, tally, bad)
        yield tally


def _judge(
    target: Target,
    order: Order,
    action: str,
    waiting: list[tuple[Entry, dict[str, Any]]],
    tally: Tally,
    bad: Callable[[Entry], None],
) -> None:
    event = {"action": action, "source": order.source, "by": order.by, "rules": [d for _, d in waiting]}
    answer = invoke(target, event)
    tally.source = answer["source"]
    for (entry, _), verdict in zip(waiting, answer["verdicts"], strict=True):
        tally.outcomes[verdict["outcome"]] += 1
        if verdict["outcome"] in REFUSED:
            refused = entry.refused(entry.error(verdict["field"], verdict["problem"], verdict["remedy"]))
            tally.refuse(refused)
            bad(refused)


def _parts(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    part: list[Entry] = []
    size = 0
    for entry in entries:
        bytes_ = sum(len(cell) for row in entry.rows for cell in ([row] if isinstance(row, str) else row))
        if part and (len(part) == RULES_AT_A_TIME or size + bytes_ > _BYTES_AT_A_TIME):
            yield part
            part, size = [], 0
        part.append(entry)
        size += bytes_
    if part:
        yield part
