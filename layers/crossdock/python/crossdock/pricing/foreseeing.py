"""What is kept of rules already, for whoever is about to hand more of them in. Reads only."""

from collections.abc import Sequence

from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Table
from crossdock.pricing.judging import Known
from crossdock.pricing.ledger import Ledger, version_key
from crossdock.pricing.placing import Placing
from crossdock.pricing.rules import Rule


class Foreseeing:
    """Looks at the ledger and at the rows where rules stand."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._ledger = Ledger(table, clock)

    def known(self, rules: Sequence[Rule]) -> list[Known]:
        """What is kept of each rule, in their order: some 2 RCU each, and 0.5 for each row that rules stand in.

        100 rows to a round trip.
        """
        targets = self._ledger.known_targets({r.name for r in rules})
        kept = self._table.get_many({version_key(r.name, r.version) for r in rules}, consistent=True)
        placing = Placing(self._table, self._clock)
        placing.look(rules)
        found: list[Known] = []
        for rule in rules:
            standing, row = placing.standing(rule), kept.get(version_key(rule.name, rule.version))
            found.append(
                Known(
                    targets.get(rule.name),
                    standing.version if standing else 0,
                    str(row["h"]) if row else None,
                    waits=row is not None and row["st"] == "draft",
                )
            )
        return found
