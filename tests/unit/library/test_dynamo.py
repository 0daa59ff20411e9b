"""DynamoDB behind the stores: values in and out, statements that fail alone, throttling, conflicts and their end."""

from __future__ import annotations

import json
from decimal import Decimal
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3 import HTTPResponse

from crossdock.platform import deadline
from crossdock.platform.dynamo import Outcome, StatementError, Table, from_attribute, from_item, to_attribute, to_item
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Update

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(deadline, "pause", found.append)
    return found


# -- values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a", {"S": "a"}),
        (b"a", {"B": b"a"}),
        (5, {"N": "5"}),
        (10**30, {"N": str(10**30)}),
        (Decimal("2.50"), {"N": "2.50"}),
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (None, {"NULL": True}),
        (["a", 1], {"L": [{"S": "a"}, {"N": "1"}]}),
        ({"a": {"b": []}}, {"M": {"a": {"M": {"b": {"L": []}}}}}),
    ],
)
def test_a_value_is_stored_and_comes_back(value: Any, stored: dict[str, Any]) -> None:
    assert to_attribute(value) == stored
    back = from_attribute(stored)
    assert back == value
    assert isinstance(back, type(value))


@pytest.mark.parametrize("value", [1.5, {1, 2}, object(), [1.5], {"a": 1.5}])
def test_what_would_lose_digits_or_meaning_is_not_stored(value: Any) -> None:
    with pytest.raises(TypeError, match="is not stored"):
        to_attribute(value)


def test_absent_attributes_are_left_out() -> None:
    assert to_item({"a": None, "b": 1}) == {"b": {"N": "1"}}
    assert from_item({"b": {"N": "1"}}) == {"b": 1}


def test_a_whole_number_is_an_int_however_it_is_written() -> None:
    assert from_attribute({"N": "5.0"}) == 5
    assert isinstance(from_attribute({"N": "5.0"}), int)


# -- statements ------------------------------------------------------------------------------------------------


class Client:
    """Answers each statement by what its key's turn says; the last answer stays."""

    class exceptions:  # noqa: N801 - as botocore calls it
        class TransactionCanceledException(Exception):  # noqa: N818
            def __init__(self, *codes: str) -> None:
                super().__init__("cancelled")
                self.response = {"CancellationReasons": [{"Code": c} for c in codes]}

    def __init__(self, answers: dict[str, list[Any]] | None = None) -> None:
        self.answers = answers or {}
        self.calls: list[list[str]] = []
        self.reads: list[dict[str, Any]] = []
        self.unprocessed = 0
        self.rows: dict[str, dict[str, Any]] = {}
        self.cancellations: list[tuple[str, ...]] = []

    def batch_execute_statement(self, Statements: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        keys = [s["Parameters"][0]["S"] for s in Statements]
        self.calls.append(keys)
        responses = []
        for key in keys:
            turn = self.answers.get(key, [None])
            error = turn.pop(0) if len(turn) > 1 else turn[0]
            responses.append({"Error": error} if error else {})
        return {"Responses": responses}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        request = RequestItems["t"]
        self.reads.append(request)
        keys = request["Keys"]
        if self.unprocessed:
            self.unprocessed -= 1
            keys, left = keys[:1], keys[1:]
        else:
            left = []
        found = [self.rows[k["pk"]["S"]] for k in keys if k["pk"]["S"] in self.rows]
        return {
            "Responses": {"t": found},
            "UnprocessedKeys": {"t": {**request, "Keys": left}} if left else {},
        }

    def transact_write_items(self, TransactItems: list[Any]) -> None:  # noqa: N803
        self.calls.append([str(i) for i in TransactItems])
        if self.cancellations and (codes := self.cancellations.pop(0)):
            raise self.exceptions.TransactionCanceledException(*codes)


def table(client: Client) -> Table:
    return Table(client, "t")  # type: ignore[arg-type]


def inserts(client: Client, *keys: str) -> list[Outcome]:
    t = table(client)
    return t.run([t.insert({"pk": k, "sk": "s"}) for k in keys])


THROTTLED = {"Code": "ProvisionedThroughputExceeded"}
EXISTS = {"Code": "DuplicateItem", "Item": {"pk": {"S": "b"}, "n": {"N": "1"}}}


def test_statements_go_twenty_five_to_a_call_and_outcomes_keep_their_order() -> None:
    client = Client({"k30": [{**EXISTS}]})

    outcomes = inserts(client, *(f"k{n}" for n in range(60)))

    assert [len(c) for c in client.calls] == [25, 25, 10]
    assert [n for n, o in enumerate(outcomes) if not o.done] == [30]
    assert outcomes[30].existing == {"pk": "b", "n": 1}


def test_throttled_statements_alone_are_tried_again(pauses: list[int]) -> None:
    client = Client({"b": [THROTTLED, {"Code": "ThrottlingError"}, {"Code": "InternalServerError"}, None]})

    assert inserts(client, "a", "b", "c") == [Outcome(done=True)] * 3

    assert client.calls == [["a", "b", "c"], ["b"], ["b"], ["b"]]
    assert pauses == [1, 2, 3]


def test_statements_that_stay_throttled_are_an_error_that_says_how_many() -> None:
    client = Client({"b": [THROTTLED]})

    with pytest.raises(StoreUnavailableError, match="t: 1 of 2 statements were not carried out"):
        inserts(client, "a", "b")

    assert len(client.calls) == 6


def test_a_statement_that_is_wrong_is_a_defect_and_not_tried_again() -> None:
    client = Client({"a": [{"Code": "ValidationError", "Message": "m"}]})

    with pytest.raises(StatementError, match="t: ValidationError: m in INSERT"):
        inserts(client, "a")

    assert len(client.calls) == 1


def test_what_stood_in_the_way_is_read_when_the_engine_does_not_say(pauses: list[int]) -> None:
    client = Client({"a": [{"Code": "DuplicateItem"}], "b": [{"Code": "ConditionalCheckFailed"}]})
    client.rows = {"a": {"pk": {"S": "a"}, "sk": {"S": "s"}, "n": {"N": "1"}}}

    assert inserts(client, "a", "b") == [
        Outcome(done=False, existing={"pk": "a", "sk": "s", "n": 1}),
        Outcome(done=False, existing=None),
    ]
    assert [r["ConsistentRead"] for r in client.reads] == [True]


def test_keys_that_were_not_processed_are_asked_again(pauses: list[int]) -> None:
    client = Client()
    client.rows = {k: {"pk": {"S": k}, "sk": {"S": "s"}} for k in ("a", "b", "c")}
    client.unprocessed = 2

    found = table(client).get_many([("a", "s"), ("b", "s"), ("c", "s"), ("a", "s")])

    assert list(found) == [("a", "s"), ("b", "s"), ("c", "s")]
    assert [len(r["Keys"]) for r in client.reads] == [3, 2, 1]
    assert pauses == [1, 2]


def test_keys_that_are_never_processed_are_an_error() -> None:
    client = Client()
    client.unprocessed = 99

    with pytest.raises(StoreUnavailableError, match="keys were not read"):
        table(client).get_many([(str(n), "s") for n in range(9)])


def test_keys_are_read_a_hundred_to_a_call() -> None:
    client = Client()

    table(client).get_many([(str(n), "s") for n in range(250)], attributes=("cid", "pk"))

    assert [len(r["Keys"]) for r in client.reads] == [100, 100, 50]
    assert client.reads[0]["ExpressionAttributeNames"] == {"#a0": "pk", "#a1": "sk", "#a2": "cid"}


# -- transactions ----------------------------------------------------------------------------------------------


def test_a_transaction_that_meets_another_is_tried_again(pauses: list[int]) -> None:
    client = Client()
    client.cancellations = [("None", "TransactionConflict"), ("ThrottlingError", "None"), ()]

    assert table(client).transact(["a", "b"]) == frozenset()  # type: ignore[list-item]

    assert client.calls == [["a", "b"]] * 3
    assert pauses == [1, 2]


def test_a_transaction_that_the_sdk_repeats_is_the_same_transaction() -> None:
    """Its token is: so a repetition, for which the first answer was lost, is known again and does nothing."""
    client = boto3.client("dynamodb", "eu-central-1", aws_access_key_id="k", aws_secret_access_key="s")
    tokens: list[str] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        tokens.append(json.loads(request.body)["ClientRequestToken"])
        status = 200 if len(tokens) % 2 == 0 else 500
        return AWSResponse(request.url, status, {}, HTTPResponse(BytesIO(b"{}"), preload_content=False))

    client.meta.events.register("before-send.dynamodb.TransactWriteItems", answer)
    writes = [Update(("a", "b"), {"ver": 1})]

    assert Table(client, "t").atomically(writes) == [Outcome(done=True)]
    assert Table(client, "t").atomically(writes) == [Outcome(done=True)]

    first, repeated, second, _ = tokens
    assert first == repeated != second


def test_failed_conditions_are_named_and_not_tried_again() -> None:
    client = Client()
    client.cancellations = [("ConditionalCheckFailed", "None", "ConditionalCheckFailed", "TransactionConflict")]

    assert table(client).transact([]) == {0, 2}
    assert len(client.calls) == 1


def test_a_transaction_that_keeps_meeting_others_is_an_error() -> None:
    client = Client()
    client.cancellations = [("TransactionConflict",)] * 99

    with pytest.raises(StoreUnavailableError, match="kept standing in the way"):
        table(client).transact([])
    assert len(client.calls) == 6


def test_a_transaction_that_is_wrong_raises_the_clients_error() -> None:
    client = Client()
    client.cancellations = [("ValidationError", "None")]

    with pytest.raises(Client.exceptions.TransactionCanceledException):
        table(client).transact([])
    assert len(client.calls) == 1
