"""What the tests of the deployed app know of customers: the demo's ownership matrix, and who is to hold what."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.config.compile import compile_file
from crossdock.config.model import BusinessConfig, from_document
from crossdock.exchange.shadow import row_key
from crossdock.flows.customer_channels import shown, system_of
from crossdock.identity.customer_store import CustomerStore
from crossdock.platform.dynamo import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CONFIGURATION = Path(__file__).parents[2] / "config" / "demo.toml"


@cache
def demo() -> BusinessConfig:
    """The demo's configuration."""
    return from_document(compile_file(CONFIGURATION))


class _Rows(Table):
    """A table as it was dumped, to be asked by partition."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            self._rows.setdefault(row["pk"], []).append(row)

    def query(self, pk: str, **_: Any) -> Iterator[dict[str, Any]]:
        return iter(self._rows.get(pk, []))


def customers_are_told(found: Mapping[str, Any]) -> bool:
    """Whether every system that hears of customers was sent what it may see of each, of all that is stored."""
    customers = [row["pk"].removeprefix("C#customer#") for row in found["identity"] if row["sk"] == "HEAD"]
    store = CustomerStore(_Rows(found["identity"]))
    sent = {(row["pk"], row["sk"]): row["val"] for row in found["exchange"] if row["pk"].startswith("SH#")}
    for customer in customers:
        kept = store.load(customer)
        for channel in demo().channels_for("customer"):
            wanted = shown(kept, system_of(channel), demo().ownership)
            told = sent.get(row_key(channel.name, "customer", customer))
            if wanted is not None and (told is None or json.loads(told) != wanted):
                return False
    return True
