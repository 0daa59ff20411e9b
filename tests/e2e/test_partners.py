"""Partners on the deployed app: tokens of the pool, rotation, shares, and what their channels were told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from tests.support.problems import problem

if TYPE_CHECKING:
    from tests.support.system import System

DELIVERIES = "/v1/deliveries"


def added(system: System, name: str, *options: str) -> dict[str, Any]:
    made = system.crossdock("partners", "add", name, "--scope", "deliveries:read", *options, "--json")
    assert made.code == 0, made.err
    document: dict[str, Any] = made.document
    return document


def token(client: dict[str, Any], scope: str = "crossdock/deliveries:read") -> str:
    answer = httpx.post(
        client["token_url"],
        data={"grant_type": "client_credentials", "scope": scope},
        auth=(client["client_id"], client["client_secret"]),
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def listed(system: System, query: str = "", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return system.http.get(DELIVERIES + query, headers=named)


def test_a_client_gets_a_token_and_calls_with_it(system: System) -> None:
    client = added(system, "e2e-oauth", "--oauth", "--channel", "webshop")
    assert client["api_key"] is None
    good = token(client)

    answer = listed(system, "?item=NOBODY-HAS-IT", authorization=f"Bearer {good}")

    assert (answer.status_code, answer.json()["deliveries"]) == (200, [])
    assert answer.headers["ratelimit-policy"] == '"partner";q=100;w=2'
    # Nine tenths of the burst can be had at once at this rate, less this call; some flowed in while it was answered.
    left = int(answer.headers["ratelimit"].partition(";r=")[2].partition(";")[0])
    assert left in {89, 90}
    head, body, signature = good.split(".")
    for refused in (f"Bearer {head}.{body}.{signature[::-1]}", "Bearer x", f"Basic {good}"):
        document = problem(listed(system, authorization=refused), 401, "credential-refused")
        assert [e["field"] for e in document["errors"]] == ["X-Api-Key"]
    both = listed(system, authorization=f"Bearer {good}", x_api_key=system.key)
    problem(both, 401, "credential-refused")
    assert listed(system).headers["www-authenticate"] == 'Bearer realm="crossdock"'
    problem(
        system.http.get("/v1/items/ANY/availability", headers={"authorization": f"Bearer {good}"}), 403, "scope-missing"
    )


def test_two_keys_work_while_one_replaces_the_other(system: System) -> None:
    old = added(system, "e2e-rotated", "--channel", "marketplace")["api_key"]
    made = system.crossdock("partners", "rotate", "e2e-rotated", "--json").document

    for key in (old, made["api_key"]):
        assert listed(system, "?item=X", x_api_key=key).status_code == 200
    problem(listed(system, "?channel=webshop", x_api_key=old), 403, "channel-not-yours")
    (partner,) = [p for p in system.crossdock("partners", "list", "--json").document if p["name"] == "e2e-rotated"]
    assert [(c["kind"], c["ends_at"]) for c in partner["credentials"]] == [("key", made["old_ends_at"]), ("key", None)]
    assert old not in str(partner)


def test_who_is_shut_out_stays_out(system: System) -> None:
    key = added(system, "e2e-out", "--channel", "webshop")["api_key"]
    assert system.crossdock("partners", "disable", "e2e-out").code == 0
    problem(listed(system, x_api_key=key), 401, "credential-refused")
    assert system.crossdock("partners", "enable", "e2e-out").code == 0
    assert listed(system, "?item=X", x_api_key=key).status_code == 200
    assert system.crossdock("partners", "remove", "e2e-out").code == 0


def test_one_partners_share_is_its_own(system: System) -> None:
    greedy = added(system, "e2e-greedy", "--rate", "1", "--burst", "2", "--channel", "webshop")["api_key"]
    answers = [listed(system, "?item=X", x_api_key=greedy) for _ in range(6)]

    assert answers[0].headers["ratelimit-policy"] == '"partner";q=2;w=2'
    refused = [a for a in answers if a.status_code != 200]
    assert refused, "six calls take less than four seconds"
    problem(refused[0], 429, "too-many-requests")
    assert refused[0].headers["retry-after"] == "1"
    assert listed(system, "?item=X", x_api_key=system.key).status_code == 200
