"""One person across the stage's tables and objects: who is meant, what it costs to look, and all that is kept."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from crossdock.identity.persons import Asked, Persons
from crossdock.identity.xref_rows import MERGED
from crossdock.platform.dynamo import Table
from crossdock.platform.objects import Bucket
from crossdock.platform.scrubbing import Scrubbed, body_without, scrubbed, system_of
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import now_text
from crossdock_cli.output import console, errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from crossdock.contracts.persons import Person
    from crossdock.identity.person_rows import Seen
    from crossdock_cli.customers.common import Desk

TABLES: Final = ("identity", "exchange", "exceptions")
"""Those that may hold something of a person. Stock and prices know items, warehouses and customers' numbers only."""
_TAKEN: Final = ("E#", "X#contact#", "C#contact#")
_BYTES_PER_UNIT: Final = 8192  # 0.5 RCU per 4 KB
_READINGS: Final = {"identity": 4}


@dataclass
class Kept:
    """What is kept of a person: in customers and their history, in rows of other sorts, in objects.

    `keys` are rows in whose key a mark of the person stands.
    """

    asked: Asked
    person: Person
    seen: Seen
    rows: list[tuple[str, tuple[str, str], Scrubbed]] = field(default_factory=list)
    objects: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    keys: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether nothing is kept that could be given or erased."""
        return not (self.seen.statements or self.rows or self.objects or self.person.ids)


@dataclass(frozen=True)
class Case:
    """A person on one stage."""

    desk: Desk
    persons: Persons
    tables: Mapping[str, Table]
    objects: Bucket

    def asked(self, text: str) -> Asked:
        """Who is meant. Raises CliError when nobody can be."""
        try:
            return self.persons.asked(text)
        except ValueError as exc:
            problem, _, remedy = str(exc).partition(": ")
            raise CliError(problem, remedy) from exc

    def kept(self, asked: Asked, known: Person | None, read: Callable[[int], None]) -> Kept:
        """All that is kept; `known` is by what the person was known when an erasure began."""
        person, seen = self.persons.person(asked, read)
        found = Kept(asked, person | known if known else person, seen)
        for table, row in self.rows(read):
            scrub = scrubbed(row, found.person, system_of(row), now_text())
            if scrub.keys:
                found.keys.append((table, row["pk"], row["sk"]))
            if scrub.write is not None and _free_text(table, row):
                found.rows.append((table, (row["pk"], row["sk"]), scrub))
        for name in self.objects.names():
            said = self.body(name, found.person)[1]
            if said:
                found.objects[name] = said
        return found

    def rows(self, read: Callable[[int], None]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """All rows but those that an erasure takes away with the contact."""
        for name, table in self.tables.items():
            for rows, _ in table.pages(None):
                yield from ((name, row) for row in rows if not row["pk"].startswith(_TAKEN))
                read(len(rows))

    def body(self, name: str, person: Person) -> tuple[bytes | None, list[tuple[str, Any]]]:
        """An object without the person (None: it goes), and what it holds."""
        packed = self.objects.get(name)
        if packed is None:
            return None, []
        return body_without(packed, person, name.partition("/")[0])

    def cost(self) -> float:
        """What a look reads, in read units: by the tables' sizes as DynamoDB last counted them."""
        units = 0.0
        for name, table in self.tables.items():
            size = table.client.describe_table(TableName=table.name)["Table"].get("TableSizeBytes", 0)
            units += size / _BYTES_PER_UNIT * _READINGS.get(name, 1)
        return units


def _free_text(table: str, row: Mapping[str, Any]) -> bool:
    """Whether a row is searched as text: customers, their histories and ids are known by their form."""
    return table != "identity" or str(row["pk"]).startswith("A#") or str(row["sk"]).startswith(MERGED)


def case_of(desk: Desk) -> Case:
    """The case of a stage."""
    target = desk.target
    tables = {name: Table(target.dynamodb, target.name(name)) for name in TABLES}
    return Case(desk, Persons(desk.table, desk.uses.xrefs), tables, Bucket(lambda: target.s3, target.bodies_bucket))


def agreed(case: Case, *, yes: bool) -> None:
    """Says what it costs to read everything and asks, unless that was said before. Raises CliError for a no."""
    text = f"all of {', '.join(case.tables)} is read, the identity table up to 4 times: about {case.cost():,.0f} RCU"
    if yes:
        return
    if not errors.is_terminal or not console.is_terminal:
        raise CliError(text, "say --yes if that may be")
    if not typer.confirm(f"{text}. Go on?", err=True):
        raise CliError("nothing was read", "say yes to go on")


@contextmanager
def reading(doing: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; what it gives is told of rows."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} rows"))
    with Progress(*columns, TimeElapsedColumn(), console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda rows: bar.advance(task, rows)


def customers_of(kept: Kept) -> list[str]:
    """The customers that speak of the person, or did."""
    return sorted({s.customer for found in kept.seen.statements.values() for s in found})
