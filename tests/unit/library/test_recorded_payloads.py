"""What vendors send, as recorded in tests/examples/payloads, and the canonical documents beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crossdock.connectors import source_connector
from crossdock.contracts.catalogue import FACTS
from crossdock.contracts.inbound import Fact
from crossdock.contracts.movements import Movement
from crossdock.platform.queues import dumps
from tests.support.payloads import SOURCES, document, recorded, translated

if TYPE_CHECKING:
    from tests.support.payloads import Recorded

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("example", recorded(), ids=lambda e: e.id)
def test_a_recorded_payload_becomes_what_stands_beside_it(example: Recorded) -> None:
    assert [document(part) for part in translated(example)] == example.expected


@pytest.mark.parametrize("example", recorded(), ids=lambda e: e.id)
def test_what_is_made_of_a_payload_fits_its_contract(example: Recorded) -> None:
    for part in translated(example):
        if isinstance(part, Fact):
            FACTS[part.type].model.model_validate_json(dumps(part.data))
        for movement in getattr(part, "movements", []):
            Movement.model_validate_json(dumps(movement))


def test_every_connector_of_a_source_has_recorded_payloads() -> None:
    assert {e.vendor for e in recorded()} == set(SOURCES)
    assert {source_connector(vendor).MAPPING_VERSION for vendor in SOURCES} == {f"{vendor}/1" for vendor in SOURCES}


def test_every_example_says_why_it_is_there() -> None:
    assert [e.id for e in recorded() if len(e.why) < 20] == []
