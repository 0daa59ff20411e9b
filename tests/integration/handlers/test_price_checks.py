"""Price checks and manifests: what a channel computed is taken or refused, and it can prove what it was allowed."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts
from tests.support.price_world import asked, given, rule
from tests.support.world import SECRET, World, configuration, later, set_secret

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

LAMP = ItemFacts("LAMP", "EA", {"CS": Fraction(12)})
C1 = CustomerFacts("C1", segments=("GOLD",))
LIST = rule("LIST", "2.55", (24, "2.10"))
GOLD = rule("GOLD", "2.40", layer="segment_item", scope={"item": "LAMP", "segment": "GOLD"})
CHECK, MANIFEST = "POST /v1/price-checks", "GET /v1/channels/{channel}/price-manifest"


@pytest.fixture
def priced(world: World) -> World:
    given(world, [LIST, GOLD], [LAMP], [C1])
    return world


def allow(world: World, folder: Path, **prices: Any) -> None:
    """Lets the webshop compute what is said."""
    defaults = {"may_compute": [], "rounding": None, "scale": None, "max_discount_percent": "0"}
    prices = {**defaults, "grace_seconds": 30, "manifest_hours": 24, **prices}
    path = configuration(folder, channels={"webshop": {"prices": prices}})
    world.patch.setenv("CROSSDOCK_CONFIG", str(path))
    world.forget_warm_state()


def line(unit_price: str, quantity: Any = 1, **fields: Any) -> dict[str, Any]:
    return {"line": "1", "item": "LAMP", "quantity": quantity, "unit_price": unit_price, **fields}


def judged(world: World, *lines: dict[str, Any], **body: Any) -> list[str]:
    """The codes of the judgements, those that refuse with a minus sign. Nothing is ever stored."""
    before = world.dump()
    status, found, _ = asked(world, CHECK, {"channel": "webshop", **body, "lines": list(lines)})
    assert status == 200, found
    assert world.dump() == before
    assert found["accepted"] is all(x["accepted"] for x in found["lines"])
    return [("" if x["accepted"] else "-") + x["code"] for x in found["lines"]]


def test_our_own_price_is_taken_and_every_other_refused(priced: World) -> None:
    first, second = line("2.55", 6, extended_price="15.30"), line("2.10", 6, line="2", operations=["tiers"])
    assert judged(priced, first, second) == ["equal", "-outside_manifest"]
    assert judged(priced, line("2.10", 24)) == ["equal"], "the break is reached"
    assert judged(priced, line("2.40"), customer="C1") == ["equal"]
    assert judged(priced, line("2.55"), customer="C1") == ["-outside_manifest"], "the list is not the customer's price"
    assert judged(priced, line("25.20", 2, unit="CS")) == ["equal"]


def test_the_answer_tells_the_reason_and_what_we_would_charge(priced: World) -> None:
    _, found, _ = asked(priced, CHECK, {"channel": "webshop", "lines": [line("2.00", 6)]})
    assert found == {
        "channel": "webshop",
        "currency": "GBP",
        "at": "2026-11-21T08:00:00.000000Z",
        "accepted": False,
        "lines": [
            {
                "line": "1",
                "accepted": False,
                "code": "outside_manifest",
                "reason": "2.00 is 0.55 below our price of 2.55; the manifest allows webshop to compute tiers, extend, "
                "which gives no such price",
                "expected": {"unit_price": "2.55", "extended_price": "15.30"},
            }
        ],
    }


def test_zero_is_no_price_and_a_price_of_zero_is_one(priced: World) -> None:
    assert judged(priced, line("0", item="ROPE")) == ["-no_price"]
    given(priced, [rule("FREE", "0")], [LAMP])
    assert judged(priced, line("0", extended_price="0")) == ["equal"]


def test_a_currency_in_which_nothing_is_sold_is_named(priced: World) -> None:
    assert judged(priced, line("2.55"), currency="EUR") == ["-wrong_currency"]


def test_a_price_whose_window_has_just_closed_is_taken_for_the_grace(priced: World) -> None:
    edge = "2026-11-21T08:00:00.000000Z"
    given(priced, [rule("OLD", "2.00", valid_to=edge), rule("NEW", "3.00", valid_from=edge)], [LAMP])

    assert judged(priced, line("2.00"), line("3.00", line="2")) == ["window_just_closed", "equal"]
    priced.now = later(30)
    assert judged(priced, line("2.00")) == ["window_just_closed"]
    priced.now = later(30.000001)
    assert judged(priced, line("2.00")) == ["-stale"]


def test_a_price_of_the_window_before_the_last_is_taken_too_while_it_is_fresh(priced: World) -> None:
    first, second = "2026-11-21T07:59:40.000000Z", "2026-11-21T07:59:50.000000Z"
    rules = [
        rule("A", "1.00", valid_to=first),
        rule("B", "2.00", valid_from=first, valid_to=second),
        rule("C", "3.00", valid_from=second),
    ]
    given(priced, rules, [LAMP])
    assert judged(priced, line("1.00"), line("4.00", line="2")) == ["window_just_closed", "-outside_manifest"]


def test_a_discount_of_the_channel_is_taken_down_to_its_percentage_and_to_every_floor(
    priced: World, tmp_path: Path
) -> None:
    allow(priced, tmp_path, may_compute=["discount"], max_discount_percent="10")
    # 10 % off 2.55 is 2.295, which our rounding makes 2.30.
    assert judged(priced, line("2.30"), line("2.29", line="2"), line("2.56", line="3")) == [
        "discounted",
        "-below_lowest",
        "-outside_manifest",
    ]
    given(priced, [LIST, rule("FLOOR", "2.45", layer="floor")], [LAMP])
    assert judged(priced, line("2.45"), line("2.44", line="2")) == ["discounted", "-below_lowest"]
    given(priced, [rule("NET", "2.55", allow_discounts=False)], [LAMP])
    assert judged(priced, line("2.54")) == ["-below_lowest"], "this price allows no discounts"


def test_a_rounding_of_the_channel_is_taken(priced: World, tmp_path: Path) -> None:
    allow(priced, tmp_path, may_compute=["round", "extend"], scale=1, rounding="down")
    assert judged(priced, line("2.5", 3, extended_price="7.50")) == ["rounded"]
    assert judged(priced, line("2.6", 3)) == ["-outside_manifest"]
    assert judged(priced, line("2.5", 3, extended_price="7.65")) == ["-wrong_extended_price"]


def test_500_prices_are_judged_at_once(priced: World) -> None:
    lines = [line("2.10" if n >= 24 else "2.55", n, line=str(n)) for n in range(1, 501)]
    assert judged(priced, *lines) == ["equal"] * 500


LINE = line("2.55")
BAD: list[tuple[Any, str]] = [
    (b"{", "body"),
    ({"lines": [LINE]}, "channel"),
    ({"channel": "webshop"}, "lines"),
    ({"channel": "webshop", "lines": []}, "lines"),
    ({"channel": "webshop", "lines": [{**LINE, "line": str(n)} for n in range(501)]}, "lines"),
    ({"channel": "webshop", "lines": [LINE, LINE]}, "lines[0].line"),
    ({"channel": "webshop", "lines": [{**LINE, "unit_price": 2.55}]}, "lines[0].unit_price"),
    ({"channel": "webshop", "lines": [{**LINE, "unit_price": "-1"}]}, "lines[0].unit_price"),
    ({"channel": "webshop", "lines": [{**LINE, "extended_price": "1,000"}]}, "lines[0].extended_price"),
    ({"channel": "webshop", "lines": [{**LINE, "operations": ["guess"]}]}, "lines[0].operations[0]"),
    ({"channel": "webshop", "lines": [{**LINE, "unit": "PALLET"}]}, "lines[0].unit"),
    ({"channel": "webshop", "lines": [{**LINE, "quantity": 0}]}, "lines[0].quantity"),
    ({"channel": "webshop", "lines": [LINE], "currency": "POUND"}, "currency"),
    ({"channel": "webshop", "lines": [LINE], "customer": "C9"}, "customer"),
    ({"channel": "webshop", "lines": [LINE], "ship_to": "S1"}, "customer"),
    ({"channel": "webshop", "lines": [LINE], "segments": ["GOLD"]}, "segments"),
    ({"channel": "webshop", "lines": [LINE], "at": "2020-01-01"}, "at"),
    ({"channel": "marketplace", "lines": [LINE]}, "channel"),
    ({"channel": "nowhere", "lines": [LINE]}, "channel"),
]


@pytest.mark.parametrize(("body", "field"), BAD, ids=[f"{n}-{f}" for n, (_, f) in enumerate(BAD)])
def test_what_cannot_be_checked_is_refused_by_its_field(priced: World, body: Any, field: str) -> None:
    before = priced.dump()
    status, found, _ = asked(priced, CHECK, body)
    assert 400 <= status < 500
    assert field in [e["field"] for e in found["errors"]]
    assert all(e["remedy"] for e in found["errors"])
    assert priced.dump() == before


# -- the manifest --------------------------------------------------------------------------------------------------


def test_the_manifest_is_signed_so_that_the_official_library_reads_it(priced: World) -> None:
    from tests.support.world import api_event

    event = api_event(route=MANIFEST, path={"channel": "webshop"}, scopes="prices:read", channels="webshop")
    priced.patch.setattr("standardwebhooks.webhooks.datetime", _At(priced))
    answer = priced.call("check_prices", event)

    assert answer["statusCode"] == 200
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    signed = {name: answer["headers"][name] for name in names}
    document = Webhook(SECRET).verify(answer["body"], signed)
    assert document == json.loads(answer["body"])
    assert (document["channel"], document["valid_to"]) == ("webshop", "2026-11-22T08:00:00Z")
    assert [o["operation"] for o in document["may_compute"]] == ["tiers", "extend"]


class _At:
    """The library's clock, at the world's time."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self, tz: Any = None) -> Any:
        return self._world.now

    def __getattr__(self, name: str) -> Any:
        from datetime import datetime

        return getattr(datetime, name)


def test_the_manifest_is_signed_by_every_secret_of_its_channel_and_not_sent_twice(priced: World) -> None:
    other = "whsec_" + "B" * 32
    set_secret(priced, "channels/webshop", {"url": "http://x.invalid", "signing_secrets": [other, SECRET]})
    status, first, headers = asked(priced, MANIFEST, path={"channel": "webshop"})
    assert (status, len(headers["webhook-signature"].split(" "))) == (200, 2)
    priced.now = later(1800)
    event = {"path": {"channel": "webshop"}, "headers": {"If-None-Match": headers["ETag"]}}
    assert asked(priced, MANIFEST, **event)[:2] == (304, {})
    priced.now = later(3600)
    status, second, _ = asked(priced, MANIFEST, **event)
    assert (status, second["version"]) == (200, first["version"])


@pytest.mark.parametrize("channel", ["marketplace", "nowhere", ""])
def test_another_channels_manifest_is_as_if_it_were_not_there(priced: World, channel: str) -> None:
    status, found, _ = asked(priced, MANIFEST, path={"channel": channel})
    assert (status, found["errors"][0]["field"]) == (404, "channel")


def test_without_the_scope_there_is_neither(priced: World) -> None:
    for route, body in ((MANIFEST, None), (CHECK, {"channel": "webshop", "lines": [LINE]})):
        status, _, _ = asked(priced, route, body, path={"channel": "webshop"}, scopes="inventory:read")
        assert status == 403
