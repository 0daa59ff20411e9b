"""What an operator sees of item profiles, and says of a sequence, against the engine's tables."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from crossdock.contracts.items import ItemProfile
from crossdock.identity.items import Items
from crossdock.inventory.gaps import Span
from crossdock.inventory.sequence_store import SequenceStore
from crossdock.inventory.sequences import Batch, SequenceName, State
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock_cli import items, main, secrets, xref
from crossdock_cli.errors import CliError
from tests.support.tables import table_name
from tests.support.world import NOW

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

PROFILE = ItemProfile(
    "SKU-1",
    3,
    "piece",
    {"case": Fraction(12), "half": Fraction(1, 2)},
    1,
    "required",
    (),
    ("SKU-2",),
    ("drills",),
    ("tools",),
)


@pytest.fixture
def stage(fresh: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    for module in (items, secrets, xref):
        monkeypatch.setattr(module, "connect", lambda _: fresh)
    return fresh


def crossdock(*arguments: str) -> str:
    done = CliRunner().invoke(main.app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_a_profile_is_shown_as_it_was_declared(stage: Target) -> None:
    Items(Table(stage.dynamodb, table_name("identity"))).declare([PROFILE])

    assert json.loads(crossdock("items", "show", "SKU-1", "--json")) == {
        "sku": "SKU-1",
        "version": 3,
        "unit": "piece",
        "units": {"case": "12", "half": "1/2"},
        "places": 1,
        "lot_policy": "required",
        "lots": [],
        "substitutes": ["SKU-2"],
        "families": ["drills"],
        "mix_groups": ["tools"],
    }
    assert "case = 12 piece, half = 1/2 piece" in crossdock("items", "show", "SKU-1")


def test_an_item_without_a_profile_says_what_that_means(stage: Target) -> None:
    with pytest.raises(CliError) as refused:
        crossdock("items", "show", "SKU-7")

    assert "whole base units" in refused.value.message
    assert "items.declared" in (refused.value.remedy or "")


def test_a_code_that_an_operator_adds_asks_for_the_items_lots(stage: Target) -> None:
    profiles = Items(Table(stage.dynamodb, table_name("identity")))
    profiles.declare([PROFILE])
    secrets_of = [f"crossdock/local/{name}" for name in ("sources/wms", "channels/webshop")]
    for name in secrets_of:
        stage.secrets.create_secret(Name=name, SecretString="{}")

    crossdock("xref", "add", "wms", "A1", "SKU-1")

    found = xref.references_of(stage).items([("wms", "A1")])
    assert found["wms", "A1"].lot_policy == "required"


def test_a_sequence_is_begun_anew_and_one_that_is_not_kept_is_named(stage: Target) -> None:
    name = SequenceName("wms", "MAIN")
    store = SequenceStore(Table(stage.dynamodb, table_name("inventory")), lambda: NOW)
    store.record({name: Batch({1, 2, 5}, {1, 2, 5})}, lambda _: None)

    assert json.loads(crossdock("sources", "restart-sequence", "wms", "--warehouse", "MAIN", "--json")) == {
        "source": "wms",
        "warehouse": "MAIN",
        "restarted": True,
    }

    assert store.states([name]) == {name: State(epoch=1)}
    store.record({name: Batch({1}, {1})}, lambda _: None)
    assert store.states([name]) == {name: State((Span(1, 1),), (), 1)}
    with pytest.raises(CliError, match="no sequence of source 'wms' is kept"):
        crossdock("sources", "restart-sequence", "wms")


def test_many_workers_write_one_sequence_and_none_is_lost(stage: Target) -> None:
    name = SequenceName("wms", "MAIN")
    stores = [SequenceStore(Table(stage.dynamodb, table_name("inventory")), lambda: NOW) for _ in range(8)]

    def work(number: int) -> None:
        waiting = [n * 8 + number for n in range(10)]
        while waiting:
            # Who gives up under contention is redelivered, as by its queue.
            with suppress(StoreUnavailableError):
                stores[number].record({name: Batch({waiting[0]}, {waiting[0]})}, lambda _: None)
                waiting.pop(0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert [(s.first, s.last) for s in stores[0].states([name])[name].covered] == [(0, 79)]
