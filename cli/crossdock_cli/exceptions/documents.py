"""An exception as programs and the console are told of it: nothing secret or personal can be read, unless uncovered."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from crossdock.exceptions.masking import covered, covered_patch, covered_text
from crossdock.exceptions.model import Occurrence, basis
from crossdock.exceptions.whereabouts import whereabouts
from crossdock.platform.clock import system_clock
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import money_texts
from crossdock_cli.looks import keep_look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossdock.exceptions.model import Group
    from crossdock.exceptions.store import ExceptionsStore
    from crossdock_cli.target import Target

_OF_CUSTOMERS: Final = ("customer/", "account/")


def facts_of(store: ExceptionsStore, group: str, occurrence: str | None) -> list[Occurrence]:
    """The refused facts of a group, or the one that was asked for. Raises CliError when there is no such one."""
    if occurrence is None:
        return list(store.occurrences(group))
    found = store.occurrence(group, occurrence)
    if found is None:
        raise CliError(f"'{group}' has no occurrence '{occurrence}'", f"see: crossdock exceptions show {group}")
    return [found]


def fact_document(fact: Occurrence, head: Group, *, raw: bool) -> dict[str, Any]:
    """A fact for programs. `basis` is the hash of its payload as it is, not as it is shown: what a correction names."""
    document = {
        **asdict(fact),
        "message": fact.message,
        "basis": basis(fact.message),
        "money": money_texts(fact.money),
        "way": [asdict(station) for station in whereabouts(fact, head.kind, head.source)],
    }
    if not raw:
        payloads = {name: covered(document[name]) for name in ("original", "corrected", "message")}
        document |= {**payloads, "detail": covered_text(fact.detail)}
    return document


def step_document(row: Mapping[str, Any], *, raw: bool) -> dict[str, Any]:
    """A line of history; what a correction put into a payload is covered as the payload is."""
    if "patch" not in row or raw:
        return dict(row)
    return {**row, "patch": json.dumps(covered_patch(json.loads(row["patch"])), ensure_ascii=False)}


def step_sentence(row: Mapping[str, Any]) -> str:
    """What a line of history says happened, without its instant, its person and its reason."""
    run = f" in run {row['run']}" if row.get("run") and row.get("to") == "replaying" else ""
    match row.get("did"):
        case "assigned":
            return f"assigned to {row['owner']}" + (f", due {row['due']}" if row.get("due") else "")
        case "looked":
            return "looked at uncovered"
        case _:
            return f"{row['from']} → {row['to']}{run}" if "to" in row else f"corrected {row['patch']}"


def note_look(target: Target, store: ExceptionsStore, head: Group, by: str, why: str) -> None:
    """Keeps that somebody looks at payloads uncovered, before they are shown. Raises CliError when it cannot be kept.

    Of a customer, the look stands among those at customers too.
    """
    store.looked(head.id, by, why)
    if head.subject.startswith(_OF_CUSTOMERS):
        customers = [head.subject.removeprefix("customer/")] if head.subject.startswith("customer/") else []
        keep_look(target, f"exception {head.id}", customers, by, why, uncovered=True, clock=system_clock)
