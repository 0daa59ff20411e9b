"""The catalogue of facts agrees with the queues that apply them and with what docs/connectors.md says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.connectors import bigcommerce, generic_erp, generic_wms, salesforce, shopify
from crossdock.contracts import events
from crossdock.contracts.catalogue import FACTS
from crossdock.exceptions.dead_letters import _ROUTES
from tests.support.payloads import recorded

pytestmark = pytest.mark.unit

PAGE = (Path(__file__).parents[3] / "docs" / "connectors.md").read_text(encoding="utf-8")
OURS = {
    events.RESERVATION_DECIDED,
    events.AVAILABILITY_CHANGED,
    events.PRICE_CHANGED,
    events.CUSTOMER_CHANGED,
    events.CUSTOMER_UPSERTED,
    events.CUSTOMER_MERGED,
    events.CUSTOMER_HOLD_CHANGED,
}


def test_every_event_that_a_source_may_become_is_in_it() -> None:
    constants = {value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)}

    assert set(FACTS) == constants - OURS


def test_it_names_the_queue_of_each_fact_that_is_applied() -> None:
    assert {type_: fact.queue for type_, fact in FACTS.items() if fact.queue} == _ROUTES


@pytest.mark.parametrize("type_", sorted(FACTS))
def test_the_page_says_of_each_fact_whether_it_is_applied(type_: str) -> None:
    table = PAGE.split("## Which facts are applied today")[1].split("## ")[0]
    # `.changed.v1` stands for a fact that is named in the same line
    short = "." + ".".join(type_.split(".")[2:])
    (line,) = (
        row for row in table.splitlines() if f"`{type_}`" in row or ("orders.order" in type_ and f"`{short}`" in row)
    )

    assert ("applied by nobody yet" in line) == (FACTS[type_].queue is None)


@pytest.mark.parametrize("connector", [bigcommerce, generic_erp, generic_wms, salesforce, shopify])
def test_the_page_describes_each_connector(connector: object) -> None:
    name = connector.__name__.rpartition(".")[2]  # type: ignore[attr-defined]

    assert f"`{name}`" in PAGE or f'connector = "{name}"' in PAGE
    assert any(example.vendor == name for example in recorded())
