"""Holds end on time: by the message their row causes, whoever else is at work on them, and what is lost is found."""

from __future__ import annotations

import json
import threading
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory.hold_store import row_insert
from crossdock.inventory.holds import Ending, HoldRequest, Line, Place, State
from crossdock.inventory.reserving import Reservations
from crossdock.platform.queues import Sender
from tests.support.reserving import act, body, expire, header, line, look, post, stocked
from tests.support.world import CORRELATION, NOW, Context, later

if TYPE_CHECKING:
    from tests.support.world import World

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(world: World) -> World:
    stocked(world, A1=10)
    return world


def announce(world: World, seen: int = 0) -> list[tuple[dict[str, Any], int]]:
    """The messages (with their seconds) that the stream, but for what was seen, sends to the expiries."""
    sent: list[tuple[dict[str, Any], int]] = []
    send_later = Sender.send_later

    def noted(self: Sender, messages: Any) -> None:
        if self._queue_url == world.urls["expiries"]:
            sent.extend((json.loads(text), seconds) for text, seconds in messages)
        else:
            send_later(self, messages)

    world.patch.setattr(Sender, "send_later", noted)
    world.call("announce_changes", {"Records": world.stream("inventory")[seen:]}, Context())
    world.patch.setattr(Sender, "send_later", send_later)
    return sent


def test_a_new_hold_is_looked_at_after_a_minute_and_then_at_its_end(shop: World) -> None:
    _, held = post(shop)
    rid = held["id"]

    assert announce(shop) == [(look(rid, correlation_id=CORRELATION, abandoned=True), 60)]

    shop.now = later(60)
    before = shop.dump()
    expire(shop, look(rid, abandoned=True))
    assert shop.dump() == before, "it stands, and its time is not over"
    assert shop.take("expiries") == [], "the next message is held back until then"


def test_a_hold_of_many_places_or_of_less_than_a_minute_is_looked_at_at_its_end(shop: World) -> None:
    stocked(shop, A2=5)
    _, many = post(shop, body(line("1"), line("2", "A2"), expires_in_seconds=86_400), "many")
    _, short = post(shop, body(line(quantity=1), expires_in_seconds=30), "short")
    refused = post(shop, body(line(quantity=99)), "refused")
    act(shop, short["id"], "extend", {"expires_in_seconds": 900})

    sent = {message["reservation"]: (message["abandoned"], seconds) for message, seconds in announce(shop)}

    # The refused one was OPEN for a moment: its look finds it ended.
    assert sent == {
        many["id"]: (False, 900),
        short["id"]: (False, 30),
        refused[1]["reservation"]: (True, 60),
    }


def test_a_hold_ends_when_its_time_is_over_and_once(shop: World) -> None:
    _, held = post(shop, body(expires_in_seconds=30))
    shop.now = later(30)

    expire(shop, look(held["id"]), look(held["id"]))

    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}
    row = shop.row("inventory", f"RSV#{held['id']}", "R")
    assert row is not None
    assert row["st"] == "EXPIRED"
    before = shop.dump()
    expire(shop, look(held["id"]))
    assert shop.dump() == before


def test_an_extended_hold_is_looked_at_again_at_its_new_end(shop: World) -> None:
    _, held = post(shop, body(expires_in_seconds=30))
    act(shop, held["id"], "extend", {"expires_in_seconds": 90})
    shop.now = later(30)
    expire(shop, look(held["id"]))
    assert header(shop)["rsv"] == 5

    shop.now = later(90)
    expire(shop, look(held["id"]))
    assert header(shop)["rsv"] == 0


def test_a_confirmed_hold_does_not_expire(shop: World) -> None:
    _, held = post(shop, body(expires_in_seconds=30))
    act(shop, held["id"], "confirm")
    shop.now = later(60)
    before = shop.dump()

    expire(shop, look(held["id"]))

    assert shop.dump() == before


def test_a_request_whose_writer_died_is_refused_after_a_minute(shop: World) -> None:
    """The row stands and the header was never changed: nobody will say what became of it."""
    store = Reservations(shop.table("inventory"), shop.clock).store
    request = HoldRequest(
        "a" * 20,
        "acme",
        "webshop",
        "hash",
        int(NOW.timestamp()) + 900,
        (Line("1", "A1", "MAIN", 5),),
        (Place("A1", "MAIN", 5),),
        "c",
    )
    store.write([row_insert(store.new(request, "dead", State.OPEN, request.places))])

    expire(shop, look("a" * 20))
    assert shop.row("inventory", "RSV#" + "a" * 20, "R")["st"] == "OPEN", "it may still be at work"  # type: ignore[index]
    expire(shop, look("a" * 20, abandoned=True))

    assert shop.row("inventory", "RSV#" + "a" * 20, "R")["st"] == "REFUSED"  # type: ignore[index]
    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}


def test_a_marker_that_everybody_forgot_is_found_at_the_next_change_of_its_header(shop: World) -> None:
    _, held = post(shop, body(expires_in_seconds=30))
    seen = len(shop.stream("inventory"))
    shop.now = later(30 + 119)
    post(shop, body(line(quantity=1)), "another")
    assert [m["kind"] for m, _ in announce(shop, seen)] == ["expire"], "its message may only be late"
    shop.now = later(30 + 120)
    post(shop, body(line(quantity=1)), "one-more")

    reclaims = [m for m, _ in announce(shop, seen) if m["kind"] == "reclaim"]
    assert reclaims == [{"v": 1, "kind": "reclaim", "sku": "A1", "warehouse": "MAIN", "shard": -1}]
    expire(shop, *reclaims)

    assert shop.row("inventory", f"RSV#{held['id']}", "R")["st"] == "EXPIRED"  # type: ignore[index]
    assert header(shop) == {"oh": 10, "av": 8, "rsv": 2, "cm": 0}


def test_what_is_no_message_is_an_exception_and_the_others_go_on(shop: World) -> None:
    _, held = post(shop, body(expires_in_seconds=30))
    shop.now = later(30)

    expire(shop, "no json", {"kind": "expire"}, {"kind": "reclaim"}, look(held["id"]))

    assert header(shop)["rsv"] == 0
    (group,) = shop.exceptions.groups()
    assert (group.kind, group.subject, group.open) == ("unreadable_message", "queue/expiries", 3)


def test_two_sweepers_and_a_confirmation_at_once_end_a_hold_once(shop: World) -> None:
    """Real threads on the engine: whoever changes the row first is right, and the units go one way."""
    for round_ in range(12):
        _, held = post(shop, body(line(quantity=1), expires_in_seconds=30), f"k{round_}")
        # Two clocks: the sweepers' says that the time is over, the confirmation's that it is not.
        sweepers = [Reservations(shop.table("inventory"), lambda: later(30)) for _ in range(2)]
        confirmer = Reservations(shop.table("inventory"), lambda: later(29))
        start, endings = threading.Barrier(3), []

        def run(work: Any, start: threading.Barrier = start, endings: list[Any] = endings) -> None:
            start.wait()
            endings.append(work())

        works = [partial(s.expire, held["id"]) for s in sweepers] + [partial(confirmer.confirm, held["id"])]
        threads = [threading.Thread(target=run, args=(w,)) for w in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        row = shop.row("inventory", f"RSV#{held['id']}", "R")
        assert row is not None
        state = row["st"]
        assert state in {"EXPIRED", "CONFIRMED"}
        found = header(shop)
        assert found["rsv"] == 0
        assert found["cm"] == (1 if state == "CONFIRMED" else 0)
        assert found["av"] == 10 - found["cm"]
        if state == "CONFIRMED":
            assert confirmer.cancel(held["id"]).ending is Ending.DONE


def test_a_sweeper_against_a_slow_writer(shop: World) -> None:
    """The sweeper gives a writer up that is only slow: the writer finds that out, and nothing stays taken."""
    reservations = Reservations(shop.table("inventory"), shop.clock, timer=chain([0.0], repeat(100.0)).__next__)
    request = HoldRequest(
        "b" * 20,
        "acme",
        "webshop",
        "hash",
        int(NOW.timestamp()) + 900,
        (Line("1", "A1", "MAIN", 5),),
        (Place("A1", "MAIN", 5),),
        "c",
    )
    store, write = reservations.store, reservations.store.write

    def swept_between(writes: Any) -> Any:
        """Its answer is on its way for so long that the sweeper comes first."""
        shop.patch.setattr(store, "write", write)
        (row, *_), rest = write(writes[:1]), writes[1:]
        Reservations(shop.table("inventory"), shop.clock).expire("b" * 20, abandoned=True)
        return [row, *write(rest)]

    shop.patch.setattr(store, "write", swept_between)
    decision = reservations.create(request)

    assert decision.answer.value == "refused"
    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}
