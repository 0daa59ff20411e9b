"""Quotes, proofs and checks die before and after each outside call, are asked again, and end as if undisturbed.

One quote stands under one Idempotency-Key, and whoever asks again is given just that one, to the byte.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts
from tests.support.price_world import asked, given, order, rule
from tests.support.scenarios import Scenario, Stage, dies_everywhere, on, run
from tests.support.world import later

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

LAMP = ItemFacts("LAMP", "EA", {"CS": Fraction(12)}, ("LIGHTS",))
LINE = {"line": "1", "item": "LAMP", "quantity": 6}
BODY = {"customer": "C1", "lines": [LINE]}
OWN = {"scope": {"item": "LAMP", "customer": "C1"}, "layer": "customer_item"}
BUYER = CustomerFacts("C1", ("GOLD",))
LIST = rule("LIST", "2.55", (24, "2.10"))
KEY = {"Idempotency-Key": "cart-1"}


def _priced(stage: Stage) -> None:
    given(stage.world, [LIST, rule("OWN", "2.40", **OWN)], [LAMP], [BUYER])
    stage.kept = {}


def _asks(stage: Stage) -> None:
    """Asks for the quote under its key; what is answered is kept."""
    status, quote, _ = asked(stage.world, "POST /v1/quotes", BODY, headers=KEY)
    assert status in {200, 201}, quote
    stage.kept = {"quote": quote}


def _in_parts(stage: Stage) -> None:
    stage.world.patch.setattr("crossdock.pricing.quote_store._PART_BYTES", 200)
    _priced(stage)


def _quoted(stage: Stage) -> None:
    _priced(stage)
    _asks(stage)


def _the_one_quote(stage: Stage) -> Any:
    """The rows of quotes, and the answer: the same as is given again by key and by id."""
    answer = stage.kept["quote"]
    assert asked(stage.world, "POST /v1/quotes", BODY, headers=KEY)[:2] == (200, answer)
    assert asked(stage.world, "GET /v1/quotes/{id}", path={"id": answer["quote_id"]})[:2] == (200, answer)
    return [row for row in stage.world.rows("pricing") if row["pk"].startswith("Q#")], answer


def _answers(route: str, body: Callable[[Stage], Any], **event: Any) -> Callable[[Stage], None]:
    """The work of asking for something that stores nothing; what is answered is kept aside."""

    def work(stage: Stage) -> None:
        status, document, _ = asked(stage.world, route, body(stage), **event)
        assert status == 200, document
        stage.kept["answer"] = document

    return work


def _told(stage: Stage) -> Any:
    return stage.kept["answer"], stage.world.dump()


def _finds(stage: Stage) -> None:
    path = {"id": stage.kept["quote"]["quote_id"]}
    status, found, _ = asked(stage.world, "GET /v1/quotes/{id}", path=path)
    assert (status, found) == (200, stage.kept["quote"])


CLAIM = {"channel": "webshop", "customer": "C1", "lines": [{**LINE, "unit_price": "2.40"}]}
SCENARIOS = [
    Scenario("give a quote", 5, _priced, _asks, _the_one_quote),
    Scenario("give a large quote", 9, _in_parts, _asks, _the_one_quote),
    Scenario("give a quote again", 1, _quoted, _asks, _the_one_quote),
    Scenario("find a quote", 1, _quoted, _finds, _the_one_quote),
    Scenario("prove a token", 1, _quoted, _answers("POST /v1/quotes/verify", lambda s: order(s.kept["quote"])), _told),
    Scenario("check a price", 2, _priced, _answers("POST /v1/price-checks", lambda _: CLAIM), _told),
    Scenario(
        "sign a manifest",
        1,
        _priced,
        _answers("GET /v1/channels/{channel}/price-manifest", lambda _: None, path={"channel": "webshop"}),
        _told,
    ),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_a_death_anywhere_leaves_one_quote_and_one_answer(
    scenario: Scenario, engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_everywhere(scenario, engine, tmp_path, monkeypatch)


@pytest.mark.parametrize("parts", [False, True])
def test_who_asks_later_is_given_what_stood_before_the_death_or_the_prices_of_then(
    engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, parts: bool
) -> None:
    """Between death and repetition a minute passes and the price changes: the quote is old or new, and whole."""
    scenario = Scenario("give a quote", 0, _in_parts if parts else _priced, _asks, _the_one_quote)
    stage = on(scenario, engine, tmp_path, monkeypatch)
    calls, _ = run(scenario, stage)
    prices = []
    for at in range(1, len(calls) + 1):
        for moment in ("before", "after"):
            stage = on(scenario, engine, tmp_path, monkeypatch)
            _, death = run(scenario, stage, at, moment)  # type: ignore[arg-type]
            assert death
            stage.world.now = later(60)
            given(stage.world, [LIST, rule("OWN", "9.99", version=2, **OWN)], [LAMP], [BUYER])
            _asks(stage)
            _the_one_quote(stage)
            quote = stage.kept["quote"]
            prices.append((quote["lines"][0]["unit_price"], quote["made_at"]))
            assert asked(stage.world, "POST /v1/quotes/verify", order(quote))[1]["valid"] is True, (
                "the token is that of the quote that stands"
            )
    then, now = ("2.40", "2026-11-21T08:00:00.000Z"), ("9.99", "2026-11-21T08:01:00.000Z")
    assert prices == [now] * (2 * len(calls) - 1) + [then], "only the last call makes it a quote"
