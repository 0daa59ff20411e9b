"""Requests for every operation of the API's document, made of its examples, in a world where these work.

Nothing here names an endpoint: what in an example is a partner's own is what the document says of its inputs
(`x-crossdock-names`), and what it needs of others' answers is what those say they give (`x-crossdock-gives`).
"""

from __future__ import annotations

import copy
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest

from crossdock.contracts.endpoints import OWNED, PRESERVED
from crossdock.exchange.shadow import FREE, Claim, ShadowStore
from crossdock.pricing.cell_store import CellStore, Stored
from crossdock.pricing.context import ItemFacts
from infra.documents.endpoints import served
from tests.support import conformance
from tests.support.engine import start_afresh
from tests.support.price_world import given, rule
from tests.support.world import Context, World, api_event, build, configuration, movement, movements_message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from crossdock_cli.target import Target

_PLACEHOLDER: Final = re.compile(r"\{([a-z-]+)\}")
FUNCTIONS: Final = {endpoint.route: function for function, endpoint in served()}


class UntriableError(AssertionError):
    """An operation does not say enough to be tried; the message says what to add."""


@dataclass(frozen=True)
class Operation:
    """One operation of the document. `spec` has its references resolved."""

    method: str
    path: str
    spec: Mapping[str, Any]

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scopes(self) -> str:
        """Those of every alternative."""
        return " ".join(scope for one in self.spec["security"] for some in one.values() for scope in some)

    @property
    def keyed(self) -> bool:
        return bool(self.spec["security"])

    @property
    def owned(self) -> list[tuple[str, str, str]]:
        """(place, name or path, kind) of every input that names something of a partner's."""
        found = [(p["in"], p["name"], p["x-crossdock-names"]) for p in self.spec["parameters"]]
        said = self.spec.get("requestBody", {}).get("x-crossdock-names", {})
        found += [("body", path, kind) for path, kind in said.items()]
        return [one for one in found if one[2] in OWNED]


def operations() -> list[Operation]:
    """All of the document."""
    document = conformance.document()
    found = []
    for path, methods in document["paths"].items():
        for method, spec in methods.items():
            parameters = [_resolved(document, p) for p in spec["parameters"]]
            found.append(Operation(method.upper(), path, {**spec, "parameters": parameters}))
    return found


def _resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Any:
    found: Any = part
    if "$ref" in part:
        found = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
    return found


@dataclass
class Side:
    """A partner: what its key carries, and the values of everything that is its own, by kind."""

    partner: str
    source: str
    channel: str
    customer: str
    values: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values |= {
            "partner": self.partner,
            "source": self.source,
            "channel": self.channel,
            "customer": self.customer,
            "price-class": f"book_{self.partner}",
        }

    def value(self, operation: Operation, kind: str) -> str:
        """What this partner has of a kind. Raises UntriableError when that is nothing."""
        if kind not in self.values:
            raise UntriableError(
                f"{operation.route}: its example needs a {kind}, and no operation's example gives one. Say in `gives` "
                "of the endpoint that answers with it where it stands, or give each Side one"
            )
        return self.values[kind]


@dataclass
class Request:
    """An operation's request, to be changed in one place."""

    operation: Operation
    path: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    def put(self, place: str, name: str, value: str) -> None:
        """Sets one input, whether the example has it or not."""
        if place != "body":
            getattr(self, {"path": "path", "query": "query", "header": "headers"}[place])[name] = value
            return
        at = self.body
        *way, last = name.split("/")
        for step in way:
            at = at[0] if isinstance(at, list) else at
            at = at.setdefault(step, {})
        at = at[0] if isinstance(at, list) else at
        if last == "*":
            at[value] = at.pop(next(iter(at)), 1) if at else 1
        else:
            at[last] = value

    def event(self, side: Side, *, scopes: str | None = None) -> dict[str, Any]:
        """The gateway's event as the authorizer lets this partner through."""
        return api_event(
            self.body,
            route=self.operation.route,
            path=self.path,
            query=self.query,
            headers=self.headers,
            partner=side.partner,
            sources=side.source,
            channels=side.channel,
            customers=side.customer,
            scopes=self.operation.scopes if scopes is None else scopes,
        )


def request(operation: Operation, side: Side, key: str) -> Request:
    """The operation's example with this partner's own values. Raises UntriableError for an input without any."""
    made = Request(operation, {}, {}, {}, None)
    for parameter in operation.spec["parameters"]:
        kind, example = parameter["x-crossdock-names"], parameter.get("example")
        if example is not None and not (parameter["in"] == "header" and kind == "nothing"):
            value = key if kind in PRESERVED else _filled(operation, example, side)
            made.put(parameter["in"], parameter["name"], value)
    content = operation.spec.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        made.body = _filled(operation, copy.deepcopy(content["example"]), side)
    return made


def _filled(operation: Operation, example: Any, side: Side) -> Any:
    if isinstance(example, dict):
        return {name: _filled(operation, value, side) for name, value in example.items()}
    if isinstance(example, list):
        return [_filled(operation, value, side) for value in example]
    return _PLACEHOLDER.sub(lambda m: side.value(operation, m[1]), example) if isinstance(example, str) else example


def missing_kinds(operation: Operation, side: Side) -> set[str]:
    """What the example needs and the partner does not have yet."""
    text = json.dumps([operation.spec.get("requestBody"), [p.get("example") for p in operation.spec["parameters"]]])
    return set(_PLACEHOLDER.findall(text)) - side.values.keys()


# -- the scene ----------------------------------------------------------------------------------------------------


def furnish(world: World, folder: Path, *sides: Side) -> None:
    """What the examples are about: WIDGETs in MAIN, their list price, a price book and deliveries for each partner."""
    usual = {"currency": "GBP", "segments": [], "branch": None, "region": None, "channel": None, "strategic": False}
    classes = {s.values["price-class"]: {**usual, "late_after_seconds": 300, "customer": s.customer} for s in sides}
    # Both partners' sources may say everything of customers, so that only whose customer it is stands between them.
    everybody = {"attributes": ["*"], "entity": "customer", "scope": None, "owner": "erp", "fallbacks": ["wms"]}
    rules = [{**everybody, "survivorship": "newest", "foreign": "ignore", "written_back": []}]
    changed = configuration(folder, price_classes=classes, ownership={"rules": rules})
    world.patch.setenv("CROSSDOCK_CONFIG", str(changed))
    world.forget_warm_state()
    world.knows(("wms", "WIDGET", "WIDGET"), ("erp", "WIDGET", "WIDGET"))
    stock = movements_message(movement("opening", 100, item="WIDGET"))
    world.call("apply_movements", world.queue_event("movements", [stock]), Context())
    world.project()
    given(world, [rule("LIST", "10.00", scope={"item": "WIDGET"})], [ItemFacts("WIDGET", "EA")])
    window = {"from": None, "to": None, "rules": [], "tiers": [{"min_quantity": 1, "unit_price": "10.00"}]}
    cell = {"currency": "GBP", "unit": "EA", "windows": [window]}
    for name in classes:
        cells = {sku: (None, Stored(1, cell, f"hash-{sku}", 0)) for sku in ("WIDGET", "GADGET", "LAMP")}
        CellStore(world.table("pricing")).write(name, cells)
    shadow = ShadowStore(world.table("exchange"), world.clock)
    for side in sides:
        told = [(Claim(sku, 1, "{}", FREE), None) for sku in ("WIDGET", "GADGET")]
        shadow.claim(side.channel, "availability", told)


def live(world: World, *sides: Side) -> dict[str, dict[str, Any]]:
    """Runs every operation's example as each partner, those that give something before those that need it.

    Returns the answers by partner and route. Raises UntriableError for an example that does not work.
    """
    answers: dict[str, dict[str, Any]] = {}
    for side in sides:
        answers[side.partner] = {}
        left = [o for o in operations() if o.keyed]
        while left:
            ready = [o for o in left if not missing_kinds(o, side)]
            if not ready:
                raise UntriableError(side.value(left[0], missing_kinds(left[0], side).pop()))
            # Those that nobody depends on come last: they may end what others still need.
            for operation in sorted(ready, key=lambda o: "x-crossdock-gives" not in o.spec):
                answers[side.partner][operation.route] = _example(world, operation, side)
                left.remove(operation)
    return answers


def _example(world: World, operation: Operation, side: Side) -> dict[str, Any]:
    answer = call(world, operation, request(operation, side, f"{side.partner}s-own-key").event(side))
    if not 200 <= answer["statusCode"] < 300:
        raise UntriableError(
            f"{operation.route}: its example is answered {answer['statusCode']} {answer['body'][:400]}; mend the "
            "example, or furnish the scene with what it is about (tests/support/two_partners.py)"
        )
    for kind, pointer in operation.spec.get("x-crossdock-gives", {}).items():
        side.values[kind] = _found(operation, json.loads(answer["body"]), pointer)
    return answer


def _found(operation: Operation, document: Any, pointer: str) -> str:
    way, _, parameter = pointer.partition("?")
    for step in way.removeprefix("/").split("/"):
        document = document[int(step)] if isinstance(document, list) else document[step]
    if not isinstance(document, str):
        raise UntriableError(f"{operation.route}: {pointer} of its example's answer is {document!r}, and no text")
    return parse_qs(urlsplit(document).query)[parameter][0] if parameter else document


def call(world: World, operation: Operation, event: Mapping[str, Any]) -> dict[str, Any]:
    """The handler's answer."""
    answer: dict[str, Any] = world.call(FUNCTIONS[operation.route], event, Context())
    return answer


@dataclass
class Stage:
    """A world in which both partners have done everything that the document gives an example of."""

    world: World
    owner: Side
    thief: Side
    answers: dict[str, dict[str, Any]]


@contextmanager
def staged(engine: Target, folder: Path) -> Iterator[Stage]:
    """One for all tests of a module: what is refused leaves nothing behind."""
    start_afresh(engine)
    owner, thief = Side("acme", "wms", "webshop", "ACME-LTD"), Side("bolt", "erp", "marketplace", "BOLT-PLC")
    with pytest.MonkeyPatch.context() as patch:
        world = build(engine, folder, patch)
        furnish(world, folder, owner, thief)
        yield Stage(world, owner, thief, live(world, owner, thief))
        world.forget_warm_state()
