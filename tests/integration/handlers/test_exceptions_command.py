"""`crossdock exceptions` over what the functions have refused: list, show, correct, assign, replay, runs, close."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from typer.testing import CliRunner

from crossdock.exceptions.model import basis
from crossdock.pricing.sheet import Sheet
from crossdock.pricing.slots import item_sheet
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions import common, listing, mending, replaying, runs, showing
from crossdock_cli.main import app
from tests.support.replays import Exceptions
from tests.support.world import (
    CORRELATION,
    NOW_TEXT,
    Context,
    World,
    dirty_message,
    later,
    moved,
    movement,
    movements_message,
    price,
    prices_event,
    webhook_event,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

# CROSSDOCK_MANY=5000 takes some minutes.
MANY: Final = int(os.environ.get("CROSSDOCK_MANY", "300"))


@pytest.fixture(autouse=True)
def operator(world: World) -> None:
    for module in (listing, mending, replaying, runs, showing):
        world.patch.setattr(module, "connect", lambda _: world.target)
    from crossdock_cli.exceptions import machinery

    for clocked in (common, machinery, showing):
        world.patch.setattr(clocked, "system_clock", world.clock)


def crossdock(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["exceptions", *arguments])
    if isinstance(done.exception, CliError):
        raise done.exception
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def document(*arguments: str) -> Any:
    return json.loads(crossdock(*arguments, "--json"))


def refuse(world: World, *movements: dict[str, Any]) -> str:
    """Refused movements of an unknown item; gives back their group."""
    world.call("apply_movements", world.queue_event("movements", [movements_message(*movements)]), Context())
    return str(document("list", "--kind", "unknown_item")[0]["id"])


def apply(world: World) -> None:
    """Works the movements queue off."""
    world.call("apply_movements", world.queue_event("movements", world.take("movements")), Context())


def unknown(number: int, quantity: int = 5, /, **fields: Any) -> dict[str, Any]:
    return movement(f"m{number}", quantity, **{"item": "NEW", **fields})


# -- list ------------------------------------------------------------------------------------------------------


def test_the_list_says_class_owner_due_time_and_what_is_held_up(world: World) -> None:
    group = refuse(
        world, unknown(1, type="pick", reference="SO-1"), unknown(2, type="pick", reference="SO-1"), unknown(3)
    )

    (line,) = document("list")

    assert line == {
        "id": group,
        "kind": "unknown_item",
        "source": "wms",
        "subject": "item/NEW",
        "detail": "wms calls an item 'NEW' and no cross-reference says which item that is",
        "remedy": "crossdock xref add wms 'NEW' <SKU>, then replay; or correct the item code and replay",
        "open": 3,
        "replaying": 0,
        "settled": 0,
        "closed": 0,
        "first_seen": NOW_TEXT,
        "last_seen": NOW_TEXT,
        "class": "permanent",
        "owner": "master data",
        "due": "2026-11-21T12:00:00.000Z",
        "order_facts": 2,
        "money": {},
        "state": "open",
        "overdue": False,
    }
    world.now = later(4 * 3600 + 1)
    assert [g["id"] for g in document("list", "--overdue")] == [group]
    assert "overdue" in crossdock("list")


def test_filters_take_what_they_name(world: World) -> None:
    refuse(world, unknown(1))
    world.now = later(60)
    letters = [dirty_message("webshop", ("price", "SKU-1")), movements_message(movement("m9"))]
    for queue, letter in zip(("channel-webshop-dlq", "movements-dlq"), letters, strict=True):
        world.call("collect_dead_letters", world.queue_event(queue, [letter]), Context())

    def found(*arguments: str) -> list[tuple[str, str]]:
        return sorted((g["class"], g["source"]) for g in document("list", *arguments))

    everything = [("destination_down", "webshop"), ("permanent", "wms"), ("transient", "wms")]
    assert found() == everything
    assert found("--source", "wms") == everything[1:]
    assert found("--kind", "dead_letter") == [everything[0], everything[2]]
    assert found("--class", "destination_down") == everything[:1]
    assert found("--owner", "master data") == [everything[1]]
    assert found("--owner", "") == [everything[0], everything[2]]
    assert found("--since", "2026-11-21T08:00:30Z") == [everything[0], everything[2]]
    assert found("--since", "10s") == [everything[0], everything[2]]
    assert document("list", "--sort", "due")[0]["class"] == "permanent"
    assert found("--state", "closed") == []


def test_money_at_stake_is_what_the_fact_says_and_goes_when_it_is_settled_or_closed(world: World) -> None:
    letter = {"source": "shop", "order_id": "SO-7", "currency": "EUR", "total": "12.50", "correlation_id": CORRELATION}
    other = {**letter, "order_id": "SO-8", "total": "100"}
    world.call("collect_dead_letters", world.queue_event("supply-dlq", [letter, other]), Context())
    (line,) = document("list", "--sort", "money")
    assert (line["money"], line["order_facts"]) == ({"EUR": "112.50"}, 2)
    assert "2 of orders, 112.50 EUR" in crossdock("list")
    shown = crossdock("show", line["id"])
    assert "orders held up: 2 (SO-7, SO-8)" in shown
    assert "money at stake: 112.50 EUR" in shown
    first = next(o for o in document("show", line["id"])["occurrences"] if o["orders"] == ["SO-7"])

    crossdock("close", line["id"], "--occurrence", first["id"], "--why", "cancelled")

    (line,) = document("list")
    assert (line["money"], line["order_facts"]) == ({"EUR": "100.00"}, 1)


# -- show ------------------------------------------------------------------------------------------------------


SENSITIVE = {
    "source": "shop",
    "correlation_id": CORRELATION,
    "customer": {"name": "Ada Lovelace", "email": "ada@example.org", "id": "C1"},
    "access_token": "tok-123",
    "note": "call +44 20 7946 0958 or write to ada@example.org",
}


def letter_group(world: World) -> str:
    world.call("collect_dead_letters", world.queue_event("prices-dlq", [SENSITIVE]), Context())
    return str(document("list")[0]["id"])


def test_a_payload_is_shown_covered_and_its_basis_is_of_what_is_stored(world: World) -> None:
    group = letter_group(world)

    (fact,) = document("show", group)["occurrences"]

    assert fact["message"] == {
        "source": "shop",
        "correlation_id": CORRELATION,
        "customer": {"name": "●●●", "email": "●●●", "id": "C1"},
        "access_token": "●●●",
        "note": "call ●●● or write to ●●●",
    }
    assert fact["original"] == fact["message"]
    assert fact["basis"] == basis(SENSITIVE)
    for text in ("Lovelace", "ada@", "tok-123", "7946"):
        assert text not in crossdock("show", group)


def test_a_raw_payload_needs_a_reason_which_is_kept_before_it_is_shown(world: World) -> None:
    group = letter_group(world)
    before = world.dump()

    with pytest.raises(CliError, match="--raw shows secrets"):
        crossdock("show", group, "--raw")
    assert world.dump() == before
    shown = document("show", group, "--raw", "--why", "ticket 118", "--by", "ann")

    assert shown["occurrences"][0]["message"] == SENSITIVE
    (note,) = shown["history"]
    assert (note["did"], note["by"], note["why"]) == ("looked", "ann", "ticket 118")
    assert "looked at uncovered by ann: ticket 118" in crossdock("show", group)


def test_a_correction_of_something_personal_is_covered_in_the_history(world: World) -> None:
    group = letter_group(world)
    crossdock("correct", group, "--set", "/customer/email=grace@example.org", "--why", "moved")

    shown = document("show", group)
    raw = document("show", group, "--raw", "--why", "t")

    assert json.loads(shown["history"][0]["patch"]) == [{"op": "add", "path": "/customer/email", "value": "●●●"}]
    assert json.loads(raw["history"][0]["patch"])[0]["value"] == "grace@example.org"
    assert "grace" not in crossdock("show", group)


def test_show_says_where_a_fact_stands(world: World) -> None:
    group = refuse(world, unknown(1))

    def way() -> list[tuple[str, str]]:
        (fact,) = document("show", group)["occurrences"]
        return [(station["name"], station["state"]) for station in fact["way"]]

    stations = ["wms", "queue movements", "apply_movements", "the journal"]
    assert way() == list(zip(stations, ["passed", "passed", "here", "ahead"], strict=True))
    assert "refused it: unknown_item" in crossdock("show", group)
    world.knows(("wms", "NEW", "SKU-1"))
    crossdock("replay", group)
    assert way() == list(zip(stations, ["passed", "here", "ahead", "ahead"], strict=True))
    apply(world)
    assert way() == list(zip(stations, ["passed"] * 4, strict=True))


# -- correct, assign -------------------------------------------------------------------------------------------


def test_a_correction_for_another_basis_stores_nothing(world: World) -> None:
    group = refuse(world, unknown(1))
    (fact,) = document("show", group)["occurrences"]
    crossdock("correct", group, "--set", "item=A1", "--basis", fact["basis"], "--why", "typo")
    before = world.dump()

    with pytest.raises(CliError, match="is not what you looked at"):
        crossdock("correct", group, "--set", "item=A2", "--basis", fact["basis"], "--why", "typo")

    assert world.dump() == before
    (step,) = document("show", group)["history"]
    (after,) = document("show", group)["occurrences"]
    assert (step["basis"], step["result"]) == (fact["basis"], after["basis"])


def test_a_whole_group_is_corrected_at_once(world: World) -> None:
    group = refuse(world, *(unknown(n) for n in range(95)))

    corrected = document("correct", group, "--set", "item=A1", "--why", "typo")["corrected"]

    facts = document("show", group)["occurrences"]
    assert sorted(corrected) == sorted(f["id"] for f in facts)
    assert {f["message"]["movements"][0]["item"] for f in facts} == {"A1"}
    assert {f["original"]["movements"][0]["item"] for f in facts} == {"NEW"}


def test_an_exception_is_given_to_somebody_until_when(world: World) -> None:
    group = refuse(world, unknown(1))

    given = document("assign", group, "noor", "--due", "2h", "--why", "knows the item", "--by", "ann")

    assert given == {"id": group, "owner": "noor", "due": "2026-11-21T10:00:00.000Z"}
    (step,) = document("show", group)["history"]
    assert (step["did"], step["owner"], step["by"], step["why"]) == ("assigned", "noor", "ann", "knows the item")
    assert [g["owner"] for g in document("list", "--owner", "noor")] == ["noor"]
    refuse(world, unknown(2))
    assert [g["owner"] for g in document("list")] == ["noor"]  # what comes later does not take it away


# -- replay ----------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_change_and_sends_nothing(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    group = refuse(world, unknown(1), unknown(2), unknown(3))
    facts = document("show", group)["occurrences"]
    by_id = {f["message"]["movements"][0]["id"]: f["id"] for f in facts}
    crossdock("correct", group, "--occurrence", by_id["m1"], "--set", "item=A1", "--why", "typo")
    known = movements_message(movement("m2", item="A1"))
    world.call("apply_movements", world.queue_event("movements", [known]), Context())
    crossdock("correct", group, "--occurrence", by_id["m2"], "--set", "item=A1", "--why", "typo")
    before = {table: rows for table, rows in world.dump().items() if table != "exceptions"}

    found = document("replay", group, "--dry-run")

    assert found["verdicts"] == {
        "would be applied": 1,
        "is stored already: changes nothing": 1,
        "would be refused again: unknown_item": 1,
    }
    assert found["stock"] == {"SKU-1 in MAIN": 5}
    first = next(e for e in found["examples"] if e["occurrence"] == by_id["m1"])
    assert first["diff"] == [{"op": "replace", "path": "/movements/0/item", "value": "A1", "was": "NEW"}]
    assert first["to"] == ["movements"]
    assert {table: rows for table, rows in world.dump().items() if table != "exceptions"} == before
    assert world.take("movements") == []
    assert "+5  SKU-1 in MAIN" in crossdock("replay", group, "--dry-run")

    started = document("runs", "start", found["run"])
    assert (started["state"], started["sent"], started["passed_over"], started["left"]) == ("done", 3, 0, 0)
    assert len(world.take("movements")) == 3


def test_a_fact_that_was_refused_again_is_shown_with_the_new_reason(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    group = refuse(world, unknown(1))
    crossdock("correct", group, "--set", "item=A1", "--set", "warehouse=NOWHERE", "--why", "typo")
    document("replay", group)
    world.call("apply_movements", world.queue_event("movements", world.take("movements")), Context())

    (fact,) = document("show", group)["occurrences"]
    shown = crossdock("show", group)

    assert (fact["state"], fact["detail"]) == ("open", "there is no warehouse 'NOWHERE' in the configuration")
    assert f"refused with: {fact['detail']}" in shown


def test_a_second_replay_is_not_swallowed_and_a_redelivered_one_changes_nothing(world: World) -> None:
    group = refuse(world, unknown(1), unknown(2))
    world.knows(("wms", "NEW", "SKU-1"))
    first = document("replay", group)
    sent = world.take("movements")
    world.call("apply_movements", world.queue_event("movements", sent), Context())
    once = world.dump()
    world.call("apply_movements", world.queue_event("movements", sent), Context())
    assert world.dump() == once

    nothing = document("replay", group)
    second = document("replay", group, "--again")

    assert (nothing["facts"], second["sent"]) == (0, 2)
    again = world.take("movements")
    assert {m["replay"]["run"] for m in again} == {second["run"]} != {first["run"]}
    assert document("list")[0]["replaying"] == 2
    world.call("apply_movements", world.queue_event("movements", again), Context())
    assert [(g["settled"], g["state"]) for g in document("list", "--state", "closed")] == [(2, "closed")]
    assert world.rows("inventory") == once["inventory"]


def test_a_source_and_a_time_range_are_replayed(world: World) -> None:
    refuse(world, unknown(1))
    world.now = later(3600)
    refuse(world, unknown(2))
    world.now = later(7200)
    world.call("collect_dead_letters", world.queue_event("prices-dlq", [prices_event(price("R1", 1))]), Context())

    found = document("replay", "--source", "wms", "--since", "2026-11-21T08:30:00Z", "--until", "2026-11-21T09:30:00Z")

    (message,) = world.take("movements")
    assert (found["sent"], message["movements"][0]["id"]) == (1, "m2")
    assert document("replay", "--source", "erp")["sent"] == 1
    assert len(world.take("prices")) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing says which facts"),
        (("nonsense",), "there is no exception 'nonsense'"),
        (("--since", "yesterday"), "--since yesterday: no instant"),
        (("--source", "wms", "--override-versions", " "), "--override-versions: no reason"),
    ],
)
def test_a_replay_that_says_too_little_sends_nothing(world: World, arguments: tuple[str, ...], message: str) -> None:
    refuse(world, unknown(1))
    before = world.dump()

    with pytest.raises(CliError, match=message):
        crossdock("replay", *arguments)

    assert world.dump() == before


def test_many_equal_failures_are_one_group_corrected_once_and_replayed_twice(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    movements = [unknown(n, 1) for n in range(MANY)]
    for start in range(0, MANY, 500):
        message = movements_message(*movements[start : start + 500])
        world.call("apply_movements", world.queue_event("movements", [message]), Context(500_000))
    (line,) = document("list")
    assert line["open"] == MANY

    corrected = document("correct", line["id"], "--set", "item=A1", "--why", "typo")
    first = document("replay", line["id"])

    assert len(corrected["corrected"]) == MANY
    assert (first["facts"], first["sent"], first["passed_over"], first["state"]) == (MANY, MANY, 0, "done")
    assert first["verdicts"] == {"would be applied": MANY}
    apply_all(world)
    (closed,) = document("list", "--state", "closed")
    assert (closed["open"], closed["replaying"], closed["settled"]) == (0, 0, MANY)
    journal = [r["q"] for r in world.rows("inventory") if r["pk"].startswith("M#")]
    assert (len(journal), sum(journal)) == (MANY, MANY)

    second = document("replay", line["id"], "--again")
    assert (second["sent"], second["verdicts"]) == (MANY, {"is stored already: changes nothing": MANY})
    assert [g["replaying"] for g in document("list")] == [MANY]
    apply_all(world)
    assert [g["settled"] for g in document("list", "--state", "closed")] == [MANY]
    assert len([r for r in world.rows("inventory") if r["pk"].startswith("M#")]) == MANY


def apply_all(world: World) -> None:
    """Works the whole movements queue off, in one batch."""
    event = world.received_event("movements")
    world.target.sqs.purge_queue(QueueUrl=world.urls["movements"])
    assert len(event["Records"]) == MANY
    assert world.call("apply_movements", event, Context(500_000)) == {"batchItemFailures": []}


# -- original, corrected, remapped -----------------------------------------------------------------------------


def hook(world: World, *movements: dict[str, Any]) -> str:
    """Movements that came by webhook and were refused."""
    answer = world.call("receive_webhook", webhook_event(moved(*movements)), Context())
    assert answer["statusCode"] == 202
    apply(world)
    return str(document("list")[0]["id"])


def test_an_original_is_sent_although_it_was_corrected(world: World) -> None:
    group = refuse(world, unknown(1))
    crossdock("correct", group, "--set", "item=A1", "--why", "wrong guess")

    crossdock("replay", group, "--as", "original")

    (message,) = world.take("movements")
    assert message["movements"] == [unknown(1)]


def test_a_fact_is_mapped_anew_from_its_delivery_and_no_other_fact_of_it_is_sent(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    group = hook(world, movement("m1"), unknown(2), movement("m3"))
    from crossdock.connectors.generic_wms import translation

    original = translation.translate

    def mapped(*delivery: Any) -> Any:
        found = original(*delivery)
        for one in found.movements:
            one["item"] = {"NEW": "A1"}.get(one["item"], one["item"])
        return found

    world.patch.setattr("crossdock.connectors.generic_wms.translate", mapped)

    found = document("replay", group, "--as", "remapped", "--dry-run")
    assert found["examples"][0]["diff"] == [{"op": "replace", "path": "/movements/0/item", "value": "A1", "was": "NEW"}]
    crossdock("runs", "start", found["run"])

    (message,) = world.take("movements")
    assert [(m["id"], m["item"]) for m in message["movements"]] == [("m2", "A1")]
    world.call("apply_movements", world.queue_event("movements", [message]), Context())
    assert sorted(r["sk"] for r in world.rows("inventory") if r["pk"].startswith("M#")) == [
        "wms#m1",
        "wms#m2",
        "wms#m3",
    ]
    assert document("list") == []


def test_what_came_by_the_api_or_has_left_the_inbox_cannot_be_mapped_anew(world: World) -> None:
    group = refuse(world, unknown(1))
    with pytest.raises(CliError, match="not as a delivery: nothing to map anew"):
        crossdock("replay", group, "--as", "remapped")
    crossdock("close", group, "--why", "dealt with")
    hooked = hook(world, unknown(2))
    world.table("exchange").delete(("IN#wms#msg_1", "IN"))
    with pytest.raises(CliError, match="not in the inbox any more"):
        crossdock("replay", hooked, "--as", "remapped")
    assert (world.take("movements"), document("list")[0]["replaying"]) == ([], 0)


# -- subscribers, versions -------------------------------------------------------------------------------------


def test_current_subscribers_are_the_channels_that_hear_of_it_today(world: World) -> None:
    letter = dirty_message("webshop", ("availability", "SKU-1"))
    world.call("collect_dead_letters", world.queue_event("channel-webshop-dlq", [letter]), Context())
    (group,) = document("list")

    crossdock("replay", group["id"], "--subscribers", "current")

    (mine,), (other,) = world.take("channel-webshop"), world.take("channel-marketplace")
    assert (mine["channel"], other["channel"]) == ("webshop", "marketplace")
    assert mine["keys"] == other["keys"] == letter["keys"]
    assert (mine["replay"]["exception"], "replay" in other) == (group["id"], False)


def test_events_go_to_current_subscribers_over_the_bus(world: World) -> None:
    event = prices_event(price("R1", 1))
    world.call("collect_dead_letters", world.queue_event("prices-dlq", [event]), Context())
    (group,) = document("list")

    crossdock("replay", group["id"], "--subscribers", "current")

    (message,) = world.take("prices")
    assert (message["id"], message["data"], message["replay"]["exception"]) == (event["id"], event["data"], group["id"])


def refused_price(world: World) -> str:
    """Version 1 of a rule was refused for its unknown item; then the item became known, and version 5 came."""
    world.call("apply_price_changes", world.queue_event("prices", [prices_event(price("R1", 1, "9.99"))]), Context())
    world.knows(("erp", "E1", "SKU-1"))
    world.forget_warm_state()
    world.call("apply_price_changes", world.queue_event("prices", [prices_event(price("R1", 5, "2.55"))]), Context())
    return str(document("list")[0]["id"])


def newest(world: World) -> tuple[int, str]:
    place = item_sheet("SKU-1")
    (rule,) = Sheet.read(place, world.row("pricing", *place)).rules().values()
    return rule.version, f"{float(rule.tiers[0].value):.2f}"


def test_the_version_gate_holds_and_an_override_states_the_fact_anew_above_it(world: World) -> None:
    group = refused_price(world)
    assert newest(world) == (5, "2.55")

    found = document("replay", group, "--dry-run")
    assert found["verdicts"] == {"version 1 is not above 5: changes nothing": 1}
    crossdock("runs", "start", found["run"])
    world.call("apply_price_changes", world.queue_event("prices", world.take("prices")), Context())
    assert newest(world) == (5, "2.55")
    assert document("list") == []

    lifted = document("replay", group, "--again", "--override-versions", "the old price was right")
    assert lifted["verdicts"] == {"lifted to version 6, above 5": 1}
    world.call("apply_price_changes", world.queue_event("prices", world.take("prices")), Context())
    assert newest(world) == (6, "9.99")
    assert document("runs", "show", lifted["run"])["override"] == "the old price was right"


def test_facts_without_versions_have_no_gate_to_override(world: World) -> None:
    group = refuse(world, unknown(1))
    with pytest.raises(CliError, match="no version that could be lifted"):
        crossdock("replay", group, "--override-versions", "why not")
    assert world.take("movements") == []


# -- runs ------------------------------------------------------------------------------------------------------


def test_a_run_is_paused_from_elsewhere_and_goes_on(world: World) -> None:
    group = refuse(world, *(unknown(n) for n in range(25)))
    stop_after(world, 2, lambda run: crossdock("runs", "pause", run, "--by", "bob"))

    with pytest.raises(CliError, match="was paused: 20 of 25 sent, 5 left"):
        crossdock("replay", group)

    (run,) = document("runs", "list")
    assert (run["state"], run["sent"], run["left"]) == ("paused", 20, 5)
    assert len(world.take("movements")) == 20
    with pytest.raises(CliError, match="is paused, not running"):
        crossdock("runs", "pause", run["run"])
    done = document("runs", "resume", run["run"], "--rate", "500")
    assert (done["state"], done["sent"], done["rate"]) == ("done", 25, 500)
    assert len(world.take("movements")) == 5
    shown = document("runs", "show", run["run"])
    steps = [(step["to"], step.get("by", "")) for step in shown["log"]]  # in one instant, so in no order
    me = common.OPERATOR
    assert sorted(steps) == [("done", ""), ("paused", "bob"), ("previewed", ""), ("running", me), ("running", me)]
    with pytest.raises(CliError, match="is done, not paused or running"):
        crossdock("runs", "resume", run["run"])


def stop_after(world: World, batches: int, stop: Callable[[str], Any]) -> None:
    """Lets something happen from another terminal when so many batches were sent."""
    from crossdock.exceptions.run_store import RunStore

    sent, seen = RunStore.sent, []

    def counted(self: RunStore, run: str, facts: Any) -> int:
        seen.append(run)
        found = sent(self, run, facts)
        if len(seen) == batches:
            stop(run)
        return found

    world.patch.setattr(RunStore, "sent", counted)


def test_a_run_that_is_taken_over_stops_where_it_was(world: World) -> None:
    group = refuse(world, *(unknown(n) for n in range(25)))
    stop_after(world, 1, lambda run: crossdock("runs", "resume", run, "--by", "bob"))

    with pytest.raises(CliError, match="is worked off by somebody else now: 25 of 25 sent, 0 left"):
        crossdock("replay", group)

    messages = world.take("movements")
    assert sorted(m["movements"][0]["id"] for m in messages) == sorted(f"m{n}" for n in range(25))


def test_what_was_corrected_since_the_preview_is_passed_over_and_says_so(world: World) -> None:
    group = refuse(world, unknown(1), unknown(2))
    found = document("replay", group, "--dry-run")
    fact = document("show", group)["occurrences"][0]["id"]
    crossdock("correct", group, "--occurrence", fact, "--set", "item=A1", "--why", "typo")

    done = document("runs", "start", found["run"])

    assert (done["sent"], done["passed_over"]) == (1, 1)
    (passed,) = document("runs", "show", found["run"])["passed"]
    assert passed == {
        "group": group,
        "occurrence": fact,
        "why": "what would be sent is not what was previewed; preview a new run",
    }
    assert isinstance(world.exceptions, Exceptions)


# -- the guide -------------------------------------------------------------------------------------------------


def test_every_command_of_the_guide_runs(world: World) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "exceptions.md").read_text(encoding="utf-8")
    commands = [line for block in re.findall(r"```sh\n(.*?)```", guide, re.DOTALL) for line in block.splitlines()]
    assert len(commands) == 19
    run = ""
    for number, command in enumerate(commands):
        # Each finds something to do, and what came before does not stand in its way.
        group = refuse(world, unknown(100 + number, item=f"NEW-{number}"))
        if "runs" in command:
            run = document("replay", group, "--dry-run")["run"]
        words = shlex.split(command.replace("GROUP", group).replace("RUN", run))
        assert words[:2] == ["crossdock", "exceptions"]
        assert crossdock(*words[2:]), command
        world.now = later(60 * number)


def test_a_mistyped_source_is_said_to_be_one_and_makes_no_run(world: World) -> None:
    before = world.dump()
    with pytest.raises(CliError) as error:
        crossdock("replay", "--source", "wmss", "--dry-run")
    assert error.value.message == "nothing comes from a source or channel 'wmss'"
    assert "wms" in error.value.remedy.removeprefix("known here: ").split(", ")
    assert world.dump() == before
