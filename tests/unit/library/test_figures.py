"""Figures of the business: what a line says, what a batch comes to, when nothing is said."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crossdock.contracts.deliveries import Answer as Said
from crossdock.contracts.deliveries import Batch, Value
from crossdock.exceptions.figures import Class, figures_of
from crossdock.exceptions.model import Ended, Standing
from crossdock.exchange.delivery import Dirty, Told
from crossdock.flows.delivery_figures import Deliveries
from crossdock.flows.hold_figures import holds_decided
from crossdock.inventory.holds import Answer, Decision
from crossdock.inventory.overselling import oversold
from crossdock.platform.clock import to_text
from crossdock.platform.facts import UNREADABLE, Came, Facts, counted
from crossdock.platform.metrics import happened, measured, measured_together
from crossdock.platform.queues import Record
from tests.support import figures

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


def record(number: int = 0, waited_ms: int | None = None) -> Record:
    sent = None if waited_ms is None else NOW - timedelta(milliseconds=waited_ms)
    return Record(f"m{number}", "{}", {}, "r", 1, "q", sent)


# -- lines -----------------------------------------------------------------------------------------------------


def test_a_line_is_in_the_embedded_metric_format(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STAGE", "prod")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "crossdock")
    monkeypatch.setattr("time.time", lambda: 1_795_248_000.25)

    measured_together(("Delivered", 3, "Count"), ("DeliveryLag", [20, 40], "Milliseconds"), channel="webshop")

    assert json.loads(capsys.readouterr().out) == {
        "_aws": {
            "Timestamp": 1_795_248_000_250,
            "CloudWatchMetrics": [
                {
                    "Namespace": "crossdock",
                    "Dimensions": [["stage", "channel"]],
                    "Metrics": [
                        {"Name": "Delivered", "Unit": "Count"},
                        {"Name": "DeliveryLag", "Unit": "Milliseconds"},
                    ],
                }
            ],
        },
        "stage": "prod",
        "channel": "webshop",
        "Delivered": 3,
        "DeliveryLag": [20, 40],
    }


def test_a_look_says_0_and_work_that_came_to_nothing_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    measured("ChannelOpen", 0, "Count", channel="webshop")
    happened(("Delivered", 0, "Count"), ("DeliveryLag", [], "Milliseconds"), channel="webshop")
    assert figures.measured(capsys) == [("ChannelOpen", 0, "Count", {"channel": "webshop"})]

    happened(("WebhookAccepted", 0, "Count"), ("WebhookTime", 0, "Milliseconds"), source="wms")
    assert figures.measured(capsys) == [("WebhookTime", 0, "Milliseconds", {"source": "wms"})]


@pytest.mark.parametrize("many", [101, 250, 1_000])
def test_of_more_values_than_a_line_takes_a_hundred_are_told_evenly_ends_included(
    many: int, capsys: pytest.CaptureFixture[str]
) -> None:
    happened(("ExpiredLate", list(range(many, 0, -1)), "Seconds"))

    ((_, told, _, _),) = figures.measured(capsys)
    assert len(told) == 100
    assert told == sorted(set(told))
    assert (told[0], told[-1]) == (1, many)


# -- facts -----------------------------------------------------------------------------------------------------


def test_a_batch_of_facts_is_one_line_with_the_lag_of_the_oldest(capsys: pytest.CaptureFixture[str]) -> None:
    came = {"m0": Came(applied=2, duplicates=1), "m1": Came(applied=1, refused=3), "m2": UNREADABLE}
    handle = counted("prices", clock, lambda r: came[r.id])

    assert list(handle([record(0, 1_500), record(1, 4_200), record(2, 99_000)])) == []

    domain = {"domain": "prices"}
    assert figures.measured(capsys) == [
        ("FactsApplied", 3, "Count", domain),
        ("FactsRefused", 4, "Count", domain),
        ("DuplicatesSuppressed", 1, "Count", domain),
        ("FactLag", [4_200], "Milliseconds", domain),
    ]


def test_what_was_done_before_a_failure_is_counted_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    def handle(r: Record) -> Came:
        if r.id == "m1":
            raise RuntimeError("store")
        return Came(applied=1)

    with pytest.raises(RuntimeError, match="store"):
        counted("movements", clock, handle)([record(0), record(1)])

    assert figures.measured(capsys) == [("FactsApplied", 1, "Count", {"domain": "movements"})]


def test_a_batch_that_changed_nothing_has_no_lag(capsys: pytest.CaptureFixture[str]) -> None:
    with Facts("supply", clock) as facts:
        facts.took([record(0, 5_000)], Came(duplicates=2))

    assert figures.measured(capsys) == [("DuplicatesSuppressed", 2, "Count", {"domain": "supply"})]


# -- holds -----------------------------------------------------------------------------------------------------


def test_decisions_are_counted_and_repetitions_apart(capsys: pytest.CaptureFixture[str]) -> None:
    decisions = [
        Decision(Answer.HELD),
        Decision(Answer.HELD),
        Decision(Answer.REFUSED),
        Decision(Answer.HELD, repeated=True),
        Decision(Answer.REFUSED, repeated=True),
        Decision(Answer.IN_PROGRESS),
        Decision(Answer.OTHER_PAYLOAD),
    ]

    holds_decided(decisions)

    assert figures.measured(capsys) == [
        ("HoldsTaken", 2, "Count", {}),
        ("HoldsRefused", 1, "Count", {}),
        ("DuplicatesSuppressed", 2, "Count", {"domain": "reservations"}),
    ]


def header(sk: str = "A#MAIN", /, **values: int | str) -> dict[str, Any]:
    image: dict[str, Any] = {"pk": {"S": "T#SKU-1"}, "sk": {"S": sk}}
    return image | {n: {"S": v} if isinstance(v, str) else {"N": str(v)} for n, v in values.items()}


HELD = {"r_a": "3|1795248900|nonce123"}
WAITING = {"r_a": "3|1795248900|nonce123~"}


@pytest.mark.parametrize(
    ("case", "old", "new", "expected"),
    [
        ("a hold of what is there", header(av=3, rsv=0), header(av=0, rsv=3, **HELD), False),
        ("a hold of what is not", header(av=2, rsv=0), header(av=-1, rsv=3, **HELD), True),
        ("a hold below nothing", header(av=-5, rsv=0), header(av=-8, rsv=3, **HELD), True),
        ("the same on a shard", header(av=2, rsv=0, g=2), header(av=-1, rsv=3, g=2, **HELD), True),
        ("units nobody left a marker for", header(av=2, rsv=0), header(av=-1, rsv=3), True),
        ("goods that were lost", header(oh=5, av=2, rsv=3), header(oh=1, av=-2, rsv=3), False),
        ("goods lost under a hold", header(oh=5, av=2, rsv=3, **HELD), header(oh=1, av=-2, rsv=3, **HELD), False),
        ("more safety stock", header(ss=0, av=2, rsv=3), header(ss=9, av=-7, rsv=3), False),
        ("an allocation that changed", header(av=-1, pl=-1, rsv=3), header(av=-1, pl=-4, ac_shop=3, rsv=3), False),
        ("a backorder", header(av=0, rsv=0), header(av=-3, rsv=3, **WAITING), False),
        ("a hold beside a backorder", header(av=-3, rsv=3, **WAITING), header(av=-5, rsv=5, **WAITING), True),
        ("a release", header(av=-4, rsv=3, **HELD), header(av=-1, rsv=0), False),
        ("a confirmation", header(av=-1, rsv=3, cm=0, **HELD), header(av=-1, rsv=0, cm=3), False),
        ("a first header with a backorder", {}, header(av=-3, rsv=3, **WAITING), False),
        ("a detail", {}, header("D#MAIN#L1##", q=-3, rsv=3), False),
        ("a row that went", header(av=-3, rsv=3), {}, False),
    ],
)
def test_an_oversell_is_a_hold_that_grew_where_less_than_nothing_is_left(
    case: str,
    old: dict[str, Any],
    new: dict[str, Any],
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    change = {"Keys": {}, **({"OldImage": old} if old else {}), **({"NewImage": new} if new else {})}

    assert oversold(change) is expected, case


# -- deliveries ------------------------------------------------------------------------------------------------


def test_what_a_channel_took_failed_and_rejected_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    values = tuple(Value(key, 1, {}, ()) for key in ("A", "B", "C"))
    batch = Batch("webshop", "availability", values, to_text(NOW))
    found = Deliveries("webshop", clock)

    found.attempted(batch, Said("unavailable", "503"))
    found.attempted(batch, Said("acknowledged", later={"C": "busy"}))
    marks = [
        Dirty("A", (), since=to_text(NOW - timedelta(seconds=2))),
        Dirty("B", (), since=to_text(NOW - timedelta(seconds=9))),
        Dirty("C", (), since=to_text(NOW - timedelta(seconds=99))),
    ]
    found.told(marks, Told(acknowledged={"A": 1, "B": 1}, rejected={"D": "no such item"}, waiting={"C": "busy"}))
    found.say()

    channel = {"channel": "webshop"}
    assert figures.measured(capsys) == [
        ("Delivered", 2, "Count", channel),
        ("DeliveryFailed", 4, "Count", channel),
        ("DeliveryRejected", 1, "Count", channel),
        ("DeliveryLag", [9_000], "Milliseconds", channel),
    ]


def test_a_batch_that_had_nothing_to_tell_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = Deliveries("webshop", clock)
    found.told([Dirty("A", ())], Told(unchanged={"A"}))
    found.say()

    assert figures.measured(capsys) == []


# -- exceptions ------------------------------------------------------------------------------------------------


def ago(seconds: float) -> str:
    return to_text(NOW - timedelta(seconds=seconds))


def test_the_list_in_figures_has_every_class_and_every_currency() -> None:
    standing = [
        Standing("permanent", ago(60), ago(-60), {"GBP": Decimal("10.20")}),
        Standing("permanent", ago(7_200), ago(1), {"GBP": Decimal("0.81"), "EUR": Decimal(5)}),
        Standing("poison", ago(30), None, {}),
    ]

    found = figures_of(standing, [Ended(ago(500), ago(100)), Ended(ago(201), ago(0))], NOW, {"GBP", "USD"})

    assert found.classes == {
        "transient": Class(),
        "permanent": Class(2, 7_200),
        "poison": Class(1, 30),
        "destination_down": Class(),
        "deadline_missed": Class(),
    }
    assert (found.overdue, found.resolved_s) == (1, 300)
    assert found.money == {"GBP": 12, "USD": 0, "EUR": 5}


def test_a_list_without_anything_is_all_0_and_has_no_time_to_resolve() -> None:
    found = figures_of([], [], NOW, {"GBP"})

    assert {one.open + one.oldest_s for one in found.classes.values()} == {0}
    assert (found.overdue, found.money, found.resolved_s) == (0, {"GBP": 0}, None)
