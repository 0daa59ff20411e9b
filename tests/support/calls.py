"""Which calls of AWS each function makes when its handler runs in a test: heard at the client, as IAM names them.

    dynamodb:PartiQLInsert table/inventory    sqs:SendMessage queue/channel-*    secretsmanager:GetSecretValue sources

Three things follow, and all three fail a test:

1. a call that `witnesses.json` does not list for the function fails the test that made it: it has no grant;
2. a listed call has a test that was seen making it, its witness, which fails when it does not make it any more;
3. tests/integration/test_grants.py holds the list against the templates, in both directions.

After a change of what functions call: `python -m tests.support.witnesses` runs the handlers' tests and writes the list.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crossdock.platform import clients

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import botocore.session

LIST: Final = Path(__file__).with_name("witnesses.json")
_STATEMENT: Final = re.compile(r'(?:(INSERT) INTO|(UPDATE)|(DELETE) FROM|(SELECT) .*? FROM) "([^"]+)"', re.DOTALL)
_TRANSACTED: Final = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": None}
_BATCHES: Final = {"SendMessageBatch": "SendMessage", "ChangeMessageVisibilityBatch": "ChangeMessageVisibility"}

_function: ContextVar[str | None] = ContextVar("function", default=None)
_active: Final[Counter[str]] = Counter()
# What the running test saw: (function, call).
seen: Final[set[tuple[str, str]]] = set()


@cache
def witnessed() -> dict[str, dict[str, str]]:
    """function → call → the test that makes it."""
    found: dict[str, dict[str, str]] = json.loads(LIST.read_text(encoding="utf-8")) if LIST.exists() else {}
    return found


@contextmanager
def of(function: str) -> Iterator[None]:
    """Calls meanwhile are this function's."""
    token = _function.set(function)
    _active[function] += 1
    try:
        yield
    finally:
        _active[function] -= 1
        _function.reset(token)


def watch() -> None:
    """From now on whatever clients the functions make are listened to."""
    if getattr(clients._session, "listened_to", False):
        return
    make = clients._session.__wrapped__

    @cache
    def listened() -> botocore.session.Session:
        session = make()
        session.register("provide-client-params", _note)
        return session

    listened.listened_to = True  # type: ignore[attr-defined]
    clients._session = listened  # type: ignore[assignment]
    clients._client.cache_clear()


def _note(params: Mapping[str, Any], model: Any, **_: Any) -> None:
    function = _function.get() or _only_one()
    if function is not None:
        service = model.service_model.service_name
        seen.update((function, call) for call in calls(service, model.name, params))


def _only_one() -> str | None:
    """A thread that a function starts does not know whose it is: it is that of the only one that runs."""
    running = [function for function, times in _active.items() if times]
    return running[0] if len(running) == 1 else None


def calls(service: str, operation: str, params: Mapping[str, Any]) -> set[str]:
    """What IAM asks for this operation."""
    if service == "dynamodb":
        return _dynamodb(operation, params)
    if service == "scheduler":
        return {f"scheduler:{operation} {_own(params['GroupName'])}", "iam:PassRole role"}
    return {f"{service}:{_BATCHES.get(operation, operation)} {_resource(service, params)}"}


def _resource(service: str, params: Mapping[str, Any]) -> str:
    match service:
        case "sqs":
            return "queue/" + re.sub(r"^channel-.*", "channel-*", _own(params["QueueUrl"].rsplit("/", 1)[-1]))
        case "events":
            return "bus"
        case "secretsmanager":
            return str(params["SecretId"].split("/")[2])
        case "s3":
            return _own(params["Bucket"]).split("-")[0]
        case _:
            return "?"


def _dynamodb(operation: str, params: Mapping[str, Any]) -> set[str]:
    match operation:
        case "BatchExecuteStatement":
            return {_statement(one["Statement"]) for one in params["Statements"]}
        case "ExecuteStatement":
            return {_statement(params["Statement"])}
        case "BatchGetItem":
            return {f"dynamodb:BatchGetItem table/{_own(name)}" for name in params["RequestItems"]}
        case "TransactWriteItems":
            return {
                f"dynamodb:{_TRANSACTED[kind] or 'ConditionCheckItem'} table/{_own(one['TableName'])}"
                for item in params["TransactItems"]
                for kind, one in item.items()
            }
        case "TransactGetItems":
            return {f"dynamodb:GetItem table/{_own(item['Get']['TableName'])}" for item in params["TransactItems"]}
        case _:
            index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
            return {f"dynamodb:{operation} table/{_own(params['TableName'])}{index}"}


def _statement(text: str) -> str:
    found = _STATEMENT.match(text)
    assert found, text
    verb = next(part for part in found.groups()[:4] if part)
    return f"dynamodb:PartiQL{verb.capitalize()} table/{_own(found[5])}"


def _own(name: str) -> str:
    """The part of a physical name behind `crossdock-{stage}-`."""
    return name.split("-", 2)[2]
