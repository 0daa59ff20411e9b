"""The exceptions in a CloudWatch dashboard: by impact, covered and escaped; a dry run, and a replay with a reason."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.refusals import Refusal
from tests.support.world import Context, World, bus_event, movement, movements_message, price, prices_event

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.integration

ARN = "arn:aws:lambda:eu-west-1:000000000000:function:crossdock-local-show-exceptions:live"
MARKUP = "<script>alert(1)</script>\"'&"
ROUTES = (
    "movements",
    "prices",
    "price-customers",
    "counts",
    "references",
    "supply",
    "accounts",
    "listings",
    "webhooks",
    "reservations",
    "expiries",
    "channel-webshop",
)


@dataclass
class Viewed(Context):
    """The context of a call by a dashboard."""

    invoked_function_arn: str = ARN


def show(world: World, why: str = "", **event: Any) -> str:
    """What the widget shows for an event, with the reason as CloudWatch sends the fields of a form."""
    context = {"dashboardName": "crossdock", "forms": {"all": {"why": why}}, "theme": "dark"}
    answer = world.call("show_exceptions", {**event, "widgetContext": context}, Viewed())
    assert isinstance(answer, str)
    return answer


def actions(shown: str) -> list[dict[str, Any]]:
    """The parameters of the buttons."""
    found = re.findall(r'<a class="btn">[^<]*</a><cwdb-action ([^>]*)>([^<]*)</cwdb-action>', shown)
    assert all(f'endpoint="{ARN}"' in attributes and 'action="call"' in attributes for attributes, _ in found)
    return [json.loads(html.unescape(text)) for _, text in found]


def refuse(world: World, route: str, message: Mapping[str, Any], pointer: str, name: str, **fields: str) -> str:
    """A refused fact; gives back its group."""
    said = {"kind": "unknown_item", "subject": f"item/{name}", "detail": f"{name} is not known", **fields}
    world.exceptions.refuse(
        [Refusal(**said, source="wms", fact=name, remedy="r", route=route, message=message, pointer=pointer,
                 correlation_id="c-1")]
    )  # fmt: skip
    return next(g.id for g in world.exceptions.groups() if g.subject == said["subject"])


def a_typo(world: World) -> str:
    world.knows(("wms", "A1", "SKU-1"))
    return refuse(world, "movements", movements_message(movement("m-1")), "/movements/0", "A1")


def test_it_describes_itself(world: World) -> None:
    answer = world.call("show_exceptions", {"describe": True}, Viewed())

    assert answer["markdown"].startswith("## Exceptions by impact\n")
    assert "cloudwatch-widget" in answer["markdown"]


def test_an_empty_list_says_so(world: World) -> None:
    assert "No exception is open." in show(world)


def test_groups_are_shown_by_impact_with_a_dry_run_each(world: World) -> None:
    plain = a_typo(world)
    order = movement("m-2", item="B1", type="pick", reference="SO-1")
    held_up = refuse(world, "movements", movements_message(order), "/movements/0", "B1")

    assert actions(show(world)) == [{"action": "preview", "group": held_up}, {"action": "preview", "group": plain}]


def test_texts_are_escaped_and_personal_data_covered(world: World) -> None:
    message = movements_message(movement("m-1", item=MARKUP))
    refuse(world, "movements", message, "/movements/0", MARKUP, detail=f"{MARKUP} of ada@example.com\x1b[2J")

    shown = show(world)

    assert "<script" not in shown
    assert html.escape(MARKUP) in shown
    assert "ada@example.com" not in shown
    assert "●●●" in shown
    assert "\x1b" not in shown


def test_a_dry_run_sends_nothing_and_a_replay_with_a_reason_sends_it_once(world: World) -> None:
    group = a_typo(world)

    [preview] = actions(show(world))
    foreseen = show(world, **preview)
    [replay] = actions(foreseen)

    assert "1: would be applied" in foreseen
    assert "SKU-1 in MAIN: 5" in foreseen
    assert 'confirmation="Send 1 facts of unknown_item again?"' in foreseen
    assert world.take("movements") == []
    assert "Why is needed; nothing was sent." in show(world, **replay)
    assert world.take("movements") == []

    sent = show(world, "ticket 118", **replay)
    again = show(world, "ticket 118", **replay)

    assert f"Run {replay['run']}: 1 sent, 0 passed over." in sent
    assert "This dry run was used already" in again
    [message] = world.take("movements")
    assert message["replay"]["exception"] == group
    by = [step["by"] for step in world.exceptions.history(group) if step.get("to") == "replaying"]
    assert by == ["cloudwatch-widget: ticket 118"]


@pytest.mark.parametrize("run", ["", "0" * 12, "../x", MARKUP])
def test_a_run_that_is_none_sends_nothing(world: World, run: str) -> None:
    a_typo(world)
    before = world.dump()

    assert "This dry run was used already, or is none." in show(world, "why", action="replay", run=run)
    assert world.dump() == before


def test_the_run_of_an_operator_is_not_started_from_a_dashboard(world: World) -> None:
    from crossdock.exceptions.runs import Options, Selection
    from functions.show_exceptions.handler import app

    group = a_typo(world)
    run = app().replayer.draft(Selection(groups=(group,)), Options(), "kim")
    list(app().replayer.preview(run))
    before = world.dump()

    assert "is none" in show(world, "why", action="replay", run=run.id)
    assert (world.dump(), world.take("movements")) == (before, [])


def test_a_group_that_is_gone_says_so(world: World) -> None:
    assert "Nothing of this is open any more." in show(world, action="preview", group="000000000000")


def test_a_large_group_is_left_to_the_console(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    refused = [
        Refusal("unknown_item", "wms", "item/A1", f"m-{n}", "d", "r", "movements",
                movements_message(movement(f"m-{n}")), "/movements/0", "c-1")
        for n in range(201)
    ]  # fmt: skip
    world.exceptions.refuse(refused)
    [preview] = actions(show(world))

    assert "201 facts are too many to wait for in a dashboard." in show(world, **preview)


@pytest.mark.parametrize("context", [None, {}, {"forms": None}, {"forms": {"all": []}}, {"forms": {"all": {"why": 7}}}])
def test_a_context_without_a_reason_is_no_reason(world: World, context: Any) -> None:
    a_typo(world)
    [preview] = actions(show(world))
    [replay] = actions(show(world, **preview))

    answer = world.call("show_exceptions", {**replay, "widgetContext": context}, Viewed())

    assert "Why is needed; nothing was sent." in answer
    assert world.take("movements") == []


@pytest.mark.parametrize("route", ROUTES)
def test_facts_go_back_to_the_queue_that_they_fell_out_of(world: World, route: str) -> None:
    refuse(world, route, {"v": 1, "kind": "x", "facts": [{"sku": "SKU-1"}]}, "/facts/0", "A1")

    [preview] = actions(show(world))
    [replay] = actions(show(world, **preview))
    show(world, "ticket 118", **replay)

    assert [message["facts"] for message in world.take(route)] == [[{"sku": "SKU-1"}]]


def test_what_is_older_than_what_is_stored_is_said_beforehand(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"))
    world.call("apply_price_changes", world.queue_event("prices", [prices_event(price("R-1", 3))]))
    line = {"id": "PO-1", "kind": "order", "item": "E1", "warehouse": "MAIN", "version": 2}
    refuse(world, "prices", prices_event(price("R-1", 2)), "/data/prices/0", "E1", kind="conflicting_version")
    supply = bus_event("inventory.supply.reported.v1", {"source": "erp", "supply": [line]}, "erp")
    refuse(world, "supply", supply, "/data/supply/0", "E2", kind="unknown_warehouse")

    foreseen = [show(world, **preview) for preview in actions(show(world))]

    assert sum("1: version 2 is not above 3: changes nothing" in shown for shown in foreseen) == 1
    assert sum("1: would be sent" in shown for shown in foreseen) == 1
