"""Grants against calls, in both directions: nothing is called without a grant, nothing is granted that nobody calls.

What functions call is what their handlers were heard calling in the handlers' tests (tests/support/calls.py), where a
call without a grant fails on the spot. What they may call is what the templates grant, with a configuration that has
every kind of channel. What the service itself does in a role's name (reading a queue or a stream for the function,
putting what failed elsewhere, encrypting) follows from how the function is wired, and is held to that.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.config.compile import compile_document
from infra import app as infra_app
from infra.stages import ROOT
from tests.integration.conftest import Templates
from tests.integration.test_channel_templates import FILES
from tests.support.calls import witnessed

if TYPE_CHECKING:
    from infra.bundling import LayerFolders

pytestmark = pytest.mark.integration

READS_QUEUES = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
FOLLOWS = {f"dynamodb:{verb}" for verb in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")}
OWN = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
# Names of tests that are no resources of ours: a queue and a bucket that are not there, a queue that stands for a
# channel's.
STAND_INS = {"sqs:SendMessage queue/webhooks-gone", "s3:PutObject no"}

# Grants without a witness: paths that several functions share and that were heard in others, and moments that no test
# of a handler brings about. Exact: a grant that gets its witness goes from here, and a new one without any fails.
# Reading a fact or a group that another one made or moved at the same moment, and settling a replay.
EXCEPTIONS_READ = {"dynamodb:BatchGetItem table/exceptions", "dynamodb:GetItem table/exceptions"}
UNHEARD: dict[str, set[str]] = {
    # A parent is checked in the transaction that makes a child.
    "apply_accounts": EXCEPTIONS_READ | {"dynamodb:ConditionCheckItem table/identity"},
    "apply_counts": EXCEPTIONS_READ,
    "apply_price_changes": {"dynamodb:GetItem table/exceptions"},
    "apply_price_customers": EXCEPTIONS_READ,
    "apply_references": EXCEPTIONS_READ,
    # Where an item is hot, or no warehouse was named.
    "apply_reservations": EXCEPTIONS_READ | {"dynamodb:GetItem table/inventory", "dynamodb:Query table/inventory"},
    "apply_supply": EXCEPTIONS_READ,
    # Ends of holds on shards, where more than one is written.
    "balance_hot_items": {"dynamodb:PartiQLInsert table/inventory", "dynamodb:PartiQLUpdate table/inventory"},
    "change_customers": EXCEPTIONS_READ,
    "collect_dead_letters": {"dynamodb:BatchGetItem table/exceptions"},
    # A customer that a list changes is written in one transaction, as by a report.
    "compare_accounts": {
        "dynamodb:BatchGetItem table/exceptions",
        "dynamodb:ConditionCheckItem table/identity",
        "dynamodb:DeleteItem table/identity",
        "dynamodb:UpdateItem table/identity",
    },
    # What a system calls a customer, where it is given another id while it is told.
    "deliver_to_channel": {"dynamodb:ConditionCheckItem table/identity", "dynamodb:DeleteItem table/identity"},
    # A hold that goes on to a shard.
    "expire_reservations": EXCEPTIONS_READ | {"dynamodb:PartiQLInsert table/inventory"},
    # An event of a partner's bus that is too large for a row.
    "map_webhooks": {"s3:PutObject bodies"},
    "publish_prices": EXCEPTIONS_READ,
    "reconcile_channel": EXCEPTIONS_READ,
    # A balance that is missing altogether is made.
    "reconcile_stock": EXCEPTIONS_READ | {"dynamodb:PartiQLInsert table/inventory"},
    # Holds that are over are ended before a raise is refused.
    "set_allocations": {
        "dynamodb:BatchGetItem table/inventory",
        "dynamodb:PartiQLInsert table/inventory",
        "dynamodb:PutItem table/inventory",
    },
    # The state of a channel that has none yet.
    "watch_channels": {"dynamodb:PartiQLInsert table/exchange"},
    "watch_prices": EXCEPTIONS_READ,
}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, hollow_layers: LayerFolders) -> Templates:
    """The demo's stage with a channel of files, which has every grant that any configuration brings."""
    document = tomllib.loads((ROOT / "config" / "demo.toml").read_text(encoding="utf-8"))
    document["channels"]["files"] = {**FILES, "warehouses": ["MAIN"]}
    assembly = tmp_path_factory.mktemp("granted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(infra_app, "compile_file", lambda _: compile_document(document, "x.toml"))
        infra_app.build("local", outdir=assembly, layers=hollow_layers).synth()
    return Templates(assembly, "local")


def granted(templates: Templates) -> dict[str, set[str]]:
    """function → what it is granted, in the words of calls.py, without what the service does in its name."""
    found: dict[str, set[str]] = {}
    for stack, function in templates.all("AWS::Lambda::Function"):
        resources = templates.stacks[stack]["Resources"]
        role = function["Properties"]["Role"]["Fn::GetAtt"][0]
        name = templates.own(function["Properties"]["FunctionName"]).replace("-", "_")
        found[name] = {
            call
            for policy in resources.values()
            if policy["Type"] == "AWS::IAM::Policy" and {"Ref": role} in policy["Properties"]["Roles"]
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
            for call in _calls(templates, stack, statement)
        }
    return found


def _calls(templates: Templates, stack: str, statement: dict[str, Any]) -> set[str]:
    actions, resources = statement["Action"], statement["Resource"]
    actions = actions if isinstance(actions, list) else [actions]
    resources = resources if isinstance(resources, list) else [resources]
    read = [templates.read(stack, resource) for resource in resources]
    return {f"{action} {_resource(action, resource)}" for action in actions for resource in read}


def _resource(action: str, resource: str) -> str:
    if action.startswith("secretsmanager:"):
        return resource.split("/")[-2]
    if action.startswith("scheduler:"):
        return "price-windows"
    if action.startswith("s3:"):
        return "bodies" if resource == "bucket/*" else "drops"
    if resource.startswith("bus/"):
        return "bus"
    return re.sub(r"^queue/channel-.*", "queue/channel-*", resource)


def _services_own(templates: Templates, function: str, calls: set[str]) -> set[str]:
    """Of a function's grants those that its wiring asks for."""
    sources = {
        templates.read(stack, r["Properties"]["EventSourceArn"])
        for stack, r in templates.all("AWS::Lambda::EventSourceMapping")
        if templates.read(stack, r["Properties"]["FunctionName"]) == f"function/{function.replace('_', '-')}"
    }
    queues = {_resource("sqs:", s) for s in sources if s.startswith("queue/")}
    streams = {s for s in sources if s.startswith("stream/")}
    wired = {f"{action} {queue}" for action in READS_QUEUES for queue in queues}
    wired |= {f"{action} {stream}" for action in FOLLOWS for stream in streams}
    if streams or not queues:
        wired.add("sqs:SendMessage queue/failures")
    return {call for call in calls if call in wired or call.split(" ")[0] in OWN or call.startswith("kms:")}


def heard() -> dict[str, set[str]]:
    """function → calls that have a witness. A channel whose queue is another one in a test calls a channel's queue."""
    found = {function: set(calls) - STAND_INS for function, calls in witnessed().items()}
    for function in ("deliver_to_channel", "watch_channels"):
        found[function] = {c.replace("queue/webhooks", "queue/channel-*") for c in found[function]}
    return found


def test_nothing_is_called_without_a_grant(local: Templates) -> None:
    grants = granted(local)
    missing = {f: sorted(calls - grants[f]) for f, calls in heard().items() if calls - grants[f]}
    assert missing == {}


def test_nothing_is_granted_that_is_never_called_but_for_what_says_why(local: Templates) -> None:
    calls = heard()
    unheard = {}
    for function, grants in granted(local).items():
        rest = grants - _services_own(local, function, grants) - calls.get(function, set())
        if rest:
            unheard[function] = rest
    assert unheard == UNHEARD


def test_every_function_was_heard(local: Templates) -> None:
    silent = {f for f in granted(local) if f not in heard()}
    assert silent == {"describe_api"}, "it reads a file of its own and calls nobody"


def test_what_stands_for_a_grant_is_a_test_that_exists() -> None:
    for function, calls in witnessed().items():
        for call, test in calls.items():
            path, _, name = test.partition("::")
            source = (ROOT / path).read_text(encoding="utf-8")
            assert f"def {name.partition('[')[0]}(" in source, f"{function}: {call}: {test}"
