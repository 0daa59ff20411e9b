"""What a cross-reference costs to look up, with a thousand and with a million of them in the table: it must not grow.

The rows are put into the engine by its own process (tests/support/many_xrefs.py), the same that minting leaves, as a
test shows. The engine answers the lookups. Its read units are a constant, so units are computed from what was asked and
answered, as DynamoDB bills it (capacity.py); requests are counted. What a key costs does not depend on how many others
there are: what could make it grow is a lookup that asks for more, and that would show.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from crossdock.identity.xrefs import CrossReferences
from crossdock.platform import clients
from crossdock.platform.dynamo import Table
from tests.bench.figures import Aim, Figure, Report
from tests.support.engine import fill
from tests.support.many_xrefs import IDS_OF_EACH, KIND, ids_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.meter import Count
    from tests.bench.rig import Rig

SIZES: Final = {"1k": 1_000, "1m": 1_000_000}
_MANY: Final = 500
_TRIED: Final = 100
_PART: Final = 50_000  # customers that are filled in by one call, so that the bar moves


def run(rig: Rig, step: Callable[[str], None]) -> Report:
    """Fills a table to each of the sizes and looks up one id, 500 at once, and one customer's ids there."""
    report, table, before = Report(), rig.new_table("identity", "lookups"), 0
    for label, size in SIZES.items():
        customers = size // IDS_OF_EACH
        step(f"cross-references, filling up to {size:,}")
        for start in range(before, customers, _PART):
            fill(rig.target, table, start, min(start + _PART, customers))
        before = customers
        step(f"cross-references, looking up among {size:,}")
        report.figures |= _measured(rig, table, label, size)
    rig.target.dynamodb.delete_table(TableName=table)
    return report


def _measured(rig: Rig, table: str, label: str, size: int) -> dict[str, Figure]:
    xrefs = CrossReferences(Table(clients.dynamodb(), table))
    numbers = Random(size).sample(range(size // IDS_OF_EACH), _MANY)  # noqa: S311 - which ones are tried
    ids = [ids_of(n)[n % IDS_OF_EACH] for n in numbers]
    with rig.meter.measure() as one:
        found = [xrefs.resolve(KIND, external).canonical for external in ids[:_TRIED]]
    with rig.meter.measure() as many:
        together = xrefs.canonicals(KIND, ids)
    with rig.meter.measure() as back:
        known = xrefs.externals_of(KIND, found)
    if len(together) != _MANY or {len(references) for references in known.values()} != {IDS_OF_EACH}:
        raise RuntimeError(f"of {_MANY} ids {len(together)} were found, and of {_TRIED} customers {len(known)}")
    among = f"{size:,} cross-references in the table"
    return {
        f"lookup_rcu_{label}": Figure(one.rru / _TRIED, "RCU", f"one id looked up, {among}", Aim(0.5)),
        f"lookup_trips_{label}": Figure(_trips(one) / _TRIED, "round trips", f"one id looked up, {among}", Aim(1)),
        f"lookup_500_rcu_{label}": Figure(many.rru, "RCU", f"{_MANY} ids looked up, {among}", Aim(_MANY / 2)),
        f"lookup_500_trips_{label}": Figure(_trips(many), "round trips", f"{_MANY} ids looked up, {among}", Aim(5)),
        f"lookup_back_rcu_{label}": Figure(back.rru / _TRIED, "RCU", f"what one is called, {among}", Aim(0.5)),
        f"lookup_ms_{label}": Figure(one.wall_s * 1000 / _TRIED, "ms", f"one id looked up, {among}, this machine"),
        f"lookup_500_ms_{label}": Figure(many.wall_s * 1000, "ms", f"{_MANY} ids looked up, {among}, this machine"),
    }


def _trips(count: Count) -> int:
    return count.round_trips
