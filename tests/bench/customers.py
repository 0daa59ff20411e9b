"""What a report of a customer costs, new, changed and repeated, a merge, and a look at its credit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.accounts import AccountReport
from crossdock.contracts.customer_terms import CustomerTerms
from crossdock.contracts.ownership import Matrix, Rule
from crossdock.identity.journal import Cause
from crossdock.identity.use_cases import CustomerUseCases, customer_use_cases
from crossdock.platform import clients
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from tests.bench.figures import Figure, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.meter import Count
    from tests.bench.rig import Rig

_MANY: Final = 100
_AT: Final = "2026-11-21T08:00:00.000Z"
_MATRIX: Final = Matrix(1, (Rule("*", ("erp", "crm"), "newest"),))


def run(rig: Rig, step: Callable[[str], None]) -> Report:
    """Measures on customers of a table of their own; each is compared with those before it."""
    step("customers")
    table = rig.new_table("identity", "customers")
    uses = customer_use_cases(Table(clients.dynamodb(), table), _MATRIX, CustomerTerms(), system_clock)
    report = Report()
    new = _measured(rig, lambda n: _take(uses, n, 1))
    repeated = _measured(rig, lambda n: _take(uses, n, 1))
    changed = _measured(rig, lambda n: _take(uses, n, 2, terms=f"N{n}"))
    customers = list(uses.xrefs.canonicals("customer", [("crm", str(n)) for n in range(_MANY)]).values())
    credit = _measured(rig, lambda n: uses.store.heads([customers[n]]))
    cause = Cause("bench", "bench", _AT)
    with rig.meter.measure() as merge:
        uses.merging.merge(customers[0], customers[1], by="bench", why="measured", cause=cause)
    for name, count, units, what in (
        ("new", new, _MANY, "a new customer of 12 attributes, compared with a hundred others"),
        ("changed", changed, _MANY, "one attribute of a customer changed"),
        ("repeated", repeated, _MANY, "a report that came before"),
        ("credit", credit, _MANY, "the golden record read, as an order check does"),
        ("merge", merge, 1, "two customers made one"),
    ):
        report.figures |= {
            f"customer_{name}_rcu": Figure(count.rru / units, "RCU", what),
            f"customer_{name}_wcu": Figure(count.wru / units, "WCU", what),
            f"customer_{name}_round_trips": Figure(count.round_trips / units, "round trips", what),
        }
    rig.target.dynamodb.delete_table(TableName=table)
    return report


def _measured(rig: Rig, work: Callable[[int], Any]) -> Count:
    with rig.meter.measure() as count:
        for n in range(_MANY):
            work(n)
    return count


def _take(uses: CustomerUseCases, n: int, version: int, **more: str) -> None:
    word = f"Firm {n}"
    report = AccountReport.model_validate(
        {
            "account": str(n),
            "version": version,
            "changed_at": _AT,
            "attributes": {
                "name": f"{word} Ltd",
                "billing_street": f"{n} Mill Lane",
                "billing_city": "Leeds",
                "billing_postcode": f"LS{n % 28 + 1} 4AB",
                "billing_country": "GB",
                "phone": f"+44 113 496 {n:04d}",
                "email": f"office@firm{n}.example",
                "website": f"https://firm{n}.example",
                "language": "en",
                "currency": "GBP",
                "lead_source": "fair",
                "segments": ["trade"],
                **more,
            },
        }
    )
    uses.reporting.take("crm", None, report, Cause("crm", "bench", _AT))
