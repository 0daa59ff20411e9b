"""Hot items by worked examples: where a hold goes, when units are gathered, and what promotion and demotion leave."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory.balancing import Balanced, NotHotError
from crossdock.inventory.holds import Answer, Ending, HoldRequest, Line, Place, State
from crossdock.inventory.hot import CALM_RUNS, Heat, Moves, Shard, gathering, levelling, shard_of, transfer
from crossdock.inventory.reserving import Reservations
from crossdock.platform.writes import Update, When
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from datetime import datetime

pytestmark = pytest.mark.unit

HEADER = ("T#A1", "A#MAIN")
RIDS = [f"r{n}" for n in range(200)]


class Warehouse:
    """A1 in MAIN, and its reservations, at a time that stands still unless moved."""

    def __init__(self, on_hand: int, **fields: Any) -> None:
        self.now = NOW
        self.table = MemoryTable()
        zeros = dict.fromkeys(("ss", "qc", "dmg", "rsv", "cm", "sh", "n", "lag"), 0)
        row = {"pk": HEADER[0], "sk": HEADER[1], "oh": on_hand, **zeros, "av": on_hand, "pl": on_hand, "ver": 1}
        self.table.rows[HEADER] = row | {"seq": "0" * 40, "pos": -1, "at": "", "cors": [], **fields}
        self.reservations = Reservations(self.table, self.clock)
        self.balancer = self.reservations.balancer

    def clock(self) -> datetime:
        return self.now

    @property
    def header(self) -> dict[str, Any]:
        return self.table.rows[HEADER]

    def shards(self, name: str = "av") -> list[Any]:
        return [row[name] for (pk, _), row in sorted(self.table.rows.items()) if "#S" in pk]

    def hold(self, rid: str, quantity: int = 1, *, keep: int = 0, channel: str = "shop", seconds: int = 900) -> Any:
        place = Place("A1", "MAIN", quantity, keep=keep)
        expires = int(self.now.timestamp()) + seconds
        lines = (Line("1", "A1", "MAIN", quantity),)
        request = HoldRequest(rid, "acme", channel, "payload", expires, lines, (place,), "cd-1")
        return self.reservations.create(request)


# -- promotion, levelling, demotion ----------------------------------------------------------------------------


def test_promotion_leaves_an_eighth_in_the_pool_and_the_rest_to_the_shards() -> None:
    stock = Warehouse(800)

    found = stock.balancer.promote("A1", "MAIN", 4)

    assert found == Balanced("A1", "MAIN", "hot", pinned=True, shards=4, pool=100, free_in_shards=700)
    assert (stock.header["av"], stock.header["pl"], stock.header["sh"], stock.header["hot"]) == (100, 100, 700, 4)
    assert stock.shards() == stock.shards("g") == [175, 175, 175, 175]


def test_promoting_again_changes_nothing_but_may_add_shards() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)

    stock.balancer.promote("A1", "MAIN", 2)
    assert stock.shards() == [175, 175, 175, 175]

    stock.balancer.promote("A1", "MAIN", 7)
    assert stock.shards() == [100] * 7


def test_demotion_brings_everything_back_and_leaves_no_shard() -> None:
    stock = Warehouse(800)
    before = dict(stock.header)
    stock.balancer.promote("A1", "MAIN", 4)

    found = stock.balancer.demote("A1", "MAIN")

    assert (found.state, found.shards, found.pool) == ("ordinary", 0, 800)
    assert {**stock.header, "ver": 1} == before
    assert set(stock.table.rows) == {HEADER}


def test_demotion_waits_for_what_is_held_on_shards() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 3)

    assert stock.balancer.demote("A1", "MAIN").state == "cooling"
    assert (stock.header["av"], stock.header["sh"]) == (797, 3)
    assert [b.state for b in stock.balancer.run()] == ["cooling"]

    stock.reservations.confirm("a")
    assert [b.state for b in stock.balancer.run()] == ["ordinary"]
    assert (stock.header["av"], stock.header["cm"], stock.header["sh"]) == (797, 3, 0)
    assert set(stock.table.rows) == {HEADER, ("RSV#a", "R")}


def test_what_cools_is_granted_nothing() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 3)
    stock.balancer.demote("A1", "MAIN")

    assert stock.balancer.rebalance("A1", "MAIN").free_in_shards == 0


def test_confirmed_units_are_drained_to_the_header() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 3)
    stock.reservations.confirm("a")
    assert (stock.header["cm"], sum(stock.shards("cm"))) == (0, 3)

    stock.balancer.rebalance("A1", "MAIN")

    assert (stock.header["cm"], stock.header["sh"], sum(stock.shards("cm"))) == (3, sum(stock.shards("g")), 0)


def test_what_two_runs_find_at_once_is_drained_once() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 3)
    stock.reservations.confirm("a")
    hot = stock.reservations.hot
    heat = hot.look("A1", "MAIN")
    assert heat is not None

    assert hot.move(heat, levelling(heat))
    before = dict(stock.header)
    assert not hot.move(heat, levelling(heat))

    assert stock.header == before
    assert (stock.header["cm"], stock.shards("cm")) == (3, [0, 0, 0, 0])


def test_a_pool_below_nothing_is_filled_from_the_shards() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    for name in ("oh", "av", "pl"):
        stock.header[name] -= 400

    stock.balancer.rebalance("A1", "MAIN")

    assert (stock.header["pl"], stock.shards()) == (52, [87, 87, 87, 87])


def test_when_less_than_two_for_each_shard_are_left_all_is_in_the_pool() -> None:
    stock = Warehouse(7)

    stock.balancer.promote("A1", "MAIN", 4)

    assert (stock.header["pl"], stock.shards()) == (7, [0, 0, 0, 0])


@pytest.mark.parametrize("shards", [-1, 0, 1, 65])
def test_a_number_of_shards_that_cannot_be_is_refused(shards: int) -> None:
    stock = Warehouse(7)
    before = dict(stock.table.rows)

    with pytest.raises(ValueError, match=f"shards: {shards} is not between 2 and 64"):
        stock.balancer.promote("A1", "MAIN", shards)
    assert stock.table.rows == before


def test_an_item_nobody_knows_or_that_is_not_hot_is_refused() -> None:
    stock = Warehouse(7)
    with pytest.raises(NotHotError, match="nothing was ever recorded of the item 'B2' in the warehouse 'MAIN'"):
        stock.balancer.promote("B2", "MAIN", 4)
    with pytest.raises(NotHotError, match="nothing was ever recorded"):
        stock.balancer.demote("B2", "MAIN")
    with pytest.raises(NotHotError, match="the item 'A1' is not hot in the warehouse 'MAIN'"):
        stock.balancer.rebalance("A1", "MAIN")
    assert set(stock.table.rows) == {HEADER}


# -- by itself -------------------------------------------------------------------------------------------------


def test_a_header_that_is_seen_with_too_many_holds_is_made_hot_by_the_next_run() -> None:
    stock = Warehouse(800)
    for rid in RIDS[:17]:
        stock.hold(rid)
    assert stock.balancer.run() == []
    stock.reservations.get(RIDS[0])
    stock.reservations.release(RIDS[0])  # whoever ends a hold reads its header
    stock.hold(RIDS[17])

    (found,) = stock.balancer.run()

    assert (found.state, found.pinned, found.shards, found.holds) == ("hot", False, 16, 17)


def test_holds_in_a_crowd_double_the_shards() -> None:
    stock = Warehouse(8000)
    stock.balancer.promote("A1", "MAIN", 2)
    for rid in RIDS[:40]:
        stock.hold(rid)

    (found,) = stock.balancer.run()

    assert (found.shards, len(stock.shards())) == (4, 4)


def test_a_calm_item_is_made_ordinary_again_unless_an_operator_made_it_hot() -> None:
    stock, pinned = Warehouse(800), Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4, pinned=False)
    pinned.balancer.promote("A1", "MAIN", 4)

    states = [stock.balancer.run() for _ in range(CALM_RUNS)]
    for _ in range(CALM_RUNS + 1):
        pinned.balancer.run()

    assert [s[0].state for s in states] == ["hot"] * (CALM_RUNS - 1) + ["ordinary"]
    assert pinned.header["hot"] == 4


def test_a_busy_item_stays_hot() -> None:
    stock = Warehouse(8000)
    stock.balancer.promote("A1", "MAIN", 4, pinned=False)
    for run in range(CALM_RUNS + 1):
        for n in range(40):
            stock.hold(f"{run}x{n}")
            stock.reservations.release(f"{run}x{n}")
        stock.balancer.run()

    assert stock.header["hot"] == 4


# -- holds -----------------------------------------------------------------------------------------------------


def test_a_hold_goes_to_the_shard_of_its_id_in_one_round_trip() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    calls: list[int] = []
    stock.table.boundary = lambda: calls.append(1)

    decision = stock.hold("a", 3)

    assert len(calls) == 2  # before and after one call
    assert decision.answer is Answer.HELD
    (place,) = decision.reservation.places
    assert (place.shard, place.quantity, place.own) == (shard_of("a", 4), 3, 0)
    row = stock.table.rows["RSV#a", "R"]
    assert (row["st"], row["places"]) == ("OPEN", [{"sku": "A1", "wh": "MAIN", "q": 3, "s": shard_of("a", 4)}])
    assert sorted(stock.shards()) == [172, 175, 175, 175]
    assert stock.header["av"] == 100


def test_a_release_goes_back_to_its_shard_once() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 3)

    assert stock.reservations.release("a").ending is Ending.DONE
    assert stock.reservations.release("a").ending is Ending.DONE

    assert (stock.shards(), stock.shards("rsv")) == ([175] * 4, [0] * 4)


def test_a_process_that_does_not_know_finds_the_shards_by_itself() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.reservations = Reservations(stock.table, stock.clock)

    decision = stock.hold("a", 150)

    assert decision.answer is Answer.HELD
    assert decision.reservation.places[0].shard == shard_of("a", 4)
    assert stock.reservations.get("a").state is State.HELD


def test_a_process_that_believes_in_shards_that_are_gone_finds_the_header() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    other = Reservations(stock.table, stock.clock)
    other.balancer.demote("A1", "MAIN")

    decision = stock.hold("a", 3)

    assert (decision.answer, decision.reservation.places[0].shard) == (Answer.HELD, -1)
    assert (stock.header["av"], stock.header["rsv"]) == (797, 3)


def test_nobody_is_refused_while_the_units_are_anywhere() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)

    held = [stock.hold(rid, 4).answer for rid in RIDS]

    assert held == [Answer.HELD] * 200
    assert stock.hold("onemore").answer is Answer.REFUSED
    assert (stock.header["av"], sum(stock.shards())) == (0, 0)


def test_scattered_units_are_gathered_for_a_hold_that_no_place_could_give() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)

    decision = stock.hold("a", 800)

    assert (decision.answer, decision.reservation.places[0].shard) == (Answer.HELD, -1)
    assert (stock.header["rsv"], stock.header["sh"], stock.header["av"]) == (800, 0, 0)


def test_a_refusal_says_what_there_is_in_all() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)

    decision = stock.hold("a", 801)

    assert (decision.answer, [s.available for s in decision.short]) == (Answer.REFUSED, [800])
    assert stock.table.rows["RSV#a", "R"]["st"] == "REFUSED"


def test_a_channels_buffer_stays_in_the_whole() -> None:
    stock = Warehouse(40)
    stock.balancer.promote("A1", "MAIN", 4)

    answers = [stock.hold(rid, 1, keep=6).answer for rid in RIDS[:40]]

    assert answers.count(Answer.HELD) == 34
    assert stock.header["av"] + sum(stock.shards()) == 6


def test_a_channels_own_units_go_first_and_the_rest_is_gathered() -> None:
    stock = Warehouse(800, ac_shop=10, al_shop=10, pl=790)
    stock.balancer.promote("A1", "MAIN", 4)

    decision = stock.hold("a", 150)

    assert (decision.answer, decision.reservation.places[0].shard) == (Answer.HELD, -1)
    assert (stock.header["ac_shop"], stock.header["rsv"]) == (0, 150)
    assert stock.header["pl"] == stock.header["av"]
    assert stock.header["av"] + sum(stock.shards()) == 650


def test_a_hold_of_several_items_gathers_what_its_header_lacks() -> None:
    stock = Warehouse(800)
    other = Warehouse(5).header | {"pk": "T#B2"}
    stock.table.rows["T#B2", "A#MAIN"] = other
    stock.balancer.promote("A1", "MAIN", 4)
    places = (Place("A1", "MAIN", 300), Place("B2", "MAIN", 5))
    lines = tuple(Line(str(n), p.sku, "MAIN", p.quantity) for n, p in enumerate(places))
    expires = int(NOW.timestamp()) + 900

    decision = stock.reservations.create(HoldRequest("a", "acme", "shop", "p", expires, lines, places, "cd-1"))

    assert decision.answer is Answer.HELD
    assert (stock.header["rsv"], other["rsv"]) == (300, 5)
    assert stock.header["av"] + sum(stock.shards()) == 500


def test_an_expired_hold_on_a_shard_is_free_for_the_next() -> None:
    stock = Warehouse(40)
    stock.balancer.promote("A1", "MAIN", 4)
    for rid in RIDS[:40]:
        stock.hold(rid, seconds=60)
    stock.now += timedelta(seconds=61)

    assert stock.hold("late", 40).answer is Answer.HELD
    assert {stock.table.rows[f"RSV#{rid}", "R"]["st"] for rid in RIDS[:40]} == {"EXPIRED"}


def test_a_repetition_gets_the_same_answer_wherever_the_units_came_from() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    first = stock.hold("a", 800)
    before = sum(stock.shards()) + stock.header["av"]

    again = stock.hold("a", 800)

    assert (first.answer, again.answer, again.repeated) == (Answer.HELD, Answer.HELD, True)
    assert sum(stock.shards()) + stock.header["av"] == before
    assert stock.header["rsv"] == 800


# -- the plans as values ---------------------------------------------------------------------------------------


def heat(pool: int, *shards: tuple[int, int]) -> Heat:
    """A header with a pool, and shards of (free, confirmed) units."""
    header = {"pk": "T#A1", "sk": "A#MAIN", "av": pool, "pl": pool, "sh": 0, "hot": len(shards), "ver": 1}
    items = [{"av": av, "cm": cm, "g": av + cm, "rsv": 0, "ver": 1} for av, cm in shards]
    return Heat("A1", "MAIN", header, tuple(Shard(n, item) for n, item in enumerate(items)))


def test_the_fullest_shards_give_first() -> None:
    assert gathering(heat(0, (3, 0), (9, 0), (5, 0)), 12) == Moves({1: -9, 2: -3}, {})


def test_near_enough_is_left_alone() -> None:
    assert not levelling(heat(10, (30, 0), (40, 0)))
    assert levelling(heat(10, (30, 0), (40, 2))) == Moves({}, {1: 2})


def test_a_transfer_is_one_transaction_with_what_must_hold() -> None:
    writes = transfer(heat(100, (3, 0), (9, 2)), Moves({0: 20, 1: -4}, {1: 2}))

    assert writes == [
        Update(
            ("T#A1", "A#MAIN"),
            {"av": -16, "pl": -16, "sh": 14, "cm": 2, "ver": 1},
            when=(When("hot", "=", 2), When("pl", ">=", 16), When("cool", "missing")),
        ),
        Update(("T#A1#S00", "A#MAIN"), {"av": 20, "g": 20, "cm": 0, "ver": 1}),
        Update(
            ("T#A1#S01", "A#MAIN"),
            {"av": -4, "g": -6, "cm": -2, "ver": 1},
            when=(When("av", ">=", 4), When("cm", ">=", 2)),
        ),
    ]
