"""One correlation id from the first byte to the last acknowledgement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.system import movement

if TYPE_CHECKING:
    from tests.support.system import System

WAY = ["accepted", "applied", "projected", "announced", "acknowledged", "acknowledged"]


def timeline(system: System, correlation_id: str) -> list[dict[str, Any]]:
    """The trace, once both channels have acknowledged; log lines arrive a moment after what they tell."""

    def whole() -> Any:
        said = system.crossdock("trace", correlation_id, "--json")
        found = said.document if said.code == 0 else []
        return found if sum(e["station"] == "acknowledged" for e in found) == 2 else None

    way: list[dict[str, Any]] = system.until("both acknowledgements are logged", whole)
    return way


def test_a_movement_is_followed_to_both_channels(system: System) -> None:
    system.knows("TRC-A")
    system.at_rest()
    system.send(movement("trc-1", "TRC-A", 5), x_correlation_id="trc-corr-1")

    way = timeline(system, "trc-corr-1")

    assert [e["station"] for e in way] == WAY
    assert {e["fields"]["channel"] for e in way[-2:]} == {"webshop", "marketplace"}
    assert way[0]["after_ms"] == 0
    times = [e["after_ms"] for e in way]
    assert times == sorted(times)
    assert (way[0]["fields"]["partner"], way[0]["fields"]["movements"]) == ("demo", 1)
    assert way[1]["fields"] == {"applied": 1, "duplicates": 0, "refused": 0}


def test_a_webhook_sent_again_is_found_on_the_trace_of_the_first(system: System) -> None:
    system.knows("TRC-B")
    data = {"movements": [movement("trc-2", "TRC-B", 5)]}
    first = system.webhook("wms", "stock.moved", data, delivery="trc-delivery").json()
    timeline(system, first["correlation_id"])

    again = system.webhook("wms", "stock.moved", data, delivery="trc-delivery").json()

    assert again == {**first, "duplicate": True}
    system.at_rest()
    stations = [e["station"] for e in timeline(system, first["correlation_id"])]
    assert (stations.count("accepted"), stations.count("projected")) == (2, 1)


def test_an_id_that_was_never_logged_is_one_line_and_a_remedy(system: System) -> None:
    said = system.crossdock("trace", "never-heard-of-it")

    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[0] == ("crossdock: no function has logged never-heard-of-it in the last 1440 minutes")
    assert "--since" in said.err
