"""A partner's key opens what the operator granted, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.problems import named, problem
from tests.support.system import movement

if TYPE_CHECKING:
    from tests.support.system import System


def test_a_key_without_the_scope_is_refused_and_nothing_is_stored(system: System) -> None:
    reader = system.crossdock("partners", "add", "reader", "--scope", "inventory:read", "--source", "wms", "--json")
    key = reader.document["api_key"]
    before = system.at_rest()
    with system.queues_held():
        answer = system.post({"movements": [movement("scope-1", "SCOPE-A", 5)]}, x_api_key=key)
        after = system.dump()

    document = problem(answer, 403, "scope-missing")
    assert document["errors"][0]["problem"] == "lacks scope inventory:write"
    assert named(document) == [("X-Api-Key", "use a key with this scope")]
    assert after == before


def test_a_key_that_may_write_only_may_not_read(system: System) -> None:
    writer = system.crossdock("partners", "add", "writer", "--scope", "inventory:write", "--source", "wms", "--json")

    answer = system.http.get("/v1/items/ANY/availability", headers={"X-Api-Key": writer.document["api_key"]})

    assert problem(answer, 403, "scope-missing")["errors"][0]["problem"] == "lacks scope inventory:read"


def test_a_key_for_two_sources_must_say_for_which_one_it_speaks(system: System) -> None:
    both = system.crossdock(
        "partners", "add", "both", "--scope", "inventory:write", "--source", "wms", "--source", "erp", "--json"
    )

    answer = system.post({"movements": [movement("scope-2", "SCOPE-A", 5)]}, x_api_key=both.document["api_key"])

    document = problem(answer, 422, "source-missing")
    assert [field for field, _ in named(document)] == ["source"]
    assert {s.strip(",") for s in named(document)[0][1].removeprefix("name one of: ").split()} == {"erp", "wms"}
