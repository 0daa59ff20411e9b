"""Going back to the version before, on the engine's own versions and aliases."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock_cli import main
from crossdock_cli.errors import CliError
from crossdock_cli.releases import commands
from tests.support.runbooks import filled, runbook

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

FUNCTIONS = {"api": "quote-prices", "operations": "reconcile-stock", "sync": "apply-movements"}
CODE = "def handler(event, context):\n    return {said!r}\n"


def _name(stack: str) -> str:
    return f"crossdock-local-{FUNCTIONS[stack]}"


def _zip(said: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("index.py", CODE.format(said=said))
    return archive.getvalue()


def _publish(target: Target, stack: str, said: str) -> str:
    target.functions.update_function_code(FunctionName=_name(stack), ZipFile=_zip(said))
    version: str = target.functions.publish_version(FunctionName=_name(stack))["Version"]
    return version


@pytest.fixture
def stage(fresh: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    """One function in each stack: its first version is live everywhere, and the next one in api and sync."""
    role = f"arn:aws:iam::{'0' * 12}:role/any"
    for stack in FUNCTIONS:
        function = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": _name(stack),
                "Runtime": "python3.11",
                "Handler": "index.handler",
                "Role": role,
                "Code": {"ZipFile": CODE.format(said="first")},
            },
        }
        body = json.dumps({"Resources": {"Function": function}})
        fresh.cloudformation.create_stack(StackName=fresh.name(stack), TemplateBody=body)
        fresh.cloudformation.get_waiter("stack_create_complete").wait(
            StackName=fresh.name(stack), WaiterConfig={"Delay": 1}
        )
        version = fresh.functions.publish_version(FunctionName=_name(stack))["Version"]
        fresh.functions.create_alias(FunctionName=_name(stack), Name="live", FunctionVersion=version)
    monkeypatch.setattr(commands, "connect", lambda _: fresh)
    # Releases are an hour apart; the engine stamps versions with its own clock, so the test's hour is short.
    monkeypatch.setattr("crossdock_cli.releases.choosing.RELEASE", commands.choosing.timedelta(seconds=1))
    time.sleep(1.2)  # the stamps are read, not waited for
    for stack in ("api", "sync"):
        _live(fresh, stack, _publish(fresh, stack, "second"))
    return fresh


def _live(target: Target, stack: str, version: str, **weights: float) -> None:
    target.functions.update_alias(
        FunctionName=_name(stack),
        Name="live",
        FunctionVersion=version,
        RoutingConfig={"AdditionalVersionWeights": {k.removeprefix("v"): w for k, w in weights.items()}},
    )


def _reached(target: Target) -> dict[str, str]:
    return {
        stack: target.functions.get_alias(FunctionName=_name(stack), Name="live")["FunctionVersion"]
        for stack in FUNCTIONS
    }


def _said(target: Target, stack: str) -> Any:
    answer = target.functions.invoke(FunctionName=f"{_name(stack)}:live", Payload=b"{}")
    return json.loads(answer["Payload"].read())


def crossdock(*arguments: str, code: int = 0) -> Any:
    done = CliRunner().invoke(main.app, [*arguments, "--json"])
    if isinstance(done.exception, CliError):
        raise done.exception
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout)


def test_all_that_the_last_release_changed_goes_back_and_the_rest_stays(stage: Target) -> None:
    assert (_reached(stage), _said(stage, "api")) == ({"api": "2", "operations": "1", "sync": "2"}, "second")

    tried = crossdock("rollback", "--all", "--dry-run")

    assert _reached(stage) == {"api": "2", "operations": "1", "sync": "2"}, "a dry run moves nothing"
    assert [(f["function"], f["from"], f["to"]) for f in tried["functions"]] == [
        (_name("api"), 2, 1),
        (_name("sync"), 2, 1),
    ]
    done = crossdock("rollback", "--all")
    assert (done["done"], done["functions"]) == (True, tried["functions"])
    assert _reached(stage) == {"api": "1", "operations": "1", "sync": "1"}
    assert (_said(stage, "api"), _said(stage, "sync")) == ("first", "first")
    with pytest.raises(CliError, match=r"nothing older is kept of .*; nothing was turned back"):
        crossdock("rollback", "--all")
    assert _reached(stage) == {"api": "1", "operations": "1", "sync": "1"}


def test_one_function_goes_back_and_forward_again_by_its_number(stage: Target) -> None:
    crossdock("rollback", "--function", "quote_prices")
    assert _reached(stage) == {"api": "1", "operations": "1", "sync": "2"}
    crossdock("rollback", "--function", "quote_prices", "--to", "2")
    assert _reached(stage) == {"api": "2", "operations": "1", "sync": "2"}


def test_a_shift_that_was_left_half_done_is_ended(stage: Target) -> None:
    _live(stage, "api", "1", v2=0.1)
    (shown,) = [f for f in crossdock("versions", "list") if f["stack"] == "api"]
    assert (shown["live"], shown["shifting"], shown["kept"]) == (1, 2, [2])

    crossdock("rollback", "--all")

    alias = stage.functions.get_alias(FunctionName=_name("api"), Name="live")
    assert (alias["FunctionVersion"], "RoutingConfig" in alias) == ("1", False)


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (
            ["--function", "quote_everything"],
            "there is no function 'crossdock-local-quote-everything'",
            "crossdock versions list",
        ),
        (["--function", "quote_prices", "--to", "9"], "has no version 9", "it has: 1, 2"),
        (["--all", "--before", "yesterday"], "--before yesterday: not an instant", "2026-11-22T10:00:00Z"),
        (["--all", "--before", "2026-11-22T10:00:00"], "not an instant with its offset", "2026-11-22T10:00:00Z"),
        (["--all", "--before", "2020-01-01T00:00:00Z"], "nothing older is kept of", "deploy the commit before"),
    ],
)
def test_what_cannot_be_gone_back_to_is_refused_and_nothing_moves(
    stage: Target, arguments: list[str], message: str, remedy: str
) -> None:
    with pytest.raises(CliError) as refused:
        crossdock("rollback", *arguments)
    assert message in refused.value.message
    assert remedy in refused.value.remedy
    assert _reached(stage) == {"api": "2", "operations": "1", "sync": "2"}


@pytest.mark.parametrize(
    "arguments",
    [[], ["--all", "--function", "quote_prices"], ["--all", "--to", "1"], ["--function", "a", "--before", "b"]],
)
def test_what_contradicts_itself_is_wrong_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(main.app, ["rollback", *arguments]).exit_code == 2


def test_nothing_moves_while_a_deployment_is_under_way(stage: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossdock_cli.releases.aliases._status", lambda *_: "UPDATE_IN_PROGRESS")
    with pytest.raises(CliError) as refused:
        crossdock("rollback", "--all")
    assert refused.value.remedy.endswith("cancel-update-stack --stack-name crossdock-local-api")
    assert _reached(stage) == {"api": "2", "operations": "1", "sync": "2"}


def test_old_versions_go_and_those_that_may_be_needed_stay(stage: Target) -> None:
    for said in ("third", "fourth"):
        _live(stage, "api", _publish(stage, "api", said))
    tried = crossdock("versions", "prune", "--keep", "2", "--dry-run")
    assert tried == {"done": False, "versions": [{"function": _name("api"), "version": 1}]}
    assert crossdock("versions", "prune", "--keep", "2")["versions"] == tried["versions"]
    kept = {f["stack"]: (f["live"], f["kept"]) for f in crossdock("versions", "list")}
    assert kept == {"api": (4, [2, 3]), "operations": (1, []), "sync": (2, [1])}


def test_functions_without_aliases_are_told_apart_with_how_to_get_them(stage: Target) -> None:
    stage.functions.delete_alias(FunctionName=_name("sync"), Name="live")
    with pytest.raises(CliError) as refused:
        crossdock("versions", "list")
    assert (
        refused.value.message == "crossdock-local-apply-movements has no alias live: its callers reach the newest code"
    )
    assert refused.value.remedy.endswith("crossdock local up --aliases")


def test_the_runbooks_commands_bring_a_bad_release_back(stage: Target) -> None:
    """As the page says it; only the list of exceptions, which needs a whole stage, is left to its own tests."""
    page = runbook("rollback")
    reached = []
    for command in page.commands:
        words = filled(command, {"FUNCTION": "quote_prices", "NUMBER": "1"})
        if words[0] in {"rollback", "versions"}:
            done = CliRunner().invoke(main.app, words)
            reached.append((words[0], _reached(stage)["api"], done.exit_code))
    assert reached == [
        ("versions", "2", 0),
        ("rollback", "2", 0),  # a dry run
        ("rollback", "1", 0),
        # Alone, and once more: there is nothing older, and it says so.
        ("rollback", "1", 1),
        ("versions", "1", 0),
    ]
    assert (_said(stage, "api"), _said(stage, "sync")) == ("first", "first")
