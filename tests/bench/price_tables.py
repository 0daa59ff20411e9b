"""Tables full of price rules, written by the stores' own code: on a table in memory first, then copied to the engine.

A table of many rules is loaded whole, or only the rows that are asked for: every row's key and content follow from the
catalogue, whether its neighbours are there or not.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import to_item
from crossdock.platform.sequences import chunks
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts, CustomerStated, ItemStated
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.rules import Rule
from crossdock.pricing.store import PricingStore
from tests.bench.price_catalogue import KEY_ACCOUNT
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from crossdock.platform.dynamo import Item
    from tests.bench.price_catalogue import Catalogue

SOURCE: Final = "erp"
_CORRELATION: Final = "cd-" + "0" * 32
_PER_EVENT: Final = 500
_AT_ONCE: Final = 5_000  # items or customers whose rows are in memory at a time
_PER_TRANSACTION: Final = 100  # a transaction of puts is what the engine takes fastest
_LEDGER: Final = "R#"


def rows(
    catalogue: Catalogue, items: Sequence[int], customers: Sequence[int], *, ledger: bool = False
) -> Iterator[Item]:
    """The rows of these items and customers, of the key account and of what is common; the rules' ledger if wanted.

    The ledger is off the path of a quote: nobody reads it who asks for a price of today.
    """
    yield from _kept(chain(catalogue.common(), catalogue.of_key_account()), ledger=ledger)
    yield from _facts([], [{**catalogue.customer(0), "customer": KEY_ACCOUNT}])
    for part in chunks(list(items), _AT_ONCE):
        table = MemoryTable()
        _keep(table, (rule for number in part for rule in catalogue.of_item(number)))
        yield from _facts(map(catalogue.item, part), [], table, ledger=ledger)
    for part in chunks(list(customers), _AT_ONCE):
        yield from _kept((rule for number in part for rule in catalogue.contracts(number)), ledger=ledger)
        yield from _facts([], map(catalogue.customer, part))


def load(
    client: DynamoDBClient, table: str, found: Iterable[Item], told: Callable[[int], None] = lambda _: None
) -> int:
    """Puts rows into a table; how many there are. `told` hears it as they are written."""
    written, waiting = 0, iter(found)
    while part := list(islice(waiting, _PER_TRANSACTION)):
        puts: list[Any] = [{"Put": {"TableName": table, "Item": to_item(row)}} for row in part]
        client.transact_write_items(TransactItems=puts)
        written += len(part)
        told(written)
    return written


def _kept(documents: Iterable[dict[str, Any]], *, ledger: bool) -> Iterator[Item]:
    table = MemoryTable()
    _keep(table, documents)
    yield from _rows(table, ledger=ledger)


def _keep(table: MemoryTable, documents: Iterable[dict[str, Any]]) -> None:
    store, waiting = PricingStore(table, system_clock), (Rule.read(document) for document in documents)
    while part := list(islice(waiting, _PER_EVENT)):
        store.keep(part, SOURCE, _CORRELATION)


def _facts(
    items: Iterable[dict[str, Any]],
    customers: Iterable[dict[str, Any]],
    table: MemoryTable | None = None,
    *,
    ledger: bool = False,
) -> Iterator[Item]:
    table = table or MemoryTable()
    profiles = Profiles(table)
    profiles.keep_items([ItemStated(ItemFacts.read(item), 1, SOURCE) for item in items], _CORRELATION)
    profiles.keep_customers([CustomerStated(_customer(c), 1, SOURCE) for c in customers], _CORRELATION)
    yield from _rows(table, ledger=ledger)


def _customer(document: dict[str, Any]) -> CustomerFacts:
    return CustomerFacts(**{**document, "segments": tuple(document["segments"])})


def _rows(table: MemoryTable, *, ledger: bool) -> Iterator[Item]:
    return (row for (pk, _), row in table.rows.items() if ledger or not pk.startswith(_LEDGER))
