"""The audit trail's records: what they show and hide, how they are chained, and which calls are changes."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import pytest
import typer
from typer.testing import CliRunner

from crossdock_cli.audit import listening
from crossdock_cli.audit.listening import changes
from crossdock_cli.audit.record import FIRST_SEAL, HIDDEN, Kept, Record, document, sealed, shown, why
from crossdock_cli.audit.trail import broken_at

pytestmark = pytest.mark.unit


def chain(count: int) -> list[Kept]:
    found: list[Kept] = []
    for number in range(1, count + 1):
        record = Record(f"2026-11-21T08:00:0{number}.000Z", "arn:me", "dev", "partners add", {"name": "acme"}, "", "1")
        prev = found[-1].seal if found else FIRST_SEAL
        found.append(Kept(number, record, prev, sealed(number, record, prev)))
    return found


def test_a_whole_chain_ends_with_its_last_record() -> None:
    whole = chain(4)
    assert broken_at(iter(whole)) == (None, whole[-1])
    assert broken_at(iter([])) == (None, None)


def test_a_record_that_was_changed_taken_out_or_put_in_breaks_the_chain_there() -> None:
    whole = chain(4)
    other = replace(whole[1], record=replace(whole[1].record, by="arn:nobody"))
    resealed = replace(other, seal=sealed(2, other.record, other.prev))
    assert broken_at(iter([whole[0], other, *whole[2:]]))[0] == 2
    assert broken_at(iter([whole[0], resealed, *whole[2:]]))[0] == 3, "the next one still names the old seal"
    assert broken_at(iter([whole[0], *whole[2:]]))[0] == 2
    assert broken_at(iter([*whole, whole[-1]]))[0] == 5


def test_a_record_holds_names_of_ours_and_neither_secrets_nor_values() -> None:
    given = {
        "name": "acme",
        "scope": ["inventory:read"],
        "overlap_hours": 48,
        "new_secret": True,
        "token": "shpat_secret",
        "secret": "whsec_secret",
        "set_": ["credit_limit=5000", "email=jane@example.com"],
        "url": "https://user:pass@shop.example/hooks?key=abc",
        "customer": "jane@example.com",
        "why": "asked on the telephone",
        "file": "/home/jane/prices.csv",
        "as_json": False,
        "empty": None,
    }
    found = shown(given)
    assert found == {
        "customer": HIDDEN,
        "file": HIDDEN,
        "name": "acme",
        "new_secret": True,
        "overlap_hours": 48,
        "scope": ["inventory:read"],
        "secret": HIDDEN,
        "set_": [HIDDEN, HIDDEN],
        "token": HIDDEN,
        "url": "shop.example/hooks",
    }
    assert why(given) == "asked on the telephone"


def test_what_a_record_does_not_say_is_not_kept() -> None:
    record = Record("2026-11-21T08:00:00.000Z", "arn:me", "dev", "partners add", {}, "", "1")
    assert sorted(document(record)) == ["at", "by", "command", "stage", "version"]
    assert document(replace(record, of=1, code=0))["code"] == 0


@pytest.mark.parametrize(
    ("service", "operation", "params", "change"),
    [
        ("dynamodb", "Query", {}, False),
        ("dynamodb", "BatchGetItem", {}, False),
        ("dynamodb", "TransactGetItems", {}, False),
        ("dynamodb", "TransactWriteItems", {}, True),
        ("dynamodb", "PutItem", {"Item": {"pk": {"S": "K#1"}}}, True),
        ("dynamodb", "PutItem", {"Item": {"pk": {"S": "A#2026-11-21"}}}, False),
        ("dynamodb", "BatchExecuteStatement", {"Statements": [{"Statement": 'SELECT * FROM "t"'}]}, False),
        ("dynamodb", "ExecuteStatement", {"Statement": 'UPDATE "t" SET a = ?'}, True),
        ("sqs", "SendMessageBatch", {}, True),
        ("sqs", "GetQueueUrl", {}, False),
        ("secretsmanager", "PutSecretValue", {}, True),
        ("secretsmanager", "GetSecretValue", {}, False),
        ("apigateway", "CreateApiKey", {}, True),
        ("cognito-idp", "DeleteUserPoolClient", {}, True),
        ("lambda", "Invoke", {"FunctionName": "crossdock-dev-import-price-rules"}, True),
        ("lambda", "Invoke", {"FunctionName": "crossdock-dev-explain-prices"}, False),
        ("sts", "GetCallerIdentity", {}, False),
    ],
)
def test_everything_but_reading_is_a_change(
    service: str, operation: str, params: dict[str, object], *, change: bool
) -> None:
    assert changes(service, operation, params) is change


def test_a_command_is_heard_with_its_name_and_parameters_from_when_it_reaches_a_stage() -> None:
    """What Typer's own copy of click says of the running command; nothing outside of one."""
    heard = Mock()
    app = typer.Typer()
    group = typer.Typer()
    app.add_typer(group, name="partners")

    @group.command("add")
    def add(name: str, rate: int = 5) -> None:
        del name, rate
        listening.listen(heard)

    @group.command("remove")
    def remove(name: str) -> None:
        del name

    listening.listen(Mock())
    assert listening._current == []
    assert CliRunner().invoke(app, ["partners", "add", "acme"], prog_name="crossdock").exit_code == 0
    (listener,) = listening._current
    assert (listener._command, dict(listener._params)) == ("partners add", {"name": "acme", "rate": 5})
    heard.session.events.register.assert_called_once_with("provide-client-params", listener.heard)
    listening.ended(0)
    assert listening._current == []
