"""Correcting and closing refused facts, for whoever asks: the commands print what comes of it, the console shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from crossdock.exceptions.correction import CorrectionError, assignments_to_patch, corrected_message
from crossdock.exceptions.model import OPEN, Occurrence, basis
from crossdock.platform.sequences import chunks
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crossdock.exceptions.store import ExceptionsStore

Correction = tuple[Occurrence, dict[str, Any], list[dict[str, Any]]]
"""A fact, its payload after the patch, and the patch."""
_PART: Final = 200


def open_facts(store: ExceptionsStore, group: str, occurrence: str | None) -> Iterator[Occurrence]:
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


def check_basis(fact: Occurrence, wanted: str | None) -> None:
    """Raises CliError when a fact's payload is not the one that was looked at."""
    now = basis(fact.message)
    if wanted is not None and now != wanted:
        raise CliError(
            f"{fact.id} is not what you looked at: its payload has the basis {now}, not {wanted}",
            f"look again: crossdock exceptions show {fact.group}; nothing was stored",
        )


def assigned(fact: Occurrence, texts: Iterable[str]) -> list[dict[str, Any]]:
    """FIELD=VALUE texts as a patch of this fact; a value that is JSON is read as JSON. Raises CliError for another."""
    pairs = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise CliError(f"--set {text}: no FIELD=VALUE", "for example --set item=85123A")
        pairs[name] = _value(value)
    return assignments_to_patch(fact, pairs)


def correction(fact: Occurrence, operations: list[dict[str, Any]]) -> Correction:
    """What a patch makes of a fact. Raises CliError when it does not fit, or changes nothing."""
    try:
        return fact, corrected_message(fact, operations), operations
    except CorrectionError as exc:
        raise CliError(str(exc)) from exc


def keep_corrections(
    store: ExceptionsStore,
    corrections: Sequence[Correction],
    by: str,
    why: str,
    advance: Callable[[int], None] = lambda _: None,
) -> list[str]:
    """Keeps corrected payloads; gives back whose. Raises CliError when somebody else was faster with some."""
    done: list[str] = []
    for part in chunks(corrections, _PART):
        done += [fact.id for fact in store.correct_all(part, by, why)]
        advance(len(part))
    if len(done) < len(corrections):
        group = corrections[0][0].group
        raise CliError(
            f"{len(corrections) - len(done)} were changed by somebody else meanwhile; {len(done)} were corrected",
            f"look again: crossdock exceptions show {group}",
        )
    return done


def close_facts(
    store: ExceptionsStore,
    facts: Sequence[Occurrence],
    by: str,
    why: str,
    advance: Callable[[int], None] = lambda _: None,
) -> int:
    """Ends facts without applying them; how many of them were open."""
    closed = 0
    for part in chunks(facts, _PART):
        closed += store.close_all(part, by, why)
        advance(len(part))
    return closed


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
