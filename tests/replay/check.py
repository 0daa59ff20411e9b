"""Whether what is stored is what the ledger says: balances, journal rows, refusals. Reads past the product's stores."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crossdock.platform.dynamo import Table, from_item
from crossdock_cli.demo.plan import WAREHOUSE
from tests.replay.drive import SOURCE
from tests.support.tables import table_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.replay.fold import Expected


@dataclass(slots=True)
class Outcome:
    """What was found. `problems` is empty when everything agrees; it says what was found and what was expected."""

    journal_rows: int = 0
    headers: int = 0
    refused: int = 0
    gaps: int = 0
    problems: list[str] = field(default_factory=list)

    def expect(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.problems.append(f"{what}: {found!r}, expected {expected!r}")


def check(client: DynamoDBClient, expected: Expected, progress: Callable[[int], None] = lambda _: None) -> Outcome:
    """Compares everything. `progress` is told how many journal rows were read."""
    outcome = Outcome()
    inventory = Table(client, table_name("inventory"))
    _headers(inventory, expected, outcome)
    for sku, movements in expected.movements.items():
        rows = list(inventory.query(f"M#{sku}#{WAREHOUSE}", consistent=True))
        outcome.journal_rows += len(rows)
        _journal(sku, rows, movements, expected.balances[sku], outcome)
        progress(len(rows))
    _refusals(client, expected, outcome)
    return outcome


def _headers(inventory: Table, expected: Expected, outcome: Outcome) -> None:
    found = inventory.get_many([(f"T#{sku}", f"A#{WAREHOUSE}") for sku in expected.movements], consistent=True)
    outcome.headers = len(found)
    for sku, movements in expected.movements.items():
        header = found.get((f"T#{sku}", f"A#{WAREHOUSE}"), {})
        balance = expected.balances[sku]
        outcome.expect(f"on hand of {sku}", header.get("oh"), balance)
        outcome.expect(f"available of {sku}", header.get("av"), balance)
        outcome.expect(f"in the shared pool of {sku}", header.get("pl"), balance)
        outcome.expect(f"movements counted in {sku}", header.get("n"), len(movements))


def _journal(sku: str, rows: list[dict[str, Any]], movements: set[str], balance: int, outcome: Outcome) -> None:
    ids = Counter(row["sk"].removeprefix(f"{SOURCE}#") for row in rows)
    outcome.expect(f"movements of {sku} that are lost", sorted(movements - ids.keys()), [])
    outcome.expect(f"movements of {sku} that nobody sent", sorted(ids.keys() - movements), [])
    outcome.expect(f"journal of {sku}, folded", sum(row["q"] for row in rows), balance)


def _refusals(client: DynamoDBClient, expected: Expected, outcome: Outcome) -> None:
    """Each unknown code is one exception, and each of its lines one fact under it, however often it came."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in _scan(client, table_name("exceptions")):
        if not row["sk"].startswith("OCC#"):
            continue
        message = json.loads(row["message"])
        if message["kind"] == "sequence_gap":
            # Positions of refused lines are missing from the source's sequence, and listed when they stay so.
            outcome.gaps += 1
            continue
        (movement,) = message["movements"]
        found[movement["item"]].append(movement["id"])
    outcome.refused = sum(map(len, found.values()))
    outcome.expect("codes refused", sorted(found), sorted(expected.refused))
    for code, ids in expected.refused.items():
        outcome.expect(f"lines of {code} refused", sorted(found[code]), sorted(ids))


def _scan(client: DynamoDBClient, table: str) -> Iterator[dict[str, Any]]:
    pages: Iterable[Any] = client.get_paginator("scan").paginate(TableName=table)
    for page in pages:
        yield from map(from_item, page["Items"])
