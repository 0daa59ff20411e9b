"""A damaged table, put right by the commands of docs/runbooks/restore.md: to the unit, and the channels told so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.runbooks import filled, runbook
from tests.support.system import movement

if TYPE_CHECKING:
    from tests.support.system import Said, System

LOST, HALF, WHOLE = "RST-LOST", "RST-HALF", "RST-WHOLE"
BALANCES = {LOST: (7, 5), HALF: (11, 9), WHOLE: (4, 2)}
"""What each channel is shown at the end: the marketplace two units less."""


def _of(row: dict[str, Any]) -> str | None:
    parts = row["pk"].split("#")
    return parts[1] if len(parts) > 1 and parts[0] in {"M", "T"} and parts[1].startswith("RST-") else None


def _ours(system: System) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows of our items: journals as they are, balances by what they count."""
    counted = ("oh", "av", "rsv", "cm", "q")
    return {
        (row["pk"], row["sk"]): row if row["pk"].startswith("M#") else {k: row[k] for k in counted if k in row}
        for row in system.rows("inventory")
        if _of(row)
    }


def _delete(system: System, keys: list[tuple[str, str]]) -> None:
    for pk, sk in keys:
        system.target.dynamodb.delete_item(
            TableName=system.target.name("inventory"), Key={"pk": {"S": pk}, "sk": {"S": sk}}
        )


def test_what_a_mistake_deleted_comes_back_by_the_pages_commands(system: System) -> None:
    page = runbook("restore")
    values = {"TABLE": "inventory", "INSTANT": "2026-11-22T10:00:00Z", "SOURCE": "wms", "KIND": "M#RST-"}
    values["COPY"] = "inventory-restored-20261122T100000Z"

    def follow(command: str, **more: str) -> Said:
        assert command in page.commands, f"the page no longer says: {command}"
        return system.crossdock(*filled(command, {**values, **more}))

    system.knows(*BALANCES)
    system.send(*(movement(f"rst-{sku}-{n}", sku, n) for sku in BALANCES for n in (1, 3)))
    system.send(movement("rst-more-1", LOST, 3), movement("rst-more-2", HALF, 7))
    system.until("all is told", lambda: all(system.told(sku, *shown) for sku, shown in BALANCES.items()))
    before = _ours(system)

    # The engine copies a table as it is and keeps no history, so the copy is made before the damage here.
    assert follow("crossdock restore table TABLE --at INSTANT").code == 0
    for channel in ("webshop", "marketplace"):
        assert follow("crossdock channels pause CHANNEL", CHANNEL=channel).code == 0
    # Of one item all is deleted, of another its balance alone.
    _delete(system, [key for key in before if _of({"pk": key[0]}) == LOST])
    _delete(system, [(f"T#{HALF}", "A#MAIN")])
    system.until("the items are gone", lambda: system.availability(LOST) is None and system.availability(HALF) is None)

    found = follow("crossdock restore compare TABLE COPY")
    assert (found.code, " rows are missing" in found.out) == (1, True)
    tried = follow("crossdock restore rows TABLE COPY --prefix KIND --dry-run")
    assert (tried.code, system.availability(LOST)) == (0, None)
    assert follow("crossdock restore rows TABLE COPY --prefix KIND").code == 0
    system.until("the stream brought the balance back", lambda: system.on_hand(LOST) == BALANCES[LOST][0])
    assert system.availability(HALF) is None, "its journal was never lost, so nothing tells of it"
    assert follow("crossdock restore rows TABLE COPY").code == 0
    system.until("every balance is sound", lambda: follow("crossdock inventory rebuild --all").code == 0, 150)

    assert _ours(system) == before
    for channel in ("webshop", "marketplace"):
        assert follow("crossdock channels resume CHANNEL", CHANNEL=channel).code == 0
        assert follow("crossdock channels resend CHANNEL", CHANNEL=channel).code == 0
    system.until("the channels hold it", lambda: all(system.told(sku, *shown) for sku, shown in BALANCES.items()))
    assert follow("crossdock restore compare TABLE COPY --prefix KIND").code == 0, "nothing is missing any more"
    assert follow("crossdock restore drop COPY").code == 0
    assert system.crossdock("restore", "list", "--json").document == []
