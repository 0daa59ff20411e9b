"""One record of the trail: who did what, when and what for, and the seal that ties it to the one before.

    AUDIT / 000000000041   doc: {"at", "by", "stage", "command", "given", "why", "version", "of", "code", "changes"}

`seal` is the SHA-256 over the number, the seal before (`prev`) and the document. A record that is changed, put in or
left out breaks the chain from there on; who rewrites all of it ends with another last seal than was noted elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_SEAL: Final = ""
HIDDEN: Final = "…"
_LONGEST: Final = 200
# Parameters of commands whose values name things of ours. Every other text stays out: a token, a price, a mail address.
SHOWN: Final = frozenset(
    {
        "account",
        "action",
        "at",
        "by",
        "canonical",
        "category",
        "channel",
        "channels",
        "class_name",
        "code",
        "connector",
        "credential",
        "cs",
        "customer",
        "customers",
        "day",
        "from_channel",
        "group",
        "groups",
        "item",
        "kind",
        "name",
        "other",
        "partner",
        "price_class",
        "quantity",
        "replacement",
        "reservation",
        "route",
        "rule",
        "rule_id",
        "run",
        "scheme",
        "scope",
        "scopes",
        "since",
        "sku",
        "source",
        "sources",
        "state",
        "status",
        "system",
        "to_channel",
        "topic",
        "until",
        "warehouse",
    }
)
_WHY: Final = ("why", "reason")
# Said elsewhere in the record, or of no meaning for it.
_BESIDE: Final = (*_WHY, "as_json")


@dataclass(frozen=True, slots=True)
class Record:
    """What one record says.

    `by` is who AWS says is calling, `command` such as `channels pause`, `given` its parameters without secrets and
    personal data. The record of an end names its beginning (`of`), the exit code, and how many calls changed something.
    """

    at: str
    by: str
    stage: str
    command: str
    given: Mapping[str, Any]
    why: str
    version: str
    of: int | None = None
    code: int | None = None
    changes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """A record in its place: `number` from 1 on, and the seals before and of it."""

    number: int
    record: Record
    prev: str
    seal: str


def document(record: Record) -> dict[str, Any]:
    """The record as it is kept and sealed: without what it does not say."""
    return {name: value for name, value in asdict(record).items() if value not in (None, {}, "")}


def sealed(number: int, record: Record, prev: str) -> str:
    """The seal of a record at its place behind another one."""
    text = json.dumps([number, prev, document(record)], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def shown(params: Mapping[str, Any]) -> dict[str, Any]:
    """What a command was given, for the record: numbers and switches, names of ours; of everything else that it was."""
    found = {}
    for name, value in sorted(params.items()):
        if name not in _BESIDE and value not in (None, "", [], (), False):
            found[name] = _shown(name, value)
    return found


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_shown(name, one) for one in value]
    text = str(value)
    if name == "url":
        return text.partition("?")[0].rpartition("@")[2][:_LONGEST]
    return text[:_LONGEST] if name in SHOWN and "@" not in text else HIDDEN


def why(params: Mapping[str, Any]) -> str:
    """What the operator said it was for, where the command asks."""
    return next((str(params[name]) for name in _WHY if params.get(name)), "")[:1000]
