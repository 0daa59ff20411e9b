"""A quote's life on the deployed app: given, found again, proven, checked against, and a forgery refused."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from crossdock_cli.local.paths import LOCAL_DIR_VARIABLE
from crossdock_cli.secrets import signing_secrets
from tests.support.problems import problem
from tests.support.system import erp_code

if TYPE_CHECKING:
    import httpx

    from tests.support.system import System

NAMES = ("line", "item", "quantity", "unit", "unit_price", "extended_price")
GUIDE = Path(__file__).parents[2] / "docs" / "pricing.md"
GOLD = {"segment": "quo-gold"}


@pytest.fixture(scope="module")
def priced(system: System) -> System:
    """QUO-A at 2.55, at 2.10 from 24 on, and at 2.40 for a customer in the segment."""
    profile = {"version": 1, "unit": "EA", "units": {"CS": 12}}
    item = {"sku": "QUO-A", "codes": [{"system": "erp", "code": erp_code("QUO-A")}], "profile": profile}
    customer = {"customer": "QUO-C1", "version": 1, "segments": ["quo-gold"]}
    assert system.webhook("erp", "items.declared", {"items": [item]}).status_code == 202
    assert system.webhook("erp", "customers.priced", {"customers": [customer]}).status_code == 202
    system.until("prices know the item", lambda: system.row("pricing", "I#QUO-A", "SHEET"))
    system.until("prices know the customer", lambda: system.row("pricing", "C#QUO-C1", "PROFILE"))
    send(system, rule("QUO-LIST", tiers=[("1", "2.55"), ("24", "2.10")]), rule("QUO-GOLD", scope=GOLD))
    system.until("the rules stand", lambda: len(standing(system)) == 2)
    return system


def rule(rule_id: str, version: int = 1, tiers: Any = (("1", "2.40"),), **fields: Any) -> dict[str, Any]:
    return {
        "rule_id": rule_id,
        "version": version,
        "item": erp_code("QUO-A"),
        "currency": "GBP",
        "tiers": [{"min_quantity": q, "value": v} for q, v in tiers],
        "valid_from": "2026-01-01T00:00:00Z",
        **fields,
    }


def send(system: System, *rules: dict[str, Any]) -> None:
    assert system.webhook("erp", "prices.changed", {"prices": list(rules)}).status_code == 202


def standing(system: System) -> dict[str, Any]:
    sheet = system.row("pricing", "I#QUO-A", "SHEET") or {}
    found: dict[str, Any] = sheet.get("rules", {})
    return found


def quote(system: System, key: str, quantity: int = 6, **fields: Any) -> httpx.Response:
    body = {"lines": [{"line": "1", "item": "QUO-A", "quantity": quantity}], **fields}
    return system.post(body, "/v1/quotes", idempotency_key=key)


def get(system: System, path: str, **headers: str) -> httpx.Response:
    return system.http.get(
        path, headers={"x-api-key": system.key, **{k.replace("_", "-"): v for k, v in headers.items()}}
    )


def order(found: dict[str, Any], **changes: Any) -> dict[str, Any]:
    lines = [{name: x[name] for name in NAMES} | changes for x in found["lines"]]
    return {"token": found["token"], "customer": found["customer"], "lines": lines}


def verdict(system: System, body: dict[str, Any]) -> tuple[bool, list[str]]:
    answer = system.post(body, "/v1/quotes/verify")
    assert answer.status_code == 200, answer.text
    return answer.json()["valid"], [m["code"] for m in answer.json()["mismatches"]]


def test_a_quote_is_given_once_found_again_and_stands_for_its_order(priced: System, tmp_path: Path) -> None:
    answer = quote(priced, "quo-1", customer="QUO-C1")

    assert answer.status_code == 201, answer.text
    found = answer.json()
    (line,) = found["lines"]
    assert (line["unit_price"], line["extended_price"], found["status"]) == ("2.40", "14.40", "open")
    assert [c["rule"] for c in line["components"]] == ["erp:QUO-GOLD@1"]
    repeated = quote(priced, "quo-1", customer="QUO-C1")
    assert (repeated.status_code, repeated.json()["token"]) == (200, found["token"])
    problem(quote(priced, "quo-1", 7, customer="QUO-C1"), 422, "idempotency-key-reused")

    again = get(priced, answer.headers["location"])
    assert again.json() == {name: value for name, value in found.items() if name != "correlation_id"}
    assert again.headers["cache-control"].startswith("private, max-age=")
    assert get(priced, answer.headers["location"], if_none_match=again.headers["etag"]).status_code == 304

    assert verdict(priced, order(found)) == (True, [])
    assert verdict(priced, order(found, unit_price="2.39")) == (False, ["other_unit_price"])
    version, key, sealed = found["token"].split(".", 2)
    assert sealed.startswith("e")
    forged = {**order(found), "token": f"{version}.{key}.f{sealed[1:]}"}
    assert verdict(priced, forged) == (False, ["forged"])
    file = tmp_path / "order.json"
    file.write_text(json.dumps(order(found)), encoding="utf-8")
    assert "accepted" in priced.crossdock("quotes", "verify", str(file)).out
    file.write_text(json.dumps(forged), encoding="utf-8")
    refused = priced.crossdock("quotes", "verify", str(file))
    assert (refused.code, "its seal fits none of the active keys" in refused.out) == (1, True)


def test_a_quote_outlives_the_rules_it_was_made_of(priced: System) -> None:
    old = quote(priced, "quo-2", customer="QUO-C1").json()
    send(priced, rule("QUO-GOLD", 2, [("1", "2.20")], scope=GOLD))

    def price() -> str:
        found: str = quote(priced, "", customer="QUO-C1").json()["lines"][0]["unit_price"]
        return found

    priced.until("new quotes are cheaper", lambda: price() == "2.20")
    assert verdict(priced, order(old)) == (True, [])
    assert get(priced, f"/v1/quotes/{old['quote_id']}").json()["lines"] == old["lines"]


def test_a_channels_price_is_taken_or_refused_by_its_manifest(priced: System) -> None:
    answer = get(priced, "/v1/channels/webshop/price-manifest")
    assert answer.status_code == 200, answer.text
    secret = signing_secrets(priced.target.secret_document("channels", "webshop"))[0]
    manifest = Webhook(secret).verify(answer.content, dict(answer.headers))
    assert [o["operation"] for o in manifest["may_compute"]] == ["tiers", "extend"]

    def check(quantity: int, price: str) -> tuple[bool, str]:
        line = {"line": "1", "item": "QUO-A", "quantity": quantity, "unit_price": price}
        found = priced.post({"channel": "webshop", "lines": [line]}, "/v1/price-checks")
        assert found.status_code == 200, found.text
        (judged,) = found.json()["lines"]
        return judged["accepted"], judged["code"]

    assert check(6, "2.55") == (True, "equal")
    assert check(24, "2.10") == (True, "equal")
    assert check(24, "2.55") == (False, "outside_manifest")
    assert check(6, "0") == (False, "outside_manifest")


def book(system: System) -> dict[str, Any]:
    """The whole book of list prices, a few items to a page."""
    found: dict[str, Any] = {}
    following: str | None = "/v1/price-books/list?limit=3"
    while following is not None:
        answer = get(system, following)
        assert answer.status_code == 200, answer.text
        found |= {entry["item"]: entry for entry in answer.json()["items"]}
        following = answer.json()["next"]
    return found


def test_the_book_of_list_prices_has_what_is_quoted(priced: System) -> None:
    priced.until("it is published", lambda: "QUO-A" in book(priced))
    (window,) = book(priced)["QUO-A"]["windows"]
    assert [(t["min_quantity"], t["unit_price"]) for t in window["tiers"]] == [(1, "2.55"), (24, "2.10")]
    lines = get(priced, "/v1/price-books/list", accept="application/x-ndjson").text.splitlines()
    assert "QUO-A" in [json.loads(line)["item"] for line in lines]
    assert get(priced, "/v1/price-books/nobody").status_code == 404


def test_no_price_is_told_as_none_and_never_as_zero(priced: System) -> None:
    found = priced.post({"lines": [{"line": "1", "item": "QUO-NONE", "quantity": 1}]}, "/v1/quotes").json()
    assert (found["status"], found["unpriced"], found["lines"][0]["status"]) == ("informative", ["1"], "NO_PRICE")
    assert not {"unit_price", "extended_price", "total"} & found["lines"][0].keys()
    assert "token" not in found


@pytest.mark.skipif(shutil.which("jq") is None, reason="the guide's commands read JSON with jq")
def test_the_commands_of_the_guide_run_as_they_are_shown(priced: System, tmp_path: Path) -> None:
    script = "".join(re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL))
    item = {"sku": "LANTERN", "codes": [{"system": "erp", "code": erp_code("LANTERN")}]}
    assert priced.webhook("erp", "items.declared", {"items": [item]}).status_code == 202
    priced.until("the item is known", lambda: priced.row("identity", f"X#item#erp#{erp_code('LANTERN')}", "ID"))
    send(priced, rule("QUO-LANTERN", tiers=[("1", "3.80")], item=erp_code("LANTERN")))
    priced.until("the rule stands", lambda: priced.row("pricing", "I#LANTERN", "SHEET"))
    priced.until("the webshop acknowledged it", lambda: priced.acknowledged("webshop", "LANTERN", "price"))
    commands = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {
        **os.environ,
        "API": priced.target.api_url,
        "KEY": priced.key,
        "PATH": commands,
        LOCAL_DIR_VARIABLE: str(priced.home),
    }

    done = subprocess.run(  # noqa: S603 - the script stands in our own guide
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - whichever bash reads the guide
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "20 LANTERN: 3.80 each, 76.00, " in done.stdout
    assert '"status": "open"' in done.stdout
    assert '"valid": true,\n  "mismatches": []' in done.stdout
    assert "accepted: quote" in done.stdout
    assert '"operation": "tiers"' in done.stdout
    assert '"code": "outside_manifest"' in done.stdout
    assert done.stdout.count("recomputed from its trace: equal") == 1
    assert "today: 3.80 GBP per EA, line 76.00 GBP: the same, by erp:QUO-LANTERN@1" in done.stdout
    assert '"equal": true' in done.stdout
    assert "delivery: the channel acknowledged what is published" in done.stdout
    assert "LANTERN 1: 3.80\n" in done.stdout
