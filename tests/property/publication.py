"""What a channel may be left to hold when changes are kept back, by an independent reading of the settings."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from crossdock.exchange.publication import Publication
from crossdock.exchange.shadow import row_key
from tests.property.properties import Shop, some_choices, some_runs
from tests.support.interleaving import Schedule

if TYPE_CHECKING:
    from random import Random


def check_publication(random: Random, *, overtaking: bool = False) -> None:
    """Stock goes up and down, to 0 and back to where it was, while workers tell, hang and die; then all is quiet."""
    rules = Publication(random.choice([0, 2, 4]), random.choice([0, 0, 3]), random.choice([0, 1, 3]))
    schedule = Schedule(random.choice([some_choices, some_runs])(random))
    posts = random.choices(["taken", "lost", "down"], weights=[6, 1, 1], k=12)
    shop = Shop(schedule, posts, publication=rules)
    if overtaking:
        step = schedule.boundary

        def boundary() -> None:
            step()
            shop.now += timedelta(seconds=20)

        shop.table.boundary = boundary
    for _ in range(random.randint(1, 8)):
        key, values = random.choice("AAAB"), [random.choice([0, 0, 1, 2, 3, 4, 5, 6, 7]) for _ in range(2)]

        values[1] = random.choice([values[1], shop.truth.get(key, 0)])  # there and back again
        lived: list[int] = []

        def write(key: str = key, values: list[int] = values, lived: list[int] = lived) -> None:
            for value in values:
                shop.change(key, value)
            lived.append(1)

        schedule.run([write, shop.work, shop.work, shop.work])
        if not lived:
            shop.change(key, values[-1])  # it died on its way; the stream delivers again
    shop.drain()
    for key, true in shop.truth.items():
        check_held(shop, key, true, rules)


def check_held(shop: Shop, key: str, true: int, rules: Publication) -> None:
    """What the channel holds is near enough to the truth, and we know what it holds."""
    version, fields = shop.endpoint.held.get(("availability", key), (0, {}))
    row = shop.table.rows[row_key("shop", "availability", key)]
    assert (row["ver"], json.loads(row["ackval"])) == (version, fields), "the shadow is not what the channel holds"
    told = fields["available"]
    if true == 0:
        assert told == 0, "it shows stock and there is none"
    elif told == 0:
        assert true < rules.restock_at, "it is back and not shown"
    elif true <= rules.exact_below:
        assert told == true, "near the end every unit counts"
    else:
        assert told == true or abs(told - true) < rules.threshold, "a change was kept back that is not small"


def check_there_and_back(random: Random) -> None:
    """A worker stands still at any of its steps, while the stock goes back to what was told and another looks at it."""
    pause = random.randrange(16)
    shop = Shop(Schedule([0] * pause + [1] * 100), [])
    shop.change("A", 7)
    shop.work()
    shop.change("A", random.choice([0, 6, 9]))

    def back() -> None:
        shop.change("A", 7)
        shop.work()

    shop.schedule.run([shop.work, back])
    shop.drain()
    check_held(shop, "A", 7, Publication())
