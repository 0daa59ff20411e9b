"""A channel that does not take deliveries: what it is to be told is parked, once an item, and told when it is back."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.exchange.delivery import Dirty
from crossdock.exchange.health_store import HealthStore
from crossdock.exchange.park_store import ParkStore
from crossdock.exchange.shadow import Claim, ShadowStore
from crossdock.flows import draining
from crossdock.platform.dynamo import to_item
from crossdock.platform.outbound import Http
from crossdock.platform.sequences import chunks
from crossdock_cli import channel_states, main
from crossdock_cli.errors import CliError
from tests.support import figures
from tests.support.crashes import reach
from tests.support.endpoint import Endpoint
from tests.support.lane import Lane, lanes
from tests.support.publishing import Prices, rule
from tests.support.tables import table_name
from tests.support.world import NOW, NOW_TEXT, Context, World, configuration, dirty_message, later, set_secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crossdock.exchange.breaker import Health

pytestmark = pytest.mark.integration

HEADER = {"ss": 0, "qc": 0, "dmg": 0, "rsv": 0, "cm": 0, "sh": 0, "n": 1, "lag": 0, "cors": [], "ver": 1, "pos": -1}
DOWN = HttpAnswer(503, detail="HTTP 503")


@pytest.fixture
def endpoint(world: World) -> Endpoint:
    found = Endpoint()
    reach(found, world.patch)
    return found


@pytest.fixture
def lane(world: World, endpoint: Endpoint) -> Lane:
    return lanes(world, "webshop")[0]


def limits(world: World, folder: Path, **settings: Any) -> None:
    """Other settings for the webshop."""
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(folder, channels={"webshop": settings})))
    world.forget_warm_state()


def hold(world: World, stock: Mapping[str, int]) -> None:
    """What there is of some items in MAIN, as their headers say."""
    rows: list[Any] = [
        {"pk": f"T#{sku}", "sk": "A#MAIN", **HEADER, "oh": q, "av": q, "pl": q, "seq": "1", "at": NOW_TEXT}
        for sku, q in stock.items()
    ]
    for part in chunks(rows, 25):
        requests: Any = {table_name("inventory"): [{"PutRequest": {"Item": to_item(row)}} for row in part]}
        assert not world.target.dynamodb.batch_write_item(RequestItems=requests)["UnprocessedItems"]


def marks(*skus: str, **more: Any) -> dict[str, Any]:
    return dirty_message("webshop", *(("availability", sku) for sku in skus), **more)


def health(world: World) -> Health:
    return HealthStore(world.table("exchange")).read("webshop", consistent=True)


def parked(world: World) -> dict[str, int]:
    """How often each parked item was marked."""
    store = ParkStore(world.table("exchange"), world.clock)
    return {p.mark.key: p.times for p in store.everything("webshop", "availability")}


def told(endpoint: Endpoint) -> dict[str, int]:
    """How often each item was sent in a delivery that was taken, or not."""
    found: dict[str, int] = {}
    for item in endpoint.items:
        found[item["sku"]] = found.get(item["sku"], 0) + 1
    return found


def held(endpoint: Endpoint) -> dict[str, int]:
    return {key: fields["available"] for (_, key), (_, fields) in endpoint.held.items()}


def take_down(world: World, lane: Lane, endpoint: Endpoint) -> None:
    """Five deliveries fail, of an item that is parked then."""
    hold(world, {"FIRST": 1})
    endpoint.answer = DOWN
    lane.put(marks("FIRST"))
    for _ in range(100):
        if health(world).parks:
            break
        lane.run(1)
    assert (health(world).state, parked(world)) == ("open", {"FIRST": 1})
    endpoint.posts.clear()


# -- down and back ---------------------------------------------------------------------------------------------


def test_an_hour_down_with_ten_thousand_changes_of_a_thousand_items(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    """On return every item gets its latest state, once; nothing is dead, and hardly anything was sent in between."""
    skus = [f"S{n:03d}" for n in range(1000)]
    endpoint.answer = DOWN
    for round_ in range(10):
        hold(world, {sku: 10 * round_ + n % 7 + 1 for n, sku in enumerate(skus)})
        for start in range(0, 1000, 100):
            lane.put(marks(*skus[start : start + 100]))
            lane.run(36)
    assert world.now == NOW + timedelta(hours=1)
    sent_in_vain = len(endpoint.posts)
    assert (health(world).state, len(parked(world)), sum(parked(world).values())) == ("open", 1000, 10_000)
    assert sent_in_vain <= 5 + 12, "five failures, then probes 5, 10, 20, … 900 s apart"
    assert [json.loads(m.body)["kind"] for m in lane.messages] == ["drain"]

    endpoint.answer = HttpAnswer(200)
    endpoint.posts.clear()
    lane.run(1800)

    assert held(endpoint) == {sku: 90 + n % 7 + 1 for n, sku in enumerate(skus)}
    assert set(told(endpoint).values()) == {1}
    assert len(endpoint.posts) <= 12, "a probe and pages of a hundred"
    assert (health(world).state, parked(world), lane.messages) == ("closed", {}, [])
    assert (lane.dead, world.rows("exceptions")) == ([], [])
    assert lane.most_receives < 8


def test_an_item_that_is_told_again_what_it_holds_costs_no_request(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    hold(world, {"A": 5, "B": 5})
    lane.put(marks("A", "B"))
    lane.run(1)
    take_down(world, lane, endpoint)
    hold(world, {"A": 9})
    lane.put(marks("A", "B"))
    lane.run(1)
    hold(world, {"A": 5, "B": 6})
    endpoint.answer = HttpAnswer(200)

    lane.run(120)

    assert [(i["sku"], i["available"]) for i in endpoint.items] == [("B", 6), ("FIRST", 1)]
    assert (parked(world), health(world).state) == ({}, "closed")


def test_an_item_that_is_parked_again_while_it_is_told_is_looked_at_once_more(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    take_down(world, lane, endpoint)
    endpoint.answer = HttpAnswer(200)

    def meanwhile() -> None:
        endpoint.on_post = None
        hold(world, {"FIRST": 2})
        ParkStore(world.table("exchange"), world.clock).park("webshop", "availability", [_dirty("FIRST")], "")

    endpoint.on_post = meanwhile
    lane.run(300)

    assert [(i["version"], i["available"]) for i in endpoint.items] == [(1, 1), (2, 2)]
    assert (parked(world), health(world).state) == ({}, "closed")


def _dirty(sku: str) -> Any:
    from crossdock.exchange.delivery import Dirty

    return Dirty(sku, ("c1",))


def test_a_rejected_item_is_an_exception_and_parked_no_more(world: World, lane: Lane, endpoint: Endpoint) -> None:
    take_down(world, lane, endpoint)
    endpoint.answer = HttpAnswer(200, b'{"rejected":[{"sku":"FIRST","reason":"no such listing"}]}')

    lane.run(300)

    assert [(g.kind, g.subject) for g in world.exceptions.groups()] == [("delivery_refused", "availability/FIRST")]
    assert (parked(world), health(world).state) == ({}, "closed")


def test_whatever_words_a_channel_rejects_an_item_with_it_is_an_exception(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    hold(world, {"A": 5, "B": 5})
    reason = json.dumps("half \ud800, \x1b]0;owned\x07")
    endpoint.answer = HttpAnswer(200, f'{{"rejected":[{{"sku":"A","reason":{reason}}}]}}'.encode())
    lane.put(marks("A", "B"))

    lane.run(60)

    (group,) = world.exceptions.groups()
    assert (group.subject, told(endpoint)) == ("availability/A", {"A": 1, "B": 1})
    assert group.detail == "webshop does not take the availability of A: half \ufffd, \ufffd]0;owned\ufffd"
    assert (lane.messages, parked(world)) == ([], {})


def test_whatever_words_a_channel_is_down_with_its_breaker_opens(world: World, lane: Lane, endpoint: Endpoint) -> None:
    endpoint.answer = HttpAnswer(0, detail="half \ud800, \x1b]0;owned\x07")
    hold(world, {"A": 5})
    lane.put(marks("A"))

    lane.run(60)

    assert (health(world).state, health(world).error) == ("open", "half \ufffd, \ufffd]0;owned\ufffd")


def test_a_channel_without_an_address_is_parked_for_too(world: World, lane: Lane, endpoint: Endpoint) -> None:
    set_secret(world, "channels/webshop", {"status": "unset"})
    hold(world, {"A": 5})
    lane.put(marks("A"))

    lane.run(600)

    assert (health(world).state, parked(world), lane.dead) == ("open", {"A": 1}, [])
    assert "crossdock channels set webshop" in health(world).error


def test_a_message_that_came_often_is_parked_before_its_queue_gives_it_up(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    """Another worker has the item whenever the message comes; the channel is well."""
    hold(world, {"A": 5})
    shadow = ShadowStore(world.table("exchange"), world.clock)
    lane.put(marks("A"))
    for _ in range(8):
        state = shadow.read("webshop", "availability", ["A"]).get("A")
        assert shadow.claim("webshop", "availability", [(Claim("A", 1, "{}", shadow.lease()[1]), state)])
        assert parked(world) == {}
        lane.step()
        world.now = min(m.at for m in lane.messages)

    assert (parked(world), lane.most_receives, health(world).state) == ({"A": 1}, 8, "closed")
    lane.run(300)
    assert (held(endpoint), parked(world), lane.messages, health(world).chain) == ({"A": 5}, {}, [], "")


# -- Retry-After -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_a_short_wait_that_a_channel_asks_for_is_kept_by_all_its_messages(
    world: World, lane: Lane, endpoint: Endpoint, status: int
) -> None:
    hold(world, {f"S{n}": 5 for n in range(5)})
    endpoint.answer = HttpAnswer(status, retry_after_s=20)
    lane.put(marks("S0"))
    lane.step(1)
    endpoint.answer = HttpAnswer(200)
    for n in range(1, 5):
        lane.put(marks(f"S{n}"))

    lane.run(19.9)
    assert (len(endpoint.posts), health(world).state) == (1, "closed")
    lane.run(30)

    assert held(endpoint) == {f"S{n}": 5 for n in range(5)}
    assert lane.most_receives == 2


def test_a_long_wait_parks_at_once_and_nobody_calls_before_it_is_over(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    hold(world, {"A": 5, "B": 5})
    endpoint.answer = HttpAnswer(429, retry_after_s=3600)
    lane.put(marks("A"))
    lane.step()
    endpoint.answer = HttpAnswer(200)
    lane.put(marks("B"))

    lane.run(3599)
    assert (len(endpoint.posts), sorted(parked(world)), health(world).state) == (1, ["A", "B"], "open")
    lane.run(60)

    assert (held(endpoint), health(world).state) == ({"A": 5, "B": 5}, "closed")
    assert len(endpoint.posts) == 3, "one in vain, a probe of one item, the other"


def test_other_answers_ask_for_nothing(world: World, lane: Lane, endpoint: Endpoint) -> None:
    hold(world, {"A": 5})
    endpoint.answer = HttpAnswer(500, retry_after_s=3600)
    lane.put(marks("A"))
    lane.step()

    assert (health(world).state, health(world).until) == ("closed", "")


def test_a_storm_of_429_is_answered_with_silence(world: World, lane: Lane, endpoint: Endpoint) -> None:
    """For an hour every request gets a 429 that asks for 2 seconds; a hundred items change every minute."""
    endpoint.answer = HttpAnswer(429, retry_after_s=2)
    for minute in range(60):
        hold(world, {f"S{n:02d}": minute + 1 for n in range(100)})
        lane.put(marks(*(f"S{n:02d}" for n in range(100))))
        lane.run(60)
    assert len(endpoint.posts) <= 18
    assert (lane.dead, world.rows("exceptions")) == ([], [])

    endpoint.answer = HttpAnswer(200)
    endpoint.posts.clear()
    lane.run(1800)

    assert held(endpoint) == {f"S{n:02d}": 60 for n in range(100)}
    assert set(told(endpoint).values()) == {1}


# -- flapping --------------------------------------------------------------------------------------------------


def test_a_channel_that_comes_and_goes_is_asked_less_and_less_often(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    """It takes two deliveries, then none for a minute, and so on: the pauses grow until it stays."""
    hold(world, {f"S{n}": 1 for n in range(150)})
    since = [world.now]

    def ill() -> None:
        if len(endpoint.posts) % 3 == 0:
            since[0] = world.now
        well = endpoint.posts and len(endpoint.posts) % 3 and world.now - since[0] >= timedelta(seconds=60)
        endpoint.answer = HttpAnswer(200) if well else DOWN

    endpoint.on_post = ill
    pauses = []
    for n in range(150):
        lane.put(marks(f"S{n}"))
        lane.run(20)
        if health(world).pause_s not in pauses:
            pauses.append(health(world).pause_s)
    assert pauses[-4:] == sorted(pauses[-4:])
    assert max(pauses) >= 160
    assert (lane.dead, world.rows("exceptions")) == ([], [])

    endpoint.on_post, endpoint.answer = None, HttpAnswer(200)
    lane.run(2000)
    assert (len(held(endpoint)), parked(world), health(world).state) == (150, {}, "closed")


# -- slow and fast, two at once --------------------------------------------------------------------------------


def test_a_fast_channel_does_not_wait_for_a_slow_one(world: World, endpoint: Endpoint) -> None:
    """The webshop answers when it is allowed to; the marketplace is told ten times meanwhile."""
    hold(world, {"A": 5})
    let_go, begun = threading.Event(), threading.Event()
    fast = Endpoint()

    def post(_: Http, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        if "marketplace" in url:
            return fast.post(url, headers, body)
        begun.set()
        assert let_go.wait(60)
        return endpoint.post(url, headers, body)

    world.patch.setattr(Http, "post", post)
    slow = threading.Thread(
        target=lambda: world.call("deliver_to_channel", world.queue_event("channel-webshop", [marks("A")]))
    )
    slow.start()
    try:
        assert begun.wait(60)
        for n in range(10):
            hold(world, {"A": 10 + n})
            message = dirty_message("marketplace", ("availability", "A"))
            answer = world.call("deliver_to_channel", world.queue_event("channel-marketplace", [message]))
            assert answer == {"batchItemFailures": []}
        assert (held(fast), endpoint.posts) == ({"A": 17}, [])
    finally:
        let_go.set()
        slow.join(60)
    assert held(endpoint) == {"A": 5}


def test_many_workers_park_and_drain_at_once_and_each_item_is_told_its_latest_once(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    """Real threads: some park, two drain with equal messages, the channel comes back in between."""
    take_down(world, lane, endpoint)
    world.now += timedelta(hours=1)
    hold(world, {f"S{n:02d}": n + 1 for n in range(60)})
    drains = [json.loads(m.body) for m in lane.drains()]
    lane.messages.clear()
    endpoint.answer = HttpAnswer(200)
    lock = threading.Lock()
    take = endpoint.post

    def post(_: Http, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        with lock:
            return take(url, headers, body)

    world.patch.setattr(Http, "post", post)
    work = [marks(*(f"S{n:02d}" for n in range(start, start + 15))) for start in range(0, 60, 15)]
    failed: list[Any] = []

    def call(message: Any) -> None:
        answer = world.call("deliver_to_channel", world.queue_event("channel-webshop", [message], 8))
        failed.extend(answer["batchItemFailures"])

    threads = [threading.Thread(target=call, args=(m,)) for m in (*work, *drains, *drains)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failed == []
    lane.run(600)

    assert held(endpoint) == {"FIRST": 1, **{f"S{n:02d}": n + 1 for n in range(60)}}
    assert set(told(endpoint).values()) == {1}
    assert (parked(world), lane.messages, health(world).state) == ({}, [], "closed")


def test_who_parks_when_the_channel_has_just_been_trusted_again_has_it_drained(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    """The worker saw it open; before its row is written, another one found nothing parked and closed it."""
    take_down(world, lane, endpoint)
    endpoint.answer = HttpAnswer(200)
    hold(world, {"LATE": 3})
    park = ParkStore.park

    def after_the_other(store: ParkStore, *args: Any) -> int:
        world.patch.setattr(ParkStore, "park", park)
        lane.run(300)
        assert (health(world).state, parked(world), lane.messages) == ("closed", {}, [])
        return park(store, *args)

    world.patch.setattr(ParkStore, "park", after_the_other)
    event = world.queue_event("channel-webshop", [marks("LATE")])
    assert world.call("deliver_to_channel", event, Context()) == {"batchItemFailures": []}

    assert (parked(world), len(lane.drains())) == ({"LATE": 1}, 1)
    lane.run(60)
    assert (held(endpoint), parked(world)) == ({"FIRST": 1, "LATE": 3}, {})


def test_who_trusts_a_channel_again_looks_once_more_for_what_was_parked_meanwhile(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    """Another worker parks between the last look and the row that says closed, and dies before it looks itself."""
    take_down(world, lane, endpoint)
    endpoint.answer = HttpAnswer(200)
    hold(world, {"LATE": 3})
    change = HealthStore.change

    def meanwhile(store: HealthStore, channel: str, known: Health, how: Any) -> Health:
        if known.state == "half" and how(known).state == "closed":
            world.patch.setattr(HealthStore, "change", change)
            ParkStore(world.table("exchange"), world.clock).park("webshop", "availability", [_dirty("LATE")], "")
        return change(store, channel, known, how)

    world.patch.setattr(HealthStore, "change", meanwhile)
    lane.run(300)

    assert HealthStore.change is change, "it was closed"
    assert (held(endpoint), parked(world), health(world).state) == ({"FIRST": 1, "LATE": 3}, {}, "closed")


# -- rates and sizes -------------------------------------------------------------------------------------------


def test_a_channel_gets_no_more_requests_than_its_rate_and_what_is_left_is_told_bit_by_bit(
    world: World, lane: Lane, endpoint: Endpoint, tmp_path: Path
) -> None:
    limits(world, tmp_path, limits={"requests_per_second": 2.0, "burst": 4}, max_batch=1)
    hold(world, {f"S{n:02d}": 5 for n in range(60)})
    at: list[float] = []
    endpoint.on_post = lambda: at.append((world.now - NOW).total_seconds())
    for n in range(0, 60, 10):
        lane.put(marks(*(f"S{m:02d}" for m in range(n, n + 10))))

    lane.run(120)

    assert (len(held(endpoint)), len(at), parked(world)) == (60, 60, {})
    assert all(sum(start <= moment < start + 10 for moment in at) <= 4 + 2 * 10 + 1 for start in at)
    assert at[-1] <= 40, "two a second"
    assert (lane.dead, health(world).state, health(world).chain) == ([], "closed", "")


def test_live_traffic_goes_before_the_backlog_and_the_backlog_goes_on(
    world: World, lane: Lane, endpoint: Endpoint, tmp_path: Path
) -> None:
    """Four requests a second; one live item changes every second while three hundred are drained one by one."""
    limits(world, tmp_path, limits={"requests_per_second": 4.0, "burst": 4}, max_batch=1)
    hold(world, {f"S{n:03d}": 5 for n in range(300)})
    lane.put(marks(*(f"S{n:03d}" for n in range(100))))
    lane.put(marks(*(f"S{n:03d}" for n in range(100, 200))))
    lane.put(marks(*(f"S{n:03d}" for n in range(200, 300))))
    lane.run(5)
    assert len(parked(world)) > 250
    waited = []
    for n in range(60):
        hold(world, {"LIVE": n + 1})
        lane.put(marks("LIVE"))
        lane.run(1)
        waited.append(held(endpoint).get("LIVE") != n + 1)

    assert sum(waited) <= 6, "live traffic is hardly ever parked"
    assert len(parked(world)) < 190, "two of four requests a second are for what is parked"


def test_a_batch_is_split_by_its_bytes_and_an_item_too_large_is_an_exception(
    world: World, lane: Lane, endpoint: Endpoint, tmp_path: Path
) -> None:
    limits(world, tmp_path, limits={"max_body_bytes": 1_000})
    hold(world, {"L" * 900: 7, **{f"S{n}": 5 for n in range(20)}})
    lane.put(marks("L" * 900, *(f"S{n}" for n in range(20))))

    lane.run(60)

    assert held(endpoint) == {f"S{n}": 5 for n in range(20)}
    assert set(told(endpoint).values()) == {1}
    assert len(endpoint.posts) in {2, 3}
    assert all(len(body) <= 1_000 for _, _, body in endpoint.posts)
    (group,) = world.exceptions.groups()
    assert (group.kind, group.open) == ("delivery_refused", 1)
    assert "[channels.webshop.limits] max_body_bytes" in group.detail
    assert (lane.messages, lane.dead, health(world).fails) == ([], [], 0)


# -- what was lost ---------------------------------------------------------------------------------------------


def test_a_message_that_drains_and_was_lost_is_sent_anew_by_live_traffic_or_on_schedule(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    take_down(world, lane, endpoint)
    for by_schedule in (True, False):
        lane.messages.clear()
        assert watch(world)["webshop"] == {"state": "open", "revived": False}
        world.now += timedelta(hours=1)
        if by_schedule:
            assert watch(world)["webshop"] == {"state": "open", "revived": True}
        else:
            lane.put(marks("FIRST"))
            lane.run(0.5)
        assert len(lane.drains()) == 1
    endpoint.answer = HttpAnswer(200)
    lane.run(600)
    assert (held(endpoint), health(world).state) == ({"FIRST": 1}, "closed")
    closed = {"state": "closed", "revived": False}
    assert watch(world) == dict.fromkeys(("webshop", "marketplace", "crm", "erp"), closed)


def watch(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.call("watch_channels", {}, Context())["channels"]
    return found


def test_a_metric_says_of_each_channel_whether_its_breaker_is_open(
    world: World, lane: Lane, endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    take_down(world, lane, endpoint)
    capsys.readouterr()

    watch(world)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert {line["channel"]: line["ChannelOpen"] for line in lines} == {
        "webshop": 1,
        "marketplace": 0,
        "crm": 0,
        "erp": 0,
    }
    assert lines[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage", "channel"]]


def sent(world: World, document: Mapping[str, Any], seconds_ago: int) -> dict[str, Any]:
    event = world.queue_event("channel-webshop", [document])
    at = world.now - timedelta(seconds=seconds_ago)
    event["Records"][0]["attributes"]["SentTimestamp"] = str(int(at.timestamp() * 1000))
    return event


def test_what_a_channel_takes_fails_and_rejects_is_measured_and_parked_items_are_as_old_as_their_marks(
    world: World, endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(world, {"A": 1, "B": 2})
    shop = {"channel": "webshop"}

    world.call("deliver_to_channel", sent(world, marks("A", "B"), 3), Context())
    assert figures.measured(capsys) == [("Delivered", 2, "Count", shop), ("DeliveryLag", [3_000], "Milliseconds", shop)]

    endpoint.answer = DOWN
    hold(world, {"A": 5})
    world.call("deliver_to_channel", sent(world, marks("A"), 3), Context())
    assert figures.measured(capsys) == [("DeliveryFailed", 1, "Count", shop)]

    ParkStore(world.table("exchange"), world.clock).park(
        "webshop", "availability", [Dirty("A", (), since=NOW_TEXT)], ""
    )
    world.now = later(600)
    endpoint.answer = HttpAnswer(200)
    world.call("deliver_to_channel", world.queue_event("channel-webshop", [draining.message("webshop", 1)]), Context())
    assert figures.measured(capsys) == [
        ("Delivered", 1, "Count", shop),
        ("DeliveryLag", [600_000], "Milliseconds", shop),
    ]


def test_a_stale_message_that_drains_does_nothing(world: World, lane: Lane, endpoint: Endpoint) -> None:
    take_down(world, lane, endpoint)
    (message,) = [json.loads(m.body) for m in lane.drains()]
    world.now += timedelta(hours=1)
    before = world.dump()

    lane.messages.clear()
    lane.put({**message, "hop": message["hop"] - 1})
    lane.step()

    assert (world.dump(), lane.messages, endpoint.posts) == (before, [], [])


# -- by hand ---------------------------------------------------------------------------------------------------


def crossdock(world: World, *arguments: str) -> Any:
    """What `crossdock channels … --json` prints."""
    world.patch.setattr(channel_states, "connect", lambda _: world.target)
    done = CliRunner().invoke(main.app, ["channels", *arguments, "--json"])
    if isinstance(done.exception, CliError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def sent_by_hand(world: World, lane: Lane) -> None:
    """The command has a client of its own: its message is on the emulator's queue."""
    (message,) = world.take("channel-webshop")
    lane.put(message)


def test_a_paused_channel_is_told_nothing_and_afterwards_everything_once(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    world.patch.setattr(channel_states, "system_clock", world.clock)
    hold(world, {"A": 5, "B": 6})
    assert crossdock(world, "pause", "webshop", "--why", "their move") == {"channel": "webshop", "state": "paused"}
    for _ in range(5):
        lane.put(marks("A", "B"))
        lane.run(3600)
    assert (endpoint.posts, lane.messages, parked(world)) == ([], [], {"A": 5, "B": 5})
    assert watch(world)["webshop"] == {"state": "paused", "revived": False}
    (found,) = crossdock(world, "status", "webshop")
    assert (found["state"], found["parked"], found["changes_parked"], found["oldest"], found["error"]) == (
        "paused",
        2,
        10,
        NOW_TEXT,
        "their move",
    )

    assert crossdock(world, "resume", "webshop") == {"channel": "webshop", "state": "half", "parked": 2}
    sent_by_hand(world, lane)
    lane.run(600)

    assert (held(endpoint), set(told(endpoint).values())) == ({"A": 5, "B": 6}, {1})
    assert (parked(world), health(world).state, lane.messages) == ({}, "closed", [])


def test_a_kind_of_which_much_is_parked_does_not_keep_another_waiting(
    world: World, lane: Lane, endpoint: Endpoint, tmp_path: Path
) -> None:
    world.patch.setattr(channel_states, "system_clock", world.clock)
    limits(world, tmp_path, max_batch=1, publishes=["availability", "price"])
    skus = [f"SKU-{n:02}" for n in range(20)]
    hold(world, dict.fromkeys(skus, 5))
    crossdock(world, "pause", "webshop")
    lane.put(marks(*skus))
    lane.put(dirty_message("webshop", ("price", "SKU-00")))
    lane.run(1)
    assert len(parked(world)) == 20
    crossdock(world, "resume", "webshop")
    sent_by_hand(world, lane)

    assert (lane.step(), lane.step()) == (True, True)

    store = ParkStore(world.table("exchange"), world.clock)
    assert list(store.everything("webshop", "price")) == []
    assert len(parked(world)) == 11


def test_status_says_of_a_channel_that_is_down_when_it_is_tried_and_why(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    world.patch.setattr(channel_states, "system_clock", world.clock)
    take_down(world, lane, endpoint)

    found = {c["channel"]: c for c in crossdock(world, "status")}
    shop, market = found["webshop"], found["marketplace"]

    assert (shop["channel"], shop["state"], shop["parked"], shop["error"]) == ("webshop", "open", 1, "HTTP 503")
    assert (shop["next_probe"], shop["pause_seconds"]) == (health(world).until, 5)
    assert (market["state"], market["parked"], market["next_probe"], market["error"]) == ("closed", 0, None, None)
    said = CliRunner().invoke(main.app, ["channels", "status"]).stdout
    assert "DOWN: what it is to be told is parked" in said

    endpoint.answer = HttpAnswer(200)
    crossdock(world, "resume", "webshop")  # without waiting for the probe
    sent_by_hand(world, lane)
    lane.run(1)
    assert held(endpoint) == {"FIRST": 1}


def test_what_cannot_be_paused_or_resumed_is_said(world: World, lane: Lane, endpoint: Endpoint) -> None:
    before = world.dump()
    for arguments, problem in (
        (("pause", "nobody"), "no channel 'nobody'"),
        (("status", "nobody"), "no channel 'nobody'"),
        (("resume", "nobody"), "no channel 'nobody'"),
        (("resume", "webshop"), "webshop is neither paused nor down: it takes deliveries"),
    ):
        with pytest.raises(CliError, match=problem):
            crossdock(world, *arguments)
    assert (world.dump(), lane.messages) == (before, [])
    crossdock(world, "pause", "webshop")
    crossdock(world, "resume", "webshop")
    with pytest.raises(CliError, match="neither paused nor down: it is coming back, and was told to begin already"):
        crossdock(world, "resume", "webshop")
    crossdock(world, "pause", "webshop")
    before = world.dump()
    with pytest.raises(CliError, match="paused already: paused by hand"):
        crossdock(world, "pause", "webshop")
    assert world.dump() == before


# -- prices ----------------------------------------------------------------------------------------------------


def test_prices_that_are_parked_are_not_taken_for_acknowledged(world: World, tmp_path: Path) -> None:
    """The note of what is not acknowledged stays until what it names was told."""
    prices = Prices(world, tmp_path)
    prices.classes("list")
    (lane,) = lanes(world, "webshop")
    prices.rules(rule(1, 1, "2.55"))
    found = prices.compute()
    prices.endpoint.answer = DOWN
    HealthStore(world.table("exchange")).change("webshop", health(world), lambda h: replace(h, fails=4))
    for message in [*found, *(json.loads(m.body) for m in lane.messages)]:
        lane.put(message)
    lane.run(1)
    assert health(world).state == "open"

    def notes() -> list[str]:
        return sorted(r["pk"].split("#")[0] for r in world.rows("exchange") if r["pk"].startswith(("PEND#", "NOTED#")))

    assert notes() == ["NOTED", "PEND"]
    prices.endpoint.answer = HttpAnswer(200)
    lane.run(300)
    assert (notes(), health(world).state, lane.messages) == ([], "closed", [])
    assert list(prices.endpoint.held) == [("price", "SKU-1")]


# -- an item that it fails over --------------------------------------------------------------------------------


def fails_over(endpoint: Endpoint, sku: str, status: int = 503) -> None:
    """Whatever holds this item gets an error, all else is taken."""

    def look() -> None:
        skus = {item["sku"] for item in json.loads(endpoint.posts[-1][2])["data"]["items"]}
        endpoint.answer = HttpAnswer(status, detail=f"HTTP {status}") if sku in skus else HttpAnswer(200)

    endpoint.on_post = look


def test_an_item_that_a_channel_fails_over_keeps_no_other_waiting_and_becomes_an_exception(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    """The breaker does not open; who mends it replays the exception, and it is told."""
    hold(world, {"A-BAD": 1, **{f"S{n}": 5 for n in range(10)}})
    fails_over(endpoint, "A-BAD")
    lane.put(marks("A-BAD", *(f"S{n}" for n in range(10))))

    lane.run(30)
    assert (held(endpoint), parked(world)) == ({f"S{n}": 5 for n in range(10)}, {"A-BAD": 1})
    for n in range(60):
        hold(world, {"S0": n + 10})
        lane.put(marks("S0"))
        lane.run(20)
        assert (held(endpoint)["S0"], health(world).state) == (n + 10, "closed")

    (group,) = world.exceptions.groups()
    assert (group.kind, group.subject, group.open) == ("delivery_refused", "availability/A-BAD", 1)
    assert group.detail == (
        "webshop does not take the availability of A-BAD: "
        "HTTP 503, 5 times when it was told alone while others were taken"
    )
    assert (parked(world), lane.messages, lane.dead) == ({}, [], [])
    assert sum(item["sku"] == "A-BAD" for item in endpoint.items) <= 3 + 4 + 5

    endpoint.on_post, endpoint.answer = None, HttpAnswer(200)
    lane.put(marks("A-BAD"))
    lane.run(60)
    assert (held(endpoint)["A-BAD"], parked(world), health(world).state) == (1, {}, "closed")


def test_an_item_that_is_throttled_alone_is_not_taken_for_one_that_a_channel_fails_over(
    world: World, lane: Lane, endpoint: Endpoint
) -> None:
    hold(world, {"A": 1, "S0": 5})
    fails_over(endpoint, "A", 429)
    lane.put(marks("A", "S0"))
    for n in range(60):
        hold(world, {"S0": n + 10})
        lane.put(marks("S0"))
        lane.run(20)

    assert (list(world.exceptions.groups()), world.rows("exceptions")) == ([], [])
    assert "A" not in held(endpoint)
    assert "A" in parked(world)
    assert not [row for row in world.rows("exchange") if row["pk"].startswith("SUSPECT#")]
