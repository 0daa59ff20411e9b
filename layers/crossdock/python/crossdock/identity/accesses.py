"""Who looked at whose data: a row for each time an operator reads a customer, written before anything is shown.

    A#2026-11-21 / 2026-11-21T08:00:00.000Z#9f2c1a44    who, as whom, what for, which customers, covered or not

Nothing of a person stands in it: what was looked for is named by its sort ("by email"), never by its value.
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from crossdock.platform.dynamo import Item, Table
from crossdock.platform.errors import StoreUnavailableError

_PREFIX: Final = "A#"


@dataclass(frozen=True, slots=True)
class Access:
    """One look. `by` is what the operator calls himself, `caller` who AWS says that it is; `at` is RFC 3339 UTC.

    `did` is what was done (show, find, explain, export, erase, …), `uncovered` whether values were shown as they are.
    """

    at: str
    by: str
    caller: str
    did: str
    customers: tuple[str, ...]
    uncovered: bool = False
    why: str = ""


class Accesses:
    """Keeps the looks, by day."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, access: Access) -> None:
        """Keeps one: 1 WCU. Raises StoreUnavailableError or the client's error; then nothing may be shown."""
        if self._table.put_new(_row(access)) is not None:
            raise StoreUnavailableError("two looks got one name; look again")

    def of(self, days: Iterable[date], customer: str | None = None) -> Iterator[Access]:
        """The looks of some days in their order, of one customer or all: a query for each day."""
        for day in days:
            for row in self._table.query(f"{_PREFIX}{day.isoformat()}", consistent=True):
                found = _access(row)
                if customer is None or customer in found.customers:
                    yield found


def days_until(last: date, count: int) -> list[date]:
    """So many days up to and with the last one, oldest first."""
    return [last - timedelta(days=n) for n in reversed(range(count))]


def _row(access: Access) -> dict[str, Any]:
    return {
        "pk": _PREFIX + access.at[:10],
        "sk": f"{access.at}#{secrets.token_hex(8)}",
        "by": access.by,
        "caller": access.caller,
        "did": access.did,
        "cu": list(access.customers),
        "un": access.uncovered or None,
        "why": access.why or None,
    }


def _access(row: Item) -> Access:
    return Access(
        row["sk"].partition("#")[0],
        row["by"],
        row["caller"],
        row["did"],
        tuple(row["cu"]),
        row.get("un", False),
        row.get("why", ""),
    )
