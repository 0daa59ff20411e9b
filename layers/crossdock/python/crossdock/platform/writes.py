"""One write as a value: what it changes and under which conditions, said once for both ways of carrying it out.

The same update may go alone among 25 others to a round trip (PartiQL), or together with others, all or none
(TransactWriteItems). Whoever builds it need not know which.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Key: TypeAlias = tuple[str, str]
"""Partition key and sort key."""
Test: TypeAlias = Literal["=", "<", ">=", "missing"]


@dataclass(frozen=True, slots=True)
class When:
    """One condition on the item as it stands; `value` is None for "missing"."""

    name: str
    test: Test
    value: Any = None


@dataclass(frozen=True, slots=True)
class Insert:
    """Writes an item unless its key exists."""

    item: Mapping[str, Any]

    @property
    def key(self) -> Key:
        return self.item["pk"], self.item["sk"]


@dataclass(frozen=True, slots=True)
class Update:
    """Changes an item that exists and meets every condition.

    `add` adds to numbers that are there (amounts of 0 are left out), `put` sets values, `remove` takes attributes away.
    """

    key: Key
    add: Mapping[str, Any] = field(default_factory=dict)
    put: Mapping[str, Any] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    when: tuple[When, ...] = ()


@dataclass(frozen=True, slots=True)
class Delete:
    """Removes an item that exists and meets every condition."""

    key: Key
    when: tuple[When, ...] = ()


@dataclass(frozen=True, slots=True)
class Replace:
    """Writes a whole item over whatever stands there, if that meets every condition; among others only, all or none."""

    item: Mapping[str, Any]
    when: tuple[When, ...] = ()

    @property
    def key(self) -> Key:
        return self.item["pk"], self.item["sk"]


@dataclass(frozen=True, slots=True)
class Check:
    """Writes nothing: an item must exist and meet every condition for the others to be done. It costs as a write."""

    key: Key
    when: tuple[When, ...] = ()


Write: TypeAlias = Insert | Update | Delete
"""What may go alone."""
AtomicWrite: TypeAlias = Write | Replace | Check
"""What may go with others, all or none."""


def partiql(table: str, write: Write) -> tuple[str, tuple[Any, ...]]:
    """The write as a PartiQL statement with its parameters."""
    if isinstance(write, Insert):
        present = {k: v for k, v in write.item.items() if v is not None}
        fields = ", ".join(f"'{name}': ?" for name in present)
        return f'INSERT INTO "{table}" VALUE {{{fields}}}', tuple(present.values())
    where = " AND ".join(["pk = ?", "sk = ?", *map(_clause, write.when)])
    compared = [w.value for w in write.when if w.test != "missing"]
    if isinstance(write, Delete):
        return f'DELETE FROM "{table}" WHERE {where}', (*write.key, *compared)  # noqa: S608 - names are ours
    added = {name: amount for name, amount in write.add.items() if amount}
    sets = [f'SET "{name}" = "{name}" + ?' for name in added] + [f'SET "{name}" = ?' for name in write.put]
    removes = [f'REMOVE "{name}"' for name in write.remove]
    parameters = (*added.values(), *write.put.values(), *write.key, *compared)
    return f'UPDATE "{table}" {" ".join(sets + removes)} WHERE {where}', parameters


def _clause(when: When) -> str:
    if when.test == "missing":
        return f'"{when.name}" IS MISSING'
    return f'"{when.name}" {when.test} ?'


def expression(update: Update) -> tuple[str, str, dict[str, str], dict[str, Any]]:
    """(update expression, condition expression, names, plain values): as DynamoDB's own operations take an update."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}

    def name(attribute: str) -> str:
        return names.setdefault(attribute, f"#n{len(names)}")

    def value(given: Any) -> str:
        values[f":v{len(values)}"] = given
        return f":v{len(values) - 1}"

    sets = [f"{name(a)} = {name(a)} + {value(v)}" for a, v in update.add.items() if v]
    sets += [f"{name(a)} = {value(v)}" for a, v in update.put.items()]
    parts = ["SET " + ", ".join(sets)] if sets else []
    if update.remove:
        parts.append("REMOVE " + ", ".join(map(name, update.remove)))
    conditions = [f"attribute_exists({name('pk')})", *_conditions(update.when, name, value)]
    return " ".join(parts), " AND ".join(conditions), {v: k for k, v in names.items()}, values


def condition(when: Iterable[When]) -> tuple[str, dict[str, str], dict[str, Any]]:
    """(condition expression, names, plain values) of conditions alone; the expression is empty without any."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}

    def value(given: Any) -> str:
        values[f":v{len(values)}"] = given
        return f":v{len(values) - 1}"

    conditions = _conditions(when, lambda attribute: names.setdefault(attribute, f"#n{len(names)}"), value)
    return " AND ".join(conditions), {v: k for k, v in names.items()}, values


def _conditions(when: Iterable[When], name: Callable[[str], str], value: Callable[[Any], str]) -> list[str]:
    found = []
    for one in when:
        attribute = name(one.name)
        if one.test == "missing":
            found.append(f"attribute_not_exists({attribute})")
        else:
            found.append(f"{attribute} {one.test} {value(one.value)}")
    return found
