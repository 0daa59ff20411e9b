"""The dashboards as CloudWatch gets them: every figure, every value, shares by metric maths, alarms, links."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest

from crossdock.config.compile import compile_file
from crossdock.config.figures import values_of
from crossdock.config.model import BusinessConfig, from_document
from crossdock.contracts.dashboards import DASHBOARDS, shown
from crossdock.contracts.metrics import BY_NAME, METRICS
from infra.constructs.alarms import RUNBOOKS_CONTEXT
from infra.constructs.dashboards import dashboards
from infra.constructs.stack import Plan, StageStack
from infra.documents.alarms import RUNBOOKS
from infra.stages import PROD, ROOT

if TYPE_CHECKING:
    from tests.integration.conftest import Templates

pytestmark = pytest.mark.integration

Widget = dict[str, Any]


@pytest.fixture(scope="module")
def business() -> BusinessConfig:
    return from_document(compile_file(PROD.config_path))


@pytest.fixture(scope="module")
def boards(prod: Templates) -> dict[str, list[Widget]]:
    """The widgets of each dashboard, by its name."""
    return _boards(resource for _, resource in prod.all("AWS::CloudWatch::Dashboard"))


def _boards(resources: Any) -> dict[str, list[Widget]]:
    found = (r["Properties"] for r in resources)
    return {p["DashboardName"]: json.loads(_text(p["DashboardBody"]))["widgets"] for p in found}


def _text(value: Any) -> str:
    """A body with its tokens as their names."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(_text(part) for part in value["Fn::Join"][1])
    (named,) = value.values()  # Ref or Fn::GetAtt
    return f"<{named if isinstance(named, str) else '.'.join(named)}>"


def _titled(widgets: list[Widget], title: str) -> Widget:
    (found,) = (w["properties"] for w in widgets if w["properties"].get("title") == title)
    return found  # type: ignore[no-any-return]  # JSON


def _figures(widgets: list[Widget]) -> set[tuple[str, str]]:
    """(figure, value of its dimension) of everything of ours that is drawn or computed with."""
    found = set()
    for line in (line for w in widgets for line in w["properties"].get("metrics", []) if line[0] == "crossdock"):
        _, name, *rest = line
        said = dict(zip(rest[:-1:2], rest[1:-1:2], strict=True))
        assert said.pop("stage") == "prod"
        assert tuple(said) == BY_NAME[name].dimensions
        found.add((name, next(iter(said.values()), "")))
    return found


def test_there_is_one_dashboard_for_the_business_and_one_for_engineers(boards: dict[str, list[Widget]]) -> None:
    assert sorted(boards) == ["crossdock-prod-business", "crossdock-prod-technical"]


def test_every_figure_is_shown_with_every_value_and_nothing_else(
    boards: dict[str, list[Widget]], business: BusinessConfig
) -> None:
    expected = {(m.name, value) for m in METRICS for value in values_of(m, business) or ("",)}

    assert _figures([w for widgets in boards.values() for w in widgets]) == expected


@pytest.mark.parametrize("audience", ["business", "technical"])
def test_a_dashboard_shows_what_its_definition_says(boards: dict[str, list[Widget]], audience: Any) -> None:
    assert {name for name, _ in _figures(boards[f"crossdock-prod-{audience}"])} == set(shown(DASHBOARDS[audience]))


def test_each_line_has_the_statistic_of_the_catalogue(boards: dict[str, list[Widget]]) -> None:
    lines = [line for ws in boards.values() for w in ws for line in w["properties"].get("metrics", [])]
    ours = [line for line in lines if line[0] == "crossdock"]

    assert {(line[1], line[-1].get("stat", "Average")) for line in ours} == {(m.name, m.statistic) for m in METRICS}


def test_accuracy_and_success_are_divided_by_cloudwatch_and_a_missing_count_is_0(
    boards: dict[str, list[Widget]],
) -> None:
    widgets = boards["crossdock-prod-business"]

    right = _titled(widgets, "Prices right (%), by channel")
    assert right["metrics"][0] == [{"label": "marketplace", "expression": "100 * (1 - (FILL(b0n0, 0)) / w0)"}]
    assert right["metrics"][1] == [
        *("crossdock", "PricesWrong", "channel", "marketplace", "stage", "prod"),
        {"stat": "Sum", "visible": False, "id": "b0n0"},
    ]
    assert right["annotations"]["horizontal"] == [{"value": 99.9, "label": "aim", "yAxis": "left"}]

    taken = _titled(widgets, "Values acknowledged (%), by channel")
    assert [m[0]["expression"] for m in taken["metrics"] if isinstance(m[0], dict)] == [
        f"100 * FILL(g{n}, 0) / (FILL(g{n}, 0) + FILL(b{n}n0, 0) + FILL(b{n}n1, 0))" for n in (0, 1)
    ]


def test_the_business_sees_the_alarms_that_are_told_and_engineers_all(
    boards: dict[str, list[Widget]], prod: Templates
) -> None:
    plain = {r["Properties"]["AlarmName"] for _, r in prod.all("AWS::CloudWatch::Alarm")}
    composites = {
        r["Properties"]["AlarmName"]: r["Properties"]["AlarmRule"]
        for _, r in prod.all("AWS::CloudWatch::CompositeAlarm")
    }
    behind = {name for name in {*plain, *composites} if any(f'"{name}"' in rule for rule in composites.values())}

    def shown_in(name: str) -> list[str]:
        widgets = [w["properties"] for w in boards[name] if w["type"] == "alarm"]
        assert all(len(w["alarms"]) <= 100 for w in widgets)
        return [arn.rpartition(":")[2] for w in widgets for arn in w["alarms"]]

    assert shown_in("crossdock-prod-technical") == sorted({*plain, *composites})
    assert shown_in("crossdock-prod-business") == sorted({*plain, *composites} - behind)


def test_the_pages_that_say_what_to_do_are_named(boards: dict[str, list[Widget]]) -> None:
    for widgets in boards.values():
        (text,) = (w["properties"]["markdown"] for w in widgets if w["type"] == "text")
        assert [line for line in text.split("\n") if line.startswith("- ")] == [
            f"- docs/runbooks/{slug}.md: {when}" for slug, when in sorted(RUNBOOKS.items())
        ]


def test_with_an_address_runbooks_are_links_and_what_no_function_draws_is_left_out(business: BusinessConfig) -> None:
    app = cdk.App(context={RUNBOOKS_CONTEXT: "https://code.example/crossdock/"})
    stack = StageStack(app, "operations", Plan(PROD, business, ROOT, ROOT), "test")  # type: ignore[arg-type]  # none is built
    dashboards(stack)
    template = app.synth().get_stack_by_name("crossdock-prod-operations").template

    found = _boards(r for r in template["Resources"].values() if r["Type"] == "AWS::CloudWatch::Dashboard")
    widgets = found["crossdock-prod-business"]
    (text,) = (w["properties"]["markdown"] for w in widgets if w["type"] == "text")
    assert "- [oversold](https://code.example/crossdock/docs/runbooks/oversold.md): more units were held" in text
    assert [w for w in widgets if w["type"] == "custom"] == []


def test_a_function_of_ours_shows_the_exceptions_to_the_business(boards: dict[str, list[Widget]]) -> None:
    custom = {name: [w["properties"] for w in ws if w["type"] == "custom"] for name, ws in boards.items()}

    assert custom["crossdock-prod-technical"] == []
    (shown_there,) = custom["crossdock-prod-business"]
    assert (shown_there["title"], shown_there["updateOn"]["refresh"]) == ("Exceptions by impact", True)


def test_a_share_is_made_of_counts_of_one_dimension() -> None:
    for rows in DASHBOARDS.values():
        for row in rows:
            assert sum(widget.width for widget in row) == 24, row
            for widget in row:
                made = [BY_NAME[name] for name in getattr(widget, "metrics", ()) if name in BY_NAME]
                if type(widget).__name__ == "Share":
                    assert {(m.unit, m.statistic) for m in made} == {("Count", "Sum")}
                    assert len({m.dimensions for m in made}) == 1
