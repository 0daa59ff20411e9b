"""A reservation's life in the deployed system: held, confirmed, picked; or left alone, and free again by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.support.system import movement

if TYPE_CHECKING:
    import httpx

    from tests.support.system import System

RESERVATIONS = "/v1/reservations"


def reserve(system: System, key: str, sku: str, quantity: int, **fields: Any) -> httpx.Response:
    headers = fields.pop("headers", {})
    document = {"channel": "webshop", "lines": [{"line": "1", "sku": sku, "quantity": quantity}], **fields}
    return system.post(document, RESERVATIONS, idempotency_key=key, **headers)


def shown(system: System, rid: str) -> Any:
    answer = system.http.get(f"{RESERVATIONS}/{rid}", headers={"X-Api-Key": system.key})
    return answer.json() if answer.status_code == 200 else None


def units(system: System, sku: str) -> tuple[int, int, int, int]:
    """On hand, available, reserved and committed units in the one warehouse."""
    row = system.row("inventory", f"T#{sku}", "A#MAIN")
    assert row is not None
    return row["oh"], row["av"], row["rsv"], row["cm"]


def test_a_hold_is_confirmed_and_its_goods_leave(system: System) -> None:
    system.knows("RSV-A")
    system.send(movement("rsv-a1", "RSV-A", 10))
    system.until("both channels know", lambda: system.told("RSV-A", 10, 8))

    answer = reserve(system, "rsv-a", "RSV-A", 4)

    assert answer.status_code == 201, answer.text
    rid = answer.json()["id"]
    assert answer.headers["location"] == f"/v1/reservations/{rid}"
    assert units(system, "RSV-A") == (10, 6, 4, 0)
    system.until("both channels know what is left", lambda: system.told("RSV-A", 6, 4))
    assert reserve(system, "rsv-a", "RSV-A", 4).json()["id"] == rid, "the same request again"
    refused = reserve(system, "rsv-a2", "RSV-A", 7)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:crossdock:problem:not-available")

    confirmed = system.post({}, f"{RESERVATIONS}/{rid}/confirm")
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "confirmed")
    assert units(system, "RSV-A") == (10, 6, 0, 4)
    listed = system.crossdock("reservations", "show", rid, "--json").document
    assert (listed["status"], listed["partner"]) == ("confirmed", "demo")

    system.send(movement("rsv-a3", "RSV-A", 4, "pick", reservation=rid))
    system.until("the goods have left", lambda: units(system, "RSV-A") == (6, 6, 0, 0))
    system.until("both channels know", lambda: system.told("RSV-A", 6, 4))


def test_a_hold_that_is_left_alone_is_free_again_within_a_minute_of_its_end(system: System) -> None:
    system.knows("RSV-B")
    system.send(movement("rsv-b1", "RSV-B", 5))
    system.until("both channels know", lambda: system.told("RSV-B", 5, 3))

    answer = reserve(system, "rsv-b", "RSV-B", 5, expires_in_seconds=30)
    ends = time.monotonic() + 30
    rid = answer.json()["id"]
    (held,) = system.crossdock("reservations", "list", "RSV-B", "--json").document
    assert (held["id"], held["quantity"], held["expired"]) == (rid, 5, False)
    early = system.crossdock("reservations", "expire", rid)
    assert (early.code, "its time is not over" in early.err) == (1, True)

    system.until("the units are free", lambda: units(system, "RSV-B") == (5, 5, 0, 0), seconds=75)
    late = time.monotonic() - ends
    assert -2 < late < 60, f"{late} s after its end"
    assert shown(system, rid)["status"] == "expired"
    answer = system.post({}, f"{RESERVATIONS}/{rid}/confirm")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:crossdock:problem:expired")
    system.until("both channels know", lambda: system.told("RSV-B", 5, 3))


def test_whoever_does_not_wait_finds_the_outcome_later(system: System) -> None:
    system.knows("RSV-C")
    system.send(movement("rsv-c1", "RSV-C", 5))
    system.until("both channels know", lambda: system.told("RSV-C", 5, 3))

    answers = [reserve(system, f"rsv-c{n}", "RSV-C", 2, headers={"prefer": "respond-async"}) for n in range(4)]

    assert [a.status_code for a in answers] == [202] * 4
    ids = [a.json()["id"] for a in answers]
    system.until("all are decided", lambda: all(shown(system, rid) for rid in ids))
    assert sorted(shown(system, rid)["status"] for rid in ids) == ["held", "held", "refused", "refused"]
    for rid in ids:
        system.post({}, f"{RESERVATIONS}/{rid}/release")
    assert units(system, "RSV-C") == (5, 5, 0, 0)
    system.until("both channels know", lambda: system.told("RSV-C", 5, 3))


def test_an_operator_releases_a_hold(system: System) -> None:
    system.knows("RSV-D")
    system.send(movement("rsv-d1", "RSV-D", 5))
    system.until("both channels know", lambda: system.told("RSV-D", 5, 3))
    rid = reserve(system, "rsv-d", "RSV-D", 5).json()["id"]

    said = system.crossdock("reservations", "release", rid)

    assert (said.code, "released" in said.out) == (0, True)
    assert units(system, "RSV-D") == (5, 5, 0, 0)
    unknown = system.crossdock("reservations", "show", "a" * 20)
    assert (unknown.code, "there is no reservation" in unknown.err) == (1, True)
    system.until("both channels know", lambda: system.told("RSV-D", 5, 3))
