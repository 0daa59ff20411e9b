"""Which changes of what a channel may see are worth telling it, and which header changes may be a sell-out."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.exchange.dirty import coalescing_delay
from crossdock.exchange.publication import EVERYTHING, Publication, crosses_zero
from crossdock.inventory.crossing import may_cross_zero
from tests.support.world import later

pytestmark = pytest.mark.unit

SPARING = Publication(threshold=5, exact_below=10, restock_at=3)


@pytest.mark.parametrize(
    ("told", "true", "held_back"),
    [
        (40, 36, True),
        (36, 40, True),
        (40, 35, False),
        (11, 12, True),
        (12, 11, True),
        (12, 10, False),
        (10, 9, False),
        (8, 12, True),
        (3, 0, False),
        (0, 3, False),
        ("11.5", "12.25", True),
        ("10.5", 10, False),
    ],
)
def test_a_change_may_wait_when_it_is_small_and_the_end_is_far(told: Any, true: Any, held_back: Any) -> None:
    assert SPARING.holds_back({"available": told}, {"available": true}) is held_back
    assert EVERYTHING.holds_back({"available": told}, {"available": true}) is False


@pytest.mark.parametrize(
    ("told", "true", "shown"),
    [(None, 1, 1), (0, 1, 0), (0, 2, 0), (0, 3, 3), (0, "2.5", 0), (5, 1, 1), (0, 0, 0)],
)
def test_what_sold_out_is_back_at_the_mark(told: Any, true: Any, shown: Any) -> None:
    before = None if told is None else {"available": told}
    assert SPARING.shown(before, {"available": true}) == {"available": shown}


def test_whatever_is_no_stock_figure_is_told_whenever_it_changes() -> None:
    assert not SPARING.holds_back({"windows": [1]}, {"windows": [2]})
    assert not SPARING.holds_back({"available": 40, "from": "a"}, {"available": 40, "from": "b"})
    assert SPARING.shown({"windows": [1]}, {"windows": [2]}) == {"windows": [2]}
    assert not crosses_zero(None, {"windows": []})


@pytest.mark.parametrize(
    ("told", "shown", "crosses"),
    [(None, 0, False), (None, 1, True), (0, 1, True), (1, 0, True), (1, 2, False), ("0.5", 0, True)],
)
def test_selling_out_and_coming_back_cross_zero(told: Any, shown: Any, crosses: Any) -> None:
    before = None if told is None else {"available": told}
    assert crosses_zero(before, {"available": shown}) is crosses


def image(**numbers: Any) -> dict[str, Any]:
    return {name: {"N": str(value)} for name, value in numbers.items()}


@pytest.mark.parametrize(
    ("old", "new", "urgent"),
    [
        (None, image(av=5), True),
        (None, image(av=0), False),
        (image(av=5), image(av=0), True),
        (image(av=5), image(av=-1), True),
        (image(av=-3), image(av=-1), False),
        (image(av=5), image(av=2), True),  # with the buffer of two, nothing is left
        (image(av=9), image(av=5), False),
        (image(av=9), image(av=4), True),
        (image(av=9), image(av=9), False),
        (image(av=9, pl=1, ac_shop=8), image(av=9, pl=0, ac_shop=2), True),
        (image(av=9, pl=1, ac_other=8), image(av=9, pl=1, ac_other=7), False),
        (image(av=9, pl=9), image(av=9, pl="0.5"), True),
    ],
)
def test_a_header_may_be_a_sell_out_when_it_alone_does_not_keep_the_item_up(old: Any, new: Any, urgent: Any) -> None:
    change = {"NewImage": new, **({"OldImage": old} if old else {})}

    assert may_cross_zero(change, "shop", buffer=2, restock_at=3) is urgent


@pytest.mark.parametrize(("second", "window", "delay"), [(0, 0, 0), (0, 60, 60), (22, 60, 38), (59, 60, 1), (3, 7, 4)])
def test_a_mark_waits_for_the_end_of_its_window(second: int, window: int, delay: int) -> None:
    assert coalescing_delay(later(second), window) == delay
