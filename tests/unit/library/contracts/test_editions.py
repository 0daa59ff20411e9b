"""Versions of event types side by side: published in each, read in any, refused when newer than the reader."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.contracts.editions import EDITIONS, NewerEventError, Step, newest, published
from crossdock.contracts.events import Event

pytestmark = pytest.mark.unit

V1, V2, V3 = ("stock.seen.v1", "stock.seen.v2", "stock.seen.v3")


def _renamed(old: str, new: str) -> Any:
    return lambda data: {(new if name == old else name): value for name, value in data.items()}


STEPS = (
    Step(V1, V2, _renamed("qty", "quantity"), _renamed("quantity", "qty")),
    Step(V2, V3, _renamed("when", "seen_at"), _renamed("seen_at", "when")),
)
SAID = {
    V1: {"qty": 3, "when": "today"},
    V2: {"quantity": 3, "when": "today"},
    V3: {"quantity": 3, "seen_at": "today"},
}


def _event(type_: str) -> Event:
    return Event("wms:1", type_, "wms", "stock/wms", "2026-11-22T00:00:00Z", "cor-1", SAID[type_])


@pytest.mark.parametrize("made", [V1, V2, V3])
def test_a_fact_is_published_in_every_version_whichever_its_publisher_makes(made: str) -> None:
    found = published(_event(made), STEPS)
    assert [(e.type, e.data) for e in found] == [(t, SAID[t]) for t in (V1, V2, V3)]
    assert {(e.id, e.correlation_id, e.subject, e.time) for e in found} == {
        ("wms:1", "cor-1", "stock/wms", "2026-11-22T00:00:00Z")
    }


@pytest.mark.parametrize("made", [V1, V2, V3])
def test_a_version_that_nobody_reads_any_more_is_no_longer_published(made: str) -> None:
    ended = (Step(V1, V2, STEPS[0].up, STEPS[0].down, published=False), STEPS[1])
    assert [e.type for e in published(_event(made), ended)] == [V2, V3]


@pytest.mark.parametrize("made", [V1, V2, V3])
def test_an_event_of_any_version_is_read_as_the_newest_says_it(made: str) -> None:
    assert newest(made, SAID[made], STEPS) == SAID[V3]


def test_an_event_of_a_newer_release_is_refused_with_what_to_do() -> None:
    with pytest.raises(NewerEventError, match=r"stock.seen.v4 is newer than what this release reads \(up to v3\)"):
        newest("stock.seen.v4", {}, STEPS)
    with pytest.raises(NewerEventError, match=r"stock.other.v2 is newer than what this release reads \(up to v1\)"):
        newest("stock.other.v2", {}, STEPS)


@pytest.mark.parametrize("type_", ["stock.other.v1", "no version", ".v2", "stock.v"])
def test_a_type_with_one_version_is_published_and_read_as_it_is(type_: str) -> None:
    event = Event("wms:1", type_, "wms", "stock/wms", "2026-11-22T00:00:00Z", "cor-1", {"a": 1})
    assert published(event, STEPS) == [event]
    assert newest(type_, {"a": 1}, STEPS) == {"a": 1}


def test_every_step_leads_to_the_next_version_of_its_own_type() -> None:
    for step in EDITIONS:
        family, _, version = step.older.rpartition(".v")
        assert step.newer == f"{family}.v{int(version) + 1}"
    assert len({s.older for s in EDITIONS}) == len({s.newer for s in EDITIONS}) == len(EDITIONS)
