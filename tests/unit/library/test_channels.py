"""Telling a channel: what an answer means, what is claimed and sent, and what is left for later."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossdock.connectors.signed_webhook import deliver
from crossdock.connectors.signed_webhook.digest import leaf, leaves
from crossdock.contracts.deliveries import Answer, Batch, HttpAnswer, Target, Value
from crossdock.contracts.digests import Asked, NoDigestError
from crossdock.exchange import backoff, dirty
from crossdock.exchange.delivery import BUSY, Dirty, Teller, Told
from crossdock.exchange.refused import rejections
from crossdock.exchange.shadow import LEASE_S, ShadowStore, canonical, row_key
from tests.support.memory import MemoryTable
from tests.support.world import NOW, NOW_TEXT, later

pytestmark = pytest.mark.unit

# -- the signed webhook ----------------------------------------------------------------------------------------

BATCH = Batch("shop", "availability", (Value("S", 3, {"available": 5}, ("cd-1", "cd-2")),), NOW_TEXT)


def answered(answer: HttpAnswer) -> Answer:
    return deliver(BATCH, Target("https://shop", lambda *_: answer, lambda _: {}))


def test_the_request_is_the_public_document_signed_over_its_bytes() -> None:
    posts: list[Any] = []

    def post(*args: Any) -> HttpAnswer:
        posts.append(args)
        return HttpAnswer(204)

    signed: list[bytes] = []
    deliver(BATCH, Target("https://shop", post, lambda body: signed.append(body) or {"webhook-id": "m"}))

    ((url, headers, body),) = posts
    assert url == "https://shop"
    assert headers == {"Content-Type": "application/json", "X-Correlation-Id": "cd-1", "webhook-id": "m"}
    assert signed == [body]
    assert json.loads(body) == {
        "type": "availability.changed.v1",
        "timestamp": NOW_TEXT,
        "data": {
            "channel": "shop",
            "items": [{"sku": "S", "version": 3, "available": 5, "correlation_ids": ["cd-1", "cd-2"]}],
        },
    }


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_an_acknowledgement(status: int) -> None:
    assert answered(HttpAnswer(status)) == Answer("acknowledged")


@pytest.mark.parametrize("status", [0, 408, 409, 425, 429, 500, 502, 503, 504, 599])
def test_what_passes_is_tried_later(status: int) -> None:
    assert answered(HttpAnswer(status, detail="d")) == Answer("unavailable", detail="d")


@pytest.mark.parametrize("status", [300, 301, 302, 307, 400, 401, 403, 404, 410, 413, 422, 600])
def test_what_does_not_pass_is_a_refusal(status: int) -> None:
    assert answered(HttpAnswer(status)) == Answer("refused", detail=f"HTTP {status}")


@pytest.mark.parametrize(
    ("body", "rejected"),
    [
        (b"", {}),
        (b"OK", {}),
        (b"\xff", {}),
        (b"[]", {}),
        (b"null", {}),
        (b"[" * 60_000, {}),
        (b'{"rejected":null}', {}),
        (b'{"rejected":{"sku":"S"}}', {}),
        (b'{"rejected":["S",null,{"reason":"x"},{"sku":""}]}', {}),
        (b'{"rejected":[{"sku":"S"}]}', {"S": "no reason given"}),
        (b'{"rejected":[{"sku":"S","reason":"no listing"},{"sku":5,"reason":6}]}', {"S": "no listing", "5": "6"}),
        (b'{"rejected":[{"sku":"S","reason":"' + b"x" * 300 + b'"}]}', {"S": "x" * 200}),
    ],
)
def test_an_answer_may_reject_items_and_says_nothing_else(body: bytes, rejected: dict[str, str]) -> None:
    assert answered(HttpAnswer(200, body)) == Answer("acknowledged", rejected=rejected)


# -- the teller ------------------------------------------------------------------------------------------------


class Shop:
    """A teller over a table in memory, a truth that can be changed, and an answer that can be chosen."""

    def __init__(self, **truth: int) -> None:
        self.truth = truth
        self.answer = Answer("acknowledged")
        self.batches: list[list[tuple[str, int, Any]]] = []
        self.now = NOW
        self.table = MemoryTable()
        self.shadow = ShadowStore(self.table, lambda: self.now)
        self.on_send: Any = lambda: None

    def tell(self, *keys: str, max_batch: int = 10) -> Told:
        teller = Teller(self.shadow, self._read, self._send, lambda: self.now)
        return teller.tell("shop", "availability", [Dirty(k, ("cd-1",)) for k in keys], max_batch)

    def _read(self, keys: Any) -> Any:
        return {k: {"available": self.truth[k]} if k in self.truth else None for k in keys}

    def _send(self, batch: Batch) -> Answer:
        self.batches.append([(v.key, v.version, v.fields["available"]) for v in batch.values])
        self.on_send()
        return self.answer

    def state(self, key: str) -> tuple[int, int, str]:
        row = self.table.rows[row_key("shop", "availability", key)]
        return row["ver"], row["ack"], row["lease"]


def test_a_change_is_sent_once_and_acknowledged() -> None:
    shop = Shop(A=5)

    assert shop.tell("A", "A").acknowledged == {"A": 1}
    assert shop.tell("A").unchanged == {"A"}
    shop.truth["A"] = 6
    assert shop.tell("A").acknowledged == {"A": 2}

    assert shop.batches == [[("A", 1, 5)], [("A", 2, 6)]]
    assert shop.state("A") == (2, 2, "")


def test_an_unavailable_channel_gets_the_same_version_of_the_same_value_later() -> None:
    shop = Shop(A=5)
    shop.answer = Answer("unavailable", detail="HTTP 503")

    assert shop.tell("A").waiting == {"A": "HTTP 503"}
    assert shop.state("A") == (1, 0, "")
    shop.answer = Answer("acknowledged")
    assert shop.tell("A").acknowledged == {"A": 1}

    assert shop.batches == [[("A", 1, 5)], [("A", 1, 5)]]


def test_an_unavailable_channel_gets_only_the_newest_value_later() -> None:
    shop = Shop(A=5)
    shop.answer = Answer("unavailable")
    shop.tell("A")
    shop.truth["A"] = 6
    shop.answer = Answer("acknowledged")
    shop.tell("A")

    assert shop.batches == [[("A", 1, 5)], [("A", 2, 6)]]
    assert shop.state("A") == (2, 2, "")


def test_a_value_that_changed_and_changed_back_before_it_was_acknowledged_is_sent() -> None:
    shop = Shop(A=5)
    shop.tell("A")
    shop.truth["A"] = 6
    shop.answer = Answer("unavailable")
    shop.tell("A")
    shop.truth["A"] = 5
    shop.answer = Answer("acknowledged")

    assert shop.tell("A").acknowledged == {"A": 3}
    assert shop.batches[-1] == [("A", 3, 5)]


def test_what_is_not_there_is_not_told() -> None:
    shop = Shop(A=5)

    told = shop.tell("A", "NONE")

    assert (told.acknowledged, told.unchanged) == ({"A": 1}, {"NONE"})
    assert list(shop.table.rows) == [row_key("shop", "availability", "A")]


def test_a_refused_batch_rejects_each_item_and_a_rejected_item_only_itself() -> None:
    shop = Shop(A=5, B=6)
    shop.answer = Answer("refused", detail="HTTP 400")
    assert shop.tell("A", "B").rejected == {"A": "HTTP 400", "B": "HTTP 400"}

    shop.answer = Answer("acknowledged", rejected={"B": "no listing", "C": "never sent"})
    told = shop.tell("A", "B")

    assert (told.acknowledged, told.rejected) == ({"A": 1}, {"B": "no listing"})
    assert (shop.state("A"), shop.state("B")) == ((1, 1, ""), (1, 0, ""))


def test_batches_are_no_larger_than_allowed() -> None:
    shop = Shop(**{f"K{n}": n for n in range(5)})

    shop.tell(*(f"K{n}" for n in range(5)), max_batch=2)

    assert [len(b) for b in shop.batches] == [2, 2, 1]


def test_while_one_worker_sends_another_leaves_the_item_and_later_finishes_it() -> None:
    shop = Shop(A=5)
    told: list[Told] = []

    def meanwhile() -> None:
        shop.on_send = lambda: None
        shop.truth["A"] = 6
        told.append(shop.tell("A"))

    shop.on_send = meanwhile
    shop.tell("A")

    assert told[0].waiting == {"A": BUSY}
    assert shop.batches == [[("A", 1, 5)]]
    assert shop.tell("A").acknowledged == {"A": 2}


def test_a_dead_workers_lease_ends_and_its_late_acknowledgement_changes_nothing() -> None:
    shop = Shop(A=5)

    def overtaken() -> None:
        shop.on_send = lambda: None
        shop.now = later(LEASE_S + 1)
        shop.truth["A"] = 6
        shop.answer = Answer("acknowledged")
        assert shop.tell("A").acknowledged == {"A": 2}

    shop.on_send = overtaken
    shop.tell("A")

    assert shop.batches == [[("A", 1, 5)], [("A", 2, 6)]]
    row = shop.table.rows[row_key("shop", "availability", "A")]
    assert (row["ver"], row["ack"], row["ackval"]) == (2, 2, '{"available":6}')


def test_equal_values_have_equal_texts() -> None:
    assert canonical({"b": 1, "a": "é"}) == canonical({"a": "é", "b": 1}) == '{"a":"é","b":1}'


# -- marks -----------------------------------------------------------------------------------------------------


def test_an_item_marked_twice_is_one_mark_with_both_causes() -> None:
    marks = dirty.Marks("shop")
    marks.mark("price", "S", ["cd-1"])
    marks.mark("price", "S", ["cd-2", "cd-1"])
    marks.mark("availability", "S", [f"cd-{n}" for n in range(20)])

    (message,) = [json.loads(m) for m in marks.messages()]
    assert message["keys"] == [
        {"kind": "price", "key": "S", "correlation_ids": ["cd-1", "cd-2"]},
        {"kind": "availability", "key": "S", "correlation_ids": [f"cd-{n}" for n in range(8)]},
    ]
    assert dirty.read(message)[1]["price"] == [Dirty("S", ("cd-1", "cd-2"))]


def test_a_message_holds_a_hundred_marks() -> None:
    marks = dirty.Marks("shop")
    for n in range(250):
        marks.mark("price", f"S{n}", [])

    assert [len(json.loads(m)["keys"]) for m in marks.messages()] == [100, 100, 50]


@pytest.mark.parametrize(
    "message",
    [
        None,
        {},
        {"v": 1, "kind": "movements"},
        {"v": 1, "kind": "dirty", "channel": 5, "keys": []},
        {"v": 1, "kind": "dirty", "channel": "shop", "keys": {}},
        {"v": 1, "kind": "dirty", "channel": "shop", "keys": [5]},
        {"v": 1, "kind": "dirty", "channel": "shop", "keys": [{"kind": "price"}]},
        {"v": 1, "kind": "dirty", "channel": "shop", "keys": [{"kind": "weather", "key": "S"}]},
    ],
)
def test_what_is_no_mark_is_refused(message: Any) -> None:
    with pytest.raises(ValueError, match=r"v, kind|channel, keys|keys\[0\]"):
        dirty.read(message)


def test_a_rejection_is_replayed_as_a_mark() -> None:
    (refusal,) = rejections("shop", "price", {"S": "no listing"}, {"S": "cd-1"}, None)

    assert (refusal.route, refusal.pointer, refusal.recurs) == ("channel-shop", "/keys/0", True)
    assert dirty.read(refusal.message) == ("shop", {"price": [Dirty("S", ("cd-1",))]})


@pytest.mark.parametrize(
    ("received", "low", "high"), [(1, 1, 1), (2, 1, 2), (5, 8, 16), (10, 256, 512), (99, 450, 900)]
)
def test_a_wait_doubles_up_to_its_cap(received: int, low: int, high: int) -> None:
    waits = [backoff.delay_seconds(received, 900) for _ in range(200)]

    assert low <= min(waits)
    assert max(waits) <= high


@pytest.mark.parametrize("leaf", ["-1", "4096", "٣", "9" * 5_000])
def test_a_leaf_that_is_none_of_ours_is_no_digest(leaf: str) -> None:
    body = json.dumps({"leaves": {leaf: "0" * 16}}).encode()
    asked = Asked("https://shop.invalid", lambda *_: HttpAnswer(200, body), lambda _: {})
    with pytest.raises(NoDigestError, match="is not a leaf's number, 0 to 4095"):
        leaves("availability", asked)


@pytest.mark.parametrize("version", ["-1", "true", "1.0", str(2**53 - 1), "1" + "0" * 40])
def test_a_version_that_no_store_or_reader_keeps_is_no_digest(version: str) -> None:
    body = f'{{"items": [{{"sku": "A", "version": {version}, "value": {{}}}}]}}'.encode()
    asked = Asked("https://shop.invalid", lambda *_: HttpAnswer(200, body), lambda _: {})
    with pytest.raises(NoDigestError, match="the version of 'A' is not a whole number from 0 to 9007199254740990"):
        leaf("availability", 0, asked)


@pytest.mark.parametrize("sku", ["", "A" * 201])
def test_what_is_no_items_name_is_no_digest(sku: str) -> None:
    body = json.dumps({"items": [{"sku": sku, "version": 1, "value": {}}]}).encode()
    asked = Asked("https://shop.invalid", lambda *_: HttpAnswer(200, body), lambda _: {})
    with pytest.raises(NoDigestError, match="is no item's name, which has 1 to 200 characters"):
        leaf("availability", 0, asked)
