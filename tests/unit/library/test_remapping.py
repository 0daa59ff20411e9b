"""Mapping a refused fact anew: which fact of a delivery takes its place, and when none can."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossdock.connectors.generic_erp import MAPPING_VERSION, translate
from crossdock.contracts.codes import NO_CODES
from crossdock.contracts.events import Event
from crossdock.contracts.inbound import Fact, parts_of
from crossdock.exceptions.model import Occurrence
from crossdock.exceptions.replaying import UnsendableError
from crossdock.exchange.inbox import Delivery
from crossdock.flows.remapping import Remapping, delivery_of
from tests.support.world import CORRELATION, NOW_TEXT, price

pytestmark = pytest.mark.unit

PRICES = {"type": "prices.changed", "timestamp": NOW_TEXT, "data": {"prices": [price("r1", 1), price("r2", 7)]}}
THIN = {"scope": "store/product/updated", "data": {"type": "product", "id": 20}, "created_at": 1795248000}


def event(body: Any = PRICES, **changes: str) -> dict[str, Any]:
    """The event that a delivery of the ERP made when an older mapping was in force."""
    [fact] = parts_of(translate("erp", json.dumps(body).encode()))
    assert isinstance(fact, Fact)
    made = Event("erp:d1", fact.type, "erp", fact.subject, NOW_TEXT, CORRELATION, fact.data, "", "generic_erp/0", "d1")
    return {**made.document(), **changes}


def refused(original: dict[str, Any], pointer: str = "", route: str = "prices") -> Occurrence:
    return Occurrence("g", "o", "open", "why", route, pointer, original, None, CORRELATION, NOW_TEXT, 0, None)


def remapping(body: Any = PRICES, connector: str | None = "generic_erp") -> Remapping:
    """An inbox that holds one delivery, d1, of a source with this connector (None: of no source of ours)."""
    delivery = Delivery("erp", "d1", json.dumps(body).encode(), CORRELATION)
    return Remapping(
        lambda _, id_: delivery if id_ == "d1" else None, lambda _: (connector, NO_CODES) if connector else None
    )


def test_only_the_refused_rule_is_mapped_and_it_says_by_which_mapping() -> None:
    original = event()
    assert remapping()(refused(original, "/data/prices/1")) == {
        **original,
        "mappingversion": MAPPING_VERSION,
        "data": {**original["data"], "prices": [original["data"]["prices"][1]]},
    }


def test_a_fact_whose_subject_is_another_one_today_is_still_the_deliverys_only_one_of_its_type() -> None:
    found = remapping()(refused(event(subject="prices/as-it-was")))
    assert (found["subject"], found["mappingversion"]) == (event()["subject"], MAPPING_VERSION)


def test_a_fact_of_another_type_is_never_put_in_the_place_of_the_refused_one() -> None:
    other = event(type="inventory.counts.reported.v1")
    with pytest.raises(UnsendableError, match="holds nothing like this fact: correct the fact instead"):
        remapping()(refused(other))


def test_movements_are_not_made_of_what_has_none() -> None:
    with pytest.raises(UnsendableError, match="holds nothing like this fact"):
        remapping()(
            refused({"source": "erp", "delivery": "d1", "movements": [{"id": "m1"}]}, "/movements/0", "movements")
        )


def test_a_rule_that_the_delivery_does_not_hold_today_is_not_guessed() -> None:
    original = event()
    one = {**PRICES, "data": {"prices": [price("r1", 1)]}}
    with pytest.raises(UnsendableError, match="holds 0 facts like this one, not one"):
        remapping(one)(refused(original, "/data/prices/1"))


def test_what_only_names_a_thing_to_fetch_is_not_fetched_from_here() -> None:
    with pytest.raises(UnsendableError, match="the delivery d1 only names what erp has to be asked for"):
        remapping(THIN, "bigcommerce")(refused(event()))


def test_what_is_mapped_behind_its_answer_goes_there_again_as_its_sender_sent_it() -> None:
    kept = {"v": 1, "kind": "webhook", "source": "erp", "delivery": "d1", "correlation_id": CORRELATION}
    assert remapping()(refused({**kept, "body": {"mended": "by hand"}}, "/body", "webhooks")) == kept


@pytest.mark.parametrize(
    ("found", "original", "why"),
    [
        (remapping(connector=None), event(), "there is no source 'erp' in the configuration"),
        (remapping(), event(delivery="d2"), "the delivery d2 of erp is not in the inbox any more"),
        (remapping({"type": "prices.eaten"}), event(), "the delivery d1 cannot be mapped today either"),
        (remapping(), {"sourcesystem": "erp", "id": "x"}, "it came by the API or from ourselves"),
    ],
)
def test_why_it_cannot_be_done_is_said(found: Remapping, original: dict[str, Any], why: str) -> None:
    with pytest.raises(UnsendableError, match=why):
        found(refused(original))


def test_a_delivery_is_found_by_what_the_message_says_of_it() -> None:
    assert delivery_of(event()) == ("erp", "d1")
    assert delivery_of({"source": "wms", "delivery": "d:2", "movements": []}) == ("wms", "d:2")
    assert delivery_of({"source": "wms", "movements": []}) is None
