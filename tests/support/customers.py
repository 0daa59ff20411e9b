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
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIGURATION = Path(__file__).parents[2] / "config" / "demo.toml"


@cache
def demo() -> BusinessConfig:
    """The demo's configuration."""
    return from_document(compile_file(CONFIGURATION))


def customers_are_told(found: Mapping[str, Any]) -> bool:
    """Whether every system that hears of customers was sent what it may see of each, of all that is stored."""
    table = MemoryTable()
    table.rows = {(row["pk"], row["sk"]): row for row in found["identity"]}
    store = CustomerStore(table)
    sent = {(row["pk"], row["sk"]): json.loads(row["val"]) for row in found["exchange"] if row["pk"].startswith("SH#")}
    customers = [pk.removeprefix("C#customer#") for pk, sk in table.rows if sk == "HEAD"]
    return all(
        wanted is None or sent.get(row_key(channel.name, "customer", customer)) == wanted
        for customer in customers
        for channel in demo().channels_for("customer")
        for wanted in [shown(store.load(customer), system_of(channel), demo().ownership)]
    )
