"""What CloudFormation gets for production, judged against the contract: names, permissions, safety nets."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.exchange.inbox import KEPT_DAYS
from crossdock.identity.partners import SCOPES
from infra.app import build
from infra.documents.endpoints import served
from infra.stages import ROOT
from tests.integration.conftest import Templates

if TYPE_CHECKING:
    from infra.bundling import LayerFolders

pytestmark = pytest.mark.integration

EXCEPTIONS = {f"dynamodb:{a} table/exceptions" for a in ("BatchGetItem", "GetItem", "PutItem", "UpdateItem")}
CHANNELS = ("marketplace", "webshop")
DOMAINS = (
    "accounts",
    "listings",
    "movements",
    "webhooks",
    "prices",
    "price-customers",
    "price-cells",
    "counts",
    "references",
    "supply",
    "reservations",
    "expiries",
)
HOLDS = ("BatchGetItem", "PartiQLInsert", "PartiQLUpdate", "PutItem", "UpdateItem")
CUSTOMERS = ("BatchGetItem", "ConditionCheckItem", "DeleteItem", "PutItem", "Query", "UpdateItem")
PRICE_RULES = ("BatchGetItem", "DeleteItem", "GetItem", "PartiQLInsert", "PartiQLUpdate", "Query")
CUSTOMERS = ("BatchGetItem", "ConditionCheckItem", "DeleteItem", "PutItem", "Query", "UpdateItem")
QUEUES = {*DOMAINS, *(f"channel-{c}" for c in CHANNELS)}


def _consumes(*queues: str) -> set[str]:
    verbs = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    return {f"sqs:{verb} queue/{queue}" for verb in verbs for queue in queues}


def _table(name: str, *verbs: str) -> set[str]:
    return {f"dynamodb:{verb} table/{name}" for verb in verbs}


def _follows(*tables: str) -> set[str]:
    verbs = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    return {f"dynamodb:{verb} stream/{table}" for verb in verbs for table in tables} | {
        "sqs:SendMessage queue/failures"
    }


def _secrets(kind: str, *names: str) -> set[str]:
    prefix = "arn:<Partition>:secretsmanager:<Region>:<AccountId>:secret:crossdock/prod"
    return {f"secretsmanager:GetSecretValue {prefix}/{kind}/{name}-??????" for name in names}


# A schedule's name says when it is; it lies in the group of price windows and nowhere else.
WINDOW = "scheduler:CreateSchedule arn:<Partition>:scheduler:<Region>:<AccountId>:schedule/schedulegroup/at-*"
# The contract's table: beside its own log, its traces and the tables' key, a function may do this and nothing else.
ALLOWED = {
    "authorize-partner": _table("identity", "GetItem"),
    "receive-movements": {"sqs:SendMessage queue/movements"},
    "describe-api": set(),
    "receive-supply": {"events:PutEvents bus/crossdock-prod"},
    "receive-webhook": _table("exchange", "PutItem")
    | {"sqs:SendMessage queue/movements", "sqs:SendMessage queue/webhooks", "events:PutEvents bus/crossdock-prod"}
    | {"s3:PutObject bucket/*"}
    | _secrets("sources", "erp", "wms"),
    "map-webhooks": _table("exchange", "GetItem", "PutItem")
    | {"sqs:ChangeMessageVisibility queue/webhooks"}
    | _secrets("sources", "erp", "wms")
    | EXCEPTIONS
    | {"sqs:SendMessage queue/movements", "events:PutEvents bus/crossdock-prod"}
    | {"s3:GetObject bucket/*", "s3:PutObject bucket/*"}
    | _consumes("webhooks"),
    "read-availability": _table("inventory", "Query", "BatchGetItem") | _table("identity", "BatchGetItem"),
    "balance-hot-items": _table("inventory", *HOLDS, "DeleteItem", "GetItem", "PartiQLDelete", "Query")
    | {"sqs:SendMessage queue/failures"},
    "set-allocations": _table("inventory", *HOLDS, "GetItem"),
    "reserve-stock": _table("inventory", *HOLDS, "GetItem", "Query")
    | _table("identity", "BatchGetItem")
    | {"sqs:SendMessage queue/reservations"},
    "change-reservation": _table("inventory", *HOLDS),
    "quote-prices": _table("pricing", "BatchGetItem", "GetItem", "PutItem", "Query") | _secrets("quotes", "key"),
    "read-price-book": _table("pricing", "Query") | _secrets("cursors", "key"),
    "list-deliveries": _table("exchange", "BatchGetItem", "Query") | _secrets("cursors", "key"),
    "check-prices": _table("pricing", "BatchGetItem") | _secrets("channels", *CHANNELS),
    "read-customers": _table("identity", "BatchGetItem", "Query") | _secrets("cursors", "key"),
    "change-customers": _table("identity", *CUSTOMERS, "GetItem") | EXCEPTIONS,
    "check-orders": _table("identity", "BatchGetItem", "Query") | _secrets("quotes", "key"),
    "apply-reservations": _table("inventory", *HOLDS, "GetItem", "Query")
    | {"events:PutEvents bus/crossdock-prod"}
    | EXCEPTIONS
    | _consumes("reservations"),
    "expire-reservations": _table("inventory", "BatchGetItem", "PartiQLInsert", "PartiQLUpdate")
    | {"sqs:SendMessage queue/expiries"}
    | EXCEPTIONS
    | _consumes("expiries"),
    "apply-movements": _table("inventory", "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
    | _table("identity", "BatchGetItem")
    | EXCEPTIONS
    | _consumes("movements"),
    "project-balances": _table("inventory", "PartiQLInsert", "PartiQLUpdate", "BatchGetItem") | _follows("inventory"),
    "apply-accounts": _table("identity", *CUSTOMERS) | EXCEPTIONS | _consumes("accounts"),
    "compare-accounts": _table("identity", *CUSTOMERS, "Scan")
    | _table("exchange", "BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
    | EXCEPTIONS
    | {"sqs:SendMessage queue/listings"}
    | _consumes("listings"),
    "announce-customers": {"events:PutEvents bus/crossdock-prod"} | _follows("identity"),
    "announce-changes": {f"sqs:SendMessage queue/channel-{c}" for c in CHANNELS}
    | _table("exchange", "BatchGetItem", "PartiQLInsert")
    | {"sqs:SendMessage queue/expiries"}
    | _follows("inventory", "pricing"),
    "apply-price-changes": _table("pricing", "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
    | _table("identity", "BatchGetItem")
    | EXCEPTIONS
    | _consumes("prices"),
    "change-price-rules": _table("pricing", *PRICE_RULES) | _table("identity", "BatchGetItem"),
    "import-price-rules": _table("pricing", *(verb for verb in PRICE_RULES if verb != "Query"))
    | _table("identity", "BatchGetItem")
    | {"sqs:SendMessage queue/failures"},
    "explain-prices": _table("pricing", "BatchGetItem", "GetItem", "Query")
    | _table("exchange", "BatchGetItem", "Query")
    | _table("exceptions", "GetItem")
    | {"sqs:SendMessage queue/failures"},
    "spread-price-changes": _table("pricing", "BatchGetItem")
    | {"sqs:SendMessage queue/price-cells"}
    | _follows("pricing"),
    "publish-prices": _table("pricing", "BatchGetItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "Query")
    | {"sqs:SendMessage queue/price-cells"}
    | {WINDOW, "iam:PassRole role"}
    | EXCEPTIONS
    | _consumes("price-cells"),
    "watch-channels": _table("exchange", "GetItem", "PartiQLInsert", "PartiQLUpdate", "Query")
    | {f"sqs:SendMessage queue/{q}" for q in ("failures", *(f"channel-{c}" for c in CHANNELS))},
    "show-exceptions": _table("inventory", "BatchGetItem", "Query")
    | _table("identity", "BatchGetItem")
    | _table("pricing", "Query")
    | EXCEPTIONS
    | _table("exceptions", "ConditionCheckItem", "PartiQLInsert", "Query")
    | {"dynamodb:Query table/exceptions/index/by_state"}
    | {f"sqs:SendMessage queue/{queue}" for queue in QUEUES - {"price-cells"} | {"failures"}},
    "measure-business": _table("inventory", "BatchGetItem")
    | _table("exchange", "Query")
    | {"dynamodb:Query table/exceptions/index/by_state", "sqs:SendMessage queue/failures"},
    "watch-prices": _table("pricing", "BatchGetItem", "Query")
    | _table("exchange", "BatchGetItem", "GetItem", "PartiQLDelete", "PutItem", "Query")
    | EXCEPTIONS
    | _table("exceptions", "Query")
    | {
        "sqs:SendMessage queue/price-cells",
        "sqs:GetQueueAttributes queue/price-cells",
        "sqs:SendMessage queue/failures",
    },
    "apply-counts": _table("inventory", "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
    | _table("identity", "BatchGetItem")
    | EXCEPTIONS
    | _consumes("counts"),
    "apply-references": _table("identity", "PutItem", "BatchGetItem")
    | _table("identity", "PartiQLInsert", "PartiQLUpdate", "Query")
    | _table("pricing", "BatchGetItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate")
    | EXCEPTIONS
    | _consumes("references"),
    "apply-price-customers": _table("pricing", "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
    | EXCEPTIONS
    | _consumes("price-customers"),
    "apply-supply": _table("inventory", "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
    | _table("identity", "BatchGetItem")
    | EXCEPTIONS
    | _consumes("supply"),
    "deliver-to-channel": _table("inventory", "BatchGetItem")
    | _table("pricing", "BatchGetItem")
    | _table("exchange", "BatchGetItem", "GetItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "Query")
    | EXCEPTIONS
    | _consumes(*(f"channel-{c}" for c in CHANNELS))
    | {f"sqs:SendMessage queue/channel-{c}" for c in CHANNELS}
    | {f"sqs:ChangeMessageVisibility queue/channel-{c}" for c in CHANNELS}
    | _secrets("channels", *CHANNELS),
    "digest-shadows": _table("exchange", "PartiQLInsert", "PartiQLUpdate", "BatchGetItem") | _follows("exchange"),
    "reconcile-channel": _table("inventory", "BatchGetItem")
    | _table("pricing", "BatchGetItem")
    | _table("identity", "Query", "Scan")
    | _table("exchange", "BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query")
    | EXCEPTIONS
    | {f"sqs:SendMessage queue/{q}" for q in ("failures", *(f"channel-{c}" for c in CHANNELS))}
    | _secrets("channels", *CHANNELS),
    "collect-dead-letters": EXCEPTIONS | _consumes("failures", *(f"{q}-dlq" for q in QUEUES)),
    "reconcile-stock": _table("inventory", "Query", "BatchGetItem", "PutItem", "DeleteItem")
    | _table("inventory", "PartiQLInsert", "PartiQLUpdate")
    | EXCEPTIONS
    | _table("exceptions", "Query")
    | {"sqs:SendMessage queue/movements", "sqs:SendMessage queue/failures"},
}

# Whoever serves partners counts their calls.
COUNTED = (
    "receive-movements",
    "receive-supply",
    "read-availability",
    "set-allocations",
    "reserve-stock",
    "change-reservation",
    "quote-prices",
    "read-price-book",
    "check-prices",
    "change-price-rules",
    "list-deliveries",
    "read-customers",
    "change-customers",
    "check-orders",
)
for _name in COUNTED:
    ALLOWED[_name] |= _table("limits", "BatchGetItem", "PartiQLInsert", "PartiQLUpdate")


def _policies(prod: Templates) -> dict[str, list[dict[str, Any]]]:
    """The statements of each function's role, by function."""
    found: dict[str, list[dict[str, Any]]] = {}
    for stack, function in prod.all("AWS::Lambda::Function"):
        resources = prod.stacks[stack]["Resources"]
        role = function["Properties"]["Role"]["Fn::GetAtt"][0]
        assert set(resources[role]["Properties"]) == {"AssumeRolePolicyDocument", "Tags"}, (
            "no managed, no inline policies"
        )
        found[prod.own(function["Properties"]["FunctionName"])] = [
            {**statement, "Stack": stack}
            for policy in resources.values()
            if policy["Type"] == "AWS::IAM::Policy" and {"Ref": role} in policy["Properties"]["Roles"]
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        ]
    return found


def _pairs(prod: Templates, statement: dict[str, Any]) -> set[str]:
    actions, resources = statement["Action"], statement["Resource"]
    actions = [actions] if isinstance(actions, str) else actions
    resources = resources if isinstance(resources, list) else [resources]
    return {f"{action} {prod.read(statement['Stack'], resource)}" for action in actions for resource in resources}


@pytest.mark.parametrize("function", ALLOWED)
def test_a_function_may_do_exactly_what_the_contract_says(prod: Templates, function: str) -> None:
    statements = _policies(prod)[function]
    pairs = set().union(*(_pairs(prod, s) for s in statements))
    log = {f"logs:{verb} log/{function}" for verb in ("CreateLogStream", "PutLogEvents")}
    traces = {"xray:PutTraceSegments *", "xray:PutTelemetryRecords *"}
    rest = {pair for pair in pairs - log - traces if not pair.startswith("kms:")}
    assert log | traces <= pairs
    assert rest == ALLOWED[function]


def test_there_are_the_contract_functions_and_no_others(prod: Templates) -> None:
    assert set(prod.named("AWS::Lambda::Function", "FunctionName")) == set(ALLOWED)
    assert {folder.name.replace("_", "-") for folder in (ROOT / "functions").iterdir() if folder.is_dir()} == set(
        ALLOWED
    )


def test_the_key_is_used_only_through_the_service_it_protects(prod: Templates) -> None:
    seen = set()
    for statements in _policies(prod).values():
        for statement in statements:
            if any(pair.startswith("kms:") for pair in _pairs(prod, statement)):
                assert all(pair.endswith(" key") for pair in _pairs(prod, statement))
                via = prod.read(statement["Stack"], statement["Condition"]["StringEquals"]["kms:ViaService"])
                seen.add(via)
    assert seen == {f"{service}.<Region>.amazonaws.com" for service in ("dynamodb", "s3", "secretsmanager", "sqs")}


def test_a_star_stands_only_where_aws_knows_no_resource(prod: Templates) -> None:
    starred = set()
    for stack, policy in prod.all("AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            starred |= {p for p in _pairs(prod, {**statement, "Stack": stack}) if "*" in p}
    objects = {"s3:PutObject bucket/*", "s3:GetObject bucket/*"}
    alarms = {"cloudwatch:DescribeAlarms *"}
    assert starred == {"xray:PutTraceSegments *", "xray:PutTelemetryRecords *", WINDOW} | objects | alarms


def test_every_function_gets_the_variables_its_handler_reads(prod: Templates) -> None:
    common = {"STAGE", "LOG_LEVEL", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}
    for name, function in prod.named("AWS::Lambda::Function", "FunctionName").items():
        given = set(function["Environment"]["Variables"])
        required, optional = _declared(name)
        assert required <= given, name
        # The counting of partners' calls reads it for every function that has it.
        counted = {"LIMITS_TABLE"} if name in COUNTED else set()
        assert counted <= given <= required | optional | common | counted, name


def _declared(function: str) -> tuple[set[str], set[str]]:
    """The variables in the handler's `Env` without and with a default."""
    source = (ROOT / "functions" / function.replace("-", "_") / "handler.py").read_text(encoding="utf-8")
    models = [n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == "Env"]
    fields = [
        n for model in models for n in model.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
    ]
    required = {f.target.id.upper() for f in fields if f.value is None}  # type: ignore[union-attr]  # filtered above
    return required, {f.target.id.upper() for f in fields} - required  # type: ignore[union-attr]


def test_functions_run_python_3_13_on_arm_traced_with_their_own_log(prod: Templates) -> None:
    groups = prod.named("AWS::Logs::LogGroup", "LogGroupName")
    for stack, resource in prod.all("AWS::Lambda::Function"):
        function = resource["Properties"]
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert function["Handler"] == "handler.handler"
        assert function["TracingConfig"] == {"Mode": "Active"}
        compares = prod.own(function["FunctionName"]) in {"apply-accounts", "change-customers", "compare-accounts"}
        assert len(function["Layers"]) == (3 if compares else 2)
        name = prod.own(function["FunctionName"])
        assert prod.read(stack, function["LoggingConfig"]["LogGroup"]) == f"log/{name}"
        assert groups[name]["RetentionInDays"] == 90


def test_api_functions_start_from_a_snapshot(prod: Templates) -> None:
    api = {
        "authorize-partner",
        "change-customers",
        "change-price-rules",
        "change-reservation",
        "check-orders",
        "check-prices",
        "describe-api",
        "list-deliveries",
        "quote-prices",
        "read-availability",
        "read-customers",
        "read-price-book",
        "receive-movements",
        "receive-supply",
        "receive-webhook",
        "reserve-stock",
        "set-allocations",
    }
    functions = prod.named("AWS::Lambda::Function", "FunctionName")
    assert {n for n, f in functions.items() if f.get("SnapStart") == {"ApplyOn": "PublishedVersions"}} == api
    assert {f["Timeout"] for n, f in functions.items() if n in api} == {10}
    solving = {"quote-prices", "check-prices"}
    comparing = {"change-customers"}
    assert {f["MemorySize"] for n, f in functions.items() if n in api - solving - comparing} == {512}
    assert {functions[n]["MemorySize"] for n in comparing} == {1024}
    assert {functions[n]["MemorySize"] for n in solving} == {1769}
    sweeps = {"reconcile-stock", "reconcile-channel"}
    assert {(functions[n]["Timeout"], functions[n]["MemorySize"]) for n in sweeps} == {(900, 1024)}
    workers = functions.keys() - api - sweeps
    assert {(functions[n]["Timeout"], functions[n]["MemorySize"]) for n in workers} == {(60, 1024)}


# -- what must not be lost ----------------------------------------------------------------------------------------


def test_tables_outlive_their_stack_and_can_be_restored_to_any_second(prod: Templates) -> None:
    tables = list(prod.all("AWS::DynamoDB::Table"))
    assert {prod.own(t["Properties"]["TableName"]) for _, t in tables} == {
        "inventory",
        "pricing",
        "identity",
        "exchange",
        "exceptions",
        "limits",
        "audit",
    }
    for stack, table in tables:
        properties = table["Properties"]
        assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
        assert properties["DeletionProtectionEnabled"] is True
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["SSESpecification"]["SSEType"] == "KMS"
        assert prod.read(stack, properties["SSESpecification"]["KMSMasterKeyId"]) == "key"
        assert [(k["AttributeName"], k["KeyType"]) for k in properties["KeySchema"]] == [
            ("pk", "HASH"),
            ("sk", "RANGE"),
        ]


def test_streams_index_and_expiry_are_where_the_contract_puts_them(prod: Templates) -> None:
    tables = prod.named("AWS::DynamoDB::Table", "TableName")
    streams = {n: t["StreamSpecification"]["StreamViewType"] for n, t in tables.items() if "StreamSpecification" in t}
    assert streams == dict.fromkeys(("identity", "inventory", "pricing", "exchange"), "NEW_AND_OLD_IMAGES")
    expiring = {n: t["TimeToLiveSpecification"] for n, t in tables.items() if "TimeToLiveSpecification" in t}
    assert expiring == {t: {"AttributeName": "ttl", "Enabled": True} for t in ("exchange", "pricing")}
    indexed = {n: t["GlobalSecondaryIndexes"] for n, t in tables.items() if "GlobalSecondaryIndexes" in t}
    assert set(indexed) == {"exceptions"}
    (index,) = indexed["exceptions"]
    assert index["IndexName"] == "by_state"
    assert [k["AttributeName"] for k in index["KeySchema"]] == ["gs", "gt"]
    assert index["Projection"] == {"ProjectionType": "ALL"}
    whole = {n: t["LocalSecondaryIndexes"] for n, t in tables.items() if "LocalSecondaryIndexes" in t}
    assert set(whole) == {"inventory", "exchange"}, "what is summed from a stream needs each partition in one order"
    for (index,) in whole.values():
        assert [k["AttributeName"] for k in index["KeySchema"]] == ["pk", "whole"]


def test_large_bodies_lie_encrypted_and_unseen_a_day_longer_than_their_rows(prod: Templates) -> None:
    ((stack, bucket),) = prod.all("AWS::S3::Bucket")
    (_, policy), *_ = prod.all("AWS::S3::BucketPolicy")
    properties = bucket["Properties"]
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert (stack, bucket["DeletionPolicy"]) == ("data", "Retain")
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["LifecycleConfiguration"]["Rules"] == [{"ExpirationInDays": KEPT_DAYS + 1, "Status": "Enabled"}]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_key_rotates_and_outlives_its_stack(prod: Templates) -> None:
    ((_, key),) = prod.all("AWS::KMS::Key")
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == "Retain"


def test_every_source_and_channel_has_a_secret_that_is_no_secret_yet_and_quotes_have_a_key(prod: Templates) -> None:
    secrets = {r["Properties"]["Name"]: r for _, r in prod.all("AWS::SecretsManager::Secret")}
    assert set(secrets) == {
        "crossdock/prod/sources/wms",
        "crossdock/prod/sources/erp",
        "crossdock/prod/channels/webshop",
        "crossdock/prod/channels/marketplace",
        "crossdock/prod/quotes/key",
        "crossdock/prod/cursors/key",
    }
    cursors = secrets.pop("crossdock/prod/cursors/key")
    assert cursors["Properties"]["GenerateSecretString"]["GenerateStringKey"] == "k1"
    assert cursors["DeletionPolicy"] == "Retain"
    key = secrets.pop("crossdock/prod/quotes/key")
    assert key["Properties"]["GenerateSecretString"] == {
        "ExcludePunctuation": True,
        "GenerateStringKey": "k1",
        "PasswordLength": 64,
        "SecretStringTemplate": '{"seals_with":"k1"}',
    }
    assert key["DeletionPolicy"] == "Retain"
    for secret in secrets.values():
        # Whatever changes in here makes CloudFormation write over the real document with a new placeholder.
        assert secret["Properties"]["GenerateSecretString"] == {
            "ExcludePunctuation": True,
            "GenerateStringKey": "placeholder",
            "SecretStringTemplate": '{"status":"unset"}',
        }
        assert prod.read("data", secret["Properties"]["KmsKeyId"]) == "key"
        assert secret["DeletionPolicy"] == "Retain"


# -- facts on their way -------------------------------------------------------------------------------------------


def test_every_queue_has_dead_letters_kept_for_14_days(prod: Templates) -> None:
    queues = prod.named("AWS::SQS::Queue", "QueueName")
    assert set(queues) == QUEUES | {f"{q}-dlq" for q in QUEUES} | {"failures"}
    for name in QUEUES:
        redrive = queues[name]["RedrivePolicy"]
        assert prod.read("sync", redrive["deadLetterTargetArn"]) == f"queue/{name}-dlq"
        assert redrive["maxReceiveCount"] == (60 if name.startswith("channel-") or name == "webhooks" else 5)
        assert queues[name]["VisibilityTimeout"] == 360
    # What a queue takes has to fit into an item of the exceptions table.
    assert {q["MaximumMessageSize"] for q in queues.values()} == {262_144}
    for name in set(queues) - QUEUES:
        assert "RedrivePolicy" not in queues[name]
        assert queues[name]["MessageRetentionPeriod"] == 14 * 86400


def test_queues_are_encrypted_and_refuse_plain_http(prod: Templates) -> None:
    guarded = set()
    for stack, policy in prod.all("AWS::SQS::QueuePolicy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny":
                assert statement["Action"] == "sqs:*"
                assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
                guarded.add(prod.read(stack, statement["Resource"]))
    queues = prod.named("AWS::SQS::Queue", "QueueName")
    assert guarded == {f"queue/{name}" for name in queues}
    assert {prod.read("sync", q["KmsMasterKeyId"]) for q in queues.values()} == {"key"}
    # Each asking for a data key is paid for.
    assert {q["KmsDataKeyReusePeriodSeconds"] for q in queues.values()} == {3600}


def test_the_bus_routes_each_kind_of_fact_to_its_queue_and_loses_none(prod: Templates) -> None:
    routes = {}
    for name, rule in prod.named("AWS::Events::Rule", "Name").items():
        (target,) = rule["Targets"]
        assert prod.read("sync", rule["EventBusName"]) == "bus/crossdock-prod"
        assert target["InputPath"] == "$.detail"
        assert prod.read("sync", target["DeadLetterConfig"]["Arn"]) == "queue/failures"
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
        routes[prod.read("sync", target["Arn"])] = rule["EventPattern"]["detail-type"]
        assert prod.read("sync", target["Arn"]) == f"queue/{name}"
    assert routes == {
        "queue/prices": ["pricing.rules.changed.v1"],
        "queue/accounts": ["customers.accounts.reported.v1"],
        "queue/listings": ["customers.accounts.listed.v1"],
        "queue/price-customers": ["pricing.customers.changed.v1"],
        "queue/counts": ["inventory.counts.reported.v1"],
        "queue/references": ["identity.references.declared.v1"],
        "queue/supply": ["inventory.supply.reported.v1"],
    }


def test_everything_on_the_bus_is_archived_for_a_year(prod: Templates) -> None:
    ((stack, archive),) = prod.all("AWS::Events::Archive")
    assert archive["Properties"]["RetentionDays"] == 365
    assert prod.read(stack, archive["Properties"]["SourceArn"]) == "bus/crossdock-prod"
    assert prod.read(stack, archive["Properties"]["KmsKeyIdentifier"]) == "key"


def _sources(prod: Templates) -> dict[tuple[str, str], dict[str, Any]]:
    """Event source mappings by (function, source)."""
    return {
        (
            prod.read(stack, r["Properties"]["FunctionName"]).removeprefix("function/").removesuffix(":live"),
            prod.read(stack, r["Properties"]["EventSourceArn"]),
        ): r["Properties"]
        for stack, r in prod.all("AWS::Lambda::EventSourceMapping")
    }


def test_queues_are_worked_off_in_tens_and_only_failures_come_back(prod: Templates) -> None:
    consumed = {key: m for key, m in _sources(prod).items() if key[1].startswith("queue/")}
    collected = {("collect-dead-letters", f"queue/{q}") for q in ("failures", *(f"{q}-dlq" for q in QUEUES))}
    assert set(consumed) == collected | {
        ("apply-accounts", "queue/accounts"),
        ("compare-accounts", "queue/listings"),
        ("apply-movements", "queue/movements"),
        ("map-webhooks", "queue/webhooks"),
        ("apply-price-changes", "queue/prices"),
        ("apply-price-customers", "queue/price-customers"),
        ("publish-prices", "queue/price-cells"),
        ("apply-counts", "queue/counts"),
        ("apply-references", "queue/references"),
        ("apply-supply", "queue/supply"),
        ("apply-reservations", "queue/reservations"),
        ("expire-reservations", "queue/expiries"),
        ("deliver-to-channel", "queue/channel-webshop"),
        ("deliver-to-channel", "queue/channel-marketplace"),
    }
    for (function, _), mapping in consumed.items():
        assert mapping["BatchSize"] == {"apply-reservations": 250, "apply-accounts": 2, "compare-accounts": 2}.get(
            function, 10
        )
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    limits = {key[1]: m["ScalingConfig"]["MaximumConcurrency"] for key, m in consumed.items() if "ScalingConfig" in m}
    assert limits == {"queue/channel-webshop": 4, "queue/channel-marketplace": 2}


@pytest.mark.parametrize(
    ("function", "stream", "wanted", "window"),
    [
        ("project-balances", "stream/inventory", {"M#": ["INSERT"]}, 5),
        ("announce-changes", "stream/inventory", {"T#": ["INSERT", "MODIFY"], "RSV#": ["INSERT"]}, 1),
        ("announce-changes", "stream/pricing", {"P#": ["INSERT", "MODIFY"]}, 1),
        (
            "spread-price-changes",
            "stream/pricing",
            {**{p: ["INSERT", "MODIFY"] for p in ("I#", "F#", "K#", "C#")}, "X#": ["INSERT"]},
            1,
        ),
        ("digest-shadows", "stream/exchange", {"SH#": ["INSERT", "MODIFY", "REMOVE"]}, 60),
    ],
)
def test_streams_are_followed_in_order_and_filtered_at_the_source(
    prod: Templates, function: str, stream: str, wanted: dict[str, list[str]], window: int
) -> None:
    mapping = _sources(prod)[function, stream]
    assert [json.loads(f["Pattern"]) for f in mapping["FilterCriteria"]["Filters"]] == [
        {"eventName": events, "dynamodb": {"Keys": {"pk": {"S": [{"prefix": prefix}]}}}}
        for prefix, events in wanted.items()
    ]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["BatchSize"] == 10_000
    assert mapping["MaximumBatchingWindowInSeconds"] == window
    assert mapping["ParallelizationFactor"] == 1
    assert mapping["BisectBatchOnFunctionError"] is True
    assert prod.read("sync", mapping["DestinationConfig"]["OnFailure"]["Destination"]) == "queue/failures"


def test_what_may_drift_is_compared_every_hour(prod: Templates) -> None:
    found = {}
    for stack, schedule in prod.all("AWS::Scheduler::Schedule"):
        properties = schedule["Properties"]
        target = properties["Target"]
        assert prod.read(stack, target["DeadLetterConfig"]["Arn"]) == "queue/failures"
        name = properties["Name"].removeprefix("crossdock-prod-")
        every = {
            "balance-hot-items": "rate(1 minute)",
            "check-silence": "rate(15 minutes)",
            "measure-business": "rate(5 minutes)",
            "watch-channels": "rate(5 minutes)",
            "watch-prices": "rate(5 minutes)",
        }
        assert properties["ScheduleExpression"] == every.get(name, "rate(1 hour)")
        found[name] = (prod.read(stack, target["Arn"]), json.loads(target["Input"]))
    assert found == {
        "balance-hot-items": ("function/balance-hot-items:live", {}),
        "check-silence": ("function/reconcile-stock:live", {"check": "silence"}),
        "measure-business": ("function/measure-business:live", {}),
        "watch-channels": ("function/watch-channels:live", {}),
        "watch-prices": ("function/watch-prices:live", {"check": "late"}),
        "check-prices": ("function/watch-prices:live", {"check": "cells"}),
        "reconcile-wms": ("function/reconcile-stock:live", {"source": "wms"}),
        **{f"reconcile-channel-{c}": ("function/reconcile-channel:live", {"channel": c}) for c in CHANNELS},
    }


# -- the front door -----------------------------------------------------------------------------------------------


def test_partners_need_a_key_in_a_plan_and_sources_a_signature(prod: Templates) -> None:
    resources = prod.stacks["api"]["Resources"]
    routes = {}
    for method in (r["Properties"] for _, r in prod.all("AWS::ApiGateway::Method")):
        path = _path(resources, method["ResourceId"]["Ref"])
        uri = prod.read("api", method["Integration"]["Uri"])
        assert re.search(r":lambda:path/2015-03-31/functions/function/[a-z-]+:live/invocations$", uri)
        routes[f"{method['HttpMethod']} {path}"] = (method["AuthorizationType"], method["ApiKeyRequired"])
    # What is deployed is what is described, and the other way round.
    described = {endpoint.route: ("CUSTOM", True) if endpoint.keyed else ("NONE", False) for _, endpoint in served()}
    assert routes == described
    assert {route for route, (kind, _) in routes.items() if kind == "NONE"} == {
        "GET /v1/asyncapi.json",
        "GET /v1/openapi.json",
        "POST /webhooks/{source}",
    }
    ((_, authorizer),) = prod.all("AWS::ApiGateway::Authorizer")
    assert authorizer["Properties"]["Type"] == "REQUEST"
    # Nothing is kept by the gateway: a caller has either of two headers, and a kept answer would ask for both.
    assert authorizer["Properties"]["IdentitySource"] == ""
    assert authorizer["Properties"]["AuthorizerResultTtlInSeconds"] == 0


def test_partners_get_tokens_for_our_scopes_from_a_pool_without_users(prod: Templates) -> None:
    ((_, pool),) = prod.all("AWS::Cognito::UserPool")
    assert pool["Properties"]["UserPoolName"] == "crossdock-prod-partners"
    assert pool["Properties"]["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["Properties"]["DeletionProtection"] == "ACTIVE"
    assert (pool["DeletionPolicy"], pool["UpdateReplacePolicy"]) == ("Retain", "Retain")
    ((_, server),) = prod.all("AWS::Cognito::UserPoolResourceServer")
    assert server["Properties"]["Identifier"] == "crossdock"
    assert tuple(s["ScopeName"] for s in server["Properties"]["Scopes"]) == SCOPES
    assert list(prod.all("AWS::Cognito::UserPoolClient")) == [], "clients are partners', made by the command"
    authorizer = prod.named("AWS::Lambda::Function", "FunctionName")["authorize-partner"]
    issuer = prod.read("api", authorizer["Environment"]["Variables"]["TOKEN_ISSUER"])
    assert issuer.startswith("https://")


def _path(resources: dict[str, Any], logical_id: str) -> str:
    properties = resources[logical_id]["Properties"]
    parent = properties["ParentId"]
    return (_path(resources, parent["Ref"]) if "Ref" in parent else "") + "/" + properties["PathPart"]


def test_bodies_arrive_raw_and_the_authorizer_names_the_key(prod: Templates) -> None:
    ((_, api),) = prod.all("AWS::ApiGateway::RestApi")
    assert api["Properties"]["Name"] == "crossdock-prod-api"
    assert api["Properties"]["BinaryMediaTypes"] == ["*/*"]
    assert api["Properties"]["ApiKeySourceType"] == "AUTHORIZER"
    assert api["Properties"]["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def test_the_api_is_throttled_as_a_whole_and_by_partner(prod: Templates) -> None:
    ((_, stage),) = prod.all("AWS::ApiGateway::Stage")
    settings, *slower = stage["Properties"]["MethodSettings"]
    assert stage["Properties"]["StageName"] == "live"
    assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (1000, 2000)
    assert {s["DataTraceEnabled"] for s in (settings, *slower)} == {False}, "bodies are business documents"
    # A method's own settings replace the stage's as a whole.
    assert {(s["MetricsEnabled"], s["LoggingLevel"]) for s in (settings, *slower)} == {(True, "ERROR")}
    assert {f"{s['HttpMethod']} {s['ResourcePath']}": s["ThrottlingRateLimit"] for s in slower} == {
        "POST /~1v1~1quotes": 250,
        "POST /~1v1~1price-checks": 250,
        "GET /~1v1~1price-books~1{class}": 100,
        "GET /~1v1~1openapi.json": 20,
        "GET /~1v1~1asyncapi.json": 20,
    }
    ((_, plan),) = prod.all("AWS::ApiGateway::UsagePlan")
    assert plan["Properties"]["UsagePlanName"] == "crossdock-prod-partners"
    assert plan["Properties"]["Throttle"] == {"RateLimit": 100, "BurstLimit": 200}


def test_every_request_leaves_one_line_in_the_access_log(prod: Templates) -> None:
    ((_, stage),) = prod.all("AWS::ApiGateway::Stage")
    log = stage["Properties"]["AccessLogSetting"]
    assert prod.read("api", log["DestinationArn"]).endswith(":log-group:log//aws/apigateway/crossdock-prod-api")
    assert json.loads(log["Format"])["request_id"] == "$context.requestId"
    assert stage["Properties"]["TracingEnabled"] is True


def test_the_gateway_refuses_with_problem_documents(prod: Templates) -> None:
    answers = {
        r["Properties"]["ResponseType"]: r["Properties"] for _, r in prod.all("AWS::ApiGateway::GatewayResponse")
    }
    assert {"UNAUTHORIZED", "ACCESS_DENIED", "THROTTLED", "QUOTA_EXCEEDED", "DEFAULT_4XX", "DEFAULT_5XX"} <= set(
        answers
    )
    passing = ("AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR")
    assert {answers[name]["StatusCode"] for name in passing} == {"503"}
    for answer in answers.values():
        document = json.loads(answer["ResponseTemplates"]["application/json"])
        assert list(document)[:5] == ["type", "title", "status", "detail", "correlation_id"]
        assert str(document["status"]) == answer["StatusCode"]
        assert document["correlation_id"] == "$context.requestId"
        headers = answer["ResponseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert headers["gatewayresponse.header.X-Correlation-Id"] == "context.requestId"
    missing = json.loads(answers["UNAUTHORIZED"]["ResponseTemplates"]["application/json"])
    assert (missing["status"], "X-Api-Key" in missing["detail"]) == (401, True)
    assert missing["errors"][0]["field"] == "X-Api-Key"
    for name in ("UNAUTHORIZED", "ACCESS_DENIED"):
        document = json.loads(answers[name]["ResponseTemplates"]["application/json"])
        assert (document["status"], document["reason"]) == (401, "$context.authorizer.reason")
        parameters = answers[name]["ResponseParameters"]
        assert parameters["gatewayresponse.header.WWW-Authenticate"] == "'Bearer realm=\"crossdock\"'"


def test_the_api_stack_says_where_the_api_is(prod: Templates) -> None:
    assert set(prod.stacks["api"]["Outputs"]) == {"ApiUrl", "ApiId"}


# -- schedules of windows; who is told is in test_alarm_templates.py ----------------------------------------------


def test_a_windows_schedule_may_put_its_message_on_the_queue_of_cells_and_nothing_else(prod: Templates) -> None:
    assert "price-windows" in prod.named("AWS::Scheduler::ScheduleGroup", "Name")
    passed = [s for s in _policies(prod)["publish-prices"] if "iam:PassRole" in s["Action"]]
    assert [s["Condition"] for s in passed] == [{"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}]
    ((stack, opener),) = [
        (stack, policy["Properties"])
        for stack, policy in prod.all("AWS::IAM::Policy")
        if "Opener" in json.dumps(policy["Properties"]["Roles"])
    ]
    pairs = [_pairs(prod, {**s, "Stack": stack}) for s in opener["PolicyDocument"]["Statement"]]
    assert set().union(*pairs) == {"sqs:SendMessage queue/price-cells", "kms:Decrypt key", "kms:GenerateDataKey key"}


def test_nothing_names_an_account_or_a_region(prod: Templates) -> None:
    manifest = json.loads((prod.assembly / "manifest.json").read_text())
    environments = {a["environment"] for a in manifest["artifacts"].values() if a["type"] == "aws:cloudformation:stack"}
    assert environments == {"aws://unknown-account/unknown-region"}
    assert "missing" not in manifest, "nothing was to be looked up"


# -- the local stage ----------------------------------------------------------------------------------------------


def test_the_local_stage_leaves_out_what_its_engine_cannot_do(
    tmp_path_factory: pytest.TempPathFactory, hollow_layers: LayerFolders
) -> None:
    assembly = tmp_path_factory.mktemp("local")
    build("local", outdir=assembly, layers=hollow_layers).synth()
    local = Templates(assembly, "local")
    kinds = {r["Type"] for t in local.stacks.values() for r in t["Resources"].values()}
    cloud_only = {"AWS::Events::Archive", "AWS::KMS::Key", "AWS::SNS::Topic", "AWS::ApiGateway::Account"}
    cloud_only |= {"AWS::WAFv2::WebACL", "AWS::WAFv2::WebACLAssociation", "AWS::WAFv2::LoggingConfiguration"}
    assert kinds.isdisjoint(cloud_only)
    queues = local.named("AWS::SQS::Queue", "QueueName")
    assert {q["VisibilityTimeout"] for q in queues.values()} == {30}
    assert queues["channel-webshop"]["RedrivePolicy"]["maxReceiveCount"] == 12
    functions = local.named("AWS::Lambda::Function", "FunctionName")
    assert set(functions) == set(ALLOWED)
    assert {f["Timeout"] for f in functions.values()} == {10, 25}
    assert all(
        "DeadLetterConfig" not in t for r in local.named("AWS::Events::Rule", "Name").values() for t in r["Targets"]
    )
    assert all(t["DeletionPolicy"] == "Delete" for _, t in local.all("AWS::DynamoDB::Table"))
