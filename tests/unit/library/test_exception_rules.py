"""What exceptions say by themselves: their class, what they hold up, what of them may be shown, where they stand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crossdock.config import ExceptionTerms, Owner
from crossdock.contracts.movements import Movement
from crossdock.contracts.refusals import Refusal
from crossdock.exceptions.failures import failure_of
from crossdock.exceptions.impact import Impact, impact_of
from crossdock.exceptions.masking import COVER, covered, covered_patch, covered_text, sensitive
from crossdock.exceptions.model import Group, Occurrence
from crossdock.exceptions.replaying import Pace
from crossdock.exceptions.unreadable import said
from crossdock.exceptions.whereabouts import whereabouts
from tests.support.examples import examples
from tests.support.world import movement, movements_message

pytestmark = pytest.mark.unit


def refusal(kind: str, subject: str = "s") -> Refusal:
    return Refusal(kind, "wms", subject, "f", "d", "r", "movements", {}, "", "cd-1")


# -- class, owner, due -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "subject", "failure"),
    [
        ("unknown_item", "item/A1", "permanent"),
        ("conflicting_price", "rule/R", "permanent"),
        ("a_kind_of_tomorrow", "s", "permanent"),
        ("unreadable_message", "queue/movements", "poison"),
        ("dead_letter", "queue/movements", "transient"),
        ("dead_letter", "queue/channel-webshop", "destination_down"),
        ("failed_invocation", "function/f", "transient"),
        ("lost_batch", "function/f", "transient"),
        ("silent_warehouse", "warehouse/MAIN", "deadline_missed"),
        ("sequence_gap", "sequence/wms", "deadline_missed"),
    ],
)
def test_every_kind_has_a_class(kind: str, subject: str, failure: str) -> None:
    assert failure_of(refusal(kind, subject)).value == failure


def test_the_first_owner_that_fits_is_responsible() -> None:
    rules = (
        Owner("both", kind="unknown_item", source="erp", due_minutes=10),
        Owner("kind", kind="unknown_item"),
        Owner("source", source="erp", due_minutes=30),
    )
    terms = ExceptionTerms(60, rules)

    assert terms.responsible("unknown_item", "erp") == ("both", 10)
    assert terms.responsible("unknown_item", "wms") == ("kind", 60)
    assert terms.responsible("conflicting_price", "erp") == ("source", 30)
    assert terms.responsible("conflicting_price", "wms") == (None, 60)


def test_what_is_closed_or_has_no_due_time_is_not_overdue() -> None:
    now, before = "2026-11-21T08:00:00.000Z", "2026-11-21T07:59:59.999Z"

    def group(count: int, due: str | None) -> Group:
        return Group("g", "k", "s", "s", "d", "r", count, 0, 0, 0, now, now, "permanent", None, due)

    assert group(1, before).overdue(now)
    assert not group(1, now).overdue(now)
    assert not group(0, before).overdue(now)
    assert not group(1, None).overdue(now)


# -- what it holds up ------------------------------------------------------------------------------------------

GBP, EUR = "GBP", "EUR"


@pytest.mark.parametrize(
    ("fact", "orders", "money"),
    [
        (movement("m1", type="pick", reference="SO-1"), ("SO-1",), {}),
        (movement("m1", type="receipt", reference="PO-1"), (), {}),  # a purchase order is nobody's to wait for
        ({"order_id": "SO-1", "total": "12.50", "currency": "GBP"}, ("SO-1",), {GBP: "12.50"}),
        ({"order": {"id": 7, "total": {"amount": "3", "currency": "eur"}}}, ("7",), {EUR: "3"}),
        (
            {
                "order_number": "SO-2",
                "currency": "GBP",
                "lines": [
                    {"quantity": 3, "unit_price": "1.25"},
                    {"quantity": "0.5", "unit_price": "2"},
                    {"quantity": 1, "unit_price": "9", "currency": "EUR"},
                    {"quantity": 1},
                    "no line",
                ],
            },
            ("SO-2",),
            {GBP: "4.75", EUR: "9"},
        ),
        ({"total": "5", "lines": [{"quantity": 1, "unit_price": "7"}], "currency": "GBP"}, (), {GBP: "5"}),
        ({"total": 0.1, "currency": "GBP"}, (), {}),  # a binary fraction is no money
        ({"total": "NaN", "currency": "GBP"}, (), {}),
        ({"total": "1e400", "currency": "GBP"}, (), {}),
        ({"total": "9" * 40, "currency": "GBP"}, (), {}),
        ({"total": "5"}, (), {}),
        ({"total": "5", "currency": "POUNDS"}, (), {}),
        ({"order_id": "", "order": True}, (), {}),
        ({"rule_id": "R", "currency": "GBP", "amount": "5"}, (), {}),
        ("no fact", (), {}),
    ],
)
def test_an_impact_is_what_the_fact_says_and_nothing_more(
    fact: Any, orders: tuple[str, ...], money: dict[str, str]
) -> None:
    expected = Impact(orders, {currency: Decimal(amount) for currency, amount in money.items()})

    assert impact_of({"facts": [fact]}, "/facts/0") == expected


@pytest.mark.parametrize("pointer", ["/facts/7", "/nothing", "/facts/x", "/facts/0/a/b"])
def test_a_pointer_that_leads_nowhere_holds_nothing_up(pointer: str) -> None:
    assert impact_of({"facts": ["text"]}, pointer) == Impact()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["order", "id", "total", "currency", "lines", "quantity", "unit_price", "email", "name", "x"]
            )
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
@examples(300)
def test_nothing_is_too_strange_for_an_impact_or_a_cover(document: Any) -> None:
    found = impact_of({"fact": document}, "/fact")

    assert all(len(currency) == 3 and amount.is_finite() for currency, amount in found.money.items())
    assert covered(covered(document)) == covered(document)


# -- what may be shown -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "password", "client_secret", "apiKey", "X-Api-Key", "access_token", "Authorization", "signing_secrets",
        "Cookie", "email", "customer_email", "phone", "firstName", "last-name", "street1", "postcode", "zip",
        "billing_address", "shipTo", "date_of_birth", "iban", "card_number", "vat_number", "browser_ip",
    ],
)  # fmt: skip
def test_names_of_secrets_and_personal_data_are_known_however_they_are_written(name: str) -> None:
    assert sensitive(name)


@pytest.mark.parametrize(
    "name",
    ["item", "sku", "quantity", "warehouse", "id", "type", "name", "class_name", "price", "correlation_id", "lot"],
)
def test_names_of_the_trade_are_not_covered(name: str) -> None:
    assert not sensitive(name)


def test_what_reports_and_golden_records_say_of_people_is_covered_by_any_name() -> None:
    account = {
        "account": "1",
        "attributes": {"name": "Acme", "email": "a@b.example", "account_manager": "Mara", "email@company:uk": "x"},
        "contacts": {"9": {"name": "Ada", "role": "buyer"}, "8": None},
        "ship_tos": {"7": {"name": "Dock", "delivery_instructions": "ring Ada"}},
    }
    assert covered(account) == {
        "account": "1",
        "attributes": {"name": "Acme", "email": COVER, "account_manager": COVER, "email@company:uk": COVER},
        "contacts": {"9": {"name": COVER, "role": COVER}, "8": None},
        "ship_tos": {"7": {"name": COVER, "delivery_instructions": COVER}},
    }
    assert covered({"contact/CT1": {"name": "Ada"}, "ship_to/ST1": {"city": "York"}, "delivery_instructions": "x"}) == {
        "contact/CT1": {"name": COVER},
        "ship_to/ST1": {"city": COVER},
        "delivery_instructions": COVER,
    }


def test_a_patch_of_a_contact_is_covered_wherever_it_points() -> None:
    operations = [
        {"op": "add", "path": "/data/accounts/0/contacts/9/name", "value": "Ada"},
        {"op": "add", "path": "/new/contact~1CT1/name", "value": "Ada"},
        {"op": "add", "path": "/new/territory", "value": "NORTH"},
    ]
    assert [o["value"] for o in covered_patch(operations)] == [COVER, COVER, "NORTH"]


def test_a_cover_leaves_the_shape() -> None:
    shown = covered(
        {
            "customer": {"name": "Ada", "id": "C1"},
            "item": {"name": "Mug"},
            "billing_address": {"lines": ["1 High St", ""], "verified": True},
            "contacts": [{"email": "a@b.example"}, None],
            "lines": [{"sku": "A", "note": "for bob@example.org, +44 20 7946 0958"}],
        }
    )

    assert shown == {
        "customer": {"name": COVER, "id": "C1"},
        "item": {"name": "Mug"},
        "billing_address": {"lines": [COVER, ""], "verified": True},
        "contacts": [{"email": COVER}, None],
        "lines": [{"sku": "A", "note": f"for {COVER}, {COVER}"}],
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bearer abcdefgh12345678", COVER),
        ("key whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", f"key {COVER}"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", COVER),
        ("4111 1111 1111 1111", COVER),
        ("2026-11-21T08:00:00.000Z", "2026-11-21T08:00:00.000Z"),
        ("5012345678900", "5012345678900"),
        ("1234567890123456", "1234567890123456"),  # sixteen digits that are no card's
        ("85123A", "85123A"),
    ],
)
def test_what_looks_like_a_secret_is_covered_wherever_it_stands(text: str, shown: str) -> None:
    assert covered_text(text) == shown


def test_a_patch_is_covered_as_the_payload_is() -> None:
    patch = [
        {"op": "replace", "path": "/customer/name", "value": "Grace", "was": "Ada"},
        {"op": "replace", "path": "/lines/0/name", "value": "Cup", "was": "Mug"},
        {"op": "add", "path": "/customer", "value": {"email": "a@b.example", "id": "C1"}},
        {"op": "remove", "path": "/email"},
    ]

    assert covered_patch(patch) == [
        {"op": "replace", "path": "/customer/name", "value": COVER, "was": COVER},
        {"op": "replace", "path": "/lines/0/name", "value": "Cup", "was": "Mug"},
        {"op": "add", "path": "/customer", "value": {"email": COVER, "id": "C1"}},
        {"op": "remove", "path": "/email"},
    ]


# -- where it stands -------------------------------------------------------------------------------------------


def stations(state: str, route: str = "movements", kind: str = "unknown_item") -> list[tuple[str, str]]:
    occurrence = Occurrence(
        "g", "o", state, "d", route, "/movements/0", movements_message(), None, "cd-1", "at", 0, "run-1"
    )
    return [(station.name, station.state) for station in whereabouts(occurrence, kind, "wms")]


def test_a_fact_stands_where_it_was_refused_and_goes_on_from_its_queue() -> None:
    names = ("wms", "queue movements", "apply_movements", "the journal")
    for state, places in (
        ("open", ("passed", "passed", "here", "ahead")),
        ("closed", ("passed", "passed", "here", "ahead")),
        ("replaying", ("passed", "here", "ahead", "ahead")),
        ("settled", ("passed",) * 4),
    ):
        assert stations(state) == list(zip(names, places, strict=True))
    assert [name for name, _ in stations("open", "channel-webshop")] == [
        "an item that changed",
        "queue channel-webshop",
        "deliver_to_channel",
        "webshop",
    ]
    assert stations("open", "") == [("a function's call", "here")]


# -- pace ------------------------------------------------------------------------------------------------------


def test_a_rate_is_kept_and_not_caught_up_with() -> None:
    now, slept = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(20, lambda: now[0], sleep)
    for _ in range(3):
        pace.wait(10)
    now[0] += 100  # a slow store
    pace.wait(10)
    pace.wait(10)

    assert (pace.batch, slept) == (10, [0.5, 0.5, 0.5])
    assert (Pace(3).batch, Pace(0).batch) == (3, 10)


# -- what could not be read ------------------------------------------------------------------------------------


def test_a_validation_says_its_fields_and_never_what_stood_there() -> None:
    with pytest.raises(ValidationError) as refused:
        Movement.model_validate({"id": "secret id#", "item": 7})

    text = said(refused.value)

    assert text.startswith("id: String should match pattern")
    assert "item: Input should be a valid string" in text
    assert "secret" not in text
    assert said(ValueError("two\n  lines")) == "two lines"
