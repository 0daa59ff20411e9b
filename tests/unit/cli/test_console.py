"""What the console makes of figures, alarms, runbooks and of what its page sends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from crossdock.contracts.metrics import NAMESPACE
from crossdock_cli.console import figures as module
from crossdock_cli.console.figures import Figures
from crossdock_cli.console.flow import _alarm
from crossdock_cli.console.guard import RefusedError
from crossdock_cli.console.keeping import Kept
from crossdock_cli.console.reading import flag, number, optional, required, texts
from crossdock_cli.console.runbooks import known_runbooks, runbook_page

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 8, 0, 30, tzinfo=UTC)


class Watched:
    """CloudWatch with some metrics: name, dimensions, and values by how many minutes ago."""

    def __init__(self, *metrics: tuple[str, dict[str, str], dict[int, float]]) -> None:
        self.metrics = metrics
        self.asked: list[str] = []

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=lambda **given: [getattr(self, operation)(**given)])

    def list_metrics(self, Namespace: str, Dimensions: Any) -> Any:  # noqa: N803 - boto3's names
        assert (Namespace, Dimensions) == (NAMESPACE, [{"Name": "stage", "Value": "prod"}])
        self.asked.append("list")
        named = [(name, {"stage": "prod", **of}) for name, of, _ in self.metrics]
        return {
            "Metrics": [
                {"MetricName": n, "Dimensions": [{"Name": d, "Value": v} for d, v in of.items()]} for n, of in named
            ]
        }

    def get_metric_data(self, MetricDataQueries: Any, **_: Any) -> Any:  # noqa: N803 - boto3's names
        self.asked.append("data")
        found = []
        for query in MetricDataQueries:
            metric = query["MetricStat"]["Metric"]
            of = {d["Name"]: d["Value"] for d in metric["Dimensions"] if d["Name"] != "stage"}
            points = next(p for n, o, p in self.metrics if (n, o) == (metric["MetricName"], of))
            minute = NOW.replace(second=0)
            times = {minute - timedelta(minutes=ago): value for ago, value in points.items()}
            found.append({"Id": query["Id"], "Timestamps": sorted(times), "Values": [times[t] for t in sorted(times)]})
        return {"MetricDataResults": found}


def shown(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(module, "system_clock", lambda: NOW)
    target: Any = SimpleNamespace(cloudwatch=watched, stage="prod", state=None)
    figures = Figures(target)
    figures.document()
    return {figure["name"]: figure for figure in figures.document()["figures"]}


def test_counts_are_summed_over_channels_and_over_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(
        ("Delivered", {"channel": "webshop"}, {0: 3, 5: 4}), ("Delivered", {"channel": "marketplace"}, {5: 2})
    )

    found = shown(watched, monkeypatch)["Delivered"]

    assert found["all"]["value"] == 9
    assert (found["all"]["points"][54], found["all"]["points"][59], found["all"]["points"][0]) == (6, 3, None)
    assert [(one["of"], one["value"]) for one in found["by"]] == [("marketplace", 2), ("webshop", 7)]
    assert watched.asked == ["list", "data"], "and CloudWatch is not asked twice within a minute"


def test_of_a_lag_the_worst_channel_counts_and_of_the_hour_the_latest_value(monkeypatch: pytest.MonkeyPatch) -> None:
    behind = [("ChannelBehind", {"channel": c}, {0: latest, 9: 900.0}) for c, latest in (("a", 5.0), ("b", 70.0))]

    assert shown(Watched(*behind), monkeypatch)["ChannelBehind"]["all"]["value"] == 70


def test_what_was_not_measured_has_no_value_and_what_is_not_of_the_catalogue_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = Watched(
        ("Somebody's", {}, {0: 1}), ("Delivered", {"partner": "x"}, {0: 1}), ("Delivered", {"channel": "a"}, {})
    )

    found = shown(watched, monkeypatch)

    assert found["Delivered"]["all"] == {"value": None, "points": [None] * 60}
    assert found["Delivered"]["by"] == []
    assert "Somebody's" not in found


def test_an_alarm_leads_to_its_runbook_and_to_nothing_else() -> None:
    told = {
        "AlarmName": "crossdock-prod-channel-webshop-down",
        "AlarmDescription": "It is down. See docs/runbooks/channel-down.md for what to do.",
        "StateUpdatedTimestamp": NOW,
    }

    found = _alarm(told, "crossdock-prod-")

    assert (found["name"], found["runbook"]) == ("channel-webshop-down", "channel-down")
    assert found["since"].startswith("2026-11-21T08:00:30")
    assert _alarm({**told, "AlarmDescription": "docs/runbooks/../../secrets.md"}, "")["runbook"] is None
    assert _alarm({**told, "AlarmDescription": "docs/runbooks/nothing-there.md"}, "")["runbook"] is None


def test_every_runbook_is_a_page_without_scripts() -> None:
    for slug in known_runbooks() - {"README"}:
        page = runbook_page(slug).decode()
        assert "<h1>" in page
        assert "<script" not in page


@pytest.mark.parametrize("slug", ["", "README.md", "../../pyproject", "nothing", "replay/", "/etc/passwd"])
def test_nothing_but_a_runbook_is_a_page(slug: str) -> None:
    with pytest.raises(RefusedError) as refused:
        runbook_page(slug)
    assert refused.value.status == 404


def test_an_answer_is_asked_for_again_when_it_is_old_and_a_failure_is_not_kept() -> None:
    now, answers = [0.0], [1, ZeroDivisionError(), 2]

    def ask() -> int:
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    kept = Kept(ask, 10, lambda: now[0])
    assert (kept.value(), kept.value()) == (1, 1)
    now[0] = 10.0
    with pytest.raises(ZeroDivisionError):
        kept.value()
    assert kept.value() == 2


@pytest.mark.parametrize(
    "read",
    [
        lambda: required({"why": "  "}, "why"),
        lambda: required({"why": 7}, "why"),
        lambda: optional({"why": "x" * 2001}, "why"),
        lambda: texts({"set": "item=1"}, "set"),
        lambda: texts({"set": [1]}, "set"),
        lambda: flag({"again": "yes"}, "again"),
        lambda: number({"rate": True}, "rate", 0, 9),
        lambda: number({"rate": 10}, "rate", 0, 9),
        lambda: number({"rate": "1"}, "rate", 0, 9),
    ],
)
def test_a_field_that_is_not_what_it_must_be_is_refused_by_its_name(read: Any) -> None:
    with pytest.raises(RefusedError, match=r"^(why|set|again|rate): ") as refused:
        read()
    assert refused.value.status == 400
