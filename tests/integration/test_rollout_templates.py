"""How a new version takes over in production: behind an alias, a part first, turned back by alarms."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from infra.app import build
from infra.constructs.domains import DOMAINS, domain_of
from infra.stages import UnknownStageError
from tests.integration.conftest import Templates

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundling import LayerFolders

pytestmark = pytest.mark.integration

CANARY_5 = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
CANARY_10 = "CodeDeployDefault.LambdaCanary10Percent10Minutes"
AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
SHIFTS = {"sync": CANARY_10, "api": CANARY_5, "operations": AT_ONCE}


def _functions(templates: Templates, stack: str) -> set[str]:
    resources = templates.stacks[stack]["Resources"].values()
    return {templates.own(r["Properties"]["FunctionName"]) for r in resources if r["Type"] == "AWS::Lambda::Function"}


def _groups(templates: Templates) -> dict[str, dict[str, Any]]:
    return templates.named("AWS::CodeDeploy::DeploymentGroup", "DeploymentGroupName")


def _synthesised(folder: Path, layers: LayerFolders, stage: str) -> Templates:
    build(stage, outdir=folder, layers=layers).synth()
    return Templates(folder, stage)


def test_every_function_has_the_alias_live_that_codedeploy_moves(prod: Templates) -> None:
    for stack in SHIFTS:
        resources = prod.stacks[stack]["Resources"]
        aliases = [r for r in resources.values() if r["Type"] == "AWS::Lambda::Alias"]
        assert {prod.read(stack, a["Properties"]["FunctionName"]) for a in aliases} == {
            f"function/{name}" for name in _functions(prod, stack)
        }
        for alias in aliases:
            name = prod.read(stack, alias["Properties"]["FunctionName"]).removeprefix("function/")
            moved = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
            application = resources[moved["ApplicationName"]["Ref"]]["Properties"]
            group = resources[moved["DeploymentGroupName"]["Ref"]]["Properties"]
            assert (alias["Properties"]["Name"], set(moved)) == ("live", {"ApplicationName", "DeploymentGroupName"})
            assert (application["ApplicationName"], application["ComputePlatform"]) == (
                f"crossdock-prod-{stack}",
                "Lambda",
            )
            assert prod.own(group["DeploymentGroupName"]) == name
            assert group["DeploymentStyle"] == {
                "DeploymentOption": "WITH_TRAFFIC_CONTROL",
                "DeploymentType": "BLUE_GREEN",
            }


def test_a_version_that_is_no_longer_called_stays_for_turning_back(prod: Templates) -> None:
    versions = list(prod.all("AWS::Lambda::Version"))
    assert len(versions) == len(list(prod.all("AWS::Lambda::Function")))
    assert {v["DeletionPolicy"] for _, v in versions} == {"RetainExceptOnCreate"}


def test_all_functions_of_a_stack_shift_in_the_same_way(prod: Templates) -> None:
    groups = _groups(prod)
    found = {stack: {groups[name]["DeploymentConfigName"] for name in _functions(prod, stack)} for stack in SHIFTS}
    assert found == {stack: {shift} for stack, shift in SHIFTS.items()}


def test_nobody_calls_the_newest_code_past_the_alias(prod: Templates) -> None:
    called = set()
    for stack, mapping in prod.all("AWS::Lambda::EventSourceMapping"):
        called.add(prod.read(stack, mapping["Properties"]["FunctionName"]))
    for stack, permission in prod.all("AWS::Lambda::Permission"):
        called.add(prod.read(stack, permission["Properties"]["FunctionName"]))
    for stack, schedule in prod.all("AWS::Scheduler::Schedule"):
        called.add(prod.read(stack, schedule["Properties"]["Target"]["Arn"]))
    for stack, policy in prod.all("AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Action"] == "lambda:InvokeFunction":
                called.add(prod.read(stack, statement["Resource"]))
    for stack, dashboard in prod.all("AWS::CloudWatch::Dashboard"):
        called |= set(re.findall(r'"endpoint":"([^"]+)"', prod.read(stack, dashboard["Properties"]["DashboardBody"])))
    assert {name for name in called if not name.endswith(":live")} == set()
    asynchronous = list(prod.all("AWS::Lambda::EventInvokeConfig"))
    assert {config["Properties"]["Qualifier"] for _, config in asynchronous} == {"live"}
    # Only operators' commands call these: by the alias too.
    everything = {f"function/{name}:live" for stack in SHIFTS for name in _functions(prod, stack)}
    operators = ("import-price-rules", "explain-prices")
    assert everything - called == {f"function/{name}:live" for name in operators}


def test_a_shift_is_turned_back_by_its_own_alarms_and_by_what_customers_would_see(prod: Templates) -> None:
    alarms = prod.named("AWS::CloudWatch::Alarm", "AlarmName")
    symptoms = {
        "sync": [
            *("failures-depth", "movements-age", "movements-dlq-depth", "project-balances-lag", "holds-expire-late"),
            "oversold",
        ],
        "api": ["api-5xx", "api-slow", "oversold"],
    }
    groups = _groups(prod)
    for stack, shared in symptoms.items():
        for name in _functions(prod, stack):
            own = [f"{name}-release-errors", *([f"{name}-release-slow"] if stack == "api" else [])]
            watched = groups[name]["AlarmConfiguration"]
            assert (watched["Enabled"], watched["IgnorePollAlarmFailure"]) == (True, False)
            assert [prod.own(a["Name"]) for a in watched["Alarms"]] == own + shared
            assert len(watched["Alarms"]) <= 10, "CodeDeploy takes ten"
            assert {prod.own(a["Name"]) for a in watched["Alarms"]} <= set(alarms)
            assert groups[name]["AutoRollbackConfiguration"] == {
                "Enabled": True,
                "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
            }
    for name in _functions(prod, "operations"):
        assert {"AlarmConfiguration", "AutoRollbackConfiguration"}.isdisjoint(groups[name])


def test_the_alarms_of_a_release_look_at_the_alias_every_minute_and_wake_nobody(prod: Templates) -> None:
    alarms = prod.named("AWS::CloudWatch::Alarm", "AlarmName")
    release = {name: alarm for name, alarm in alarms.items() if "-release-" in name}
    api = _functions(prod, "api")
    assert set(release) == {f"{n}-release-errors" for n in api | _functions(prod, "sync")} | {
        f"{n}-release-slow" for n in api
    }
    for name, alarm in release.items():
        function = f"crossdock-prod-{name.split('-release-')[0]}"
        assert alarm["Dimensions"] == [
            {"Name": "FunctionName", "Value": function},
            {"Name": "Resource", "Value": f"{function}:live"},
        ]
        looks = (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"], alarm["TreatMissingData"])
        assert looks == (60, 3, 2, "notBreaching")
        assert "AlarmActions" not in alarm
    errors, slow = release["quote-prices-release-errors"], release["quote-prices-release-slow"]
    assert (errors["MetricName"], errors["Statistic"], errors["Threshold"]) == ("Errors", "Sum", 1)
    # Half of the ten seconds after which nobody gets an answer.
    assert (slow["MetricName"], slow["ExtendedStatistic"], slow["Threshold"]) == ("Duration", "p99", 5000)


@pytest.mark.parametrize("stack", SHIFTS)
def test_codedeploy_may_move_the_aliases_of_its_stack_and_nothing_else(prod: Templates, stack: str) -> None:
    resources = prod.stacks[stack]["Resources"]
    ((role_id, role),) = [
        (i, r["Properties"])
        for i, r in resources.items()
        if r["Type"] == "AWS::IAM::Role" and "codedeploy" in json.dumps(r["Properties"]["AssumeRolePolicyDocument"])
    ]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert set(role) == {"AssumeRolePolicyDocument", "Tags"}, "no managed policy: that one reads objects and invokes"
    groups = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::CodeDeploy::DeploymentGroup"]
    assert {g["ServiceRoleArn"]["Fn::GetAtt"][0] for g in groups} == {role_id}
    allowed = set()
    for policy in resources.values():
        if policy["Type"] == "AWS::IAM::Policy" and {"Ref": role_id} in policy["Properties"]["Roles"]:
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                within = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
                allowed |= {f"{a} {prod.read(stack, r).rsplit(':function:', 1)[-1]}" for a in actions for r in within}
    moving = ("GetAlias", "UpdateAlias", "GetProvisionedConcurrencyConfig")
    expected = {
        f"lambda:{action} crossdock-prod-{name}{qualifier}"
        for action in moving
        for name in _functions(prod, stack)
        for qualifier in ("", ":live")
    }
    if SHIFTS[stack] != AT_ONCE:
        expected.add("cloudwatch:DescribeAlarms *")
    assert allowed == expected


def test_staging_shifts_as_production_does_and_dev_at_once(tmp_path: Path, hollow_layers: LayerFolders) -> None:
    for stage, shifts in (("staging", SHIFTS), ("dev", dict.fromkeys(SHIFTS, AT_ONCE))):
        found = _synthesised(tmp_path / stage, hollow_layers, stage)
        groups = _groups(found)
        assert {s: {groups[n]["DeploymentConfigName"] for n in _functions(found, s)} for s in SHIFTS} == {
            stack: {shift} for stack, shift in shifts.items()
        }


def test_a_version_that_ends_an_alarm_can_be_deployed_past_it(
    tmp_path: Path, hollow_layers: LayerFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.app._context", lambda: {"rollout": "at-once"})
    groups = _groups(_synthesised(tmp_path, hollow_layers, "prod"))
    assert {g["DeploymentConfigName"] for g in groups.values()} == {AT_ONCE}
    assert all("AlarmConfiguration" not in g for g in groups.values())


def test_another_way_of_rolling_out_is_refused_with_what_to_write(
    tmp_path: Path, hollow_layers: LayerFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.app._context", lambda: {"rollout": "fast"})
    with pytest.raises(UnknownStageError, match="there is no rollout 'fast': write --context rollout=at-once"):
        build("prod", outdir=tmp_path, layers=hollow_layers)
    assert list(tmp_path.iterdir()) == []


def test_the_local_stage_calls_plain_functions_unless_it_is_asked_for_aliases(
    tmp_path: Path, hollow_layers: LayerFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = _synthesised(tmp_path / "plain", hollow_layers, "local")
    kinds = {r["Type"] for t in plain.stacks.values() for r in t["Resources"].values()}
    assert kinds.isdisjoint({"AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::CodeDeploy::DeploymentGroup"})
    monkeypatch.setattr("infra.app._context", lambda: {"aliases": "yes"})
    asked = _synthesised(tmp_path / "asked", hollow_layers, "local")
    kinds = {r["Type"] for t in asked.stacks.values() for r in t["Resources"].values()}
    assert {"AWS::Lambda::Alias", "AWS::Lambda::Version"} <= kinds
    assert "AWS::CodeDeploy::DeploymentGroup" not in kinds, "the engine has none: whoever tries it moves the alias"


# -- whose bill it is ---------------------------------------------------------------------------------------------


def _tags(resource: dict[str, Any]) -> dict[str, str]:
    tags = resource["Properties"].get("Tags") or []
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def test_what_costs_money_says_which_part_of_the_business_it_works_for(prod: Templates) -> None:
    found: dict[str, set[str]] = {}
    for kind, key in (
        ("AWS::Lambda::Function", "FunctionName"),
        ("AWS::DynamoDB::Table", "TableName"),
        ("AWS::SQS::Queue", "QueueName"),
        ("AWS::S3::Bucket", "BucketName"),
    ):
        for _, resource in prod.all(kind):
            name = resource["Properties"][key]
            own = prod.own(name) if isinstance(name, str) else "bodies"
            found.setdefault(_tags(resource)["domain"], set()).add(own)
    assert set(found) == set(DOMAINS)
    assert found["inventory"] >= {"inventory", "movements", "movements-dlq", "apply-movements", "reserve-stock"}
    assert found["pricing"] >= {"pricing", "prices", "price-cells", "quote-prices"}
    assert found["customers"] >= {"identity", "accounts", "change-customers"}
    assert found["exchange"] >= {"exchange", "bodies", "channel-webshop", "deliver-to-channel", "receive-webhook"}
    assert found["exceptions"] >= {"exceptions", "collect-dead-letters"}
    # A function's role, log, alias and alarms go with it.
    for _, group in prod.all("AWS::Logs::LogGroup"):
        if "quote-prices" in group["Properties"]["LogGroupName"]:
            assert _tags(group)["domain"] == "pricing"


def test_what_has_no_domain_is_refused_with_where_to_say_it() -> None:
    with pytest.raises(KeyError, match=r"'mystery' has no domain: say in infra/constructs/domains.py"):
        domain_of("mystery")
    assert (domain_of("channel-webshop-dlq"), domain_of("price-cells-dlq")) == ("exchange", "pricing")
