"""What may be promised, from outside: supply comes in by webhook and API, and partners and operators ask about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.support.problems import named, problem
from tests.support.system import erp_code, movement, wms_code

if TYPE_CHECKING:
    from tests.support.system import System

SOON, LATER = (str((datetime.now(UTC) + timedelta(days=days)).date()) for days in (10, 20))


def order(id_: str, item: str, quantity: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "kind": "order",
        "item": item,
        "warehouse": "MAIN",
        "version": 1,
        "quantity": quantity,
        "expected_on": SOON,
        **fields,
    }


def get(system: System, path: str, key: str | None = None, held: str = "") -> Any:
    return system.http.get(path, headers={"X-Api-Key": key or system.key, "If-None-Match": held})


def test_supply_by_webhook_and_api_can_be_promised_from_its_date_on(system: System) -> None:
    system.knows("PRM-1")
    system.send(movement("prm-1", "PRM-1", 4))
    assert (
        system.webhook("erp", "supply.expected", {"supply": [order("PO-1/1", erp_code("PRM-1"), 50)]}).status_code
        == 202
    )
    confirmed = {
        "id": "PO-1/1",
        "kind": "confirmation",
        "item": wms_code("PRM-1"),
        "warehouse": "MAIN",
        "version": 1,
        "parts": [{"quantity": 30, "expected_on": LATER}],
        "partial": True,
    }
    answer = system.http.post(
        "/v1/inventory/supply", headers={"X-Api-Key": system.key}, json={"source": "wms", "supply": [confirmed]}
    )
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)

    def dates() -> Any:
        found = get(system, "/v1/items/PRM-1/atp?channel=webshop&quantity=30")
        return found.status_code == 200 and [(s["date"], s["promised"]) for s in found.json()["dates"]][1:]

    system.until("both statements are kept", lambda: dates() == [(SOON, 24), (LATER, 54)])

    document = get(system, "/v1/items/PRM-1/atp?channel=webshop&quantity=30").json()
    shown = system.crossdock("inventory", "atp", "PRM-1", "--quantity", "30", "--channel", "webshop", "--json").document
    assert (document["promised"], document["suffices"], document["first_date"]) == (4, False, LATER)
    assert shown == document
    table = system.crossdock("inventory", "atp", "PRM-1", "--quantity", "99")
    assert "99 cannot be promised for any date" in table.out
    assert "PO-1/1" in table.out


def test_a_mistaken_question_is_one_line_and_a_remedy(system: System) -> None:
    unknown = system.crossdock("inventory", "atp", "PRM-NEVER")
    assert unknown.code == 1
    assert "Nothing was ever recorded of the item 'PRM-NEVER'" in unknown.err
    past = system.crossdock("inventory", "atp", "PRM-1", "--date", "2020-01-01")
    assert past.code == 1
    assert "in the ten years after" in past.err


def test_a_list_is_answered_once_and_then_by_its_tag(system: System) -> None:
    system.knows("PRM-2")
    system.send(movement("prm-2", "PRM-2", 7))
    system.until("it is told", lambda: system.told("PRM-2", 7, 5))
    body = {"items": [{"sku": "PRM-2", "quantity": 8}, {"sku": "PRM-NONE"}], "channel": "marketplace"}

    first = system.http.post("/v1/availability", headers={"X-Api-Key": system.key}, json=body)
    again = system.http.post(
        "/v1/availability", headers={"X-Api-Key": system.key, "If-None-Match": first.headers["etag"]}, json=body
    )

    known, unknown = first.json()["items"]
    assert (known["available"], known["asked"]["suffices"], known["substitutes"]) == (5, False, [])
    assert "error" in unknown
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    one = get(system, "/v1/items/PRM-2/availability")
    held = get(system, "/v1/items/PRM-2/availability", held=one.headers["etag"])
    assert (one.headers["cache-control"], held.status_code) == ("private, no-cache", 304)


def test_a_partner_names_only_channels_of_its_own(system: System) -> None:
    added = system.crossdock(
        "partners", "add", "oneshop", "--scope", "inventory:read", "--channel", "webshop", "--json"
    )
    key = added.document["api_key"]
    assert added.document["channels"] == ["webshop"]

    answer = get(system, "/v1/items/PRM-2/availability?channel=marketplace", key)

    assert named(problem(answer, 403, "channel-not-yours")) == [("channel", "name one of: webshop")]
    assert get(system, "/v1/items/PRM-NEVER/availability?channel=webshop", key).status_code == 404
