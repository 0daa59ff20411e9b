"""What a channel holds beside what it acknowledged and what is true: found by hashes, seen twice, told again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.exchange.digest_store import DigestStore
from crossdock.exchange.leaves import leaf_hashes
from crossdock.exchange.schemes import Accepted, Incoming, verify
from crossdock.exchange.shadow import PREFIX, key_of, row_key
from crossdock.flows.channel_views import still
from crossdock.platform.outbound import Http
from tests.support.crashes import reach
from tests.support.endpoint import Endpoint
from tests.support.world import (
    CORRELATION,
    NOW,
    SECRET,
    Context,
    World,
    configuration,
    dirty_message,
    later,
    movement,
    movements_message,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

SKUS = tuple(f"SKU-{n}" for n in range(8))


@pytest.fixture
def endpoint(world: World, tmp_path: Path) -> Endpoint:
    """The webshop, which says what it holds and was told of eight items, 10 to 17 of each."""
    settings(world, tmp_path)
    found = Endpoint()
    reach(found, world.patch)
    world.knows(*(("wms", f"A{n}", sku) for n, sku in enumerate(SKUS)))
    moved(world, *(movement(f"m{n}", 10 + n, item=f"A{n}") for n in range(len(SKUS))))
    tell(world, *SKUS)
    digest(world)
    found.posts.clear()
    return found


def settings(world: World, tmp_path: Path, heal_cap: int = 200, **more: Any) -> None:
    changes: dict[str, Any] = {"reconciliation": {"settle_seconds": 0, "heal_cap": heal_cap, **more}}
    changes["channels"] = {"webshop": {"digest": True, "publishes": ["availability"]}}
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, **changes)))
    world.forget_warm_state()


def moved(world: World, *movements: dict[str, Any]) -> None:
    world.call("apply_movements", world.queue_event("movements", [movements_message(*movements)]))
    world.project()


def tell(world: World, *skus: str) -> None:
    message = dirty_message("webshop", *(("availability", sku) for sku in skus))
    assert world.call("deliver_to_channel", world.queue_event("channel-webshop", [message]), Context()) == {
        "batchItemFailures": []
    }


def digest(world: World) -> None:
    """Lets the whole stream be added up (again, as far as it was before)."""
    world.call("digest_shadows", {"Records": world.stream("exchange")}, Context())


def reconcile(world: World, **event: Any) -> dict[str, Any]:
    report = world.call("reconcile_channel", {"channel": "webshop", "correlation_id": CORRELATION, **event}, Context())
    (kind,) = report["kinds"]
    found: dict[str, Any] = kind
    return found


def heal(world: World) -> list[str]:
    """Lets the marks that were sent go their way; gives back the items."""
    messages = world.take("channel-webshop")
    assert world.call("deliver_to_channel", world.queue_event("channel-webshop", messages), Context()) == {
        "batchItemFailures": []
    }
    return [mark["key"] for message in messages for mark in message["keys"]]


def actions(report: dict[str, Any]) -> dict[str, str]:
    return {d["key"]: f"{d['why']} {d['action']}" for d in report["drifts"]}


# -- digests ---------------------------------------------------------------------------------------------------


def test_a_digest_is_the_sum_over_what_was_acknowledged_however_often_the_stream_comes(
    world: World, endpoint: Endpoint
) -> None:
    moved(world, movement("p1", 10, item="A0", type="pick"))
    tell(world, "SKU-0")
    digest(world)
    digest(world)

    rows = [r for r in world.rows("exchange") if r["pk"].startswith(PREFIX)]
    reckoned = leaf_hashes((key_of(r), r["ackval"]) for r in rows)
    assert len(reckoned) == len(SKUS)
    assert DigestStore(world.table("exchange")).leaves("webshop", "availability") == reckoned


def test_what_was_never_acknowledged_is_in_no_digest(world: World, endpoint: Endpoint) -> None:
    world.knows(("wms", "NEW", "SKU-NEW"))
    moved(world, movement("n1", 3, item="NEW"))
    before = DigestStore(world.table("exchange")).leaves("webshop", "availability")
    endpoint.answer = HttpAnswer(503)
    message = dirty_message("webshop", ("availability", "SKU-NEW"))
    world.call("deliver_to_channel", world.queue_event("channel-webshop", [message]), Context())

    digest(world)

    assert DigestStore(world.table("exchange")).leaves("webshop", "availability") == before


# -- agreement -------------------------------------------------------------------------------------------------


def test_a_channel_that_holds_what_it_acknowledged_is_left_alone(world: World, endpoint: Endpoint) -> None:
    reconcile(world, full=True)
    before = world.dump()

    report = reconcile(world, full=True)

    assert report == {
        "kind": "availability",
        "leaves_compared": 4096,
        "leaves_differing": 0,
        "leaves_left": 0,
        "settling": 0,
        "looked_at": 8,
        "no_digest": None,
        "drifted": 0,
        "healed": 0,
        "raised": 0,
        "drifts": [],
    }
    assert world.dump() == before
    assert world.take("channel-webshop") == []
    assert [url.split("?")[1] for url in endpoint.gets] == ["kind=availability"] * 2


def test_a_late_digest_makes_the_look_longer_and_finds_nothing(world: World, endpoint: Endpoint) -> None:
    moved(world, movement("p1", 4, item="A1", type="pick"))
    tell(world, "SKU-1")

    report = reconcile(world)

    assert (report["leaves_differing"], report["drifted"]) == (1, 0)


# -- drift -----------------------------------------------------------------------------------------------------


def test_what_the_channel_lost_or_changed_is_told_again_the_second_time_it_is_seen(
    world: World, endpoint: Endpoint
) -> None:
    del endpoint.held["availability", "SKU-1"]
    endpoint.held["availability", "SKU-2"] = (1, {"available": 99})
    endpoint.held["availability", "SKU-3"] = (8, {"available": 0})

    first = reconcile(world)
    assert world.take("channel-webshop") == []
    second = reconcile(world)

    assert actions(first) == dict.fromkeys(SKUS[1:4], "held seen")
    assert actions(second) == dict.fromkeys(SKUS[1:4], "held healed")
    assert sorted(heal(world)) == list(SKUS[1:4])
    assert {sku: endpoint.held["availability", sku] for sku in SKUS[1:4]} == {
        "SKU-1": (2, {"available": 11}),
        "SKU-2": (2, {"available": 12}),
        "SKU-3": (9, {"available": 13}),
    }
    assert sorted(i["sku"] for i in endpoint.items) == list(SKUS[1:4]), "exactly those"
    digest(world)
    assert reconcile(world)["leaves_differing"] == 0
    assert world.row("exchange", "DRIFT#webshop", "availability") is None
    assert world.rows("exceptions") == []


def test_a_difference_that_changes_between_runs_is_not_healed_yet(world: World, endpoint: Endpoint) -> None:
    endpoint.held["availability", "SKU-1"] = (1, {"available": 98})
    reconcile(world)
    endpoint.held["availability", "SKU-1"] = (1, {"available": 99})

    assert actions(reconcile(world)) == {"SKU-1": "held seen"}
    assert actions(reconcile(world)) == {"SKU-1": "held healed"}


def test_a_row_that_changed_a_moment_ago_is_not_judged(world: World, endpoint: Endpoint, tmp_path: Path) -> None:
    settings(world, tmp_path, settle_seconds=10_000_000)
    del endpoint.held["availability", "SKU-1"]

    report = reconcile(world)

    assert (report["leaves_differing"], report["settling"], report["drifted"]) == (1, 1, 0)
    assert world.row("exchange", "DRIFT#webshop", "availability") is None


def test_a_lost_mark_and_an_item_that_was_never_told_are_found_by_looking(world: World, endpoint: Endpoint) -> None:
    world.knows(("wms", "NEW", "SKU-NEW"))
    moved(world, movement("n1", 3, item="NEW"), movement("p1", 4, item="A4", type="pick"))

    first, second = reconcile(world, full=True), reconcile(world)

    assert actions(first) == {"SKU-4": "told seen", "SKU-NEW": "told seen"}
    assert actions(second) == {"SKU-4": "told healed", "SKU-NEW": "told healed"}
    heal(world)
    assert endpoint.held["availability", "SKU-4"] == (2, {"available": 10})
    assert endpoint.held["availability", "SKU-NEW"] == (1, {"available": 3})


def test_a_change_that_is_kept_back_is_no_drift(world: World, endpoint: Endpoint, tmp_path: Path) -> None:
    path = configuration(
        tmp_path,
        channels={"webshop": {"publishes": ["availability"], "threshold": 5, "digest": False}},
        reconciliation={"settle_seconds": 0},
    )
    world.patch.setenv("CROSSDOCK_CONFIG", str(path))
    world.forget_warm_state()
    moved(world, movement("p1", 4, item="A4", type="pick"))

    report = reconcile(world, full=True)

    assert (report["leaves_compared"], report["looked_at"], report["drifted"]) == (0, 8, 0)
    assert endpoint.gets == []


def test_a_row_that_was_lost_here_is_told_above_the_version_the_channel_has(world: World, endpoint: Endpoint) -> None:
    endpoint.held["availability", "SKU-5"] = (7, {"available": 15})
    pk, sk = row_key("webshop", "availability", "SKU-5")
    world.table("exchange").delete((pk, sk))
    digest(world)

    reports = [reconcile(world), reconcile(world)]
    heal(world)

    assert [actions(r) for r in reports] == [{"SKU-5": "held seen"}, {"SKU-5": "held healed"}]
    assert endpoint.held["availability", "SKU-5"] == (8, {"available": 15})


def test_what_the_channel_holds_and_nobody_here_knows_is_raised(world: World, endpoint: Endpoint) -> None:
    endpoint.held["availability", "GHOST"] = (3, {"available": 1})

    reports = [reconcile(world), reconcile(world), reconcile(world)]

    assert [actions(r) for r in reports] == [
        {"GHOST": "unknown seen"},
        {"GHOST": "unknown raised"},
        {"GHOST": "unknown raised"},
    ]
    ((group,),) = [list(world.exceptions.groups())]
    assert (group.kind, group.source, group.subject, group.open) == (
        "channel_holds_unknown",
        "webshop",
        "availability",
        1,
    )
    assert world.take("channel-webshop") == []


def test_above_the_cap_nothing_is_healed_and_one_exception_has_the_evidence(
    world: World, endpoint: Endpoint, tmp_path: Path
) -> None:
    settings(world, tmp_path, heal_cap=2)
    for sku in SKUS[:4]:
        endpoint.held["availability", sku] = (5, {"available": 99})

    reports = [reconcile(world), reconcile(world)]

    assert [(len(r["drifts"]), r["leaves_left"], r["healed"]) for r in reports] == [(3, 1, 0), (3, 1, 0)]
    assert world.take("channel-webshop") == []
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (group.kind, occurrence.route) == ("channel_drift_above_cap", "channel-webshop")
    assert occurrence.message["keys"][0]["evidence"]["other"] == '{"available":99}'
    mark = {"exception": group.id, "occurrence": occurrence.id, "run": "run-1"}
    assert world.exceptions.begin_replay(occurrence, "run-1", "ann")
    replayed = {**occurrence.message, "replay": mark}
    world.call("deliver_to_channel", world.queue_event("channel-webshop", [replayed]), Context())
    assert sum(v == (6, {"available": 10 + n}) for n in range(4) for v in [endpoint.held["availability", SKUS[n]]]) == 3


@pytest.mark.parametrize("heal_cap", [200, 2])
def test_drift_is_remembered_and_mended_or_shown_however_long_its_values_are(
    world: World, endpoint: Endpoint, tmp_path: Path, heal_cap: int
) -> None:
    settings(world, tmp_path, heal_cap=heal_cap)
    for sku in SKUS:
        endpoint.held["availability", sku] = (5, {"available": 99, "note": "x" * 150_000})

    reports = [reconcile(world), reconcile(world)]

    drifted = len(reports[0]["drifts"])
    assert drifted == (8 if heal_cap == 200 else 3)
    assert [r["healed"] for r in reports] == [0, 8 if heal_cap == 200 else 0]
    assert [g.kind for g in world.exceptions.groups()] == ([] if heal_cap == 200 else ["channel_drift_above_cap"])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (HttpAnswer(404), "HTTP 404"),
        (HttpAnswer(0, detail="refused"), "refused"),
        (HttpAnswer(200, b"<html>"), "not JSON"),
        (HttpAnswer(200, b"[]"), "not a JSON object"),
        (HttpAnswer(200, b'{"leaves": []}'), '"leaves"'),
        (HttpAnswer(200, b'{"leaves": {"4096": "00"}}'), "4096"),
        (HttpAnswer(200, b'{"leaves": {"1": "\\ud800"}}'), "half a surrogate pair"),
    ],
)
def test_a_channel_that_gives_no_digest_is_looked_at_all_the_same(
    world: World, endpoint: Endpoint, answer: HttpAnswer, said: str
) -> None:
    endpoint.get_answer = answer
    moved(world, movement("p1", 4, item="A4", type="pick"))

    report = reconcile(world, full=True)

    assert said in report["no_digest"]
    assert actions(report) == {"SKU-4": "told seen"}


def test_a_question_is_signed_over_its_query(world: World, endpoint: Endpoint) -> None:
    asked: list[tuple[str, dict[str, str]]] = []
    world.patch.setattr(Http, "get", lambda _, url, headers: asked.append((url, headers)) or endpoint.get(url, headers))

    reconcile(world)

    ((url, headers),) = asked
    assert url == "http://webshop.invalid/hooks/digest?kind=availability"
    incoming = Incoming.of("GET", "", headers.items(), b"kind=availability")
    found = verify("standard-webhooks", incoming, [SECRET], NOW, 300)
    assert isinstance(found, Accepted)
    assert found.delivery_id.startswith("msg_")


@pytest.mark.parametrize("channel", ["nobody", "", None])
def test_a_channel_that_is_none_is_named_with_those_that_are(world: World, channel: Any) -> None:
    with pytest.raises(ValueError, match="there are: crm, erp, marketplace, webshop"):
        world.call("reconcile_channel", {"channel": channel}, Context())


def test_price_windows_that_begin_and_end_by_themselves_are_no_drift() -> None:
    told = {
        "unit": "EA",
        "windows": [
            {"from": None, "to": "2026-11-21T08:00:05.000000Z", "rules": ["erp:r1@1"], "tiers": [1]},
            {"from": "2026-11-21T08:00:05.000000Z", "to": None, "rules": ["erp:r1@2"], "tiers": [2]},
        ],
    }

    said = still(lambda: later(6))

    assert said(told) == {"unit": "EA", "windows": [{"from": None, "to": None, "tiers": [2]}]}
    assert still(lambda: later(4))(told)["windows"][1]["from"] == "2026-11-21T08:00:05.000000Z"
    assert said({"available": 1}) == {"available": 1}
