"""`crossdock privacy erase`: a person taken out of everything that is kept, in an order that may stop anywhere.

marks noted ─▶ customers ─▶ what systems were told ─▶ rows and bodies ─▶ histories ─▶ cross-references ─▶ note ends

Customers first, so that nobody is told of the person any more while the rest is looked through. What tells who the
person is goes last: whoever begins again finds the note, and goes on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from crossdock.identity.persons import Work
from crossdock.platform.scrubbing import scrubbed, system_of
from crossdock_cli.customers.common import OPERATOR, By, Why, desk_of, told
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import now_text
from crossdock_cli.output import AsJson, console, emit_json
from crossdock_cli.privacy.case import Case, Kept, agreed, case_of, customers_of, reading
from crossdock_cli.privacy.exporting import Person, Yes  # noqa: TC001 - Typer reads the annotations when it runs
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.platform.dynamo import Table
    from crossdock.platform.writes import Key

_ROUNDS: Final = 12
_CUSTOMER: Final = "customer"


@dataclass
class Erased:
    """What was, or would be, erased, counted."""

    customers: list[str] = field(default_factory=list)
    told: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    objects: int = 0
    histories: int = 0
    references: int = 0


def command(
    ctx: typer.Context,
    person: Person,
    why: Why,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; erase nothing.")] = False,
    by: By = OPERATOR,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person: contacts, mail addresses and numbers, in customers, histories, deliveries, exceptions.

    Customers get a new version without it, so channels hear of it; histories stay provable. It may be stopped at any
    moment and run again until it says that nothing is left.
    """
    case = case_of(desk_of(connect(ctx.obj)))
    asked = case.asked(person)
    agreed(case, yes=yes)
    with told(), reading("looking") as read:
        begun = case.persons.begun(asked)
        kept = case.kept(asked, begun.person if begun else None, read)
        if kept.person.covered(why) != why:
            raise CliError("--why names the person, and is kept", "say it without: --why 'request 12'")
        work = Work(kept.person, kept.seen.customers)
        work = work | begun if begun else work
        # Also the look is a look at personal data, and that somebody erased has to be known for ever.
        case.desk.look("erase (dry run)" if dry_run else "erase", customers_of(kept), by, why)
        if dry_run:
            erased = _would(case, kept, work)
        elif kept.nothing and begun is None:
            erased = Erased()
        else:
            erased = erase(case, kept, work, by)
    left = [{"table": table, "pk": pk, "sk": sk} for table, pk, sk in kept.keys]
    if as_json:
        emit_json({"dry_run": dry_run, **asdict(erased), "shared_with_others": len(kept.seen.shared), "left": left})
        return
    _print(erased, kept, left, dry_run=dry_run)


def erase(case: Case, kept: Kept, work: Work, by: str) -> Erased:
    """Erases; may die anywhere and be done again with what is found then. Raises StoreUnavailableError."""
    persons, person, done = case.persons, work.person, Erased()
    persons.begin(kept.asked, work)
    for customer, attributes in sorted(work.customers.items()):
        root = case.desk.uses.xrefs.current(_CUSTOMER, customer)
        cause = case.desk.cause(by)
        if case.desk.uses.forgetting.forget(root, person, cause):
            done.customers.append(root)
        case.desk.uses.suspecting.compare(root, cause)
        done.told += sum(persons.untell(c, person, attributes) for c in sorted({customer, root}))
    for table, key, _ in kept.rows:
        if _scrub(case.tables[table], key, work):
            done.rows[table] = done.rows.get(table, 0) + 1
    for name in sorted(kept.objects):
        done.objects += _empty(case, name, work)
    done.histories = sum(persons.unwrite(key, person) for key in kept.seen.histories)
    done.references = persons.unname(person.contacts)
    persons.end(kept.asked)
    return done


def _would(case: Case, kept: Kept, work: Work) -> Erased:
    """What erasing would come to."""
    roots = {case.desk.uses.xrefs.current(_CUSTOMER, customer) for customer in work.customers}
    forget = case.desk.uses.forgetting.foresee
    rows: dict[str, int] = {}
    for table, _, _ in kept.rows:
        rows[table] = rows.get(table, 0) + 1
    return Erased(
        customers=sorted(r for r in roots if forget(r, work.person)),
        rows=rows,
        objects=len(kept.objects),
        histories=len(kept.seen.histories),
        references=len(kept.person.ids),
    )


def _scrub(table: Table, key: Key, work: Work) -> bool:
    """One row, as it stands now: others may have changed it since it was looked at."""
    for _ in range(_ROUNDS):
        row = table.get(key, consistent=True)
        scrub = scrubbed(row, work.person, system_of(row), now_text()) if row else None
        if scrub is None or scrub.write is None:
            return False
        if table.atomically([scrub.write])[0].done:
            return True
    raise CliError(f"{key[0]} kept being changed by others", "run it again: what is erased stays erased")


def _empty(case: Case, name: str, work: Work) -> int:
    body, found = case.body(name, work.person)
    if not found:
        return 0
    if body is None:
        case.objects.delete(name)
    else:
        case.objects.put(name, body)
    return 1


def _print(erased: Erased, kept: Kept, left: list[dict[str, Any]], *, dry_run: bool) -> None:
    would = "would be erased" if dry_run else "erased"
    if erased == Erased():
        console.print("nothing is kept of this person")
    else:
        rows = ", ".join(f"{n} in {table}" for table, n in sorted(erased.rows.items())) or "none"
        console.print(f"{would}: from {len(erased.customers)} customers ({', '.join(erased.customers) or 'none'})")
        console.print(f"  rows: {rows}; objects: {erased.objects}")
        console.print(f"  values in histories: {erased.histories} rows; ids in systems: {erased.references}")
    if kept.seen.shared:
        console.print(
            f"{len(kept.seen.shared)} addresses or numbers are other contacts' too and stay with those; "
            "name the address itself to erase it everywhere"
        )
    for row in left:
        console.print(
            f"a mark stands in a key: {row['table']} {row['pk']} / {row['sk']}; docs/privacy.md", markup=False
        )
