"""Customers as partners report, read and change them, for tests over the handlers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tests.support.world import Context, World, api_event, configuration, later

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

ALL: Final = "/v1/customers"
ONE: Final = "/v1/customers/{id}"
CRM: Final = {"partner": "crm-desk", "sources": "crm"}
ERP: Final = {"partner": "erp-desk", "sources": "erp"}
SHOP: Final = {"partner": "shop", "sources": "wms"}
OURS: Final = {"partner": "ours", "sources": "erp", "customers": "*"}
ACME: Final = {
    "name": "Acme Fasteners Ltd",
    "billing_city": "London",
    "billing_country": "GB",
    "email": "office@acme.example",
    "phone": "+44 20 7946 0958",
}


def _rule(attributes: list[str], owner: str, *fallbacks: str, survivorship: str = "owner") -> dict[str, Any]:
    told = {"entity": "customer", "scope": None, "foreign": "ignore", "written_back": []}
    return {
        "attributes": attributes,
        "owner": owner,
        "fallbacks": list(fallbacks),
        "survivorship": survivorship,
        **told,
    }


OWNERS: Final = [
    _rule(["number", "tax_*", "terms", "credit_*", "currency", "parent"], "erp"),
    _rule(["segments"], "crm"),
    _rule(["*"], "erp", "crm", "webshop", survivorship="newest"),
]


def desk(world: World, folder: Path, **customers: Any) -> World:
    """The world with owners of its own, whatever the demo's are by now; `customers` changes that section."""
    changed = configuration(folder, ownership={"rules": OWNERS}, customers=customers)
    world.patch.setenv("CROSSDOCK_CONFIG", str(changed))
    world.forget_warm_state()
    return world


def asked(
    world: World,
    function: str,
    route: str,
    body: Any = None,
    *,
    scopes: str = "customers:read customers:write orders:check",
    **event: Any,
) -> tuple[int, Any, dict[str, str]]:
    """(status, document, headers) of a call; without a body it is an empty answer's None."""
    raw = world.call(function, api_event(body, route=route, scopes=scopes, **event), Context())
    return raw["statusCode"], json.loads(raw["body"]) if raw["body"] else None, dict(raw["headers"])


def post(
    world: World, account: str, *, key: str | None = None, who: Mapping[str, str] = CRM, **body: Any
) -> tuple[int, Any, dict[str, str]]:
    """POST /v1/customers of an account with attributes; other parts of the body go by `contacts`, `customer`, …"""
    parts = {"contacts", "ship_tos", "known_as", "customer", "role", "source"}
    document = {"account": account, "attributes": {n: v for n, v in body.items() if n not in parts}}
    document |= {n: v for n, v in body.items() if n in parts}
    headers = {} if key is None else {"Idempotency-Key": key}
    return asked(world, "change_customers", f"POST {ALL}", document, headers=headers, **who)


def patch(
    world: World, customer: str, tag: str | None, body: Any, who: Mapping[str, str] = CRM
) -> tuple[int, Any, dict[str, str]]:
    """PATCH /v1/customers/{id} under an If-Match."""
    headers = {} if tag is None else {"If-Match": tag}
    return asked(world, "change_customers", f"PATCH {ONE}", body, headers=headers, path={"id": customer}, **who)


def read(
    world: World, customer: str, who: Mapping[str, str] = CRM, *, tag: str | None = None, **query: str
) -> tuple[int, Any, dict[str, str]]:
    """GET /v1/customers/{id}."""
    headers = {} if tag is None else {"If-None-Match": tag}
    call = {"path": {"id": customer}, "query": query or None, "headers": headers}
    return asked(world, "read_customers", f"GET {ONE}", **call, **who)


def found(world: World, who: Mapping[str, str] = CRM, **query: str) -> tuple[int, Any, dict[str, str]]:
    """GET /v1/customers."""
    return asked(world, "read_customers", f"GET {ALL}", query=query, **who)


def history(world: World, customer: str, who: Mapping[str, str] = CRM, **query: str) -> tuple[int, Any, dict[str, str]]:
    """GET /v1/customers/{id}/history."""
    return asked(world, "read_customers", f"GET {ONE}/history", path={"id": customer}, query=query or None, **who)


def check(world: World, who: Mapping[str, str] = ERP, **body: Any) -> tuple[int, Any]:
    """POST /v1/order-checks."""
    document = {"amount": "100.00", "currency": "GBP", **body}
    status, answer, _ = asked(world, "check_orders", "POST /v1/order-checks", document, **who)
    return status, answer


def reasons(answer: Any) -> list[str]:
    """The words of why an order is not accepted."""
    return [r["code"] for r in answer["reasons"]]


def name_of(answer: Any) -> str:
    """The problem's name for programs."""
    return str(answer["type"]).removeprefix("urn:crossdock:problem:")


def as_customer(answer: Any) -> dict[str, Any]:
    """An answer without what names the request."""
    return {name: value for name, value in answer.items() if name != "correlation_id"}


def merged(world: World, loser: str, winner: str) -> None:
    """Has an operator make one customer a part of another."""
    from crossdock.config import load
    from crossdock.identity.journal import Cause
    from crossdock.identity.use_cases import customer_use_cases
    from crossdock.platform.clock import to_text

    business = load()
    customers = customer_use_cases(world.table("identity"), business.ownership, business.customers, world.clock)
    cause = Cause("operator", "cd-merge", to_text(world.now))
    customers.merging.merge(loser, winner, by="mara", why="one firm", cause=cause)


def known_customer(world: World) -> str:
    """A customer that the CRM calls 001 and the ERP 4711, at version 3; two seconds have passed."""
    status, said, _ = post(world, "001", **ACME, segments=["trade"])
    assert status == 201
    world.now = later(1)
    both = {"partner": "both", "sources": "crm erp"}
    answer = post(world, "4711", who=both, source="erp", known_as=[{"system": "crm", "id": "001"}], terms="N30")
    assert (answer[0], answer[1]["id"]) == (200, said["id"])
    world.now = later(2)
    return str(said["id"])


def without_writes(world: World, ask: Callable[[], tuple[int, Any, Any]]) -> tuple[int, Any]:
    """What is answered, of something that leaves everything as it was."""
    before = world.dump()
    status, answer, _ = ask()
    assert world.dump() == before
    return status, answer
