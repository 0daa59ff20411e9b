"""The history of a customer: one row for each version, chained by hashes so that nothing can be changed in silence.

    H#customer#<id> / 000000000012    at, by, cause, st, seal
                                      ch: {attribute: {v, s, x, n, a, w, salt, c}}

A value stands in the row beside `c`, the hash over its salt and itself, and only `c` goes into the chain. So a value
can be erased with its salt, as the law may ask for, and the chain over all that happened still proves itself: that
something was said, by whom and when, but no longer what.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crossdock.identity.claims import canonical
from crossdock.identity.customers import Change, Customer

_PREFIX: Final = "H#customer#"


@dataclass(frozen=True, slots=True)
class Cause:
    """What a version came from: who said it (a system), the correlation id, and the instant (RFC 3339 UTC)."""

    by: str
    correlation_id: str
    at: str


def row_key(customer: str, version: int) -> tuple[str, str]:
    """Where a version's row stands."""
    return partition(customer), f"{version:012d}"


def partition(customer: str) -> str:
    """Where all versions of a customer stand: apart from what is read each time it changes."""
    return f"{_PREFIX}{customer}"


def entry(after: Customer, changed: Mapping[str, Change], cause: Cause, salts: Mapping[str, str]) -> dict[str, Any]:
    """The row of the version that a customer has now, whose `seal` is still that of the version before.

    `salts` are random texts, one for each changed attribute.
    """
    changes = {name: _changed(change, salts[name]) for name, change in changed.items()}
    pk, sk = row_key(after.id, after.version)
    row = {"pk": pk, "sk": sk, "at": cause.at, "by": cause.by, "cause": cause.correlation_id, "st": after.state}
    return {**row, "ch": changes, "seal": seal(after.seal, {**row, "ch": changes})}


def _changed(change: Change, salt: str) -> dict[str, Any]:
    new = change.new
    if new is None:
        return {"c": "gone"}
    said = {"s": new.system, "x": new.external, "n": new.version, "a": new.at, "w": new.why}
    return {"v": canonical(new.value), "salt": salt, "c": commitment(salt, canonical(new.value)), **said}


def commitment(salt: str, value: str) -> str:
    """What stands for a value in the chain: without the salt nobody can try values against it."""
    return hashlib.sha256(f"{salt}\x00{value}".encode()).hexdigest()


def seal(previous: str, row: Mapping[str, Any]) -> str:
    """The hash over a row without its values, and over the row before."""
    proven = {name: {k: v for k, v in c.items() if k not in {"v", "salt"}} for name, c in row["ch"].items()}
    head = [row["sk"], row["at"], row["by"], row["cause"], row["st"]]
    text = json.dumps([previous, head, proven], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def faults(rows: Iterable[Mapping[str, Any]], last: str) -> list[str]:
    """What does not hold in a customer's rows, oldest first, `last` being the seal that its golden record names.

    Values that were erased are no fault. Nothing: all that was ever believed is as it was written.
    """
    found, previous = [], ""
    for row in rows:
        if seal(previous, row) != row["seal"]:
            found.append(f"{row['sk']}: its seal does not fit it and the row before")
        for name, change in row["ch"].items():
            if "v" in change and commitment(change["salt"], change["v"]) != change["c"]:
                found.append(f"{row['sk']}: {name} is not what was sealed")
        previous = row["seal"]
    if previous != last:
        found.append("the newest row is not the one that the customer names; one was taken away or added")
    return found
