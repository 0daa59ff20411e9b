"""Customers as rows of the identity table.

    C#customer#id / HEAD                  the golden record: n (revision), ver, st, g {attribute: {v, s, x, n, a}}, …
                  / MANY#attribute        the same for one contact or ship-to
                  / SRC#system#external   what one outside record says
                  / SUB#system#external#attribute     … of one contact or ship-to
                  / DUP#other             another customer that may be the same
                  / TOLD#system           what a system was told lately, to know its echo
                  / SYS#…, REFS, MERGE#…  its cross-references (`xref_rows.py`)
    H#customer#id / 000000000012          its history (`journal.py`)

Every write of a customer replaces its HEAD under the condition that `n` is as it was read: so all the rows of a
customer change as one, and two writers never build on different things.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from crossdock.contracts.customer_attributes import FIELDS, named
from crossdock.identity.claims import GONE, Before, Record, Report
from crossdock.identity.customers import Customer, Problem, Suspect
from crossdock.identity.golden import Golden
from crossdock.identity.xref_rows import partition
from crossdock.platform.writes import Key

HEAD: Final = "HEAD"
MANY: Final = "MANY#"
RECORD: Final = "SRC#"
PART: Final = "SUB#"
SUSPECT: Final = "DUP#"
TOLD: Final = "TOLD#"
KIND: Final = "customer"


def head_key(customer: str) -> Key:
    """Where the golden record stands."""
    return partition(KIND, customer), HEAD


def head_row(customer: Customer) -> dict[str, Any]:
    """The golden record without the contacts and ship-tos."""
    pk, sk = head_key(customer.id)
    return {
        "pk": pk,
        "sk": sk,
        "n": customer.revision,
        "ver": customer.version,
        "st": customer.state,
        "g": {name: _stands(golden) for name, golden in customer.attributes.items()},
        "pb": [[p.attribute, p.problem, p.remedy] for p in customer.problems] or None,
        "mv": customer.matrix,
        "cr": customer.created_at,
        "at": customer.changed_at,
        "rd": customer.ready_at or None,
        "into": customer.into,
        "cmp": customer.compared or None,
        "dk": list(customer.keys) or None,
        "fk": list(customer.found_by) or None,
        "seal": customer.seal or None,
        "ch": list(customer.changed) or None,
        "cor": customer.cause or None,
    }


def to_customer(row: Mapping[str, Any], many: Mapping[str, Golden]) -> Customer:
    """The golden record of its row, with contacts and ship-tos from theirs."""
    return Customer(
        id=row["pk"].removeprefix(partition(KIND, "")),
        version=row["ver"],
        revision=row["n"],
        state=row["st"],
        attributes={name: _golden(found) for name, found in row["g"].items()},
        many=many,
        problems=tuple(Problem(*found) for found in row.get("pb", ())),
        matrix=row["mv"],
        created_at=row["cr"],
        changed_at=row["at"],
        ready_at=row.get("rd", ""),
        into=row.get("into"),
        compared=row.get("cmp", False),
        keys=tuple(row.get("dk", ())),
        found_by=tuple(row.get("fk", ())),
        seal=row.get("seal", ""),
        changed=tuple(row.get("ch", ())),
        cause=row.get("cor", ""),
    )


def many_row(customer: str, attribute: str, golden: Golden) -> dict[str, Any]:
    """One contact or ship-to as it stands."""
    return {"pk": partition(KIND, customer), "sk": MANY + attribute, **_stands(golden)}


def many_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Golden]:
    """The contacts and ship-tos that stand, of all rows of a partition."""
    return {row["sk"].removeprefix(MANY): _golden(row) for row in rows if row["sk"].startswith(MANY)}


def _stands(golden: Golden) -> dict[str, Any]:
    return {"v": golden.value, "s": golden.system, "x": golden.external, "n": golden.version, "a": golden.at}


def _golden(found: Mapping[str, Any]) -> Golden:
    return Golden(found.get("v"), found["s"], found["x"], found["n"], found["a"], "")


# -- what records say ------------------------------------------------------------------------------------------


def record_rows(record: Record) -> list[dict[str, Any]]:
    """What a record says: one row for all of which there is one, one for each of which there are many."""
    pk, tail = partition(KIND, record.home), f"{record.system}#{record.external}"
    single = {name for name in record.values if not _one_of_many(name)}
    rows = [{"pk": pk, "sk": RECORD + tail, "role": record.role, **_part(record, single)}]
    rows += [
        {"pk": pk, "sk": f"{PART}{tail}#{name}", **_part(record, {name})}
        for name in record.values
        if name not in single
    ]
    return rows


def _part(record: Record, names: Iterable[str]) -> dict[str, Any]:
    wanted = set(names)
    reports = [(r, {n: m for n, m in r.marks.items() if n in wanted}) for r in record.reports]
    return {
        "v": {name: record.values[name] for name in sorted(wanted)},
        "r": [[r.version, r.at, marks] for r, marks in reports if marks],
        "b": {n: [b.mark, b.version, b.at, b.newest] for n, b in record.before.items() if n in wanted} or None,
    }


def records_of(rows: Iterable[Mapping[str, Any]], home: str) -> list[Record]:
    """All records that are kept in a partition, by its rows; rows of other sorts are passed over."""
    parts: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        for prefix in (RECORD, PART):
            if row["sk"].startswith(prefix):
                system, external = row["sk"].removeprefix(prefix).split("#")[:2]
                parts.setdefault((system, external), []).append(row)
    return [_record(*found, rows_of, home) for found, rows_of in sorted(parts.items())]


def _record(system: str, external: str, rows: list[Mapping[str, Any]], home: str) -> Record:
    values: dict[str, Any] = {}
    before: dict[str, Before] = {}
    marks: dict[tuple[int, str], list[dict[str, str]]] = {}
    for row in rows:
        values |= row["v"]
        before |= {name: Before(*found) for name, found in row.get("b", {}).items()}
        for version, at, said in row["r"]:
            _join(marks.setdefault((version, at), []), dict(said))
    reports = [Report(version, at, dict(sorted(m.items()))) for (version, at), found in marks.items() for m in found]
    ordered = sorted(reports, key=lambda r: (r.version, r.at, sorted(r.marks.items())))
    role = next((row["role"] for row in rows if row.get("role")), None)
    return Record(system, external, values, tuple(ordered), before, role, home)


def _join(found: list[dict[str, str]], marks: dict[str, str]) -> None:
    """Puts the parts of one report together again; two reports of one version that contradict stay two."""
    for known in found:
        if not known.keys() & marks.keys():
            known.update(marks)
            return
    found.append(marks)


def _one_of_many(name: str) -> bool:
    return name != GONE and named(name).base in FIELDS


# -- suspects and what was told --------------------------------------------------------------------------------


def suspect_row(customer: str, suspect: Suspect) -> dict[str, Any]:
    """Another customer that may be this one."""
    return {
        "pk": partition(KIND, customer),
        "sk": SUSPECT + suspect.other,
        "p": suspect.score,
        "w": list(suspect.why),
        "st": suspect.state,
        "at": suspect.at,
        "by": suspect.by or None,
    }


def suspects_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Suspect]:
    """The others that may be this customer, by their ids."""
    found = [row for row in rows if row["sk"].startswith(SUSPECT)]
    return {
        s.other: s
        for s in (
            Suspect(r["sk"].removeprefix(SUSPECT), r["p"], tuple(r["w"]), r["st"], r["at"], r.get("by", ""))
            for r in found
        )
    }
