"""Who is told of what, in production and where the configuration asks for more: alarms, composites, topics."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from crossdock.config.compile import compile_file
from crossdock.contracts.metrics import BY_NAME
from crossdock.contracts.service_levels import SERVICE_LEVELS, TIERS
from infra.app import build
from infra.constructs.alarm_stories import read
from tests.integration.conftest import Templates
from tests.integration.test_templates import ALLOWED, CHANNELS, QUEUES

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundling import LayerFolders

pytestmark = pytest.mark.integration

# Alarms that only turn a release back are tested with the rollout.
RELEASE: Final = "-release-"
ALARM: Final = "AWS::CloudWatch::Alarm"
COMPOSITE: Final = "AWS::CloudWatch::CompositeAlarm"
SOURCES: Final = ("erp", "wms")
TABLES: Final = ("audit", "exceptions", "exchange", "identity", "inventory", "limits", "pricing")
LAGGING: Final = (
    "announce-changes",
    "announce-customers",
    "digest-shadows",
    "project-balances",
    "spread-price-changes",
)
FACTS: Final = ("movements", "prices", "customers", "supply", "counts", "references")
PAGED: Final = {
    "oversold",
    "prices-list-late",
    "inbox-refusing",
    *(f"{f}-errors" for f in ("receive-webhook", "receive-movements", "receive-supply")),
}
NOTED: Final = {
    *(f"facts-{d}-repeated" for d in ("webhooks", "reservations", *FACTS)),
    "partners-limited",
}
TICKETS: Final = {f"drift-{kind}" for kind in ("stock", "channel", "prices", "customers")}
WATCHED: Final = ("MetricName", "Period", "Threshold", "ComparisonOperator", "TreatMissingData")
PROMISES: Final = ("api", "webhooks", "movements", *(f"deliveries-{c}" for c in CHANNELS))


def told(template: Templates, kind: str) -> dict[str, set[str]]:
    """The topics that each alarm of a kind rings."""
    found = {}
    for stack, alarm in template.all(kind):
        actions = alarm["Properties"].get("AlarmActions", [])
        topics = {template.read(stack, action).rpartition("crossdock-prod-")[2] for action in actions}
        found[template.own(alarm["Properties"]["AlarmName"])] = topics
    return {name: topics for name, topics in found.items() if RELEASE not in name}


def parts(alarm: dict[str, Any], how: str) -> set[str]:
    """The alarms that a composite's rule names, which have to be joined by `how` alone."""
    rule = alarm["AlarmRule"]
    names = re.findall(r'ALARM\("crossdock-prod-([^"]+)"\)', rule)
    assert rule == f" {how} ".join(f'ALARM("crossdock-prod-{name}")' for name in names)
    return set(names)


@pytest.fixture(scope="module")
def alarms(prod: Templates) -> dict[str, dict[str, Any]]:
    return prod.named(ALARM, "AlarmName")


@pytest.fixture(scope="module")
def composites(prod: Templates) -> dict[str, dict[str, Any]]:
    return prod.named(COMPOSITE, "AlarmName")


# -- what there is ------------------------------------------------------------------------------------------------

GROUPS: Final[dict[str, set[str]]] = {
    "store-trouble": {f"{f}-throttles" for f in ALLOWED}
    | {f"{t}-{verb}-throttled" for t in TABLES for verb in ("reads", "writes")}
    | {"api-5xx", "api-slow"},
    "work-late": {f"{q}-age" for q in QUEUES if not q.startswith("channel-")}
    | {f"{f}-lag" for f in LAGGING}
    | {"holds-expire-late"},
    "functions-failing": {f"{f}-errors" for f in ALLOWED} - PAGED,
    "exceptions-pile-up": {f"facts-{d}-refused" for d in FACTS}
    | {"exceptions-poison", "exceptions-destination-down", "exceptions-overdue", "money-GBP-held-up"},
    "dead-letters-lie": {f"{queue}-depth" for queue in ("failures", *(f"{q}-dlq" for q in QUEUES))},
    "source-wms-trouble": {f"source-wms-{what}" for what in ("refused", "unmapped", "slow")}
    | {"warehouse-NORTH-silent", "warehouse-SOUTH-silent"},
    "source-erp-trouble": {f"source-erp-{what}" for what in ("refused", "unmapped", "slow")},
    "channel-webshop-trouble": {f"channel-webshop-{w}" for w in ("down", "behind", "rejects", "age", "prices-wrong")},
    "channel-marketplace-trouble": {f"channel-marketplace-{w}" for w in ("down", "behind", "rejects", "age")},
}


def test_what_can_go_wrong_is_told_once_by_priority(prod: Templates, composites: dict[str, dict[str, Any]]) -> None:
    plain = {name: topics for name, topics in told(prod, ALARM).items() if not name.startswith("slo-")}
    spoken_for = set().union(*GROUPS.values())
    assert set(plain) == PAGED | NOTED | TICKETS | spoken_for
    for name, topics in plain.items():
        expected = (
            {"page"} if name in PAGED else {"note"} if name in NOTED else {"ticket"} if name in TICKETS else set()
        )
        assert topics == expected, name
    assert {n: parts(c, "OR") for n, c in composites.items() if not n.startswith("slo-")} == GROUPS
    assert {n: t for n, t in told(prod, COMPOSITE).items() if not n.startswith("slo-")} == {
        **{name: {"ticket"} for name in GROUPS},
        "store-trouble": {"page"},
        "dead-letters-lie": {"page"},
        "functions-failing": {"note"},
    }


def test_what_follows_from_our_stores_trouble_is_quiet_during_it(composites: dict[str, dict[str, Any]]) -> None:
    followers = {n for n, c in composites.items() if "ActionsSuppressor" in c}
    assert followers == {
        "work-late",
        *(f"source-{s}-trouble" for s in SOURCES),
        *(f"channel-{c}-trouble" for c in CHANNELS),
    }
    for name in followers:
        alarm = composites[name]
        assert alarm["ActionsSuppressor"] == "crossdock-prod-store-trouble"
        assert (alarm["ActionsSuppressorWaitPeriod"], alarm["ActionsSuppressorExtensionPeriod"]) == (120, 300)


def test_composites_are_made_after_their_parts(prod: Templates) -> None:
    """In their own stack by dependencies of theirs, in others by that of the stack."""
    resources = prod.stacks["operations"]["Resources"]
    own = {prod.own(r["Properties"]["AlarmName"]): i for i, r in resources.items() if r["Type"] == ALARM}
    for resource in resources.values():
        if resource["Type"] == COMPOSITE:
            named = set(re.findall(r'"crossdock-prod-([^"]+)"', resource["Properties"]["AlarmRule"]))
            assert {own[name] for name in named & set(own)} <= set(resource.get("DependsOn", []))
    manifest = json.loads((prod.assembly / "manifest.json").read_text())["artifacts"]
    assert {"data", "sync", "api"} <= set(manifest["operations"]["dependencies"])


# -- what they say ------------------------------------------------------------------------------------------------


def test_every_alarm_says_symptom_cost_runbook_and_first_command(prod: Templates) -> None:
    for kind in (ALARM, COMPOSITE):
        topics = told(prod, kind)
        for name, alarm in prod.named(kind, "AlarmName").items():
            if RELEASE in name:
                continue
            said = read(alarm["AlarmDescription"])
            assert said.first.startswith("crossdock --stage prod "), name
            assert "{" not in alarm["AlarmDescription"], name
            assert topics[name] <= {{"P1": "page", "P2": "ticket", "P3": "note"}[said.priority]}, name


def test_an_alarm_links_its_runbook_where_the_repository_is_read(
    tmp_path_factory: pytest.TempPathFactory, hollow_layers: LayerFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = watched(tmp_path_factory, hollow_layers, monkeypatch, runbooks="https://git.example/ops")
    description = local["channel-erp-down"]["AlarmDescription"]
    assert description == (
        "P2 · erp takes no deliveries; what it is to be told is parked.\n"
        "Costs: it sells what is not there any more, at prices of when it went down\n"
        "Runbook: https://git.example/ops/docs/runbooks/erp-down.md\n"
        "First: crossdock --stage local channels status erp"
    )


# -- when they ring -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "metric", "dimensions", "statistic", "threshold", "minutes"),
    [
        ("oversold", "Oversold", {}, "Sum", 1, 5),
        ("prices-list-late", "PriceLag", {"price_class": "list"}, "Maximum", 300, 5),
        ("channel-webshop-down", "ChannelOpen", {"channel": "webshop"}, "Maximum", 1, 10),
        ("channel-webshop-behind", "ChannelBehind", {"channel": "webshop"}, "Maximum", 600, 10),
        ("channel-webshop-rejects", "DeliveryRejected", {"channel": "webshop"}, "Sum", 1, 5),
        ("channel-webshop-prices-wrong", "PricesWrong", {"channel": "webshop"}, "Sum", 1, 5),
        ("source-wms-refused", "WebhookRefused", {"source": "wms"}, "Sum", 20, 5),
        ("source-wms-unmapped", "MappingFailed", {"source": "wms"}, "Sum", 1, 5),
        ("source-wms-slow", "WebhookTime", {"source": "wms"}, "p99", 3000, 5),
        ("warehouse-NORTH-silent", "WarehouseSilent", {"warehouse": "NORTH"}, "Maximum", 1, 30),
        ("facts-movements-refused", "FactsRefused", {"domain": "movements"}, "Sum", 20, 5),
        ("facts-webhooks-repeated", "DuplicatesSuppressed", {"domain": "webhooks"}, "Sum", 1000, 5),
        ("partners-limited", "PartnersLimited", {}, "Sum", 100, 5),
        ("drift-stock", "DriftFound", {"kind": "stock"}, "Sum", 20, 60),
        ("exceptions-poison", "ExceptionsOpen", {"class": "poison"}, "Maximum", 1, 10),
        ("exceptions-destination-down", "ExceptionsOpen", {"class": "destination_down"}, "Maximum", 1, 10),
        ("exceptions-overdue", "ExceptionsOverdue", {}, "Maximum", 1, 10),
        ("money-GBP-held-up", "MoneyHeldUp", {"currency": "GBP"}, "Maximum", 10000, 10),
        ("holds-expire-late", "ExpiredLate", {}, "Maximum", 60, 1),
    ],
)
def test_a_figure_of_the_business_rings_from_what_the_business_says(
    alarms: dict[str, dict[str, Any]],
    name: str,
    metric: str,
    dimensions: dict[str, str],
    statistic: str,
    threshold: int,
    minutes: int,
) -> None:
    alarm = alarms[name]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("crossdock", metric)
    assert {d["Name"]: d["Value"] for d in alarm["Dimensions"]} == {"stage": "prod", **dimensions}
    assert alarm.get("Statistic", alarm.get("ExtendedStatistic")) == statistic
    assert (alarm["Threshold"], alarm["Period"], alarm["EvaluationPeriods"]) == (threshold, minutes * 60, 1)
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanOrEqualToThreshold", "notBreaching")


def test_alarms_on_figures_of_ours_watch_figures_that_there_are(alarms: dict[str, dict[str, Any]]) -> None:
    ours = [a for a in alarms.values() if a.get("Namespace") == "crossdock"]
    assert ours
    for alarm in ours:
        figure = BY_NAME[alarm["MetricName"]]
        assert {d["Name"] for d in alarm["Dimensions"]} == {"stage", *figure.dimensions}
        assert alarm.get("Statistic", alarm.get("ExtendedStatistic")) == figure.statistic


def test_the_inbox_rings_when_webhooks_and_no_other_requests_are_failed(alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms["inbox-refusing"]
    assert {d["Name"]: d["Value"] for d in alarm["Dimensions"]} == {
        "ApiName": "crossdock-prod-api",
        "Method": "POST",
        "Resource": "/webhooks/{source}",
        "Stage": "live",
    }
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"], alarm["Period"]) == ("5XXError", "Sum", 3, 300)


def test_a_table_that_refuses_rings_by_what_it_refuses(alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms["inventory-writes-throttled"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/DynamoDB", "WriteThrottleEvents")
    assert alarm["Dimensions"] == [{"Name": "TableName", "Value": "crossdock-prod-inventory"}]
    assert read(alarm["AlarmDescription"]).runbook == "hot-item"
    assert read(alarms["pricing-writes-throttled"]["AlarmDescription"]).runbook == "throttling"


def test_sources_that_fall_silent_and_subscriptions_that_end_ring_where_they_are_watched(
    tmp_path_factory: pytest.TempPathFactory, hollow_layers: LayerFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms = watched(tmp_path_factory, hollow_layers, monkeypatch)
    names = ("source-erp-silent", "source-erp-subscription-ends")
    assert {name: tuple(alarms[name][k] for k in WATCHED) for name in names} == {
        "source-erp-silent": ("WebhookAccepted", 3660, 1, "LessThanThreshold", "breaching"),
        "source-erp-subscription-ends": (
            "SubscriptionEndsSoon",
            900,
            1,
            "GreaterThanOrEqualToThreshold",
            "notBreaching",
        ),
    }
    assert "source-wms-silent" not in alarms


def watched(
    tmp_path_factory: pytest.TempPathFactory,
    layers: LayerFolders,
    monkeypatch: pytest.MonkeyPatch,
    **context: str,
) -> dict[str, dict[str, Any]]:
    """The alarms of the local stage with an ERP that is Business Central and may be silent for an hour."""

    def configured(path: Path) -> dict[str, Any]:
        document = compile_file(path)
        document["sources"]["erp"] |= {"scheme": "business-central", "silent_after_seconds": 3601}
        return document

    from infra import app

    given = app._context()
    monkeypatch.setattr(app, "compile_file", configured)
    monkeypatch.setattr(app, "_context", lambda: {**given, **context})
    assembly = tmp_path_factory.mktemp("watched")
    build("local", outdir=assembly, layers=layers).synth()
    local = Templates(assembly, "local")
    assert not list(local.all(COMPOSITE)), "the engine knows no composites"
    assert all("Metrics" not in a for a in local.named(ALARM, "AlarmName").values()), "nor maths"
    return local.named(ALARM, "AlarmName")


# -- promises -----------------------------------------------------------------------------------------------------


def test_every_promise_burns_at_three_speeds_over_two_windows(
    prod: Templates, alarms: dict[str, dict[str, Any]], composites: dict[str, dict[str, Any]]
) -> None:
    expected = {f"slo-{promise}-{tier.name}" for promise in PROMISES for tier in TIERS}
    assert {n for n in composites if n.startswith("slo-")} == expected
    assert {n for n in alarms if n.startswith("slo-")} == {f"{n}-{w}" for n in expected for w in ("long", "short")}
    topics, priorities = told(prod, COMPOSITE), {"P1": {"page"}, "P2": {"ticket"}, "P3": {"note"}}
    for level in SERVICE_LEVELS:
        for promise in (p for p in PROMISES if p.startswith(level.name)):
            for tier in TIERS:
                name = f"slo-{promise}-{tier.name}"
                assert parts(composites[name], "AND") == {f"{name}-long", f"{name}-short"}
                assert topics[name] == priorities[level.priority(tier)]
                for window, minutes in (("long", tier.long), ("short", tier.short)):
                    alarm = alarms[f"{name}-{window}"]
                    assert alarm["Threshold"] == float(level.threshold(tier))
                    assert "AlarmActions" not in alarm
                    assert {m["MetricStat"]["Period"] for m in alarm["Metrics"] if "MetricStat" in m} == {minutes * 60}


@pytest.mark.parametrize(
    ("name", "expression", "stats"),
    [
        ("slo-api-fast-long", "IF(bad >= 5, 100 * bad / n, 0)", {"bad": "5XXError Sum", "n": "Count Sum"}),
        ("slo-api-fast-short", "IF(bad >= 1, 100 * bad / n, 0)", {"bad": "5XXError Sum", "n": "Count Sum"}),
        (
            "slo-movements-slow-long",
            "IF(n * (100 - good) / 100 >= 5, 100 - good, 0)",
            {"good": "FactLag PR(:30000)", "n": "FactLag SampleCount"},
        ),
        (
            "slo-deliveries-webshop-drip-short",
            "IF(n * (100 - good) / 100 >= 1, 100 - good, 0)",
            {"good": "DeliveryLag PR(:60000)", "n": "DeliveryLag SampleCount"},
        ),
    ],
)
def test_a_promise_is_reckoned_from_what_is_counted(
    alarms: dict[str, dict[str, Any]], name: str, expression: str, stats: dict[str, str]
) -> None:
    metrics = alarms[name]["Metrics"]
    (returned,) = [m for m in metrics if m.get("ReturnData", True)]
    assert returned["Expression"] == expression
    counted = {m["Id"]: m["MetricStat"] for m in metrics if "MetricStat" in m}
    assert {i: f"{m['Metric']['MetricName']} {m['Stat']}" for i, m in counted.items()} == stats


def test_webhooks_are_promised_by_their_route_and_deliveries_by_channel(alarms: dict[str, dict[str, Any]]) -> None:
    def dimensions(name: str) -> dict[str, str]:
        first = next(m for m in alarms[name]["Metrics"] if "MetricStat" in m)
        return {d["Name"]: d["Value"] for d in first["MetricStat"]["Metric"]["Dimensions"]}

    assert dimensions("slo-api-fast-long") == {"ApiName": "crossdock-prod-api"}
    assert dimensions("slo-webhooks-fast-long")["Resource"] == "/webhooks/{source}"
    assert dimensions("slo-movements-fast-long") == {"stage": "prod", "domain": "movements"}
    assert dimensions("slo-deliveries-webshop-fast-long") == {"stage": "prod", "channel": "webshop"}


# -- topics -------------------------------------------------------------------------------------------------------


def test_there_is_a_topic_for_each_priority_encrypted_and_open_to_cloudwatch_alone(prod: Templates) -> None:
    topics = prod.named("AWS::SNS::Topic", "TopicName")
    assert set(topics) == {"page", "ticket", "note"}
    assert {prod.read("operations", t["KmsMasterKeyId"]) for t in topics.values()} == {"key"}
    policies = [policy for _, policy in prod.all("AWS::SNS::TopicPolicy")]
    assert len(policies) == 3
    for policy in policies:
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        allowed = [s for s in statements if s["Effect"] == "Allow"]
        assert [s["Principal"] for s in allowed] == [{"Service": "cloudwatch.amazonaws.com"}]
        (denied,) = [s for s in statements if s["Effect"] == "Deny"]
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert list(prod.all("AWS::SNS::Subscription")) == [], "nobody is subscribed unless the context says so"
