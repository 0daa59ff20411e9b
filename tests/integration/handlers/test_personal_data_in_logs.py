"""What the functions log of customers: ids and counts, and nothing of anybody."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest

from crossdock.platform.logs import logger
from tests.support.world import NOW_TEXT, World, bus_event

if TYPE_CHECKING:
    from typing import Any

pytestmark = pytest.mark.integration

PERSONAL = ("Ada", "Byron", "ada@", "654321", "High Street", "Mara", "YO1", "GB123", "ring")


def report(account: str, version: int, **more: Any) -> dict[str, Any]:
    said = {
        "name": "Acme",
        "email": "ada@acme.example",
        "phone": "+44 1904 654321",
        "billing_street": "1 High Street",
        "billing_city": "York",
        "billing_postcode": "YO1 7HH",
        "billing_country": "GB",
        "tax_id": "GB123",
        "account_manager": "Mara Byron",
        "delivery_instructions": "ring twice",
    }
    contacts = {"9": {"name": "Ada Byron", "email": "ada@acme.example"}}
    return {
        "account": account,
        "version": version,
        "changed_at": NOW_TEXT,
        "attributes": said,
        "contacts": contacts,
    } | more


def test_functions_log_nothing_personal_whether_a_report_is_taken_refused_or_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The logger keeps the stream that was there when the first function of this process logged.
    printed = StringIO()
    for handler in logger().handlers:
        monkeypatch.setattr(handler, "stream", printed)

    def tell(source: str, *accounts: dict[str, Any]) -> None:
        event = bus_event("customers.accounts.reported.v1", {"source": source, "accounts": list(accounts)}, source)
        world.call("apply_accounts", world.queue_event("accounts", [event]))

    tell("crm", report("1", 1))
    tell("erp", report("2", 1))  # it looks like the first one
    tell("crm", report("1", 1, attributes={"name": "Ada Byron"}))  # it contradicts itself
    tell("webshop", report("3", 1, known_as=[{"system": "crm", "id": "1"}, {"system": "erp", "id": "2"}]))
    bad = report("4", 1, attributes={"email": 7, "name": "Ada Byron"})
    event = bus_event("customers.accounts.reported.v1", {"source": "crm", "accounts": [bad]}, "crm")
    world.call("apply_accounts", world.queue_event("accounts", [event]))
    world.call("announce_customers", {"Records": world.stream("identity")})

    kinds = {group.kind for group in world.exceptions.groups()}
    assert {"conflicting_report", "possible_duplicate", "reference_conflict"} <= kinds
    lines = printed.getvalue()
    assert '"accounts"' in lines
    assert [word for word in PERSONAL if word in lines] == []
    shown = "\n".join(f"{g.subject} {g.detail} {g.remedy}" for g in world.exceptions.groups())
    assert [word for word in PERSONAL if word in shown] == []
