"""Two partners, every operation of the document: nobody gets at, or hears of, what is another's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.flows.customer_access import Sight
from crossdock.flows.quotes import Quotes
from crossdock.platform.http import Partner
from tests.support.api_examples import Operation, Stage, UntriableError, call, operations, request, staged
from tests.support.two_partners import everything, faults, never, secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

KEYED = [pytest.param(o, id=o.route) for o in operations() if o.keyed]
SCOPES = {scope for o in operations() for scope in o.scopes.split()}


@pytest.fixture(scope="module")
def stage(engine: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One for all tests: each sees to it that what it tries leaves nothing behind."""
    with staged(engine, tmp_path_factory.mktemp("two")) as both:
        yield both


@pytest.mark.parametrize("operation", KEYED)
def test_what_is_another_partners_is_as_if_it_never_existed(stage: Stage, operation: Operation) -> None:
    assert list(faults(stage.world, operation, stage.thief, stage.owner)) == []


@pytest.mark.parametrize("operation", KEYED)
def test_an_answer_to_one_partner_has_nothing_of_the_others(stage: Stage, operation: Operation) -> None:
    said = stage.answers[stage.thief.partner][operation.route]

    assert [s for s in secrets(stage.owner) if s in said["body"] or s in str(said["headers"])] == []


@pytest.mark.parametrize("operation", KEYED)
def test_without_a_key_nothing_is_told_and_nothing_written(stage: Stage, operation: Operation) -> None:
    before = everything(stage.world)
    event = request(operation, stage.owner, "a-key-of-ones-own").event(stage.owner) | {"requestContext": {}}

    answer = call(stage.world, operation, event)

    assert answer["statusCode"] == 401
    assert json.loads(answer["body"])["type"] == "urn:crossdock:problem:credential-refused"
    assert everything(stage.world) == before


@pytest.mark.parametrize("operation", KEYED)
def test_with_every_scope_but_its_own_nothing_is_told_and_nothing_written(stage: Stage, operation: Operation) -> None:
    before = everything(stage.world)
    others = " ".join(sorted(SCOPES - set(operation.scopes.split())))

    answer = call(stage.world, operation, request(operation, stage.owner, "one").event(stage.owner, scopes=others))

    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["type"] == "urn:crossdock:problem:scope-missing"
    assert everything(stage.world) == before


@pytest.mark.parametrize("operation", KEYED)
def test_each_of_an_operations_scopes_is_enough(stage: Stage, operation: Operation) -> None:
    for scope in operation.scopes.split():
        answer = call(stage.world, operation, request(operation, stage.owner, "two").event(stage.owner, scopes=scope))

        assert (scope, "scope-missing" in answer["body"]) == (scope, False)


def test_the_owners_things_are_still_there_afterwards(stage: Stage) -> None:
    for operation in operations():
        if operation.method == "GET" and operation.keyed:
            again = call(stage.world, operation, request(operation, stage.owner, "").event(stage.owner))
            assert again["statusCode"] == 200


# -- the test itself ----------------------------------------------------------------------------------------------


def _by_route(route: str) -> Operation:
    return next(o for o in operations() if o.route == route)


@pytest.mark.parametrize(
    ("what", "name", "route", "said"),
    [
        (Partner, "require_channel", "POST /v1/price-checks", "channel"),
        (Partner, "require_customer", "POST /v1/quotes", "customer"),
        (Partner, "source", "POST /v1/inventory/movements", "writes something"),
        (Quotes, "find", "GET /v1/quotes/{id}", "with another partner's quote"),
        (Sight, "knows", "GET /v1/customers/{id}", "with another partner's customer-id"),
        (Sight, "knows", "GET /v1/customers", "with another partner's customer-name"),
        (Sight, "knows", "PATCH /v1/customers/{id}", "with another partner's customer-id"),
        (Sight, "knows", "POST /v1/order-checks", "with another partner's customer-id"),
    ],
)
def test_a_handler_that_looks_away_is_noticed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, what: type, name: str, route: str, said: str
) -> None:
    monkeypatch.setattr(what, name, _LOOKS_AWAY[name])

    assert said in "\n".join(faults(stage.world, _by_route(route), stage.thief, stage.owner))


_find = Quotes.find


def _found_for_anybody(quotes: Quotes, name: str, partner: Partner) -> Any:
    return quotes._store.read(name) or _find(quotes, name, partner)


_LOOKS_AWAY = {
    "knows": lambda *_: True,
    "require_channel": lambda *_: None,
    "require_customer": lambda *_: None,
    "source": lambda _, named: named,
    "find": _found_for_anybody,
}


def test_an_endpoint_that_does_not_say_what_it_needs_is_refused_with_what_to_add(stage: Stage) -> None:
    spec = {
        "parameters": [
            {"in": "path", "name": "id", "x-crossdock-names": "delivery", "example": "{delivery-of-tomorrow}"}
        ],
        "security": [{"apiKey": []}],
    }

    with pytest.raises(UntriableError, match=r"GET /v1/new/\{id\}.*Say in `gives`"):
        request(Operation("GET", "/v1/new/{id}", spec), stage.owner, "")


@pytest.mark.parametrize("value", ["webshop", "abcdefghij234567klmn", "ACME-LTD", "v1.k1.abc.defghijklmnop", "12345"])
def test_a_value_that_never_existed_is_another_one(value: str) -> None:
    assert never(value) != value
